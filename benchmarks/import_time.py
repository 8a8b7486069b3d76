"""What `import shim` costs over the libraries that it stands on.

    python -m benchmarks import_time

Each import is timed in an interpreter of its own, after the interpreter's own start, with byte code
at hand. They take turns, and the least of all rounds counts: noise only ever adds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from benchmarks.rows import Row, show

BOUND = 1.15
ROUNDS = 25
LIBRARIES = "import httpx, pydantic, structlog"


def _seconds(statement: str, cache: str) -> float:
    """Time one import in an interpreter of its own, without the interpreter's own start."""
    code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    # Byte code for everybody, as after an installation; in a place of its own, so that what this
    # machine has compiled or not makes no difference.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(  # noqa: S603 - our own interpreter.
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return float(done.stdout)


def measure() -> list[Row]:
    """Measure."""
    libraries: list[float] = []
    shim: list[float] = []
    with tempfile.TemporaryDirectory() as cache:
        _seconds("import shim", cache)
        for _ in range(ROUNDS):  # Alternating, so that a busy machine slows both alike.
            libraries.append(_seconds(LIBRARIES, cache))
            shim.append(_seconds("import shim", cache))
    base, ours = min(libraries), min(shim)  # Noise only ever adds.
    return [
        Row(LIBRARIES, base * 1000, "ms"),
        Row("import shim", ours * 1000, "ms"),
        Row("ratio", ours / base, "x", at_most=BOUND),
    ]


if __name__ == "__main__":
    raise SystemExit(show(measure))
