"""`fxshim demo`: what the shim does, in 45 lines.

All that is shown has happened: scripts run as processes against sandboxes on loopback. The states
are read from the sandboxes, the rest from the output of the scripts.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from shim.cli._interruption import EXIT_CODE, Interruption
from shim.cli._output import complain, silence
from shim.cli.demo._page import WIDTH, Whole, page
from shim.cli.demo._runs import Played, broken, broken_log, examples, play, tasks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

_BROKEN: Final = 1
_UNUSABLE: Final = 2


@dataclass(frozen=True)
class Stage:
    """What the demo runs on.

    Attributes:
        examples: Folder of the scripts.
        ordinary: Profile of the sandbox that works as asked.
        silent: Profile of the sandbox that answers "success" and changes nothing.
        seconds: Seconds to wait for each script.
    """

    examples: Path = field(default_factory=examples)
    ordinary: str = "fsuid"
    silent: str = "read_only"
    seconds: float = 60


def show(*, log: bool = False, stage: Stage | None = None) -> int:
    """Run the demo and print it; return the exit code.

    Args:
        log: Print only the log lines of the shim, in full.
        stage: What to run it on.

    Returns:
        0 all promises of the demo were kept, 1 one was not, 2 this machine lacks something,
        130 interrupted.
    """
    with Interruption():
        try:
            return _show(stage or Stage(), log=log)
        except KeyboardInterrupt:
            complain("interrupted")
            return EXIT_CODE
        except OSError as error:
            complain(f"the demo cannot run: {error.strerror or error}")
            return _UNUSABLE


def _show(stage: Stage, *, log: bool) -> int:
    if sys.stdout is None:
        complain("stdout is closed; the demo has nothing to print on")
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
        complain(f"not as promised: {text}")
    if not printed:
        return _UNUSABLE
    return _BROKEN if failures else 0


def _print(parts: Iterable[RenderableType]) -> bool:
    """Print on stdout; return whether that worked."""
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    console.width = min(console.width, WIDTH)
    try:
        for part in parts:
            console.print(part, crop=False)
    except OSError as error:
        silence(sys.stdout)
        complain(f"stdout cannot be written: {error.strerror}")
        return False
    return True


def command(argv0: str) -> str:
    """Return what to type for `fxshim`: its name if it is on PATH, else the shortest path.

    Args:
        argv0: The program of this process; `fxshim`, or a file that `python -m` runs.
    """
    program = Path(argv0)
    if program.stem == "fxshim":
        return _typed(program)
    return f"{_typed(Path(sys.executable))} -m shim"


def _typed(program: Path) -> str:
    found = shutil.which(program.name)
    if found is not None and Path(found).with_suffix("") == program.with_suffix(""):
        return program.stem
    # A shorter path is easier to read, and one below `~` does not name a person.
    with suppress(ValueError, OSError):
        below = program.relative_to(Path.cwd())
        # A shell looks for a bare name on PATH only.
        return _quoted(below) if len(below.parts) > 1 else os.path.join(".", _quoted(below))  # noqa: PTH118 - Path drops the dot.
    # Not every shell of Windows knows `~`.
    home = os.path.expanduser("~") if os.name == "posix" else ""  # noqa: PTH111 - Path.home() may raise.
    with suppress(ValueError):
        return f"~/{_quoted(program.relative_to(home))}"
    return _quoted(program)


def _quoted(path: Path) -> str:
    return shlex.quote(str(path)) if os.name == "posix" else f'"{path}"'
