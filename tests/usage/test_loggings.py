"""docs/usage.md says which loggings can be read back; each is tried."""

import csv
import io
import json
import logging
import re
from pathlib import Path

import pytest
import structlog
from rich.console import Console
from rich.logging import RichHandler

import shim
from shim.notices import LoggerDisabled, ProcessEnded, ProcessStarted
from shim.usage import read_usage

TABLE = (Path(__file__).parents[2] / "docs" / "usage.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| (.+) \| (yes|no) \|$", TABLE, re.MULTILINE))


@pytest.fixture
def screen():
    """Return what is logged to; afterwards logging is as it was."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger("shim").addHandler(handler)
    yield stream
    logging.getLogger("shim").handlers.clear()
    structlog.reset_defaults()


def by_structlog(*processors):
    """Return what makes structlog log so."""

    def set_up(stream):
        structlog.configure(
            processors=[structlog.stdlib.add_log_level, *processors],
            logger_factory=structlog.PrintLoggerFactory(stream),
            cache_logger_on_first_use=False,
        )

    return set_up


def by_logging(form):
    """Return what makes the standard logger log so."""

    def set_up(_):
        logging.getLogger("shim").handlers[-1].setFormatter(logging.Formatter(form))

    return set_up


class InJSON(logging.Formatter):
    """A message in the JSON of a container."""

    def format(self, record):
        return json.dumps({"stream": "stderr", "log": record.getMessage()})


def in_json(_):
    logging.getLogger("shim").handlers[-1].setFormatter(InJSON())


class InCSV(logging.Formatter):
    """A message in a column."""

    def format(self, record):
        out = io.StringIO()
        csv.writer(out).writerow([record.levelname, record.getMessage()])
        return out.getvalue().rstrip()


def in_csv(_):
    logging.getLogger("shim").handlers[-1].setFormatter(InCSV())


def by_rich(stream):
    """Log as rich does on a terminal of 80 columns."""
    logger = logging.getLogger("shim")
    logger.handlers[-1].setStream(io.StringIO())
    logger.addHandler(RichHandler(console=Console(file=stream, width=80, force_terminal=True)))


processors = structlog.processors
LOGGINGS = {
    "the standard logger": by_logging(
        "%(asctime)s %(levelname)s [%(name)s] %(message)s (%(lineno)d)"
    ),
    "structlog with `JSONRenderer": by_structlog(processors.JSONRenderer(default=str)),
    "structlog with `LogfmtRenderer": by_structlog(processors.LogfmtRenderer(sort_keys=True)),
    "structlog with `ConsoleRenderer": by_structlog(structlog.dev.ConsoleRenderer(colors=True)),
    "structlog with `KeyValueRenderer": by_structlog(processors.KeyValueRenderer()),
    "structlog with `EventRenamer": by_structlog(
        processors.EventRenamer("message"), processors.JSONRenderer(default=str)
    ),
    "JSON of another": in_json,
    "a CSV file": in_csv,
    "rich's": by_rich,
    "a format without": by_logging("%(levelname)s %(message).40s"),
}


@pytest.mark.parametrize("row", ROWS)
def test_the_table_says_what_is_read(row, screen, tenant, tmp_path):
    """Yes: the call is found, exactly once. No: none is, and that is counted."""
    made = tenant(2)
    (set_up,) = (how for start, how in LOGGINGS.items() if row.startswith(start))
    set_up(screen)
    shim.get_department_list(made.corp_access_token, made.corp_id)
    (tmp_path / "app.log").write_text(screen.getvalue(), encoding="utf-8")
    assert "offline_api_called"[:15] in screen.getvalue()
    usage = read_usage([str(tmp_path / "app.log")])
    assert [one.seen.calls for one in usage.sites.values()] == ([1] if ROWS[row] == "yes" else [])
    assert (usage.log.unread == 0) == (ROWS[row] == "yes")


def test_every_logging_has_a_row():
    """Nothing is tried that the table does not name."""
    assert len(ROWS) == len(LOGGINGS) > 0


def test_the_module_that_logs_is_no_event(screen, tenant, tmp_path):
    """loguru writes it, and `shim.notices` is how an event's name begins."""
    made = tenant(2)
    by_logging("%(levelname)s | shim.notices._writer:%(funcName)s:%(lineno)d - %(message)s")(screen)
    shim.get_department_list(made.corp_access_token, made.corp_id)
    (tmp_path / "app.log").write_text(screen.getvalue(), encoding="utf-8")
    usage = read_usage([str(tmp_path / "app.log")])
    assert (usage.log.unread, len(usage.sites)) == (0, 1)


def test_gelf_has_a_version_of_its_own(tmp_path):
    """And writes each field with an underscore."""
    events = [
        ProcessStarted(version="0.1.0"),
        LoggerDisabled(disabled="shim"),
        ProcessEnded(version="0.1.0", calls=1, sites=1),
    ]
    with (tmp_path / "app.log").open("w") as log:
        for event in events:
            fields = {f"_{name}": value for name, value in event.fields().items()}
            line = {"version": "1.1", "host": "h", "short_message": event.name, **fields}
            log.write(f"{json.dumps(line)}\n")
    usage = read_usage([str(tmp_path / "app.log")])
    (process,) = usage.log.processes.values()
    assert (usage.log.events, usage.log.unread) == (3, 0)
    assert (process.ended, set(process.faults)) == (True, {LoggerDisabled.name})


@pytest.mark.parametrize("renderer", [processors.JSONRenderer(), processors.LogfmtRenderer()])
@pytest.mark.parametrize("key", ["at", "calls", "caller_file", "service"])
def test_a_field_that_structlog_writes_over_is_read_under_its_other_name(
    renderer, key, screen, tenant, tmp_path
):
    """Whatever the stamp looks like."""
    made = tenant(2)
    stamper = processors.TimeStamper(fmt="%H:%M", key=key)
    by_structlog(flat, stamper, renderer)(screen)
    shim.get_department_list(made.corp_access_token, made.corp_id)
    (tmp_path / "app.log").write_text(screen.getvalue(), encoding="utf-8")
    usage = read_usage([str(tmp_path / "app.log")])
    assert usage.log.unread == 0
    ((site, seen),) = usage.sites.items()
    assert (seen.seen.calls, Path(seen.file).name) == (1, Path(__file__).name)
    assert ":" not in site.service


def flat(_logger, _level, event):
    """Write what LogfmtRenderer refuses as text."""
    return {
        name: value if isinstance(value, (str, int, float)) else str(value)
        for name, value in event.items()
    }
