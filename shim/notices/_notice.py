"""One deprecated function's notice: count every call, and log or warn when it is due."""

from __future__ import annotations

import sys
import warnings
from types import CodeType
from typing import TYPE_CHECKING, Final
from weakref import ref

from shim._forks import ProcessLock
from shim.notices._events import OfflineAPICalled
from shim.notices._frames import UNKNOWN, FrameRole, blame, describe, judge, place, position
from shim.notices._hooks import emit, is_printed
from shim.notices._leaving import announce, arm, report_late
from shim.notices._sites import NEVER, TABLE, NoticeContext, Site

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from shim.notices._frames import Blame, Caller, Place

PLACES_AT_MOST: Final = 32_768
"""Places of one function that are found quickly, about 8 MB. Calls of others take longer."""
_LOOK_BEHIND: Final = (FrameRole.FORWARDS, FrameRole.OURS, FrameRole.CLIENT)
# Long enough for any handler of warnings, short enough to end a deadlock made by one.
_PATIENCE: Final = 1.0


class OfflineAPIDeprecationWarning(DeprecationWarning):
    """A deprecated offline function was called.

    Filter on the stable code at the start of the text, for instance
    `-W "ignore:FXO001:DeprecationWarning"`.

    Attributes:
        code: Stable code of the deprecation, for instance `FXO001`.
        function: Name of the deprecated function.
        replacement: What the object API offers instead.
        address: The command that says what to do instead, `fxshim explain FXO001`.
    """

    def __init__(self, code: str, function: str, replacement: str, address: str) -> None:
        # All four are the exception's `args`, so pickle and copy need no help.
        super().__init__(code, function, replacement, address)
        self.code = code
        self.function = function
        self.replacement = replacement
        self.address = address

    def __str__(self) -> str:
        return (
            f"{self.code}: {self.function} is a deprecated offline call; "
            f"use {self.replacement} instead, see `{self.address}`"
        )


class _Code(ref[CodeType]):
    """A code object that is in use, and the places in it. It keeps none alive."""

    __slots__ = ("number", "places")

    number: int
    places: set[Place]


class Notice:
    """The notice of one deprecated function, shared by its sync and its async door.

    Attributes:
        code: Stable code of the deprecation, for instance `FXO001`.
        function: Name of the deprecated function.
        replacement: What the object API offers instead.
        address: The command that says what to do instead, `fxshim explain FXO001`.
    """

    __slots__ = (
        "__weakref__",
        "_codes",
        "_context",
        "_doors",
        "_known",
        "_passed",
        "_stranded",
        "_turn",
        "address",
        "code",
        "function",
        "replacement",
    )

    def __init__(
        self,
        code: str,
        function: str,
        replacement: str,
        address: str,
        context: Callable[[], NoticeContext],
    ) -> None:
        self.code = code
        self.function = function
        self.replacement = replacement
        self.address = address
        self._context = context
        self._doors: tuple[object, ...] = ()
        # The sites of places, and the places to look through. The truth about sites is in the
        # table; this makes finding them quick.
        self._known: dict[Place, Site] = {}
        self._passed: dict[Place, FrameRole] = {}
        # Sites of places that are blamed only for want of a better one.
        self._stranded: dict[Place, Site] = {}
        # Places name code objects by id. When one dies its places go, before another gets the id.
        self._codes: dict[int, _Code] = {}
        self._turn = ProcessLock()
        TABLE.enrol(self)

    def context(self) -> NoticeContext:
        """Return what the application wants done.

        Asked on first sight of a site and when an event is due; call `policy_changed` when the
        answer changes.
        """
        return self._context()

    def adopt(self, door: object) -> None:
        """Take a callable for the deprecated function, so that decorators of it are recognised.

        Args:
            door: The very object that callers call.
        """
        self._doors = (*self._doors, door)

    def seen(self, frame: FrameType | None) -> Site:
        """Count one call, and warn, log or raise if that is due.

        Args:
            frame: The frame that called the door; None if no Python code did.

        Returns:
            Where the call was made.

        Raises:
            OfflineAPIDeprecationWarning: The action is `error`, or the application's filters turn
                this warning into an error.
            Exception: Whatever the context raises. The call is counted nevertheless.
        """
        if frame is None:
            return self._seen_without_frame()
        # `place(frame)`, but a call less.
        site = self._known.get((id(frame.f_code), frame.f_lasti))
        if site is None:
            return self._find(frame)
        if (calls := next(site.count)) >= site.due:
            self._look(site, frame, calls)
        return site

    def counted(self, caller: Caller) -> Site:
        """Count one call of a caller that is no frame: a client of a gateway, for example.

        Args:
            caller: Who made the call. The application's `look_through` does not apply.

        Returns:
            The site of this caller.

        Raises:
            As `seen`.
        """
        site = TABLE.site(self, caller, ())
        arm()
        if (calls := next(site.count)) >= site.due:
            self._look(site, None, calls)
        return site

    def forget_places(self) -> None:
        """Empty the caches. The caller holds the table's lock, or is alone."""
        self._known.clear()
        self._passed.clear()
        self._stranded.clear()
        # Last: a place must not outlive its code.
        self._codes.clear()

    def _seen_without_frame(self) -> Site:
        """Count a call that no Python code made: rare, so each one asks for the policy."""
        site = TABLE.site(self, UNKNOWN, ())
        calls = next(site.count)
        arm()
        self._look(site, None, calls)
        return site

    def _find(self, frame: FrameType) -> Site:
        """Count a call made by an unknown place, or through places that were passed before."""
        at: FrameType | None = frame
        while at is not None and self._passed.get(place(at)) in _LOOK_BEHIND:
            at = at.f_back
        site = at and self._known.get(place(at))
        if at is None or site is None:
            return self._find_thoroughly(frame)
        if (calls := next(site.count)) >= site.due:
            self._look(site, at, calls)
        return site

    def _find_thoroughly(self, frame: FrameType) -> Site:
        """Do the same where a search strands, or finds something new."""
        try:
            found = blame(frame, self._recall)
            site = (self._stranded if found.stranded else self._known)[place(found.frame)]
        except KeyError:
            return self._meet(frame)
        if (calls := next(site.count)) >= site.due:
            self._look(site, found.frame, calls)
        return site

    def _recall(self, frame: FrameType, _callee: CodeType | None) -> FrameRole:
        here = place(frame)
        return FrameRole.CALLER if here in self._known else self._passed[here]

    def _meet(self, frame: FrameType) -> Site:
        """Count a call made from a place that is new, or was forgotten."""
        epoch = TABLE.epoch
        try:
            context = self.context()
        except Exception:
            # Counted all the same, and nothing is remembered: the next call asks again.
            self._count(frame, ())
            raise
        found, site, calls = self._count(frame, context.look_through)
        self._remember(found, site, epoch)
        self._speak(site, found.frame, calls, context, epoch)
        return site

    def _count(self, frame: FrameType, look_through: tuple[str, ...]) -> tuple[Blame, Site, int]:
        found = blame(frame, lambda at, callee: judge(at, callee, self._doors, look_through))
        site = TABLE.site(self, describe(found.frame), position(found.frame))
        calls = next(site.count)
        arm()
        return found, site, calls

    def _remember(self, found: Blame, site: Site, epoch: int) -> None:
        with TABLE.lock.held():
            if TABLE.epoch != epoch:
                return
            # The places that are known stay: if all went, a loop over a few too many would find
            # none of them again.
            if len(self._known) + len(self._passed) >= PLACES_AT_MOST:
                return
            for frame, role in found.passed:
                self._passed[self._placed(frame)] = role
            # A blamed frame that strands is among the passed ones.
            (self._stranded if found.stranded else self._known)[self._placed(found.frame)] = site

    def _placed(self, frame: FrameType) -> Place:
        """Return the place of a frame, which is forgotten when its code dies."""
        number, _ = here = place(frame)
        code = self._codes.get(number)
        if code is None:
            code = self._codes[number] = _Code(frame.f_code, self._forget_code)
            code.number, code.places = number, set()
        code.places.add(here)
        return here

    def _forget_code(self, code: _Code) -> None:
        # Without the lock, for this runs wherever an object dies. Each step is one by itself, and
        # nothing adds a place of a code that is dead.
        self._codes.pop(code.number, None)
        for here in code.places:
            for known in (self._known, self._passed, self._stranded):
                known.pop(here, None)

    def _look(self, site: Site, frame: FrameType | None, calls: int) -> None:
        epoch = TABLE.epoch
        self._speak(site, frame, calls, self.context(), epoch)

    def _speak(
        self, site: Site, frame: FrameType | None, calls: int, context: NoticeContext, epoch: int
    ) -> None:
        """Do what the context wants done about one call."""
        action = context.action
        self._set_due(site, 0, epoch)  # For as long as something below may raise.
        if action != "ignore":
            self._log(site, calls, context.mode)
        late = report_late(site)
        if action == "error":
            raise self._warning()
        if action == "warn" and not self._warned(site, site.caller or describe(frame)):
            return
        if late:  # Stay due: each call is reported by itself now.
            return
        self._set_due(site, NEVER if action == "ignore" else site.next_event, epoch)

    def _set_due(self, site: Site, due: int, epoch: int) -> None:
        with TABLE.lock.held():
            if TABLE.epoch == epoch:
                site.due = due

    def _log(self, site: Site, calls: int, mode: str) -> None:
        with TABLE.lock.held():
            if calls < site.next_event:
                return
            since = calls - site.announced
            site.announced = calls
            site.next_event = 10 ** len(str(calls))
        announce()
        caller = site.where
        emit(
            OfflineAPICalled(
                code=self.code,
                function=self.function,
                replacement=self.replacement,
                address=self.address,
                caller_file=caller.file,
                caller_line=caller.line,
                caller_module=caller.module,
                caller_function=caller.function,
                site=site.number,
                calls=calls,
                calls_since=since,
                mode=mode,
            )
        )

    def _warned(self, site: Site, caller: Caller) -> bool:
        """Warn of a site, once; return False if another thread is still about it.

        Threads that meet a site together wait for whether the first one's warning raises. Foreign
        code runs meanwhile (`warnings.showwarning`), and from Python 3.14 on under a lock of the
        interpreter's, so none of them waits for ever, and none that gave up warns in between.
        """
        turn = self._turn.held()
        if not turn.acquire(timeout=_PATIENCE):
            return site.warned
        try:
            if site.warned:
                return True
            # If both would only be printed, the event is enough.
            if not (is_printed() and is_only_displayed()):
                self._warn(caller)
            site.warned = True
        finally:
            turn.release()
        return True

    def _warn(self, caller: Caller) -> None:
        # No registry: any `catch_warnings` empties it, so once a site is our own business.
        warnings.warn_explicit(
            self._warning(),
            OfflineAPIDeprecationWarning,
            caller.file,
            caller.line,
            caller.module,
            registry=None,
        )

    def _warning(self) -> OfflineAPIDeprecationWarning:
        return OfflineAPIDeprecationWarning(
            self.code, self.function, self.replacement, self.address
        )


def is_only_displayed(
    flags: object = sys.flags, category: type[Warning] = OfflineAPIDeprecationWarning
) -> bool:
    """Return whether Python's own filters decide about a warning.

    They display it on stderr for calls of `__main__`, and ignore it elsewhere.

    Args:
        flags: Those of the interpreter.
        category: The class of the warning.
    """
    # Filters of a context (Python 3.14) cannot be seen here.
    if getattr(flags, "context_aware_warnings", False):
        return False
    for action, _, filtered, module, _ in warnings.filters:
        if issubclass(category, filtered):
            # As Python has it, which is no pattern.
            return (action, filtered, str(module)) == ("default", DeprecationWarning, "__main__")
    return False
