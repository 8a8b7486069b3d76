"""`fxshim demo`: what the shim does, in 45 lines.

Everything shown is what happened: scripts run as processes of their own against sandboxes on
loopback; the states are read from the sandboxes, the rest from what the scripts wrote.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import typer
from rich.console import Console

from shim.cli.demo.command import command
from shim.cli.demo.page import WIDTH, Whole, page
from shim.cli.demo.promises import Played, broken, broken_log, tasks
from shim.cli.demo.runs import examples, play
from shim.cli.interruption import EXIT_CODE, Interruption

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rich.console import RenderableType

_BROKEN: Final = 1
_UNUSABLE: Final = 2


@dataclass(frozen=True)
class Stage:
    """What the demo is played on.

    Attributes:
        examples: Folder of the scripts.
        ordinary: Profile of the sandbox that does as it is asked.
        silent: Profile of the sandbox that answers "success" and changes nothing.
        seconds: How long to wait for each script.
    """

    examples: Path = field(default_factory=examples)
    ordinary: str = "fsuid"
    silent: str = "read_only"
    seconds: float = 60


def show(*, log: bool = False, stage: Stage | None = None) -> int:
    """Play the demo and print it; return the exit code.

    Args:
        log: Print only the log lines of the shim, whole.
        stage: What to play it on.

    Returns:
        0 all that the demo promises was seen, 1 something was not, 2 this machine lacks something,
        130 interrupted.
    """
    with Interruption():
        try:
            return _show(stage or Stage(), log=log)
        except KeyboardInterrupt:
            _complain("interrupted")
            return EXIT_CODE
        except OSError as error:
            _complain(f"the demo cannot run: {error.strerror or error}")
            return _UNUSABLE


def _show(stage: Stage, *, log: bool) -> int:
    if sys.stdout is None:
        _complain("stdout is closed; the demo has nothing to print on")
        return _UNUSABLE
    old, new, rewritten, silent = tasks(stage.ordinary, stage.silent)
    if log:
        (run,) = play([new], stage.examples, stage.seconds)
        failures = list(broken_log(run))
        printed = _print(map(Whole, run.event_lines))
    else:
        played = Played(*play([old, new, rewritten, silent], stage.examples, stage.seconds))
        failures = broken(played)
        printed = _print(page(played, command(sys.argv[0])))
    for text in failures:
        _complain(f"not as promised: {text}")
    if not printed:
        return _UNUSABLE
    return _BROKEN if failures else 0


def _print(parts: Iterable[RenderableType]) -> bool:
    """Print on stdout; return whether that went well."""
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    console.width = min(console.width, WIDTH)
    try:
        for part in parts:
            console.print(part, crop=False)
    except OSError as error:
        # Else the interpreter tries once more as it leaves.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _complain(f"stdout cannot be written: {error.strerror}")
        return False
    return True


def _complain(text: str) -> None:
    """Say on stderr what is wrong."""
    with suppress(OSError):
        typer.echo(f"fxshim: {text}", err=True)
