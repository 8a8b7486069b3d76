"""Writing for people: what cannot be written ends no work, and is no traceback."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from contextlib import suppress

import typer

from shim.cli.errors import CommandError


def echo(text: str, *, nl: bool = True) -> None:
    """Write on stdout, with `?` for letters that it does not have. A reader may have gone.

    Raises:
        CommandError: It is closed, or full.
    """
    stream = sys.stdout
    if stream is None:
        msg = "stdout is closed: nothing can be written to it"
        raise CommandError(msg)
    encoding = stream.encoding or "utf-8"
    try:
        typer.echo(text.encode(encoding, "replace").decode(encoding), nl=nl)
    except BrokenPipeError:
        silence()
    except OSError as error:
        silence()
        msg = f"stdout cannot be written: {error.strerror}"
        raise CommandError(msg) from None


def complain(text: str) -> None:
    """Say on stderr what is wrong."""
    warn(f"fxshim: {text}")


def warn(text: str) -> None:
    """Write on stderr, if anybody hears it there."""
    with suppress(OSError):
        typer.echo(text, err=True)


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


def silence() -> None:
    """Send what is still to be written nowhere: the interpreter tries again as it leaves."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
