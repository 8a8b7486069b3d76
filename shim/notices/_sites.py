"""Where calls come from, and how many: one bounded table a process.

Counting takes no lock. `next()` on an `itertools.count` is one step in C, so no two threads get
the same number and none is lost; everything slower than that happens under the table's lock.
"""

from __future__ import annotations

import itertools
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias
from weakref import WeakSet

from shim._forks import ProcessLock
from shim.notices._frames import Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shim.notices._frames import Position

SITES_AT_MOST: Final = 4096
NAMES_AT_MOST: Final = 100
NEVER: Final = sys.maxsize
_NOWHERE: Final = Caller(file="", line=0, module="", function="")

_Key: TypeAlias = "tuple[str, str, Caller, Position]"


NoticeAction: TypeAlias = Literal["ignore", "log", "warn", "error"]


@dataclass(frozen=True, slots=True)
class NoticeContext:
    """What the application wants done about deprecated calls.

    Attributes:
        action: `ignore` counts; `log` counts and emits events; `warn` also warns, once a site;
            `error` also raises, on every call.
        mode: The mode of the calls, as the events name it.
        look_through: Names of modules that are never to blame, with all that is below them.
    """

    action: NoticeAction
    mode: str
    look_through: tuple[str, ...] = ()


class Deprecation(Protocol):
    """What a site has to know of a notice: which function is deprecated.

    Attributes:
        code: Stable code of the deprecation.
        function: Name of the deprecated function.
        replacement: What the object API offers instead.
        address: The command that says what to do instead, `fxshim explain FXO001`.
    """

    code: str
    function: str
    replacement: str
    address: str

    def context(self) -> NoticeContext:
        """Return what the application wants done."""
        ...

    def forget_places(self) -> None:
        """Empty its caches of places."""
        ...


@dataclass(frozen=True, slots=True)
class SiteUsage:
    """How often one call site called.

    Attributes:
        code: Stable code of the deprecation.
        function: Name of the deprecated function.
        replacement: What the object API offers instead.
        address: The command that says what to do instead, `fxshim explain FXO001`.
        caller_file: File of the calling line; empty for the overflow counter.
        caller_line: Number of the calling line, from 1; 0 when unknown.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line.
        calls: Calls made, exactly.
        overflow: Whether this counts all sites that found the table full.
    """

    code: str
    function: str
    replacement: str
    address: str
    caller_file: str
    caller_line: int
    caller_module: str
    caller_function: str
    calls: int
    overflow: bool


class Site:
    """One call site: an instruction that calls one deprecated function.

    Attributes:
        notice: The notice of the deprecated function.
        caller: The calling line; `None` for the overflow counter.
        count: Counts the calls; `next()` of it is this call's number, from 1.
        due: Number of the call at which somebody has to look again; 0 for every call.
        next_event: Number of the call that is the next to be logged.
        announced: Number of the call that was logged last.
        warned: Whether the warning was given, and did not raise.
        summarized: Calls in the last summary.
        number: Its number in this process, from 1, which no other site gets.
    """

    __slots__ = (
        "_named",
        "announced",
        "caller",
        "count",
        "due",
        "next_event",
        "notice",
        "number",
        "summarized",
        "warned",
    )

    def __init__(self, notice: Deprecation, caller: Caller | None, number: int) -> None:
        self.notice = notice
        self.number = number
        self.caller = caller
        self.count: Iterator[int] = itertools.count(1)
        self.due = 0
        self.next_event = 1
        self.announced = 0
        self.warned = False
        self.summarized = 0
        self._named: frozenset[str] = frozenset()

    @property
    def where(self) -> Caller:
        """The calling line; that of the overflow counter is empty."""
        return self.caller or _NOWHERE

    @property
    def calls(self) -> int:
        """Calls made so far."""
        # A counter shows its next number in its repr alone: asking with next() would count one
        # more, and pickling it, the other way, is deprecated since Python 3.12.
        return int(repr(self.count)[len("count(") : -1]) - 1

    def unnamed(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those names that this was not asked for before at this site.

        From the 100th name on none is returned, so that the names kept have a bound.
        """
        with TABLE.lock.held():
            new = [name for name in names if name not in self._named]
            new = new[: NAMES_AT_MOST - len(self._named)]
            self._named |= frozenset(new)
        return tuple(new)

    def usage(self) -> SiteUsage:
        """The site's numbers, as of now."""
        notice, caller = self.notice, self.where
        return SiteUsage(
            code=notice.code,
            function=notice.function,
            replacement=notice.replacement,
            address=notice.address,
            caller_file=caller.file,
            caller_line=caller.line,
            caller_module=caller.module,
            caller_function=caller.function,
            calls=self.calls,
            overflow=self.caller is None,
        )


class SiteTable:
    """Every site of the process.

    Attributes:
        lock: Guards the table and the notices' caches; never held while foreign code runs.
        epoch: Grows with each change of policy, so that nothing found out before is kept.
    """

    def __init__(self) -> None:
        # Reentrant, for a finalizer may make an offline call wherever it happens to run.
        self.lock = ProcessLock()
        self.epoch = 0
        self._notices: WeakSet[Deprecation] = WeakSet()
        self.clear_after_fork()

    def clear_after_fork(self) -> None:
        """Start empty: what the parent counted, the parent reports."""
        self._sites: dict[_Key, Site] = {}
        self._overflows: dict[tuple[str, str], Site] = {}
        self._numbers = itertools.count(1)
        for notice in self._notices:
            notice.forget_places()

    def enrol(self, notice: Deprecation) -> None:
        """Make a notice known, so that changes of policy reach it."""
        with self.lock.held():
            self._notices.add(notice)

    def site(self, notice: Deprecation, caller: Caller, position: Position) -> Site:
        """The site of a calling line, made if it is new; the overflow counter if there is no room.

        Args:
            notice: The notice of the function called.
            caller: The calling line.
            position: Where in the line: one line may call twice.
        """
        key = (notice.code, notice.function, caller, position)
        with self.lock.held():
            site = self._sites.get(key)
            if site is None and len(self._sites) < SITES_AT_MOST:
                site = self._sites[key] = Site(notice, caller, next(self._numbers))
            if site is None:
                site = self._overflows.get(key[:2])
            if site is None:
                site = self._overflows[key[:2]] = Site(notice, None, next(self._numbers))
            return site

    def sites(self) -> tuple[Site, ...]:
        """All sites in the order they were first seen, overflow counters last."""
        with self.lock.held():
            return (*self._sites.values(), *self._overflows.values())

    def change_policy(self) -> None:
        """Forget what was derived from the old policy."""
        with self.lock.held():
            self.epoch += 1
            for notice in self._notices:
                notice.forget_places()

    def clear(self) -> None:
        """Forget every site."""
        with self.lock.held():
            self._sites.clear()
            self._overflows.clear()
            self.change_policy()


TABLE: Final = SiteTable()

if hasattr(os, "register_at_fork"):  # pragma: no branch -- Windows has no fork.
    os.register_at_fork(after_in_child=TABLE.clear_after_fork)


def policy_changed() -> None:
    """Say that contexts may answer differently from now on.

    Every known site gets one slow look at its next call. None is announced a second time.
    """
    TABLE.change_policy()


def usage() -> tuple[SiteUsage, ...]:
    """The sites seen by this process with their exact counts, in the order they were first seen.

    Sites that found the table full are counted together, last, one entry a function.
    """
    return tuple(site.usage() for site in TABLE.sites())


_forgotten_too: list[Callable[[], None]] = []


def when_forgotten(listener: Callable[[], None]) -> None:
    """Have another table emptied together with this one.

    Args:
        listener: Empties it. It must not raise.
    """
    _forgotten_too.append(listener)


def forget() -> None:
    """Empty the table, as if nothing had been called. For tests."""
    TABLE.clear()
    for listener in _forgotten_too:
        listener()
