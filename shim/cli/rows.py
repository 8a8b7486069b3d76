"""Rows for people: a table where it fits the screen, else a few lines for each row.

Where there is no screen a row is one line, so that grep and awk have something to go by.
"""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len

_NUMBERS: Final = frozenset({"calls", "sites", "mismatches", "quiet"})
_GAP: Final = "  "
_NARROWEST: Final = 20


class Rows:
    """Rows of text under headings; the first column says what a row is about."""

    def __init__(self, *headings: str) -> None:
        self._headings = headings
        self._rows: list[tuple[str, ...]] = []

    def add(self, *cells: str) -> None:
        """Add a row."""
        self._rows.append(cells)

    def text(self, width: int | None) -> str:
        """Return them all.

        Args:
            width: How wide the screen is; None if there is none.
        """
        if not self._rows:
            return _GAP.join(self._headings) if width is None else "no calls"
        table = self._table()
        if width is None or all(cell_len(line) <= width for line in table):
            return "\n".join(table)
        room = max(width, _NARROWEST)
        return "\n".join(line for row in self._rows for line in self._record(row, room))

    def _table(self) -> list[str]:
        rows = [self._headings, *self._rows]
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


def _padded(cell: str, width: int, *, right: bool) -> str:
    space = " " * (width - cell_len(cell))
    return space + cell if right else cell + space
