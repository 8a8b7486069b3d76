"""One state for any number of members, as a stream: what the old batch call was never made for.

Nothing here is deprecated: it is how a job over thousands of members goes through the object API.
"""

from shim.bulk._tally import NOT_ATTEMPTED, Tally, state_of
from shim.bulk.run import (
    AsyncOutcomes,
    AsyncRun,
    Run,
    aset_member_status_many,
    set_member_status_many,
)

__all__ = [
    "NOT_ATTEMPTED",
    "AsyncOutcomes",
    "AsyncRun",
    "Run",
    "Tally",
    "aset_member_status_many",
    "set_member_status_many",
    "state_of",
]
