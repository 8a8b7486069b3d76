"""What the calls of the object API share: credentials, object, records, fields to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shim.sandbox._messages import Refusal, as_list, as_object, invalid, is_name
from shim.sandbox._plan import is_custom, is_generic
from shim.sandbox._routes import SandboxCall, actor, credentials, enter, in_headers, required_acting
from shim.sandbox._tables import COMPANY, DepartmentRow, GenericTable, Row, RowTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shim.sandbox._tenant import SandboxTenant

#: What names a record; no field of it.
IDS: Final = frozenset({"_id", "dataObjectApiName"})
#: Fields that only the service writes; writing one is refused (grade C).
_STAMPS: Final = frozenset({"create_time", "last_modified_time", "version"})
#: Those, and the fields that create takes and update does not: only changeOwner changes a record's
#: owner (grade B).
_KEPT: Final = _STAMPS | {"owner", "life_status"}
#: Fields that create takes with ``hasSpecifyTime``.
TIMES: Final = ("create_time", "last_modified_time")


def _any_person(_tenant: SandboxTenant, fields: Mapping[str, Any]) -> None:
    if "status" in fields and fields["status"] not in ("0", "1"):
        # Grade B: a String. The offline API's int is the most common mistake.
        raise invalid(15002, "object_data.status", 'send "0" or "1", a string')


def _any_department(tenant: SandboxTenant, fields: Mapping[str, Any]) -> None:
    if "status" in fields and fields["status"] not in ("0", "1", "2"):
        raise invalid(15002, "object_data.status", 'send "0", "1" or "2", a string')
    if "name" in fields and not is_name(fields["name"]):
        raise invalid(32000, "object_data.name", "send a string that is not empty")
    above = as_list(fields.get("parent_id", []))
    if "parent_id" in fields and (above is None or len(above) != 1 or not is_name(above[0])):
        raise invalid(32000, "object_data.parent_id", "send a list with one department id")
    if above and above[0] not in {str(COMPANY), *tenant.departments.by_record_id}:
        raise invalid(32000, "object_data.parent_id", "there is no such department")
    heads = as_list(fields.get("manager_id", []))
    if heads is None or not all(map(is_name, heads)):
        raise invalid(32000, "object_data.manager_id", "send a list of openUserIds")
    if not all(each in tenant.people.by_open_user_id for each in heads):
        raise Refusal(20012)


def _anything(_tenant: SandboxTenant, _fields: Mapping[str, Any]) -> None:
    """A generic object takes any value."""


@dataclass(frozen=True)
class Fields:
    """The fields of one object.

    Attributes:
        kept: Those only the service writes.
        writable: The others. None: any name will do.
        form: Refuses values that do not fit.
    """

    kept: frozenset[str]
    writable: frozenset[str] | None
    form: Callable[[SandboxTenant, Mapping[str, Any]], None]

    def knows(self, name: str) -> bool:
        """Whether the object has a field of that name."""
        return self.takes(name) or name in self.kept or name == "_id"

    def takes(self, name: str) -> bool:
        """Whether a field of that name can be written."""
        if name in self.kept or name in IDS:
            return False
        return self.writable is None or name in self.writable or is_custom(name)

    def sent(self, tenant: SandboxTenant, object_data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields to write.

        Raises:
            Refusal: 32000 for a field that cannot be written; 15002, 20012, 32000 for its value.
        """
        fields = {name: value for name, value in object_data.items() if name not in IDS}
        # U: what the service does with a field it does not have; refusing shows a typing error.
        for name in fields:
            if not self.takes(name):
                known = self.knows(name)
                # The key of a field that is not known may be anything, a phone number as well.
                where = f"object_data.{name}" if known else "object_data"
                why = "it cannot be written" if known else "the object has no such field"
                raise invalid(32000, where, why)
        self.form(tenant, fields)
        return fields


_PERSON: Final = Fields(
    kept=_KEPT | {"user_id", "lock_status"},
    writable=frozenset(
        {
            "name", "full_name", "phone", "email", "sex", "status", "is_active",
            "main_department", "vice_departments", "leader", "employee_number", "position",
            "job_title", "profile_image", "language", "owner_department",
        }
    ),
    form=_any_person,
)  # fmt: skip
_DEPARTMENT: Final = Fields(
    kept=_KEPT | {"lock_status"},
    writable=frozenset({"name", "parent_id", "status", "manager_id"}),
    form=_any_department,
)
_GENERIC: Final = Fields(kept=_KEPT, writable=None, form=_anything)


def fields_of(table: RowTable[Any]) -> Fields:
    """Return the fields of the object a table holds."""
    if isinstance(table, GenericTable):
        return _GENERIC
    return _PERSON if table.api_name == "PersonnelObj" else _DEPARTMENT


def check_place(tenant: SandboxTenant, row: Row, fields: Mapping[str, Any], now: float) -> None:
    """Refuse to move a department below itself.

    Raises:
        Refusal: 32000.
    """
    if isinstance(row, DepartmentRow) and "parent_id" in fields:
        parent = int(fields["parent_id"][0])
        if not tenant.departments.may_move(row, parent, now):
            why = "it is the department itself, or below it"
            raise invalid(32000, "object_data.parent_id", why)


#: Preset and custom objects have an address each (grade A).
PRESET: Final = "/cgi/crm/v2/data"
CUSTOM: Final = "/cgi/crm/custom/v2/data"
#: The deprecated calls for ERP objects: the object API's bodies and records, at other addresses.
#: Three share this one, and their verbs are lost in the vendor's pages: POST creates, PUT updates,
#: DELETE deletes (grade C). The addresses of ``get`` and ``recover`` are printed nowhere (U).
ERP: Final = "/cgi/crm/erp/data"
_SPELT: Final = {"true": True, "false": False}
#: Stands for a record a call would make: it has no id yet.
NEW: Final = ""


def paths(verb: str) -> tuple[str, ...]:
    """Return the addresses of a verb of the object API."""
    return f"{PRESET}/{verb}", f"{CUSTOM}/{verb}"


def login(call: SandboxCall) -> str:
    """Check the credentials, and return the openUserId of the acting employee.

    Raises:
        Refusal: 10013, 10014, 10010 for their form; 20016, 11015, 20012.
    """
    credentials(call)
    by = required_acting(call)
    enter(call, by)
    return actor(call, by)


def opened(call: SandboxCall) -> dict[str, Any]:
    """Check the credentials, and return ``data``.

    Raises:
        Refusal: 10013, 10014, 10010 for their form; 20016, 11015, 20012; 32000 without ``data``.
    """
    login(call)
    data = as_object(call.body.get("data"))
    if data is None:
        raise invalid(32000, "data", "send an object")
    return data


def object_data(data: dict[str, Any]) -> dict[str, Any]:
    """Return ``object_data``.

    Raises:
        Refusal: 32000, there is none.
    """
    sent = as_object(data.get("object_data"))
    if sent is None:
        raise invalid(32000, "data.object_data", "send an object")
    return sent


def table_at(call: SandboxCall, name: object) -> RowTable[Any]:
    """Return the table of the object a call names.

    Raises:
        Refusal: 32000, there is no such object at this address.
    """
    if isinstance(name, str) and _lives_at(call, name):
        return call.tenant.table(name)
    raise invalid(32000, "dataObjectApiName", "it is not an object of this address")


def _lives_at(call: SandboxCall, name: str) -> bool:
    if call.path.startswith(ERP):
        # U: how ERP objects are called; any generic name is taken.
        return is_generic(name)
    if not (is_generic(name) or name in {"PersonnelObj", "DepartmentObj"}):
        return False
    if call.path.startswith(CUSTOM):
        # U: that the custom address refuses any preset object. Employees are found at either.
        either = call.tenant.profile.presets_at_custom or name == "PersonnelObj"
        return either or is_custom(name)
    return not is_custom(name)


def generic_table_at(call: SandboxCall, name: object) -> GenericTable:
    """Return the table of a generic object.

    Raises:
        Refusal: 32000, it is none, or people or departments, whom the organisation keeps (grade C).
    """
    table = table_at(call, name)
    if isinstance(table, GenericTable):
        return table
    why = "employees and departments only take query, get, create and update"
    raise invalid(32000, "dataObjectApiName", why)


def found(table: RowTable[Any], record_id: object, now: float) -> Any:
    """Return a record that is there.

    Raises:
        Refusal: The table's code for an unknown record.
    """
    row = table.find(record_id, now)
    if row is None:
        raise Refusal(*table.unknown)
    return row


def flag(call: SandboxCall, key: str, *, default: bool = True) -> bool:
    """Return a boolean of the body's top level; null is left out.

    Raises:
        Refusal: 32000, it is something else.
    """
    value = call.body.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise invalid(32000, key, "send true or false")
    return value


def trigger(call: SandboxCall, key: str) -> bool:
    """Return ``triggerWorkFlow`` or ``triggerApprovalFlow``, true when left out (grade A).

    Public clients send "true" and "false" as strings (grade C: that the service takes them).

    Raises:
        Refusal: 32000, it is something else.
    """
    value = call.body.get(key)
    if isinstance(value, str) and value in _SPELT:
        return _SPELT[value]
    return flag(call, key)


def converts_ids(call: SandboxCall) -> bool:
    """Whether employees are named by FSUIDs in this call, and not by employee ids.

    ``convertUserId`` is false by default in header style, true in body style (grade B, and the
    tenants differ).

    Raises:
        Refusal: 32000, it is neither true nor false.
    """
    default = call.tenant.profile.converts_user_id and not in_headers(call)
    return flag(call, "convertUserId", default=default)


def written(
    call: SandboxCall, table: RowTable[Any], sent: dict[str, Any], but: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Return the fields of ``object_data`` to write, with employees as openUserIds.

    Args:
        call: The call.
        table: The object's.
        sent: The ``object_data``.
        but: The fields that are not looked at.

    Raises:
        Refusal: 32000 for a field that cannot be written; 15002, 20012, 32000 for its value.
    """
    fields = {name: value for name, value in sent.items() if name not in but}
    if not converts_ids(call):
        fields = call.tenant.with_open_user_ids(fields)
    return fields_of(table).sent(call.tenant, fields)


def named(call: SandboxCall) -> frozenset[str]:
    """Return the marks of the records a call names: what its faults can be about."""
    data = as_object(call.body.get("data")) or {}
    sent = as_object(data.get("object_data")) or {}
    try:
        table = table_at(call, sent.get("dataObjectApiName", data.get("dataObjectApiName")))
    except Refusal:
        return frozenset()
    ids = [sent.get("_id"), data.get("objectDataId"), data.get("object_data_id")]
    ids += as_list(data.get("idList")) or []
    ids += [(as_object(each) or {}).get("objectDataId") for each in as_list(data.get("Data")) or []]
    rows: list[Row | None] = [table.find(each, call.now) for each in ids]
    return frozenset(row.mark for row in rows if row)


def names(value: object, key: str) -> list[str]:
    """Return a list of ids, each once.

    Raises:
        Refusal: 32000, it is none, or it is empty.
    """
    ids = as_list(value)
    if not ids or not all(map(is_name, ids)):
        raise invalid(32000, f"data.{key}", "send a list of ids")
    return list(dict.fromkeys(map(str, ids)))
