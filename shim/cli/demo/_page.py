"""The demo as text: at most 80 columns and 45 lines, in ASCII, for any terminal and pipe."""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from shim.cli.demo._runs import (
    CALLED,
    FINISHED,
    READ_BACK_SECONDS,
    SCRIPT,
    SUMMARIZED,
    changed_lines,
    groups,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from shim.cli.demo._runs import Played, ScriptRun

WIDTH: Final = 80

_INDENT: Final = "  "
_ANY_WIDTH: Final = 1000
_REASON_LENGTH: Final = 120
_STATE: Final = {"0": "enabled", "1": "disabled"}
_PLACE: Final = "{caller_file}:{caller_line} {caller_function}()"
# The short form of each event, in the order of a run.
_SHORT: Final = {
    CALLED: _PLACE + " called {function} ({code}) -> {replacement}",
    FINISHED: "{members} members: {changed} changed, {failed} failed, errorCode {error_code}",
    SUMMARIZED: _PLACE + " made {calls} calls until the script ended",
}


def page(played: Played, command: str) -> Iterator[RenderableType]:
    """Yield the parts of the page.

    Args:
        played: What to show.
        command: What the reader types for `fxshim`.
    """
    yield _Block("Four runs against pretend tenants on this machine. No real data is used.", "")
    yield _heading(f"1. Change one import line of {SCRIPT}")
    for was, now in changed_lines(played):
        yield _Block(Text(f"- {was}", style="red"))
        yield _Block(Text(f"+ {now}", style="green"))
    yield Text()
    yield _Block(_same_end(played.old, played.new))
    yield _heading("2. The log names the line that still makes the old call")
    yield _Block(_log(played.new.events))
    yield Text()
    yield Whole(f"{_INDENT}This is the short form. All log lines in full: {command} demo --log")
    yield _heading('3. A tenant that answers "success" and changes nothing')
    yield _Block(_truth(played.rewritten, played.silent))
    yield Text()
    yield _Block(_reason(played.silent))
    yield Text()
    yield _Block(
        Text(
            "Why: the object API's errorCode 0 does not prove a change. The shim reads each "
            f"member back (here for up to {READ_BACK_SECONDS} s) before it reports success."
        )
    )
    yield Text("\n4. Next", style="bold")
    for purpose, arguments in _next(played.new, command):
        yield _Block(Text(f"{purpose}:"))
        yield Whole(f"{_INDENT * 2}{arguments}")


def _heading(text: str) -> _Block:
    return _Block(Text(f"\n{text}\n", style="bold"), indent="")


class Whole:
    """A line that is never wrapped: a command to copy, or a line of a log."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del options
        # A path may have letters that the encoding of stdout lacks.
        yield Segment(self._text.encode(console.encoding, "replace").decode(console.encoding))
        yield Segment.line()


class _Block:
    """A part of the page, without spaces at the ends of lines."""

    def __init__(self, part: RenderableType, indent: str = _INDENT) -> None:
        self._part = part
        self._indent = indent

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        narrower = options.update_width(max(options.max_width - len(self._indent), 1))
        for line in console.render_lines(self._part, narrower, pad=False):
            while line and not line[-1].text.strip():
                line.pop()
            if line:
                yield from (Segment(self._indent), *line[:-1])
                yield Segment(line[-1].text.rstrip(), line[-1].style)
            yield Segment.line()


class _Facts:
    """A table; a list if the screen is too narrow for it.

    Args:
        headings: Headings of the columns after the first.
        rows: Cells from the first column on; empty ones are left out of a list.
    """

    def __init__(self, headings: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> None:
        self._headings = headings
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table("", *self._headings, box=None, padding=(0, 3, 0, 0), header_style="")
        table.pad_edge = False
        for row in self._rows:
            table.add_row(*row)
        natural = Measurement.get(console, options.update_width(_ANY_WIDTH), table).maximum
        if natural <= options.max_width:
            yield table
            return
        for label, *cells in self._rows:
            if label:
                yield Text.assemble(label)
            for heading, cell in zip(self._headings, cells, strict=True):
                if cell:
                    yield Text.assemble("  ", f"{heading}: " if heading else "", cell)


def _same_end(old: ScriptRun, new: ScriptRun) -> _Facts:
    rows: list[Sequence[str | Text]] = []
    for name, ids in groups(old.tenant).items():
        states = (_states(members, ids) for members in (old.before, old.after, new.after))
        same = all(old.after[one] == new.after[one] for one in ids)
        rows.append((f"{len(ids)} {name}", *states, _verdict(same=same)))
    same = old.exit_code == new.exit_code
    rows += [
        ("exit code", "", str(old.exit_code), str(new.exit_code), _verdict(same=same)),
        ("API calls", "", str(old.calls), str(new.calls), ""),
    ]
    return _Facts(("before", old.task.title, new.task.title, ""), rows)


def _states(members: Mapping[str, str], ids: Sequence[str]) -> str:
    """Return the state of all members, or the number in each state."""
    counts = Counter(_STATE[members[one]] for one in ids)
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))


def _verdict(*, same: bool) -> Text:
    return Text("same", style="green") if same else Text("DIFFERENT", style="red")


def _log(events: Sequence[Mapping[str, Any]]) -> Table:
    """Return the first event of each kind."""
    first = {event["event"]: event for event in reversed(events)}
    table = Table.grid("", "", padding=(0, 1, 0, 0))
    for name, short in _SHORT.items():
        if name in first:
            table.add_row("*", short.format_map(first[name]))
    return table


def _truth(rewritten: ScriptRun, silent: ScriptRun) -> _Facts:
    said = zip_longest(rewritten.said, silent.said, fillvalue="")
    rows: list[Sequence[str | Text]] = [
        ("" if number else "its log says", *both) for number, both in enumerate(said)
    ]
    runs = rewritten, silent
    rows += [
        ("exit code", *(str(run.exit_code) for run in runs)),
        ("in fact", *(Text(_changed(run), style="bold") for run in runs)),
    ]
    return _Facts([run.task.title for run in runs], rows)


def _changed(run: ScriptRun) -> str:
    by_group = groups(run.tenant)
    ids = by_group["leavers"] + by_group["returners"]
    after = run.after
    return f"{sum(after[one] != run.before[one] for one in ids)} of {len(ids)} members changed"


def _reason(run: ScriptRun) -> str:
    texts = [answer["errorMessage"] for answer in run.answers]
    shown = textwrap.shorten(texts[0], _REASON_LENGTH, placeholder=" ...") if texts else ""
    return f'The shim\'s errorMessage: "{shown}"'


def _next(run: ScriptRun, command: str) -> Iterator[tuple[str, str]]:
    """Yield what the reader can do next, each with its command."""
    tenant = f"{command} sandbox" if os.name == "nt" else f'eval "$({command} sandbox --env)"'
    yield "A pretend tenant for your own code, for an hour", tenant
    for code in sorted({event["code"] for event in run.events if "code" in event}):
        yield (
            "What replaces this call, and which data has no new place",
            f"{command} explain {code}",
        )
    yield (
        "Which lines still make old calls, counted from a log",
        f"{command} demo --log | {command} usage -",
    )
