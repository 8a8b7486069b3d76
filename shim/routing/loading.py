"""Loads what makes calls, at the first call.

In a thread of its own: an exception that is thrown into an import from outside may leave modules
that cannot be imported again, for the rest of the process.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from importlib import import_module

_loaded: list[object] = []


def load() -> None:
    """See to it that the drivers, and all below them, can be imported without being interrupted."""
    if _loaded:
        return
    thread = threading.Thread(target=_load, name="fxiaoke-shim-import", daemon=True)
    # While the interpreter leaves, no thread starts; then the import that follows does it all.
    with suppress(RuntimeError):
        thread.start()
        thread.join()


def _load() -> None:
    # An error is raised again by the import that follows, where the caller gets it.
    with suppress(Exception):
        _loaded.append(import_module("shim.routing.drivers"))
