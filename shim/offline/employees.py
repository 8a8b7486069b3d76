"""Offline calls that read members (employees)."""

# Parameters keep the documented names, so that `f(**body)` works with the documented JSON body.
# ruff: noqa: N803, ARG001 - and those that every call has are used by `declare`.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shim import settings
from shim._endpoint import (
    EXACT,
    Address,
    Replacement,
    Translation,
    converted,
    defaulted,
    offline,
    shared,
)
from shim.objectapi import calls
from shim.objectapi.calls import local_trace_id
from shim.objectapi.codes import Code
from shim.objectapi.record_types import PERSONNEL, scalar
from shim.offline import checks
from shim.offline._rows import Snapshot, Snapshots, chunks, first, numbers, read_all, text, whole
from shim.offline._state import AMBIGUOUS, OTHER_FORM, hidden, none_seen
from shim.offline.answer import envelope, found, passed_on
from shim.offline.answers import EmployeeAnswer, EmployeeListAnswer, EmployeePageAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shim._endpoint import Fate
    from shim.objectapi.calls import Row
    from shim.offline.answer import Answer
    from shim.scheduler.steps import Steps
    from shim.settings.model import Settings

_MAX_PAGE_SIZE = 1000
_PAGE_SIZE = 20

# Offline facts that PersonnelObj has under another name (B).
_TEXTS = {
    "name": "name",
    "fullName": "full_name",
    "nickName": "name",
    "email": "email",
    "mobile": "phone",
    "gender": "sex",
    "position": "position",
    "profileImageUrl": "profile_image",
    "employeeNumber": "employee_number",
}
_FIELDS = (
    "user_id",
    *dict.fromkeys(_TEXTS.values()),
    "status",
    "is_active",
    "main_department",
    "leader",
    "create_time",
    "last_modified_time",
)

_NOT_KNOWN = defaulted('"": no PersonnelObj field is known (U), unless field_map names one')
_ALL_DEPARTMENTS = defaulted(
    "main_department alone, as a number: no PersonnelObj field is known for the others (U), unless "
    "field_map names one for attachingDepartmentIds"
)
_PERSON: dict[str, Fate] = {
    "openUserId": converted("user_id (B)"),
    "account": _NOT_KNOWN,
    "name": converted("name (B)"),
    "nickName": converted("name as well: the one printed sample shows both alike (C)"),
    "isStop": converted('status is not "0" (B)'),
    "email": EXACT,
    "mobile": converted("phone (B)"),
    "gender": converted("sex (B)"),
    "position": EXACT,
    "profileImageUrl": converted("profile_image (B)"),
    "departmentIds": _ALL_DEPARTMENTS,
    "mainDepartmentId": converted("main_department as a number (B)"),
    "attachingDepartmentIds": defaulted(
        "[]: no PersonnelObj field is known (U), unless field_map names one"
    ),
    "employeeNumber": converted("employee_number (B)"),
    "hireDate": _NOT_KNOWN,
    "birthDate": _NOT_KNOWN,
    "startWorkDate": _NOT_KNOWN,
    "createTime": converted("create_time, ms (B)"),
    "leaderId": converted("the first of leader (B)"),
}
_NESTED_PERSON = {f"employees[].{name}": fate for name, fate in _PERSON.items()}
_DETAIL = converted("decides whether mainDepartmentId and attachingDepartmentIds are given (B)")


def _wanted(now: Settings) -> tuple[str, ...]:
    return (*_FIELDS, *now.field_map.values())


def _enabled(row: Row, now: Settings) -> bool:
    return str(scalar(row.get("status"))) == str(now.status_values.enabled.get("status", "0"))


def _named(row: Row, now: Settings, name: str) -> str:
    """Return a text by its offline name."""
    field = now.field_map.get(name) or _TEXTS.get(name)
    return text(row.get(field)) if field else ""


def _departments(row: Row, now: Settings) -> tuple[list[int], list[int]]:
    """Return the main department, as a list, and the attaching ones, as far as they are known."""
    main = now.field_map.get("mainDepartmentId", "main_department")
    attaching = now.field_map.get("attachingDepartmentIds")
    return numbers(row.get(main)), numbers(row.get(attaching)) if attaching else []


def _person(row: Row, now: Settings, *, detail: bool) -> dict[str, Any]:
    """Return a PersonnelObj row as the offline API gave employees."""
    main, attaching = _departments(row, now)
    person: dict[str, Any] = {
        "openUserId": text(row.get("user_id")),
        "account": _named(row, now, "account"),
        "name": _named(row, now, "name"),
        "nickName": _named(row, now, "nickName"),
        "isStop": not _enabled(row, now),
        "email": _named(row, now, "email"),
        "mobile": _named(row, now, "mobile"),
        "gender": _named(row, now, "gender"),
        "position": _named(row, now, "position"),
        "profileImageUrl": _named(row, now, "profileImageUrl"),
        "departmentIds": list(dict.fromkeys(main + attaching)),
    }
    if detail:
        person["mainDepartmentId"] = main[0] if main else None
        person["attachingDepartmentIds"] = attaching
    return {
        **person,
        "employeeNumber": _named(row, now, "employeeNumber"),
        "hireDate": _named(row, now, "hireDate"),
        "birthDate": _named(row, now, "birthDate"),
        "startWorkDate": _named(row, now, "startWorkDate"),
        "createTime": whole(row.get("create_time")),
        "leaderId": text(first(row.get("leader"))),
    }


@offline(
    code="FXO004",
    title="Query Employee Info By OpenUserId",
    addresses=(
        Address("/cgi/user/get"),
        shared("/cgi/crm/v2/data/query", {"openUserId"}, {"openUserId", "showDepartmentIdsDetail"}),
    ),
    writes=False,
    replacement=Replacement("query", 'people(["FSUID_A"])', object="PersonnelObj"),
    parameters={
        "openUserId": converted("user_id IN … (B)"),
        "showDepartmentIdsDetail": _DETAIL,
    },
    answer=_PERSON,
    returns=EmployeeAnswer,
)
def query_employee_info_by_open_user_id(
    corpAccessToken: str,
    corpId: str,
    openUserId: str,
    showDepartmentIdsDetail: bool | None = None,  # noqa: FBT001 - as documented.
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Read one employee: the offline call "Query Employee Info By OpenUserId".

    Was one POST that the vendor no longer maintains. Now one PersonnelObj query.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        openUserId: The employee, FSUID_….
        showDepartmentIdsDetail: Whether to give mainDepartmentId and attachingDepartmentIds too.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The envelope and, flat beside it, openUserId, account, name, nickName, isStop, email,
        mobile, gender, position, profileImageUrl, departmentIds (numbers), employeeNumber,
        hireDate, birthDate, startWorkDate, createTime (ms), leaderId. `errorCode` 0, or: 10013 no
        token, 10014 no corpId, 10010 no openUserId, 11008 a bad one, 15002 a bad
        showDepartmentIdsDetail, 20012 an employee that does not exist or is hidden from
        `current_open_user_id`, 20016 an expired token, 50009 no answer, -1 no connection.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Query Employee Info By OpenUserId.
    """
    now = settings.current()
    asked = checks.open_user_id(openUserId)
    detail = checks.flag(showDepartmentIdsDetail, "showDepartmentIdsDetail")
    [(_, call)] = PERSONNEL.find(now, [asked], _wanted(now))
    (reply,) = yield [call]
    if not reply.ok:
        return passed_on(reply)
    by_user = PERSONNEL.by_key(reply.rows)
    rows = by_user.get(asked, [])
    if len(rows) > 1:
        return envelope(Code.SYSTEM_ERROR, AMBIGUOUS, reply.trace_id)
    if not rows:
        why = OTHER_FORM if by_user else hidden(PERSONNEL)
        return envelope(Code.USER_NOT_FOUND, why, reply.trace_id)
    return found(reply.trace_id, **_person(rows[0], now, detail=detail))


@offline(
    code="FXO005",
    title="Query Employee By Mobile",
    addresses=(
        Address("/cgi/user/getByMobile"),
        shared("/cgi/crm/v2/data/query", {"mobile"}),
    ),
    writes=False,
    replacement=Replacement(
        "query",
        'find("PersonnelObj", ("phone", "EQ", ["13800000000"]))',
        object="PersonnelObj",
        detail="phone EQ",
    ),
    parameters={"mobile": converted("phone EQ … (B)")},
    answer={
        "empList": converted("every row with that phone, in the order of _id (the old one: U)"),
        "empList[].openUserId": converted("user_id (B)"),
        "empList[].name": converted("name (B)"),
        "empList[].fullName": converted("full_name (B)"),
        "empList[].mobile": converted("phone (B)"),
        "empList[].email": EXACT,
        "empList[].account": _NOT_KNOWN,
        "empList[].status": converted(
            'status "0" -> "NORMAL" (B), else "STOP" (U, a guess), or as by_mobile_status says'
        ),
        "empList[].gender": converted("sex (B)"),
        "empList[].isActive": converted("is_active (C)"),
        "empList[].mainDepartmentIds": converted("main_department as numbers (C)"),
        "empList[].departmentIds": _ALL_DEPARTMENTS,
    },
    returns=EmployeeListAnswer,
    without_employee="legacy",
)
def query_employee_by_mobile(
    corpAccessToken: str,
    corpId: str,
    mobile: str,
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Find employees by mobile number: the offline call "Query Employee By Mobile".

    Was one POST that the vendor no longer maintains. Now a PersonnelObj query on `phone`. Programs
    learn by this call which employee they are: if no acting employee is set and none can be found,
    the old call is made, and the log says why.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        mobile: The number, exactly as it is kept.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The envelope and `empList`, a list of openUserId, name, fullName, mobile, email, account,
        status ("NORMAL" if enabled, B; "STOP" if disabled, U: a guess, see the setting
        `by_mobile_status`), gender, isActive, mainDepartmentIds, departmentIds (numbers).
        Where it is empty, `errorDescription` says that employees may be hidden. `errorCode` 0, or:
        10013 no token, 10014 no corpId, 15002 no mobile, 20016 an expired token, 50009 no answer,
        -1 no connection.

    Raises:
        ConfigurationError: A setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Query Employee By Mobile.
    """
    now = settings.current()
    number = checks.text(mobile, "mobile", empty=False)
    rows, reply = yield from read_all(
        now, PERSONNEL.api_name, filters=[("phone", "EQ", [number])], fields=_wanted(now)
    )
    if not reply.ok:
        return passed_on(reply)
    employees = [_listed(row, now) for row in rows]
    return found(reply.trace_id, "" if rows else none_seen(PERSONNEL), empList=employees)


def _listed(row: Row, now: Settings) -> dict[str, Any]:
    main, attaching = _departments(row, now)
    texts = now.by_mobile_status
    return {
        "openUserId": text(row.get("user_id")),
        "name": _named(row, now, "name"),
        "fullName": _named(row, now, "fullName"),
        "mobile": _named(row, now, "mobile"),
        "email": _named(row, now, "email"),
        "account": _named(row, now, "account"),
        "status": texts.enabled if _enabled(row, now) else texts.disabled,
        "gender": _named(row, now, "gender"),
        "isActive": str(scalar(row.get("is_active"))).lower() == "true",
        "mainDepartmentIds": main,
        "departmentIds": list(dict.fromkeys(main + attaching)),
    }


SNAPSHOTS = Snapshots()
"""What the pages after the first go by; of this process."""


@offline(
    code="FXO006",
    title="Query Updated Employee List By Time Range",
    addresses=(
        Address("/cgi/user/get/batchByUpdTime"),
        shared(
            "/cgi/crm/v2/data/query",
            {"startTime"},
            {"endTime"},
            {"pageSize"},
            {"pageNumber"},
            {"showDepartmentIdsDetail"},
        ),
    ),
    writes=False,
    replacement=Replacement(
        "query",
        'find("PersonnelObj", ("last_modified_time", "GTE", ["1600000000000"]))',
        object="PersonnelObj",
        detail="last_modified_time",
    ),
    parameters={
        "startTime": converted("last_modified_time GTE …; whether inclusive: U"),
        "endTime": converted("last_modified_time LTE …; whether inclusive: U"),
        "pageSize": converted("a page of that many out of keyset pages of 100"),
        "pageNumber": converted("page 1 finds the records, later pages read those (15 minutes)"),
        "showDepartmentIdsDetail": _DETAIL,
    },
    answer={
        "pageNumber": EXACT,
        "pageCount": converted("counted: the object API's total is not to be trusted (B)"),
        "totalCount": converted("counted"),
        "lastChangedTime": converted("the largest last_modified_time found, ms (C)"),
        "employees": converted("in the order of _id; the old order is unknown (U)"),
        **_NESTED_PERSON,
    },
    returns=EmployeePageAnswer,
)
def query_updated_employee_list_by_time_range(  # noqa: PLR0913, PLR0917 - as documented.
    corpAccessToken: str,
    corpId: str,
    startTime: int | None = None,
    endTime: int | None = None,
    pageSize: int | None = None,
    pageNumber: int | None = None,
    showDepartmentIdsDetail: bool | None = None,  # noqa: FBT001 - as documented.
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """List employees changed in a time range: "Query Updated Employee List By Time Range".

    Was one POST that the vendor no longer maintains. Now PersonnelObj queries of 100 rows: page 1
    finds all records of the range, and the later pages read just theirs, so that every employee is
    given once even if one is updated between two pages.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        startTime: Changed at or after, ms since 1970; None for any time.
        endTime: Changed at or before, ms since 1970, later than startTime; None for any time.
        pageSize: Employees a page, 1 to 1000; None for 20.
        pageNumber: From 1; None for 1.
        showDepartmentIdsDetail: Whether to give mainDepartmentId and attachingDepartmentIds too.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The envelope, pageNumber, pageCount, totalCount, lastChangedTime (ms) and `employees`, each
        as `query_employee_info_by_open_user_id` gives one. Where there is none, `errorDescription`
        says that employees may be hidden. `errorCode` 0, or: 10013 no token, 10014 no corpId,
        15002 a bad time, page size or page number, 20016 an expired token, 50009 no answer, -1 no
        connection.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Query Updated Employee List By Time
        Range.
    """
    now = settings.current()
    filters = _time_filters(startTime, endTime)
    size = checks.whole_number(_or(pageSize, _PAGE_SIZE), "pageSize", least=1, most=_MAX_PAGE_SIZE)
    number = checks.whole_number(_or(pageNumber, 1), "pageNumber", least=1)
    detail = checks.flag(showDepartmentIdsDetail, "showDepartmentIdsDetail")
    start = (number - 1) * size

    # Whoever acts sees other rows, so the snapshot is theirs alone.
    key = (now.base_url, corpId, now.current_open_user_id, startTime, endTime)
    snapshot = SNAPSHOTS.get(key) if number > 1 else None
    rows: Sequence[Row] = ()
    if snapshot is None:
        walked, reply = yield from read_all(
            now, PERSONNEL.api_name, filters=filters, fields=_wanted(now)
        )
        if not reply.ok:
            return passed_on(reply)
        snapshot = Snapshot(
            tuple(str(row["_id"]) for row in walked),
            max((whole(row.get("last_modified_time")) for row in walked), default=0),
        )
        SNAPSHOTS.put(key, snapshot)
        rows, trace_id = walked[start : start + size], reply.trace_id
    else:
        ids = snapshot.record_ids[start : start + size]
        rows, trace_id, problem = yield from _read(now, ids)
        if problem is not None:
            return problem
    total = len(snapshot.record_ids)
    return found(
        trace_id,
        "" if total else none_seen(PERSONNEL),
        pageNumber=number,
        pageCount=-(-total // size),
        totalCount=total,
        lastChangedTime=snapshot.last_changed,
        employees=[_person(row, now, detail=detail) for row in rows],
    )


def _or(value: Any, default: int) -> Any:
    return default if value is None else value


def _time_filters(start: Any, end: Any) -> list[tuple[str, str, Sequence[str]]]:
    filters: list[tuple[str, str, Sequence[str]]] = []
    if start is not None:
        start = checks.whole_number(start, "startTime")
        filters.append(("last_modified_time", "GTE", [str(start)]))
    if end is not None:
        least = 0 if start is None else start + 1
        end = checks.whole_number(end, "endTime", least=least)
        filters.append(("last_modified_time", "LTE", [str(end)]))
    return filters


def _read(now: Settings, record_ids: Sequence[str]) -> Steps[tuple[list[Row], str, Answer | None]]:
    """Read these records, in this order; one that is gone meanwhile is left out."""
    if not record_ids:
        return [], local_trace_id(), None
    replies = yield [
        calls.query(
            PERSONNEL.api_name,
            filters=[("_id", "IN", chunk)],
            fields=("_id", *_wanted(now)),
            convert_user_id=now.convert_user_id,
        )
        for chunk in chunks(record_ids)
    ]
    failed = next((reply for reply in replies if not reply.ok), None)
    if failed is not None:
        return [], failed.trace_id, passed_on(failed)
    by_id = {str(row.get("_id")): row for reply in replies for row in reply.rows}
    return [by_id[one] for one in record_ids if one in by_id], replies[-1].trace_id, None
