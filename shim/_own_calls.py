"""Marks the shim's own requests, so that no interception takes them for the program's.

Only those through a transport of the user's need it: it may be built on a library that is watched.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

OWN: Final[ContextVar[bool]] = ContextVar("fxiaoke_shim_own_call", default=False)
"""Whether the current thread or task is making a request of the shim's."""
