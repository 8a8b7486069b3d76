"""A process logs once that it has the shim, and at exit that it ends."""

import os
import re
import sys
import textwrap

import pytest

STARTED, ENDED = "shim.process_started", "shim.process_ended"
SET_UP = """
import logging, sys
def set_up():
    logging.basicConfig(filename=sys.argv[1], format="%(process)d %(message)s")
"""
CALL = """
from shim.notices import Notice, NoticeContext, noticed
n = Notice("FXO001", "f", "r", "a", lambda: NoticeContext("log", "object"))
door = noticed(lambda: None, n)
"""
METHODS = ["spawn"] if sys.platform == "win32" else ["fork", "spawn", "forkserver"]
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="os.fork (not on Windows)")


@pytest.fixture
def told(run, tmp_path):
    """Run a program; return what each of its processes logged, as (event, field, …) by process."""

    def told(program, *, err="", code=0):
        log = tmp_path / "app.log"
        done = run(program, str(log), options=["-W", "error"])
        assert (done.code, done.out) == (code, ""), done.err
        assert re.fullmatch(err, done.err), done.err
        found = {}
        for line in log.read_text().splitlines() if log.exists() else ():
            process, text = line.split(" ", 1)
            fields = dict(re.findall(r'(\w+)=("[^"]*"|\S*)', text))
            found.setdefault(process, []).append(fields)
        return list(found.values())

    return told


def names(process):
    return [one["event"] for one in process]


class TestPair:
    @pytest.mark.parametrize(
        "program",
        [
            pytest.param("set_up()\nimport shim\n", id="logging before import"),
            pytest.param("import shim\nset_up()\nshim.configure()\n", id="configure"),
            pytest.param("import shim\nset_up()\n", id="logging after import"),
        ],
    )
    def test_process_that_never_calls_logs_both(self, told, program):
        """So that it is seen to have the shim and no calls."""
        (process,) = told(SET_UP + program)
        assert names(process) == [STARTED, ENDED]
        started, ended = process
        assert started["version"] == ended["version"] != ""
        assert (ended["calls"], ended["sites"]) == ("0", "0")
        assert started["service"] == ended["service"] == "program"
        assert started["instance"] == ended["instance"]

    def test_calls_come_between(self, told):
        """And the summaries before the end, which has the sums."""
        (process,) = told(SET_UP + "set_up()" + CALL + "door()\nfor _ in range(4): door()\n")
        assert names(process) == [
            STARTED,
            *["shim.offline_api_called"] * 2,
            *["shim.offline_usage_summarized"] * 2,
            ENDED,
        ]
        assert (process[-1]["calls"], process[-1]["sites"]) == ("5", "2")

    def test_first_call_logs_the_start_if_logging_is_set_up_by_then(self, told):
        """Logged before the call itself."""
        (process,) = told(SET_UP + CALL + "set_up()\ndoor()\n")
        assert names(process)[:2] == [STARTED, "shim.offline_api_called"]

    def test_later_call_that_is_logged_logs_the_start(self, told):
        """If logging is set up between two calls."""
        (process,) = told(
            SET_UP + CALL + "def call(): door()\ncall()\nset_up()\nfor _ in range(9): call()\n",
            err="event=shim.offline_api_called .*\n",
        )
        assert names(process)[:2] == [STARTED, "shim.offline_api_called"]

    def test_structlog_that_is_configured_counts(self, run):
        """One that is only imported does not."""
        program = "import structlog{}\nimport shim\n"
        assert run(program.format("")).out == ""
        configure = "; structlog.configure(processors=[structlog.processors.JSONRenderer()])"
        lines = run(program.format(configure)).out.splitlines()
        assert [re.search(r"shim\.process_\w+", line)[0] for line in lines] == [STARTED, ENDED]

    def test_hooks_get_both(self, run):
        """They are what is set up."""
        done = run(
            "from shim.notices import set_notice_hooks\n"
            "import shim\n"
            "set_notice_hooks([lambda event: print(event.name)])\n"
            "shim.configure()\n"
        )
        assert (done.out.split(), done.err) == ([STARTED, ENDED], "")

    def test_service_that_changes_is_logged_as_started(self, told):
        """Its name is not known before."""
        (process,) = told(SET_UP + "set_up()\nimport shim\nshim.configure(service='hr-sync')\n")
        assert [(one["event"], one["service"]) for one in process] == [
            (STARTED, "program"),
            (STARTED, "hr-sync"),
            (ENDED, "hr-sync"),
        ]

    def test_call_of_a_late_exit_handler_ends_again(self, told):
        """With all calls."""
        (process,) = told(
            SET_UP + "set_up()\nimport atexit" + CALL + "def late(): door()\n"
            "atexit.register(late)\ndoor()\n"
        )
        assert names(process)[-1] == ENDED
        assert process[-1]["calls"] == "2"

    def test_handler_that_calls_while_the_package_is_imported(self, told):
        """It finds a whole package, and starts nothing twice."""
        (process,) = told(
            SET_UP + "set_up()\n"
            "class Calls(logging.Handler):\n"
            "    def emit(self, record):\n"
            "        import shim\n"
            "        shim.configure()\n"
            "logging.getLogger().addHandler(Calls())\n"
            "import shim\n"
        )
        assert names(process) == [STARTED, ENDED]

    def test_failure_ends_in_good_order(self, told):
        """Exit handlers run."""
        (process,) = told(
            SET_UP + "set_up()\nimport shim\nraise SystemExit(3)\n",
            code=3,
        )
        assert names(process) == [STARTED, ENDED]


class TestNone:
    @pytest.mark.parametrize(
        "program",
        [
            pytest.param("import shim\nshim.configure()\n", id="nothing set up"),
            pytest.param(
                "import os\nos.environ['FXIAOKE_SHIM_NOTICES'] = 'ignore'\nset_up()\nimport shim\n",
                id="ignored by environment",
            ),
            pytest.param("import shim\nshim.configure(notices='ignore')\nset_up()\n", id="ignored"),
            pytest.param(
                "import shim\nset_up()\nshim.set_notice_hooks(())\nshim.configure()\n",
                id="silenced",
            ),
        ],
    )
    def test_process_without_a_log_says_nothing(self, told, program):
        """Neither there nor on stderr."""
        assert told(SET_UP + program) == []

    def test_process_that_stops_logging_its_calls_logs_that(self, told):
        """Else it would look like one that calls no more. It says so once, and logs no end."""
        (process,) = told(
            SET_UP + "set_up()\nimport shim\n"
            "for notices in ('ignore', 'log', 'ignore'): shim.configure(notices=notices)\n"
        )
        assert names(process) == [STARTED, "shim.notices_ignored"]

    def test_process_events_are_not_printed_for_a_structlog_that_fails(self, told):
        """The calls are: there is no other place for them."""
        broken = "import structlog\nstructlog.configure(processors=[lambda *_: 1 // 0])\n"
        assert told(broken + "import shim\nshim.configure()\n") == []
        err = r"structlog does not log .*\nevent=shim\.offline_api_called .*\n"
        summary = r"event=shim\.offline_usage_summarized .*\n"
        assert told(broken + CALL + "door()\n", err=err + summary) == []

    def test_only_calls_are_printed_if_nothing_is_set_up(self, told):
        """Not that the process has the shim."""
        err = r"event=shim\.offline_api_called .*\n"
        assert told(SET_UP + CALL + "door()\n", err=err) == []


class TestChildren:
    @forks
    def test_forked_child_logs_its_own_pair(self, told):
        """Whether it calls or not."""
        processes = told(
            SET_UP + "set_up()\nimport os" + CALL + "for turn in range(2):\n"
            "    child = os.fork()\n"
            "    if not child:\n"
            "        if turn: door()\n"
            "        sys.exit()\n"
            "    os.waitpid(child, 0)\n"
        )
        assert len(processes) == 3
        assert len({one["instance"] for process in processes for one in process}) == 3
        for process in processes:
            assert (names(process).count(STARTED), names(process).count(ENDED)) == (1, 1)

    @pytest.mark.parametrize("method", METHODS)
    def test_child_of_multiprocessing_that_calls_logs_a_pair(self, told, method):
        """As a part of the same service; the server that forks children is not one of them."""
        processes = told(
            SET_UP + "set_up()\nimport multiprocessing" + CALL + "import shim\n"
            "def calls(): door(); door()\n"
            "def configures(): shim.configure()\n"
            "def nothing(): pass\n"
            "if __name__ == '__main__':\n"
            f"    context = multiprocessing.get_context({method!r})\n"
            "    for target in (calls, configures, nothing):\n"
            "        child = context.Process(target=target)\n"
            "        child.start(); child.join()\n"
        )
        assert {one["service"] for process in processes for one in process} == {"program"}
        assert len(processes) == 3
        for process in processes:
            assert (names(process).count(STARTED), names(process).count(ENDED)) == (1, 1)
        assert sorted(process[-1]["calls"] for process in processes) == ["0", "0", "2"]
        modules = {one["caller_module"] for process in processes for one in process[1:-1]}
        assert modules == {"__main__"}

    @pytest.mark.parametrize("method", METHODS)
    def test_workers_of_a_pool_are_killed_without_noise(self, told, method):
        """What they logged before is there."""
        processes = told(
            SET_UP + "set_up()\nimport multiprocessing" + CALL + "def calls(_): door()\n"
            "if __name__ == '__main__':\n"
            f"    with multiprocessing.get_context({method!r}).Pool(2) as pool:\n"
            "        pool.map(calls, range(4))\n"
        )
        assert all(names(process)[0] == STARTED for process in processes)
        assert sum(ENDED in names(process) for process in processes) <= 1 + 2


class TestClosed:
    @pytest.mark.parametrize(
        "program",
        [
            "logging.basicConfig()\nimport shim\nsys.stderr.close()\n",
            "logging.basicConfig(stream=sys.stdout)\nimport shim\nsys.stdout.close()\n",
            "logging.basicConfig()\nimport shim, os\nos.close(2)\n",
            "logging.basicConfig()\nimport shim, os\nos.close(0)\nos.close(2)\n",
            "logging.basicConfig(stream=sys.stdout)\nimport shim, os\nos.close(1)\n",
            "import structlog\nstructlog.configure()\nimport shim\nsys.stdout.close()\n",
            "import structlog\nstructlog.configure()\nimport shim\nsys.stdout = None\n",
            "import structlog\nstructlog.configure()\nimport shim, os\nos.close(1)\n",
            """
            import io, structlog
            closed = io.StringIO()
            structlog.configure(logger_factory=structlog.PrintLoggerFactory(closed))
            import shim
            closed.close()
            """,
            """
            import io, structlog
            closed = io.StringIO()
            structlog.configure(logger_factory=structlog.WriteLoggerFactory(closed))
            import shim
            closed.close()
            """,
            "logging.basicConfig()\nsys.stderr.close()\nimport shim\nsys.stderr = sys.__stderr__\n",
        ],
    )
    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_streams_that_are_closed_at_exit_make_no_noise(
        self, run, monkeypatch, program, unbuffered
    ):
        """Nor do they change the exit code."""
        monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
        done = run(SET_UP + textwrap.dedent(program))
        assert done.code == 0
        assert "Error" not in done.err
        assert "Traceback" not in done.err
