"""Events arrive whole in the application's log, whatever its structlog and its logging do."""

import asyncio
import dataclasses
import gc
import io
import json
import logging
import logging.config
import re
import sys
import threading
import typing
from collections.abc import Mapping

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shim.notices import NoticeEvent, emit
from shim.notices import _events as events
from shim.notices._writer import line

KINDS = [
    kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, NoticeEvent) and kind is not NoticeEvent
]
# What structlog's processors and loggers write, read or take out, beside the callsite parameters.
RESERVED = {
    *vars(logging.makeLogRecord({})),
    *("taskName", "message", "asctime"),
    *(one.value for one in structlog.processors.CallsiteParameter),
    *("event", "level", "level_number", "logger", "logger_name", "timestamp", "exception"),
    *("exc_info", "stack", "stack_info", "stacklevel", "positional_args", "extra", "msg"),
    *("color_message", "_record", "_from_structlog", "self", "method_name", "meth"),
}
# Python 3.10 has no qualified names.
CALLSITE = {
    one
    for one in structlog.processors.CallsiteParameter
    if one.name != "QUAL_NAME" or sys.version_info >= (3, 11)
}
TEXTS = st.one_of(
    st.text(max_size=20),
    st.text(alphabet=' "=\\\n\r\t\x1b\x85\u2028\ud800,人=', max_size=8),
    st.sampled_from(["", "/app/hr.py", "C:\\app\\hr.py", "C:\\my app\\hr.py", "<module>"]),
)


def values(hint):
    """Return values of a field's type."""
    kinds = {
        str: TEXTS,
        int: st.integers(0, 10**6),
        float: st.floats(0, 1e6),
        bool: st.booleans(),
    }
    if typing.get_origin(hint) is typing.Literal:
        return st.sampled_from(typing.get_args(hint))
    if typing.get_origin(hint) is tuple:
        return st.lists(st.from_regex(r"\w+", fullmatch=True), max_size=3).map(tuple)
    if typing.get_origin(hint) is Mapping:
        return st.dictionaries(st.from_regex(r"/\w+", fullmatch=True), st.integers(0, 9))
    return kinds[hint] if hint in kinds else st.none() | st.integers(0, 99999)


def event_of(kind):
    """Return events of a kind, with any values."""
    namespace = {**vars(typing), **vars(events), "Mapping": Mapping}
    hints = {one.name: eval(one.type, namespace) for one in dataclasses.fields(kind)}  # noqa: S307
    return st.builds(kind, **{name: values(hint) for name, hint in hints.items()})


ANY = st.sampled_from(KINDS).flatmap(event_of)
EVENT = events.OfflineAPICalled(
    code="FXO001",
    function="set_status",
    replacement="PersonnelObj update",
    address="fxshim explain FXO001",
    caller_file="/app/hr.py",
    caller_line=3,
    caller_module="hr",
    caller_function="leave",
    site=1,
    calls=10,
    calls_since=9,
    mode="object",
    service="hr-sync",
    instance="7-0123456789ab",
    at="2026-11-26T01:02:03.004Z",
)


def said(event):
    return {"event": event.name, **event.fields()}


def plain(value):
    """Return a value as JSON has it."""
    return json.loads(json.dumps(value))


@pytest.fixture
def screen():
    """What the application's logging writes: whole lines of JSON, with what `extra` added."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Whole())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)
    structlog.reset_defaults()
    logging.getLogger("shim").disabled = False


class Whole(logging.Formatter):
    def format(self, record):
        shown = {"message": record.getMessage(), "logger": record.name, "level": record.levelname}
        return json.dumps({**shown, "shim": getattr(record, "shim", None)})


def lines(stream):
    return [json.loads(one) for one in stream.getvalue().splitlines()]


def configure(*processors, **options):
    """Configure structlog as applications do."""
    options.setdefault("logger_factory", structlog.stdlib.LoggerFactory())
    options.setdefault("wrapper_class", structlog.stdlib.BoundLogger)
    structlog.configure(processors=processors, cache_logger_on_first_use=False, **options)


class TestNames:
    @pytest.mark.parametrize("kind", KINDS)
    def test_no_field_is_named_as_what_logging_or_structlog_write(self, kind):
        """They would write over it, or refuse the record."""
        assert not RESERVED & set(kind.field_names())

    def test_all_kinds_are_there(self):
        """And named as readers look for them."""
        assert len(KINDS) > 10
        assert all(re.fullmatch(r"shim\.[a-z_]+", kind.name) for kind in KINDS)


class TestLine:
    @given(event=ANY)
    def test_every_field_can_be_read_back(self, event):
        """From one printable line."""
        text = line(said(event))
        assert text.isprintable()
        pairs = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)', text)
        assert " ".join("=".join(pair) for pair in pairs) == text
        read = {
            name: json.loads(value) if value.startswith('"') else value for name, value in pairs
        }
        for name, value in said(event).items():
            if value is None:
                assert read[name] == ""
            elif isinstance(value, bool):
                assert read[name] == str(value).lower()
            elif isinstance(value, tuple):
                assert read[name] == ",".join(value)
            elif isinstance(value, Mapping):
                assert read[name] == ",".join(f"{key}:{one}" for key, one in value.items())
            else:
                assert read[name] == str(value)

    def test_reads_well(self):
        """A plain word is bare; what is empty is in quotes."""
        fields = {
            "a": "word",
            "b": "two words",
            "c": "",
            "d": (),
            "e": None,
            "f": True,
            "g": ("x",),
        }
        assert line(fields) == 'a=word b="two words" c="" d="" e="" f=true g=x'


class TestStructlog:
    @pytest.mark.parametrize("name", [*EVENT.field_names(), *events.BulkRunFinished.field_names()])
    def test_time_stamp_in_a_field_of_ours_leaves_the_field(self, name, screen):
        """The event is whole; the field has another name then."""
        configure(
            structlog.processors.TimeStamper(fmt="iso", key=name),
            structlog.processors.JSONRenderer(),
        )
        emit(EVENT)
        (told,) = [json.loads(one["message"]) for one in lines(screen)]
        for field, value in said(EVENT).items():
            assert told[f"shim_{field}" if field == name else field] == value

    @pytest.mark.parametrize(
        "last",
        [structlog.stdlib.render_to_log_kwargs, structlog.stdlib.render_to_log_args_and_kwargs],
    )
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
    @given(event=ANY)
    def test_fields_given_to_logging_are_whole_in_text_and_record(self, last, event, screen):
        """Many formats show the message only."""
        screen.truncate(screen.seek(0))
        configure(structlog.stdlib.add_log_level, last)
        emit(event)
        (one,) = lines(screen)
        assert (one["message"], one["logger"]) == (line(said(event)), "shim")
        assert one["shim"] == plain(said(event))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
    @given(event=ANY)
    def test_no_processor_that_adds_something_costs_a_field(self, event, screen):
        """Those of structlog, all at once."""
        screen.truncate(screen.seek(0))
        configure(
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_log_level_number,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.CallsiteParameterAdder(CALLSITE),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            structlog.processors.UnicodeDecoder(),
            structlog.processors.JSONRenderer(),
        )
        emit(event)
        (told,) = [json.loads(one["message"]) for one in lines(screen)]
        assert {name: told[name] for name in said(event)} == plain(said(event))

    def test_processor_that_raises_leaves_the_event_to_logging(self, screen):
        """Whole, each time; that it raised is logged once, without the text of the error."""

        def broken(_logger, _method, _event):
            msg = "token-canary"
            raise KeyError(msg)

        configure(broken)
        for _ in range(3):
            emit(EVENT)
        told = [one for one in lines(screen) if one["shim"]]
        assert [one["shim"] for one in told] == [plain(said(EVENT))] * 3
        assert [one["message"] for one in told] == [line(said(EVENT))] * 3
        rest = [one for one in lines(screen) if not one["shim"]]
        assert len(rest) <= 1, "earlier tests may have had it"
        assert "canary" not in screen.getvalue()
        assert "shim.notice_hook_failed" not in screen.getvalue()

    def test_failure_is_logged_once(self, run):
        """In a process of its own: with its type, as no event."""
        done = run(
            "import logging, structlog\n"
            "from shim.notices import *\n"
            "logging.basicConfig(format='%(message)s')\n"
            "structlog.configure(processors=[lambda *_: 1 // 0])\n"
            "for _ in range(3): emit(QuotaStoreRecovered(seconds=1))\n"
        )
        told = done.err.splitlines()
        (rest,) = [one for one in told if not one.startswith("event=")]
        assert rest == (
            "structlog does not log the events of fxiaoke-shim (ZeroDivisionError): the logger "
            "'shim' does"
        )
        assert sum("event=shim.quota_store_recovered seconds=1 " in one for one in told) == 3

    def test_application_may_drop_events(self, screen):
        """That is its choice, and no failure."""

        def drop(_logger, _method, _event):
            raise structlog.DropEvent

        configure(drop)
        emit(EVENT)
        assert not lines(screen)


class Awaited(structlog.stdlib.AsyncBoundLogger):
    """An application's own."""


def in_a_thread():
    thread = threading.Thread(target=emit, args=(EVENT,))
    thread.start()
    thread.join()


async def in_a_loop():
    emit(EVENT)


async def in_a_thread_of_a_loop():
    await asyncio.get_running_loop().run_in_executor(None, emit, EVENT)


@pytest.mark.filterwarnings("error")
class TestAwaited:
    @pytest.mark.parametrize("wrapper", [structlog.stdlib.AsyncBoundLogger, Awaited])
    @pytest.mark.parametrize(
        "door",
        [
            pytest.param(lambda: emit(EVENT), id="no loop"),
            pytest.param(in_a_thread, id="thread"),
            pytest.param(lambda: asyncio.run(in_a_loop()), id="loop"),
            pytest.param(lambda: asyncio.run(in_a_thread_of_a_loop()), id="thread of a loop"),
        ],
    )
    def test_async_bound_logger_logs_at_once(self, wrapper, door, screen):
        """Through the application's processors, in a loop or not."""
        configure(structlog.processors.JSONRenderer(), wrapper_class=wrapper)
        door()
        gc.collect()
        (one,) = lines(screen)
        assert json.loads(one["message"]) == plain(said(EVENT))

    def test_other_logger_that_is_awaited_leaves_the_event_to_logging(self, screen):
        """No coroutine is left that was never awaited."""

        class Own(structlog.stdlib.BoundLogger):
            async def warning(self, *_arguments, **_fields):
                raise AssertionError

        configure(structlog.processors.JSONRenderer(), wrapper_class=Own)
        emit(EVENT)
        gc.collect()
        assert [one["shim"] for one in lines(screen) if one["shim"]] == [plain(said(EVENT))]

    def test_other_awaitable_leaves_the_event_to_logging(self, screen):
        """Nothing says that it runs by itself."""

        class Later:
            def __await__(self):
                raise AssertionError

        class Own(structlog.stdlib.BoundLogger):
            def warning(self, *_arguments, **_fields):
                return Later()

        configure(structlog.processors.JSONRenderer(), wrapper_class=Own)
        emit(EVENT)
        assert [one["shim"] for one in lines(screen) if one["shim"]] == [plain(said(EVENT))]

    def test_task_that_logs_is_not_logged_twice(self, screen):
        """It is under way."""

        class Own(structlog.stdlib.BoundLogger):
            def warning(self, event, **fields):
                async def later():
                    self._proxy_to_logger("warning", event, **fields)

                return asyncio.get_running_loop().create_task(later())

        async def main():
            emit(EVENT)
            await asyncio.sleep(0)

        configure(structlog.processors.JSONRenderer(), wrapper_class=Own)
        asyncio.run(main())
        (one,) = lines(screen)
        assert json.loads(one["message"]) == plain(said(EVENT))


CONFIGURE = """
import io, logging, logging.config, sys, structlog
from shim.notices import *

def config():
    logging.config.dictConfig({
        "version": 1,
        "handlers": {"h": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}},
        "root": {"handlers": ["h"], "level": "INFO"},
    })

def recovered():
    emit(QuotaStoreRecovered(seconds=1))

"""
RECOVERED = "event=shim.quota_store_recovered"
DISABLED = "event=shim.logger_disabled disabled=shim"


class TestDisabled:
    def test_logging_configured_after_the_first_event_loses_nothing(self, run):
        """It disables the loggers that are there; ours is none of them."""
        done = run(CONFIGURE + "config(); recovered(); config(); recovered(); recovered()\n")
        assert done.out.count(RECOVERED) == 3
        assert DISABLED not in done.out
        assert done.err == ""

    @pytest.mark.parametrize(
        "before",
        [
            "logging.getLogger('shim')",
            """structlog.configure(processors=[structlog.processors.JSONRenderer()],
            logger_factory=structlog.stdlib.LoggerFactory()); recovered()""",
        ],
    )
    def test_disabled_logger_is_reported_once(self, run, before):
        """By a logger in its place, to the handlers that are there."""
        done = run(CONFIGURE + f"{before}\nconfig(); recovered(); recovered()\n")
        assert done.out.count(DISABLED) == 1
        assert RECOVERED not in done.out

    def test_disabled_logger_without_handlers_is_reported_on_stderr(self, run):
        """There is no other place."""
        done = run(CONFIGURE + "logging.getLogger('shim').disabled = True\nrecovered()\n")
        assert done.err.count(DISABLED) == 1

    def test_level_of_the_logger_counts(self, screen):
        """Set at any time, by the application, on `shim` or on the root."""
        logging.getLogger().setLevel(logging.ERROR)
        emit(EVENT)
        logging.getLogger().setLevel(logging.INFO)
        emit(EVENT)
        assert len(lines(screen)) == 1

    def test_logger_class_of_the_application_makes_the_records(self, run):
        """Its formats may need what that class adds."""
        done = run(
            CONFIGURE + "class Own(logging.Logger):\n"
            "    def makeRecord(self, *a, **k):\n"
            "        record = super().makeRecord(*a, **k)\n"
            "        record.own = 'own'\n"
            "        return record\n"
            "logging.setLoggerClass(Own)\n"
            "logging.basicConfig(format='%(own)s %(message)s', stream=sys.stdout)\n"
            "recovered()\n"
        )
        assert done.out.startswith(f"own {RECOVERED}")
        assert done.err == ""
