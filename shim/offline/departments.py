"""Offline calls about departments."""

# Parameters keep the documented names, so that `f(**body)` works with the documented JSON body.
# ruff: noqa: N803, ARG001 - and those that every call has are used by `declare`.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shim import settings
from shim._endpoint import (
    EXACT,
    Address,
    Replacement,
    Translation,
    converted,
    defaulted,
    dropped,
    offline,
    shared,
)
from shim.objectapi.codes import Code
from shim.objectapi.record_types import DEPARTMENT, scalar
from shim.offline import checks
from shim.offline._rows import as_number, first, read_all, text, whole
from shim.offline._state import hidden, none_seen, set_state
from shim.offline.answer import Answer, envelope, found, passed_on, summary
from shim.offline.answers import DepartmentAnswer, DepartmentListAnswer
from shim.offline.shapes import Department

if TYPE_CHECKING:
    from shim.objectapi.calls import Reply, Row
    from shim.scheduler.steps import Steps
    from shim.settings.model import Settings


COMPANY: Final = 999_999
"""The whole company: the parent of the topmost departments (contract, section 3, grade B)."""

# Three code systems for one thing (contract, section 3): the offline request's 1 and 2 (A), the
# offline detail's 1, 2 and 3 (B), DepartmentObj's "0", "1" and "2" (B). The setting status_values
# is about members and has no say here. "2" means deleted in DepartmentObj and is never written:
# it only looks like the request's 2, which enables.
_DISABLED, _DELETED = "1", "2"
_WRITTEN: Final = {1: {"status": _DISABLED}, 2: {"status": "0"}}
_DETAIL: Final = {"0": 1, _DISABLED: 2, _DELETED: 3}
_DETAIL_STOPPED = 2

_ORDER = "department.order"
_LONG = 2**63 - 1
_MOST_LEVELS = 50
# What a record that is not there, or not to be read, is answered with; 30027 names an employee,
# 20023 a department (contract, section 1, grade B).
_NO_RECORD = frozenset({Code.DEPARTMENT_NOT_FOUND, 30027})
_UNREADABLE = _NO_RECORD | {20023}

NOT_NUMBERS = (
    "this tenant's department ids are not all whole numbers, so the old answer, whose ids are, "
    f"cannot express them: read {DEPARTMENT.api_name} through the object API"
)

OTHER_RECORD = (
    "the tenant answered with another record than the one asked for: call again, and give the "
    "traceId to the vendor's support if it happens again"
)

_IS_STOP = converted('status is neither "0" nor "2" (B); of a deleted department: U')
_PLACE = defaulted("0: no DepartmentObj field is known (U), unless field_map names one")


@offline(
    code="FXO007",
    title="Get Department List",
    addresses=(
        Address("/cgi/department/list"),
        shared("/cgi/crm/v2/data/query", (), only=True),
    ),
    writes=False,
    replacement=Replacement("query", 'find("DepartmentObj")', object="DepartmentObj"),
    parameters={},
    answer={
        "departments": converted(
            "every row but the company itself and what is deleted (C), by ascending id; "
            "the old order is unknown (U)"
        ),
        "departments[].id": converted("_id as a number (B)"),
        "departments[].name": EXACT,
        "departments[].parentId": converted(
            "parent_id as a number; 0 where it is 999999 (B), or left out (C)"
        ),
        "departments[].isStop": _IS_STOP,
        "departments[].order": _PLACE,
    },
    returns=DepartmentListAnswer,
)
def get_department_list(
    corpAccessToken: str,
    corpId: str,
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """List all departments: the offline call "Get Department List".

    Was one POST that the vendor no longer maintains. Now DepartmentObj queries of 100 rows.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The envelope and `departments`, a list by ascending id of id (number), name, parentId (0
        below the whole company), isStop, order (0 unless the setting `field_map` names a field for
        `department.order`). Where it is empty, `errorDescription` says that departments may be
        hidden. `errorCode` 0, or: 10013 no token, 10014 no corpId, 20016 an expired token, 50009
        no answer, -1 no connection, -2 department ids that are not numbers, others as the vendor
        answers.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Get Department List.
    """
    now = settings.current()
    place = now.field_map.get(_ORDER)
    fields = ("name", "parent_id", "status", *((place,) if place else ()))
    rows, reply = yield from read_all(now, DEPARTMENT.api_name, filters=[], fields=fields)
    if not reply.ok:
        return passed_on(reply)
    departments: list[dict[str, Any]] = []
    for row in rows:
        number, parent = as_number(row["_id"]), _parent(row)
        if number == COMPANY or _status(row) == _DELETED:
            continue
        if number is None or parent is None:
            return envelope(Code.SYSTEM_ERROR, NOT_NUMBERS, reply.trace_id)
        departments.append(
            {
                "id": number,
                "name": text(row.get("name")),
                "parentId": 0 if parent == COMPANY else parent,
                "isStop": _detail_status(row) == _DETAIL_STOPPED,
                "order": _place(row, now),
            }
        )
    departments.sort(key=lambda one: int(one["id"]))
    return found(
        reply.trace_id, "" if departments else none_seen(DEPARTMENT), departments=departments
    )


@offline(
    code="FXO008",
    title="Get Department Details",
    addresses=(
        Address("/cgi/department/detail"),
        shared("/cgi/crm/v2/data/query", {"departmentId"}),
    ),
    writes=False,
    replacement=Replacement("get", 'get("DepartmentObj", "1001")', object="DepartmentObj"),
    parameters={"currentOpenUserId": EXACT, "departmentId": converted("_id, as a string (B)")},
    answer={
        "department": converted("one get, and one more for each ancestor"),
        "department.departmentId": EXACT,
        "department.parentDepartmentId": converted(
            "parent_id as a number (B); 999999 where it is left out (C)"
        ),
        "department.name": EXACT,
        "department.nameSpell": defaulted('"": no DepartmentObj field is known (U)'),
        "department.departmentOrder": _PLACE,
        "department.isStop": _IS_STOP,
        "department.principalId": converted("the first of manager_id (C)"),
        "department.createTime": converted("create_time, ms (B)"),
        "department.updateTime": converted("last_modified_time, ms (B)"),
        "department.ancestors": converted(
            "parent_id followed upwards, 999999 first (C); what is above the first hidden ancestor "
            f"is missing, as is what is above {_MOST_LEVELS} levels, or above a cycle"
        ),
        "department.status": converted(
            '"0" -> 1, "1" -> 2, "2" -> 3 (B); none that is known -> 2 (U)'
        ),
        "department.description": defaulted('"": no DepartmentObj field is known (U)'),
        "department.keywords": defaulted("[]: no DepartmentObj field is known (U)"),
    },
    returns=DepartmentAnswer,
)
def get_department_details(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    departmentId: int,
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Read one department: the offline call "Get Department Details".

    Was one POST that the vendor no longer maintains. Now one DepartmentObj get, and one more for
    each department above.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        currentOpenUserId: The acting employee, FSUID_…; None leaves it to the setting
            `current_open_user_id`.
        departmentId: The department.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The envelope and `department`: departmentId, parentDepartmentId (999999 for the whole
        company), name, nameSpell (always ""), departmentOrder (0 unless the setting `field_map`
        names a field for `department.order`), isStop, principalId (FSUID_… or ""), createTime and
        updateTime (ms), ancestors (numbers, from 999999 down to the parent, or from the first
        hidden one down), status (1 normal, 2 disabled, 3 deleted), description (always ""),
        keywords (always []). `errorCode` 0, or: 10013 no token, 10014 no corpId, 11008 a bad
        currentOpenUserId, 11009 a bad departmentId, 30007 a department that does not exist or is
        hidden, 20016 an expired token, 50009 no answer, -1 no connection, -2 another record
        than the one asked for, or parents whose ids are not numbers, others as the vendor answers.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Get Department Details.
    """
    now = settings.current()
    number = int(checks.department_id(departmentId, "departmentId"))
    (reply,) = yield [DEPARTMENT.get(now, str(number))]
    if reply.code in _NO_RECORD or (reply.ok and not reply.data):
        return envelope(Code.DEPARTMENT_NOT_FOUND, hidden(DEPARTMENT), reply.trace_id)
    if not reply.ok:
        return passed_on(reply)
    if not DEPARTMENT.is_of(reply.data, str(number)):
        return envelope(Code.SYSTEM_ERROR, OTHER_RECORD, reply.trace_id)
    row = reply.data
    above, problem = yield from _above(now, number, reply)
    if problem is not None:
        return problem
    status = _detail_status(row)
    department = {
        "departmentId": number,
        # A topmost department has the company's own id here, where the list has 0 (B).
        "parentDepartmentId": 0 if number == COMPANY else _parent(row),
        "name": text(row.get("name")),
        "nameSpell": "",
        "departmentOrder": _place(row, now),
        "isStop": status == _DETAIL_STOPPED,
        "principalId": text(first(row.get("manager_id"))),
        "createTime": whole(row.get("create_time")),
        "updateTime": whole(row.get("last_modified_time")),
        "ancestors": above,
        "status": status,
        "description": "",
        "keywords": [],
    }
    return found(reply.trace_id, department=department)


def _above(now: Settings, number: int, reply: Reply) -> Steps[tuple[list[int], Answer | None]]:
    """Return the ancestors of a department, topmost first, or what went wrong.

    One that may not be read is known by its child and is the last to be found.
    """
    below, chain = number, list[int]()
    while below != COMPANY and len(chain) < _MOST_LEVELS:
        parent = _parent(reply.data)
        if parent is None:
            return [], envelope(Code.SYSTEM_ERROR, NOT_NUMBERS, reply.trace_id)
        if parent in {number, *chain}:
            break
        chain.append(parent)
        below = parent
        if parent != COMPANY:
            (reply,) = yield [DEPARTMENT.get(now, str(parent))]
            if reply.code in _UNREADABLE or (reply.ok and not reply.data):
                break
            if not reply.ok:
                return [], passed_on(reply)
            if not DEPARTMENT.is_of(reply.data, str(parent)):
                return [], envelope(Code.SYSTEM_ERROR, OTHER_RECORD, reply.trace_id)
    return chain[::-1], None


@offline(
    code="FXO009",
    title="Update Department",
    addresses=(
        Address("/cgi/department/update"),
        shared("/cgi/crm/v2/data/update", {"department"}),
    ),
    writes=True,
    replacement=Replacement(
        "update", 'set_department("1001", {"name": "Sales"})', object="DepartmentObj"
    ),
    parameters={
        "department": converted(
            "only what is given is sent; undocumented names: refused, or as on_unmapped decides"
        ),
        "department.id": converted("looked up: _id IN … (B)"),
        "department.name": EXACT,
        "department.parentId": converted('parent_id ["…"]; 0 and 999999 -> ["999999"] (B)'),
        "department.order": dropped(
            "no DepartmentObj field is known (U): field_map, or on_unmapped decides"
        ),
    },
    answer={},
    returns=Answer,
)
def update_department(
    corpAccessToken: str,
    corpId: str,
    department: Department,
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Change a department's data: the offline call "Update Department".

    Was one POST that the vendor no longer maintains. Now looks the department up in
    DepartmentObj, updates the fields given if any of them differs, and reads them back.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        department: `id` and what is to change; what is left out, or None, stays. A `parentId` of 0
            (or 999999) is the whole company. `order` has no known DepartmentObj field: it is
            refused unless the setting `field_map` names yours for `department.order`, or dropped
            and logged where `on_unmapped` is "drop". So are names that are not documented, except
            that `field_map` has no place for them.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The documented four keys. `errorCode` 0, or: 10013 no token, 10014 no corpId, 11009 a bad
        id or parentId, 15002 anything else that is wrong in `department`, 30007 a department that
        does not exist or is hidden from `current_open_user_id`, 20016 an expired token, 50009 a
        write that does not show or an answer that does not come, -1 no connection, others as the
        vendor answers. `outcomes` has one entry, `dropped` the names dropped.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Update Department.
    """
    now = settings.current()
    drop = now.on_unmapped == "drop"
    given, unknown = checks.table(department, "department", Department.__annotations__, drop=drop)
    record = checks.department_id(given.pop("id", None), "department.id")
    values: dict[str, Any] = {}
    if "name" in given:
        values["name"] = checks.text(given["name"], "department.name", empty=False)
    if "parentId" in given:
        parent = checks.department_id(given["parentId"], "department.parentId")
        values["parent_id"] = [str(COMPANY) if parent == "0" else parent]
    if "order" in given:
        values[_ORDER] = checks.whole_number(given["order"], _ORDER, least=-_LONG, most=_LONG)
    mapped, lost = checks.mapped(now, values)
    wanted = {
        now.field_map[name] if name == _ORDER else name: value for name, value in mapped.items()
    }
    answer = summary((yield from set_state(now, DEPARTMENT, [record], wanted, corp_id=corpId)))
    answer.dropped = (*lost, *unknown)
    return answer


@offline(
    code="FXO010",
    title="Set Department Status",
    addresses=(
        Address("/cgi/department/setStatus"),
        shared("/cgi/crm/v2/data/update", {"departmentId", "status"}),
    ),
    writes=True,
    replacement=Replacement(
        "update", 'set_department("1001", {"status": "1"})', object="DepartmentObj"
    ),
    parameters={
        "departmentId": converted("looked up: _id IN … (B)"),
        "status": converted('1 -> "1", 2 -> "0" (the request A, the object B)'),
    },
    answer={},
    returns=Answer,
)
def set_department_status(
    corpAccessToken: str,
    corpId: str,
    departmentId: int,
    status: int,
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Disable or enable a department: the offline call "Set Department Status".

    Was one POST that the vendor no longer maintains. Now looks the department up in
    DepartmentObj, updates it if its status differs, and reads it back.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        departmentId: The department.
        status: 1 disables, 2 enables.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The documented four keys. `errorCode` 0, or: 10013 no token, 10014 no corpId, 11009 a bad
        departmentId, 15002 a bad status, 30007 a department that does not exist or is hidden from
        `current_open_user_id`, 20016 an expired token, 50009 a write that does not show or an
        answer that does not come, -1 no connection, others as the vendor answers. `outcomes` has
        one entry.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Set Department Status.
    """
    record = checks.department_id(departmentId, "departmentId")
    asked = checks.status(status)
    outcomes = yield from set_state(
        settings.current(),
        DEPARTMENT,
        [record],
        _WRITTEN[asked],
        corp_id=corpId,
        disables=asked == 1,
    )
    return summary(outcomes)


def _status(row: Row) -> str:
    return str(scalar(row.get("status")))


def _detail_status(row: Row) -> int:
    return _DETAIL.get(_status(row), _DETAIL_STOPPED)


def _parent(row: Row) -> int | None:
    """Return the id of a department's parent, or None where it is no number.

    Without one it is the company: empty fields are left out of rows (A).
    """
    value = first(row.get("parent_id"))
    return COMPANY if value in (None, "", 0, "0") else as_number(value)


def _place(row: Row, now: Settings) -> int:
    """Return a department's place among its siblings, if there is a field for it."""
    field = now.field_map.get(_ORDER)
    return whole(row.get(field)) if field else 0
