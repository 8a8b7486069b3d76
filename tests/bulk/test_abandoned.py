"""Streams that are left half-way give their slots back, whatever became of them and their loop."""

import asyncio
import gc
import subprocess
import sys
import threading
from contextlib import aclosing, closing, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import shim

QUOTA = 8
HANGS_AFTER_SECONDS = 60
DISABLE, ENABLE = 1, 2


# An event loop that is closed with tasks on it, some of which have not begun.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")


@pytest.fixture
def made(tenant):
    """A tenant whose quota one stream can use up; it is exceeded by one call too many."""
    quota = {"quota_calls": QUOTA, "quota_seconds": 20.0}
    one = tenant(60, sandbox={**quota, "latency_ms": 3}, concurrency=QUOTA, **quota)
    shim.configure(corp_access_token=one.corp_access_token, corp_id=one.corp_id)
    # Without the collector, so that only what is done at once counts.
    gc.collect()
    gc.disable()
    yield one
    gc.enable()
    gc.collect()


def ids(made):
    """The first group ends at once; then all slots are taken by the updates of the next.

    The first three are left to the call that is made afterwards.
    """
    return ["FSUID_NOBODY"] * 100 + made.open_user_ids[3:] * 4


class ConsumerError(Exception):
    """What a loop's body raises."""


async def first(outcomes):
    return await anext(aiter(outcomes))


def run_and_close(coroutine):
    """An event loop as some programs use it: closed with all that is on it."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(coroutine)
    finally:
        loop.close()


def left(made, status, _kept):
    asyncio.run(first(shim.aio.set_member_status_many(ids(made), status)))


def left_on_a_loop_that_is_closed(made, status, _kept):
    run_and_close(first(shim.aio.set_member_status_many(ids(made), status)))


def kept_by_the_program(made, status, kept):
    kept.append(shim.aio.set_member_status_many(ids(made), status))
    asyncio.run(first(kept[-1]))


def kept_on_a_loop_that_is_closed(made, status, kept):
    kept.append(shim.aio.set_member_status_many(ids(made), status))
    run_and_close(first(kept[-1]))


def dropped_after_its_loop_was_closed(made, status, _kept):
    outcomes = shim.aio.set_member_status_many(ids(made), status)
    run_and_close(first(outcomes))


def dropped_while_its_loop_rests(made, status, kept):
    loop = asyncio.new_event_loop()
    kept.append(loop)
    outcomes = shim.aio.set_member_status_many(ids(made), status)
    loop.run_until_complete(first(outcomes))


def dropped_by_another_thread(made, status, _kept):
    async def job():
        held = [shim.aio.set_member_status_many(ids(made), status)]
        await first(held[0])
        await asyncio.to_thread(held.clear)

    asyncio.run(job())


def closed_on_another_loop(made, status, kept):
    outcomes = shim.aio.set_member_status_many(ids(made), status)
    run_and_close(first(outcomes))
    asyncio.run(outcomes.aclose())
    kept.append(outcomes)


def closed_by_aclosing(made, status, _kept):
    async def job():
        async with aclosing(shim.aio.set_member_status_many(ids(made), status)) as outcomes:
            await first(outcomes)
        assert len(asyncio.all_tasks()) == 1
        with pytest.raises(StopAsyncIteration):
            await anext(outcomes)

    asyncio.run(job())


def left_while_more_ids_are_awaited(made, status, _kept):
    async def trickled():
        for one in ids(made)[:150]:
            yield one
        await asyncio.Event().wait()

    async def job():
        await first(shim.aio.set_member_status_many(trickled(), status))
        while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 - tasks end without telling.
            await asyncio.sleep(0)

    asyncio.run(job())


def left_by_an_error(made, status, _kept):
    async def job():
        async for _ in shim.aio.set_member_status_many(ids(made), status):
            raise ConsumerError

    with suppress(ConsumerError):
        asyncio.run(job())


def cancelled(made, status, _kept, times=1):
    async def iterate(begun):
        async for _ in shim.aio.set_member_status_many(ids(made), status):
            begun.set()

    async def job():
        begun = asyncio.Event()
        iterating = asyncio.ensure_future(iterate(begun))
        await begun.wait()
        for _ in range(times):
            iterating.cancel()
            await asyncio.sleep(0)
        with suppress(asyncio.CancelledError):
            await iterating

    asyncio.run(job())


def cancelled_twice(made, status, kept):
    cancelled(made, status, kept, times=2)


def call_left_on_a_loop_that_is_closed(made, status, kept):
    async def job():
        args = (made.corp_access_token, made.corp_id, made.open_user_ids[3:], status)
        kept.append(asyncio.ensure_future(shim.aio.set_member_status_batch(*args)))
        while not made.calls():  # noqa: ASYNC110 - the sandbox tells no event.
            await asyncio.sleep(0)

    run_and_close(job())


def blocking_left(made, status, _kept):
    next(shim.set_member_status_many(ids(made), status))


def blocking_kept(made, status, kept):
    kept.append(shim.set_member_status_many(ids(made), status))
    next(kept[-1])


def blocking_left_by_an_error(made, status, _kept):
    with (
        suppress(ConsumerError),
        closing(shim.set_member_status_many(ids(made), status)) as outcomes,
    ):
        next(outcomes)
        raise ConsumerError


def blocking_closed_by_another_thread(made, status, _kept):
    outcomes = shim.set_member_status_many(ids(made), status)
    next(outcomes)
    closer = threading.Thread(target=outcomes.close)
    closer.start()
    closer.join()


WAYS = [
    left,
    left_on_a_loop_that_is_closed,
    kept_by_the_program,
    kept_on_a_loop_that_is_closed,
    dropped_after_its_loop_was_closed,
    dropped_while_its_loop_rests,
    dropped_by_another_thread,
    closed_on_another_loop,
    closed_by_aclosing,
    left_by_an_error,
    cancelled,
    cancelled_twice,
    call_left_on_a_loop_that_is_closed,
    blocking_left,
    blocking_kept,
    blocking_left_by_an_error,
    blocking_closed_by_another_thread,
]


def call_does_not_hang(made):
    """Assert that a call gets its slots, and that the vendor never counted one too many."""
    answers = []
    args = (made.corp_access_token, made.corp_id, made.open_user_ids[:3], ENABLE)
    call = threading.Thread(
        target=lambda: answers.append(shim.set_member_status_batch(*args)), daemon=True
    )
    call.start()
    call.join(HANGS_AFTER_SECONDS)
    assert [one["errorCode"] for one in answers] == [0]
    assert {one["throttled"] for one in made.calls().values()} <= {0}


@pytest.mark.parametrize("abandon", WAYS)
def test_next_call_gets_its_slots(abandon, made):
    """Again and again, without a garbage collection."""
    kept = []
    for status in (DISABLE, ENABLE, DISABLE):
        abandon(made, status, kept)
    call_does_not_hang(made)
    for one in kept:
        if isinstance(one, asyncio.AbstractEventLoop):
            one.close()


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from(WAYS), st.sampled_from([1, 2])), max_size=6))
def test_next_call_gets_its_slots_after_any_sequence(made, sequence):
    """Whatever was left before."""
    kept = []
    for abandon, status in sequence:
        abandon(made, status, kept)
    call_does_not_hang(made)
    for one in kept:
        if isinstance(one, asyncio.AbstractEventLoop):
            one.close()


def test_stream_left_while_more_ids_are_awaited(made):
    """Ids that never come hold nothing up. Once: a clock is not put forward meanwhile."""
    left_while_more_ids_are_awaited(made, DISABLE, [])
    call_does_not_hang(made)


def test_consumer_that_pauses_holds_no_slots(made):
    """What has begun is finished meanwhile; the same loop makes another call."""

    async def job():
        outcomes = shim.aio.set_member_status_many(ids(made), DISABLE)
        await first(outcomes)
        args = (made.corp_access_token, made.corp_id, made.open_user_ids[:3], DISABLE)
        answer = await asyncio.wait_for(
            shim.aio.set_member_status_batch(*args), HANGS_AFTER_SECONDS
        )
        assert answer["errorCode"] == 0
        states = [one.state async for one in outcomes]
        assert len(states) == len(ids(made)) - 1

    asyncio.run(job())


def test_interrupted_calls_hold_no_slots(made):
    """Ctrl-C while a call is on the wire, more often than there are slots."""

    class Interrupted:
        def handle_request(self, _request):
            raise KeyboardInterrupt

        def close(self):
            pass

    args = (made.corp_access_token, made.corp_id, made.open_user_ids[3:], DISABLE)
    shim.configure(transport=Interrupted())
    for _ in range(QUOTA + 1):
        with pytest.raises(KeyboardInterrupt):
            shim.set_member_status_batch(*args)
    shim.configure(transport=made.transport())
    call_does_not_hang(made)


@pytest.mark.usefixtures("events")
class TestEvent:
    def test_abandoned_run_reports_once(self, made, events):
        """What it has done is in the log."""
        left(made, DISABLE, [])
        closed_by_aclosing(made, DISABLE, [])
        told = [one for one in events if one.name == "shim.bulk_run_finished"]
        assert len(told) == 2

    def test_stream_that_never_began_reports_nothing(self, made, events):
        """Neither dropped nor closed."""

        async def job():
            await shim.aio.set_member_status_many(ids(made), DISABLE).aclose()

        shim.aio.set_member_status_many(ids(made), DISABLE)
        asyncio.run(job())
        assert not events
        assert made.calls() == {}


PROGRAM = """
import asyncio, atexit, builtins, itertools, logging

def more():
    for one in begun:
        try:
            for _ in one:
                pass
        except RuntimeError as error:
            print(error)

begun = []
# Registered before all others, so that it is called after them.
atexit.register(more)

import shim
from shim.sandbox import Sandbox

logging.basicConfig(format="%(message).40s", level=logging.INFO)
made = Sandbox(60, latency_ms=20)
shim.configure(
    base_url=made.base_url, transport=made.transport(), corp_id=made.corp_id,
    corp_access_token=made.corp_access_token, current_open_user_id=made.current_open_user_id,
)
def ids():
    return itertools.cycle(["FSUID_NOBODY"] * 100 + made.open_user_ids)

blocking = shim.set_member_status_many(ids(), 1)
next(blocking)
awaiting = shim.aio.set_member_status_many(ids(), 1)
loop = asyncio.new_event_loop()
loop.run_until_complete(anext(awaiting))
# Until the last of all modules is gone.
builtins.kept = blocking, awaiting
"""


class TestExit:
    """Streams that are still there when Python ends."""

    @pytest.mark.parametrize("more", ["", "begun.append(blocking)\n"])
    def test_process_ends_and_each_run_reports(self, more):
        """Without a hang or noise; a stream that is read on at exit says why it cannot be."""
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM + more],
            capture_output=True,
            text=True,
            timeout=HANGS_AFTER_SECONDS,
            check=False,
        )
        assert done.returncode == 0
        told = [line for line in done.stderr.splitlines() if "pending" not in line]
        started, *events, ended = [line for line in told if "shim." in line]
        assert events == ["event=shim.bulk_run_finished status=1 dr"] * 2
        assert started.startswith("event=shim.process_started ")
        assert ended.startswith("event=shim.process_ended ")
        assert "Exception ignored" not in done.stderr
        assert ("the interpreter is ending" in done.stdout) == bool(more)
