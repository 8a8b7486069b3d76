"""Everything made from the seed: ids, secrets, and people who look real and are not."""

from __future__ import annotations

import random
import zlib
from typing import Any, Final

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
    """Return the name of the department made at ``place``, from 0 on; no two are alike."""
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

    They are worked out anew each time instead of being kept: a tenant may have a million members.

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
