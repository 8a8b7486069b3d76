"""What `fxshim run` adds to the start of each Python process: paired, medians and quartiles.

    python -m benchmarks.run_start

Not part of `make bench`. A pair is the same interpreter without and with the start-up files, in
changing order.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shim.cli.run_program import AUTOLOAD

PAIRS = 200


def milliseconds(environment: dict[str, str]) -> float:
    """Return how long a process that does nothing takes."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], env=environment, check=True)
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "records").touch()
        without = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        # Programs have the bytecode of the start-up files, too.
        without.pop("PYTHONDONTWRITEBYTECODE", None)
        beside = {**without, "PYTHONPATH": str(AUTOLOAD), "FXSHIM_RUN_FOLDER": folder}
        plain, added = list[float](), list[float]()
        for pair in range(PAIRS):
            both = [without, beside] if pair % 2 else [beside, without]
            took = {id(one): milliseconds(one) for one in both}
            plain.append(took[id(without)])
            added.append(took[id(beside)] - took[id(without)])
    low, middle, high = statistics.quantiles(added, n=4)
    sys.stdout.write(
        f"{PAIRS} pairs: {statistics.median(plain):.1f} ms without; "
        f"added {middle:.2f} ms (quartiles {low:.2f} to {high:.2f})\n"
    )


if __name__ == "__main__":
    main()
