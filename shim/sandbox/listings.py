"""Two calls that are current and no part of either API: the members of a department.

No page of theirs was stored. That they exist and take ``departmentId`` and ``fetchChild`` is known
from public callers; the form of the answer is grade C: the list's name is ``userList``, and its
entries are those of Query Employee Info By OpenUserId.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shim.sandbox.admission import acting, credentials, enter
from shim.sandbox.departments import COMPANY
from shim.sandbox.envelope import Refused, invalid
from shim.sandbox.offline import whole
from shim.sandbox.offline_employees import employee
from shim.sandbox.routes import ROUTES, as_whole

if TYPE_CHECKING:
    from shim.sandbox.people import Member
    from shim.sandbox.routes import Call


def _below(call: Call, number: int) -> set[str]:
    """Return the ids of a department and, if the call asks for them, of all below it."""
    if call.body.get("fetchChild") is not True:
        return {str(number)}
    departments = call.tenant.departments
    return {
        str(each)
        for each, row in departments.by_number.items()
        if each == number or number in departments.ancestors(row, call.now)
    } | {str(number)}


def _within(call: Call, number: int) -> list[tuple[Member, dict[str, Any]]]:
    """Return the members whose main or attached department is one of these, by their numbers."""
    wanted = _below(call, number)
    people = call.tenant.people
    rows = ((row, people.record(row, call.now)) for row in people.members)
    return [
        (row, record)
        for row, record in rows
        if not wanted.isdisjoint(_texts(record["main_department"], record["vice_departments"]))
    ]


def _texts(*values: object) -> set[str]:
    return {str(each) for value in values if isinstance(value, list) for each in value}


def _listed(call: Call) -> list[tuple[Member, dict[str, Any]]]:
    """Check the call, and return whom it asks for.

    Raises:
        Refused: 10013, 10014, 11009, 15002; 20016, 11015; 30007 for an unknown department.
    """
    credentials(call)
    number = whole(call.body.get("departmentId"), 11009, "departmentId")
    if not isinstance(call.body.get("fetchChild", False), (bool, type(None))):
        raise invalid(15002, "fetchChild", "send true or false")
    enter(call, acting(call))
    if number != COMPANY and number not in call.tenant.departments.by_number:
        raise Refused(30007)
    return _within(call, number)


def _marks(call: Call) -> frozenset[str]:
    number = as_whole(call.body.get("departmentId"))
    return frozenset(row.mark for row, _ in _within(call, number)) if number else frozenset()


@ROUTES.add("/cgi/user/list", concerns=_marks)
def user_list(call: Call) -> dict[str, Any]:
    """Members of a department with all that is known of them, enabled and disabled.

    Raises:
        Refused: 10013, 10014, 11009, 15002; 20016, 11015; 30007 for an unknown department.
    """
    rows = _listed(call)
    return {"userList": [employee(call.tenant, row, call.now, detail=True) for row, _ in rows]}


@ROUTES.add("/cgi/user/simpleList", concerns=_marks)
def user_simple_list(call: Call) -> dict[str, Any]:
    """Members of a department by openUserId and name.

    Raises:
        Refused: As ``/cgi/user/list``.
    """
    rows = _listed(call)
    return {
        "userList": [{"openUserId": row.open_user_id, "name": rec["name"]} for row, rec in rows]
    }
