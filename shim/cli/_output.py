"""Writing for people, on standard streams that may be closed, full, or left by their reader.

What cannot be written on stderr is written on stdout. A stream that cannot be written changes no
exit code by accident, and is no traceback. Imports no library, so that it works without any.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from shim.usage.safe import plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

_STDERR: Final = 2
_NARROWEST: Final = 24
_closed: Final[set[int]] = set()
"""Which of the three streams were closed when the command began."""


class CommandError(Exception):
    """A command cannot do what it is asked. Its text is one line that says what to do."""


def open_missing() -> None:
    """Open stdin, stdout and stderr on nothing if they are closed, as in some daemons.

    Otherwise the next file that is opened gets the number, and what is written to that stream.
    """
    for number in range(3):
        if not _is_open(number):
            # Not for reading: ids from a closed stdin are an error, and not an empty list.
            os.open(os.devnull, os.O_WRONLY)
            _closed.add(number)
    if sys.stderr is None:
        sys.stderr = open(_STDERR, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115 - a descriptor.


def echo(text: str, *, nl: bool = True) -> None:
    r"""Write on stdout, with `?` for letters that it does not have, `\x1b` for an escape.

    Raises:
        CommandError: It is closed, or full.
    """
    write([plain(text), "\n"] if nl else [plain(text)])


def write(pieces: Iterable[str]) -> None:
    """Write on stdout as it is, piece by piece. If the reader has gone, the rest is left out.

    Raises:
        CommandError: It is closed, or full.
    """
    stream = sys.stdout
    if stream is None:
        msg = "stdout is closed: nothing can be written to it"
        raise CommandError(msg)
    encoding = stream.encoding or "utf-8"
    try:
        for piece in pieces:
            stream.write(piece.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        silence(stream)
    except OSError as error:
        silence(stream)
        msg = f"stdout cannot be written: {error.strerror}"
        raise CommandError(msg) from None


def complain(text: str) -> None:
    """Write on stderr what is wrong, after the name of the command."""
    warn(f"fxshim: {text}")


def warn(text: str) -> None:
    """Write a line on stderr; on stdout if stderr is closed or full, since it has to be seen."""
    if _STDERR in _closed or not _wrote(sys.stderr, text):
        _wrote(sys.stdout, text)


def mention(text: str) -> None:
    """Write a line on stderr that need not be seen."""
    _wrote(sys.stderr, text)


def silence(stream: TextIO) -> None:
    """Send what is still buffered nowhere: the interpreter would try to write it as it ends."""
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


def width() -> int | None:
    """Return how wide a line may be; None if stdout is no screen: then a row is a line."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def fitted(text: str) -> str:
    """Return lines no longer than the screen is wide; unchanged if there is no screen."""
    room = width()
    if room is None:
        return text
    lines = (
        textwrap.fill(line, max(room, _NARROWEST), break_on_hyphens=False)
        for line in text.splitlines()
    )
    return "\n".join(lines)


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
        # A reader that has gone needs no more lines.
        return isinstance(error, BrokenPipeError)
    return True


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
