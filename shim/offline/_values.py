"""Values of object-API rows as the offline API had them.

Whatever a tenant puts into a row, none of these raises.
"""

from __future__ import annotations

from typing import Any

from shim.objectapi.kinds import scalar

_LONGEST_NUMBER = 18


def text(value: Any) -> str:
    """Return a text field; empty where it is none."""
    value = scalar(value)
    return str(value) if isinstance(value, str) or whole(value) else ""


def first(value: Any) -> Any:
    """Return the first of a field's values: employees and departments come as lists (B)."""
    return next(iter(value), None) if isinstance(value, list) else value


def as_number(value: Any) -> int | None:
    """Return an id that is a string of digits as a number, or None where it is none."""
    digits = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return int(digits) if digits.isdecimal() and len(digits) <= _LONGEST_NUMBER else None


def numbers(value: Any) -> list[int]:
    """Return department ids as numbers; DepartmentObj has them as strings (B)."""
    listed = value if isinstance(value, list) else [value]
    found = [as_number(one) for one in listed]
    return [one for one in found if one is not None]


def whole(value: Any) -> int:
    """Return a number field as a whole number, however it is written; 0 where it is none."""
    try:
        return int(float(str(scalar(value))))
    except (ValueError, OverflowError):
        return 0
