"""The tables of `fxshim usage`, for people and for programs.

A table is shown as such if it fits the screen, otherwise as a few lines for each row. If there is
no screen a row is one line, for grep and awk. CSV is for spreadsheets and programs.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.cells import cell_len

from shim.usage.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_RIGHT: Final = frozenset({"calls", "sites", "processes", "no end", "mismatches", "quiet"})
_CALLS_COLUMNS: Final = ("calls", "first", "last", "mode", "mismatches")
_GAP: Final = "  "
_NARROWEST: Final = 20
# Beginnings that a spreadsheet takes for a formula. The last four are full-width.
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Rate(NamedTuple):
    """A part of a total."""

    part: int
    total: int


class Days(NamedTuple):
    """A number of days, not whole."""

    days: float


Cell = str | int | Rate | Days | None


class Rows:
    """Rows of cells under headings; the first cell names the subject of its row."""

    def __init__(self, *headings: str) -> None:
        self._headings = headings
        self._cells: list[tuple[Cell, ...]] = []

    def add(self, *cells: Cell) -> None:
        """Add a row. A cell of None is not known."""
        self._cells.append(cells)

    def text(self, width: int | None) -> str:
        """Return all rows.

        Args:
            width: Width of the screen; None if there is none.
        """
        if not self._cells:
            return _GAP.join(self._headings) if width is None else "no calls"
        rows = [tuple(map(_shown, row)) for row in self._cells]
        table = self._table(rows)
        if width is None or all(cell_len(line) <= width for line in table):
            return "\n".join(table)
        room = max(width, _NARROWEST)
        return "\n".join(line for row in rows for line in self._record(row, room))

    def csv(self) -> Iterator[str]:
        """Yield the lines of a CSV file (RFC 4180): texts in quotes, numbers plain.

        An apostrophe precedes a text that a spreadsheet would take for a formula.
        """
        for row in (self._headings, *self._cells):
            line = io.StringIO()
            csv.writer(line, quoting=csv.QUOTE_NONNUMERIC).writerow(map(_counted, row))
            yield line.getvalue()

    def _table(self, texts: list[tuple[str, ...]]) -> list[str]:
        rows = [self._headings, *texts]
        widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
        return [
            _GAP.join(
                _padded(cell, widths[place], right=self._headings[place] in _RIGHT)
                for place, cell in enumerate(row)
            ).rstrip()
            for row in rows
        ]

    def _record(self, row: tuple[str, ...], width: int) -> list[str]:
        """Return the subject of a row, and its other cells below it."""
        lines = [shortened(row[0], width)]
        line = ""
        for heading, cell in zip(self._headings[1:], row[1:], strict=True):
            if not cell:
                continue
            part = shortened(f"{heading} {cell}", width - 4)
            if line and cell_len(line) + cell_len(part) + 7 > width:
                lines.append(f"    {line}")
                line = ""
            line = f"{line} · {part}" if line else part
        return [*lines, f"    {line}"] if line else lines


def shortened(text: str, width: int) -> str:
    """Return a text; if it is too long, without its middle, since both ends of a name matter."""
    if cell_len(text) <= width:
        return text
    begin, end = text[: width // 2], text[len(text) - (width - 1) // 2 :]
    while cell_len(begin) + cell_len(end) + 1 > width:
        # Wide letters take two columns.
        begin, end = begin[:-1], end[1:]
    return f"{begin}…{end}"


def _shown(cell: Cell) -> str:
    """Return a cell for people."""
    if isinstance(cell, Rate):
        return f"{cell.part / cell.total:.1%} of {cell.total:,}"
    if isinstance(cell, Days):
        return f"{cell.days:.1f} d"
    if isinstance(cell, int):
        return f"{cell:,}"
    return "" if cell is None else one_line(cell)


def _counted(cell: Cell) -> str | float:
    """Return a cell for programs."""
    if isinstance(cell, Rate):
        return cell.part / cell.total
    if isinstance(cell, Days):
        return cell.days
    if isinstance(cell, int):
        return cell
    text = "" if cell is None else one_line(cell)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _padded(cell: str, width: int, *, right: bool) -> str:
    space = " " * (width - cell_len(cell))
    return space + cell if right else cell + space


Row = dict[str, Any]
"""A row of what `shim.usage.figures.figures` returns."""
_NO_SERVICE: Final = "(not known)"
_NOT_TOLD_APART: Final = "(sites counted together)"


def table(data: Row, by: str) -> Rows:
    """Return what the logs say.

    Args:
        data: The result of `shim.usage.figures.figures`.
        by: `site`, `function`, `module`, `service` or `day`.
    """
    return _TABLES[by](data)


def _by_site(data: Row) -> Rows:
    table = Rows("site", "service", "function", *_CALLS_COLUMNS, "replacement")
    for one in data["sites"]:
        table.add(_site(one), _service(one), one["function"], *_numbers(one), one["replacement"])
    return table


def _by_function(data: Row) -> Rows:
    table = Rows("function", "sites", *_CALLS_COLUMNS, "replacement")
    for one in data["functions"]:
        if one["sites"]:
            table.add(one["function"], one["sites"], *_numbers(one), one["replacement"])
    return table


def _by_module(data: Row) -> Rows:
    modules: dict[str, list[Row]] = {}
    for one in data["sites"]:
        modules.setdefault(one["module"] or _NOT_TOLD_APART, []).append(one)
    table = Rows("module", "sites", "functions", "calls", "first", "last")
    for module, sites in sorted(modules.items(), key=lambda each: (-_total(each[1]), each[0])):
        table.add(
            module,
            len(sites),
            ", ".join(sorted({one["function"] for one in sites})),
            _total(sites),
            _minute(min(one["first_seen"] for one in sites)),
            _minute(max(one["last_seen"] for one in sites)),
        )
    return table


def _by_service(data: Row) -> Rows:
    table = Rows("service", "sites", "functions", "calls", "processes", "no end", "first", "last")
    for one in data["services"]:
        table.add(
            _service(one),
            one["sites"],
            one["functions"],
            one["calls"],
            one["processes"],
            one["processes_without_end"],
            one["first_day"],
            one["last_day"],
        )
    return table


def _by_day(data: Row) -> Rows:
    table = Rows("day", "function", "calls")
    for one in data["days"]:
        table.add(one["day"], one["function"], one["calls"])
    return table


def verdicts(data: Row, *, with_state: bool) -> Rows:
    """Return what may be removed.

    Args:
        data: The result of `shim.usage.figures.figures`.
        with_state: Whether the state has a column of its own, for programs; the text says it too.
    """
    table = Rows("what", "service", "quiet", *["state"] * with_state, "verdict")
    rows = [(one["function"], one["services"], one) for one in data["functions"]]
    rows += [(f"{one['function']} in {_site(one)}", [one["service"]], one) for one in data["sites"]]
    for name, services, one in rows:
        quiet, verdict = one["quiet_days"], one["verdict"]
        table.add(
            name,
            ", ".join(map(_named, services)),
            None if quiet is None else Days(quiet),
            *[verdict["state"]] * with_state,
            verdict["text"],
        )
    return table


_TABLES: Final[Mapping[str, Callable[[Row], Rows]]] = {
    "site": _by_site,
    "function": _by_function,
    "module": _by_module,
    "service": _by_service,
    "day": _by_day,
}


def _site(one: Row) -> str:
    if one["overflow"]:
        return _NOT_TOLD_APART
    name = ".".join(filter(None, (one["module"], one["qualified_name"])))
    return f"{name} ({', '.join(one['places'])})"


def _service(one: Row) -> str:
    return _named(one["service"])


def _named(service: str) -> str:
    return service or _NO_SERVICE


def _numbers(one: Row) -> tuple[int, str, str, str, Rate | None]:
    return (
        one["calls"],
        _minute(one["first_seen"]),
        _minute(one["last_seen"]),
        _modes(one["modes"]),
        Rate(one["mismatched"], one["compared"]) if one["compared"] else None,
    )


def _modes(modes: Mapping[str, int]) -> str:
    total = sum(modes.values())
    if len(modes) <= 1:
        return "".join(modes)
    return ", ".join(f"{name} {calls / total:.0%}" for name, calls in modes.items())


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")


def _total(sites: Iterable[Row]) -> int:
    return sum(one["calls"] for one in sites)
