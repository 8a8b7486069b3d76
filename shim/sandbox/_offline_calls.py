"""The deprecated API: flat bodies, codes of its own. What its calls have in common.

Old programs work with it, so it ignores the read permission of the objects, ``read_only`` (grade U)
and locked records (grade C).

Every call looks at the form of all its parameters first, in the documented order, then at token,
corpId and acting user, then at whether what it names exists. U: the real order. Parameters that a
page does not print are ignored, whatever they hold (grade C).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shim.sandbox._messages import Refusal, as_object, as_whole, invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.sandbox._routes import SandboxCall
    from shim.sandbox._tables import DepartmentRow, MemberRow

#: Where today's pages print the members' and departments' calls, with the same flat body (grade A).
UPDATE: Final = "/cgi/crm/v2/data/update"
QUERY: Final = "/cgi/crm/v2/data/query"
#: Offline status -> the objects' status (grade B): value and type both change.
_STATUS: Final[dict[int | str | None, str]] = {1: "1", 2: "0", "1": "1", "2": "0"}


def flat(*keys: str, without: str = "data") -> Callable[[dict[str, Any]], bool]:
    """Return what recognises a flat body that has all of ``keys``, and not ``without``."""

    def accepts(body: dict[str, Any]) -> bool:
        return "data" not in body and without not in body and all(key in body for key in keys)

    return accepts


def whole(value: object, code: int, name: str) -> int:
    """Return an integer; 30.0 is one.

    Raises:
        Refusal: ``code``, the parameter ``name`` is something else.
    """
    number = as_whole(value)
    if number is None:
        raise invalid(code, name, "send a whole number")
    return number


def sent(call: SandboxCall, key: str) -> dict[str, Any]:
    """Return the object a call wraps its parameters in.

    Raises:
        Refusal: 15002, there is none.
    """
    value = as_object(call.body.get(key))
    if value is None:
        raise invalid(15002, key, "send an object")
    return value


def new_status(call: SandboxCall) -> str:
    """Return the status to set, in the objects' code.

    Raises:
        Refusal: 15002, it is neither 1 nor 2.
    """
    given = call.body.get("status")
    asked = given if isinstance(given, str) else as_whole(given)
    if asked not in _STATUS:
        raise invalid(15002, "status", "send 1 (disabled) or 2 (enabled)")
    return _STATUS[asked]


def known_member(call: SandboxCall, open_user_id: str) -> MemberRow:
    """Return a member.

    Raises:
        Refusal: 20012, there is none of that openUserId.
    """
    member = call.tenant.people.by_open_user_id.get(open_user_id)
    if member is None:
        raise Refusal(20012)
    return member


def open_user_id_of(value: object) -> str:
    """Return an openUserId that has the right form.

    Raises:
        Refusal: 10010 for none, 11008 for what is no string.
    """
    if value is None or value == "":
        raise Refusal(10010)
    if not isinstance(value, str):
        raise Refusal(11008)
    return value


def marked(open_user_id: object) -> frozenset[str]:
    """Return the mark of the member a call names."""
    return frozenset({open_user_id} if isinstance(open_user_id, str) else ())


def known_department(call: SandboxCall, number: int) -> DepartmentRow:
    """Return a department.

    Raises:
        Refusal: 30007, there is none of that number.
    """
    row = call.tenant.departments.by_number.get(number)
    if row is None:
        raise Refusal(30007)
    return row


def marks_of_department(call: SandboxCall, department_id: object) -> frozenset[str]:
    """Return the mark of the department that has this id, if there is one."""
    row = call.tenant.departments.find(str(department_id), call.now)
    return frozenset({row.mark} if row else ())


def of_department_id(call: SandboxCall) -> frozenset[str]:
    """Return the mark of the department that a call names as ``departmentId``."""
    return marks_of_department(call, call.body.get("departmentId"))
