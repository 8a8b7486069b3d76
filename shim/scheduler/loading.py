"""Loads what makes calls, at the first call.

In a thread of its own: an exception that is thrown into an import from outside may leave modules
that cannot be imported again, for the rest of the process.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

from shim.scheduler.threads import run

_loaded: list[object] = []


def load() -> None:
    """See to it that the drivers, and all below them, can be imported without being interrupted."""
    if not _loaded:
        run(_load, "fxiaoke-shim-import")


def _load() -> None:
    # An error is raised again by the import that follows, where the caller gets it.
    with suppress(Exception):
        _loaded.append(import_module("shim.scheduler.drivers"))
