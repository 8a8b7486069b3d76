"""Disabling and enabling members; the acting employee is never disabled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shim.objectapi.calls import local_trace_id
from shim.objectapi.codes import Code
from shim.objectapi.kinds import PERSONNEL
from shim.offline._state import set_state
from shim.offline.answer import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shim.scheduler.steps import Steps
    from shim.settings.model import Settings

DISABLED: Final = 1
"""The offline status of a disabled member; that of an enabled one is 2."""
ACTING: Final = (
    "this member is the acting employee: once disabled, no call in this name would be answered, "
    "not even the one that reads the result back. Nothing was sent for it; disable it in the name "
    "of another employee (currentOpenUserId, or the setting current_open_user_id)"
)


def set_status(
    settings: Settings,
    open_user_ids: Sequence[str],
    status: int,
    *,
    corp_id: str,
    dry_run: bool = False,
) -> Steps[list[Outcome]]:
    """Disable (1) or enable (2) members.

    Args:
        settings: Read at the start; `current_open_user_id` says who acts.
        open_user_ids: Whose status; duplicates are asked once and answered each.
        status: 1 or 2.
        corp_id: The tenant.
        dry_run: Look up only; what would be written is `planned`.

    Returns:
        An outcome for each id given, in the order given. That of the acting employee, who is not
        disabled, says so.
    """
    disable = status == DISABLED
    values = settings.status_values
    acting = settings.current_open_user_id if disable else None
    ids = [one for one in open_user_ids if one != acting]
    found: list[Outcome] = []
    if ids:
        wanted = values.disabled if disable else values.enabled
        found = yield from set_state(
            settings, PERSONNEL, ids, wanted, corp_id=corp_id, disables=disable, dry_run=dry_run
        )
    outcomes = iter(found)
    return [_refused(one) if one == acting else next(outcomes) for one in open_user_ids]


def _refused(open_user_id: str) -> Outcome:
    return Outcome(open_user_id, "failed", int(Code.BAD_PARAMETER), ACTING, local_trace_id())
