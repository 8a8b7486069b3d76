"""The counts of a run: how many members ended in each state, and why others failed.

A run counts into its `tally`; its last event, the progress and the summary of `fxshim members` read
it. A tally holds codes and texts, and never an id.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from shim.objectapi.calls import is_local, is_not_attempted, is_nothing_sent
from shim.objectapi.codes import Code

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shim.offline.answer import Outcome

NOT_ATTEMPTED: Final = "not_attempted"


def state_of(outcome: Outcome) -> str:
    """Return the state of an outcome, with `not_attempted` for a member that was left out.

    The outcome itself says `failed`, as the old call would.
    """
    if outcome.state == "failed" and is_not_attempted(outcome.message, outcome.trace_id):
        return NOT_ATTEMPTED
    return outcome.state


class Tally:
    """Counts of outcomes.

    Attributes:
        states: Number of members by state, as `state_of` returns it.
        codes: Number of failed members by errorCode.
        texts: The first text of each of these codes.
        why_left: Why members were not attempted; empty if all were.
    """

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.codes: Counter[int] = Counter()
        self.texts: dict[int, str] = {}
        self.why_left = ""
        self._unreached = 0
        self._unsent = 0

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count what has ended."""
        for one in outcomes:
            state = state_of(one)
            self.states[state] += 1
            if state == "failed":
                self.codes[one.error_code] += 1
                self.texts.setdefault(one.error_code, one.message)
                self._unsent += is_nothing_sent(one.message, one.trace_id)
                self._unreached += one.error_code == Code.BUSY and is_local(one.trace_id)
            elif state == NOT_ATTEMPTED:
                self.why_left = self.why_left or one.message

    def leave(self, total: int | None) -> None:
        """Count the members that were not even read as not attempted, if their number is known."""
        if total is not None:
            self.states[NOT_ATTEMPTED] += max(total - self.total, 0)

    @property
    def total(self) -> int:
        """Number of members that have ended, in whatever state."""
        return self.states.total()

    @property
    def left(self) -> int:
        """Number of members that are not in the asked state."""
        return self.states["failed"] + self.states[NOT_ATTEMPTED]

    @property
    def unreached(self) -> bool:
        """Whether there was no connection for any member that was tried."""
        return 0 < self._tried == self._unreached

    @property
    def problem(self) -> str | None:
        """Why nothing can be sent from here, if that is the outcome of all that were tried."""
        return self.texts[Code.BUSY] if 0 < self._tried == self._unsent else None

    @property
    def _tried(self) -> int:
        return self.total - self.states[NOT_ATTEMPTED]
