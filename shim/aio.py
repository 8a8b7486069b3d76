"""The offline calls, to await: the same names, parameters and answers as in `shim`.

Type checkers read `aio.pyi`, which `make derived` writes from the declarations.
"""

from __future__ import annotations

from typing import Any

from shim._functions import awaitable
from shim.bulk import aset_member_status_many as set_member_status_many
from shim.offline import ENDPOINTS

globals().update({name: awaitable(endpoint) for name, endpoint in ENDPOINTS.items()})


def __getattr__(name: str) -> Any:
    """Return the awaitable function of an offline call that was declared later."""
    if name not in ENDPOINTS:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return awaitable(ENDPOINTS[name])


__all__ = ["set_member_status_many"]
__all__ += list(ENDPOINTS)  # pyright: ignore[reportUnsupportedDunderAll]
