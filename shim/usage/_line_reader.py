"""Reads the events of one log line, in whatever form a logger or collector wrote them.

Each name of an event in a line becomes a complete event, or counts as not read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from shim.usage._cutter import LONGEST, Cutter, TextPart
from shim.usage._event_format import FIELDS, FLAGS, Checker, Fields, IncompleteEvent, same

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST: Final = 6
_TRIES: Final = 16
_DECODE: Final = json.JSONDecoder().raw_decode
_NAME: Final = re.compile("|".join(map(re.escape, sorted(FIELDS, key=len, reverse=True))))
_LIKE_A_NAME: Final = re.compile(r"shim\.(\w*)")
# The name of a process.
_INSTANCE: Final = re.compile(r"\d-[0-9a-f]{12}(?![0-9a-f])")
_PLACES: Final = ("caller_file", "caller_module", "caller_function", "service")
_BEGINNINGS: Final = frozenset(
    name[: len("shim.") + length] for name in FIELDS for length in range(1, len(name) - 5)
)
# Not modules of the package: `shim.settings.layers`, `from shim.offline import …`.
_GOES_ON: Final = re.compile(r"\.\w|\s+import\b")
# Codes of colours: raw, and as syslog, JSON and Python escape them.
_COLOURS: Final = re.compile(
    rb"(?:\x1b|\xc2\x9b|#033|(?<!\\)\\+(?:u001[bB]|x1[bB]|033|e)|\^\[)"
    rb"(?:\[[0-9;:]*[mK]|\]8;[^\x07\x1b\\]*(?:\x07|(?:\x1b|\\+u001[bB])\\+))"
)
# journald writes some texts as numbers, one a byte; below `shim.` in that form.
_BYTES: Final = re.compile(rb"\[\s*(\d{1,3}(?:,\s*\d{1,3})+)\s*\]")
_NUMBERS: Final = re.compile(rb"115,\s*104,\s*105,\s*109,\s*46")
_OURS: Final = frozenset[str]().union(*FIELDS.values()) | {"instance", "process", "service", "at"}
# Fields that only an event has, and not another text with its name.
_TELLING: Final = _OURS - {
    *("version", "error", "logger", "reason", "function", "mode", "code", "status", "seconds"),
    *("process", "service"),
}
# Keys under which a logger may repeat the name.
_NAMING: Final = frozenset({"", "event", "message", "msg"})
_KEPT: Final = "shim_"
_NOT_WHOLE: Final = "names an event, but is not a complete one"
_SINGLE_QUOTES: Final = "has a text in single quotes, which may be part of the text: log it as JSON"


@dataclass
class Found:
    """What a part of a line holds.

    Attributes:
        events: Its events.
        failed: The reason for each name without an event.
        bare: Names without fields, as loggers write beside an event.
        names: Number of names.
    """

    events: list[Fields] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    names: int = 0

    def add(self, other: Found) -> None:
        """Add what another part holds."""
        self.events += other.events
        self.failed += other.failed
        self.bare += other.bare
        self.names += other.names


class LineReader:
    """Reads lines."""

    def __init__(self) -> None:
        self.whole = Checker().whole

    def read(self, line: bytes, *, ended: bool = True) -> tuple[list[Fields], list[str]]:
        """Return the events of a line, and a reason for each name without an event.

        Args:
            line: A line without its end.
            ended: Whether it has an end; a line that is still being written may be torn.
        """
        text = _plain_text(line)
        found = self._text(text + "\n" if ended or text.endswith("Z") else text, _DEEPEST)
        events = _once(found.events)
        named = {one["event"] for one in events}
        failed = [*found.failed, *(_NOT_WHOLE for one in found.bare if one not in named)]
        names = len(_NAME.findall(text))
        if b"115," in line and _NUMBERS.search(line) and not names:
            names += 1
        failed += [_NOT_WHOLE] * (names - found.names)
        return events, [*failed, *_others(text, events)]

    def _text(self, text: str, depth: int, *, in_brackets: bool = False) -> Found:
        """Read a text: JSON anywhere in it, and the rest as `key=value` and words."""
        found = Found()
        names = list(_NAME.finditer(text))
        if not names:
            return found
        if depth <= 0:
            found.failed += [_NOT_WHOLE] * len(names)
            found.names += len(names)
            return found
        if text.strip() in FIELDS:
            return Found(bare=[text.strip()], names=1)
        at = 0
        for start, end, value in _objects(text, names):
            found.add(self._lines(text[at:start], depth, in_brackets=in_brackets))
            found.add(self._value(value, depth))
            at = end
        found.add(self._lines(text[at:], depth, in_brackets=in_brackets))
        return self._unescaped(text, depth, found)

    def _unescaped(self, text: str, depth: int, found: Found) -> Found:
        """Try JSON whose quotes are escaped, if no other event was found."""
        if found.events or not found.failed or '\\"' not in text:
            return found
        plain = re.sub(r'\\(["\\])', r"\1", text)
        again = Found()
        for _, _, value in _objects(plain, list(_NAME.finditer(plain))):
            again.add(self._value(value, depth - 1))
        again.failed += [_NOT_WHOLE] * (found.names - again.names)
        again.names = found.names
        return again if again.events else found

    def _value(self, value: Any, depth: int) -> Found:
        """Read a JSON value: an event, or an object of a logger with an event in it."""
        found = Found()
        rest = [value]
        while rest:
            one = rest.pop()
            if isinstance(one, str):
                if one in FIELDS:
                    found.add(Found(bare=[one], names=1))
                elif "shim." in one:
                    found.add(self._text(f"{one}\n", depth - 1))
            elif isinstance(one, dict):
                names = [name for name in one.values() if isinstance(name, str) and name in FIELDS]
                found.add(self._object(one, names))
                rest += [inner for inner in one.values() if not (names and inner in names)]
            elif isinstance(one, list):
                rest += one
        return found

    def _object(self, value: dict[str, Any], names: list[str]) -> Found:
        """Read an object with names as values, under any key."""
        found = Found(names=len(names))
        for name in dict.fromkeys(names):
            event, why = self._first(_readings(value, name))
            if event is not None:
                found.events.append(event)
            elif why:
                found.failed += [why] * names.count(name)
            else:
                found.bare += [name] * names.count(name)
        return found

    def _first(self, readings: Iterator[Fields]) -> tuple[Fields | None, str]:
        """Return the first reading that is a complete event, or why the first is not."""
        first = ""
        for fields in readings:
            event, why = self._whole(fields)
            if event is not None:
                return event, ""
            # Without any of its fields, it is only a name.
            if not first and not _TELLING.isdisjoint(fields):
                first = why
        return None, first

    def _whole(self, fields: Fields) -> tuple[Fields | None, str]:
        # Fields that processors of structlog overwrite have a copy under another name.
        kept = {name[len(_KEPT) :]: one for name, one in fields.items() if name.startswith(_KEPT)}
        fields = {**fields, **kept} if kept else fields
        try:
            return self.whole(fields), ""
        except IncompleteEvent as why:
            return None, str(why)

    def _lines(self, text: str, depth: int, *, in_brackets: bool) -> Found:
        """Read a text without JSON, which may have several lines."""
        found = Found()
        for line in text.splitlines(keepends=True) if "\n" in text[:-1] else [text]:
            names = len(_NAME.findall(line))
            if len(line) > LONGEST:
                found.failed += ["names an event in a line that is too long"] * names
                found.names += names
            elif names:
                found.add(self._line(line, depth, in_brackets=in_brackets))
        return found

    def _line(self, text: str, depth: int, *, in_brackets: bool) -> Found:
        found = Found()
        run: list[TextPart] = []
        for part in Cutter(text, in_brackets=in_brackets).parts():
            if part.text.rstrip(":,") in FIELDS:
                if not part.key:
                    found.add(self._run(run))
                    run = []
                run.append(part._replace(text=part.text.rstrip(":,")))
            elif part.key and not (part.whole and _NAME.search(part.text)):
                run.append(part)
            elif part.text not in FLAGS and not _is_logger(part, run):
                found.add(self._run(run))
                run = []
                found.add(self._inner(part, text, depth))
        found.add(self._run(run))
        return found

    def _inner(self, part: TextPart, text: str, depth: int) -> Found:
        """Read the inside of a quoted or bracketed part."""
        if part.whole and "shim." in part.text:
            in_brackets = text[part.end - 1] in ")]}"
            return self._text(part.text + "\n", depth - 1, in_brackets=in_brackets)
        names = len(_NAME.findall(part.text))
        return Found(failed=[_NOT_WHOLE] * names, names=names)

    def _run(self, run: list[TextPart]) -> Found:
        """Read adjacent parts: the fields of an event, or of several."""
        places = [place for place, part in enumerate(run) if part.text in FIELDS]
        if not places:
            return Found()
        found, name = Found(names=len(places)), run[places[0]].text
        keys = {run[place].key for place in places}
        named_once = len(keys) == len(places) and keys <= _NAMING
        if len(places) > 1 and not (named_once and all(run[one].text == name for one in places)):
            return self._several(run, places)
        before, after = run[: places[0]], run[places[0] + 1 :]
        event, why = self._first(_halves(before, after, name))
        # `event=shim.…` is logfmt, in which single quotes are part of a text; others write them
        # around it. Read either way, half of the lines would be read falsely.
        if _is_logfmt(run[places[0]]) and any(part.single for part in run):
            event, why = None, _SINGLE_QUOTES
        if event is None:
            found.failed = [why or _NOT_WHOLE] * len(places)
        else:
            found.events.append(event)
        return found

    def _several(self, run: list[TextPart], places: list[int]) -> Found:
        """Read lines that were joined: the name is the first part of each, or the last of each."""
        cuts = [0, *places, len(run)]
        first, last = _claims(run[: places[0]]), _claims(run[places[-1] + 1 :])
        found = Found(names=len(places))
        for number, place in enumerate(places):
            before, after = run[cuts[number] : place], run[place + 1 : cuts[number + 2]]
            own = None if first == last else before if first else after
            pairs = _pairs(own or [], run[place].text)
            event, why = self._first(iter([pairs] if pairs else []))
            if event is None:
                found.failed.append(why or _NOT_WHOLE)
            else:
                found.events.append(event)
        return found


def plain(line: bytes) -> Fields | None:
    """Return the JSON object of a line that is one event, without checking its fields.

    Args:
        line: A line without its end.
    """
    if line[:1] != b"{" or not (line.count(b"shim") == 1 or line.count(b"shim.") == 1):
        return None
    if b'"shim_' in line:
        return None
    try:
        text = line.decode()
        value, end = _DECODE(text)
        if value["event"] in FIELDS and (end == len(text) or not text[end:].strip()):
            return cast("Fields", value)
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    return None


def decoded(line: bytes) -> str:
    """Return a line as text. Invalid bytes become U+FFFD, which no field may hold."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        text = line.decode("utf-8", "surrogateescape")
    others = [one for one in text if not one.isascii()]
    broken = sum("\ud800" <= one <= "\udfff" for one in others)
    # In another encoding, few letters are valid UTF-8; in a torn line, one is invalid.
    if max(others) < "\u0800" or broken * 2 > len(others):
        try:
            return line.decode("gb18030")
        except UnicodeDecodeError:
            pass
    return line.decode("utf-8", "replace")


def _plain_text(line: bytes) -> str:
    """Return a line as text, without colours, and with texts that were written as numbers."""
    if b"115," in line and _NUMBERS.search(line):
        line = _BYTES.sub(_of_bytes, line)
    return decoded(_COLOURS.sub(b"", line))


def _of_bytes(numbers: re.Match[bytes]) -> bytes:
    try:
        text = bytes(map(int, numbers[1].split(b",")))
    except ValueError:
        return numbers[0]
    return json.dumps(decoded(_COLOURS.sub(b"", text))).encode()


def _objects(text: str, names: list[re.Match[str]]) -> Iterator[tuple[int, int, Any]]:
    """Yield start, end and value of the JSON objects of a text that hold a name."""
    at, tries = 0, _TRIES
    for name in names:
        while tries and 0 <= (start := text.find("{", at)) < name.start():
            try:
                value, at = _DECODE(text, start)
            except (ValueError, RecursionError):
                # A text may have any number of braces, and each attempt takes time.
                tries -= 1
                at = start + 1
                continue
            if at > name.start():
                yield start, at, value


def _readings(value: dict[str, Any], name: str) -> Iterator[Fields]:
    """Yield the fields of a named event, for each place where they may be."""
    yield {**value, "event": name}
    flat: dict[str, Any] = {}
    for key, one in value.items():
        # Some write `extra.calls` or `@calls`.
        flat.setdefault(key.rpartition(".")[2].lstrip("_@"), one)
    if len(flat) == len(value):
        yield {**flat, "event": name}
    # GELF writes `_calls`, and has a `version` of its own.
    yield {**{key[1:]: one for key, one in value.items() if key[:1] == "_"}, "event": name}
    for one in value.values():
        if isinstance(one, dict) and "event" not in one:
            yield {**one, "event": name}


def _is_logfmt(named: TextPart) -> bool:
    return bool(named.key) and not named.whole


def _is_logger(part: TextPart, run: list[TextPart]) -> bool:
    """Whether a part is the logger's name, which structlog's console writes after the event's."""
    return part.whole and len(run) == 1 and not run[0].key and "shim." not in part.text


def _pairs(run: list[TextPart], name: str) -> Fields | None:
    """Return the fields of some parts, or None if a field is there twice."""
    fields: Fields = {}
    for part in run:
        if fields.setdefault(part.key, part.text) != part.text and part.key in _OURS:
            return None
    return {**fields, "event": name}


def _claims(run: list[TextPart]) -> bool:
    """Whether some parts belong to an event, since they name a process or a time."""
    return any(part.key in {"instance", "process", "at"} for part in run)


def _halves(before: list[TextPart], after: list[TextPart], name: str) -> Iterator[Fields]:
    """Yield the fields that the name between two halves may have."""
    whole = _pairs([*before, *after], name)
    if whole is not None:
        yield whole
    elif _claims(before) != _claims(after):
        half = _pairs(before if _claims(before) else after, name)
        if half is not None:
            yield half


def _once(events: list[Fields]) -> list[Fields]:
    """Return the events of a line, each once: loggers may write one as text and as fields."""
    if len(events) == 1:
        return events
    return list({same(one): one for one in events}.values())


def _others(text: str, events: list[Fields]) -> list[str]:
    """Return a reason for each name that is cut off, or that only a later version has."""
    failed = []
    # A program may have a `shim.py` of its own.
    said = [one.get(key, "") for one in events for key in _PLACES]
    for match in _LIKE_A_NAME.finditer(text):
        name, after = match[0], text[match.end() :]
        if _NAME.match(name) or _GOES_ON.match(after) or any(name in words for words in said):
            continue
        if name in _BEGINNINGS:
            failed.append("names an event in part")
        elif _INSTANCE.search(text):
            failed.append("names an event of a later version, or one in part")
    return failed
