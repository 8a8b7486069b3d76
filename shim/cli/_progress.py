"""The progress of a run on stderr: a bar on a terminal, otherwise a line every ten seconds.

It shows counts and times, never ids. A run does not fail if its progress cannot be written.
"""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from shim.cli._output import mention

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Task

    from shim.bulk import Tally

LINE_SECONDS = 10.0
_WAITS = {
    "quota": "waiting for the quota",
    "retry": "waiting to retry",
    "read-back": "waiting for writes to show",
}

Show = AbstractContextManager["Callable[[], None]"]
"""Entered when a run begins, left when it has ended; its value is called after each change."""


class Pacing(Protocol):
    """What is shown of a run; see `shim.bulk.Run`.

    Attributes:
        tally: The counts of the members that have ended.
    """

    tally: Tally

    @property
    def waiting(self) -> tuple[str, float] | None:
        """What it waits for (`quota`, `retry`, `read-back`), and for how many seconds."""
        ...

    def remaining_seconds(self, rest: int) -> float:
        """Return how many seconds `rest` more ids take at least."""
        ...


class Standing:
    """How far a run is.

    Attributes:
        total: The number of ids; None = unknown.
    """

    def __init__(
        self, run: Pacing, total: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total = total
        self._run = run
        self._clock = clock
        self._began = clock()

    @property
    def done(self) -> int:
        """Number of ids that have their outcome."""
        return self._run.tally.total

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._began

    @property
    def seconds_left(self) -> float | None:
        """Seconds for the rest: by the average so far, at least what the quota needs."""
        if self.total is None or not self.done:
            return None
        rest = max(self.total - self.done, 0)
        return max(self.seconds / self.done * rest, self._run.remaining_seconds(rest))

    def text(self) -> str:
        """Return the progress in words."""
        total = "" if self.total is None else f" of {self.total:,}"
        parts = [f"{self.done:,}{total} done, {self._run.tally.states['failed']:,} failed"]
        if self.done and self.seconds > 0:
            parts.append(f"{self.done / self.seconds:,.1f}/s")
        if left := self.seconds_left:
            parts.append(f"{duration(left)} left")
        if waiting := self._run.waiting:
            reason, seconds = waiting
            parts.append(f"{_WAITS[reason]}: {duration(seconds)}")
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """Return a duration for people: `12 s`, `4 min 10 s`, `1 h 05 min`."""
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 - seconds in a minute.
        return f"{whole} s"
    if whole < 3600:  # noqa: PLR2004 - seconds in an hour.
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def show(standing: Standing, title: str, *, quiet: bool) -> Show:
    """Return what shows the progress: nothing, a bar, or lines."""
    if quiet:
        return nullcontext(_nothing)
    console = Console(stderr=True)
    # A log file is not a terminal, even if FORCE_COLOR is set.
    if sys.stderr.isatty() and not console.is_dumb_terminal:
        return _bar(standing, title, console)
    return _lines(standing, title)


def _nothing() -> None:
    pass


class _Words(ProgressColumn):
    """The progress in words; drawn all the time, so that a wait counts down."""

    def __init__(self, standing: Standing) -> None:
        super().__init__()
        self._standing = standing

    def render(self, task: Task) -> Text:  # noqa: ARG002 - the progress has more.
        return Text(self._standing.text())


@contextmanager
def _bar(standing: Standing, title: str, console: Console) -> Iterator[Callable[[], None]]:
    with RichProgress(
        SpinnerColumn(),
        title,
        BarColumn(bar_width=20),
        _Words(standing),
        console=console,
        redirect_stdout=False,
    ) as bar:
        # A program that is killed must not leave the cursor hidden.
        console.show_cursor()
        task = bar.add_task("", total=standing.total)
        yield lambda: bar.update(task, completed=standing.done)


@contextmanager
def _lines(standing: Standing, title: str) -> Iterator[Callable[[], None]]:
    due = standing.seconds + LINE_SECONDS

    def write(text: str) -> None:
        mention(f"{title}: {text}")

    def news() -> None:
        nonlocal due
        if standing.seconds >= due:
            write(standing.text())
            due = standing.seconds + LINE_SECONDS

    write("begun" if standing.total is None else f"begun, {standing.total:,} to do")
    try:
        yield news
    finally:
        write(f"ended, {standing.text()}")
