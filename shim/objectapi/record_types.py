"""Record types of the object API that offline calls are about, and values read from their rows.

Facts: contract, section 3. A row is matched to what was asked for by value, and `_id` is taken
from the row, never built: on some tenants an employee's `_id` is the employee id, on others a
24-hex id (grade B). Rows are read without trust: whatever JSON a tenant sends, nothing here raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shim.objectapi import calls
from shim.objectapi.codes import Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shim.objectapi.calls import Call, Row
    from shim.settings.model import Settings

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


KEYS_PER_QUERY = 100
"""`IN` takes at most 100 values (grade C), and a query gives at most 100 rows (grade A)."""


@dataclass(frozen=True, slots=True)
class RecordType:
    """A kind of record.

    Attributes:
        api_name: Its name in the object API.
        key: The field that holds the id which offline calls use.
        unknown: The offline code for an id that has no row.
        id_name: What the offline API calls that id.
    """

    api_name: str
    key: str
    unknown: int
    id_name: str

    def find(
        self, settings: Settings, keys: Sequence[str], fields: Iterable[str]
    ) -> list[tuple[Sequence[str], Call]]:
        """Return a look-up for every 100 keys, each with the keys it asks for."""
        names = dict.fromkeys(("_id", self.key, *fields))
        chunks = [
            keys[start : start + KEYS_PER_QUERY] for start in range(0, len(keys), KEYS_PER_QUERY)
        ]
        return [
            (
                chunk,
                calls.query(
                    self.api_name,
                    filters=[(self.key, "IN", chunk)],
                    fields=tuple(names),
                    convert_user_id=settings.convert_user_id,
                ),
            )
            for chunk in chunks
        ]

    def update(self, settings: Settings, record_id: str, values: Mapping[str, Any]) -> Call:
        """Return the call that sets `values` on one record."""
        return calls.update(
            self.api_name,
            record_id,
            values,
            workflow=settings.triggers.workflow,
            approval=settings.triggers.approval,
            convert_user_id=settings.convert_user_id,
        )

    def get(self, settings: Settings, record_id: str) -> Call:
        """Return the call that reads one record itself, not an index of it."""
        return calls.get(self.api_name, record_id, convert_user_id=settings.convert_user_id)

    def by_key(self, rows: Iterable[Row]) -> dict[str, list[Row]]:
        """Return rows by their key; one without a usable key or `_id` is left out."""
        found: dict[str, list[Row]] = {}
        for row in rows:
            key = text_of(row.get(self.key))
            if key and record_id(row):
                found.setdefault(key, []).append(row)
        return found

    def shared(self, rows: Iterable[Row]) -> set[str]:
        """Return each `_id` that stands beside more than one key, so that it identifies none."""
        keys: dict[str, set[str | None]] = {}
        for row in rows:
            found = record_id(row)
            if found:
                keys.setdefault(found, set()).add(text_of(row.get(self.key)))
        return {found for found, beside in keys.items() if len(beside) > 1}

    def is_of(self, row: Row, key: str) -> bool:
        """Whether a row may be that of a key: it says nothing else."""
        return row.get(self.key) is None or text_of(row[self.key]) == key


PERSONNEL = RecordType("PersonnelObj", "user_id", Code.USER_NOT_FOUND, "openUserId")
DEPARTMENT = RecordType("DepartmentObj", "_id", Code.DEPARTMENT_NOT_FOUND, "departmentId")
