"""One log line into the event it tells, however it was wrapped on its way into the log."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MARK: Final = b"shim."
"""What every line of an event holds."""

_EVENT: Final = re.compile(
    r"shim\.(?:offline_(?:api_called|usage_summarized|call_finished|call_fell_back|fields_dropped)"
    r"|shadow_compared|bulk_run_finished|quota_store_(?:lost|recovered)"
    r"|settings_file_(?:read|refused)|process_(?:started|ended)|notice_hook_failed|notices_ignored"
    r"|logger_disabled)"
)
_STARTS: Final = re.compile(r'event="?(?=shim\.)')
_PAIR: Final = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))')
_ESCAPED: Final = re.compile(r"\\(.)")
_DEEPEST: Final = 4
_TRIES: Final = 16
_DECODER: Final = json.JSONDecoder()


class Unreadable(Exception):  # noqa: N818 - counted, not raised to anybody.
    """A line names an event and does not tell it; says in a word what is wrong."""


def event_of(line: bytes) -> Mapping[str, Any] | None:
    """Return the event that a line tells, or None where it tells none.

    Raises:
        Unreadable: It is about an event, but torn or not whole.
    """
    text = line.decode("utf-8", "replace")
    if not _EVENT.search(text):
        return None
    told = _found(text, _DEEPEST)
    if told is None:
        if _is_about_one(text):
            msg = "names an event, but is neither whole JSON nor key=value"
            raise Unreadable(msg)
        return None
    return told


def _is_about_one(text: str) -> bool:
    """Whether a text that could not be read was an event; others may well speak of one."""
    return bool(_STARTS.search(text) or re.search(r'\\*"event\\*"\s*:\s*\\*"shim\.', text))


def _found(text: str, depth: int) -> Mapping[str, Any] | None:
    """Look for an event in a text: as JSON, or from `event=` on."""
    for value in _objects(text):
        told = _within(value, depth)
        if told is not None:
            return told
    start = _STARTS.search(text)
    return _pairs(text[start.start() :]) if start else None


def _objects(text: str) -> Iterator[Any]:
    """Yield the first JSON object of a text, whatever stands before it."""
    start = text.find("{")
    # A line may be made to hold any number of beginnings, each of which takes its time.
    for _ in range(_TRIES):
        if start < 0:
            return
        try:
            value, _end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
            continue
        yield value
        return


def _within(value: Any, depth: int) -> Mapping[str, Any] | None:
    """Look for an event in a JSON value: the value itself, or what a logger put around it."""
    if isinstance(value, dict):
        event = value.get("event")
        if isinstance(event, str) and _EVENT.fullmatch(event):
            return cast("dict[str, Any]", value)
        inner: Any = value.values()
    elif isinstance(value, list):
        inner = value
    elif isinstance(value, str) and depth and _EVENT.search(value):
        return _found(value, depth - 1)
    else:
        return None
    if depth:
        for one in inner:
            told = _within(one, depth - 1)
            if told is not None:
                return told
    return None


def _pairs(text: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, quoted, plain in _PAIR.findall(text):
        told.setdefault(name, _ESCAPED.sub(_unescaped, quoted) if quoted else plain)
    return told


def _unescaped(escape: re.Match[str]) -> str:
    return "\n" if escape[1] == "n" else escape[1]
