"""The window: the first calls at once, then never more than the vendor allows."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shim
from shim.objectapi.pacing import Pacer, Window


class Clock:
    """Time as the test has it."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_the_first_calls_go_at_once_and_the_next_waits_for_the_first_answer():
    """A slot is busy until `seconds` after its answer, not after its sending."""
    clock = Clock()
    window = Window(2, 20.0, clock)
    assert (window.take(), window.take()) == (0, 0)
    assert 0 < window.take() < 1, "all under way: nobody knows yet when one comes back"
    clock.now += 3
    window.give_back()
    assert window.take() == 20.0
    clock.now += 19
    assert window.take() == 1.0
    clock.now += 1
    assert window.take() == 0


@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 8)), min_size=1, max_size=60),
)
def test_no_window_anywhere_holds_more_than_allowed(calls, steps):
    """Whatever instant of a call the vendor counts, and wherever its window begins."""
    clock, seconds = Clock(), 10.0
    window = Window(calls, seconds, clock)
    spans = []
    for thinking, answering in steps:
        clock.now += thinking
        while delay := window.take():
            clock.now += delay
        start = clock.now
        clock.now += answering
        window.give_back()
        spans.append((start, clock.now))
    for index, (_, first_end) in enumerate(spans[:-calls]):
        next_start = spans[index + calls][0]
        assert next_start >= first_end + seconds - 1e-6


def test_zero_is_no_pacing():
    """Either number as 0 switches it off; windows are shared by tenant and path."""
    pacer = Pacer()
    assert pacer.window("t", "/p", 0, 20.0) is None
    assert pacer.window("t", "/p", 100, 0) is None
    one = pacer.window("t", "/p", 100, 20.0)
    assert pacer.window("t", "/p", 100, 20.0) is one
    assert pacer.window("t", "/q", 100, 20.0) is not one
    assert pacer.window("u", "/p", 100, 20.0) is not one


@pytest.mark.parametrize("awaiting", [False, True])
def test_a_tenant_with_a_quota_is_never_asked_too_often(awaiting, tenant):
    """60 updates at 20 in 0.4 s: two waits, and not one throttled answer."""
    quota = {"quota_calls": 20, "quota_seconds": 0.4}
    made = tenant(60, sandbox=quota, **quota)
    args = (made.corp_access_token, made.corp_id, made.open_user_ids, 1)
    started = time.monotonic()
    if awaiting:
        answer = asyncio.run(shim.aio.set_member_status_batch(*args))
    else:
        answer = shim.set_member_status_batch(*args)
    assert answer["errorCode"] == 0
    assert time.monotonic() - started >= 0.8
    assert {one["throttled"] for one in made.calls().values()} == {0}
