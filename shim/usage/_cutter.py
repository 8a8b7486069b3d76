"""Cuts a line of text into parts: `key=value`, `'key': value`, quoted and bracketed texts, words.

structlog, logging, logfmt, repr() of Python and consoles write events in these forms. A text is cut
once, from its beginning, so the time grows with its length and no faster.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

LONGEST: Final = 1 << 18
"""A text with more characters is not cut."""

# Quotes and brackets that are tried: each may search to the end of the text.
_TRIES: Final = 64
_GAP: Final = re.compile(r"[\s,;|]*", re.ASCII)
_KEY: Final = re.compile(
    r"([A-Za-z_@][\w.@-]*)=|\"([\w.@-]+)\"\s*:\s*|'([\w.@-]+)'\s*:\s*", re.ASCII
)
# What may precede a key without a space: `WARNING:shim:event=…`.
_LEAD: Final = re.compile(r"[^\s\"'=({\[]*?[:>)\]},;|](?=[A-Za-z_@][\w.@-]*=)", re.ASCII)
_WORD: Final = re.compile(r"(?:[^\s\"'=({\[]|(?<=\w)['\"](?=\w))+|\S", re.ASCII)
_BARE: Final = re.compile(r"[^\s\"'=]*", re.ASCII)
_BARE_IN_BRACKETS: Final = re.compile(r"[^\s\"',()\[\]{}]+", re.ASCII)
_TORN: Final = re.compile(r"\S+", re.ASCII)
_QUOTED: Final = {
    '"': re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL),
    "'": re.compile(r"'([^'\\]*(?:\\.[^'\\]*)*)'", re.DOTALL),
}
_DOUBLED: Final = re.compile(r'"([^"]*(?:""[^"]*)*)"')
_AFTER_QUOTES: Final = frozenset(" \t\r\n,;:|)]}>.")
_BRACKETS: Final = re.compile(
    r'[(\[{]|([)\]}])|(?<![\w\\])"[^"\\]*(?:\\.[^"\\]*)*"'
    r"|(?<![\w\\])'[^'\\]*(?:\\.[^'\\]*)*'",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(
    r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U(00[0-9a-fA-F]{6})|(.))", re.DOTALL
)
_ESCAPES: Final = {
    **dict(zip("ntrbfav0", "\n\t\r\b\f\a\v\0", strict=True)),
    **{one: one for one in "\\\"'/"},
}


class TextPart(NamedTuple):
    """A part of a text.

    Attributes:
        key: Its key; empty if it has none.
        text: Its text, without quotes and escapes.
        whole: Whether the text is quoted or in brackets, so that it may hold parts itself.
        start: Index of its first character.
        end: Index after its last character.
        single: Whether it has a key and single quotes. Python's repr writes them; in logfmt, they
            are part of the text.
    """

    key: str
    text: str
    whole: bool
    start: int
    end: int
    single: bool = False


class Cutter:
    """Cuts one text."""

    def __init__(self, text: str, *, in_brackets: bool = False) -> None:
        self._text = text
        self._in_brackets = in_brackets
        self._tries = _TRIES
        self._counted = 0
        self._open = dict.fromkeys(_QUOTED, False)

    def parts(self) -> list[TextPart]:
        """Return the parts of the text, in order."""
        text, found, at = self._text, [], 0
        end = len(text)
        while (at := _ended(_GAP, text, at)) < end:
            part = self._pair(at) or self._alone(at) or self._word(at)
            found.append(part)
            at = part.end
        return found

    def _alone(self, at: int) -> TextPart | None:
        whole = self._whole("", at, at)
        return whole if whole is None or self._is_undone(at, whole.end) else None

    def _pair(self, start: int) -> TextPart | None:
        match = _KEY.match(self._text, start)
        if match is None:
            return None
        key, at = match[match.lastindex or 0], match.end()
        whole = self._whole(key, start, at)
        if whole is not None:
            return whole if self._is_undone(start, whole.end) else self._torn(start)
        if match.lastindex != 1:
            return self._item(key, start, at)
        end = _ended(_BARE, self._text, at)
        text = self._text[at:end].rstrip(",;|")
        # Quotes that are not ours, the key of a line that was joined to this one, or a torn end.
        if (
            self._text[end : end + 1] in {"", '"', "'", "="}
            or _is_closed_only(text)
            # A separator between parts, or the end of a name.
            or (at + len(text) < end and key != "at")
            or not self._is_undone(start, end)
        ):
            return self._torn(start)
        return TextPart(key, text, False, start, at + len(text))  # noqa: FBT003

    def _torn(self, start: int) -> TextPart:
        end = _ended(_TORN, self._text, start)
        return TextPart("", self._text[start:end], False, start, end)  # noqa: FBT003

    def _is_undone(self, start: int, end: int) -> bool:
        """Whether a part is unescaped: it has no backslash, or is not inside quotes."""
        if self._text.find("\\", start, end) < 0:
            return True
        # Each quote is counted once for all parts.
        for quote in _QUOTED:
            count = self._text.count(quote, self._counted, start)
            count -= self._text.count(f"\\{quote}", self._counted, start)
            self._open[quote] ^= bool(count % 2)
        self._counted = start
        return not any(self._open.values())

    def _item(self, key: str, start: int, at: int) -> TextPart | None:
        """Return an item of a dict. A number that nothing follows may be torn."""
        end = _ended(_BARE_IN_BRACKETS, self._text, at)
        after = self._text[end:].lstrip()[:1]
        if end == at or not (after == "," or (self._in_brackets and not after)):
            return None
        return TextPart(key, self._text[at:end], False, start, end)  # noqa: FBT003

    def _whole(self, key: str, start: int, at: int) -> TextPart | None:
        """Return the quoted or bracketed text that begins here."""
        first = self._text[at : at + 1]
        if self._tries <= 0:
            return None
        if first in _QUOTED:
            quoted = self._quoted(first, at, alone=not key)
        elif first and first in "([{":
            quoted = self._bracketed(at)
            if key and quoted is not None:
                quoted = self._value(at, *quoted)
        else:
            return None
        if quoted is None:
            self._tries -= 1
            return None
        single = bool(key) and first == "'"
        return TextPart(key, quoted[0], True, start, quoted[1], single)  # noqa: FBT003

    def _value(self, at: int, inner: str, end: int) -> tuple[str, int] | None:
        """Return a value with its brackets, since it may be a name; None if more follows."""
        if "shim." in inner:
            return inner, end
        goes_on = self._text[end : end + 1] not in {"", *_AFTER_QUOTES} - {".", ":"}
        return None if goes_on else (self._text[at:end], end)

    def _quoted(self, quote: str, at: int, *, alone: bool) -> tuple[str, int] | None:
        text = self._text
        match = _QUOTED[quote].match(text, at)
        if match and text[match.end() : match.end() + 1] in {"", *_AFTER_QUOTES}:
            if alone and self._is_column(at, match.end()):
                return match[1], match.end()
            plain = unescaped(match[1])
            return None if plain is None else (plain, match.end())
        match = _DOUBLED.match(text, at) if quote == '"' else None
        if match and self._is_column(at, match.end(), alone_in_line=True):
            return match[1].replace('""', '"'), match.end()
        return None

    def _is_column(self, start: int, end: int, *, alone_in_line: bool = False) -> bool:
        """Whether a quoted text is a column of CSV, where a backslash escapes nothing."""
        before, after = self._text[start - 1 : start], self._text[end : end + 1]
        ends = after in {"", "\r", "\n"}
        if not alone_in_line and not before and ends:
            return False
        return before in {"", ",", ";", "\t"} and (ends or after in {",", ";", "\t"})

    def _bracketed(self, at: int) -> tuple[str, int] | None:
        depth = 0
        for match in _BRACKETS.finditer(self._text, at):
            if match[1]:
                depth -= 1
                if not depth:
                    return self._text[at + 1 : match.end() - 1], match.end()
            elif match[0] in {"(", "[", "{"}:
                depth += 1
        return None

    def _word(self, start: int) -> TextPart:
        match = _LEAD.match(self._text, start) or _WORD.match(self._text, start)
        end = match.end() if match else start + 1
        return TextPart("", self._text[start:end], False, start, end)  # noqa: FBT003


def unescaped(text: str) -> str | None:
    """Return a quoted text without its escapes, or None if it has an unknown escape."""
    if "\\" not in text:
        return text
    try:
        plain = _ESCAPE.sub(_unescaped, text)
    except (KeyError, ValueError):
        return None
    # JSON writes some characters as two escapes.
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _unescaped(escape: re.Match[str]) -> str:
    number = escape[1] or escape[2] or escape[3]
    return chr(int(number, 16)) if number else _ESCAPES[escape[4]]


def _ended(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _is_closed_only(text: str) -> bool:
    """Whether a value ends with a bracket that it does not open."""
    closing = text[-1:]
    opening = {")": "(", "]": "[", "}": "{"}.get(closing)
    return opening is not None and text.count(opening) < text.count(closing)
