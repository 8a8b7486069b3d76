"""Counting, warning, logging and raising."""


# ruff: noqa: SLF001 -- that a cache is bounded cannot be seen from outside.

import gc
import re
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shim.notices import (
    Notice,
    NoticeContext,
    OfflineAPICalled,
    OfflineAPIDeprecationWarning,
    forget,
    noticed,
    policy_changed,
    set_notice_hooks,
    usage,
)
from shim.notices import _notice as notice_module
from shim.notices._sites import TABLE

THREADS = 8


def the_site():
    (site,) = usage()
    return site


def calls_in(events):
    return [event.calls for event in events if isinstance(event, OfflineAPICalled)]


def together(function, threads=THREADS):
    """Run a function in several threads that start at once; gives what they returned."""
    ready = threading.Barrier(threads)

    def work():
        ready.wait()
        return function()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(threads) as pool:
            jobs = [pool.submit(work) for _ in range(threads)]
            return [job.result() for job in jobs]
    finally:
        sys.setswitchinterval(interval)


class TestActions:
    def test_ignore_counts_only(self, door, policy, events, recwarn):
        """`ignore` counts and keeps silent."""
        policy.turn("ignore")
        for _ in range(25):
            door()
        assert (the_site().calls, events, recwarn.list) == (25, [], [])

    def test_log_emits_only(self, door, policy, events, recwarn):
        """`log` emits events and does not warn."""
        policy.turn("log")
        door()
        assert (calls_in(events), recwarn.list) == ([1], [])

    def test_warn_warns_and_emits(self, door, policy, events):
        """`warn` warns at the caller's line, once a site, and emits."""
        policy.turn("warn")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(25):
                door()
        (warning,) = caught
        assert warning.category is OfflineAPIDeprecationWarning
        assert (warning.filename, warning.lineno) == (__file__, the_site().caller_line)
        assert str(warning.message).startswith("FXO001: set_status ")
        assert calls_in(events) == [1, 10]

    def test_warning_is_filtered_by_the_callers_module(self, door, policy):
        """Filters see the caller's module, as with any warning."""
        policy.turn("warn")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", module=re.escape(__name__))
            door()
        assert not caught

    def test_error_raises_on_every_call(self, door, policy, events):
        """`error` raises each time, counts, and logs when it is time."""
        policy.turn("error")
        for _ in range(12):
            with pytest.raises(OfflineAPIDeprecationWarning, match="FXO001"):
                door()
        assert (the_site().calls, calls_in(events)) == (12, [1, 10])

    def test_error_keeps_the_call_from_being_made(self, notice, policy):
        """The function behind the door is not called."""
        policy.turn("error")
        made = []
        door = noticed(made.append, notice)
        with pytest.raises(OfflineAPIDeprecationWarning):
            door(1)
        assert not made


class TestEvents:
    def test_at_powers_of_ten(self, door, events):
        """A site is logged on first sight and then at 10, 100, 1000 … calls."""
        for _ in range(1234):
            door()
        assert calls_in(events) == [1, 10, 100, 1000]
        assert [event.calls_since for event in events] == [1, 9, 90, 900]

    def test_call_without_a_line_of_its_own_is_logged_as_often(self, door, events):
        """An executor that is given the function itself."""
        with ThreadPoolExecutor(1) as pool:
            for _ in range(12):
                pool.submit(door).result()
        assert calls_in(events) == [1, 10]

    def test_event_has_function_and_caller(self, door, events):
        """The event carries function and caller."""
        door()
        site = the_site()
        assert events == [
            OfflineAPICalled(
                code="FXO001",
                function="set_status",
                replacement="PersonnelObj update",
                address="fxshim explain FXO001",
                caller_file=__file__,
                caller_line=site.caller_line,
                caller_module=__name__,
                caller_function=site.caller_function,
                site=events[0].site,
                calls=1,
                calls_since=1,
                mode="object",
            )
        ]

    @settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
    )
    @given(bursts=st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 60)), max_size=6))
    def test_since_adds_up(self, door, events, bursts):
        """What the events say was called since adds up to what they say was called."""
        forget()
        events.clear()
        made = {"a": 0, "b": 0}
        for site, times in bursts:
            for _ in range(times):
                if site == "a":
                    door()
                else:
                    door()
            made[site] += times
        assert sorted(site.calls for site in usage()) == sorted(n for n in made.values() if n)
        for line in {event.caller_line for event in events}:
            mine = [event for event in events if event.caller_line == line]
            assert sum(event.calls_since for event in mine) == mine[-1].calls

    def test_hook_that_breaks(self, door):
        """A hook that raises does not break the call."""
        set_notice_hooks([lambda: None])
        assert door("token") == ("token", 1)

    def test_hook_that_calls(self, door, events):
        """A hook may make offline calls itself."""
        set_notice_hooks([events.append, lambda _event: door()])
        door()
        assert [site.calls for site in usage()] == [1, 2]


class TestThreads:
    def test_no_call_is_lost_or_counted_twice(self, door, events):
        """No call is lost or counted twice."""

        def work():
            for _ in range(3000):
                door()

        together(work)
        assert the_site().calls == THREADS * 3000
        assert len(events) == 5
        # Events of two threads may arrive in either order.
        assert sum(event.calls_since for event in events) == max(calls_in(events))

    def test_exact_under_catch_warnings(self, door, policy):
        """`catch_warnings` empties Python's registry, and changes nothing here."""
        policy.turn("warn")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(500):
                with warnings.catch_warnings():
                    warnings.simplefilter("always")
                    door()
        assert the_site().calls == 500
        # The one warning was caught by the inner recorder of the first turn or shown to the outer.
        assert len(caught) <= 1

    def test_one_warning(self, door, policy):
        """Threads that meet a site together warn once."""
        policy.turn("warn")
        for _ in range(20):
            forget()
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                together(door)
            assert len(caught) == 1
            assert the_site().calls == THREADS

    def test_each_raises(self, door, policy):
        """Threads that meet a site together all raise, where warnings are errors."""
        policy.turn("warn")

        def work():
            with pytest.raises(OfflineAPIDeprecationWarning):
                door()

        for _ in range(20):
            together(work)
        assert the_site().calls == THREADS * 20

    def test_through_a_decorator(self, door):
        """Frames that are looked through lose no call."""

        def wrapper(*args, **kwargs):
            return door(*args, **kwargs)

        def work():
            for _ in range(500):
                wrapper()

        together(work)
        assert the_site().calls == THREADS * 500

    def test_impatience(self, door, policy, monkeypatch):
        """A handler of warnings that waits for another caller does not wait for ever."""
        policy.turn("warn")
        monkeypatch.setattr(notice_module, "_PATIENCE", 0.05)

        def call():
            return door()

        def show(*_arguments, **_options):
            if threading.current_thread() is threading.main_thread():
                thread = threading.Thread(target=call)
                thread.start()
                thread.join()

        with warnings.catch_warnings():
            warnings.simplefilter("always")
            monkeypatch.setattr(warnings, "showwarning", show)
            call()
        assert the_site().calls == 2


class TestWarningsAsErrors:
    def test_every_call_raises(self, door, policy, events):
        """Where the filters turn the warning into an error, the site stays due."""
        policy.turn("warn")
        for _ in range(12):
            with pytest.raises(OfflineAPIDeprecationWarning):
                door()
        assert (the_site().calls, calls_in(events)) == (12, [1, 10])

    def test_filters_may_change(self, door, policy):
        """The first call that does not raise has warned, and the next ones are quick again."""
        policy.turn("warn")

        def call():
            return door()

        with pytest.raises(OfflineAPIDeprecationWarning):
            call()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call()
        assert len(caught) == 1
        call()
        assert the_site().calls == 3

    def test_on_the_command_line(self, run):
        """So it is under `python -W error`, too, for a site known as quiet before."""
        done = run(
            "from shim.notices import *\n"
            "action = 'log'\n"
            "n = Notice('FXO001', 'f', 'r', 'a', lambda: NoticeContext(action, 'object'))\n"
            "door = noticed(lambda: None, n)\n"
            "raised = 0\n"
            "for turn in range(7):\n"
            "    if turn == 2:\n"
            "        action = 'warn'\n"
            "        policy_changed()\n"
            "    try:\n"
            "        door()\n"
            "    except OfflineAPIDeprecationWarning:\n"
            "        raised += 1\n"
            "print(raised, usage()[0].calls)\n",
            options=["-W", "error"],
        )
        assert done.out == "5 7\n"


class TestPolicy:
    def test_error_takes_effect_at_the_next_call(self, door, policy):
        """A known site raises as soon as the policy says so, and stops when it no longer does."""

        def call():
            return door()

        call()
        policy.turn("error")
        for _ in range(3):
            with pytest.raises(OfflineAPIDeprecationWarning):
                call()
        policy.turn("log")
        call()
        assert the_site().calls == 5

    def test_nothing_is_announced_again(self, door, policy, events):
        """A change of policy repeats neither warning nor event."""
        policy.turn("warn")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(5):
                policy_changed()
                door()
        assert (len(caught), calls_in(events)) == (1, [1])

    def test_silence_can_end(self, door, policy, events):
        """What was ignored so far is announced with its whole count."""
        for turn in range(8):
            if turn in {0, 7}:
                policy.turn("log" if turn else "ignore")
            door()
        assert [(event.calls, event.calls_since) for event in events] == [(8, 8)]

    def test_mode_is_the_current_one(self, door, policy, events):
        """An event says the mode of its moment."""
        for turn in range(10):
            if turn == 5:
                policy.turn("log", mode="shadow")
            door()
        assert [event.mode for event in events] == ["object", "shadow"]

    def test_change_within_a_look(self, events):
        """A policy that changes while it is applied is asked again at the next call."""
        actions = ["log", "error"]

        def context():
            policy_changed()
            return NoticeContext(actions.pop(0), "object")

        door = noticed(lambda: None, Notice("FXO001", "f", "r", "a", context))

        def call():
            return door()

        call()
        with pytest.raises(OfflineAPIDeprecationWarning):
            call()
        assert calls_in(events) == [1]

    def test_context_is_for_the_slow_path(self, events):
        """The context is asked on first sight and when an event is due, and never between."""
        asked = []

        def context():
            asked.append(1)
            return NoticeContext("log", "object")

        door = noticed(lambda: None, Notice("FXO001", "f", "r", "a", context))
        for _ in range(99):
            door()
        assert (len(asked), calls_in(events)) == (2, [1, 10])


class TestUnusableSettings:
    def test_every_call_raises(self, door, policy):
        """What the context raises reaches the caller; the call is counted, the site stays due."""
        policy.break_()
        for _ in range(3):
            with pytest.raises(ValueError, match="unusable settings"):
                door()
        assert the_site().calls == 3

    def test_known_site(self, door, policy, events):
        """A site known from better days is the same site."""

        def call():
            return door()

        call()
        policy.break_()
        with pytest.raises(ValueError, match="unusable"):
            call()
        policy.turn("log")
        call()
        assert (the_site().calls, calls_in(events)) == (3, [1])

    def test_when_an_event_is_due(self, door, policy):
        """Settings that break unannounced are noticed when they are next needed."""
        outcomes = []
        for turn in range(12):
            if turn == 5:
                policy.context = None
            try:
                door()
            except ValueError:
                outcomes.append(turn)
        assert outcomes == [9, 10, 11]
        assert the_site().calls == 12


class TestBounds:
    def test_table_is_bounded(self, notice, door, events, monkeypatch):
        """Sites beyond the bound are counted together, exactly, and announced as one."""
        monkeypatch.setattr("shim.notices._sites.SITES_AT_MOST", 3)
        for line in range(6):
            code = compile("\n" * line + "for _ in range(5): door()", "legacy.py", "exec")
            for _ in range(2):
                exec(code, {"door": door, "__name__": "legacy"})
        *sites, overflow = usage()
        assert [(site.caller_line, site.calls) for site in sites] == [(1, 10), (2, 10), (3, 10)]
        assert (overflow.overflow, overflow.calls, overflow.caller_file) == (True, 30, "")
        assert (overflow.code, overflow.function) == (notice.code, notice.function)
        assert [e.calls for e in events if not e.caller_file] == [1, 10]
        assert len(TABLE.sites()) == 4

    def test_number_of_sites_is_bounded(self, door):
        """4096 sites are kept."""
        text = "\n".join(["door()"] * 100)
        for module in range(41):
            exec(compile(text, f"legacy_{module}.py", "exec"), {"door": door})
        *sites, overflow = usage()
        assert (len(sites), overflow.calls) == (4096, 4)

    def test_overflow_warns_at_the_callers_line(self, door, policy, monkeypatch):
        """Even where nothing of the caller is kept, every call raises if warnings are errors."""
        monkeypatch.setattr("shim.notices._sites.SITES_AT_MOST", 0)
        policy.turn("warn")
        for _ in range(3):
            with pytest.raises(OfflineAPIDeprecationWarning):
                door()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            door()
            door()
        (warning,) = caught
        assert warning.filename == __file__
        assert the_site().calls == 5

    def test_caches_are_bounded(self, notice, door, monkeypatch):
        """What only makes finding quick stops growing; the counts stay."""
        monkeypatch.setattr(notice_module, "PLACES_AT_MOST", 4)
        codes = [compile("\n" * n + "door()", "legacy.py", "exec") for n in range(10)]
        for _ in range(3):
            for code in codes:
                exec(code, {"door": door})
        assert [site.calls for site in usage()] == [3] * 10
        assert len(notice._known) <= 4
        assert len(notice._codes) <= 4

    def test_full_caches_keep_what_they_hold(self, notice, door, monkeypatch):
        """A loop over a few places too many finds the others as quickly as before."""
        monkeypatch.setattr(notice_module, "PLACES_AT_MOST", 4)
        codes = [compile("\n" * n + "door()", "legacy.py", "exec") for n in range(10)]
        for turn in range(3):
            for code in codes:
                exec(code, {"door": door})
            if turn == 0:
                held = dict(notice._known)
        assert notice._known == held
        assert len(held) == 4

    def test_code_that_is_gone_leaves_nothing(self, notice, door):
        """Programs make code all the time: templates, queries, `exec`."""

        def wrapper(*args, **kwargs):
            return door(*args, **kwargs)

        for n in range(300):
            exec(compile("\n" * (n % 7) + "door(); wrapper()", "made.py", "exec"), locals())
        gc.collect()
        # What is left is the wrapper's.
        assert len(notice._codes) == len(notice._passed) == 1
        assert not notice._known
        assert sum(site.calls for site in usage()) == 600

    @settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
    )
    @given(
        steps=st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["call", "drop"])), max_size=60)
    )
    def test_counts_are_exact_while_code_comes_and_goes(self, door, steps):
        """New code may get the address of code that is gone."""
        forget()
        codes, made = {}, {}
        for line, step in steps:
            if step == "drop":
                codes.pop(line, None)
                continue
            if line not in codes:
                codes[line] = compile("\n" * line + "door()", "made.py", "exec")
            exec(codes[line], {"door": door})
            made[line + 1] = made.get(line + 1, 0) + 1
        assert {site.caller_line: site.calls for site in usage()} == made


class TestSecrecy:
    def test_no_value_is_said(self, notice, policy, caplog, capfd, monkeypatch):
        """No argument, local or default of any frame is in anything emitted."""
        canary = "canary-13800000000"
        set_notice_hooks(None)
        policy.turn("warn", look_through=("acme",))

        def function(*_args, **_kwargs):
            raise AssertionError(canary)

        door = noticed(function, notice)

        def wrapper(token, *args, **kwargs):
            return door(token, *args, **kwargs)

        caught = []
        monkeypatch.setattr(warnings, "showwarning", lambda *a, **_: caught.append(str(a)))
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            for _ in range(10):
                with pytest.raises(AssertionError):
                    wrapper(canary, canary, phone=canary)
        assert len(caught) == 1
        assert len(caplog.records) == 2
        printed = capfd.readouterr()
        records = [repr(vars(record)) for record in caplog.records]
        said = "".join([*caught, *records, *printed, repr(usage()), repr(notice)])
        assert "canary" not in said
        assert printed.out == ""

    def test_nothing_is_kept_alive(self, door):
        """A caller's values die with its frame."""
        import weakref  # noqa: PLC0415

        class Value:
            pass

        def wrapper(*args, **kwargs):
            return door(*args, **kwargs)

        def call():
            value = Value()
            wrapper(value)
            return weakref.ref(value)

        gone = call()
        gc.collect()
        assert gone() is None


class TestForget:
    def test_forgetting_starts_every_count_again(self, door, events):
        """After `forget` a known line is met for the first time."""
        for _ in range(2):
            forget()
            assert usage() == ()
            for _ in range(3):
                door()
        assert (the_site().calls, calls_in(events)) == (3, [1, 1])

    def test_fork_starts_empty(self, door, notice, events):
        """A forked child counts for itself."""
        for _ in range(2):
            door()
            TABLE.clear_after_fork()
            assert usage() == ()
            assert not notice._known
        assert calls_in(events) == [1, 1]
