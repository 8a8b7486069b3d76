"""How long `fxshim usage` takes for a log of a million lines, beside other ways to read it.

    python -m benchmarks usage

Three logs of 1,000,000 lines of JSON. In the first, one line in a hundred is a notice, as in the
log of a whole application; in the second, every line is one, of 10 call sites; in the third, of
10,000. The others: a loop over `json.loads`, which adds nothing up; and jq, polars and duckdb,
which keep for each process and call site the largest count, as usage does, and nothing else. In the
first log, `grep -F shim.` chooses the lines for jq; in the third it is left out, since its objects
of 80,000 keys would take it hours. polars and duckdb get the columns to read, and use all
cores; they are installed for the occasion. That all come to the same is checked. They take turns;
the median of three rounds counts, and the spread is how far the slowest is from the quickest, in
parts of the median. Memory is the peak of the process, as in `benchmarks.memory`.
"""

from __future__ import annotations

import json
import random
import shutil
import statistics
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
FEW, MANY, PROCESSES = 10, 10_000, 8
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
LOADS = """
import json, sys
with open(sys.argv[1], "rb") as log:
    for line in log:
        json.loads(line)
print("null")
"""
JQ = r"""
reduce (inputs | select((.event // "" | startswith("shim.")) and .calls)) as $e ({};
  ([$e.function, $e.caller_module, $e.caller_function, $e.instance, ($e.site | tostring)]
    | join("\t")) as $key
  | .[$key] = ([.[$key] // 0, $e.calls] | max))
| to_entries | group_by(.key | split("\t")[:3])
| map({key: (.[0].key | split("\t")[:3] | join("\t")), value: (map(.value) | add)})
| from_entries
"""
POLARS = """
import json, sys, polars as pl
site = ["function", "caller_module", "caller_function"]
texts = dict.fromkeys(["event", *site, "instance"], pl.String)
log = pl.scan_ndjson(sys.argv[1], schema={**texts, "site": pl.Int64, "calls": pl.Int64})
events = log.filter(pl.col("event").str.starts_with("shim.") & pl.col("calls").is_not_null())
largest = events.group_by(*site, "instance", "site").agg(pl.col("calls").max())
found = largest.group_by(*site).agg(pl.col("calls").sum()).collect()
print(json.dumps({"\\t".join(row[:3]): row[3] for row in found.iter_rows()}))
"""
DUCKDB = """
import json, sys, duckdb
site = "function, caller_module, caller_function"
texts = {name: "varchar" for name in ["event", *site.split(", "), "instance"]}
columns = {**texts, "site": "bigint", "calls": "bigint"}
log = f"read_json('{sys.argv[1]}', format='newline_delimited', columns={columns})"
largest = (
    f"select {site}, max(calls) as calls from {log} "
    f"where event like 'shim.%' and calls is not null group by {site}, instance, site"
)
rows = duckdb.sql(f"select {site}, sum(calls)::bigint from ({largest}) group by {site}").fetchall()
print(json.dumps({"\\t".join(row[:3]): row[3] for row in rows}))
"""


def measure() -> list[Row]:
    """Measure."""
    jq = shutil.which("jq")
    if jq is None:
        msg = "jq is not on PATH (Debian: jq), so there is nothing to measure against"
        raise RuntimeError(msg)
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        _install(place)
        some = _Measured(place, jq, FEW, ONE_IN)
        few = _Measured(place, jq, FEW, 1)
        many = _Measured(place, jq, MANY, 1)
    return [
        *some.rows(f"{LINES:,} lines, 1 in {ONE_IN} a notice"),
        Row("time of usage / of grep and jq", some.times("fxshim usage", "jq"), "x"),
        *few.rows(f"{LINES:,} lines, all notices, {FEW} sites"),
        Row(
            "time of usage / of the loop over json.loads",
            few.times("fxshim usage", "json.loads"),
            "x",
            at_most=2.0,
        ),
        *many.rows(f"{LINES:,} lines, all notices, {MANY:,} sites"),
        Row(
            f"time of usage for {MANY:,} sites / for {FEW}",
            many.median("fxshim usage") / few.median("fxshim usage"),
            "x",
            at_most=1.1,
        ),
    ]


def _install(place: Path) -> None:
    """Make an environment with polars and duckdb, which nothing else here needs."""
    uv = str(Path(sys.executable).with_name("uv"))
    for arguments in (
        ["venv", "--python", sys.executable, str(place / "venv")],
        ["pip", "install", "--python", str(place / "venv"), "polars", "duckdb"],
    ):
        subprocess.run([uv, "--quiet", *arguments], check=True)  # noqa: S603 - our own tool.


class _Measured:
    """One log, and how long each took for it."""

    def __init__(self, place: Path, jq: str, sites: int, one_in: int) -> None:
        log, out = place / "app.log", place / "out.json"
        with log.open("w", encoding="utf-8") as file:
            file.writelines(_log(LINES, one_in, sites))
        self._size = log.stat().st_size / 1e6
        grep = f"grep -F shim. {log} | {jq} -n '{JQ}'"
        commands = {
            "fxshim usage": [FXSHIM, "usage", "--json", str(log)],
            "jq": ["sh", "-c", grep] if one_in > 1 else [jq, "-n", JQ, str(log)],
            "polars": [str(place / "venv" / "bin" / "python"), "-c", POLARS, str(log)],
            "duckdb": [str(place / "venv" / "bin" / "python"), "-c", DUCKDB, str(log)],
            "json.loads": [sys.executable, "-c", LOADS, str(log)],
        }
        if sites == MANY:
            del commands["jq"]
        self._times: dict[str, list[float]] = {name: [] for name in commands}
        self._peaks = dict.fromkeys(commands, 0.0)
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
                self._times[name].append(time.perf_counter() - start)
                self._peaks[name] = max(self._peaks[name], int(done.stdout) * _UNIT / 1e6)
                found[name] = json.loads(out.read_text(encoding="utf-8"))
        counted = {
            "\t".join((one["function"], one["module"], one["qualified_name"])): one["calls"]
            for one in found["fxshim usage"]["sites"]
        }
        for name in found.keys() - {"fxshim usage", "json.loads"}:
            if counted != found[name]:
                msg = f"usage and {name} do not come to the same"
                raise RuntimeError(msg)

    def median(self, name: str) -> float:
        return statistics.median(self._times[name])

    def times(self, name: str, other: str) -> float:
        """Return how many times as long one takes as another."""
        return self.median(name) / self.median(other)

    def rows(self, title: str) -> list[Row]:
        rows = [Row(f"{title}: size", self._size, "MB")]
        for name, times in self._times.items():
            spread = (max(times) - min(times)) / self.median(name)
            rows += [
                Row(f"{title}: {name}, median", self.median(name), "s"),
                Row(f"{title}: {name}, spread", spread, ""),
                Row(f"{title}: {name}, peak", self._peaks[name], "MB"),
            ]
        return rows


def _log(lines: int, one_in: int, sites: int) -> Iterator[str]:
    dice = random.Random(SEED)  # noqa: S311 - a made-up log.
    names = list(ENDPOINTS)
    counts = [[0] * sites for _ in range(PROCESSES)]
    for number in range(lines):
        second = number * 86400 // lines
        at = f"2026-11-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        if number % one_in:
            yield (
                f'{{"timestamp": "{at}Z", "level": "info", "event": "request", '
                f'"status": 200, "ms": {dice.randrange(1000)}}}\n'
            )
            continue
        process, site = dice.randrange(PROCESSES), dice.randrange(sites)
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
