"""PersonnelObj: the calls that find, change and re-read employees, and rows told apart by id.

Facts: contract, section 3, PersonnelObj. `user_id` is matched by value and `_id` is taken from
the row, never built: on some tenants `_id` is the employee id, on others a 24-hex id (grade B).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shim.objectapi import calls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shim.objectapi.calls import Call, Row
    from shim.settings.model import Settings

API_NAME = "PersonnelObj"
IDS_PER_QUERY = 100
"""`IN` takes at most 100 values (grade C), and a query gives at most 100 rows (grade A)."""


def find_people(
    settings: Settings, open_user_ids: Sequence[str], fields: Iterable[str]
) -> list[tuple[Sequence[str], Call]]:
    """Return a look-up for every 100 ids, each with the ids it asks for."""
    names = ("_id", "user_id", *fields)
    chunks = [
        open_user_ids[start : start + IDS_PER_QUERY]
        for start in range(0, len(open_user_ids), IDS_PER_QUERY)
    ]
    return [
        (
            chunk,
            calls.query(
                API_NAME,
                filters=[("user_id", "IN", chunk)],
                fields=names,
                convert_user_id=settings.convert_user_id,
            ),
        )
        for chunk in chunks
    ]


def update_person(settings: Settings, record_id: str, values: Mapping[str, Any]) -> Call:
    """Return the "modify personnel object" call for one employee."""
    return calls.update(
        API_NAME,
        record_id,
        values,
        workflow=settings.triggers.workflow,
        approval=settings.triggers.approval,
        convert_user_id=settings.convert_user_id,
    )


def get_person(settings: Settings, record_id: str) -> Call:
    """Return the call that reads one employee's record itself, not an index of it."""
    return calls.get(API_NAME, record_id, convert_user_id=settings.convert_user_id)


def rows_by_user(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return rows by the user they are about; one without `_id` is of no use and left out."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.get("_id"):
            found.setdefault(str(scalar(row.get("user_id"))), []).append(row)
    return found


def scalar(value: Any) -> Any:
    """Return what a field holds: employee fields come as lists even when single (grade B)."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
