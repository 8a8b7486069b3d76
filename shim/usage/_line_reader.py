"""One log line into the events that it tells, however they were wrapped on their way into the log.

Each event's name in a line is accounted for: with a whole event, or as one that was not read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from shim.usage._cutter import LONGEST, Cutter, Token
from shim.usage._event_format import FIELDS, FLAGS, Checker, Told, Unreadable, same

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST: Final = 6
_TRIES: Final = 16
_DECODE: Final = json.JSONDecoder().raw_decode
_NAME: Final = re.compile("|".join(map(re.escape, sorted(FIELDS, key=len, reverse=True))))
_LIKE_A_NAME: Final = re.compile(r"shim\.(\w*)")
# A process, as its events name it.
_INSTANCE: Final = re.compile(r"\d-[0-9a-f]{12}(?![0-9a-f])")
_PLACES: Final = ("caller_file", "caller_module", "caller_function", "service")
_BEGINNINGS: Final = frozenset(
    name[: len("shim.") + length] for name in FIELDS for length in range(1, len(name) - 5)
)
# Not the package's own modules: `shim.settings.layers`, `from shim.offline import …`.
_GOES_ON: Final = re.compile(r"\.\w|\s+import\b")
# Colours, as they are and as syslog, JSON and Python write them.
_COLOURS: Final = re.compile(
    rb"(?:\x1b|\xc2\x9b|#033|(?<!\\)\\+(?:u001[bB]|x1[bB]|033|e)|\^\[)"
    rb"(?:\[[0-9;:]*[mK]|\]8;[^\x07\x1b\\]*(?:\x07|(?:\x1b|\\+u001[bB])\\+))"
)
# A text that journald writes as the numbers of its bytes, and `shim.` in it.
_BYTES: Final = re.compile(rb"\[\s*(\d{1,3}(?:,\s*\d{1,3})+)\s*\]")
_NUMBERS: Final = re.compile(rb"115,\s*104,\s*105,\s*109,\s*46")
_OURS: Final = frozenset[str]().union(*FIELDS.values()) | {"instance", "process", "service", "at"}
# Fields by which an event is told from a name alone.
_TELLING: Final = _OURS - {
    *("version", "error", "logger", "reason", "function", "mode", "code", "status", "seconds"),
    *("process", "service"),
}
# Keys under which a logger may write the name once more.
_NAMING: Final = frozenset({"", "event", "message", "msg"})
_KEPT: Final = "shim_"
_NOT_WHOLE: Final = "names an event and does not tell it whole"


@dataclass
class Found:
    """What a part of a line tells.

    Attributes:
        events: Its events.
        failed: For each name without an event, why.
        bare: Names that stand alone: what a logger puts beside an event.
        names: How many names there were.
    """

    events: list[Told] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    names: int = 0

    def add(self, other: Found) -> None:
        """Add what another part tells."""
        self.events += other.events
        self.failed += other.failed
        self.bare += other.bare
        self.names += other.names


class LineReader:
    """Reads lines."""

    def __init__(self) -> None:
        self.whole = Checker().whole

    def read(self, line: bytes, *, ended: bool = True) -> tuple[list[Told], list[str]]:
        """Return the events of a line, and a reason for each name that tells none.

        Args:
            line: A line without its end.
            ended: Whether it has one; what is still being written may be torn.
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
        """Read a text: JSON wherever it stands, and the rest by its parts."""
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
        """Try JSON whose quotes are escaped, if nothing else was there."""
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
        """Read a JSON value: an event, or what a logger put around it."""
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
        """Read an object in which names stand as values, under whatever key."""
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

    def _first(self, readings: Iterator[Told]) -> tuple[Told | None, str]:
        """Return the first reading that is a whole event, or what the first one lacks."""
        first = ""
        for told in readings:
            event, why = self._whole(told)
            if event is not None:
                return event, ""
            # With none of its fields, it is but a name.
            if not first and not _TELLING.isdisjoint(told):
                first = why
        return None, first

    def _whole(self, told: Told) -> tuple[Told | None, str]:
        # A field that structlog's processors write over has another name beside it.
        kept = {name[len(_KEPT) :]: one for name, one in told.items() if name.startswith(_KEPT)}
        told = {**told, **kept} if kept else told
        try:
            return self.whole(told), ""
        except Unreadable as why:
            return None, str(why)

    def _lines(self, text: str, depth: int, *, in_brackets: bool) -> Found:
        """Read a text that is no JSON, which may have several lines."""
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
        run: list[Token] = []
        for token in Cutter(text, in_brackets=in_brackets).tokens():
            if token.text.rstrip(":,") in FIELDS:
                if not token.key:
                    found.add(self._run(run))
                    run = []
                run.append(token._replace(text=token.text.rstrip(":,")))
            elif token.key and not (token.whole and _NAME.search(token.text)):
                run.append(token)
            elif token.text not in FLAGS and not _is_logger(token, run):
                found.add(self._run(run))
                run = []
                found.add(self._inner(token, text, depth))
        found.add(self._run(run))
        return found

    def _inner(self, token: Token, text: str, depth: int) -> Found:
        """Read what is within a quoted or bracketed part."""
        if token.whole and "shim." in token.text:
            in_brackets = text[token.end - 1] in ")]}"
            return self._text(token.text + "\n", depth - 1, in_brackets=in_brackets)
        names = len(_NAME.findall(token.text))
        return Found(failed=[_NOT_WHOLE] * names, names=names)

    def _run(self, run: list[Token]) -> Found:
        """Read parts that stand together: the fields of an event, or of several."""
        places = [place for place, token in enumerate(run) if token.text in FIELDS]
        if not places:
            return Found()
        found, name = Found(names=len(places)), run[places[0]].text
        keys = {run[place].key for place in places}
        told_once = len(keys) == len(places) and keys <= _NAMING
        if len(places) > 1 and not (told_once and all(run[one].text == name for one in places)):
            return self._several(run, places)
        before, after = run[: places[0]], run[places[0] + 1 :]
        event, why = self._first(_halves(before, after, name))
        if event is None:
            found.failed = [why or _NOT_WHOLE] * len(places)
        else:
            found.events.append(event)
        return found

    def _several(self, run: list[Token], places: list[int]) -> Found:
        """Read lines that were glued: their names all stand first, or all stand last."""
        cuts = [0, *places, len(run)]
        first, last = _claims(run[: places[0]]), _claims(run[places[-1] + 1 :])
        found = Found(names=len(places))
        for number, place in enumerate(places):
            before, after = run[cuts[number] : place], run[place + 1 : cuts[number + 2]]
            part = None if first == last else before if first else after
            pairs = _pairs(part or [], run[place].text)
            event, why = self._first(iter([pairs] if pairs else []))
            if event is None:
                found.failed.append(why or _NOT_WHOLE)
            else:
                found.events.append(event)
        return found


def plain(line: bytes) -> Told | None:
    """Return the JSON object that a line is, if it has one name and that names the object.

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
            return cast("Told", value)
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    return None


def decoded(line: bytes) -> str:
    """Return a line as text. What cannot be read becomes U+FFFD, which no field may hold."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        text = line.decode("utf-8", "surrogateescape")
    others = [one for one in text if not one.isascii()]
    broken = sum("\ud800" <= one <= "\udfff" for one in others)
    # In another encoding, hardly a letter is one of UTF-8 by chance; a torn line has one broken.
    if max(others) < "\u0800" or broken * 2 > len(others):
        try:
            return line.decode("gb18030")
        except UnicodeDecodeError:
            pass
    return line.decode("utf-8", "replace")


def _plain_text(line: bytes) -> str:
    """Return a line without colours and without texts in numbers."""
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
    """Yield the JSON objects of a text that hold a name, each with where it stands."""
    at, tries = 0, _TRIES
    for name in names:
        while tries and 0 <= (start := text.find("{", at)) < name.start():
            try:
                value, at = _DECODE(text, start)
            except (ValueError, RecursionError):
                # A text may have any number of beginnings, each of which takes its time.
                tries -= 1
                at = start + 1
                continue
            if at > name.start():
                yield start, at, value


def _readings(value: dict[str, Any], name: str) -> Iterator[Told]:
    """Yield where the fields of a named event may be."""
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


def _is_logger(token: Token, run: list[Token]) -> bool:
    """Whether a part is the logger's name, which structlog's console writes after the event's."""
    return token.whole and len(run) == 1 and not run[0].key and "shim." not in token.text


def _pairs(run: list[Token], name: str) -> Told | None:
    """Return the fields that some parts tell, or None if they tell one twice."""
    told: Told = {}
    for token in run:
        if told.setdefault(token.key, token.text) != token.text and token.key in _OURS:
            return None
    return {**told, "event": name}


def _claims(run: list[Token]) -> bool:
    """Whether some parts are of an event, for they tell of a process or a time."""
    return any(token.key in {"instance", "process", "at"} for token in run)


def _halves(before: list[Token], after: list[Token], name: str) -> Iterator[Told]:
    """Yield the fields that may be those of a name between them."""
    whole = _pairs([*before, *after], name)
    if whole is not None:
        yield whole
    elif _claims(before) != _claims(after):
        half = _pairs(before if _claims(before) else after, name)
        if half is not None:
            yield half


def _once(events: list[Told]) -> list[Told]:
    """Return the events of a line, each once: a logger may write one as text and as fields."""
    if len(events) == 1:
        return events
    return list({same(one): one for one in events}.values())


def _others(text: str, events: list[Told]) -> list[str]:
    """Return a reason for each name that is cut, or that only a later version has."""
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
