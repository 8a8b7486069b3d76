"""Set Member Status, one call for many and one for a few, over ``PersonnelObj.status``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shim.sandbox.admission import acting, credentials, enter
from shim.sandbox.envelope import Refused
from shim.sandbox.offline import NO_OP, UPDATE, flat, new_status
from shim.sandbox.routes import ROUTES, as_list, is_name

if TYPE_CHECKING:
    from shim.sandbox.routes import Call

_has_one = flat("status", "openUserId")
_has_some = flat("currentOpenUserId", "status", "openUserIds")


def _is_single(body: dict[str, Any]) -> bool:
    return _has_one(body) or _has_some(body)


def _named(call: Call) -> frozenset[str]:
    ids = [*(as_list(call.body.get("openUserIds")) or []), call.body.get("openUserId")]
    known = call.tenant.people.by_open_user_id
    return frozenset(each for each in ids if isinstance(each, str) and each in known)


def _members(value: object) -> list[str]:
    """Return a list of openUserIds, empty for none at all.

    Raises:
        Refused: 11008.
    """
    ids = [] if value is None or value == "" else as_list(value)
    if ids is None or not all(map(is_name, ids)):
        raise Refused(11008)
    return [str(each) for each in ids]


def _set(call: Call, ids: list[str], status: str) -> None:
    known = call.tenant.people.by_open_user_id
    # U: what a batch with an unknown member answers. Here the known ones are set nevertheless.
    for each in dict.fromkeys(ids):
        if each in known and each not in call.skipped:
            call.tenant.people.write(known[each], {"status": status}, call.now)
    if not all(each in known for each in ids):
        raise Refused(20012)


@ROUTES.add("/cgi/user/batchSetStatus", concerns=_named, faults=NO_OP)
@ROUTES.add(
    UPDATE,
    accepts=flat("openUserIds", "status", without="currentOpenUserId"),
    concerns=_named,
    faults=NO_OP,
)
def set_member_status_batch(call: Call) -> dict[str, Any]:
    """Set Member Status (Batch): status 1 disables, 2 enables (grade A).

    Raises:
        Refused: 10013, 10014, 10010 or 11008, 15002; 20016, 11015; 20012 for an unknown member.
    """
    credentials(call)
    ids = _members(call.body.get("openUserIds"))
    if not ids:
        raise Refused(10010)
    status = new_status(call)
    enter(call, acting(call))
    _set(call, ids, status)
    return {}


@ROUTES.add("/cgi/user/setStatus", concerns=_named, faults=NO_OP)
@ROUTES.add(UPDATE, accepts=_is_single, concerns=_named, faults=NO_OP)
def set_member_status(call: Call) -> dict[str, Any]:
    """Set Member Status: of ``openUserId``, of ``openUserIds``, or of both together (U).

    ``currentOpenUserId`` is printed, and left out by public clients (grade C).

    Raises:
        Refused: 10013, 10014, 11008, 10010, 15002; 20016, 11015; 20012 for an unknown acting
            user or member.
    """
    credentials(call)
    by = acting(call, printed=True)
    one = call.body.get("openUserId")
    ids = [*_members([] if one is None or one == "" else [one])]
    ids += _members(call.body.get("openUserIds"))
    if not ids:
        raise Refused(10010)
    status = new_status(call)
    enter(call, by)
    _set(call, ids, status)
    return {}
