"""Who hears an event: hooks, as stamina has them. The default hook writes the log (`writer`)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from shim._forks import ProcessLock
from shim.notices import _writer as writer
from shim.notices._events import NoticeHookFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shim.notices._events import NoticeEvent


class NoticeHook(Protocol):
    """Anything that can be called with an event.

    It runs in the thread of the offline call, so it should be quick. What it raises is swallowed.
    """

    def __call__(self, event: NoticeEvent, /) -> None:
        """Hear one event."""
        ...


@dataclass(frozen=True, slots=True)
class NoticeHookFactory:
    """A hook that is made when the first event comes, so that its imports cost nothing before.

    Attributes:
        hook_factory: Called once, without arguments; returns the hook.
    """

    hook_factory: Callable[[], NoticeHook]


_DEFAULTS: Final = (writer.write,)


def set_notice_hooks(hooks: Iterable[NoticeHook | NoticeHookFactory] | None) -> None:
    """Choose who hears the events of this process.

    Args:
        hooks: Hooks and factories of hooks, called in this order. `()` silences every event,
            `None` brings back the default hook.
    """
    global _guards, _are_given  # noqa: PLW0603 -- one process has one set of hooks.
    _guards = tuple(_Guard(hook) for hook in (_DEFAULTS if hooks is None else hooks))
    _are_given = hooks is not None


def get_notice_hooks() -> tuple[NoticeHook, ...]:
    """The hooks in force, made if they had yet to be made.

    Raises:
        Exception: Whatever a `NoticeHookFactory` raises.
    """
    return tuple(guard.hook() for guard in _guards)


def emit(event: NoticeEvent) -> None:
    """Let every hook hear an event. Never raises.

    Args:
        event: What happened.
    """
    for guard in _guards:
        guard(event)


def is_logged() -> bool:
    """Return whether events go to something that the application has set up."""
    return bool(_guards) if _are_given else writer.is_set_up()


def is_printed() -> bool:
    """Return whether logging prints the warnings among them to stderr, since nothing is set up."""
    return not _are_given and writer.is_printed()


class _Guard:
    """One hook, whose errors do not reach the call it reports."""

    __slots__ = ("_failed", "_given", "_hook")

    def __init__(self, given: NoticeHook | NoticeHookFactory) -> None:
        self._given = given
        self._hook: NoticeHook | None = None
        self._failed = writer.Once()

    def hook(self) -> NoticeHook:
        with _lock.held():
            if self._hook is None:
                given = self._given
                made = given.hook_factory() if isinstance(given, NoticeHookFactory) else given
                self._hook = made
            return self._hook

    def __call__(self, event: NoticeEvent) -> None:
        try:
            (self._hook or self.hook())(event)
        except Exception as error:  # noqa: BLE001 -- a third-party hook may raise anything.
            if not writer.is_closed_at_exit(error) and self._failed.first():
                # The type only: an exception's text may quote what the hook was working on.
                with suppress(Exception):
                    writer.write(NoticeHookFailed(error=type(error).__qualname__))


_lock = ProcessLock()
_guards: tuple[_Guard, ...] = ()
_are_given = False
set_notice_hooks(None)
