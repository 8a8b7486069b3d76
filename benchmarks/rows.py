"""What a measurement says: rows, each with a bound where there is one to keep."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        what: What it is.
        value: How much.
        unit: Of what.
        at_most: The upper bound.
        at_least: The lower bound.
    """

    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the value is within its bounds."""
        over = self.at_most is not None and self.value > self.at_most
        under = self.at_least is not None and self.value < self.at_least
        return not (over or under)

    @property
    def measured(self) -> str:
        """The value, for people."""
        return self._with_unit(self.value)

    @property
    def bound(self) -> str:
        """The bounds, for people."""
        bounds = {"at most": self.at_most, "at least": self.at_least}
        words = [
            f"{word} {self._with_unit(bound)}"
            for word, bound in bounds.items()
            if bound is not None
        ]
        # A table is written whether its bounds are kept or not.
        return ", ".join(words if self.kept else [*words, "**missed**"])

    def _with_unit(self, value: float) -> str:
        # More than four digits is noise; a count is written in full.
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
        return f"{text} {self.unit}".rstrip()


def table(rows: Iterable[Row]) -> str:
    """Return rows as a table in Markdown."""
    lines = ["| what | measured | bound |", "| --- | ---: | ---: |"]
    lines += [f"| {row.what} | {row.measured} | {row.bound} |" for row in rows]
    return "\n".join(lines) + "\n"


def broken(rows: Iterable[Row]) -> list[str]:
    """Return a line for each bound that was not kept."""
    return [f"{row.what}: {row.measured}, {row.bound}" for row in rows if not row.kept]


def show(measure: Callable[[], list[Row]]) -> int:
    """Measure and print, for a module that is run alone; 1 if a bound was broken."""
    rows = measure()
    sys.stdout.write(table(rows))
    lines = broken(rows)
    sys.stderr.writelines(f"bound broken: {line}\n" for line in lines)
    return int(bool(lines))
