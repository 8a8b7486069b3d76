"""Functions run in threads of their own, or here if none can be started."""

import threading

import pytest

from shim.routing import threads


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
def test_without_threads_the_function_runs_all_the_same(monkeypatch, what):
    """While the interpreter leaves."""
    monkeypatch.setattr(what, refuse)
    ran = []
    threads.run(lambda: ran.append(True), "own")
    assert ran == [True]


def test_the_first_thread_runs_the_function_where_it_can_start_no_other(monkeypatch):
    """And lists no thread that was not started."""
    monkeypatch.setattr(threading.Thread, "start", refuse)
    ran, listed = [], []
    threads.start_or_run(lambda: ran.append(threading.current_thread()), "own", listed)
    assert ran == [threading.current_thread()]
    assert listed == []


def test_the_first_thread_starts_the_one_that_is_meant():
    ended, listed = threading.Event(), []
    threads.start_or_run(ended.set, "own", listed)
    assert ended.wait(60)
    assert [one.name for one in listed] == ["own"]
