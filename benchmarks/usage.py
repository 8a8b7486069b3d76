"""How long `fxshim usage` takes for a log of a million lines, beside jq that groups the same.

    python -m benchmarks usage

Two logs. In the first, of 1,000,000 lines and about 100 MB, one line in a hundred is a notice, as
in the log of a whole application; in the second, of 200,000 lines, every line is one. All are JSON,
for jq reads nothing else. jq keeps for each process and call site the largest count, as usage does,
and adds up by call site; that both come to the same is checked. They take turns, and the best of
three counts. Memory is the peak of the process, as in `benchmarks.memory`.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.rows import Row, show
from benchmarks.tenant import FXSHIM
from shim.notices import OfflineCallFinished
from shim.offline import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES, ONE_IN = 1_000_000, 100
OURS = 200_000
SITES, PROCESSES = 40, 8
ROUNDS = 3
SEED = 1
_LAUNCHER = """
import resource, subprocess, sys
with open(sys.argv[1], "wb") as out:
    subprocess.run(sys.argv[2:], check=True, stdout=out)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
#: Bytes in the system's unit.
_UNIT = 1 if sys.platform == "darwin" else 1024
JQ = r"""
reduce (inputs | select((.event // "" | startswith("shim.")) and .calls)) as $e ({};
  ([$e.function, $e.caller_module, $e.caller_function, $e.process, ($e.site | tostring)]
    | join("\t")) as $key
  | .[$key] = ([.[$key] // 0, $e.calls] | max))
| to_entries | group_by(.key | split("\t")[:3])
| map({key: (.[0].key | split("\t")[:3] | join("\t")), value: (map(.value) | add)})
| from_entries
"""


def measure() -> list[Row]:
    """Measure."""
    jq = shutil.which("jq")
    if jq is None:
        msg = "jq is not on PATH (Debian: jq), so there is nothing to measure against"
        raise RuntimeError(msg)
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        return [
            *_rows(place, jq, f"{LINES:,} lines, 1 in {ONE_IN} a notice", LINES, ONE_IN),
            *_rows(place, jq, f"{OURS:,} lines, all notices", OURS, 1),
        ]


def _rows(place: Path, jq: str, title: str, lines: int, one_in: int) -> list[Row]:
    log, out = place / "app.log", place / "out.json"
    with log.open("w", encoding="utf-8") as file:
        file.writelines(_log(lines, one_in))
    commands = {
        "fxshim usage": [FXSHIM, "usage", "--json", str(log)],
        "jq": [jq, "-n", JQ, str(log)],
    }
    times = dict.fromkeys(commands, float("inf"))
    peaks = dict.fromkeys(commands, 0.0)
    found = {}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            start = time.perf_counter()
            done = subprocess.run(  # noqa: S603 - our own interpreter, and jq.
                [sys.executable, "-c", _LAUNCHER, str(out), *command],
                check=True,
                capture_output=True,
                text=True,
            )
            times[name] = min(times[name], time.perf_counter() - start)
            peaks[name] = max(peaks[name], int(done.stdout) * _UNIT / 1e6)
            found[name] = json.loads(out.read_text(encoding="utf-8"))
    counted = {
        "\t".join((one["function"], one["module"], one["qualified_name"])): one["calls"]
        for one in found["fxshim usage"]["sites"]
    }
    if counted != found["jq"]:
        msg = "usage and jq do not come to the same"
        raise RuntimeError(msg)
    return [
        Row(f"{title}: size", log.stat().st_size / 1e6, "MB"),
        *(Row(f"{title}: {name}, time", times[name], "s") for name in commands),
        *(Row(f"{title}: {name}, peak", peaks[name], "MB") for name in commands),
        Row(
            f"{title}: time of jq / of usage",
            times["jq"] / times["fxshim usage"],
            "x",
            at_least=1.0,
        ),
    ]


def _log(lines: int, one_in: int) -> Iterator[str]:
    dice = random.Random(SEED)  # noqa: S311 - a made-up log.
    names = list(ENDPOINTS)
    counts = [[0] * SITES for _ in range(PROCESSES)]
    for number in range(lines):
        second = number * 86400 // lines
        at = f"2026-11-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        if number % one_in:
            yield (
                f'{{"timestamp": "{at}Z", "level": "info", "event": "request", '
                f'"status": 200, "ms": {dice.randrange(1000)}}}\n'
            )
            continue
        process, site = dice.randrange(PROCESSES), dice.randrange(SITES)
        counts[process][site] += 1
        event = OfflineCallFinished(
            code="FXO001",
            function=names[site % len(names)],
            mode="object",
            reason="mode",
            caller_file="/app/hr/sync.py",
            caller_line=site + 1,
            caller_module="hr.sync",
            caller_function=f"Sync.step_{site}",
            site=site + 1,
            calls=counts[process][site],
            members=1,
            changed=1,
            unchanged=0,
            failed=0,
            accepted=0,
            planned=0,
            api_calls={"/cgi/crm/v2/data/query": 2, "/cgi/crm/v2/data/update": 1},
            seconds=0.2,
            error_code=0,
            trace_id="E-O.857002.1000-0123456789abcdef",
            trace_id_count=1,
            instance=f"{100 + process}-0123456789ab",
            at=f"{at}.000Z",
        )
        yield json.dumps({"event": event.name, **event.fields()}, default=list) + "\n"


if __name__ == "__main__":
    raise SystemExit(show(measure))
