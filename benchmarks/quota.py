"""How close a run comes to the shortest time that the vendor's quota allows.

    python -m benchmarks quota

The sandbox takes 100 calls in 4 s for each path (a fifth of the vendor's 20 s, so that this ends
today) in a sliding window, and refuses the rest. All 1,000 members are to be changed: 1,000
updates, whose last hundred cannot go out before nine windows have passed, which is the floor. One
process does it, blocking and awaiting; then four processes share the quota through a Redis, each
with a quarter of the members, timed from the common start to the last one's end. Each
process has looked one member up beforehand, so that no interpreter's start and no import counts.
Each run has a sandbox of its own, whose windows are
empty. A call that is refused is a pace that was wrong.

Then 300 calls of one member each, in a loop, at 100 in 2 s. Each looks up, updates and reads back,
by a path of its own. The last hundred calls cannot begin before two windows have passed, and take
what a hundred take without a quota, which is measured first; the two together are the floor.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from benchmarks.rows import Row, show
from benchmarks.tenant import redis_server, sandbox
from benchmarks.worker import worker

if TYPE_CHECKING:
    from benchmarks.worker import Worker

MEMBERS = 1_000
CALLS, SECONDS = 100, 4.0
FLOOR = (MEMBERS - 1) // CALLS * SECONDS
BOUND = 1.02
PROCESSES = 4
AT_ONCE = 8  # As by default.
SINGLES, SINGLES_SECONDS = 300, 2.0
SINGLES_BOUND = 1.03
DISABLED, ENABLED = 1, 2


def measure() -> list[Row]:
    """Measure."""
    with redis_server() as redis_url:
        return [
            Row(f"floor: {MEMBERS:,} updates at {CALLS} in {SECONDS:g} s", FLOOR, "s"),
            *_rows("one process", "with_shim:many"),
            *_rows("one process, awaiting", "with_shim:aio_many"),
            *_rows(f"{PROCESSES} processes, one Redis", "with_shim:many", PROCESSES, redis_url),
            *_singles(),
        ]


def _rows(title: str, program: str, processes: int = 1, redis_url: str = "") -> list[Row]:
    settings: dict[str, object] = {"quota_calls": CALLS, "quota_seconds": SECONDS}
    if redis_url:
        settings["redis_url"] = redis_url
    with (
        sandbox(MEMBERS, quota_calls=CALLS, quota_seconds=SECONDS) as tenant,
        ExitStack() as stack,
    ):
        share = MEMBERS // processes
        workers = [
            stack.enter_context(
                worker(
                    program,
                    tenant,
                    tenant.open_user_ids[start : start + share],
                    AT_ONCE,
                    tenant.environment(**settings),
                )
            )
            for start in range(0, MEMBERS, share)
        ]
        seconds = _seconds(workers)
        return [
            Row(f"{title}: time", seconds, "s"),
            Row(f"{title}: time over the floor", seconds / FLOOR, "x", at_most=BOUND),
            Row(f"{title}: calls refused", tenant.throttled(), "", at_most=0),
        ]


def _singles() -> list[Row]:
    hundred, _ = _loop(CALLS, 0, 1.0)
    floor = (SINGLES - 1) // CALLS * SINGLES_SECONDS + hundred
    seconds, refused = _loop(SINGLES, CALLS, SINGLES_SECONDS)
    title = f"{SINGLES} single calls"
    return [
        Row(f"{CALLS} single calls without a quota: time", hundred, "s"),
        Row(f"floor: {title} at {CALLS} in {SINGLES_SECONDS:g} s", floor, "s"),
        Row(f"{title}: time", seconds, "s"),
        Row(f"{title}: time over the floor", seconds / floor, "x", at_most=SINGLES_BOUND),
        Row(f"{title}: calls refused", refused, "", at_most=0),
    ]


def _loop(members: int, calls: int, seconds: float) -> tuple[float, int]:
    """Return the seconds that a loop of single calls takes, and the calls refused."""
    quota: dict[str, float] = {"quota_calls": calls, "quota_seconds": seconds}
    with (
        sandbox(members, **quota) as tenant,
        worker(
            "with_shim:singles", tenant, tenant.open_user_ids, 1, tenant.environment(**quota)
        ) as one,
    ):
        one.run(ENABLED, members=1)
        # That look-up has a slot of the window, and here every slot counts.
        time.sleep(seconds)
        return one.run(DISABLED).seconds, tenant.throttled()


def _seconds(workers: list[Worker]) -> float:
    for one in workers:
        one.run(ENABLED, members=1)  # One look-up, no update: what is imported at first now is.
    began = time.perf_counter()
    for one in workers:
        one.start(DISABLED)
    for one in workers:
        one.finish()
    return time.perf_counter() - began


if __name__ == "__main__":
    raise SystemExit(show(measure))
