"""What every call of the object API begins with: credentials, object, records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shim.sandbox.admission import credentials, enter, required_acting
from shim.sandbox.envelope import Refused
from shim.sandbox.plan import is_custom, is_generic
from shim.sandbox.routes import as_list, as_object, is_name
from shim.sandbox.things import Things

if TYPE_CHECKING:
    from shim.sandbox.record import Record, Table
    from shim.sandbox.routes import Call

#: Preset and custom objects have an address each (grade A).
PRESET: Final = "/cgi/crm/v2/data"
CUSTOM: Final = "/cgi/crm/custom/v2/data"
#: The deprecated calls for ERP objects; one of them has this address without any verb.
ERP: Final = "/cgi/crm/erp/data"

#: Stands for a record a call would make: it has no id yet.
NEW: Final = ""


def paths(verb: str) -> tuple[str, ...]:
    """Return the addresses of a verb of the object API."""
    return f"{PRESET}/{verb}", f"{CUSTOM}/{verb}"


def opened(call: Call) -> dict[str, Any]:
    """Check the credentials, and return ``data``.

    Raises:
        Refused: 10013, 10014, 10010 for their form; 20016, 11015, 20012; 32000 without ``data``.
    """
    credentials(call)
    by = required_acting(call)
    data = as_object(call.body.get("data"))
    enter(call, by)
    if data is None:
        raise Refused(32000, "data is missing")
    return data


def object_data(data: dict[str, Any]) -> dict[str, Any]:
    """Return ``object_data``.

    Raises:
        Refused: 32000, there is none.
    """
    sent = as_object(data.get("object_data"))
    if sent is None:
        raise Refused(32000, "object_data is missing")
    return sent


def table_at(call: Call, name: object) -> Table[Any]:
    """Return the table of the object a call names.

    Raises:
        Refused: 32000, there is no such object at this address.
    """
    if isinstance(name, str) and _lives_at(call.path, name):
        return call.tenant.table(name)
    raise Refused(32000, "dataObjectApiName is not an object of this address")


def _lives_at(path: str, name: str) -> bool:
    if name == "PersonnelObj":
        # U: that the custom address refuses it. Employees are found at either.
        return not path.startswith(ERP)
    if path.startswith(ERP):
        # U: how ERP objects are called; any generic name is taken.
        return is_generic(name)
    if path.startswith(CUSTOM):
        return is_generic(name) and is_custom(name)
    return name == "DepartmentObj" or (is_generic(name) and not is_custom(name))


def things_at(call: Call, name: object) -> Things:
    """Return the table of a generic object.

    Raises:
        Refused: 32000, it is none, or people or departments, whom the organisation keeps (grade C).
    """
    table = table_at(call, name)
    if isinstance(table, Things):
        return table
    raise Refused(32000, "employees and departments only take query, get and update")


def found(table: Table[Any], record_id: object, now: float) -> Any:
    """Return a record that is there.

    Raises:
        Refused: The table's code for an unknown record.
    """
    row = table.find(record_id, now)
    if row is None:
        raise Refused(*table.unknown)
    return row


def flag(call: Call, key: str, *, default: bool = True) -> bool:
    """Return a boolean of the body's top level.

    Raises:
        Refused: 32000, it is something else.
    """
    value = call.body.get(key, default)
    if not isinstance(value, bool):
        raise Refused(32000, f"{key} must be true or false")
    return value


def named(call: Call) -> frozenset[str]:
    """Return the marks of the records a call names: what its faults can be about."""
    data = as_object(call.body.get("data")) or {}
    sent = as_object(data.get("object_data")) or {}
    try:
        table = table_at(call, sent.get("dataObjectApiName", data.get("dataObjectApiName")))
    except Refused:
        return frozenset()
    ids = [sent.get("_id"), data.get("objectDataId"), data.get("object_data_id")]
    ids += as_list(data.get("idList")) or []
    ids += [(as_object(each) or {}).get("objectDataId") for each in as_list(data.get("Data")) or []]
    rows: list[Record | None] = [table.find(each, call.now) for each in ids]
    return frozenset(row.mark for row in rows if row)


def names(value: object, key: str) -> list[str]:
    """Return a list of ids, each once.

    Raises:
        Refused: 32000, it is none, or it is empty.
    """
    ids = as_list(value)
    if not ids or not all(map(is_name, ids)):
        raise Refused(32000, f"{key} must be a list of ids")
    return list(dict.fromkeys(map(str, ids)))
