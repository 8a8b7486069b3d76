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
#: A prime, so that stepping by it never gives two members of a tenant the same number.
_STEP: Final = 7919

#: The employee number of the first member; the administrator has the one before.
FIRST_NUMBER: Final = 1001


def generator(seed: int, purpose: str) -> random.Random:
    """Return a generator of its own for ``purpose``, the same for the same ``seed``."""
    return random.Random(f"fxiaoke-sandbox/{seed}/{purpose}")  # noqa: S311  Repeatable is the point.


def hexes(source: random.Random, length: int) -> str:
    """Return ``length`` upper-case hexadecimal digits."""
    return f"{source.getrandbits(4 * length):0{length}X}"


def person(seed: int, number: int) -> dict[str, Any]:
    """Return the ``PersonnelObj`` fields a member starts with, but for its ids.

    They are worked out anew each time instead of being kept: a tenant may have a million members.

    Args:
        seed: The tenant's seed.
        number: The employee number, from ``FIRST_NUMBER`` on.
    """
    mix = zlib.crc32(b"%d/%d" % (seed, number))
    surname, surname_spelt = _SURNAMES[mix % len(_SURNAMES)]
    mix //= len(_SURNAMES)
    given, given_spelt = _GIVEN[mix % len(_GIVEN)]
    mix //= len(_GIVEN)
    second, second_spelt = _GIVEN[mix % len(_GIVEN)]
    tail = (zlib.crc32(b"%d" % seed) + number * _STEP) % 10**8
    department = str(1000 + mix % 8)
    return {
        "name": surname + given + second,
        "full_name": surname + given + second,
        "phone": f"{_PREFIXES[mix % len(_PREFIXES)]}{tail:08d}",
        "email": f"{surname_spelt}.{given_spelt}{second_spelt}{number}@example.com",
        "sex": "F" if mix % 2 else "M",
        "status": "0",
        "is_active": True,
        "main_department": [department],
        "vice_departments": [],
        "leader": [],
        "employee_number": f"E{number:06d}",
        "position": _POSITIONS[mix % len(_POSITIONS)],
        "job_title": "",
        "profile_image": None,
        "language": "zh-CN",
        "lock_status": "0",
        "owner_department": [department],
    }
