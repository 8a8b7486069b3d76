"""The two kinds of record that stand for members and departments, and the calls about them.

Facts: contract, section 3. A row is matched to what was asked for by value, and `_id` is taken
from the row, never built: on some tenants an employee's `_id` is the employee id, on others a
24-hex id (grade B).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shim.objectapi import calls
from shim.objectapi.codes import Code
from shim.objectapi.values import record_id, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shim.objectapi.calls import Call, Row
    from shim.settings.model import Settings

KEYS_PER_QUERY = 100
"""`IN` takes at most 100 values (grade C), and a query gives at most 100 rows (grade A)."""


@dataclass(frozen=True, slots=True)
class Kind:
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


PERSONNEL = Kind("PersonnelObj", "user_id", Code.USER_NOT_FOUND, "openUserId")
DEPARTMENT = Kind("DepartmentObj", "_id", Code.DEPARTMENT_NOT_FOUND, "departmentId")
