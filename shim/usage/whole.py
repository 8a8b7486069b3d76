"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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
