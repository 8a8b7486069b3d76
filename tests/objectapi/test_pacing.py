"""The window: the first calls at once, then never more than the vendor allows."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shim
from shim.objectapi._process import Process
from shim.objectapi.calls import Call
from shim.objectapi.clock import Clock as MachineClock
from shim.objectapi.exchange import Send, exchange
from shim.objectapi.pacing import Claim, LocalWindow, least_seconds
from shim.objectapi.session import Session
from shim.settings.model import Settings


class Clock:
    """Time as the test has it."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class ManualClock(MachineClock):
    """The same, for a whole process."""

    def __init__(self, clock):
        self.now = clock


def test_the_first_calls_go_at_once_and_the_next_waits_for_the_first_answer():
    """A slot is busy until `seconds` after its answer, not after its sending."""
    clock = Clock()
    window = LocalWindow(2, 20.0, clock)
    first, second = window.take(), window.take()
    assert (first.wait, second.wait) == (0, 0)
    assert window.take() is None, "all under way: nobody knows yet when one comes back"
    clock.now += 3
    window.give_back(first, used=True)
    assert window.take().wait == 20.0
    assert window.take() is None, "that slot is spoken for"
    clock.now += 19
    window.give_back(second, used=True)
    clock.now += 20
    assert window.take().wait == 0


def test_callers_are_not_overtaken_and_an_unused_slot_is_not_lost():
    """Each of those who come to a full window waits for a slot of its own."""
    clock = Clock()
    window = LocalWindow(2, 10.0, clock)
    taken = [window.take(), window.take()]
    for slot in taken:
        clock.now += 1
        window.give_back(slot, used=True)
    sooner, later = window.take(), window.take()
    assert (sooner.wait, later.wait) == (9.0, 10.0)
    window.give_back(sooner, used=False)
    assert window.take().wait == 9.0
    window.give_back(window.take() or later, used=False)
    clock.now += 100
    fresh = window.take()
    window.give_back(fresh, used=False)
    assert window.take().wait == 0


@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 8), st.booleans()), min_size=1, max_size=60),
)
def test_no_window_anywhere_holds_more_than_allowed(calls, steps):
    """Whatever instant of a call the vendor counts, and wherever its window begins."""
    clock, seconds = Clock(), 10.0
    window = LocalWindow(calls, seconds, clock)
    spans = []
    for thinking, answering, used in steps:
        clock.now += thinking
        slot = window.take()
        clock.now += slot.wait
        if used:
            start = clock.now
            clock.now += answering
            spans.append((start, clock.now))
        window.give_back(slot, used=used)
    for index, (_, first_end) in enumerate(spans[:-calls]):
        next_start = spans[index + calls][0]
        assert next_start >= first_end + seconds - 1e-6


def test_a_quota_of_zero_switches_pacing_off():
    """Either number as 0 switches it off; windows are shared by tenant and path."""
    process = Process()
    session, other = (
        Session(Settings(current_open_user_id="FSUID"), token="t", corp_id=corp_id, acting="FSUID")
        for corp_id in ("one", "two")
    )
    assert process.window(session, "/p", 0, 20.0) is None
    assert process.window(session, "/p", 100, 0) is None
    one = process.window(session, "/p", 100, 20.0)
    assert process.window(session, "/p", 100, 20.0) is one
    assert process.window(session, "/q", 100, 20.0) is not one
    assert process.window(other, "/p", 100, 20.0) is not one


def test_least_seconds_of_a_number_of_calls():
    """The first window is free of charge."""
    assert least_seconds(0, 100, 20.0) == 0
    assert least_seconds(100, 100, 20.0) == 0
    assert least_seconds(101, 100, 20.0) == 20
    assert least_seconds(1000, 100, 20.0) == 180
    assert least_seconds(1000, 0, 20.0) == 0


@pytest.mark.parametrize("awaiting", [False, True])
def test_a_tenant_with_a_quota_is_never_asked_too_often(awaiting, tenant, clock):
    """60 updates at 20 in 20 s: two waits, and not one throttled answer."""
    quota = {"quota_calls": 20, "quota_seconds": 20.0}
    made = tenant(60, sandbox=quota, **quota)
    args = (made.corp_access_token, made.corp_id, made.open_user_ids, 1)
    started = clock.now()
    if awaiting:
        answer = asyncio.run(shim.aio.set_member_status_batch(*args))
    else:
        answer = shim.set_member_status_batch(*args)
    assert answer["errorCode"] == 0
    assert 40 <= clock.now() - started < 41
    assert {one["throttled"] for one in made.calls().values()} == {0}


def test_if_all_slots_are_under_way_the_next_call_waits_for_an_answer(call, tenant):
    """Nobody knows yet when the first comes back, so it is asked again."""
    quota = {"quota_calls": 1, "quota_seconds": 0.05}
    made = tenant(3, sandbox={**quota, "latency_ms": 60}, concurrency=4, **quota)
    args = (made.corp_access_token, made.corp_id, made.open_user_ids, 1)
    assert call("set_member_status_batch", *args)["errorCode"] == 0
    assert {one["throttled"] for one in made.calls().values()} == {0}


class TestLease:
    """A slot that is never given back is free again, and no call outlives its lease."""

    def test_slots_never_given_back_are_free_after_their_lease(self):
        """An event loop was stopped for good, say. The clock of waiting is not asked."""
        clock, machine = Clock(), Clock()
        window = LocalWindow(2, 20.0, clock, 80.0, machine)
        assert [window.take().wait, window.take().wait] == [0, 0]
        machine.now += 79
        assert window.take() is None
        machine.now += 1
        assert [window.take().wait, window.take().wait, window.take()] == [0, 0, None]

    def test_lease_begins_when_the_slot_may_be_used(self):
        """Waiting for it is not part of it."""
        clock, machine = Clock(), Clock()
        window = LocalWindow(1, 20.0, clock, 80.0, machine)
        window.give_back(window.take(), used=True)
        slot = window.take()
        assert slot.wait == 20
        assert slot.use_by == machine.now + 20 + 30
        machine.now += 99
        assert window.take() is None
        machine.now += 1
        assert window.take().wait == 0

    def test_what_was_used_counts_after_the_lease(self):
        """Then one slot more than there is has to be free before the next is had."""
        clock, machine = Clock(), Clock()
        window = LocalWindow(1, 20.0, clock, 80.0, machine)
        late = window.take()
        machine.now += 80
        slot = window.take()
        window.give_back(late, used=True)
        assert window.take() is None, "one is under way, and the late one's is no slot to reserve"
        clock.now += 5
        window.give_back(slot, used=True)
        assert window.take().wait == 20

    def test_an_unused_slot_given_back_after_its_lease_changes_nothing(self):
        """Somebody else has it."""
        clock, machine = Clock(), Clock()
        window = LocalWindow(1, 20.0, clock, 80.0, machine)
        window.give_back(window.take(), used=True)
        reserved = window.take()
        machine.now += 100
        window.give_back(reserved, used=False)
        clock.now += 20
        assert window.take().wait == 0
        assert window.take() is None

    @given(
        st.integers(1, 3),
        st.lists(
            st.tuples(
                st.floats(0, 30), st.floats(0, 40), st.sampled_from(["used", "unused", "lost"])
            ),
            max_size=40,
        ),
    )
    def test_no_window_holds_more_than_allowed_whatever_is_lost(self, calls, steps):
        """Calls begin and end within the times that the lease stands for."""
        clock, seconds, lease = Clock(), 10.0, 70.0
        window = LocalWindow(calls, seconds, clock, lease, clock)
        spans, under_way = [], []
        for thinking, answering, fate in steps:
            clock.now += thinking
            for ended in [one for one in under_way if one[0] <= clock.now]:
                under_way.remove(ended)
                window.give_back(ended[1], used=True)
            slot = window.take()
            if slot is None:
                continue
            clock.now = min(clock.now + slot.wait, slot.use_by)
            if fate == "unused":
                window.give_back(slot, used=False)
                continue
            answered = clock.now + min(answering, 30)
            spans.append((clock.now, answered))
            if fate == "used":
                under_way.append((answered, slot))
        for now, _ in spans:
            busy = [1 for begin, end in spans if begin <= now < end + seconds - 1e-6]
            # What ended between two steps is given back late here, which only makes it longer.
            assert len(busy) <= calls
        clock.now += lease + seconds
        for _, slot in under_way:
            window.give_back(slot, used=True)
        clock.now += seconds
        assert [window.take().wait for _ in range(calls)] == [0] * calls

    def test_call_that_is_late_takes_another_slot(self, monkeypatch):
        """The process stood still: its slot may be another's by now."""
        stood_still = [time.monotonic() + 3600, time.monotonic()]
        monkeypatch.setattr("shim.objectapi.exchange.monotonic", lambda: stood_still.pop(0))
        clock = Clock()
        settings = Settings(
            current_open_user_id="F", quota_calls=1, quota_seconds=20.0, timeout_seconds=0.01
        )
        session = Session(settings, token="t", corp_id="corp", acting="F")
        process = Process(ManualClock(clock))
        call = Call("/p", {})
        window = process.window(session, "/p", 1, 20.0)
        window.give_back(window.take(), used=True)
        steps = exchange(session, call, process, lambda _: None, lambda _: None)
        assert steps.send(None).seconds == 20
        clock.now += 20
        assert isinstance(steps.send(None), Send)
        assert stood_still == [], "looked at again, with the second slot"
        assert window.take() is None
        steps.close()
        assert window.take().wait == 20

    def test_longer_timeout_makes_longer_leases(self):
        """The setting may change while the window is there."""
        process = Process()
        windows = [
            process.window(
                Session(
                    Settings(current_open_user_id="F", timeout_seconds=timeout),
                    token="t",
                    corp_id="c",
                    acting="F",
                ),
                *("/p", 100, 20.0),
            )
            for timeout in (30, 100, 5)
        ]
        assert windows[0] is windows[1] is windows[2]
        assert windows[0].lease_seconds == 220


class TestClaim:
    """A slot goes back exactly once."""

    def test_a_caller_given_up_while_asking_keeps_no_slot(self):
        """The window is asked in a thread; its answer comes when nobody waits any more."""
        asked, answer = threading.Event(), threading.Event()

        class Far(LocalWindow):
            def take(self):
                asked.set()
                answer.wait(5)
                return super().take()

        window = Far(1, 60.0)
        claim = Claim(window)
        with ThreadPoolExecutor(1) as pool:
            taking = pool.submit(claim.take)
            asked.wait(5)
            claim.give_back(used=False)
            answer.set()
            assert taking.result() is None
        assert LocalWindow.take(window).wait == 0

    def test_a_slot_given_back_twice_counts_once(self):
        """As used, which it was; the second time says nothing."""
        window = LocalWindow(1, 60.0)
        claim = Claim(window)
        assert claim.take().wait == 0
        claim.give_back(used=True)
        claim.give_back(used=False)
        assert 59 < window.take().wait <= 60
        assert window.take() is None

    def test_a_claim_without_a_slot_gives_nothing_back(self):
        """All under way, and the claim is dropped."""
        window = LocalWindow(1, 60.0)
        window.take()
        late = Claim(window)
        assert late.take() is None
        late.give_back(used=False)
        assert late.take() is None
