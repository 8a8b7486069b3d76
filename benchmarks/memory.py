"""How much memory `fxshim members enable FILE` takes, whatever the length of the file.

    python -m benchmarks memory

The members of a sandbox are brought to the state that they are in, without a quota and 20 calls at
once, so that a million ids take half a minute. A sandbox has up to 100,000 members, so the long
file names each of them ten times. What counts is the peak of the resident memory of the command's
process, interpreter and libraries included, as the system keeps it (`ru_maxrss`). Each run is
started by a small process, since a child begins with its parent's peak.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.rows import Row, show
from benchmarks.tenant import FXSHIM, sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.tenant import Tenant

FEW, MANY = 10_000, 1_000_000
MEMBERS = 100_000
AT_ONCE = 20
RATIO_BOUND = 1.1
BOUND = 120.0
#: Bytes in the system's unit.
_UNIT = 1 if sys.platform == "darwin" else 1024
_LAUNCHER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=2)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measure() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory() as directory, sandbox(MEMBERS) as tenant:
        place = Path(directory)
        return [
            *_rows(tenant, place, "fxshim members enable FILE", results=False),
            *_rows(tenant, place, "the same with --results", results=True),
        ]


def _rows(tenant: Tenant, place: Path, title: str, *, results: bool) -> list[Row]:
    peaks = {}
    for count in (FEW, MANY):
        file = _written(place / f"{count}.txt", islice(cycle(tenant.open_user_ids), count))
        more = [f"--results={place / f'{count}.jsonl'}"] if results else []
        peaks[count] = _peak(tenant, [str(file), *more])
    return [
        Row(f"{title}, {FEW:,} ids: peak", peaks[FEW], "MB"),
        Row(f"{title}, {MANY:,} ids: peak", peaks[MANY], "MB", at_most=BOUND),
        Row(f"{title}: ratio", peaks[MANY] / peaks[FEW], "x", at_most=RATIO_BOUND),
    ]


def _peak(tenant: Tenant, arguments: list[str]) -> float:
    done = subprocess.run(  # noqa: S603 - our own interpreter and command.
        [sys.executable, "-c", _LAUNCHER, FXSHIM, "members", "enable", *arguments],
        env=tenant.environment(concurrency=AT_ONCE),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return int(done.stdout) * _UNIT / 1e6


def _written(file: Path, ids: Iterable[str]) -> Path:
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(f"{one}\n" for one in ids)
    return file


if __name__ == "__main__":
    raise SystemExit(show(measure))
