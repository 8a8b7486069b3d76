"""The deprecated API: flat bodies, codes of its own, no acting user.

It is the path the old programs work on, so it knows neither the read permission of
``PersonnelObj`` nor ``read_only`` nor locked records (grade U).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from shim.sandbox.envelope import Refused
from shim.sandbox.routes import ROUTES, admit

if TYPE_CHECKING:
    from shim.sandbox.routes import Call

#: Offline status -> PersonnelObj status (grade B): value and type both change.
_STATUS: Final = {1: "1", 2: "0", "1": "1", "2": "0"}


def _is_batch(body: dict[str, Any]) -> bool:
    """The flat body that tells this call from an object update at the same address."""
    return "data" not in body and "openUserIds" in body and "status" in body


def _named(call: Call) -> frozenset[str]:
    ids = call.body.get("openUserIds")
    members = cast("list[object]", ids) if isinstance(ids, list) else []
    return frozenset(each for each in members if isinstance(each, str))


@ROUTES.add("/cgi/user/batchSetStatus", concerns=_named, faults=frozenset({"no_op"}))
@ROUTES.add(
    "/cgi/crm/v2/data/update", accepts=_is_batch, concerns=_named, faults=frozenset({"no_op"})
)
def set_member_status_batch(call: Call) -> dict[str, Any]:
    """Set Member Status (Batch): status 1 disables, 2 enables (grade A).

    The form of every parameter is looked at first, in the documented order, then whether token,
    corpId and members exist.

    Raises:
        Refused: 10013, 10014, 10010 or 11008, 15002; 20016, 11015; 20012 for an unknown member.
    """
    token, corp_id = call.text("corpAccessToken", 10013), call.text("corpId", 10014)
    ids = call.body.get("openUserIds")
    if ids is None or ids in ("", []):
        raise Refused(10010)
    if not isinstance(ids, list):
        raise Refused(11008)
    members = cast("list[object]", ids)
    if not all(isinstance(each, str) and each for each in members):
        raise Refused(11008)
    asked = call.body.get("status")
    if type(asked) not in {int, str} or asked not in _STATUS:
        raise Refused(15002, "status must be 1 (disabled) or 2 (enabled)")
    admit(call, token, corp_id)
    known = call.tenant.by_open_user_id
    # U: what a batch with an unknown member answers. Here the known ones are set nevertheless.
    for each in dict.fromkeys(cast("list[str]", members)):
        if each in known and each not in call.skipped:
            call.tenant.write(known[each], {"status": _STATUS[asked]}, call.now)
    if not all(each in known for each in members):
        raise Refused(20012)
    return {}
