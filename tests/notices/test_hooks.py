"""Who hears an event."""

import logging

import pytest
import structlog

from shim.notices import (
    NoticeHookFactory,
    OfflineCallFinished,
    emit,
    get_notice_hooks,
    set_notice_hooks,
)

EVENT = OfflineCallFinished(
    code="FXO001",
    function="set_status",
    mode="object",
    reason="mode",
    caller_file="/app/hr.py",
    caller_line=3,
    caller_module="hr",
    caller_function="leave",
    site=1,
    calls=4,
    members=2,
    changed=2,
    unchanged=0,
    failed=0,
    accepted=0,
    planned=0,
    api_calls={"/query": 1, "/update": 2},
    seconds=0.25,
    error_code=0,
    trace_id="E-O.1",
    trace_id_count=2,
    service="hr-sync",
    instance="7-0123456789ab",
    at="2026-11-26T01:02:03.004Z",
)
LINE = (
    "event=shim.offline_call_finished function=set_status caller_file=/app/hr.py caller_line=3 "
    "error_code=0 members=2 changed=2 unchanged=0 failed=0 accepted=0 planned=0 seconds=0.25 "
    "mode=object reason=mode api_calls=/query:1,/update:2 trace_id=E-O.1 trace_id_count=2 calls=4 "
    "code=FXO001 caller_module=hr caller_function=leave site=1 service=hr-sync "
    "instance=7-0123456789ab at=2026-11-26T01:02:03.004Z"
)


@pytest.fixture
def structured():
    """The application's own structlog."""
    said = structlog.testing.LogCapture()
    structlog.configure(processors=[said])
    yield said.entries
    structlog.reset_defaults()


def broken(_event):
    msg = "token-canary"
    raise ValueError(msg)


class TestSetNoticeHooks:
    def test_hooks_hear_in_order(self):
        """Every hook hears every event, in the order given."""
        heard = []
        set_notice_hooks([lambda e: heard.append((1, e)), lambda e: heard.append((2, e))])
        emit(EVENT)
        assert heard == [(1, EVENT), (2, EVENT)]

    def test_factory_is_called_once_when_needed(self):
        """A factory's hook is made at the first event, and kept."""
        made, heard = [], []

        def factory():
            made.append(1)
            return heard.append

        set_notice_hooks([NoticeHookFactory(factory)])
        assert not made
        emit(EVENT)
        emit(EVENT)
        assert (made, heard) == ([1], [EVENT, EVENT])

    def test_none_given_silences(self, caplog):
        """No hooks, no events."""
        set_notice_hooks(())
        emit(EVENT)
        assert get_notice_hooks() == ()
        assert not caplog.records

    def test_none_brings_back_the_default(self, caplog):
        """None is the default hook again."""
        set_notice_hooks(())
        set_notice_hooks(None)
        with caplog.at_level("INFO", "shim"):
            emit(EVENT)
        assert [record.message for record in caplog.records] == [LINE]

    def test_get_makes_what_is_to_be_made(self):
        """The hooks in force are hooks, not factories, and the same each time."""
        heard = []
        set_notice_hooks([NoticeHookFactory(lambda: heard.append), print])
        assert get_notice_hooks() == get_notice_hooks() == (heard.append, print)


class TestBrokenHooks:
    def test_call_goes_on_and_error_type_is_logged_once(self, caplog):
        """What a hook raises is swallowed, and told once, without its text."""
        heard = []
        set_notice_hooks([broken, heard.append])
        emit(EVENT)
        emit(EVENT)
        assert heard == [EVENT, EVENT]
        (record,) = caplog.records
        assert (record.name, record.levelname) == ("shim", "ERROR")
        assert "error=ValueError" in record.message
        assert "canary" not in caplog.text

    def test_each_broken_hook_is_logged(self, caplog):
        """One broken hook does not hide another."""
        set_notice_hooks([broken, lambda: None])
        emit(EVENT)
        failed = [record.shim for record in caplog.records]
        assert [one["event"] for one in failed] == ["shim.notice_hook_failed"] * 2
        assert [one["error"] for one in failed] == ["ValueError", "TypeError"]

    def test_structlog_gets_the_failure_if_it_is_configured(self, structured, caplog):
        """It is an event like the others, so it belongs into the log that the others are in."""
        set_notice_hooks([broken])
        emit(EVENT)
        (failed,) = structured
        assert (failed["event"], failed["error"]) == ("shim.notice_hook_failed", "ValueError")
        assert failed["instance"]
        assert not caplog.records

    def test_broken_factory(self, caplog):
        """A hook that cannot be made is a broken hook; who asks for it hears why."""
        set_notice_hooks([NoticeHookFactory(lambda: broken(EVENT))])
        emit(EVENT)
        emit(EVENT)
        assert len(caplog.records) == 1
        with pytest.raises(ValueError, match="token-canary"):
            get_notice_hooks()

    def test_broken_logging(self):
        """A logger that raises does not break the call either."""

        class Broken(logging.Handler):
            def emit(self, _record):
                raise ValueError

        handler = Broken()
        logging.getLogger("shim").addHandler(handler)
        try:
            set_notice_hooks([broken])
            emit(EVENT)
        finally:
            logging.getLogger("shim").removeHandler(handler)


class TestDefaultHook:
    def test_structlog_where_configured(self, structured, caplog):
        """An application's structlog gets name, level and fields."""
        emit(EVENT)
        assert structured == [{"event": EVENT.name, "log_level": "info", **EVENT.fields()}]
        assert not caplog.records

    def test_structlog_configured_later(self, structured, caplog):
        """Which way to speak is asked at each event."""
        structlog.reset_defaults()
        with caplog.at_level("INFO", "shim"):
            emit(EVENT)
        assert (len(caplog.records), structured) == (1, [])

    def test_logging_otherwise(self, caplog):
        """The logger `shim` gets one line, and the same fields on the record."""
        with caplog.at_level("INFO", "shim"):
            emit(EVENT)
        (record,) = caplog.records
        assert (record.name, record.levelname, record.getMessage()) == ("shim", "INFO", LINE)
        assert record.shim == {"event": EVENT.name, **EVENT.fields()}

    def test_level_is_respected(self, caplog):
        """Nothing is rendered for a logger that does not listen."""
        with caplog.at_level("WARNING", "shim"):
            emit(EVENT)
        assert not caplog.records

    def test_nothing_on_stdout(self, capfd):
        """Nothing is ever printed."""
        emit(EVENT)
        assert capfd.readouterr().out == ""

    def test_logging_is_left_alone(self, run):
        """The library configures neither logging nor structlog."""
        done = run(
            "import logging, structlog\n"
            "from shim.notices import Notice, NoticeContext, noticed\n"
            "n = Notice('FXO001', 'f', 'r', 'a', lambda: NoticeContext('warn', 'object'))\n"
            "noticed(lambda: None, n)()\n"
            "assert not logging.getLogger().handlers\n"
            "assert not logging.getLogger('shim').handlers\n"
            "assert logging.getLogger('shim').level == 0\n"
            "assert not structlog.is_configured()\n"
        )
        assert (done.code, done.out) == (0, "")
        assert "FXO001" in done.err
