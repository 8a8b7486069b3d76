"""The deprecated calls that read employees, by openUserId, by mobile and by time of change."""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from shim.sandbox.admission import acting, credentials, enter
from shim.sandbox.envelope import Refused, invalid
from shim.sandbox.offline import QUERY, flat, whole
from shim.sandbox.offline_members import known_member, marked, open_user_id_of
from shim.sandbox.routes import ROUTES, as_list, is_name

if TYPE_CHECKING:
    from shim.sandbox.people import Member
    from shim.sandbox.routes import Call
    from shim.sandbox.tenant import Tenant

#: Grade A.
_MOST_ROWS: Final = 1000
_ROWS: Final = 20

_DETAIL: Final = "showDepartmentIdsDetail"
_RANGE: Final = frozenset({"startTime", "endTime", "pageSize", "pageNumber", _DETAIL})


def _of_body(call: Call) -> frozenset[str]:
    return marked(call.body.get("openUserId"))


def _text(value: object) -> str:
    """Return a string field as the offline API shows it: what is empty is ""."""
    return value if isinstance(value, str) else ""


def _numbers(value: object) -> list[int]:
    """Return the ids of a department field as numbers."""
    return [int(str(e)) for e in as_list(value) or [] if re.fullmatch(r"[0-9]{1,18}", str(e))]


def _first(value: object) -> str:
    return _text(next(iter(as_list(value) or []), ""))


def employee(tenant: Tenant, member: Member, now: float, *, detail: bool) -> dict[str, Any]:
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


def _detail(call: Call) -> bool:
    value = call.body.get(_DETAIL)
    if value is not None and not isinstance(value, bool):
        raise invalid(15002, _DETAIL, "send true or false")
    return value is True


@ROUTES.add("/cgi/user/get", concerns=_of_body)
@ROUTES.add(QUERY, accepts=flat("openUserId"), concerns=_of_body)
def query_employee_info_by_open_user_id(call: Call) -> dict[str, Any]:
    """Query Employee Info By OpenUserId: the answer's fields stand beside the envelope's.

    Raises:
        Refused: 10013, 10014, 10010, 11008, 15002; 20016, 11015; 20012 for an unknown member.
    """
    credentials(call)
    open_user_id, detail = open_user_id_of(call.body.get("openUserId")), _detail(call)
    enter(call, acting(call))
    return employee(call.tenant, known_member(call, open_user_id), call.now, detail=detail)


def _with_mobile(call: Call) -> list[tuple[Member, dict[str, Any]]]:
    mobile = call.body.get("mobile")
    people = call.tenant.people
    return [row for row in people.records(call.now) if row[1]["phone"] == mobile]


def _of_mobile(call: Call) -> frozenset[str]:
    return frozenset(member.mark for member, _ in _with_mobile(call))


@ROUTES.add("/cgi/user/getByMobile", concerns=_of_mobile)
@ROUTES.add(QUERY, accepts=flat("mobile"), concerns=_of_mobile)
def query_employee_by_mobile(call: Call) -> dict[str, Any]:
    """Query Employee By Mobile: everybody with exactly that number. U: none is an empty list.

    Raises:
        Refused: 10013, 10014, 15002; 20016, 11015.
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


def _time(call: Call, key: str) -> int | None:
    value = call.body.get(key)
    return None if value is None else whole(value, 15002, key)


def _size(call: Call, key: str, default: int, most: float) -> int:
    value = call.body.get(key)
    size = default if value is None else whole(value, 15002, key)
    if not 1 <= size <= most:
        raise invalid(15002, key, "it is out of range")
    return size


def _page(call: Call) -> tuple[list[tuple[int, Member]], list[Member], int, int]:
    """Return everybody in the range with the time of change, the page, its number and its size."""
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


def _of_page(call: Call) -> frozenset[str]:
    try:
        return frozenset(member.mark for member in _page(call)[1])
    except Refused:
        return frozenset()


@ROUTES.add("/cgi/user/get/batchByUpdTime", concerns=_of_page)
@ROUTES.add(QUERY, accepts=_is_range, concerns=_of_page)
def query_updated_employee_list_by_time_range(call: Call) -> dict[str, Any]:
    """Query Updated Employee List By Time Range: both ends included, by ascending ``_id`` (U).

    Raises:
        Refused: 10013, 10014, 15002; 20016, 11015.
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
