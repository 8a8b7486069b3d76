"""How well waiting for the network is used: 1,000 members to change, 20 calls at once, 50 ms each.

    python -m benchmarks latency

1,020 calls (10 look-ups, 1,000 updates, 10 read-backs), 20 at once, make 51 rounds of 50 ms: the
floor, which no program can go below. The same job is run by the shim (as a stream, awaiting, and as
the one offline call) on httpx and on httpx2; by three hand-written programs that make the same
calls: on aiohttp, on one httpx.AsyncClient, and on requests with a thread for each call; and by the
loop that most scripts have, with a look-up and an update for one member after another. Each is a
process of its own and warmed up by one run that is not counted; they take turns, and the smallest
figure of all rounds counts, since noise only adds. Between its turns the sandbox closes its
connections, so each turn begins with handshakes.

The second part has 50 calls at once. Each door of the shim takes turns with aiohttp; the median of
the rounds' ratios counts. Then it says what a call costs beside idle connections.

The third part has no latency and 50 calls at once, where it counts what a call costs the client
and what many connections cost a pool; the processor's seconds are the client's alone.
"""

from __future__ import annotations

import itertools
import statistics
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.rows import Row, show
from benchmarks.tenant import sandbox
from benchmarks.worker import Spent, worker

if TYPE_CHECKING:
    from benchmarks.tenant import Tenant

MEMBERS, LATENCY_MS, AT_ONCE = 1_000, 50, 20
CALLS = MEMBERS + 2 * MEMBERS // 100
FLOOR = CALLS / AT_ONCE * LATENCY_MS / 1000
BUSY_AT_ONCE = 50
#: A hand-written aiohttp program's time over that of the shim's stream, the door for such jobs: as
#: quick as by hand. Measured it is a tie, 0.98 to 1.01, of which the last hundredth is noise; a
#: table in which it is missed by that says so.
BOUND = 1.0
WARM_UP, ROUNDS = 1, 4
#: The shim's time over aiohttp's, with equally many calls at once.
AT_MOST = 1.1
IDLE, SINGLES = 200, 40
ALONE = 100
DISABLED, ENABLED = 1, 2


@dataclass(frozen=True)
class Contender:
    """A program that runs the task.

    Attributes:
        name: For people.
        program: Below `benchmarks.contenders`.
        http: The shim's HTTP library.
    """

    name: str
    program: str
    http: str = "httpx"


MANY = Contender("shim, many", "with_shim:many")
AIO_MANY = Contender("shim, aio many", "with_shim:aio_many")
BATCH = Contender("shim, batch", "with_shim:batch")
SHIMS = [
    *(MANY, AIO_MANY, BATCH),
    *(
        Contender(f"{one.name}, on httpx2", one.program, "httpx2")
        for one in (MANY, AIO_MANY, BATCH)
    ),
]
AIOHTTP = Contender("aiohttp by hand", "with_aiohttp:phases")
CLIENT = Contender("httpx.AsyncClient by hand", "with_httpx:phases")
SINGLE = Contender("a blocking call", "with_shim:many_or_singles")
AIO_SINGLE = Contender("an awaiting call", "with_shim:aio_many_or_singles")
THREADS = Contender("requests by hand, in threads", "with_requests:phases")
LOOP = Contender("requests, one after another", "with_requests:one_by_one")


def measure() -> list[Row]:
    """Measure."""
    return [*_waiting(), *_abreast(), *_beside(), *_busy()]


def _waiting() -> list[Row]:
    with sandbox(MEMBERS, latency_ms=LATENCY_MS) as tenant:
        best = _best(tenant, [*SHIMS, AIOHTTP, CLIENT, THREADS], AT_ONCE)
        loop = _loop(tenant)
    rows = [Row(f"floor: {CALLS:,} calls, {AT_ONCE} at once, {LATENCY_MS} ms each", FLOOR, "s")]
    for one, spent in best.items():
        rows += [
            Row(f"{one.name}: time", spent.seconds, "s"),
            Row(f"{one.name}: over the floor", _over(spent) * 1000, "ms"),
        ]
    rows.append(Row(f"{LOOP.name}: time, {ALONE} members times {MEMBERS // ALONE}", loop, "s"))
    for one in SHIMS:
        rows += _ratios(one, best)
    threads = best[THREADS].seconds / best[MANY].seconds
    rows.append(Row(f"time of {THREADS.name} / of {MANY.name}", threads, "x"))
    rows.append(Row(f"time of {LOOP.name} / of {MANY.name}", loop / best[MANY].seconds, "x"))
    return rows


def _ratios(one: Contender, best: dict[Contender, Spent]) -> list[Row]:
    mine, aiohttp, client = best[one], best[AIOHTTP], best[CLIENT]
    return [
        Row(
            f"time of aiohttp / of {one.name}",
            aiohttp.seconds / mine.seconds,
            "x",
            at_least=BOUND if one == MANY else None,
        ),
        Row(f"time of AsyncClient / of {one.name}", client.seconds / mine.seconds, "x"),
        Row(f"AsyncClient over the floor / {one.name} over it", _over(client) / _over(mine), "x"),
    ]


def _over(spent: Spent) -> float:
    return spent.seconds - FLOOR


def _abreast() -> list[Row]:
    with sandbox(MEMBERS, latency_ms=LATENCY_MS) as tenant:
        rounds = _rounds(tenant, [*SHIMS, AIOHTTP], BUSY_AT_ONCE)[WARM_UP:]
    title = f"{BUSY_AT_ONCE} at once, {LATENCY_MS} ms each"
    rows: list[Row] = []
    for one in (AIOHTTP, *SHIMS):
        times = [each[one].seconds for each in rounds]
        rows += [
            Row(f"{title}: {one.name}: time, median", statistics.median(times), "s"),
            Row(f"{title}: {one.name}: time, spread", max(times) - min(times), "s"),
        ]
    for one in SHIMS:
        ratio = statistics.median(each[one].seconds / each[AIOHTTP].seconds for each in rounds)
        name = f"{title}: time of {one.name} / of aiohttp, median"
        rows.append(Row(name, ratio, "x", at_most=AT_MOST))
    return rows


def _beside() -> list[Row]:
    rows: list[Row] = []
    with sandbox(MEMBERS, latency_ms=LATENCY_MS) as tenant:
        for one in (SINGLE, AIO_SINGLE):
            environment = tenant.environment()
            with worker(one.program, tenant, tenant.open_user_ids, IDLE, environment) as made:
                # The first turns load what is loaded once.
                alone = [made.run(DISABLED, members=1).cpu_seconds for _ in range(3)][-1]
                made.run(DISABLED)
                beside = made.run(ENABLED, members=1).cpu_seconds
            for idle, spent in ((0, alone), (IDLE, beside)):
                name = f"{one.name} beside {idle} idle connections: CPU"
                rows.append(Row(name, spent / SINGLES * 1000, "ms"))
    return rows


def _busy() -> list[Row]:
    with sandbox(MEMBERS) as tenant:
        best = _best(tenant, [MANY, AIO_MANY, AIOHTTP, CLIENT], BUSY_AT_ONCE)
    title = f"no latency, {BUSY_AT_ONCE} at once"
    rows: list[Row] = []
    for one, spent in best.items():
        rows += [
            Row(f"{title}: {one.name}: time", spent.seconds, "s"),
            Row(f"{title}: {one.name}: CPU of a call", spent.cpu_seconds / CALLS * 1000, "ms"),
        ]
    for one in (MANY, AIO_MANY):
        ratio = best[CLIENT].seconds / best[one].seconds
        rows.append(Row(f"{title}: time of AsyncClient / of {one.name}", ratio, "x"))
    return rows


def _best(tenant: Tenant, contenders: list[Contender], at_once: int) -> dict[Contender, Spent]:
    """Return what each has spent in its best rounds; all members are as before."""
    rounds = _rounds(tenant, contenders, at_once)[WARM_UP:]
    return {
        one: Spent(
            min(each[one].seconds for each in rounds), min(each[one].cpu_seconds for each in rounds)
        )
        for one in contenders
    }


def _rounds(
    tenant: Tenant, contenders: list[Contender], at_once: int
) -> list[dict[Contender, Spent]]:
    statuses = itertools.cycle((DISABLED, ENABLED))
    with ExitStack() as stack:
        workers = {
            one: stack.enter_context(
                worker(
                    one.program,
                    tenant,
                    tenant.open_user_ids,
                    at_once,
                    {**tenant.environment(), "FXIAOKE_SHIM_HTTP": one.http},
                )
            )
            for one in contenders
        }
        return [
            {one: workers[one].run(next(statuses)) for one in contenders}
            for _ in range(WARM_UP + ROUNDS)
        ]


def _loop(tenant: Tenant) -> float:
    """Return the seconds that the loop would take for all; one turn will do, it only waits."""
    ids = tenant.open_user_ids[:ALONE]
    with worker(LOOP.program, tenant, ids, 1, tenant.environment()) as one:
        one.run(ENABLED, members=1)
        return one.run(DISABLED).seconds * MEMBERS / ALONE


if __name__ == "__main__":
    raise SystemExit(show(measure))
