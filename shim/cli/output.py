"""Writing for people: what cannot be written ends no work, and is no traceback."""

from __future__ import annotations

import shutil
import sys
import textwrap
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from shim.cli.errors import CommandError
from shim.cli.streams import say, silence
from shim.usage.safe import plain

if TYPE_CHECKING:
    from collections.abc import Iterable


def echo(text: str, *, nl: bool = True) -> None:
    r"""Write on stdout, with `?` for letters that it does not have, `\x1b` for an escape.

    Raises:
        CommandError: It is closed, or full.
    """
    write([plain(text), "\n"] if nl else [plain(text)])


def write(pieces: Iterable[str]) -> None:
    """Write on stdout as it is, piece by piece. A reader may have gone: then the rest is left out.

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
    """Say on stderr what is wrong."""
    warn(f"fxshim: {text}")


def warn(text: str) -> None:
    """Write on stderr, or on stdout if stderr cannot be written: it has to be seen."""
    say(text)


def mention(text: str) -> None:
    """Write on stderr what need not be seen."""
    with suppress(OSError):
        typer.echo(f"fxshim: {plain(text)}", err=True)


def width() -> int | None:
    """Return how wide a line may be; None if nobody looks at a screen: then a row is a line."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def fitted(text: str) -> str:
    """Return lines no longer than the screen is wide; as they are where there is none."""
    room = width()
    if room is None:
        return text
    lines = (
        textwrap.fill(line, max(room, 24), break_on_hyphens=False) for line in text.splitlines()
    )
    return "\n".join(lines)
