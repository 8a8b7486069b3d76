"""Runs every measurement, prints it and writes benchmarks/RESULTS.md; fails where one is over."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import import_time, notice

if TYPE_CHECKING:
    from collections.abc import Iterable

RESULTS = Path(__file__).parent / "RESULTS.md"
SECTIONS = {
    "The notice in steady state": ("python -m benchmarks.notice", notice.measure),
    "Importing": ("python -m benchmarks.import_time", import_time.measure),
}


def _table(rows: Iterable[tuple[str, float, str, float | None]]) -> str:
    lines = ["| what | measured | at most |", "| --- | ---: | ---: |"]
    for what, value, unit, bound in rows:
        limit = "" if bound is None else f"{bound:,.4g} {unit}"
        lines.append(f"| {what} | {value:,.4g} {unit} | {limit} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure everything; 1 where something is over its bound."""
    head = (
        "# Results\n\nWritten by `make bench`. Each table comes from one run, in which the "
        "contenders take turns; compare within a table.\n\n"
        f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores.\n"
    )
    parts = [head]
    over: list[str] = []
    for title, (command, measure) in SECTIONS.items():
        rows = measure()
        over += [row[0] for row in rows if row[3] is not None and row[1] > row[3]]
        parts.append(f"\n## {title}\n\n`{command}`\n\n{_table(rows)}")
    text = "".join(parts)
    RESULTS.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    if over:
        sys.stderr.write(f"over the bound: {', '.join(over)}\n")
    return 1 if over else 0


if __name__ == "__main__":
    raise SystemExit(main())
