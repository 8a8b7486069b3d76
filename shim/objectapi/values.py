"""Values of an answer, read without trust: whatever JSON a tenant sends, nothing here raises."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIGITS = re.compile(r"[+-]?[0-9]{1,19}")
_LONG = 2**63
_LONGEST_ID = 128


def scalar(value: Any) -> Any:
    """Return what a field holds: employee fields come as lists even when single (grade B)."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def integer(value: Any) -> int | None:
    """Return a whole number of up to 64 bits, or None if the value is none.

    Digits may come as text (`"0"`, grade C), with a sign and nothing else. JSON has one type of
    number, so 7.0 is 7.
    """
    if isinstance(value, str):
        number = int(value) if _DIGITS.fullmatch(value) else None
    elif isinstance(value, float):
        number = int(value) if value.is_integer() else None
    else:
        number = value if isinstance(value, int) and not isinstance(value, bool) else None
    return number if number is not None and -_LONG <= number < _LONG else None


def text_of(value: Any) -> str | None:
    """Return a text or a whole number as text, alone or in a list; None for anything else."""
    value = scalar(value)
    if isinstance(value, str):
        return value
    number = integer(value)
    return None if number is None else str(number)


def record_id(row: Mapping[str, Any]) -> str | None:
    """Return the `_id` of a row: a text, or a whole number as text; None if there is none.

    A record without a usable `_id` can be neither written nor recognised.
    """
    given = row.get("_id")
    found = None if isinstance(given, list) else text_of(given)
    return found if found and len(found) <= _LONGEST_ID else None
