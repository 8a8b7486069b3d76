"""Let schemathesis call a gateway by its OpenAPI document: no 5xx, no stack trace.

    python tools/fuzz_gateway.py SCHEMATHESIS [CASES]

SCHEMATHESIS is the command of that name, from an environment of its own: it is no dependency of the
project. A sandbox and a gateway are served for it, and ended after it. At least CASES requests
(10,000) are made. Exit code 1: an answer was a 5xx, or the gateway wrote a stack trace.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

CASES = 10_000
FXSHIM = str(Path(sys.executable).parent / "fxshim")
_ROUNDS_AT_MOST = 20
_ROUND_SECONDS = 60


def main(schemathesis: str, cases: int) -> int:
    """Serve, call, count; 1 if something is wrong."""
    sandbox = subprocess.Popen([FXSHIM, "sandbox"], stdout=subprocess.PIPE)
    try:
        assert sandbox.stdout is not None  # noqa: S101 - for the type checker.
        tenant = json.loads(sandbox.stdout.readline())
        with tempfile.TemporaryFile() as errors:
            return _fuzzed(schemathesis, cases, tenant, errors.fileno())
    finally:
        sandbox.terminate()
        sandbox.wait()


def _fuzzed(schemathesis: str, cases: int, tenant: dict[str, str], errors: int) -> int:
    settings = {
        "FXIAOKE_SHIM_BASE_URL": tenant["base_url"],
        "FXIAOKE_SHIM_CURRENT_OPEN_USER_ID": tenant["currentOpenUserId"],
        "FXIAOKE_SHIM_QUOTA_CALLS": "0",
    }
    gateway = subprocess.Popen(
        [FXSHIM, "gateway", "--listen=127.0.0.1:0", f"--upstream={tenant['base_url']}"],
        stdout=subprocess.PIPE,
        stderr=errors,
        env={**os.environ, **settings},
    )
    try:
        assert gateway.stdout is not None  # noqa: S101 - for the type checker.
        address = gateway.stdout.readline().decode().split()[2]
        made, failed, seed = 0, 0, 1
        while made < cases and seed <= _ROUNDS_AT_MOST:
            code, count = _round(schemathesis, address, seed)
            made, failed, seed = made + count, failed + (code != 0), seed + 1
        alive = gateway.poll() is None
        with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:  # noqa: S310 - ours.
            healthy = answer.status == 200  # noqa: PLR2004
    finally:
        gateway.terminate()
        gateway.wait()
    os.lseek(errors, 0, os.SEEK_SET)
    written = os.fdopen(os.dup(errors), "rb").read()
    traces = written.count(b"Traceback")
    sys.stdout.write(
        f"{made} requests in {seed - 1} rounds, {failed} rounds with a 5xx, {traces} stack traces\n"
    )
    return int(made < cases or bool(failed) or bool(traces) or not (alive and healthy))


def _round(schemathesis: str, address: str, seed: int) -> tuple[int, int]:
    command = [
        *(schemathesis, "run", f"{address}/openapi.json", f"--seed={seed}"),
        *("--checks=not_a_server_error", "--suppress-health-check=all", "--workers=2"),
        *("--generation-database=none", "--max-examples=400", f"--max-time={_ROUND_SECONDS}"),
        *("--phases=examples,coverage,fuzzing", "--continue-on-failure", "--no-color"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        # It leaves its notes where it runs.
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    sys.stdout.write(done.stdout[-4000:] + done.stderr[-2000:])
    sys.stdout.flush()
    counted = re.search(r"(\d[\d,]*) generated", done.stdout)
    return done.returncode, int(counted[1].replace(",", "")) if counted else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else CASES))  # noqa: PLR2004
