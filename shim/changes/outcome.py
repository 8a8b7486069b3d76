"""What became of one id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["changed", "unchanged", "failed", "accepted", "planned"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one member, department or record.

    Attributes:
        open_user_id: The id as it was given: an openUserId, a departmentId or a record's `_id`.
        state: `changed` (written, and seen in the asked state afterwards), `unchanged` (was there
            already, nothing was written), `failed`, `accepted` (preset and ERP objects: the vendor
            answered success, and nobody has read it back), or `planned` (a dry run: it would have
            been written).
        error_code: 0, or why it failed, in the vendor's codes.
        message: `OK`, or what went wrong and what to do about it.
        trace_id: The vendor's traceId of the call that decided it; starts with `shim-` where no
            vendor answered.
    """

    open_user_id: str
    state: State
    error_code: int
    message: str
    trace_id: str
