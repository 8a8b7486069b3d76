"""The deprecated calls that read employees and departments, and two current listings.

Three code systems for the status of a department (grade B): the request's 1 and 2, the details' 1,
2 and 3, and ``DepartmentObj``'s "1", "0" and "2".

``/cgi/user/list`` and ``/cgi/user/simpleList`` are current and no part of either API: the members
of a department. No page of theirs was stored. That they exist and take ``departmentId`` and
``fetchChild`` is known from public callers; the form of the answer is grade C: the list's name is
``userList``, and its entries are those of Query Employee Info By OpenUserId.
"""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from shim.sandbox._messages import Refusal, as_list, as_whole, invalid, is_name
from shim.sandbox._offline_calls import (
    QUERY,
    flat,
    known_department,
    known_member,
    marked,
    of_department_id,
    open_user_id_of,
    whole,
)
from shim.sandbox._routes import ROUTES, SandboxCall, acting, credentials, enter
from shim.sandbox._tables import COMPANY, MemberRow

if TYPE_CHECKING:
    from shim.sandbox._tenant import SandboxTenant

#: Grade A.
_MOST_ROWS: Final = 1000
_ROWS: Final = 20
_DETAIL: Final = "showDepartmentIdsDetail"
_RANGE: Final = frozenset({"startTime", "endTime", "pageSize", "pageNumber", _DETAIL})


def _of_user_id(call: SandboxCall) -> frozenset[str]:
    return marked(call.body.get("openUserId"))


def _text(value: object) -> str:
    """Return a string field as the offline API shows it: "" if it is empty."""
    return value if isinstance(value, str) else ""


def _numbers(value: object) -> list[int]:
    """Return the ids of a department field as numbers."""
    return [int(str(e)) for e in as_list(value) or [] if re.fullmatch(r"[0-9]{1,18}", str(e))]


def _first(value: object) -> str:
    return _text(next(iter(as_list(value) or []), ""))


def employee(
    tenant: SandboxTenant, member: MemberRow, now: float, *, detail: bool
) -> dict[str, Any]:
    """Return a member as two of the calls show it."""
    record, facts = tenant.people.record(member, now), tenant.people.facts(member)
    main, attached = _numbers(record["main_department"]), _numbers(record["vice_departments"])
    several = {
        "mainDepartmentId": next(iter(main), 0),
        "attachingDepartmentIds": attached,
    }
    return {
        "openUserId": member.open_user_id,
        "account": facts["account"],
        "name": _text(record["name"]),
        # Grade C: the one printed sample shows the same in both.
        "nickName": _text(record["name"]),
        "isStop": record["status"] == "1",
        "email": _text(record["email"]),
        "mobile": _text(record["phone"]),
        "gender": _text(record["sex"]),
        "position": _text(record["position"]),
        "profileImageUrl": _text(record["profile_image"]),
        "departmentIds": list(dict.fromkeys([*main, *attached])),
        **(several if detail else {}),
        "employeeNumber": _text(record["employee_number"]),
        "hireDate": facts["hireDate"],
        "birthDate": facts["birthDate"],
        "startWorkDate": facts["startWorkDate"],
        "createTime": record["create_time"],
        "leaderId": _first(record["leader"]),
    }


def _detail(call: SandboxCall) -> bool:
    value = call.body.get(_DETAIL)
    if value is not None and not isinstance(value, bool):
        raise invalid(15002, _DETAIL, "send true or false")
    return value is True


@ROUTES.add("/cgi/user/get", concerns=_of_user_id)
@ROUTES.add(QUERY, accepts=flat("openUserId"), concerns=_of_user_id)
def query_employee_info_by_open_user_id(call: SandboxCall) -> dict[str, Any]:
    """Query Employee Info By OpenUserId: the answer's fields stand beside the envelope's.

    Raises:
        Refusal: 10013, 10014, 10010, 11008, 15002; 20016, 11015; 20012 for an unknown member.
    """
    credentials(call)
    open_user_id, detail = open_user_id_of(call.body.get("openUserId")), _detail(call)
    enter(call, acting(call))
    return employee(call.tenant, known_member(call, open_user_id), call.now, detail=detail)


def _with_mobile(call: SandboxCall) -> list[tuple[MemberRow, dict[str, Any]]]:
    mobile = call.body.get("mobile")
    people = call.tenant.people
    return [row for row in people.records(call.now) if row[1]["phone"] == mobile]


def _of_mobile(call: SandboxCall) -> frozenset[str]:
    return frozenset(member.mark for member, _ in _with_mobile(call))


@ROUTES.add("/cgi/user/getByMobile", concerns=_of_mobile)
@ROUTES.add(QUERY, accepts=flat("mobile"), concerns=_of_mobile)
def query_employee_by_mobile(call: SandboxCall) -> dict[str, Any]:
    """Query Employee By Mobile: all members with exactly that number. U: for none, an empty list.

    Raises:
        Refusal: 10013, 10014, 15002; 20016, 11015.
    """
    credentials(call)
    if not is_name(call.body.get("mobile")):
        raise invalid(15002, "mobile", "send a string that is not empty")
    enter(call, acting(call))
    found: list[dict[str, Any]] = []
    for member, record in _with_mobile(call):
        main = _numbers(record["main_department"])
        attached = _numbers(record["vice_departments"])
        employee = {
            "openUserId": member.open_user_id,
            "name": _text(record["name"]),
            "fullName": _text(record["full_name"]),
            "mobile": _text(record["phone"]),
            "email": _text(record["email"]),
            "account": call.tenant.people.facts(member)["account"],
            # Grade B for an enabled one; U for a disabled one, a guess.
            "status": "STOP" if record["status"] == "1" else "NORMAL",
            "gender": _text(record["sex"]),
            "isActive": record["is_active"] is True,
            "mainDepartmentIds": main,
            "departmentIds": list(dict.fromkeys([*main, *attached])),
        }
        found.append(employee)
    return {"empList": found}


def _is_range(body: dict[str, Any]) -> bool:
    return "data" not in body and not _RANGE.isdisjoint(body)


def _time(call: SandboxCall, key: str) -> int | None:
    value = call.body.get(key)
    return None if value is None else whole(value, 15002, key)


def _size(call: SandboxCall, key: str, default: int, most: float) -> int:
    value = call.body.get(key)
    size = default if value is None else whole(value, 15002, key)
    if not 1 <= size <= most:
        raise invalid(15002, key, "it is out of range")
    return size


def _page(call: SandboxCall) -> tuple[list[tuple[int, MemberRow]], list[MemberRow], int, int]:
    """Return the members in the range with their times of change, the page, its number and size."""
    start, end = _time(call, "startTime"), _time(call, "endTime")
    if start is not None and end is not None and end <= start:
        raise invalid(15002, "endTime", "it must be later than startTime")
    size = _size(call, "pageSize", _ROWS, _MOST_ROWS)
    number = _size(call, "pageNumber", 1, float("inf"))
    people = call.tenant.people
    low, high = -float("inf") if start is None else start, float("inf") if end is None else end
    stamped = ((people.modified(member, call.now), member) for member in people.beyond(None))
    everybody = [pair for pair in stamped if low <= pair[0] <= high]
    page = [member for _, member in everybody[(number - 1) * size : number * size]]
    return everybody, page, number, size


def _of_page(call: SandboxCall) -> frozenset[str]:
    try:
        return frozenset(member.mark for member in _page(call)[1])
    except Refusal:
        return frozenset()


@ROUTES.add("/cgi/user/get/batchByUpdTime", concerns=_of_page)
@ROUTES.add(QUERY, accepts=_is_range, concerns=_of_page)
def query_updated_employee_list_by_time_range(call: SandboxCall) -> dict[str, Any]:
    """Query Updated Employee List By Time Range: both ends included, by ascending ``_id`` (U).

    Raises:
        Refusal: 10013, 10014, 15002; 20016, 11015.
    """
    credentials(call)
    everybody, page, number, size = _page(call)
    detail = _detail(call)
    enter(call, acting(call))
    return {
        "pageNumber": number,
        "pageCount": ceil(len(everybody) / size),
        "totalCount": len(everybody),
        "lastChangedTime": max((changed for changed, _ in everybody), default=0),
        "employees": [employee(call.tenant, each, call.now, detail=detail) for each in page],
    }


def _below(call: SandboxCall, number: int) -> set[str]:
    """Return the ids of a department and, if the call asks for them, of all below it."""
    if call.body.get("fetchChild") is not True:
        return {str(number)}
    departments = call.tenant.departments
    return {
        str(each)
        for each, row in departments.by_number.items()
        if each == number or number in departments.ancestors(row, call.now)
    } | {str(number)}


def _within(call: SandboxCall, number: int) -> list[tuple[MemberRow, dict[str, Any]]]:
    """Return the members whose main or attached department is one of these, by their numbers."""
    wanted = _below(call, number)
    people = call.tenant.people
    rows = ((row, people.record(row, call.now)) for row in people.members)
    return [
        (row, record)
        for row, record in rows
        if not wanted.isdisjoint(_ids(record["main_department"], record["vice_departments"]))
    ]


def _ids(*values: object) -> set[str]:
    return {str(each) for value in values if isinstance(value, list) for each in value}


def _asked_for(call: SandboxCall) -> list[tuple[MemberRow, dict[str, Any]]]:
    """Check the call, and return whom it asks for.

    Raises:
        Refusal: 10013, 10014, 11009, 15002; 20016, 11015; 30007 for an unknown department.
    """
    credentials(call)
    number = whole(call.body.get("departmentId"), 11009, "departmentId")
    if not isinstance(call.body.get("fetchChild", False), (bool, type(None))):
        raise invalid(15002, "fetchChild", "send true or false")
    enter(call, acting(call))
    if number != COMPANY and number not in call.tenant.departments.by_number:
        raise Refusal(30007)
    return _within(call, number)


def _marks(call: SandboxCall) -> frozenset[str]:
    number = as_whole(call.body.get("departmentId"))
    return frozenset(row.mark for row, _ in _within(call, number)) if number else frozenset()


@ROUTES.add("/cgi/user/list", concerns=_marks)
def user_list(call: SandboxCall) -> dict[str, Any]:
    """Members of a department with all that is known of them, enabled and disabled.

    Raises:
        Refusal: 10013, 10014, 11009, 15002; 20016, 11015; 30007 for an unknown department.
    """
    rows = _asked_for(call)
    return {"userList": [employee(call.tenant, row, call.now, detail=True) for row, _ in rows]}


@ROUTES.add("/cgi/user/simpleList", concerns=_marks)
def user_simple_list(call: SandboxCall) -> dict[str, Any]:
    """Members of a department by openUserId and name.

    Raises:
        Refusal: As ``/cgi/user/list``.
    """
    rows = _asked_for(call)
    return {
        "userList": [{"openUserId": row.open_user_id, "name": rec["name"]} for row, rec in rows]
    }


#: The object's status -> the details' (grade B).
_SHOWN: Final = {"0": 1, "1": 2, "2": 3}
#: What a query body holds when it asks for nothing in particular. Public clients add the last.
BARE: Final = frozenset(
    {"corpAccessToken", "corpId", "thirdTraceId", "currentOpenUserId", "fetchChild"}
)


def _is_bare(body: dict[str, Any]) -> bool:
    return body.keys() <= BARE


def _of_list(call: SandboxCall) -> frozenset[str]:
    return frozenset(row["_id"] for row in _listed(call))


def _listed(call: SandboxCall) -> list[dict[str, Any]]:
    """Return the departments that are not deleted (grade C), by ascending id."""
    rows = [record for _, record in call.tenant.departments.records(call.now)]
    return sorted(
        (each for each in rows if each["status"] != "2"), key=lambda each: int(each["_id"])
    )


@ROUTES.add("/cgi/department/list", concerns=_of_list)
@ROUTES.add(QUERY, accepts=_is_bare, concerns=_of_list)
def get_department_list(call: SandboxCall) -> dict[str, Any]:
    """Get Department List. U: how the shared address recognises a body without a key of its own.

    Raises:
        Refusal: 10013, 10014; 20016, 11015.
    """
    credentials(call)
    enter(call, acting(call))
    departments = call.tenant.departments
    found: list[dict[str, Any]] = []
    for record in _listed(call):
        number, parent = int(record["_id"]), int(record["parent_id"][0])
        found.append(
            {
                "id": number,
                "name": record["name"],
                "parentId": 0 if parent == COMPANY else parent,
                "isStop": record["status"] == "1",
                "order": departments.by_number[number].facts["order"],
            }
        )
    return {"departments": found}


@ROUTES.add("/cgi/department/detail", concerns=of_department_id)
@ROUTES.add(QUERY, accepts=flat("departmentId"), concerns=of_department_id)
def get_department_details(call: SandboxCall) -> dict[str, Any]:
    """Get Department Details.

    Raises:
        Refusal: 10013, 10014, 11008, 11009; 20016, 11015, 20012; 30007 unknown.
    """
    credentials(call)
    by = acting(call, printed=True)
    number = whole(call.body.get("departmentId"), 11009, "departmentId")
    enter(call, by)
    row = known_department(call, number)
    departments = call.tenant.departments
    record = departments.record(row, call.now)
    return {
        "department": {
            "departmentId": number,
            # A printed sample shows the company's own id here, while the list shows 0.
            "parentDepartmentId": departments.parent(row, call.now),
            "name": record["name"],
            "nameSpell": "",
            "departmentOrder": row.facts["order"],
            "isStop": record["status"] == "1",
            "principalId": next(iter(record["manager_id"]), ""),
            "createTime": record["create_time"],
            "updateTime": record["last_modified_time"],
            "ancestors": departments.ancestors(row, call.now),
            "status": _SHOWN[record["status"]],
            "description": "",
            "keywords": [],
        }
    }
