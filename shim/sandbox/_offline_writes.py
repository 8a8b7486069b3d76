"""The deprecated calls that change employees and departments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shim.sandbox._faults import NO_OP
from shim.sandbox._messages import Refusal, as_list, as_object, as_whole, invalid, is_name
from shim.sandbox._offline_calls import (
    UPDATE,
    flat,
    known_department,
    known_member,
    marked,
    marks_of_department,
    new_status,
    of_department_id,
    open_user_id_of,
    sent,
    whole,
)
from shim.sandbox._routes import ROUTES, SandboxCall, acting, credentials, enter
from shim.sandbox._tables import COMPANY

if TYPE_CHECKING:
    from collections.abc import Callable

#: Grade A.
_MOST_ATTACHED: Final = 500


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_gender(value: object) -> bool:
    return value in ("M", "F")


def _is_whole(value: object) -> bool:
    return as_whole(value) is not None


def _are_whole(value: object) -> bool:
    ids = as_list(value)
    return ids is not None and all(map(_is_whole, ids))


#: What each field of ``user`` must be, and the code when it is not, in the documented order.
_FORMS: Final[dict[str, tuple[Callable[[object], bool], int]]] = {
    "account": (_is_text, 15002),
    "name": (_is_text, 15002),
    "fullName": (_is_text, 15002),
    "position": (_is_text, 15002),
    "gender": (_is_gender, 15002),
    "mobile": (_is_text, 15002),
    "email": (_is_text, 15002),
    "qq": (_is_text, 15002),
    "weixin": (_is_text, 15002),
    "mainDepartmentId": (_is_whole, 11009),
    "attachingDepartmentIds": (_are_whole, 11009),
    "employeeNumber": (_is_text, 15002),
    "hireDate": (_is_text, 15002),
    "birthDate": (_is_text, 15002),
    "startWorkDate": (_is_text, 15002),
    "leaderId": (_is_text, 15002),
}
#: Grade B. The six others have no field of PersonnelObj (U).
_TARGETS: Final = {
    "name": "name",
    "fullName": "full_name",
    "position": "position",
    "gender": "sex",
    "mobile": "phone",
    "email": "email",
    "employeeNumber": "employee_number",
}
_ASIDE: Final[tuple[str, ...]] = (
    "account",
    "qq",
    "weixin",
    "hireDate",
    "birthDate",
    "startWorkDate",
)


def _of_user(call: SandboxCall) -> frozenset[str]:
    return marked((as_object(call.body.get("user")) or {}).get("openUserId"))


@ROUTES.add("/cgi/user/update", concerns=_of_user, faults=NO_OP)
@ROUTES.add(UPDATE, accepts=flat("user"), concerns=_of_user, faults=NO_OP)
def update_member(call: SandboxCall) -> dict[str, Any]:
    """Update Member: fields that ``user`` does not give stay; unknown keys are ignored (U).

    Raises:
        Refusal: 10013, 10014, 15002, 10010, 11008, 11009; 20016, 11015; 20012 for an unknown
            member or leader, 30007 for an unknown department.
    """
    credentials(call)
    user = sent(call, "user")
    open_user_id = open_user_id_of(user.get("openUserId"))
    given = {name: user[name] for name in _FORMS if user.get(name) is not None}
    for name, value in given.items():
        fits, code = _FORMS[name]
        if not fits(value):
            raise Refusal(code, f"parameter user.{name} is not valid")
    attached = [int(each) for each in given.get("attachingDepartmentIds", ())]
    if len(attached) > _MOST_ATTACHED:
        raise invalid(15002, "user.attachingDepartmentIds", f"{_MOST_ATTACHED} at most")
    enter(call, acting(call))
    member = known_member(call, open_user_id)
    departments = [*attached]
    fields = {_TARGETS[name]: value for name, value in given.items() if name in _TARGETS}
    if "mainDepartmentId" in given:
        departments.append(int(given["mainDepartmentId"]))
        fields["main_department"] = [str(departments[-1])]
    if "attachingDepartmentIds" in given:
        fields["vice_departments"] = [str(each) for each in attached]
    if not all(each in call.tenant.departments.by_number for each in departments):
        raise Refusal(30007)
    if "leaderId" in given:
        fields["leader"] = [known_member(call, given["leaderId"]).open_user_id]
    if member.mark not in call.skipped:
        facts = {name: given[name] for name in _ASIDE if name in given}
        call.tenant.people.write(member, fields, call.now, facts)
    return {}


def _of_department(call: SandboxCall) -> frozenset[str]:
    return marks_of_department(call, (as_object(call.body.get("department")) or {}).get("id"))


def _optional(value: object, code: int, name: str) -> int | None:
    return None if value is None else whole(value, code, name)


@ROUTES.add("/cgi/department/update", concerns=_of_department, faults=NO_OP)
@ROUTES.add(UPDATE, accepts=flat("department"), concerns=_of_department, faults=NO_OP)
def update_department(call: SandboxCall) -> dict[str, Any]:
    """Update Department: fields that ``department`` does not give stay.

    Raises:
        Refusal: 10013, 10014, 15002, 11009; 20016, 11015; 30007 for an unknown department
            or parent, 15002 for a parent that is the department itself or below it.
    """
    credentials(call)
    department = sent(call, "department")
    number = whole(department.get("id"), 11009, "department.id")
    given = {key: department.get(key) for key in ("name", "parentId", "order")}
    if given["name"] is not None and not is_name(given["name"]):
        raise invalid(15002, "department.name", "send a string that is not empty")
    wanted = _optional(given["parentId"], 11009, "department.parentId")
    order = _optional(given["order"], 15002, "department.order")
    enter(call, acting(call))
    row = known_department(call, number)
    departments = call.tenant.departments
    fields = {} if given["name"] is None else {"name": given["name"]}
    if wanted is not None:
        # U: whether the id the details show for the company is taken as well as 0.
        parent = COMPANY if wanted in {0, COMPANY} else known_department(call, wanted).number
        if not departments.may_move(row, parent, call.now):
            why = "it is the department itself, or below it"
            raise invalid(15002, "department.parentId", why)
        fields["parent_id"] = [str(parent)]
    if row.mark not in call.skipped:
        departments.write(row, fields, call.now, {} if order is None else {"order": order})
    return {}


@ROUTES.add("/cgi/department/setStatus", concerns=of_department_id, faults=NO_OP)
@ROUTES.add(UPDATE, accepts=flat("departmentId", "status"), concerns=of_department_id, faults=NO_OP)
def set_department_status(call: SandboxCall) -> dict[str, Any]:
    """Set Department Status: 1 disables, 2 enables (grade A), and also brings back a deleted one.

    Raises:
        Refusal: 10013, 10014, 11009, 15002; 20016, 11015; 30007 unknown.
    """
    credentials(call)
    number = whole(call.body.get("departmentId"), 11009, "departmentId")
    status = new_status(call)
    enter(call, acting(call))
    row = known_department(call, number)
    if row.mark not in call.skipped:
        call.tenant.departments.write(row, {"status": status}, call.now)
    return {}


_has_one = flat("status", "openUserId")
_has_some = flat("currentOpenUserId", "status", "openUserIds")


def _is_single(body: dict[str, Any]) -> bool:
    return _has_one(body) or _has_some(body)


def _named(call: SandboxCall) -> frozenset[str]:
    ids = [*(as_list(call.body.get("openUserIds")) or []), call.body.get("openUserId")]
    known = call.tenant.people.by_open_user_id
    return frozenset(each for each in ids if isinstance(each, str) and each in known)


def _members(value: object) -> list[str]:
    """Return a list of openUserIds, empty for none at all.

    Raises:
        Refusal: 11008.
    """
    ids = [] if value is None or value == "" else as_list(value)
    if ids is None or not all(map(is_name, ids)):
        raise Refusal(11008)
    return [str(each) for each in ids]


def _set(call: SandboxCall, ids: list[str], status: str) -> None:
    known = call.tenant.people.by_open_user_id
    # U: what a batch with an unknown member answers. Here the known ones are set nevertheless.
    for each in dict.fromkeys(ids):
        if each in known and each not in call.skipped:
            call.tenant.people.write(known[each], {"status": status}, call.now)
    if not all(each in known for each in ids):
        raise Refusal(20012)


@ROUTES.add("/cgi/user/batchSetStatus", concerns=_named, faults=NO_OP)
@ROUTES.add(
    UPDATE,
    accepts=flat("openUserIds", "status", without="currentOpenUserId"),
    concerns=_named,
    faults=NO_OP,
)
def set_member_status_batch(call: SandboxCall) -> dict[str, Any]:
    """Set Member Status (Batch): status 1 disables, 2 enables (grade A).

    Raises:
        Refusal: 10013, 10014, 10010 or 11008, 15002; 20016, 11015; 20012 for an unknown member.
    """
    credentials(call)
    ids = _members(call.body.get("openUserIds"))
    if not ids:
        raise Refusal(10010)
    status = new_status(call)
    enter(call, acting(call))
    _set(call, ids, status)
    return {}


@ROUTES.add("/cgi/user/setStatus", concerns=_named, faults=NO_OP)
@ROUTES.add(UPDATE, accepts=_is_single, concerns=_named, faults=NO_OP)
def set_member_status(call: SandboxCall) -> dict[str, Any]:
    """Set Member Status: of ``openUserId``, of ``openUserIds``, or of both together (U).

    ``currentOpenUserId`` is printed, and left out by public clients (grade C).

    Raises:
        Refusal: 10013, 10014, 11008, 10010, 15002; 20016, 11015; 20012 for an unknown acting
            user or member.
    """
    credentials(call)
    by = acting(call, printed=True)
    one = call.body.get("openUserId")
    ids = [*_members([] if one is None or one == "" else [one])]
    ids += _members(call.body.get("openUserIds"))
    if not ids:
        raise Refusal(10010)
    status = new_status(call)
    enter(call, by)
    _set(call, ids, status)
    return {}
