"""The three standard streams, any of which may be closed, full, or left by its reader.

What is to be said on stderr is said on stdout if stderr cannot be written, and no stream that
cannot be written changes the exit code by accident. Imports no library.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from shim.usage.safe import plain

if TYPE_CHECKING:
    from typing import TextIO

_STDERR: Final = 2
_closed: Final[set[int]] = set()
"""Which of them were closed when the command began."""


def open_missing() -> None:
    """Open stdin, stdout and stderr on nothing if they are closed, as in some daemons.

    Else the next file that is opened takes the number, and gets what is meant for them.
    """
    for number in range(3):
        if not _is_open(number):
            # Not to be read, either: ids from a stdin that is closed are an error, not none.
            os.open(os.devnull, os.O_WRONLY)
            _closed.add(number)
    if sys.stderr is None:
        sys.stderr = open(_STDERR, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115 - a descriptor.


def say(text: str) -> None:
    """Write a line on stderr; on stdout if stderr is closed or full."""
    if _STDERR in _closed or not _wrote(sys.stderr, text):
        _wrote(sys.stdout, text)


def silence(stream: TextIO) -> None:
    """Send what is still to be written nowhere: the interpreter tries again as it ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def flush() -> None:
    """Write what libraries have left in the streams, if it can be written."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                silence(stream)


def _wrote(stream: TextIO | None, text: str) -> bool:
    if stream is None:
        return False
    encoding = stream.encoding or "ascii"
    line = f"{plain(text)}\n".encode(encoding, "backslashreplace").decode(encoding)
    try:
        stream.write(line)
        stream.flush()
    except (OSError, ValueError) as error:
        silence(stream)
        # A reader that has gone wants to know no more.
        return isinstance(error, BrokenPipeError)
    return True


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
