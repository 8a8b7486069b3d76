"""What a tenant is made from: the seed, the profile, and the sandbox's arguments, checked.

The seed makes ids, secrets, and people who look real and are not.

The profiles are six tenants the sandbox can be. The public sources disagree about what a real
tenant does, so each profile is one of the possibilities, and a client
has to be right on all of them. What a profile does to members it does to departments as well.
Generic objects have no read permission, no locks, and keep every write, since what is unknown is
what happens to employees and departments; but ``lagging`` and the limits of ``strict`` hold for
them, too.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

_SURNAMES: Final = (
    ("王", "wang"), ("李", "li"), ("张", "zhang"), ("刘", "liu"), ("陈", "chen"), ("杨", "yang"),
    ("赵", "zhao"), ("黄", "huang"), ("周", "zhou"), ("吴", "wu"), ("徐", "xu"), ("孙", "sun"),
    ("胡", "hu"), ("朱", "zhu"), ("高", "gao"), ("林", "lin"), ("何", "he"), ("郭", "guo"),
)  # fmt: skip
_GIVEN: Final = (
    ("伟", "wei"), ("芳", "fang"), ("娜", "na"), ("敏", "min"), ("静", "jing"), ("丽", "li"),
    ("强", "qiang"), ("磊", "lei"), ("洋", "yang"), ("艳", "yan"), ("勇", "yong"), ("杰", "jie"),
    ("娟", "juan"), ("涛", "tao"), ("明", "ming"), ("超", "chao"), ("秀", "xiu"), ("霞", "xia"),
    ("平", "ping"), ("刚", "gang"), ("桂", "gui"), ("英", "ying"),
)  # fmt: skip
_PREFIXES: Final = ("131", "136", "138", "139", "150", "158", "177", "186", "188", "199")
_POSITIONS: Final = ("销售经理", "客户成功经理", "工程师", "会计", "人事专员", "")
_DEPARTMENTS: Final = (
    "研发部", "市场部", "销售部", "财务部", "人事部", "客服部", "采购部", "行政部", "法务部",
    "产品部", "运营部", "质量部",
)  # fmt: skip
#: A prime, so that stepping by it never gives two members of a tenant the same number.
_STEP: Final = 7919
#: The employee number of the administrator, and that of the first member.
ADMINISTRATOR_NUMBER: Final = 1000
FIRST_NUMBER: Final = 1001
#: The id of the first department.
FIRST_DEPARTMENT: Final = 1000


def generator(seed: int, purpose: str) -> random.Random:
    """Return a generator of its own for ``purpose``, the same for the same ``seed``."""
    return random.Random(f"fxiaoke-sandbox/{seed}/{purpose}")  # noqa: S311  Repeatable is the point.


def hexes(source: random.Random, length: int) -> str:
    """Return ``length`` upper-case hexadecimal digits."""
    return f"{source.getrandbits(4 * length):0{length}X}"


def department_name(place: int) -> str:
    """Return the name of the department made at ``place``, from 0 on; no two are the same."""
    times, which = divmod(place, len(_DEPARTMENTS))
    return _DEPARTMENTS[which] + (str(times + 1) if times else "")


def department_parent(place: int, source: random.Random) -> int | None:
    """Return the place of a department's parent, an earlier one. None: the whole company.

    The first three are a chain, so that the tree is at least three deep.
    """
    if place in {1, 2}:
        return place - 1
    above = source.randrange(-1, place) if place > 3 else -1  # noqa: PLR2004  The fourth is topmost.
    return None if above < 0 else above


def leader_place(seed: int, number: int) -> int | None:
    """Return the place among the members of a member's leader, an earlier one; some have none."""
    place = number - FIRST_NUMBER
    if place == 0 or zlib.crc32(b"leader/%d/%d" % (seed, number)) % 4 == 0:
        return None
    return (place - 1) // 8


def aside(seed: int, number: int) -> dict[str, str]:
    """Return what only the offline API knows of a member, by its names there."""
    mix = zlib.crc32(b"aside/%d/%d" % (seed, number))
    day, year = mix % 28 + 1, mix // 28 % 30
    month = mix // 840 % 12 + 1
    hired = f"{2012 + year % 13}-{month:02d}-{day:02d}"
    return {
        "account": f"u{number}",
        "qq": str(10_000_000 + mix % 10**9) if mix % 3 else "",
        "weixin": f"wx_{mix:010d}" if mix % 5 else "",
        "hireDate": hired,
        "birthDate": f"{1965 + year}-{month:02d}-{day:02d}" if mix % 7 else "",
        "startWorkDate": hired if mix % 2 else "",
    }


def blank_person() -> dict[str, Any]:
    """Return the ``PersonnelObj`` fields of a member that are there without being sent."""
    texts = (
        "name", "full_name", "phone", "email", "sex", "employee_number", "position", "job_title",
    )  # fmt: skip
    return {
        **dict.fromkeys(texts, ""),
        "status": "0",
        "is_active": True,
        "main_department": [],
        "vice_departments": [],
        "leader": [],
        "profile_image": None,
        "language": "zh-CN",
        "owner_department": [],
    }


def person(seed: int, number: int, departments: int) -> dict[str, Any]:
    """Return the ``PersonnelObj`` fields a member starts with, but for its ids and leader.

    They are computed each time instead of being kept: a tenant may have a million members.

    Args:
        seed: The tenant's seed.
        number: The employee number, from ``FIRST_NUMBER`` on.
        departments: How many departments the tenant has.
    """
    mix = zlib.crc32(b"%d/%d" % (seed, number))
    surname, surname_spelt = _SURNAMES[mix % len(_SURNAMES)]
    mix //= len(_SURNAMES)
    given, given_spelt = _GIVEN[mix % len(_GIVEN)]
    mix //= len(_GIVEN)
    second, second_spelt = _GIVEN[mix % len(_GIVEN)]
    tail = (zlib.crc32(b"%d" % seed) + number * _STEP) % 10**8
    place = mix % departments
    department = str(FIRST_DEPARTMENT + place)
    vice = (place + 1 + tail % departments) % departments
    second_department = tail % 3 == 0 and vice != place
    return {
        "name": surname + given + second,
        "full_name": surname + given + second,
        "phone": f"{_PREFIXES[mix % len(_PREFIXES)]}{tail:08d}",
        "email": f"{surname_spelt}.{given_spelt}{second_spelt}{number}@example.com",
        "sex": "F" if mix % 2 else "M",
        "status": "0",
        "is_active": True,
        "main_department": [department],
        "vice_departments": [str(FIRST_DEPARTMENT + vice)] if second_department else [],
        "employee_number": f"E{number:06d}",
        "position": _POSITIONS[mix % len(_POSITIONS)],
        "job_title": "",
        "profile_image": None,
        "language": "zh-CN",
        "owner_department": [department],
    }


ProfileName = Literal["fsuid", "employee_id", "hidden", "read_only", "strict", "lagging"]


@dataclass(frozen=True)
class TenantProfile:
    """How one kind of tenant behaves.

    Attributes:
        converts_user_id: What ``convertUserId`` is when a call does not send it. True: ``user_id``
            is the FSUID. False: it is the employee number.
        numbers_as_ids: ``_id`` is the employee number instead of 24 hexadecimal digits.
        hidden_share: The share of members, and of departments, without read permission: no row,
            ``errorCode`` 0.
        locked_share: The share of members, and of departments, whose record is locked.
        locked_code: What an object update of a locked record answers (grade C: 50009, which on a
            write means that its outcome is unknown). Nothing is written.
        keeps_writes: False: an object update answers 0 and changes nothing.
        lags: ``query`` reads an index that is ``lag_seconds`` behind; ``get`` does not.
        counts_total: ``total`` of a query is the number of all rows that match. False: it counts as
            far as the page goes, so a client that pages by it stops early.
        presets_at_custom: The address of custom objects serves preset objects as well (U).
        checks_headers: ``x-fs-ea`` has to be the tenant's, and ``x-fs-userid`` an employee id, as
            the vendor's page says (A). False: any ``x-fs-ea`` is accepted, and an
            openUserId as well. What the vendor does with those is unknown (U), and public clients
            send them.
        names_unknown: ``get`` of an unknown ``_id`` is the error 30027 instead of empty data.
        token_calls: The calls each token lives for. None: as many as it likes in 7200 s.
        quota_calls: The calls a path takes in ``quota_seconds`` when the caller has not said.
            0: any number.
    """

    converts_user_id: bool = True
    numbers_as_ids: bool = False
    hidden_share: float = 0.0
    locked_share: float = 0.0
    locked_code: int = 50009
    keeps_writes: bool = True
    lags: bool = False
    counts_total: bool = True
    presets_at_custom: bool = True
    checks_headers: bool = False
    names_unknown: bool = False
    token_calls: int | None = None
    quota_calls: int = 0


#: ``fsuid``: ``user_id`` is the FSUID, ``_id`` 24 hexadecimal digits, a write is there at once.
#: ``convertUserId: false`` turns ``user_id`` into the employee number (grade B).
FSUID: Final = TenantProfile()

#: ``employee_id``: ``user_id`` is a number such as "1001" and a filter on it wants that number,
#: unless the call sends ``convertUserId: true``; then both are the FSUID.
#: ``_id`` is the number either way (grade B: one real answer of 2020).
EMPLOYEE_ID: Final = TenantProfile(converts_user_id=False, numbers_as_ids=True)

#: ``hidden``: one member in five (or ``hidden=``), at least one, has no row in ``query`` and empty
#: data in ``get``, with ``errorCode`` 0 (grade A). Updating one answers 20014, a department 20023
#: (grade C: printed nowhere). The offline API neither knows nor respects this permission.
HIDDEN: Final = TenantProfile(hidden_share=0.2)

#: ``read_only``: an object update of a good record answers 0 with its ``dataId`` and changes
#: nothing at all, version and time included (grade U: whether a write takes effect).
#: The offline API still writes.
READ_ONLY: Final = TenantProfile(keeps_writes=False)

#: ``strict``: one record in ten, at least one, is locked: an object update of it answers 50009.
#: ``get`` of an unknown record answers 30027, of a department 30007. Preset objects other than
#: ``PersonnelObj`` have no second address, and headers have to be exact. A token lives for 60 calls
#: (``token_calls=``), then 20016. 100 calls in 20 s on each path, unless ``quota_calls=`` is
#: given. Token and quota hold for the offline API as well; the lock does not (grade C).
STRICT: Final = TenantProfile(
    locked_share=0.1,
    presets_at_custom=False,
    checks_headers=True,
    names_unknown=True,
    token_calls=60,
    quota_calls=100,
)

#: ``lagging``: ``query`` shows a write, in its filters and in its rows, ``lag_seconds`` later;
#: ``get`` at once (grade A that lists come from an index, C for the OpenAPI). An offline write lags
#: as well. ``total`` is not to be trusted (grade B: it was seen wrong on some pages).
LAGGING: Final = TenantProfile(lags=True, counts_total=False)

PROFILES: Final[dict[str, TenantProfile]] = {
    "fsuid": FSUID,
    "employee_id": EMPLOYEE_ID,
    "hidden": HIDDEN,
    "read_only": READ_ONLY,
    "strict": STRICT,
    "lagging": LAGGING,
}
#: What ``hidden=`` and its like take: a share, a number of records, or the records' ids.
Some = float | int | Iterable[str] | Iterable[int] | None


@dataclass(frozen=True)
class Plan:
    """What a tenant is made from; the same plan always makes the same tenant.

    Attributes:
        members: How many employees there are.
        departments: How many departments there are.
        objects: How many records each generic object starts with.
        profile: How the tenant behaves.
        seed: What all ids, names and secrets are made from.
        quota_calls: The calls a path takes in a window; 0: any number.
        quota_seconds: The window, in seconds of the sandbox's clock.
        latency: Real seconds each answer takes.
        hidden: Which members have no row. None: the profile's share.
        locked: Which members' records are locked. None: the profile's share.
        hidden_departments: Which departments have no row. None: the profile's share.
        locked_departments: Which departments' records are locked. None: the profile's share.
        shows_lock: Whether records show ``lock_status``.
        lag: Seconds (sandbox time) ``query`` is behind, in a profile that lags.
        token_calls: The calls a token lives for; None: any number.
        epoch: The Unix time, in seconds, of the sandbox's second 0.
        lenient: Whether any credentials are taken, and members made when they are named.

    Raises:
        ValueError: One of them is out of range.
    """

    members: int
    departments: int
    objects: tuple[tuple[str, int], ...]
    profile: TenantProfile
    seed: int
    quota_calls: int
    quota_seconds: float
    latency: float
    hidden: Some
    locked: Some
    hidden_departments: Some
    locked_departments: Some
    shows_lock: bool
    lag: float
    token_calls: int | None
    epoch: float
    lenient: bool = False

    def __post_init__(self) -> None:
        if min(self.members, self.quota_calls, self.latency, self.lag) < 0:
            msg = "members, quota_calls, latency_ms, lag_seconds: 0 or more"
            raise ValueError(msg)
        if self.departments < 1:
            msg = "departments: 1 or more"
            raise ValueError(msg)
        if not all(is_generic(name) and count >= 0 for name, count in self.objects):
            msg = "objects: names that end in Obj or __c, none of them people or departments"
            raise ValueError(msg)
        if self.quota_seconds <= 0:
            msg = "quota_seconds: above 0"
            raise ValueError(msg)
        if self.token_calls is not None and self.token_calls < 1:
            msg = "token_calls: 1 or more"
            raise ValueError(msg)

    @property
    def index_lag(self) -> float:
        """The seconds ``query`` is behind."""
        return self.lag if self.profile.lags else 0.0

    def milliseconds(self, now: float) -> int:
        """Return the Unix time, in milliseconds, at a second of the sandbox's clock."""
        return int((self.epoch + now) * 1000)


def is_custom(name: str) -> bool:
    """Whether an object or a field of that name is one a customer made."""
    return name.endswith("__c")


def is_generic(name: str) -> bool:
    """Whether there can be a generic object of that name."""
    if name in {"PersonnelObj", "DepartmentObj"}:
        return False
    return name.isidentifier() and (name.endswith("Obj") or is_custom(name))


def kept(some: Some) -> Some:
    """Keep ids that come from an iterator, since a reset reads them again."""
    if some is None or isinstance(some, (bool, int, float, str)):
        return some
    return frozenset(map(str, some))


def picked(
    name: str, some: Some, share: float, candidates: Sequence[str], chance: random.Random
) -> frozenset[str]:
    """Choose records.

    Args:
        name: What the choice is for; it opens the error texts.
        some: A float from 0 to 1 is a share (at least one record if above 0), an int a number of
            records, anything else the ids themselves. None: ``share`` decides.
        share: The profile's own share.
        candidates: Which can be chosen.
        chance: The seeded generator.

    Raises:
        ValueError: It is none of these, out of range, or names a record that is not there.
    """
    wanted = share if some is None else some
    if isinstance(wanted, (bool, str)):
        msg = f"{name}: a share from 0.0 to 1.0, a number of records, or a list of ids"
        raise ValueError(msg)  # noqa: TRY004  One kind of error for every unusable option.
    if isinstance(wanted, float):
        if not 0 <= wanted <= 1:
            msg = f"{name}: a share lies between 0.0 and 1.0"
            raise ValueError(msg)
        wanted = max(1, round(wanted * len(candidates))) if wanted else 0
        wanted = min(wanted, len(candidates))
    if isinstance(wanted, int):
        if not 0 <= wanted <= len(candidates):
            msg = f"{name}: there are {len(candidates)} records to choose from"
            raise ValueError(msg)
        return frozenset(chance.sample(candidates, wanted))
    ids = frozenset(map(str, wanted))
    if not ids <= frozenset(candidates):
        msg = f"{name}: an id is not among the records to choose from"
        raise ValueError(msg)
    return ids
