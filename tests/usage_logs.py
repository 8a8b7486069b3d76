"""Logs to read back: events of the shim as lines, and files of them."""

# ruff: noqa: PLR0913, PLR0917 - an event has that many fields.

import gzip
import json
import logging
from datetime import datetime, timedelta, timezone

import shim
from shim.notices import (
    OfflineAPICalled,
    OfflineCallFinished,
    OfflineUsageSummarized,
    ShadowCompared,
)
from shim.usage import read_usage

NOW = datetime(2026, 11, 26, 12, tzinfo=timezone.utc)
CALLER = {
    "caller_file": "hr.py",
    "caller_line": 7,
    "caller_module": "hr",
    "caller_function": "go",
    "service": "hr-sync",
}
ABOUT = {"replacement": "PersonnelObj update", "address": "fxshim explain FXO001"}
WHAT = {"code": "FXO001", "function": "set_member_status_batch"}


def at(day, second=0):
    """Return a time a number of days after the first of November."""
    moment = datetime(2026, 11, 1, tzinfo=timezone.utc) + timedelta(days=day, seconds=second)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def called(calls=1, day=0, second=0, process="1-a", site=1, mode="object", **others):
    return OfflineAPICalled(
        **{**WHAT, **ABOUT, **CALLER, **others},
        site=site,
        calls=calls,
        calls_since=1,
        mode=mode,
        instance=process,
        at=at(day, second),
    )


def summarized(calls=1, day=0, second=0, process="1-a", site=1, mode="object", **others):
    return OfflineUsageSummarized(
        **{**WHAT, **ABOUT, **CALLER, **others},
        site=site,
        calls=calls,
        mode=mode,
        overflow=not {**CALLER, **others}["caller_file"],
        instance=process,
        at=at(day, second),
    )


def finished(calls=1, day=0, second=0, process="1-a", site=1, mode="object", **others):
    return OfflineCallFinished(
        **{**WHAT, **CALLER, **others},
        mode=mode,
        reason="mode",
        site=site,
        calls=calls,
        members=1,
        changed=1,
        unchanged=0,
        failed=0,
        accepted=0,
        planned=0,
        api_calls={"/cgi/crm/v2/data/query": 2},
        seconds=0.1,
        error_code=0,
        trace_id="E-O.1",
        trace_id_count=2,
        instance=process,
        at=at(day, second),
    )


def compared(result, mismatches=(), day=0, process="1-a", **others):
    return ShadowCompared(
        **{**WHAT, **CALLER, **others},
        result=result,
        against="object",
        mismatches=mismatches,
        expected=(),
        predicted_error_code=0,
        reason="",
        seconds=0.1,
        instance=process,
        at=at(day),
    )


def keyed(event):
    """Return the line of the default logger."""
    heard = []

    class Handler(logging.Handler):
        def emit(self, record):
            heard.append(record.getMessage())

    logger, handler = logging.getLogger("shim"), Handler()
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel("INFO")
    shim.set_notice_hooks(None)
    shim.get_notice_hooks()[0](event)
    logger.removeHandler(handler)
    logger.setLevel(level)
    return heard[0]


def as_json(event):
    return json.dumps({"event": event.name, "level": event.level, **event.fields()}, default=list)


WRAPPINGS = {
    "key=value": keyed,
    "json": as_json,
    "a formatter's prefix": lambda event: f"2026-11-01 10:00:00,123 WARNING [shim] {keyed(event)}",
    "syslog before json": lambda event: f"Nov  1 10:00:00 host app[7]: {as_json(event)}",
    "docker": lambda event: json.dumps({"log": keyed(event) + "\n", "stream": "stderr"}),
    "docker around json": lambda event: json.dumps({"log": as_json(event) + "\n"}),
    "a json logger": lambda event: json.dumps({"message": keyed(event), "name": "shim"}),
    "with the fields beside": lambda event: json.dumps(
        {"message": "x", "shim": {"event": event.name, **event.fields()}}, default=list
    ),
    "twice": lambda event: json.dumps({"log": json.dumps({"msg": as_json(event)})}),
    "in a list": lambda event: json.dumps({"records": [{"a": 1}, {"msg": keyed(event)}]}),
    "ecs": lambda event: json.dumps(
        {"@timestamp": event.at, "message": as_json(event), "log": {"level": "warn"}}
    ),
}


def write(path, lines, *, packed=False):
    content = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    return str(path)


def read(tmp_path, *events, now=NOW):
    return read_usage([write(tmp_path / "app.log", map(as_json, events))], now=now)


def only(usage):
    (site,) = usage.sites.values()
    return site.seen
