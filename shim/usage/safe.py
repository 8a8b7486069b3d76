"""Text from a log, made safe to show: no character that a terminal or a reader would obey."""

from __future__ import annotations

import re
from typing import Final

_ENDS: Final = "\n\t"
# C0, DEL and C1; marks that turn the direction of text; ends of lines; halves of surrogate pairs.
_OBEYED: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def plain(text: str) -> str:
    r"""Return a text with such characters written as `\x1b`; ends of lines and tabs stay."""
    return _OBEYED.sub(lambda one: one[0] if one[0] in _ENDS else _written(one), text)


def one_line(text: str) -> str:
    r"""Return a text as one line: as `plain`, and `\n` is written as well."""
    return _OBEYED.sub(_written, text)


def in_json(text: str) -> str:
    """Return JSON with such characters of its strings escaped as JSON has it."""
    return _OBEYED.sub(lambda one: one[0] if one[0] in _ENDS else _as_json(one[0]), text)


def _written(one: re.Match[str]) -> str:
    return ascii(one[0])[1:-1]


def _as_json(one: str) -> str:
    units = one.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
