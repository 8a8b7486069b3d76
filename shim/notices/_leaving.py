"""What a process logs of itself: that it has the shim, its exact counts, that it ends.

With these a log tells "no call" from "no shim". Each process logs both ends or neither, unless it
is killed: a child of `multiprocessing` ends when its target returns, and the workers of a `Pool`
are killed when the pool is left. Such a child starts with its first call or `configure()`.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from shim._forks import ProcessLock
from shim.notices._events import (
    NoticesIgnored,
    OfflineUsageSummarized,
    ProcessEnded,
    ProcessStarted,
    service,
)
from shim.notices._hooks import emit, is_logged, is_printed
from shim.notices._sites import TABLE, Site
from shim.notices._writer import Once, write_last

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_armed_for: int | None = None
_left = False
_lock = ProcessLock()
_version = ""


_is_ignored: Callable[[], bool] = bool
# The process and the service that were logged as started, and as ended with how many calls.
_started: tuple[int, str] | None = None
_ended: tuple[int, int] | None = None
_ignored = Once()


def begin(
    version: str, is_ignored: Callable[[], bool], modules: Mapping[str, Any] = sys.modules
) -> None:
    """Log that the process has the shim if logging is set up already. Never raises.

    Args:
        version: Version of the shim.
        is_ignored: Says whether calls are not logged at all. Such a process says nothing.
        modules: The modules in use, by name.
    """
    global _version, _is_ignored
    _version, _is_ignored = version, is_ignored
    if not _is_prepared(modules):
        announce()


def announce() -> bool:
    """Log that the process has the shim, if logging is set up and it is not logged yet.

    It is logged again if the name of the service changes. Never raises.

    Returns:
        Whether it is logged.
    """
    global _started
    if not (_version and is_logged()):
        return False
    if _is_ignored():
        # What was started would look like a process that calls no more.
        if _is_started() and _ignored.first():
            emit(NoticesIgnored())
        return False
    started = (os.getpid(), service())
    with _lock.held():
        before, _started = _started, started
    if before != started:
        _register(sys.modules)
        emit(ProcessStarted(version=_version))
    return True


def _is_started() -> bool:
    return _started is not None and _started[0] == os.getpid()


def _is_prepared(modules: Mapping[str, Any]) -> bool:
    """Whether multiprocessing imports the program for a child, or for the server that forks them.

    At that time neither can be told from the other, and the server makes no calls.
    """
    # In any other process it is a second name of `__main__`.
    return getattr(modules.get("__mp_main__"), "__name__", "") == "__mp_main__"


def _end(modules: Mapping[str, Any]) -> None:
    """Log that the process ends, and again if calls were made since."""
    global _ended
    process = os.getpid()
    if _is_prepared(modules) and not _is_started():
        return
    if announce():
        counts = [site.calls for site in TABLE.sites()]
        before, _ended = _ended, (process, sum(counts))
        if before != _ended:
            emit(ProcessEnded(version=_version, calls=sum(counts), sites=len(counts)))


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
    _register(modules)


def _register(modules: Mapping[str, Any]) -> None:
    # Again, so that it comes before the exit handlers registered since the import, which may close
    # what hooks write to. The one of the import stays for a first call made by an exit handler.
    atexit.register(leave)
    # Children of multiprocessing leave by os._exit, past atexit, but run its own finalizers.
    # Looked up, not imported: such a child has it, and no other process needs it.
    util = modules.get("multiprocessing.util")
    ancestry = modules.get("multiprocessing.process")
    if util is not None and ancestry is not None and ancestry.parent_process() is not None:
        # Any priority makes it run while logging still works.
        util.Finalize(None, leave, exitpriority=100)


def leave() -> None:
    """Report at the end of the process. Never raises."""
    global _left  # noqa: PLW0603 -- one process ends once.
    write_last(_report)
    _left = True
    # Exit handlers that were registered earlier run later. Their calls must come by here.
    TABLE.change_policy()


_last: list[Callable[[], None]] = []


def before_the_end(report: Callable[[], None]) -> None:
    """Have something else reported at the end of the process, before the last summaries.

    Args:
        report: Emits events. It may be called more than once, and must not raise.
    """
    _last.append(report)


def _report() -> None:
    for report in _last:
        report()
    summarize()
    _end(sys.modules)


def has_left() -> bool:
    """Return whether the last summaries of this process have been logged already."""
    return _left


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

    Two threads may find that it is time at once. A count that is logged twice is the same count.

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
    # Some exits come by here twice.
    if context.action == "ignore" or used.calls == site.summarized:
        return
    site.summarized = used.calls
    # On stderr, the last event of the site has it.
    if used.calls == site.announced and is_printed():
        return
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
