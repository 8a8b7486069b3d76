"""The summary, now and then and at the end of a process: one event a site, with its exact count.

A child of `multiprocessing` reports for itself when its target returns. One that is killed, as
the workers of a `Pool` are when the pool is left, cannot.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from shim.notices.events import OfflineUsageSummarized
from shim.notices.hooks import emit
from shim.notices.sites import TABLE, Site
from shim.notices.writer import write_last

if TYPE_CHECKING:
    from collections.abc import Mapping

_armed_for: int | None = None
_left = False


def arm(modules: Mapping[str, Any] = sys.modules) -> None:
    """See to it that this process reports when it ends. Cheap when that is already so.

    Args:
        modules: The modules in use, by name.
    """
    global _armed_for, _left
    process = os.getpid()
    if _armed_for == process:
        return
    _armed_for, _left = process, False
    # Again, so that it comes before the exit handlers registered since the import, which may close
    # what hooks write to. The one of the import stays for a first call made by an exit handler.
    atexit.register(leave)
    # Children of multiprocessing leave by os._exit, past atexit, but run its own finalizers.
    # Looked up, not imported: whoever is such a child has it, and nobody else needs it.
    util = modules.get("multiprocessing.util")
    ancestry = modules.get("multiprocessing.process")
    if util is not None and ancestry is not None and ancestry.parent_process() is not None:
        # Any priority makes it run while logging still works.
        util.Finalize(None, leave, exitpriority=100)


def leave() -> None:
    """Report at the end of the process. Never raises."""
    global _left  # noqa: PLW0603 -- one process ends once.
    write_last(summarize)
    _left = True
    # Exit handlers that were registered earlier run later. Their calls must come by here.
    TABLE.change_policy()


def report_late(site: Site) -> bool:
    """Report a call that is made after `leave`, and say whether it is one. Never raises."""
    if _left:
        with suppress(Exception):
            _summarize(site)
    return _left


# Python does not run an exit handler that is registered by another one.
atexit.register(leave)

_last_round: float | None = None


def summarize_now_and_then(seconds: float) -> None:
    """Report, if the last report is so long ago, or else the first call of this. Never raises.

    Two threads may find that it is time at once. A count that is told twice is no other count.

    Args:
        seconds: How often; 0 = not before the process ends.
    """
    global _last_round  # noqa: PLW0603 -- one process has one clock.
    now = time.monotonic()
    if _last_round is None:
        _last_round = now
    if seconds and now - _last_round >= seconds:
        _last_round = now
        summarize()


def summarize() -> None:
    """Report every site whose count is news. Never raises."""
    for site in TABLE.sites():
        with suppress(Exception):
            _summarize(site)


def _summarize(site: Site) -> None:
    context = site.notice.context()
    used = site.usage()
    # Some ways to leave come by here twice.
    if context.action == "ignore" or used.calls == site.summarized:
        return
    site.summarized = used.calls
    emit(
        OfflineUsageSummarized(
            code=used.code,
            function=used.function,
            replacement=used.replacement,
            address=used.address,
            caller_file=used.caller_file,
            caller_line=used.caller_line,
            caller_module=used.caller_module,
            caller_function=used.caller_function,
            site=site.number,
            calls=used.calls,
            mode=context.mode,
            overflow=used.overflow,
        )
    )
