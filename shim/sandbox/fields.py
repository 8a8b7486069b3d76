"""Which fields an object has, which can be written, and with what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shim.sandbox.departments import COMPANY, Department
from shim.sandbox.envelope import Refused, invalid
from shim.sandbox.plan import is_custom
from shim.sandbox.routes import as_list, is_name
from shim.sandbox.things import Things

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shim.sandbox.record import Record, Table
    from shim.sandbox.tenant import Tenant

#: How a record is named, rather than what it says.
IDS: Final = frozenset({"_id", "dataObjectApiName"})
#: What the service keeps itself; writing it is refused (grade C).
_STAMPS: Final = frozenset({"create_time", "last_modified_time", "version"})
#: Beside them, what create takes, and update does not: a record's owner is changed by changeOwner
#: only (grade B).
_KEPT: Final = _STAMPS | {"owner", "life_status"}
#: What create takes with ``hasSpecifyTime``.
TIMES: Final = ("create_time", "last_modified_time")


def _any_person(_tenant: Tenant, fields: Mapping[str, Any]) -> None:
    if "status" in fields and fields["status"] not in ("0", "1"):
        # Grade B: a String. The offline API's int is the most common mistake.
        raise invalid(15002, "object_data.status", 'send "0" or "1", a string')


def _any_department(tenant: Tenant, fields: Mapping[str, Any]) -> None:
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
        raise Refused(20012)


def _anything(_tenant: Tenant, _fields: Mapping[str, Any]) -> None:
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
    form: Callable[[Tenant, Mapping[str, Any]], None]

    def knows(self, name: str) -> bool:
        """Whether the object has a field of that name."""
        return self.takes(name) or name in self.kept or name == "_id"

    def takes(self, name: str) -> bool:
        """Whether a field of that name can be written."""
        if name in self.kept or name in IDS:
            return False
        return self.writable is None or name in self.writable or is_custom(name)

    def sent(self, tenant: Tenant, object_data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields to write.

        Raises:
            Refused: 32000 for a field that cannot be written; 15002, 20012, 32000 for its value.
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
_THING: Final = Fields(kept=_KEPT, writable=None, form=_anything)


def fields_of(table: Table[Any]) -> Fields:
    """Return the fields of the object a table holds."""
    if isinstance(table, Things):
        return _THING
    return _PERSON if table.api_name == "PersonnelObj" else _DEPARTMENT


def check_place(tenant: Tenant, row: Record, fields: Mapping[str, Any], now: float) -> None:
    """Refuse to move a department below itself.

    Raises:
        Refused: 32000.
    """
    if isinstance(row, Department) and "parent_id" in fields:
        parent = int(fields["parent_id"][0])
        if not tenant.departments.may_move(row, parent, now):
            why = "it is the department itself, or below it"
            raise invalid(32000, "object_data.parent_id", why)
