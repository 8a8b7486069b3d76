"""When something happened, in which service and process: what joins the logs of many processes."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


_named: Callable[[], str | None] = str


def name_service(named: Callable[[], str | None]) -> None:
    """Say what the service is called.

    Args:
        named: Returns the name, or None for that of the program. Called for each event.
    """
    global _named  # noqa: PLW0603 -- one process is one service.
    _named = named


def service() -> str:
    """Return the name of the service; if it has none, that of the program."""
    return _named() or program()


@cache
def program() -> str:
    """Return the name of the program: its module after `python -m`, else its file."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    module = spec.name.removesuffix(".__main__") if spec else "__main__"
    # A program that embeds Python may have no arguments.
    file = Path(*sys.argv[:1]).stem
    name = file if module == "__main__" else module
    return "python" if name in {"", "-", "-c"} else name


@cache
def instance() -> str:
    """Return the name of this process: its number, and chance, for numbers are used again."""
    return f"{os.getpid()}-{os.urandom(6).hex()}"


def now() -> str:
    """Return the time: UTC, ISO 8601, to the millisecond."""
    return f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


if hasattr(os, "register_at_fork"):  # pragma: no branch -- Windows has no fork.
    os.register_at_fork(after_in_child=instance.cache_clear)
    # A fork server is no program; its children learn which one they belong to.
    os.register_at_fork(after_in_child=program.cache_clear)
