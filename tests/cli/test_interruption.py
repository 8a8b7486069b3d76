"""Ctrl-C and SIGTERM count whichever thread of the process the kernel gives them to.

Of two signals that come together the kernel gives the second to another thread, since the first is
still pending for the main one. Python runs handlers in the main thread only, and that thread may
have gone back to sleep by then. So these tests have another thread get the signals.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest

from shim.cli._interruption import EXIT_CODE, Interruption
from shim.sandbox import Sandbox

# What nothing but a fault of the product takes, on however busy a machine.
HANGS_SECONDS = 60

ELSEWHERE = """
import signal, sys, threading, time
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
# From here on only that thread takes them: those that are started later inherit the mask.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
from shim.cli import main
main()
"""


@contextmanager
def running(*args, members=5):
    """Run `fxshim` with its signals given to another thread, and calls that take ten minutes."""
    tenant = Sandbox(members, seed=3, latency_ms=600_000)
    with ExitStack() as stack:
        env = {
            **os.environ,
            "FXIAOKE_SHIM_BASE_URL": stack.enter_context(tenant.serve()),
            "FXIAOKE_SHIM_CURRENT_OPEN_USER_ID": tenant.current_open_user_id,
            "FXIAOKE_SHIM_CORP_ACCESS_TOKEN": tenant.corp_access_token,
            "FXIAOKE_SHIM_CORP_ID": tenant.corp_id,
            "FXIAOKE_SHIM_TIMEOUT_SECONDS": "600",
        }
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", ELSEWHERE, *args],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=env,
            )
        )
        stack.callback(process.kill)
        yield tenant, process


def test_two_at_once_end_the_command_at_once():
    """It does not wait for the calls under way, which take ten minutes."""
    with running("members", "disable", "-") as (tenant, process):
        process.stdin.write("\n".join(tenant.open_user_ids))
        process.stdin.close()
        while not tenant.calls():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(0.2)  # It makes no difference, but by then the main thread sleeps.
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(HANGS_SECONDS) == EXIT_CODE


@contextmanager
def elsewhere(*numbers):
    """Have another thread get these signals, one by one, when this one sleeps as like as not."""

    def get():
        time.sleep(0.05)
        for number in numbers:
            signal.raise_signal(number)

    thread = threading.Thread(target=get)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@contextmanager
def pipe():
    """Give a pipe's end to read from, and a timer that closes the other after long patience."""
    reading, writing = os.pipe()
    patience = threading.Timer(HANGS_SECONDS, lambda: os.write(writing, b"FSUID_LATE\n"))
    patience.start()
    try:
        with os.fdopen(reading) as file:
            yield file, patience
    finally:
        patience.cancel()
        patience.join()
        os.close(writing)


class TestInAnotherThread:
    """The main thread sleeps, and runs no handler."""

    def test_second_signal_ends_the_process(self):
        """The first has stopped the run by then."""
        calls, left = [], threading.Event()

        def leave(code):
            calls.append(code)
            left.set()

        with Interruption(leave) as interruption:
            interruption.then(lambda: calls.append("stop"))
            with elsewhere(signal.SIGINT, signal.SIGTERM):
                assert left.wait(HANGS_SECONDS)
        assert interruption.happened
        assert [calls[0], calls.count(EXIT_CODE)] == ["stop", 1]

    @pytest.mark.parametrize("running", [True, False])
    def test_the_first_ends_a_wait_for_a_pipe(self, running):
        """No other id and no end of the pipe is needed; the test closes the pipe last."""
        with pipe() as (reading, patience), Interruption(pytest.fail) as interruption:
            if running:
                interruption.then(lambda: None)
            with elsewhere(signal.SIGINT):
                assert list(interruption.ending(reading)) == []
            assert interruption.happened
            assert patience.is_alive()

    def test_the_second_leaves_although_the_first_was_repeated_to_end_a_wait(self):
        """Our own signal to the main thread does not count as one of the user."""
        left, other = threading.Event(), signal.signal(signal.SIGUSR1, lambda *_: None)
        with pipe() as (reading, _), Interruption(lambda _: left.set()) as interruption:
            interruption.then(lambda: None)
            with elsewhere(signal.SIGUSR1, signal.SIGINT):
                list(interruption.ending(reading))
            assert not left.wait(0.2)
            with elsewhere(signal.SIGUSR1, signal.SIGTERM):
                assert left.wait(HANGS_SECONDS)
        signal.signal(signal.SIGUSR1, other)

    def test_the_one_that_came_before_the_next_id_was_asked_for(self):
        """It is not asked for any more."""
        asked = []

        def ids():
            while True:
                asked.append(1)
                yield "FSUID_1"

        stopped = threading.Event()
        with Interruption(pytest.fail) as interruption:
            interruption.then(stopped.set)
            ending = interruption.ending(ids())
            assert next(ending) == "FSUID_1"
            with elsewhere(signal.SIGINT):
                assert stopped.wait(HANGS_SECONDS)
            assert list(ending) == []
        assert asked == [1]


def test_what_was_there_comes_back():
    """The handlers, and where Python writes signals to; no thread is left."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    former = signal.set_wakeup_fd(theirs.fileno())
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    threads = threading.active_count()
    with Interruption(pytest.fail):
        pass
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert threading.active_count() == threads
    assert signal.set_wakeup_fd(former) == theirs.fileno()
    for one in (ours, theirs):
        one.close()
