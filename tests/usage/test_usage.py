"""Logs are read back exactly, whatever order, files and wrappings their lines come in."""

# ruff: noqa: PLR0913, PLR0917 - an event has that many fields.

import bz2
import codecs
import gzip
import json
import logging
import lzma
import os
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import shim
from shim.notices import (
    OfflineAPICalled,
    OfflineCallFellBack,
    OfflineCallFinished,
    OfflineUsageSummarized,
    QuotaStoreLost,
    ShadowCompared,
)
from shim.notices._events import ProcessStarted
from shim.usage import SiteKey, SourceError, read_usage

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FXSHIM = Path(sys.executable).with_name("fxshim")
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
    """Return a time so many days after the first of November."""
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


@pytest.mark.parametrize("wrapped", WRAPPINGS.values(), ids=WRAPPINGS)
def test_however_it_was_wrapped(wrapped, tmp_path):
    """The event is found, with all of its fields."""
    others = {"caller_file": 'C:\\jobs dir\\h"r.py', "caller_function": "go.<locals>.<lambda>"}
    events = [
        called(1, **others),
        finished(3, mode="shadow", **others),
        compared("mismatch", ("errorCode", "employees[].name"), **others),
        summarized(4, second=9, **others),
    ]
    usage = read_usage([write(tmp_path / "a.log", map(wrapped, events))], now=NOW)
    assert (usage.log.events, usage.log.unread) == (4, 0)
    site = usage.sites[SiteKey("set_member_status_batch", "hr", "go.<locals>.<lambda>", "hr-sync")]
    assert site.file == others["caller_file"]
    assert (site.code, site.line, site.replacement) == ("FXO001", 7, "PersonnelObj update")
    assert site.seen.calls == 4
    assert site.seen.modes == {"shadow": 1, "object": 3}
    assert site.seen.paths == {"errorCode": 1, "employees[].name": 1}
    assert (site.seen.first, site.seen.last) == (at(0), at(0, 9))


class TestCounts:
    def test_the_largest_of_each_process_counts(self, tmp_path):
        """Summed over processes and over the sites of one line."""
        usage = read(
            tmp_path,
            called(1),
            called(10, second=5),
            summarized(12, second=9),
            summarized(3, second=9, site=2),
            called(1, process="2-b"),
        )
        assert only(usage).calls == 12 + 3 + 1
        assert only(usage).processes == {"1-a", "2-b"}

    def test_the_same_file_twice_counts_once(self, tmp_path):
        """By another name, a pattern, a copy: the counts are cumulative."""
        path = write(tmp_path / "a.log", [as_json(summarized(5)), as_json(finished(5))])
        (tmp_path / "b.log").symlink_to(path)
        write(tmp_path / "copy.gz", [as_json(summarized(5)), as_json(finished(5))], packed=True)
        usage = read_usage([path, str(tmp_path / "*.log"), str(tmp_path / "copy.gz")], now=NOW)
        assert len(usage.log.files) == 2
        assert only(usage).calls == 5

    def test_days(self, tmp_path):
        """What was called on a day is how far the count came on it."""
        usage = read(
            tmp_path,
            called(1),
            finished(4),
            summarized(10, day=1),
            summarized(10, day=2),
            summarized(15, day=3),
        )
        assert only(usage).days == {"2026-11-01": 4, "2026-11-02": 6, "2026-11-04": 5}

    def test_last_seen_is_that_of_a_call_where_each_is_logged(self, tmp_path):
        """The summary at exit is no call."""
        assert only(
            read(tmp_path, called(1), finished(1, second=3), summarized(1, day=9))
        ).last == (at(0, 3))

    def test_and_else_when_the_last_count_was_told(self, tmp_path):
        """It was not later; that it was earlier, nobody knows."""
        assert only(read(tmp_path, called(1), summarized(7, day=3), summarized(7, day=9))).last == (
            at(3)
        )

    def test_fell_back(self, tmp_path):
        """Calls that went the old way after all."""
        event = OfflineCallFellBack(**WHAT, **CALLER, error_code=15003, instance="1-a", at=at(0))
        assert only(read(tmp_path, called(1), event)).fell_back == 1

    def test_other_events_are_of_a_process(self, tmp_path):
        """Which thereby is known to have run."""
        lost = QuotaStoreLost(action="local", reason="x", instance="9-z", at=at(5))
        usage = read(tmp_path, lost)
        assert usage.sites == {}
        assert {name: one.days for name, one in usage.log.processes.items()} == {
            "9-z": {"2026-11-06"}
        }

    def test_several_lines_of_one_function(self, tmp_path):
        """One site of a baseline, each line with its calls."""
        usage = read(tmp_path, summarized(3), summarized(4, site=2, caller_line=9, second=5))
        (site,) = usage.sites.values()
        assert site.places == {"hr.py:7": 3, "hr.py:9": 4}
        assert site.place == "hr.py:9"

    def test_a_comparison_alone(self, tmp_path):
        """Its call's own line may be in another file."""
        seen = only(read(tmp_path, compared("match"), compared("not_compared")))
        assert (seen.calls, seen.compared, seen.not_compared) == (0, 1, 1)
        assert seen.mismatch_rate == 0


moments = st.integers(0, 5 * 86400)
histories = st.lists(
    st.tuples(
        st.sampled_from(["1-a", "2-b", "3-c"]),
        st.integers(1, 3),
        st.sampled_from(["go", "stop"]),
        st.lists(st.tuples(moments, st.booleans()), min_size=1, max_size=25),
    ),
    max_size=5,
    unique_by=lambda one: one[:2],
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories=histories, data=st.data())
def test_any_order_any_files_any_wrapping(histories, data, tmp_path):
    """The sums are those of a model that saw each call."""
    events, expected, days = [], Counter(), Counter()
    for process, number, name, calls in histories:
        kinds = {"process": process, "site": number, "caller_function": name}
        for count, (moment, logged) in enumerate(sorted(calls), 1):
            where = {"day": 0, "second": moment}
            if count in {1, 10}:
                events.append(called(count, **where, **kinds))
            elif logged:
                events.append(finished(count, **where, **kinds))
            else:
                # What is told at once is told on its day.
                events.append(summarized(count, **where, **kinds))
            expected[name] += 1
            days[name, at(0, moment)[:10]] += 1
        events.append(summarized(len(calls), day=6, **kinds))
    lines = data.draw(st.permutations([*events, *events[:3]]))
    wrapped = [data.draw(st.sampled_from(list(WRAPPINGS.values())))(one) for one in lines]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(lines)), max_size=2)))
    names = []
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(lines)], strict=True)):
        packed = data.draw(st.booleans())
        names.append(write(tmp_path / f"{number}.log", wrapped[start:end], packed=packed))
    usage = read_usage(names, now=NOW)
    assert {key.qualified_name: one.seen.calls for key, one in usage.sites.items()} == expected
    found = Counter(
        {
            (key.qualified_name, day): calls
            for key, one in usage.sites.items()
            for day, calls in one.seen.days.items()
        }
    )
    assert found == days
    assert usage.log.events == len(lines)


class TestBadLines:
    @pytest.mark.parametrize(
        ("line", "why"),
        [
            (as_json(called())[:90], "does not tell it whole"),
            (as_json(called()).replace('"site": 1', '"site": "x"'), "has no whole site"),
            (as_json(called()).replace('"calls": 1', '"calls": -1'), "has no whole calls"),
            (as_json(called()).replace('"calls": 1', '"calls": true'), "has no whole calls"),
            (as_json(called()).replace('"calls": 1', f'"calls": {10**15}'), "has no whole calls"),
            (as_json(called()).replace('"calls": 1,', ""), "has no whole calls"),
            (as_json(called()).replace("T00:00", "T99:00"), "has no whole at"),
            (as_json(called()).replace("-01T00:00", "-31T00:00"), "has no whole at"),
            (as_json(called()).replace('"at": "2026', '"at": 7, "x": "2026'), "has no whole at"),
            (as_json(called()).replace('"instance": "1-a"', '"instance": 5'), "no whole instance"),
            (as_json(called()).replace('"instance": "1-a"', '"instance": []'), "no whole instance"),
            (as_json(called()).replace('"instance": "1-a"', '"instance": ""'), "no whole instance"),
            (as_json(called()).replace('"instance": "1-a"', '"process": 7'), "no whole instance"),
            (as_json(called()).replace('"caller_module": "hr"', '"x": 1'), "whole caller_module"),
            (as_json(called()).replace('"hr"', '"\\ud800"'), "has no whole caller_module"),
            (as_json(called()).replace('"hr"', '"\ufffd"'), "has no whole caller_module"),
            (as_json(called()).replace('"hr"', '"??"'), "has no whole caller_module"),
            (as_json(called()).replace('"hr"', '"\\u001b[2J"'), "has no whole caller_module"),
            (as_json(called()).replace("set_member_status_batch", ""), "has no whole function"),
            (as_json(called()).replace("FXO001", "x"), "has no whole code"),
            (keyed(called()).partition(" calls=")[0], "has no whole address"),
            (as_json(compared("match")).replace('"match"', "null"), "has no whole result"),
            (as_json(compared("match"))[1:-9], "no whole at"),
            ("shim.offline_api_called is what to look for", "does not tell it whole"),
            ('{"message": "we saw shim.offline_api_called in {the log}"}', "does not tell it"),
            ('{"event": "shim.something_new", "instance": "1-0123456789ab"}', "of a later version"),
            ("{" * 5000 + "shim.offline_api_called", "does not tell it whole"),
            ('{"a":' * 200_000 + '"shim.offline_api_called"', "that is too long"),
            ('{"a": "' + '{"b": ' * 9 + 'shim.offline_api_called"}', "does not tell it whole"),
            ('{"a":' * 9 + '"shim.offline_api_called"' + "}" * 9, "does not tell it whole"),
            ("event=shim.offline_api_ca", "names an event in part"),
            ("Nov 01 10:00:00 host app[7]: [380B blob data]", "is not shown by journalctl"),
            ("s\0h\0i\0m\0.\0o\0f\0f\0l\0i\0n\0e", "in UTF-16, while the log is not"),
            ('{"MESSAGE": [115,104,105,109,46,111,112', "does not tell it whole"),
        ],
    )
    def test_are_counted_and_skipped(self, line, why, tmp_path):
        """And the first is named by its place, never by what is in it."""
        good = as_json(called(1))
        path = write(tmp_path / "a.log", [good, "other", line, good, line])
        usage = read_usage([path], now=NOW)
        assert (usage.log.events, usage.log.unread) == (2, 2)
        assert usage.log.unread_first.startswith(f"{path}:3 ")
        assert why in usage.log.unread_first
        assert only(usage).calls == 1

    @pytest.mark.parametrize(
        "line",
        [
            "GET /shim.css",
            '{"event": "shim.something_new", "process": "1-a"}',
            "from shim.offline import ENDPOINTS",
            "shim.settings.layers: read",
            "we have a shim.",
            "fxshim explain FXO001",
            "\x00\xff\xfe",
            "    m.process(shi)",
        ],
    )
    def test_others_may_look_like_it(self, line, tmp_path):
        """That is no event, and no broken one."""
        usage = read_usage([write(tmp_path / "a.log", ["x", line, "y"])], now=NOW)
        assert (usage.log.lines, usage.log.events, usage.log.unread) == (3, 0, 0)

    def test_what_0_1_wrote_is_read(self, tmp_path):
        """It named the process `process`, and no service."""
        fields = {"event": "shim.offline_api_called", **called(3).fields()}
        fields["process"] = fields.pop("instance")
        del fields["service"]
        usage = read_usage([write(tmp_path / "a.log", [json.dumps(fields)])], now=NOW)
        assert usage.log.unread == 0
        assert only(usage).calls == 3
        assert [key.service for key in usage.sites] == [""]
        assert usage.log.processes["1-a"].service == ""

    def test_a_time_in_microseconds(self, tmp_path):
        """As structlog's TimeStamper writes over ours."""
        line = as_json(called(3)).replace("00.000Z", "00.123456Z")
        assert only(read_usage([write(tmp_path / "a.log", [line])], now=NOW)).first.endswith(
            "T00:00:00.123Z"
        )

    def test_a_module_of_the_same_name(self, tmp_path):
        """A program may have a `shim.py`."""
        line = as_json(called(3, caller_file="/app/shim.py", caller_module="shim.jobs"))
        usage = read_usage([write(tmp_path / "a.log", [line])], now=NOW)
        assert (usage.log.events, usage.log.unread) == (1, 0)

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("event=sh", "im.offline_api_called code=FXO001"),
            ("event=shim", "    .offline_api_called code=FXO001"),
            ("x event=shim.", "  offline_api_called code=FXO001"),
            ("x event=shim.offline_api_ca     hooks.py:7", "  lled code=FXO001"),
        ],
    )
    def test_a_folded_name_is_counted(self, first, second, tmp_path):
        """By a console or a collector."""
        usage = read_usage([write(tmp_path / "a.log", ["x", first, second])], now=NOW)
        assert (usage.log.events, usage.log.unread) == (0, 1)
        assert ":2 " in usage.log.unread_first

    def test_mismatches_of_another_shape(self, tmp_path):
        """Are none; the comparison counts."""
        line = as_json(compared("mismatch")).replace('"mismatches": []', '"mismatches": 7')
        usage = read_usage([write(tmp_path / "a.log", [line])], now=NOW)
        assert (only(usage).mismatched, only(usage).paths) == (1, {})


class TestSources:
    def test_what_is_not_there(self, tmp_path):
        """A name or a pattern that leads nowhere is said."""
        for name in ("no.log", "no*.log"):
            with pytest.raises(SourceError, match=r"there is no such file; give log files"):
                read_usage([str(tmp_path / name)])

    def test_what_cannot_be_read(self, tmp_path):
        """A compressed file that ends too soon, or is broken."""
        packed = gzip.compress(b"x" * 9999)
        broken = b"\x1f\x8b\x08" + b"\0" * 7 + b"\xff" * 50
        for content in (packed[:-9], b"\x1f\x8b\x08\0" + b"\xff" * 50, broken):
            path = tmp_path / "a.gz"
            path.write_bytes(content)
            with pytest.raises(SourceError, match="cannot be read to its end"):
                read_usage([str(path)])

    def test_long_lines_and_a_last_one_without_an_end(self, tmp_path):
        """Neither costs memory nor an event."""
        path = tmp_path / "a.log"
        path.write_bytes(b"x" * (9 << 20) + b"\n" + as_json(called(4)).encode())
        usage = read_usage([str(path)], now=NOW)
        assert (usage.log.lines, only(usage).calls) == (2, 4)

    def test_events_at_the_cut_of_two_pieces(self, tmp_path):
        """A file is read in pieces, a line is not."""
        lines = [as_json(finished(count)) for count in range(1, 6001)]
        usage = read_usage([write(tmp_path / "a.log", lines)], now=NOW)
        assert usage.log.events == 6000
        assert only(usage).calls == 6000

    def test_a_file_that_goes_away(self, tmp_path, monkeypatch):
        """Between being found and being read."""
        monkeypatch.setattr("os.path.exists", lambda _: True)
        with pytest.raises(SourceError, match="cannot be read"):
            read_usage([str(tmp_path / "gone.log")])


class TestFiles:
    """What a file is, is known by its first bytes."""

    EVENT = f"{as_json(called(4))}\n".encode()

    @pytest.mark.parametrize(
        "pack",
        [
            gzip.compress,
            bz2.compress,
            lzma.compress,
            zstd.compress,
            lambda content: gzip.compress(content[:40]) + gzip.compress(content[40:]),
            lambda content: bz2.compress(lzma.compress(gzip.compress(content))),
            lambda content: content.decode().encode("utf-16"),
            lambda content: content.decode().encode("utf-16-le"),
            lambda content: content.decode().encode("utf-16-be"),
            lambda content: gzip.compress(content.decode().encode("utf-16")),
            lambda content: codecs.BOM_UTF8 + content,
            lambda content: b"\0" * 70_000 + content,
        ],
    )
    def test_is_read(self, pack, tmp_path):
        """Whatever its name."""
        (tmp_path / "a.log").write_bytes(pack(self.EVENT))
        usage = read_usage([str(tmp_path / "a.log")], now=NOW)
        assert (usage.log.lines, only(usage).calls, usage.log.unread) == (1, 4, 0)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"PK\x03\x04", "it is a zip file"),
            (b"7z\xbc\xaf'\x1c", "it is a 7z file"),
            (b"\x04\x22\x4d\x18", "it is compressed with lz4"),
            (b"PAR1", "it is a parquet file"),
            (b"SQLite format 3\0", "it is an SQLite database"),
            (b"LPKSHHRH", "give what journalctl -o json prints"),
            ("x".encode("utf-32") * 99, "it is in UTF-32"),
            (("shim" * 99).encode("utf-32-le"), "it is no text"),
            (bytes(range(256)) * 9, "it is no text"),
            (b"a.log" + b"\0" * 252 + b"ustar\x0000", "it is a tar file; unpack it"),
            (bz2.compress(bz2.compress(bz2.compress(bz2.compress(b"x")))), "more than 3 times"),
            (b"x" * (65 << 20), "it has no end of line in 64 MB"),
            (zstd.compress(EVENT)[:-9], "to its end"),
            (zstd.compress(EVENT)[:6] + b"\xff" * 99, "to its end"),
            (lzma.compress(EVENT)[:20] + b"\xff" * 99, "to its end"),
        ],
    )
    def test_is_refused(self, content, why, tmp_path):
        """By its name, and with what to do."""
        (tmp_path / "a.log").write_bytes(content)
        with pytest.raises(SourceError, match=r"a\.log: ") as raised:
            read_usage([str(tmp_path / "a.log")])
        assert why in str(raised.value)

    def test_zstd_wants_an_extra(self, tmp_path, monkeypatch):
        """Before Python 3.14."""
        monkeypatch.setitem(sys.modules, "backports.zstd", None)
        monkeypatch.setitem(sys.modules, "compression.zstd", None)
        (tmp_path / "a.zst").write_bytes(zstd.compress(self.EVENT))
        with pytest.raises(SourceError, match=r"pip install 'fxiaoke-shim\[zstd\]'"):
            read_usage([str(tmp_path / "a.zst")])

    def test_a_directory_and_a_device(self, tmp_path):
        """Are no logs."""
        with pytest.raises(SourceError, match="a directory; give its files"):
            read_usage([str(tmp_path)])
        with pytest.raises(SourceError, match="neither a file nor a pipe"):
            read_usage(["/dev/zero"])

    def test_a_pipe(self, tmp_path, monkeypatch):
        """Is read if a program writes to it, however late."""
        monkeypatch.setattr("shim.usage.sources._PATIENCE", 0.2)
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with pytest.raises(SourceError, match="a pipe to which no program writes"):
            read_usage([str(pipe)])
        # Open for both, so that nothing waits for the other end.
        end = os.open(pipe, os.O_RDWR)

        def late():
            time.sleep(0.5)
            os.write(end, self.EVENT)
            os.close(end)

        with ThreadPoolExecutor() as threads:
            threads.submit(late)
            usage = read_usage([str(pipe)], now=NOW)
        assert only(usage).calls == 4

    @pytest.mark.parametrize(
        "unit",
        [
            *(
                "\\",
                '\\"',
                '"',
                "'",
                '"x"',
                "(",
                "{",
                '{\\"',
                "='",
                '=""',
                ":",
                "a=b\\ ",
                "a",
                "115,",
            ),
            *(' a="x\\', "\x1b]8;", "shim.offline_api_called ", "event=shim.offline_api_called "),
            '{"a":"shim.offline_api_called"}',
        ],
    )
    def test_no_line_takes_more_than_its_length(self, unit, tmp_path):
        """Whatever it is made of: seconds are for the slowest machine, minutes were before."""
        start = time.process_time()
        line = "event=shim.offline_api_called " + unit * (60_000 // len(unit))
        usage = read_usage([write(tmp_path / "a.log", [line])], now=NOW)
        assert usage.log.unread == 1
        assert time.process_time() - start < 5


class TestCoverage:
    def test_other_lines_are_log_as_well(self, tmp_path):
        """Days without a notice, but with a log."""
        lines = [f"2026-11-{day:02} 10:00:00 INFO started" for day in (1, 2, 5)]
        usage = read_usage([write(tmp_path / "a.log", lines)], now=NOW)
        assert usage.log.days == ["2026-11-01", "2026-11-02", "2026-11-05"]

    def test_a_date_that_there_is_not_is_none(self, tmp_path):
        """In the text of a line, as in its time."""
        lines = [
            "2026-11-01 10:00:00 x",
            "2026-11-03 10:00:00 until 2026-02-31 10:00:00",
            "2026-02-31 10:00:00 x",
            '{"until": "2026-02-31 10:00", "timestamp": "2026-11-04T10:00:00Z"}',
            "2026-11-05 10:00:00 x",
        ]
        usage = read_usage([write(tmp_path / "a.log", lines)], now=NOW)
        assert [one[-2:] for one in usage.log.days] == ["01", "03", "04", "05"]

    def test_many_lines_without_a_time_hide_no_day(self, tmp_path):
        """A long traceback at the beginning, and one at the end."""
        lines = [*["  at x"] * 200, "2026-11-01 10:00:00 x", *["  at x"] * 200]
        usage = read_usage([write(tmp_path / "a.log", lines)], now=NOW)
        assert usage.log.days == ["2026-11-01"]

    def test_days_to_come_are_none(self, tmp_path):
        """A clock may be wrong."""
        usage = read_usage([write(tmp_path / "a.log", ["2027-01-01T00:00 x"])], now=NOW)
        assert usage.log.days == []

    @pytest.mark.parametrize(
        ("line", "day"),
        [
            ("2026-11-03 10:00:00,123 INFO x due 2026-11-20T10:00", "2026-11-03"),
            ("INFO 2026-11-03 10:00:00 x", "2026-11-03"),
            ("[2026-11-03T10:00:00Z] x", "2026-11-03"),
            ("<134>1 2026-11-03T10:00:00Z host x", "2026-11-03"),
            ("web-1  | 2026-11-03T10:00:00Z x", "2026-11-03"),
            ("level=info ts=2026-11-03T10:00:00Z msg=x", "2026-11-03"),
            ("Tue Nov  3 10:00:00 2026 x", "2026-11-03"),
            ('10.0.0.1 - - [03/Nov/2026:10:00:00 +0000] "GET /"', "2026-11-03"),
            ('10.0.0.1 - - [03/Nov/2026:01:00:00 +0800] "GET /"', "2026-11-02"),
            ("2026-11-03T01:00:00+08:00 x", "2026-11-02"),
            ("2026-11-03T23:00:00-0500 x", "2026-11-04"),
            ('{"timestamp": "2026-11-03T10:00:00Z", "x": "2026-11-20T10:00:00Z"}', "2026-11-03"),
            ('{"ts": 1793700000.5, "due": "2026-11-20T10:00"}', "2026-11-03"),
            ('{"__REALTIME_TIMESTAMP": "1793700000123456"}', "2026-11-03"),
            ('{"record": {"time": {"timestamp": 1793700000.1}}}', "2026-11-03"),
            ('{"payload": {"timestamp": "2026-11-03T10:00:00Z"}}', None),
            ('{"ts": 7, "time": [], "date": 1e400, "at": "x"}', None),
            ('{"ts": "2026-11-31T10:00:00Z", "x": ', None),
            ("2026-11-31T10:00:00Z", None),
            ("due 2026-11-03T10:00", None),
            ("Nov 03 10:00:00 host x", None),
        ],
    )
    def test_the_date_of_a_line_is_its_own_time(self, line, day, tmp_path):
        """With its zone, and never a date in its text; the same among lines of other days."""
        for around in ([], ["2026-10-01T10:00:00Z x", "2026-10-02T10:00:00Z x"]):
            path = write(tmp_path / "a.log", [*around[:1], line, *around[1:]])
            days = {one[:10] for one in around} | ({day} if day else set())
            assert set(read_usage([path], now=NOW).log.days) == days

    def test_no_day_at_all(self, tmp_path):
        """Nothing is known then."""
        assert read_usage([write(tmp_path / "a.log", ["x"])], now=NOW).log.days == []

    def test_a_day_is_looked_for_once(self, tmp_path):
        """Many lines of one day."""
        lines = ["2026-11-03T10:00:00 x"] * 9999
        usage = read_usage([write(tmp_path / "a.log", lines)], now=NOW)
        assert usage.log.days == ["2026-11-03"]


class TestJoin:
    """With what else knows call sites: a baseline, a scan of the sources."""

    def test_both_ways(self, tmp_path):
        """Seen and not known, known and not seen."""
        usage = read(tmp_path, called(1))
        seen, other = (
            SiteKey("set_member_status_batch", "hr", "go", "hr-sync"),
            SiteKey("f", "m", "q"),
        )
        assert usage.unknown([other]) == [seen]
        assert usage.unseen([other, seen]) == [other]
        assert usage.unknown([seen]) == []


class TestRealLog:
    def test_what_the_package_logs_is_what_is_read(self, tmp_path, tenant):
        """Two modes, two lines, through structlog as applications configure it."""
        made = tenant(2, mode="shadow")
        path = tmp_path / "app.log"
        with path.open("w", encoding="utf-8") as out:
            structlog.configure(
                processors=[
                    structlog.processors.add_log_level,
                    structlog.processors.TimeStamper(fmt="iso"),
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
                logger_factory=structlog.WriteLoggerFactory(out),
            )
            args = (made.corp_access_token, made.corp_id)
            for _ in range(3):
                shim.set_member_status_batch(*args, made.open_user_ids, 1)
            shim.configure(mode="object")
            shim.set_member_status_batch(*args, made.open_user_ids, 2)
            structlog.reset_defaults()
        usage = read_usage([str(path)])
        (site,) = usage.sites.values()
        assert (site.seen.calls, site.seen.compared, site.seen.mismatched) == (4, 3, 0)
        assert site.seen.modes == {"shadow": 3, "object": 1}
        assert site.key.module == __name__
        assert len(site.places) == 2


def run(*arguments, stdin=""):
    return subprocess.run(
        [str(FXSHIM), "usage", *map(str, arguments)],
        capture_output=True,
        text=True,
        input=stdin,
        check=False,
        encoding="utf-8",
    )


class TestCommand:
    @pytest.fixture
    def log(self, tmp_path):
        now = datetime.now(timezone.utc)
        days = [f"{now - timedelta(days=day):%Y-%m-%d} 10:00:00 x" for day in range(40)]
        events = [
            called(1),
            finished(2),
            finished(2, mode="shadow"),
            compared("mismatch", ("errorCode",)),
            summarized(1234, second=5),
            summarized(3, function="update_member", code="FXO003", caller_module="b", site=2),
            summarized(1, caller_file="", caller_module="", caller_function="", site=3),
        ]
        return write(tmp_path / "a.log", [*map(as_json, events), *days])

    def test_by_site(self, log):
        """A line a site, those with the most calls first."""
        done = run(log)
        assert (done.returncode, done.stderr) == (0, "")
        head, _no_end, titles, first, *_ = done.stdout.splitlines()
        assert head.startswith("1 log, 47 lines, 7 events of 1 process, 2026-")
        assert titles.split()[:4] == ["site", "service", "function", "calls"]
        assert first.startswith("hr.go (hr.py:7)")
        assert "1,234" in first
        assert "100.0% of 1" in first
        assert "(not told apart)" in done.stdout

    @pytest.mark.parametrize(
        ("by", "expected"),
        [
            ("function", "set_member_status_batch  "),
            ("module", "(not told apart)"),
            ("day", "2026-11-01"),
        ],
    )
    def test_by_others(self, log, by, expected):
        """Added up by what is asked for."""
        done = run(log, "--by", by)
        assert done.returncode == 0
        assert expected in done.stdout

    def test_since(self, log):
        """A verdict for each of the 26 functions, and for each site."""
        today = (datetime.now(timezone.utc) - datetime(2026, 11, 1, tzinfo=timezone.utc)).days
        started = ProcessStarted(version="1", service="hr-sync", instance="2-b", at=at(today))
        with Path(log).open("a", encoding="utf-8") as out:
            out.write(as_json(started))
        done = run(log, "--since", "2w")
        assert "set_member_status_batch in hr.go (hr.py:7)" in done.stdout
        assert done.stdout.count("never called in these logs") == 24

    def test_as_of(self, log):
        """Judged on another day than today."""
        done = run(log, "--since", "30d", "--as-of", "2030-01-01")
        assert done.returncode == 0
        assert " d  " in done.stdout

    def test_json(self, log):
        """Everything, for other programs."""
        data = json.loads(run(log, "--json").stdout)
        assert data["version"] == 2
        assert len(data["functions"]) == 26
        assert data["functions"][0]["calls"] == 1235
        assert {one["calls"] for one in data["sites"]} == {1234, 3, 1}
        assert sum(one["calls"] for one in data["days"]) == 1238

    def test_stdin(self, log):
        """As a filter."""
        done = run("-", stdin=Path(log).read_text(encoding="utf-8"))
        assert "hr.go (hr.py:7)" in done.stdout

    def test_html(self, log, tmp_path):
        """A page, and word of it."""
        page = tmp_path / "report.html"
        done = run(log, "--html", page)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == f"fxshim: wrote {page}\n"
        assert page.read_text(encoding="utf-8").startswith("<!doctype html>")

    def test_nothing_of_ours(self, tmp_path):
        """Says what may be the matter."""
        done = run(write(tmp_path / "a.log", ["x"]))
        assert done.returncode == 0
        assert "nothing of the shim's is in here" in done.stdout

    def test_skipped_lines_are_told(self, tmp_path):
        """With the place of the first."""
        path = write(tmp_path / "a.log", [as_json(called())[:80]])
        assert f"not known: 1 line was not read (the first: {path}:1 " in run(path).stdout

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            (["no.log"], "fxshim: no.log: there is no such file"),
            (["--as-of", "today"], "fxshim: --as-of is no day: write 2026-11-26"),
            (["--as-of", "0001-01-01"], "fxshim: --as-of is no day: write 2026-11-26"),
            (["--since", "soon"], "fxshim: --since is neither days nor weeks: write 30d, or 4w"),
            (["--html", "/no/such/dir/x.html"], "fxshim: /no/such/dir/x.html: cannot be written"),
        ],
    )
    def test_usage(self, log, arguments, text):
        """A clear word, and exit code 2."""
        given = arguments if arguments == ["no.log"] else [log, *arguments]
        done = run(*given)
        assert done.returncode == 2
        assert done.stderr.startswith(text)
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("by", ["site", "function", "module", "day"])
    def test_on_a_screen(self, log, monkeypatch, capsys, by):
        """No line is longer than the screen is wide."""
        from shim.cli import usage as command  # noqa: PLC0415 - the command's own module.

        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        for columns, since in ((80, None), (80, "30d"), (40, None)):
            monkeypatch.setenv("COLUMNS", str(columns))
            assert command.show(command.Order((log,), by, since, 0)) == 0
            shown = capsys.readouterr().out
            assert max(map(len, shown.splitlines())) <= columns
            assert "1,234" in shown or by != "site" or since
