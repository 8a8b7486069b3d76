"""Writing for people: what cannot be written ends no work, and is no traceback."""

from __future__ import annotations

import os
import sys
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
    """Say on stderr what is wrong, if there is one."""
    with suppress(OSError, AttributeError):
        typer.echo(f"fxshim: {text}", err=True)


def silence() -> None:
    """Send what is still to be written nowhere: the interpreter tries again as it leaves."""
    with suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
