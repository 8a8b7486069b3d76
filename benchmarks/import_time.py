"""What `import shim` costs over the libraries that it stands on."""

from __future__ import annotations

import statistics
import subprocess
import sys

BOUND = 1.15
ROUNDS = 15
LIBRARIES = "import httpx, pydantic, structlog"


def _seconds(statement: str) -> float:
    """Time one import in an interpreter of its own, without the interpreter's own start."""
    code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    done = subprocess.run(  # noqa: S603 - our own interpreter.
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def measure() -> list[tuple[str, float, str, float | None]]:
    """Return rows of (what, value, unit, bound)."""
    libraries, shim = [], []
    for _ in range(ROUNDS):  # Alternating, so that a busy machine slows both alike.
        libraries.append(_seconds(LIBRARIES))
        shim.append(_seconds("import shim"))
    base, ours = statistics.median(libraries), statistics.median(shim)
    return [
        (LIBRARIES, base * 1000, "ms", None),
        ("import shim", ours * 1000, "ms", None),
        ("ratio", ours / base, "x", BOUND),
    ]


if __name__ == "__main__":
    for row in measure():
        print(*row)  # noqa: T201
