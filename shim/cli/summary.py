"""What a run of `fxshim members` has come to, in words."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING

from shim.bulk.run import quota_seconds
from shim.cli.progress import duration
from shim.objectapi.calls import is_local, is_not_attempted, is_nothing_sent
from shim.objectapi.codes import Code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shim.offline.answer import Outcome
    from shim.settings.model import Settings

NOT_ATTEMPTED = "not_attempted"
_KINDS_SHOWN = 5
_TEXT_LENGTH = 200


def state(outcome: Outcome) -> str:
    """Return how a member has ended, as the command says it: `not_attempted` is no failure."""
    if outcome.state == "failed" and is_not_attempted(outcome.message, outcome.trace_id):
        return NOT_ATTEMPTED
    return outcome.state


class Tally:
    """Counts of outcomes, and one text for each kind of failure; never an id."""

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.codes: Counter[int] = Counter()
        self._texts: dict[int, str] = {}
        self._why = ""
        self._unreached = 0
        self._unsent = 0

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Count what has ended."""
        for one in outcomes:
            how = state(one)
            self.states[how] += 1
            if how == "failed":
                self.codes[one.error_code] += 1
                self._texts.setdefault(one.error_code, one.message)
                self._unsent += is_nothing_sent(one.message, one.trace_id)
                self._unreached += one.error_code == Code.BUSY and is_local(one.trace_id)
            elif how == NOT_ATTEMPTED:
                self._why = self._why or one.message

    def leave(self, total: int | None) -> None:
        """Count those of a known number of members that were not even read as not attempted."""
        if total is not None:
            self.states[NOT_ATTEMPTED] += max(total - self.states.total(), 0)

    @property
    def left(self) -> int:
        """How many are not as asked."""
        return self.states["failed"] + self.states[NOT_ATTEMPTED]

    @property
    def unreached(self) -> bool:
        """Whether there was no connection for any member."""
        tried = self.states.total() - self.states[NOT_ATTEMPTED]
        return 0 < tried == self._unreached

    @property
    def problem(self) -> str | None:
        """Why nothing can be sent from here, if that is all there is to say."""
        tried = self.states.total() - self.states[NOT_ATTEMPTED]
        return self._texts[Code.BUSY] if 0 < tried == self._unsent else None

    def failures(self) -> list[str]:
        """Return a line for each of the commonest kinds of failure, and why the rest was left."""
        shown = self.codes.most_common(_KINDS_SHOWN)
        lines = [f"  {code}: {count:,}, {_plain(self._texts[code])}" for code, count in shown]
        if len(self.codes) > len(shown):
            lines.append(f"  and {len(self.codes) - len(shown):,} more kinds")
        if lines:
            lines.insert(0, "failed, by errorCode:")
        if self._why:
            lines.append(_plain(self._why))
        return lines


def _plain(text: str) -> str:
    """Return a vendor's text as one line without anything that a terminal would obey."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= _TEXT_LENGTH else line[:_TEXT_LENGTH] + "…"


def done(tally: Tally, asked: str) -> str:
    """Return what became of all members."""
    count = tally.states
    left = f", {count[NOT_ATTEMPTED]:,} not attempted" if count[NOT_ATTEMPTED] else ""
    return (
        f"{count.total():,} members: {count['changed']:,} {asked}, "
        f"{count['unchanged']:,} {asked} already, {count['failed']:,} failed{left}"
    )


def planned(tally: Tally, asked: str, settings: Settings) -> str:
    """Return what a dry run has found, and how long the quota makes it take."""
    count = tally.states
    head = f"dry run, nothing was written. {count.total():,} members: "
    if tally.unreached:
        return f"{head}nothing is known of them, for there was no connection"
    least = quota_seconds(settings, count.total(), count["planned"])
    unseen = tally.codes[Code.USER_NOT_FOUND]
    parts = [
        f"{count['planned']:,} would be {asked}",
        f"{count['unchanged']:,} are {asked} already",
        f"{unseen:,} not found or hidden",
    ]
    if others := count["failed"] - unseen:
        parts.append(f"{others:,} could not be looked up")
    if count[NOT_ATTEMPTED]:
        parts.append(f"{count[NOT_ATTEMPTED]:,} not attempted")
    return f"{head}{', '.join(parts)}\nthe quota lets it be done in {duration(least)} at the least"


def calls(api_calls: Mapping[str, int], seconds: float) -> str:
    """Return what it took."""
    made = ", ".join(f"{path} {count:,}" for path, count in sorted(api_calls.items()))
    return f"api calls: {made or 'none'}; {seconds:.1f} s"


def advice(command: str, results: Path | None) -> str:
    """Return what to do about what is not done.

    Args:
        command: `disable` or `enable`.
        results: The results file, if it names all that are left.
    """
    again = "next: run the same command again; members already there cost no write"
    if results is None:
        return again
    path = shlex.quote(str(results))
    return (
        f"{again}\n"
        f"  or, for those that failed: fxshim members {command} --only-failed {path} "
        f"--results {path}"
    )
