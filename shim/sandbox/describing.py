"""Which objects a tenant has, and which fields an object has.

The answer of ``describe`` is grade B as far as ``data.describe.fields.<name>`` with ``type``,
``options`` and ``is_required``. That of ``list`` is not printed (U); here an entry has the object's
name and whether the customer made it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shim.sandbox.envelope import invalid
from shim.sandbox.object_calls import login
from shim.sandbox.plan import is_custom, is_generic
from shim.sandbox.routes import ROUTES, as_object
from shim.sandbox.seeds import blank_person

if TYPE_CHECKING:
    from shim.sandbox.routes import Call

#: The forms that values have (grade B), of fields that are neither text nor one of some values.
_TYPES: Final = {
    **dict.fromkeys(("create_time", "last_modified_time"), "date_time"),
    **dict.fromkeys(("leader", "manager_id", "owner"), "employee"),
    **dict.fromkeys(
        ("main_department", "vice_departments", "owner_department", "parent_id"), "department"
    ),
    "is_active": "true_or_false",
}
_CHOICES: Final = {
    "sex": ("M", "F"),
    "lock_status": ("0", "1"),
    "life_status": ("normal", "invalid"),
}
_STATUS: Final = {"PersonnelObj": ("0", "1"), "DepartmentObj": ("0", "1", "2")}
_STAMPS: Final = ("create_time", "last_modified_time", "version")
#: What every record has.
_FIELDS: Final = {
    "PersonnelObj": ("_id", "user_id", *blank_person(), "lock_status", *_STAMPS),
    "DepartmentObj": (
        "_id", "name", "parent_id", "status", "manager_id", "lock_status", *_STAMPS,
    ),
}  # fmt: skip
_GENERIC: Final = ("_id", "name", "owner", "life_status", *_STAMPS)


@ROUTES.add("/cgi/crm/v2/object/list")
def object_list(call: Call) -> dict[str, Any]:
    """Name the objects that have records, people and departments first.

    Raises:
        Refused: 10013, 10014, 10010 for the credentials' form; 20016, 11015, 20012.
    """
    login(call)
    return {
        "data": {
            "objects": [
                {
                    "describeApiName": name,
                    "describeDisplayName": name,
                    "defineType": "custom" if is_custom(name) else "package",
                    "isActive": True,
                }
                for name in call.tenant.api_names()
            ]
        }
    }


@ROUTES.add("/cgi/crm/v2/object/describe")
def object_describe(call: Call) -> dict[str, Any]:
    """Describe the object ``data.apiName``. One public client sends ``apiName`` flat (grade B).

    Raises:
        Refused: As ``object/list``; 32000, there is no such object.
    """
    login(call)
    data = as_object(call.body.get("data"))
    where = "apiName" if data is None else "data.apiName"
    name = (call.body if data is None else data).get("apiName")
    if not isinstance(name, str) or not (name in _STATUS or is_generic(name)):
        raise invalid(32000, where, "there is no such object")
    fields = {each: _described(name, each) for each in _fields(call, name)}
    return {"data": {"describe": {"api_name": name, "display_name": name, "fields": fields}}}


def _fields(call: Call, name: str) -> list[str]:
    """Return the names of the fields that every record has, or some record."""
    names = dict.fromkeys(_FIELDS.get(name, _GENERIC))
    for row in call.tenant.table(name).beyond(None):
        names.update(dict.fromkeys(row.written(call.now)))
    return [each for each in names if each != "lock_status" or call.tenant.plan.shows_lock]


def _described(api_name: str, name: str) -> dict[str, Any]:
    choices = _STATUS.get(api_name, ()) if name == "status" else _CHOICES.get(name, ())
    described: dict[str, Any] = {
        "api_name": name,
        "type": "select_one" if choices else _TYPES.get(name, "text"),
        "is_required": name == "name" and api_name in _STATUS,
    }
    if choices:
        described["options"] = [{"label": each, "value": each} for each in choices]
    return described
