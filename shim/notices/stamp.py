"""When something happened, and in which process: what joins the logs of many processes."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from functools import cache


@cache
def process() -> str:
    """Return the name of this process: its number, and chance, for numbers are used again."""
    return f"{os.getpid()}-{os.urandom(6).hex()}"


def now() -> str:
    """Return the time: UTC, ISO 8601, to the millisecond."""
    return f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


if hasattr(os, "register_at_fork"):  # pragma: no branch -- Windows has no fork.
    os.register_at_fork(after_in_child=process.cache_clear)
