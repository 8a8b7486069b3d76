"""The summary at the end of a process."""

import json
import os
import re
import sys
from types import SimpleNamespace

import pytest

from shim.notices import OfflineUsageSummarized, set_notice_hooks, usage
from shim.notices import _leaving as leaving

PROGRAM = """
import json, multiprocessing, os, sys
from concurrent.futures import ProcessPoolExecutor
from shim.notices import *

def tell(event):
    with open(sys.argv[1], "a") as out:
        out.write(json.dumps({"event": event.name, "pid": os.getpid(), **event.fields()}) + "\\n")

set_notice_hooks([tell])
notice = Notice("FXO001", "f", "r", "a", lambda: NoticeContext("log", "object"))
door = noticed(lambda: None, notice)

def work(times):
    for _ in range(times):
        door()

if __name__ == "__main__":
"""


@pytest.fixture
def summaries(run, tmp_path):
    """Run a program; gives, for each process that reported, the counts of its sites."""

    def summaries(program):
        heard = tmp_path / "events.jsonl"
        # multiprocessing gives its children the parent's arguments, so they write there, too.
        done = run(PROGRAM + program, str(heard), options=["-W", "error"])
        assert (done.code, done.out) == (0, ""), done.err
        events = [json.loads(line) for line in heard.read_text().splitlines()]
        by_process = {}
        for event in events:
            if event["event"] == OfflineUsageSummarized.name:
                by_process.setdefault(event["pid"], []).append(event["calls"])
        return sorted(by_process.values())

    return summaries


class TestSummarize:
    def test_one_event_a_site(self, door, policy, events):
        """Each site is summarized with its exact count."""
        for _ in range(12):
            door()
        door()
        policy.turn("error", mode="shadow")
        events.clear()
        leaving.summarize()
        assert [(event.calls, event.mode, event.overflow) for event in events] == [
            (12, "shadow", False),
            (1, "shadow", False),
        ]
        assert events[0].caller_line == usage()[0].caller_line

    def test_news_only(self, door, events):
        """A process that leaves twice says nothing twice."""

        def call():
            return door()

        call()
        events.clear()
        leaving.summarize()
        leaving.summarize()
        call()
        leaving.summarize()
        assert [event.calls for event in events] == [1, 2]

    def test_now_and_then(self, door, events, monkeypatch):
        """A living process reports as often as it is told to, and not while it is doing so."""
        # Another test's clock may have been ahead of the machine's.
        monkeypatch.setattr(leaving, "_last_round", None)

        def hear(event):
            events.append(event)
            leaving.summarize_now_and_then(1e-9)

        leaving.summarize_now_and_then(3600)
        for _ in range(2):
            door()
            events.clear()
            leaving.summarize_now_and_then(0)
            leaving.summarize_now_and_then(3600)
            assert not events
        set_notice_hooks([hear])
        leaving.summarize_now_and_then(1e-9)
        assert [event.calls for event in events] == [2]

    def test_overflow_counter_has_its_own_summary(self, door, events, monkeypatch):
        """The overflow counter has its own line."""
        monkeypatch.setattr("shim.notices._sites.SITES_AT_MOST", 0)
        for _ in range(3):
            door()
        events.clear()
        leaving.summarize()
        (event,) = events
        assert (event.overflow, event.calls, event.caller_file) == (True, 3, "")

    def test_ignored_notices_get_no_summary(self, door, policy, events):
        """Who ignores notices gets no summary."""
        policy.turn("ignore")
        door()
        leaving.summarize()
        assert not events

    def test_unusable_settings(self, door, policy, events):
        """Leaving does not fail."""
        door()
        events.clear()
        policy.break_()
        leaving.summarize()
        assert not events


class TestArm:
    @pytest.mark.parametrize("child", [True, False])
    def test_children_of_multiprocessing(self, child, monkeypatch):
        """Only such a child registers with multiprocessing, and once."""
        registered = []
        modules = {
            "multiprocessing.process": SimpleNamespace(parent_process=lambda: child or None),
            "multiprocessing.util": SimpleNamespace(
                Finalize=lambda *args, **options: registered.append((args, options))
            ),
        }
        monkeypatch.setattr(leaving, "_armed_for", None)
        leaving.arm(modules)
        leaving.arm(modules)
        assert registered == [((None, leaving.leave), {"exitpriority": 100})] * child


class TestProcesses:
    def test_process_reports_when_it_ends(self, summaries):
        """A process reports when it ends."""
        assert summaries("    work(12); door()\n") == [[12, 1]]

    def test_summary_is_a_line_of_the_logger_by_default(self, run):
        """By default the summary is a line of the logger `shim`, and stdout stays empty."""
        done = run(
            "import logging\n"
            "logging.basicConfig(format='%(name)s %(levelname)s %(message)s')\n"
            "from shim.notices import *\n"
            "n = Notice('FXO001', 'f', 'r', 'a', lambda: NoticeContext('log', 'object'))\n"
            "noticed(lambda: None, n)()\n"
        )
        assert (done.code, done.out) == (0, "")
        first, last = (one for one in done.err.splitlines() if "shim.offline_" in one)
        assert first.startswith("shim WARNING event=shim.offline_api_called function=f ")
        last, _, stamp = last.partition(" instance=")
        assert re.fullmatch(r"\d+-[0-9a-f]{12} at=\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z", stamp)
        assert last == (
            f"shim WARNING event=shim.offline_usage_summarized function=f caller_file={done.path} "
            "caller_line=5 calls=1 mode=object overflow=false code=FXO001 replacement=r address=a "
            "caller_module=__main__ caller_function=<module> site=1 service=program"
        )

    def test_exit_by_exception(self, run):
        """So does one that fails."""
        done = run(
            "from shim.notices import *\n"
            "n = Notice('FXO001', 'f', 'r', 'a', lambda: NoticeContext('log', 'object'))\n"
            "door = noticed(lambda: None, n)\n"
            "for _ in range(2): door()\n"
            "raise SystemExit(3)\n"
        )
        assert done.code == 3
        assert "offline_usage_summarized" in done.err

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="os.fork (not on Windows)")
    def test_parent_and_child_report_their_own_calls(self, summaries):
        """Parent and child report their own calls, and no call twice."""
        assert summaries(
            "    work(3)\n"
            "    pid = os.fork()\n"
            "    work(2 if pid else 4)\n"
            "    if pid: assert os.waitpid(pid, 0)[1] == 0\n"
        ) == [[4], [5]]

    @pytest.mark.parametrize(
        "method", ["spawn"] if sys.platform == "win32" else ["fork", "spawn", "forkserver"]
    )
    def test_multiprocessing(self, summaries, method):
        """A child of multiprocessing reports when its target returns, and once."""
        assert summaries(
            "    work(3)\n"
            f"    context = multiprocessing.get_context({method!r})\n"
            "    children = [context.Process(target=work, args=(n,)) for n in (5, 7)]\n"
            "    for child in children: child.start()\n"
            "    for child in children: child.join()\n"
        ) == [[3], [5], [7]]

    def test_workers_of_an_executor_report_their_own_calls(self, summaries):
        """So do the workers of an executor."""
        assert summaries(
            "    with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:\n"
            "        pool.submit(work, 4).result()\n"
            "        pool.submit(work, 4).result()\n"
        ) == [[8]]
