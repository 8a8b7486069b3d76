"""Rows for people: a table where it fits the screen, else a few lines for each row.

Where there is no screen a row is one line, so that grep and awk have something to go by. As CSV
they are for spreadsheets and programs.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import cell_len

from shim.usage.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS: Final = frozenset({"calls", "sites", "processes", "no end", "mismatches", "quiet"})
_GAP: Final = "  "
_NARROWEST: Final = 20
# What a spreadsheet takes for a formula. The last four are the wide ones.
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Rate(NamedTuple):
    """How many of a total."""

    part: int
    total: int


class Days(NamedTuple):
    """A number of days, not whole."""

    days: float


Cell = str | int | Rate | Days | None


class Rows:
    """Rows of cells under headings; the first column says what a row is about."""

    def __init__(self, *headings: str) -> None:
        self._headings = headings
        self._cells: list[tuple[Cell, ...]] = []

    def add(self, *cells: Cell) -> None:
        """Add a row. None: nothing is known."""
        self._cells.append(cells)

    def text(self, width: int | None) -> str:
        """Return them all.

        Args:
            width: How wide the screen is; None if there is none.
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

        A text that a spreadsheet would take for a formula begins with an apostrophe.
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
                _padded(cell, widths[place], right=self._headings[place] in _NUMBERS)
                for place, cell in enumerate(row)
            ).rstrip()
            for row in rows
        ]

    def _record(self, row: tuple[str, ...], width: int) -> list[str]:
        """Return what a row is about, and below it what there is to say of it."""
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
    """Return a text with its middle left out where it is too long: both ends of a name tell."""
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
