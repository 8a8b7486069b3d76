"""What `import shim` costs over the libraries that it stands on, and what the first call adds.

    python -m benchmarks import_time

Each import is timed in an interpreter of its own, after the interpreter's own start, with byte code
at hand. They take turns, and the smallest figure of all rounds counts: noise only adds.

`import shim` leaves to the first call what it can, so the second table counts both: from the start
of the import to the end of a first call, against a sandbox on this machine. Beside it stands the
look-up that a program by hand makes first, with httpx.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from benchmarks.contenders import Task
from benchmarks.contenders.wire import QUERY, look_up
from benchmarks.rows import Row, show
from benchmarks.tenant import sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.tenant import Tenant

BOUND = 1.15
ROUNDS = 25
LIBRARIES = "import httpx, pydantic, structlog"
FIRST_ROUNDS = 10


def _seconds(statement: str, cache: str, settings: Mapping[str, str] = {}) -> float:
    """Time one import in an interpreter of its own, without the interpreter's own start."""
    code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    # Byte code for all modules, as after an installation; in a place of its own, so that what this
    # machine has compiled or not makes no difference.
    environment = {**os.environ, **settings, "PYTHONPYCACHEPREFIX": cache}
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
        *_first_call(),
    ]


def _first_call() -> list[Row]:
    with sandbox(1) as tenant, tempfile.TemporaryDirectory() as cache:
        settings, ours, by_hand = tenant.environment(), _ours(tenant), _by_hand(tenant)
        _seconds(ours, cache, settings)
        _seconds(by_hand, cache)
        pairs = [
            (_seconds(ours, cache, settings), _seconds(by_hand, cache)) for _ in range(FIRST_ROUNDS)
        ]
    rows: list[Row] = []
    for name, times in zip(("shim", "httpx by hand"), zip(*pairs, strict=True), strict=True):
        title = f"{name}: import and a first call"
        rows.append(Row(f"{title}, median", statistics.median(times) * 1000, "ms"))
        rows.append(Row(f"{title}, spread", (max(times) - min(times)) * 1000, "ms"))
    ratio = statistics.median(mine / other for mine, other in pairs)
    return [*rows, Row("import and a first call: shim / httpx by hand, median", ratio, "x")]


def _ours(tenant: Tenant) -> str:
    who = tenant.corp_access_token, tenant.corp_id, list(tenant.open_user_ids)
    return f"import shim; assert shim.set_member_status_batch(*{who!r}, 2)['errorCode'] == 0"


def _by_hand(tenant: Tenant) -> str:
    body = look_up(Task(tenant, tenant.open_user_ids, 2, 1), tenant.open_user_ids)
    post = f"httpx.Client().post({tenant.base_url + QUERY!r}, json={body!r})"
    return f"import httpx; assert {post}.json()['errorCode'] == 0"


if __name__ == "__main__":
    raise SystemExit(show(measure))
