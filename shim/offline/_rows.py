"""Values of object-API rows as the offline API had them.

Whatever a tenant puts into a row, none of these raises.
"""

from __future__ import annotations

import math
from typing import Any

from shim.objectapi.record_types import integer, scalar, text_of


def text(value: Any) -> str:
    """Return a text field; empty where it is none."""
    value = scalar(value)
    found = text_of(value)
    if isinstance(value, str) or found is None:
        return found or (str(value) if whole(value) else "")
    return found if whole(value) else ""


def first(value: Any) -> Any:
    """Return the first of a field's values: employees and departments come as lists (B)."""
    return next(iter(value), None) if isinstance(value, list) else value


def as_number(value: Any) -> int | None:
    """Return an id that is a string of digits as a number, or None where it is none."""
    number = None if isinstance(value, (list, float)) else integer(value)
    return None if number is None or number < 0 else number


def numbers(value: Any) -> list[int]:
    """Return department ids as numbers; DepartmentObj has them as strings (B)."""
    listed = value if isinstance(value, list) else [value]
    found = [as_number(one) for one in listed]
    return [one for one in found if one is not None]


def whole(value: Any) -> int:
    """Return a number field as a whole number, however it is written; 0 where it is none."""
    value = scalar(value)
    number = integer(value)
    if number is not None:
        return number
    if isinstance(value, float) or (isinstance(value, str) and value.isascii()):
        try:
            return integer(math.trunc(float(value))) or 0
        except (ValueError, OverflowError):
            pass
    return 0
