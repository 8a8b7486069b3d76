"""What a large piece of a log holds, found without a step for each line.

`marked` finds the lines that may hold an event. `days` finds the days on which lines were written:
by the own time of each line, never by a time in its text.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from shim.usage._event_format import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

# The start of every name: followed by a dot, or by a code of colours.
_MARK: Final = b"shim"
_ENDS: Final = frozenset(b'\r\n" ')
_NEXT: Final = frozenset(b".\x1b#\\^\xc2")
# `shim.` in the form in which journald writes some texts: numbers, one a byte.
_NUMBERS: Final = (b"115,104,105,109,46", b"115, 104, 105, 109, 46")
_UTF_16: Final = b"s\0h\0i\0m\0."
_HIDDEN: Final = b"B blob data]"
# What Docker and Kubernetes write before a part of a long line.
_PART: Final = rb'\{"log":"|\S+ std(?:out|err) [PF] '
# The rest of a name at the beginning of a line: consoles wrap lines, collectors cut them.
_REST: Final = re.compile(rb"\n(?:[ \t]*|" + _PART + rb")((?:him|im|m)?\.)(\w+)")
# Characters after the end of a line in which the rest of a name is searched.
_FAR: Final = 200
_WHY_UTF_16: Final = "names an event in UTF-16, while the log is not"
_WHY_HIDDEN: Final = "is not shown by journalctl: use journalctl --all, or -o json"
_WHY_SPLIT: Final = "names an event over two lines"


def marked(content: bytes) -> Iterator[tuple[int, int, str]]:
    """Yield the lines that may hold an event.

    Args:
        content: Lines, each with its end.

    Yields:
        Start and end of a line, and why it cannot be read; empty if it may be readable.
    """
    found = _named(content)
    others = list(_others(content))
    # Rare, so sorting costs little.
    yield from sorted({*found, *others}) if others else found


def _named(content: bytes) -> Iterator[tuple[int, int, str]]:
    at = content.find(_MARK)
    while at >= 0:
        # A line always has an end.
        if content[at + 4] in _NEXT:
            end = content.index(b"\n", at)
            split = content[at + 5] in _ENDS and _begins(content[end : end + _FAR])
            yield content.rfind(b"\n", 0, at) + 1, end, _WHY_SPLIT if split else ""
            at = content.find(_MARK, end)
        else:
            at = content.find(_MARK, at + 4)


def _others(content: bytes) -> Iterator[tuple[int, int, str]]:
    for mark, why in _MARKS.items():
        at = content.find(mark)
        while at >= 0:
            end = content.index(b"\n", at)
            yield content.rfind(b"\n", 0, at) + 1, end, why
            at = content.find(mark, end)
    for match in _REST.finditer(content):
        start = content.rfind(b"\n", 0, match.start()) + 1
        if _continues(content[start : match.start()], match[1], match[2]):
            yield start, match.start(), _WHY_SPLIT


_MARKS: Final = {**dict.fromkeys(_NUMBERS, ""), _UTF_16: _WHY_UTF_16, _HIDDEN: _WHY_HIDDEN}


def _begins(line: bytes) -> bool:
    """Whether a line begins with the rest of a name, after `shim.`."""
    match = re.match(rb"\s*(?:" + _PART + rb")?(\w+)", line)
    return match is not None and _is_of_a_name(match[1])


def _is_of_a_name(rest: bytes) -> bool:
    name = "shim." + rest.decode("ascii", "replace")
    return any(one.startswith(name) or name.startswith(one) for one in FIELDS)


def _continues(line: bytes, dotted: bytes, rest: bytes) -> bool:
    """Whether a line holds the beginning of a name whose rest is in the next line."""
    head = b"shim."[: -len(dotted)]
    if not _is_of_a_name(rest):
        return False
    return re.search(rb"(?<![A-Za-z])" + head + rb"(?![\w.])", line) is not None


# The time at the head of a line, after what syslog, logfmt, a level or a container writes.
_HEAD: Final = re.compile(
    r"(?:<\d{1,3}>(?:1 )?)?"
    r"(?:[\w.-]+\s*\| )?"
    r"(?:(?:\w+=\S+ ){0,3}(?:time|timestamp|ts|t|date|datetime|asctime|at)=)?"
    r"[\[(\"']*"
    r"(?:(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)[\])]?[\s:,|-]+)?[\[(\"']*"
    r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d.{0,24})"
)
_ISO: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::\d\d(?:[.,]\d{1,9})?)?\s?(Z|UTC|GMT|[+-]\d\d:?\d\d)?"
)
# `Fri Nov 20 10:00:00 2026` at the head, `[20/Nov/2026:10:00:00 +0800]` after an address.
_ASCTIME: Final = re.compile(
    r"\W?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\w{3}) {1,2}(\d{1,2}) \d\d:\d\d:\d\d (\d{4})\b"
)
_ACCESS: Final = re.compile(
    r"\S+ \S+ .{1,99}?\[(\d\d)/(\w{3})/(\d{4}):(\d\d:\d\d):\d\d ([+-]\d{4})\]"
)
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"
_KEYS: Final = (
    *("timestamp", "@timestamp", "time", "ts", "asctime", "datetime", "date", "eventTime"),
    *("__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP", "at"),
)
_DECODE: Final = json.JSONDecoder().raw_decode
# What may be the time of a line: a date, or a number of seconds or of parts of seconds.
_CANDIDATE: Final = re.compile(
    rb"20\d\d-[01]\d-[0-3]\d[T ][0-2]\d|[0-3]\d/\w{3}/20\d\d:\d\d"
    rb"|\w{3} [ \d]\d \d\d:\d\d:\d\d 20\d\d"
    rb'|":\s?"?[12]\d{9}'
)
_ENOUGH: Final = 50
_LONGEST: Final = 1 << 16
_DAY: Final = timedelta(days=1)
_START: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)


def days(content: bytes) -> set[str]:
    """Return the days, YYYY-MM-DD in UTC, on which these lines were written."""
    first, last = _first(content), _last(content)
    if first and first == last:
        return {first}
    found, known, end = {first, last} - {""}, set(), 0
    for match in _CANDIDATE.finditer(content):
        # Each line is read once, and each hour as well.
        if match.start() < end or match[0] in known:
            continue
        line, end = _line(content, match.start())
        day = own_day(line)
        found.add(day)
        if _is_near(match[0], day):
            known.add(match[0])
    return found - {""}


def own_day(line: bytes) -> str:
    """Return the day, in UTC, on which a line was written; empty if it has no time."""
    text = line[:_LONGEST].decode("utf-8", "replace")
    if text[:1] == "{":
        return _of_json(text)
    match = _HEAD.match(text)
    if match:
        return _of_text(match["time"])
    match = _ASCTIME.match(text)
    if match:
        return _day(match[3], match[1], match[2])
    match = _ACCESS.match(text)
    if match:
        return _of_text(f"{_day(match[3], match[2], match[1])} {match[4]}:00{match[5]}")
    return ""


def _line(content: bytes, at: int) -> tuple[bytes, int]:
    """Return the line at an index, and the index of its end."""
    end = content.find(b"\n", at)
    end = len(content) if end < 0 else end
    return content[content.rfind(b"\n", 0, at) + 1 : end], end


def _is_near(candidate: bytes, day: str) -> bool:
    """Whether the day of a line is near a date in it: a time zone may move it by a day."""
    if not candidate.startswith(b"20") or not day:
        # A number, or a rare form: each line is read.
        return False
    there = candidate[:10].decode()
    return day == there or abs(date.fromisoformat(day) - _date(there)) <= _DAY


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min


def _first(content: bytes) -> str:
    at = 0
    for _ in range(_ENOUGH):
        end = content.find(b"\n", at)
        day = own_day(content[at:end]) if end >= 0 else ""
        if day or end < 0:
            return day
        at = end + 1
    return ""


def _last(content: bytes) -> str:
    end = len(content)
    for _ in range(_ENOUGH):
        start = content.rfind(b"\n", 0, end - 1) + 1
        day = own_day(content[start:end])
        if day or not start:
            return day
        end = start
    return ""


def _of_json(text: str) -> str:
    try:
        value, _ = _DECODE(text)
    except (ValueError, RecursionError):
        return ""
    for key in _KEYS:
        day = _of_value(value.get(key))
        if day:
            return day
    # As loguru serializes a record.
    record = value.get("record")
    time = record.get("time") if isinstance(record, dict) else None
    return _of_value(time.get("timestamp")) if isinstance(time, dict) else ""


def _of_value(value: Any) -> str:
    if isinstance(value, str) and not value.isdecimal():
        return _of_text(value)
    try:
        return _of_number(float(value))
    except (TypeError, ValueError, OverflowError):
        return ""


def _of_number(number: float) -> str:
    """Return the day of seconds since 1970, or of thousandths, millionths, billionths."""
    if not number < 1e20:  # noqa: PLR2004 - billionths of seconds are fewer; infinity is not.
        return ""
    while number >= 1e11:  # noqa: PLR2004 - the year 5138 in seconds, 1973 in thousandths.
        number /= 1000
    return f"{_START + timedelta(seconds=number):%Y-%m-%d}" if number >= 1e8 else ""  # noqa: PLR2004


def _of_text(text: str) -> str:
    match = _ISO.match(text)
    if match is None:
        return ""
    try:
        moment = datetime.fromisoformat(f"{match[1]} {match[2]}")
        return f"{moment - _offset(match[3]):%Y-%m-%d}"
    except (ValueError, OverflowError):
        return ""


def _offset(zone: str | None) -> timedelta:
    if not zone or zone[0] not in "+-":
        return timedelta(0)
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return offset if zone[0] == "+" else -offset


def _day(year: str, month: str, day: str) -> str:
    return f"{year}-{_MONTHS.find(month) // 3 + 1:02}-{day:0>2}"
