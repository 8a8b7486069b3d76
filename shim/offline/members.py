"""Offline calls about members (employees)."""

# Parameters keep the documented names, so that `f(**body)` works with the documented JSON body.
# ruff: noqa: N803, ARG001 - and those that every call has are used by `declare`.

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import deprecated

from shim import settings
from shim.offline import checks
from shim.offline._state import set_state
from shim.offline.answer import summary
from shim.offline.declare import Translation, offline

if TYPE_CHECKING:
    from collections.abc import Sequence

_MENU = "developer.fxiaoke.com/openapi_v2: OpenAPI, Other API, Offline API"


@deprecated(
    "FXO001: the offline API is no longer maintained; update PersonnelObj through the object API "
    "instead (MIGRATION.md#fxo001)",
    category=None,
)
@offline(
    code="FXO001",
    title="Set Member Status (Batch)",
    paths=("/cgi/user/batchSetStatus", "/cgi/crm/v2/data/update"),
    replacement="PersonnelObj update",
    source=_MENU,
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
        10014 no corpId, 10010 no ids, 11008 a bad id, 15002 a bad status, 20012 a member that
        does not exist or is hidden from `current_open_user_id`, 20016 an expired token, 50009 a
        write that does not show or an answer that does not come, -1 no connection. `outcomes`
        has one entry for each member, in the order given.

    Raises:
        ConfigurationError: `current_open_user_id` is not set, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Set Member Status Batch.
    """
    ids = checks.open_user_ids(openUserIds)
    disable = checks.status(status) == 1
    now = settings.current()
    wanted = now.status_values.disabled if disable else now.status_values.enabled
    return summary((yield from set_state(now, ids, wanted)))
