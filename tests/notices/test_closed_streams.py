"""The last summary of a process whose log streams are closed by then: complete and silent."""

import os
import textwrap

import pytest

CALL = """
import atexit, io, logging, logging.handlers, os, queue, sys
from shim.notices import *

kept, after = logging.FileHandler(sys.argv[1]), logging.FileHandler(sys.argv[2])
notice = Notice("FXO001", "f", "r", "a", lambda: NoticeContext("log", "object"))
stream = io.StringIO()

def call(handler):
    # Between one handler that works and another.
    logging.basicConfig(handlers=[kept, handler, after], level=logging.INFO)
    for _ in range(2):
        noticed(lambda: None, notice)()

"""
SUMMARY = "event=shim.offline_usage_summarized "
ENDED = "event=shim.process_ended"
NOISE = "--- Logging error ---"


@pytest.fixture
def end(run, tmp_path):
    """Run a program to its end, check that the two handlers have the summary; give its stderr."""

    def end(program):
        files = [tmp_path / "kept.log", tmp_path / "after.log"]
        done = run(CALL + textwrap.dedent(program), *map(str, files))
        assert done.code == 0, done.err
        assert [file.read_text().count(SUMMARY) for file in files] == [1, 1]
        return done.err

    return end


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("call(logging.StreamHandler(stream)); stream.close()", id="StringIO"),
        pytest.param(
            "stream = open(os.devnull, 'w'); call(logging.StreamHandler(stream)); stream.close()",
            id="file",
        ),
        pytest.param("call(logging.StreamHandler()); sys.stderr.close()", id="stderr"),
        pytest.param(
            """
            target = logging.StreamHandler(stream)
            call(logging.handlers.MemoryHandler(1000, target=target))
            stream.close()
            """,
            id="the target of a buffering handler, flushed when logging shuts down",
        ),
        pytest.param(
            """
            records = queue.Queue()
            listener = logging.handlers.QueueListener(records, logging.StreamHandler(stream))
            # Registered before ours, so it ends after ours.
            atexit.register(listener.stop)
            listener.start()
            call(logging.handlers.QueueHandler(records))
            listener.stop(); stream.close(); listener.start()
            """,
            id="a thread that writes what a queue holds",
        ),
        pytest.param(
            """
            multiprocessing = __import__("multiprocessing")

            def work():
                call(logging.StreamHandler(stream))
                stream.close()

            if __name__ == "__main__":
                child = multiprocessing.get_context("spawn").Process(target=work)
                child.start()
                child.join()
            """,
            id="in a child of multiprocessing",
        ),
    ],
)
def test_other_handlers_get_the_summary_and_nothing_is_printed(end, program):
    """Whatever the closed stream belongs to."""
    err = end(program)
    assert NOISE not in err
    assert "Traceback" not in err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="os.fork (not on Windows)")
def test_daemon_logs_its_summary_and_writes_into_no_file_of_others(end, tmp_path):
    """A file that it opens has the number of the closed stderr: a traceback would go into it."""
    other = tmp_path / "other"
    assert (
        end(
            f"""
            if os.fork():
                os.wait()
                os._exit(0)
            os.setsid()
            for number in (0, 1, 2):
                os.close(number)
            files = [os.open(os.devnull, os.O_RDWR) for _ in (0, 1)]
            assert os.open({str(other)!r}, os.O_WRONLY | os.O_CREAT) == 2
            call(logging.StreamHandler(stream))
            stream.close()
            """
        )
        == ""
    )
    assert other.read_text() == ""


def test_structlog_that_prints_to_a_closed_stream_is_silent(run):
    """Its failure is no news at exit, and there is no place for it."""
    done = run(
        "import io, structlog\n"
        "from shim.notices import *\n"
        "stream = io.StringIO()\n"
        "structlog.configure(logger_factory=structlog.PrintLoggerFactory(stream))\n"
        "n = Notice('FXO001', 'f', 'r', 'a', lambda: NoticeContext('log', 'object'))\n"
        "noticed(lambda: None, n)()\n"
        "stream.close()\n"
    )
    assert (done.code, done.out, done.err) == (0, "", "")


def test_logging_has_the_summary_if_structlog_prints_to_a_closed_stream(run, tmp_path):
    """If it is set up as well; nothing is said of structlog."""
    log = tmp_path / "app.log"
    done = run(
        "import io, logging, structlog, sys\n"
        "from shim.notices import *\n"
        "logging.basicConfig(filename=sys.argv[1], format='%(message)s')\n"
        "stream = io.StringIO()\n"
        "structlog.configure(logger_factory=structlog.PrintLoggerFactory(stream))\n"
        "n = Notice('FXO001', 'f', 'r', 'a', lambda: NoticeContext('log', 'object'))\n"
        "noticed(lambda: None, n)()\n"
        "stream.close()\n",
        str(log),
    )
    assert (done.code, done.out, done.err) == (0, "", "")
    lines = log.read_text().splitlines()
    assert [line.split()[0] for line in lines[-2:]] == [SUMMARY.strip(), ENDED]
    assert not any("does not log" in line for line in lines)


def test_hook_that_fails_at_exit_for_another_reason_is_reported(run):
    """A hook written for one kind of event, for example."""
    done = run(
        "from shim.notices import *\n"
        "n = Notice('FXO001', 'f', 'r', 'a', lambda: NoticeContext('log', 'object'))\n"
        "set_notice_hooks([lambda event: event.calls_since])\n"
        "noticed(lambda: None, n)()\n"
    )
    assert done.err.count("event=shim.notice_hook_failed error=AttributeError") == 1


def test_logging_errors_of_the_application_are_printed_as_ever(end):
    """Before our summary and after it."""
    err = end(
        """
        def application():
            logging.getLogger("application").warning("a record of its own")

        # One exit handler of the application runs after ours, the other before.
        atexit.register(application)
        call(logging.StreamHandler(stream))
        atexit.register(application)
        stream.close()
        """
    )
    assert err.count(NOISE) == 2
    assert "offline_usage_summarized" not in err
