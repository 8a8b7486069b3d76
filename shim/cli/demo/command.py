"""How the reader of a text calls `fxshim` in a shell."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from contextlib import suppress
from pathlib import Path


def command(argv0: str) -> str:
    """Return what to type for `fxshim`: its name if PATH has it, else the shortest path to it.

    Args:
        argv0: How this process was called; `fxshim`, or a file that `python -m` runs.
    """
    program = Path(argv0)
    if program.stem == "fxshim":
        return _typed(program)
    return f"{_typed(Path(sys.executable))} -m shim"


def _typed(program: Path) -> str:
    found = shutil.which(program.name)
    if found is not None and Path(found).with_suffix("") == program.with_suffix(""):
        return program.stem
    # A shorter path is easier to read, and one below the home directory names no person.
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
