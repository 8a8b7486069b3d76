"""What a run of `fxshim members` has come to, in words."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING

from shim.bulk.run import quota_seconds
from shim.cli.progress import duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shim.changes.outcome import Outcome
    from shim.settings.model import Settings

_KINDS_SHOWN = 5
_TEXT_LENGTH = 200


class Tally:
    """Counts of outcomes, and one text for each kind of failure; never an id."""

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.codes: Counter[int] = Counter()
        self._texts: dict[int, str] = {}

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Count what has ended."""
        for one in outcomes:
            self.states[one.state] += 1
            if one.state == "failed":
                self.codes[one.error_code] += 1
                self._texts.setdefault(one.error_code, one.message)

    def failures(self) -> list[str]:
        """Return a line for each of the commonest kinds of failure."""
        shown = self.codes.most_common(_KINDS_SHOWN)
        lines = [f"  {code}: {count:,}, {_plain(self._texts[code])}" for code, count in shown]
        if len(self.codes) > len(shown):
            lines.append(f"  and {len(self.codes) - len(shown):,} more kinds")
        return lines


def _plain(text: str) -> str:
    """Return a vendor's text as one line without anything that a terminal would obey."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= _TEXT_LENGTH else line[:_TEXT_LENGTH] + "…"


def done(tally: Tally, asked: str) -> str:
    """Return what became of all members."""
    count = tally.states
    return (
        f"{count.total():,} members: {count['changed']:,} {asked}, "
        f"{count['unchanged']:,} {asked} already, {count['failed']:,} failed"
    )


def planned(tally: Tally, asked: str, settings: Settings) -> str:
    """Return what a dry run has found, and how long the quota makes it take."""
    count = tally.states
    least = quota_seconds(settings, count.total(), count["planned"])
    return (
        f"dry run, nothing was written. {count.total():,} members: {count['planned']:,} would be "
        f"{asked}, {count['unchanged']:,} are {asked} already, {count['failed']:,} not found, "
        f"hidden or not readable\nthe quota lets it be done in {duration(least)} at the least"
    )


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
