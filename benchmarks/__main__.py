"""Runs the measurements, prints them and writes benchmarks/RESULTS.md.

    python -m benchmarks [NAME ...]

If some are named, the other sections of RESULTS.md stay as they are. Exit code 1 if a figure is out
of its bounds.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import calls, gateway, import_time, latency, memory, notice, quota, structure, usage
from benchmarks.rows import Row, broken, table

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS = Path(__file__).parent / "RESULTS.md"
HEAD = """# Results

Written by `make bench`. Each table comes from one run, in which the contenders take turns; compare
within a table. What is measured, and how, is described at the head of each section's module.
"""


@dataclass(frozen=True)
class Section:
    """A measurement and its title."""

    title: str
    measure: Callable[[], list[Row]]


SECTIONS = {
    "notice": Section("The notice in steady state", notice.measure),
    "import_time": Section("Importing", import_time.measure),
    "quota": Section("Where the quota is what takes the time", quota.measure),
    "latency": Section("Where the network is what takes the time", latency.measure),
    "calls": Section("Calls", calls.measure),
    "gateway": Section("The gateway", gateway.measure),
    "memory": Section("Memory", memory.measure),
    "usage": Section("Reading a log back", usage.measure),
    "structure": Section("How the package is cut", structure.measure),
}


def _text(name: str, rows: list[Row]) -> str:
    machine = f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
    return (
        f"## {SECTIONS[name].title}\n\n`python -m benchmarks {name}` on {machine}\n\n{table(rows)}"
    )


def _written() -> dict[str, str]:
    """Return the sections that are there, by the name in their command."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    found = {}
    for section in re.split(r"\n(?=## )", text)[1:]:
        named = re.search(r"`python -m benchmarks (\w+)`", section)
        if named:
            found[named[1]] = section
    return found


def _write(sections: dict[str, str]) -> None:
    parts = [HEAD, *(sections[name] for name in SECTIONS if name in sections)]
    RESULTS.write_text("\n".join(parts), encoding="utf-8")


def main(names: list[str]) -> int:
    """Measure what is named, or everything; 1 if something is out of its bounds."""
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        sys.stderr.write(f"there is no {', '.join(unknown)}, but {', '.join(SECTIONS)}\n")
        return 2
    sections = _written() if names else {}
    off: list[str] = []
    for name in names or SECTIONS:
        rows = SECTIONS[name].measure()
        off += broken(rows)
        sections[name] = _text(name, rows)
        sys.stdout.write(f"{sections[name]}\n")
        sys.stdout.flush()
    _write(sections)
    sys.stderr.writelines(f"out of bounds: {line}\n" for line in off)
    return 1 if off else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
