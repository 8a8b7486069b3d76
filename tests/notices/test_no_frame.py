"""Calls that no Python code made: they are made, and counted as one unknown site."""

import _thread
import importlib.util
import json
import sys
import threading

import pytest

from shim.notices import (
    Notice,
    NoticeContext,
    OfflineAPICalled,
    OfflineAPIDeprecationWarning,
    OfflineUsageSummarized,
    noticed,
    noticed_async,
    usage,
)
from shim.notices import _doors as door


def without_a_frame(depth):
    """What `sys._getframe` does where nothing is below the door."""
    msg = f"call stack is not deep enough: {depth}"
    raise ValueError(msg)


@pytest.fixture
def frameless(notice):
    """A door that finds no caller."""
    return noticed(lambda token="": token, notice, getframe=without_a_frame)


def places():
    return [(one.caller_file, one.caller_line, one.caller_function) for one in usage()]


class TestCount:
    @pytest.mark.parametrize("put", [noticed, noticed_async])
    @pytest.mark.parametrize("sited", [False, True])
    def test_call_of_a_bare_thread_is_made_and_counted(self, notice, put, sited):
        """`_thread` calls the door itself, as an exit handler, a greenlet or C code does."""
        made, called = [], threading.Event()

        def call(*arguments):
            made.append(arguments[-1])
            called.set()

        target = put(call, notice, sited=sited)
        _thread.start_new_thread(target, ("token",))
        assert called.wait(60)
        assert made == ["token"]
        assert places() == [("<unknown>", 0, "<unknown>")]

    @pytest.mark.parametrize("put", [noticed, noticed_async])
    @pytest.mark.parametrize("sited", [False, True])
    def test_call_without_a_frame_is_made_and_counted(self, notice, put, sited):
        """By a door of either kind, whether or not the function is given the site."""
        target = put(
            lambda *arguments: arguments[-1], notice, sited=sited, getframe=without_a_frame
        )
        assert target("token") == "token"
        assert places() == [("<unknown>", 0, "<unknown>")]

    def test_every_call_counts(self, frameless, events):
        """One site for all of them, with the same events as any other."""
        assert [frameless(token) for token in "abcdefghijkl"] == list("abcdefghijkl")
        (site,) = usage()
        assert (site.calls, site.overflow) == (12, False)
        assert [(type(one), one.calls, one.caller_line) for one in events] == [
            (OfflineAPICalled, 1, 0),
            (OfflineAPICalled, 10, 0),
        ]

    def test_interpreter_without_frames_counts_all_calls_as_unknown(self, notice, monkeypatch):
        """`sys._getframe` need not exist."""
        monkeypatch.delattr(sys, "_getframe")
        spec = importlib.util.spec_from_file_location("door_without_frames", door.__file__)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.noticed(lambda: 1, notice)() == 1
        assert places() == [("<unknown>", 0, "<unknown>")]

    def test_full_table(self, frameless, monkeypatch):
        """Then the overflow counter has it."""
        monkeypatch.setattr("shim.notices._sites.SITES_AT_MOST", 0)
        frameless()
        assert [(one.calls, one.overflow) for one in usage()] == [(1, True)]


class TestPolicy:
    def test_warning_names_no_line(self, frameless, policy):
        """Once, as for every site."""
        policy.turn("warn")
        with pytest.warns(OfflineAPIDeprecationWarning) as given:
            frameless()
        frameless()
        assert [(one.filename, one.lineno) for one in given] == [("<unknown>", 0)]

    def test_warning_of_the_overflow_counter_names_no_line(self, frameless, policy, monkeypatch):
        """It stands for many lines, and this call has none."""
        monkeypatch.setattr("shim.notices._sites.SITES_AT_MOST", 0)
        policy.turn("warn")
        with pytest.warns(OfflineAPIDeprecationWarning) as given:
            frameless()
        assert [(one.filename, one.lineno) for one in given] == [("<unknown>", 0)]

    def test_change_of_policy_reaches_the_site(self, frameless, policy):
        """From the next call on, and back again."""
        frameless()
        policy.turn("error")
        for _ in range(2):
            with pytest.raises(OfflineAPIDeprecationWarning):
                frameless()
        policy.turn("ignore")
        assert frameless("made") == "made"
        assert [one.calls for one in usage()] == [4]

    def test_unusable_settings_raise_and_the_call_is_counted(self, frameless, policy):
        """As for every site."""
        policy.break_()
        with pytest.raises(ValueError, match="unusable"):
            frameless()
        assert [one.calls for one in usage()] == [1]


PROGRAM = """
import atexit, json, sys
from shim.notices import *

def tell(event):
    if event.name.startswith("shim.process_"):
        return
    print(json.dumps([event.name, event.caller_file == "<unknown>", event.calls]), flush=True)

def work():
    door()
    door()

notice = Notice("FXO001", "f", "r", "a", lambda: NoticeContext("log", "object"))
door = noticed(lambda: None, notice)
set_notice_hooks([tell])
atexit.register(work)
atexit.register(door)
"""


class TestExit:
    @pytest.mark.parametrize("before", [0, 3])
    def test_calls_of_exit_handlers_are_summarized(self, run, before):
        """Whether the process called before, and whichever handler runs last."""
        done = run(PROGRAM + "for _ in range(3): door()\n" * bool(before))
        assert (done.code, done.err) == (0, "")
        told = [json.loads(line) for line in done.out.splitlines()]
        last = {}
        for name, unknown, calls in told:
            if name == OfflineUsageSummarized.name:
                last.setdefault(unknown, []).append(calls)
        assert last[True][-1] == 1
        assert before in last[False] or not before
        assert sum(calls == 1 for calls in last[False]) == 2, "two lines of work()"


def test_context_of_a_site_without_a_caller():
    """A site says where it is, whether known or not."""
    notice = Notice("FXO009", "g", "r", "a", lambda: NoticeContext("ignore", "object"))
    where = noticed(lambda site: site.where, notice, sited=True, getframe=without_a_frame)()
    assert (where.file, where.line, where.module) == ("<unknown>", 0, "")
