"""Where in a log something may tell an event: found without a step for each line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from shim.usage.events import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

# Followed by the dot, or by a colour before it.
_MARK: Final = b"shim"
_ENDS: Final = frozenset(b'\r\n" ')
_NEXT: Final = frozenset(b".\x1b#\\^\xc2")
# What stands for `shim.` where journald writes a text as the numbers of its bytes.
_NUMBERS: Final = (b"115,104,105,109,46", b"115, 104, 105, 109, 46")
_UTF_16: Final = b"s\0h\0i\0m\0."
_HIDDEN: Final = b"B blob data]"
# What Docker and Kubernetes write before a part of a line.
_PART: Final = rb'\{"log":"|\S+ std(?:out|err) [PF] '
# The rest of a name at the beginning of a line: a console folds, a collector cuts.
_REST: Final = re.compile(rb"\n(?:[ \t]*|" + _PART + rb")((?:him|im|m)?\.)(\w+)")
# How far from a line's end the rest of a name is looked for.
_FAR: Final = 200
_WHY_UTF_16: Final = "names an event in UTF-16, while the log is not"
_WHY_HIDDEN: Final = "is not shown by journalctl: use journalctl --all, or -o json"
_WHY_SPLIT: Final = "names an event over two lines"


def marked(content: bytes) -> Iterator[tuple[int, int, str]]:
    """Yield what may tell an event.

    Args:
        content: Lines, each with its end.

    Yields:
        Where a line begins, where it ends, and why it cannot be read, if that is known.
    """
    found = _named(content)
    others = list(_others(content))
    # Rare enough to be put in order.
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
    """Whether a line begins with a name, without the package's."""
    match = re.match(rb"\s*(?:" + _PART + rb")?(\w+)", line)
    return match is not None and _is_of_a_name(match[1])


def _is_of_a_name(rest: bytes) -> bool:
    name = "shim." + rest.decode("ascii", "replace")
    return any(one.startswith(name) or name.startswith(one) for one in FIELDS)


def _continues(line: bytes, dotted: bytes, rest: bytes) -> bool:
    """Whether a line holds the beginning of a name of which the next has the rest."""
    head = b"shim."[: -len(dotted)]
    if not _is_of_a_name(rest):
        return False
    return re.search(rb"(?<![A-Za-z])" + head + rb"(?![\w.])", line) is not None
