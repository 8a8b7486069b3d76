"""Functions run in threads of their own, or here if none can be started."""

import threading
import time
from contextlib import suppress
from queue import Empty

import pytest

from shim.scheduler import threads


def refuse(*_args):
    msg = "can't start new thread at interpreter shutdown"
    raise RuntimeError(msg)


def test_a_function_runs_in_a_thread_of_its_own():
    ran = []
    threads.run(lambda: ran.append(threading.current_thread().name), "own")
    assert ran == ["own"]


def test_a_thread_that_never_runs_is_replaced(monkeypatch):
    """An exception from outside may hit it before it begins."""
    monkeypatch.setattr(threads, "LOOK_SECONDS", 0.01)
    start, ran = threads.start, []

    def lost_at_first(*args):
        monkeypatch.setattr(threads, "start", start)
        assert args[1] == "own"
        return True

    monkeypatch.setattr(threads, "start", lost_at_first)
    threads.run(lambda: ran.append(threading.current_thread().name), "own")
    assert set(ran) == {"own"}


@pytest.mark.parametrize("what", ["_thread.start_new_thread", "threading.Thread.start"])
def test_without_threads_the_function_runs_in_the_callers(monkeypatch, what):
    """While the interpreter leaves."""
    monkeypatch.setattr(what, refuse)
    ran = []
    threads.run(lambda: ran.append(True), "own")
    assert ran == [True]


def test_the_first_thread_runs_the_function_if_it_can_start_no_other(monkeypatch):
    """And lists no thread that was not started."""
    monkeypatch.setattr(threading.Thread, "start", refuse)
    ran, listed = [], []
    threads.start_or_run(lambda: ran.append(threading.current_thread()), "own", listed)
    assert ran == [threading.current_thread()]
    assert listed == []


def test_the_first_thread_starts_the_real_one():
    ended, listed = threading.Event(), []
    threads.start_or_run(ended.set, "own", listed)
    assert ended.wait(60)
    assert [one.name for one in listed] == ["own"]


class TestMailbox:
    def test_items_come_out_in_their_order_and_each_once(self):
        """Whichever thread puts or takes them."""
        mailbox, taken = threads.Mailbox(), []

        def take():
            while (item := mailbox.get(60)) is not None:
                taken.append(item)

        takers = [threading.Thread(target=take) for _ in range(4)]
        for one in takers:
            one.start()
        for number in range(2000):
            mailbox.put(number)
        for _ in takers:
            mailbox.put(None)
        for one in takers:
            one.join(60)
        assert sorted(taken) == list(range(2000))
        assert mailbox.empty()
        mailbox.put(1)
        mailbox.put(2)
        assert [mailbox.get(0), mailbox.get(0)] == [1, 2]

    def test_an_item_wakes_a_thread_that_waits(self):
        """At once, not when its timeout ends."""
        mailbox, taken = threads.Mailbox(), []
        taker = threading.Thread(target=lambda: taken.append(mailbox.get(60)))
        taker.start()
        time.sleep(0.05)
        mailbox.put("item")
        taker.join(10)
        assert taken == ["item"]

    def test_a_wait_ends_in_time_though_other_threads_take_what_woke_it(self):
        """With `queue.SimpleQueue` some wait forever."""
        mailbox = threads.Mailbox()

        def wait():
            for _ in range(200):
                with suppress(Empty):
                    mailbox.get(0.001)

        waiting = [threading.Thread(target=wait, daemon=True) for _ in range(8)]
        for one in waiting:
            one.start()
        end = time.monotonic() + 10
        while any(one.is_alive() for one in waiting) and time.monotonic() < end:
            mailbox.put("item")
            with suppress(Empty):
                mailbox.get(0)
        assert not any(one.is_alive() for one in waiting)
