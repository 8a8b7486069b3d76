"""Text from a log, made safe to show, and text files written as a whole.

No shown text has a character that a terminal or a reader would obey.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

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


def write_whole(path: Path, text: str) -> None:
    """Write a text file in place of what is there, whose permissions it gets; UTF-8.

    A link stays a link. Whoever reads the file sees the old text or the new one, never a part.

    Raises:
        OSError: It cannot be written, or is no regular file; what was there stays.
    """
    # Through a link to the file itself.
    target = path.resolve()
    mode = _mode(target)
    descriptor, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
    try:
        # What no UTF-8 can hold becomes a question mark.
        with open(descriptor, "w", encoding="utf-8", errors="replace", newline="\n") as out:  # noqa: PTH123 - a descriptor.
            out.write(text)
        os.chmod(beside, mode)  # noqa: PTH101 - beside is a name.
        os.replace(beside, target)  # noqa: PTH105 - as above.
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)  # noqa: PTH108 - as above.
        raise


def _mode(target: Path) -> int:
    try:
        there = target.stat().st_mode
    except FileNotFoundError:
        return 0o666 & ~_umask()
    if not stat.S_ISREG(there):
        raise OSError(0, "it is no regular file")
    return stat.S_IMODE(there)


def _umask() -> int:
    # There is no way to ask but to set it.
    umask = os.umask(0o22)
    os.umask(umask)
    return umask
