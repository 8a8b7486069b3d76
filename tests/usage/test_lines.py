"""Each event in a log is read exactly or counted as not read, whatever is around it."""

import csv
import io
import json
import logging
import os
import re
from dataclasses import MISSING, fields, replace
from datetime import datetime, timezone

import pytest
import structlog
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from shim.notices import NoticeEvent, ProcessStarted
from shim.usage import read_usage
from shim.usage._event_format import FIELDS, FLAGS, NOT_ASKED

NOW = datetime(2026, 11, 26, 12, tzinfo=timezone.utc)
KINDS = {one.name: one for one in NoticeEvent.__subclasses__()}


def test_fields_asked_of_an_event_are_those_it_is_written_with():
    """Except those that it may lack."""
    stamps = {"instance", "at"}
    asked = {name: set(kind.field_names()) - NOT_ASKED - stamps for name, kind in KINDS.items()}
    assert asked == FIELDS
    assert FLAGS <= NOT_ASKED


# Python escapes characters that are not printable; in a torn line that looks like a name.
letters = st.characters(codec="utf-8", exclude_characters="\ufffd?\\").filter(str.isprintable)
names = st.one_of(
    st.sampled_from(
        ["hr", "__main__", "jobs.sync", "go.<locals>.<lambda>", "<module>", "离职", ""]
    ),
    st.text(letters, min_size=1, max_size=12).filter(str.strip),
)
paths = st.one_of(
    st.sampled_from(["/app/hr.py", 'C:\\jobs dir\\h"r.py', "C:\\new\\temp.py", "/a b/c=d.py", ""]),
    st.text(letters | st.sampled_from("\\'\"=[]{}(),:"), max_size=20),
)
numbers = st.integers(0, 10**6)
TYPES = {
    "int": numbers,
    "int | None": numbers | st.none(),
    "float": st.floats(0, 99).map(lambda one: round(one, 3)),
    "bool": st.booleans(),
    "tuple[str, ...]": st.lists(st.sampled_from(["errorCode", "a[].b"]), max_size=3).map(tuple),
    "Mapping[str, int]": st.just({"/cgi/crm/v2/data/query": 2}),
    "str": st.sampled_from(["object", "mode", "PersonnelObj update", ""]),
    "Literal['match', 'mismatch', 'not_compared']": st.sampled_from(["match", "mismatch"]),
    "Literal['object', 'legacy']": st.just("object"),
}
NAMED = {
    "code": st.sampled_from(["FXO001", "FXO026"]),
    "function": st.sampled_from(["set_member_status_batch", "update_member"]),
    "caller_file": paths,
    "caller_module": names,
    "caller_function": names,
    "service": names,
    "instance": st.from_regex(r"[1-9][0-9]{0,6}-[0-9a-f]{12}", fullmatch=True),
    "at": st.integers(0, 24 * 3600 * 1000 - 1).map(
        lambda one: (
            f"2026-11-01T{one // 3600000:02}:{one // 60000 % 60:02}:"
            f"{one // 1000 % 60:02}.{one % 1000:03}Z"
        )
    ),
}


def made(kind):
    """Return events of a kind, with whatever a program may have for names."""
    given_fields = {
        one.name: NAMED[one.name] if one.name in NAMED else TYPES[one.type.replace('"', "'")]
        for one in fields(kind)
        if one.default is MISSING
    }
    return st.builds(kind, **given_fields)


events = st.sampled_from(list(KINDS.values())).flatmap(made)


def with_level(event):
    return {"event": event.name, "level": event.level, **event.fields()}


def flat(event):
    """Return the fields as the default hook writes them."""
    return {
        key: ",".join(value) if isinstance(value, tuple) else value
        for key, value in with_level(event).items()
    }


def rendered(renderer, *, head=()):
    return lambda event: renderer(
        logging.getLogger("shim"), "warning", {**dict(head), **flat(event)}
    )


processors = structlog.processors
TIMED = {"timestamp": "2026-11-01T09:00:00Z"}
WRITTEN = {
    "logfmt": rendered(processors.LogfmtRenderer(key_order=["event"], bool_as_flag=False)),
    "logfmt in any order": rendered(processors.LogfmtRenderer(sort_keys=True)),
    "JSON": lambda event: json.dumps(with_level(event)),
    "JSON in its letters": lambda event: json.dumps(with_level(event), ensure_ascii=False),
    "JSON with another key": lambda event: json.dumps(
        {"message": event.name, "n": 1, **event.fields()}, separators=(",", ":")
    ),
    "key=repr": rendered(processors.KeyValueRenderer(), head=TIMED),
    "key=repr, name last": lambda event: processors.KeyValueRenderer()(
        None, "", {**event.fields(), "event": event.name}
    ),
    "console": rendered(structlog.dev.ConsoleRenderer(colors=False), head=TIMED),
    "console in colours": rendered(structlog.dev.ConsoleRenderer(colors=True), head=TIMED),
    "console with a logger": rendered(
        structlog.dev.ConsoleRenderer(colors=False), head={"logger": "hr"}
    ),
    "repr": lambda event: repr(with_level(event)),
}


def in_csv(text):
    out = io.StringIO()
    csv.writer(out).writerow(["2026-11-01 10:00:00", "WARNING", text])
    return out.getvalue().rstrip("\r\n")


def in_logfmt(text):
    return processors.LogfmtRenderer()(None, "", {"level": "warning", "msg": f"x {text}"})


AROUND = {
    "nothing": lambda text: text,
    "a formatter": lambda text: f"2026-11-01 10:00:00,123 WARNING [shim] {text} (12)",
    "basicConfig": lambda text: f"WARNING:shim:{text}",
    "syslog": lambda text: f"<134>1 2026-11-01T10:00:00Z host app 7 - - {text}",
    "journalctl": lambda text: f"Nov 01 10:00:00 host app[7]: {text}",
    "CRI": lambda text: f"2026-11-01T10:00:00.1Z stderr F {text}",
    "docker": lambda text: json.dumps({"log": text + "\n", "stream": "stderr"}),
    "a JSON logger": lambda text: json.dumps({"message": text, "n": 1}, ensure_ascii=False),
    "JSON in a list": lambda text: json.dumps({"records": [{"a": "{"}, {"msg": text}]}),
    "JSON before": lambda text: f'{{"a": 1}} {text}',
    "a brace before": lambda text: f"{{request}} {text}",
    "logfmt": in_logfmt,
    "CSV": in_csv,
    "numbers": lambda text: json.dumps({"MESSAGE": list(text.encode())}, separators=(",", ":")),
    "colours": lambda text: f"\x1b[33m{text}\x1b[0m",
    "colours of rsyslog": lambda text: f"#033[33m{text}#033[0m",
    "an apostrophe before": lambda text: f"don't {text}",
}


def read(tmp_path, content):
    path = tmp_path / "a.log"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_usage([str(path)], now=NOW)


def summed(usage):
    """Return what a log tells, and of what it is silent."""
    return usage.sites, usage.log.processes, usage.log.events


NOTHING = ({}, {}, 0)
# The same examples each time. `pytest --hypothesis-seed=N` with FXSHIM_RANDOM=1 draws others.
quickly = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    derandomize="FXSHIM_RANDOM" not in os.environ,
)


@quickly
@example(
    event=ProcessStarted(service="''", instance="1-0", at="2026-11-01T00:00:00.000Z", version="1"),
    written="logfmt",
    around=[],
)
@given(
    event=events,
    written=st.sampled_from(list(WRITTEN)),
    around=st.lists(st.sampled_from(list(AROUND)), max_size=3),
)
def test_an_event_is_read_exactly_or_counted(event, written, around, tmp_path):
    """In any writing, with anything around it: the event, or nothing and a count."""
    # Numbers of numbers hold no name.
    assume(around.count("numbers") <= 1)
    line = WRITTEN[written](event)
    for one in around:
        line = AROUND[one](line)
    usage = read(tmp_path, f"{line}\n")
    exact = summed(read(tmp_path, json.dumps(with_level(event)) + "\n"))
    assert exact[2] == 1
    if usage.log.unread:
        assert summed(usage) == NOTHING
    else:
        assert summed(usage) == exact


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("written", WRITTEN)
@settings(quickly, max_examples=5)
@given(event=events)
def test_an_event_of_ordinary_names_is_read(written, around, event, tmp_path):
    """In any writing, with one thing around it."""
    names_of = {"caller_file": "/app/hr.py", "caller_module": "hr", "caller_function": "Sync.run"}
    changed = {**event.fields(), **{k: v for k, v in names_of.items() if hasattr(event, k)}}
    event = type(event)(**{**changed, "service": "hr-sync"})
    usage = read(tmp_path, AROUND[around](WRITTEN[written](event)) + "\n")
    assert usage.log.unread_first == ""
    assert summed(usage) == summed(read(tmp_path, json.dumps(with_level(event)) + "\n"))


def name_ends(line):
    """Return where the first name of an event in a line ends, but for its last letters."""
    return re.search(r"shim\.\w", line).end()


# Written in the order of the alphabet, a line may end with a number, and less of one is one.
OPEN_ENDED = {one for one in WRITTEN if one.startswith("console") or "any order" in one}
lines = st.tuples(
    events,
    st.sampled_from([one for one in WRITTEN if one not in OPEN_ENDED]),
    st.sampled_from([one for one in AROUND if one != "numbers"]),
).map(lambda one: (one[0], AROUND[one[2]](WRITTEN[one[1]](one[0]))))


@quickly
@given(line=lines, data=st.data(), ended=st.booleans())
def test_a_torn_line_is_counted_or_whole(line, data, ended, tmp_path):
    """Wherever it is cut after the beginning of its name."""
    event, text = line
    end = data.draw(st.integers(name_ends(text), len(text)))
    usage = read(tmp_path, text[:end] + "\n" * ended)
    exact = summed(read(tmp_path, json.dumps(with_level(event)) + "\n"))
    assert summed(usage) in (exact, NOTHING)
    assert bool(usage.log.unread) == (summed(usage) == NOTHING)


@quickly
@given(line=lines, data=st.data(), indent=st.sampled_from(["", "    ", "\t"]))
def test_a_folded_line_is_counted_or_whole(line, data, indent, tmp_path):
    """Wherever it is folded, also within its name."""
    event, text = line
    place = data.draw(st.integers(re.search(r"shim\.", text).start(), len(text)))
    usage = read(tmp_path, f"{text[:place]}\n{indent}{text[place:]}\n")
    exact = summed(read(tmp_path, json.dumps(with_level(event)) + "\n"))
    assert summed(usage) in (exact, NOTHING)
    assert bool(usage.log.unread) == (summed(usage) == NOTHING)


@quickly
@given(first=lines, second=lines, data=st.data(), between=st.sampled_from(["", " ", ","]))
def test_glued_lines_are_each_counted_or_whole(first, second, data, between, tmp_path):
    """A program that was killed leaves a line without an end, and the next goes on in it."""
    # What is twice in one line counts once.
    assume(first[0].fields() != second[0].fields())
    torn = first[1][: data.draw(st.integers(name_ends(first[1]), len(first[1])))]
    usage = read(tmp_path, f"{torn}{between}{second[1]}\n")
    possible = [json.dumps(with_level(one)) for one, _ in (first, second)]
    choices = [[], possible[:1], possible[1:], possible]
    exact = [summed(read(tmp_path, "".join(f"{one}\n" for one in some))) for some in choices]
    assert summed(usage) in exact
    if summed(usage) != exact[-1]:
        assert usage.log.unread


@quickly
@given(
    line=st.tuples(events, st.sampled_from(list(WRITTEN)), st.sampled_from(list(AROUND))),
    encoding=st.sampled_from(["gb18030", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "ascii"]),
)
def test_event_in_any_encoding_is_read_exactly_or_counted(line, encoding, tmp_path):
    """As it was, or counted; a letter that the encoding lacks is not made up."""
    event, written, around = line
    text = AROUND[around](WRITTEN[written](event)) + "\n"
    usage = read(tmp_path, ("2026 ordinary\n" * 9 + text).encode(encoding, "replace"))
    if usage.log.unread:
        assert summed(usage) == NOTHING
    elif not usage.log.events:
        pytest.fail("lost")
    elif encoding.startswith(("gb", "utf")):
        assert summed(usage) == summed(read(tmp_path, json.dumps(with_level(event)) + "\n"))


anything = st.text(st.characters(codec="utf-8"), max_size=40)
pieces_of_events = st.sampled_from(
    [
        *("shim.", "shim.offline_api_called", "event=", '{"event": "', "calls=1", '"at": "', "\n"),
        *('"', "'", "\\", "{", "}", "[", "]", " ", "instance=1-0123456789ab", "\x1b[31m", "="),
        *("at=2026-11-01T00:00:00.000Z", "code=FXO001", "site=1", "115,104,105,109,46", "\0"),
    ]
)


@quickly
@given(text=st.lists(pieces_of_events | anything, max_size=20).map("".join))
def test_any_other_text_tells_nothing(text, tmp_path):
    """No call, no process; and where it names an event, it is counted."""
    usage = read(tmp_path, text)
    assert summed(usage) == NOTHING
    if "shim.offline_api_called" in text:
        assert usage.log.unread


CALLED = KINDS["shim.offline_api_called"](
    function="update_member",
    caller_file="/app/hr.py",
    caller_line=7,
    calls=3,
    calls_since=2,
    mode="object",
    code="FXO003",
    replacement="PersonnelObj update",
    address="fxshim explain FXO003",
    caller_module="hr",
    caller_function="go",
    site=1,
    service="hr-sync",
    instance="7-0123456789ab",
    at="2026-11-01T10:00:00.000Z",
)
ENDED = KINDS["shim.process_ended"](
    version="0.1.0",
    calls=3,
    sites=1,
    service="hr-sync",
    instance="7-0123456789ab",
    at="2026-11-01T10:00:01.000Z",
)
PLAIN, JSON = WRITTEN["logfmt"](CALLED), WRITTEN["JSON"](CALLED)


def nested(text, times):
    for _ in range(times):
        text = json.dumps({"log": text})
    return text


class TestOddLines:
    @pytest.mark.parametrize(
        "line",
        [
            PLAIN,
            JSON,
            nested(JSON, 4),
            # JSON whose quotes are escaped, in no quotes itself.
            "payload=" + JSON.replace('"', '\\"'),
            # A line in quotes.
            json.dumps(PLAIN),
            # The name once more, where a logger puts it.
            json.dumps({"tags": [CALLED.name], **with_level(CALLED)}),
            # A field of the application's of the same name, before or after.
            f"site=9 mode=x {PLAIN}",
            # A column whose text has quotes of its own.
            f'1,"{PLAIN.replace(chr(34), chr(34) * 2)}",2',
            # Keys that end alike, so that none is that of the event alone.
            json.dumps({"a.n": 1, "b.n": 2, **with_level(CALLED)}),
            json.dumps({"a.n": 1, "b.n": 2, "x": CALLED.name, "shim": CALLED.fields()}),
        ],
    )
    def test_odd_lines_are_read(self, line, tmp_path):
        """The event, and nothing else."""
        usage = read(tmp_path, f"{line}\n")
        assert usage.log.unread_first == ""
        assert summed(usage) == summed(read(tmp_path, f"{JSON}\n"))

    @pytest.mark.parametrize("between", [" ", ""])
    def test_two_events_in_a_line_are_both_read_or_counted(self, between, tmp_path):
        """A line end was lost, and perhaps no space is between them."""
        both = [WRITTEN["logfmt"](CALLED), WRITTEN["logfmt"](ENDED)]
        usage = read(tmp_path, f"{between.join(both)}\n")
        assert (usage.log.events, usage.log.unread) == ((2, 0) if between else (0, 1))

    @pytest.mark.parametrize(
        "line",
        [
            nested(JSON, 9),
            # Numbers that are no bytes.
            "[115,104,105,109,46,999]",
            # Fields of two events around one name.
            f"{PLAIN.removeprefix('event=shim.offline_api_called ')} {PLAIN.replace('=7-', '=8-')}",
            # An unknown escape.
            f'msg="\\q {WRITTEN["logfmt"](ENDED)}"',
            # One field twice.
            f"{PLAIN} calls=9",
        ],
    )
    def test_unreadable_odd_lines_are_counted(self, line, tmp_path):
        """And tell nothing."""
        usage = read(tmp_path, f"{line}\n")
        assert (summed(usage), bool(usage.log.unread)) == (NOTHING, True)

    @pytest.mark.parametrize("file", ["[]", "[gen].py", "(a)", "{x}/a.py", "[a]:b", "[a].", "a[0]"])
    @pytest.mark.parametrize("written", WRITTEN)
    def test_a_name_may_have_brackets(self, file, written, tmp_path):
        """Which are not those around a list."""
        event = replace(CALLED, caller_file=file)
        usage = read(tmp_path, WRITTEN[written](event) + "\n")
        if not usage.log.unread:
            assert summed(usage) == summed(read(tmp_path, f"{WRITTEN['JSON'](event)}\n"))
        if written in {"logfmt", "JSON", "repr"}:
            assert usage.log.unread_first == ""

    def test_a_letter_that_is_torn_makes_no_other_name(self, tmp_path):
        """A line of UTF-8 with one byte too few is not taken for one of another encoding."""
        line = PLAIN.replace("=go", '="离职申请"').encode().replace("请".encode(), b"\xe8\xaf")
        usage = read(tmp_path, line + b"\n")
        assert (usage.log.events, usage.log.unread) == (0, 1)

    def test_a_text_that_goes_on_in_the_next_line_may_be_no_name(self, tmp_path):
        """It only begins as one would end."""
        assert read(tmp_path, f"a sh\nim.possible\n{JSON}\n").log.unread == 0

    def test_more_call_sites_than_are_remembered(self, tmp_path):
        """What is looked at once is remembered, up to 50,000 call sites."""
        many = [JSON.replace('"site": 1', f'"site": {number}') for number in range(50_010)]
        usage = read(tmp_path, "\n".join([*many, JSON, ""]))
        (site,) = usage.sites.values()
        assert (site.seen.calls, usage.log.unread) == (3 * 50_010, 0)
