"""Offline calls that change members (employees)."""

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
    dropped,
    offline,
    shared,
)
from shim.objectapi.calls import local_trace_id
from shim.objectapi.codes import Code
from shim.objectapi.record_types import PERSONNEL
from shim.offline import checks
from shim.offline._state import set_state
from shim.offline.answer import Answer, Outcome, summary
from shim.offline.shapes import User

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shim.scheduler.steps import Steps
    from shim.settings.model import Settings

_STATUS = converted('1 -> "1", 2 -> "0", or as status_values says (B)')
_LOOKED_UP = converted("looked up: user_id IN …, 100 at a time (B)")


@offline(
    code="FXO001",
    title="Set Member Status (Batch)",
    addresses=(
        Address("/cgi/user/batchSetStatus"),
        shared("/cgi/crm/v2/data/update", {"openUserIds", "status"}),
    ),
    writes=True,
    replacement=Replacement(
        "update", 'set_people(["FSUID_A", "FSUID_B"], {"status": "1"})', object="PersonnelObj"
    ),
    parameters={"openUserIds": _LOOKED_UP, "status": _STATUS},
    answer={},
    returns=Answer,
)
def set_member_status_batch(
    corpAccessToken: str,
    corpId: str,
    openUserIds: Sequence[str],
    status: int,
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Disable or enable members: the offline call "Set Member Status (Batch)".

    Was one POST that the vendor no longer maintains. Now looks the members up in PersonnelObj
    (100 a call), updates those whose status differs, and reads them back: an `errorCode` of 0
    means that every member named has been seen in the asked state.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        openUserIds: Members, FSUID_…; duplicates are asked once and answered each.
        status: 1 disables, 2 enables.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The documented four keys. `errorCode` 0, or the first failure's code: 10013 no token,
        10014 no corpId, 10010 no ids, 11008 a bad id, 15002 a bad status or the acting employee,
        who is not disabled, 20012 a member that does not exist or is hidden from the acting
        employee, 20016 an expired token, 50009 a write that does not show or an answer that does
        not come, -1 no connection. `outcomes` has one entry for each member, in the order given.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Set Member Status Batch.
    """
    return (yield from _set_status(corpId, checks.open_user_ids(openUserIds), status))


@offline(
    code="FXO002",
    title="Set Member Status",
    addresses=(
        Address("/cgi/user/setStatus"),
        shared(
            "/cgi/crm/v2/data/update",
            {"openUserId", "status"},
            {"openUserId", "openUserIds", "status"},
            {"currentOpenUserId", "openUserIds", "status"},
        ),
    ),
    writes=True,
    replacement=Replacement(
        "update", 'set_people(["FSUID_A"], {"status": "0"})', object="PersonnelObj"
    ),
    parameters={
        "currentOpenUserId": EXACT,
        "status": _STATUS,
        "openUserId": _LOOKED_UP,
        "openUserIds": _LOOKED_UP,
    },
    answer={},
    returns=Answer,
)
def set_member_status(  # noqa: PLR0913, PLR0917 - as documented.
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    status: int,
    openUserId: str | None = None,
    openUserIds: Sequence[str] | None = None,
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Disable or enable one member or several: the offline call "Set Member Status".

    Was one POST that the vendor no longer maintains. Now does what `set_member_status_batch`
    does, in the name of `currentOpenUserId`.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        currentOpenUserId: The acting employee, FSUID_…; None leaves it to the setting
            `current_open_user_id`.
        status: 1 disables, 2 enables.
        openUserId: A member, FSUID_….
        openUserIds: Several members. One of the two has to be given; if both are, all are set.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The documented four keys, with the error codes and outcomes of `set_member_status_batch`.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Set Member Status.
    """
    ids = [] if checks.missing(openUserId) else [checks.open_user_id(openUserId)]
    if not ids or not checks.missing_ids(openUserIds):
        ids += checks.open_user_ids(openUserIds)
    return (yield from _set_status(corpId, ids, status))


def _set_status(corp_id: str, ids: Sequence[str], status: Any) -> Steps[Answer]:
    asked = checks.status(status)
    outcomes = yield from set_status(settings.current(), ids, asked, corp_id=corp_id)
    return summary(outcomes)


DISABLED: Final = 1
"""The offline status of a disabled member; that of an enabled one is 2."""
ACTING: Final = (
    "this member is the acting employee: once disabled, no call in this name would be answered, "
    "not even the one that reads the result back. Nothing was sent for it; disable it in the name "
    "of another employee (currentOpenUserId, or the setting current_open_user_id)"
)


def set_status(
    now: Settings,
    open_user_ids: Sequence[str],
    status: int,
    *,
    corp_id: str,
) -> Steps[list[Outcome]]:
    """Disable (1) or enable (2) members.

    Args:
        now: The settings; `current_open_user_id` says who acts.
        open_user_ids: Whose status; duplicates are asked once and answered each.
        status: 1 or 2.
        corp_id: The tenant.

    Returns:
        An outcome for each id given, in the order given. That of the acting employee, who is not
        disabled, says so.
    """
    disable = status == DISABLED
    values = now.status_values
    acting = now.current_open_user_id if disable else None
    ids = [one for one in open_user_ids if one != acting]
    found: list[Outcome] = []
    if ids:
        wanted = values.disabled if disable else values.enabled
        found = yield from set_state(now, PERSONNEL, ids, wanted, corp_id=corp_id, disables=disable)
    outcomes = iter(found)
    return [_refused(one) if one == acting else next(outcomes) for one in open_user_ids]


def _refused(open_user_id: str) -> Outcome:
    return Outcome(open_user_id, "failed", int(Code.BAD_PARAMETER), ACTING, local_trace_id())


FIELDS = {
    "name": "name",
    "fullName": "full_name",
    "position": "position",
    "gender": "sex",
    "mobile": "phone",
    "email": "email",
    "employeeNumber": "employee_number",
    "mainDepartmentId": "main_department",
    "leaderId": "leader",
}
"""Offline name -> PersonnelObj field (contract, section 3, grade B)."""
_MOST_DEPARTMENTS = 500
_UNMAPPED = dropped("no PersonnelObj field is known (U): field_map, or on_unmapped decides")


@offline(
    code="FXO003",
    title="Update Member",
    addresses=(
        Address("/cgi/user/update"),
        shared("/cgi/crm/v2/data/update", {"user"}),
    ),
    writes=True,
    replacement=Replacement(
        "update", 'set_people(["FSUID_A"], {"position": "Engineer"})', object="PersonnelObj"
    ),
    parameters={
        "user": converted(
            "only what is given is sent; undocumented names: refused, or as on_unmapped decides"
        ),
        "user.openUserId": _LOOKED_UP,
        "user.account": _UNMAPPED,
        "user.name": converted("name (B)"),
        "user.fullName": converted("full_name (B)"),
        "user.position": converted("position (B)"),
        "user.gender": converted("sex (B)"),
        "user.mobile": converted("phone (B)"),
        "user.email": converted("email (B)"),
        "user.qq": _UNMAPPED,
        "user.weixin": _UNMAPPED,
        "user.mainDepartmentId": converted(
            'main_department ["…"] (B); whether it exists is left to the object API (U)'
        ),
        "user.attachingDepartmentIds": _UNMAPPED,
        "user.employeeNumber": converted("employee_number (B)"),
        "user.hireDate": _UNMAPPED,
        "user.birthDate": _UNMAPPED,
        "user.startWorkDate": _UNMAPPED,
        "user.leaderId": converted(
            'leader ["FSUID_…"] (B); whether they exist is left to the object API (U)'
        ),
    },
    answer={},
    returns=Answer,
)
def update_member(
    corpAccessToken: str,
    corpId: str,
    user: User,
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Change a member's data: the offline call "Update Member".

    Was one POST that the vendor no longer maintains. Now looks the member up in PersonnelObj,
    updates the fields given if any of them differs, and reads them back.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        user: `openUserId` and what is to change; what is left out, or None, stays. account, qq,
            weixin, attachingDepartmentIds, hireDate, birthDate and startWorkDate have no known
            PersonnelObj field: they are refused unless the setting `field_map` names yours, or
            dropped and logged where `on_unmapped` is "drop". The same goes for names that are not
            documented, except that `field_map` has no place for them.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The documented four keys. `errorCode` 0, or: 10013 no token, 10014 no corpId, 10010 no
        openUserId, 11008 a bad one, 11009 a bad department id, 15002 anything else that is wrong
        in `user`, 20012 a member that does not exist or is hidden, 50009 a write that does not
        show, others as the vendor answers. `outcomes` has one entry, `dropped` the names dropped.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Update Member.
    """
    now = settings.current()
    drop = now.on_unmapped == "drop"
    given, unknown = checks.table(user, "user", User.__annotations__, drop=drop)
    member = checks.open_user_id(given.pop("openUserId", None), "user.openUserId")
    # In the documented order, so that of two mistakes the same one is reported each time.
    ordered = [name for name in User.__annotations__ if name in given]
    mapped, lost = checks.mapped(now, {name: _checked(name, given[name]) for name in ordered})
    wanted = {now.field_map.get(name) or FIELDS[name]: value for name, value in mapped.items()}
    answer = summary((yield from set_state(now, PERSONNEL, [member], wanted, corp_id=corpId)))
    answer.dropped = (*lost, *unknown)
    return answer


def _checked(name: str, value: Any) -> Any:
    """Return a value of `user` in the form that PersonnelObj has it."""
    label = f"user.{name}"
    if name == "mainDepartmentId":
        return [checks.department_id(value, label)]
    if name == "attachingDepartmentIds":
        return checks.department_ids(value, label, most=_MOST_DEPARTMENTS)
    if name == "leaderId":
        leader = checks.text(value, label)
        return [checks.open_user_id(leader, label)] if leader else []
    if name == "gender" and value not in ("M", "F"):
        raise checks.Refused(Code.BAD_PARAMETER, f"{label} is neither M nor F")
    return checks.text(value, label)
