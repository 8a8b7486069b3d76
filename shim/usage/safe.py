"""Text from a log, made safe to show, and text files written as a whole.

No shown text keeps a character that a terminal obeys, or that changes how a text reads.
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
    r"""Return a text with such characters escaped as `\x1b`; line ends and tabs stay."""
    return _OBEYED.sub(lambda one: one[0] if one[0] in _ENDS else _written(one), text)


def one_line(text: str) -> str:
    r"""Return a text as one line: as `plain`, with line ends escaped too."""
    return _OBEYED.sub(_written, text)


def in_json(text: str) -> str:
    """Return JSON with such characters escaped as in JSON."""
    return _OBEYED.sub(lambda one: one[0] if one[0] in _ENDS else _as_json(one[0]), text)


def _written(one: re.Match[str]) -> str:
    return ascii(one[0])[1:-1]


def _as_json(one: str) -> str:
    units = one.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def write_whole(path: Path, text: str) -> None:
    """Write a text file in UTF-8, or replace one and keep its permissions.

    A link stays a link. A reader sees the old text or the new text, never a part.

    Raises:
        OSError: It cannot be written, or is not a regular file; the old file stays.
    """
    # Follows a link to its file.
    target = path.resolve()
    mode = _mode(target)
    descriptor, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
    try:
        # Characters that UTF-8 cannot hold become question marks.
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
        raise OSError(0, "it is not a regular file")
    return stat.S_IMODE(there)


def _umask() -> int:
    # It can be read only by setting it.
    umask = os.umask(0o22)
    os.umask(umask)
    return umask
