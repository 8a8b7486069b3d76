"""Who hears an event: hooks, as stamina has them.

The default hook speaks structlog where the application configured it, and otherwise the standard
library's logger `shim`. Nothing here prints, and nothing here configures logging.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from shim.forks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shim.notices.events import NoticeEvent

_LOGGER: Final = "shim"
_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


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


def set_notice_hooks(hooks: Iterable[NoticeHook | NoticeHookFactory] | None) -> None:
    """Choose who hears the events of this process.

    Args:
        hooks: Hooks and factories of hooks, called in this order. `()` silences every event,
            `None` brings back the default hook.
    """
    global _guards  # noqa: PLW0603 -- one process has one set of hooks.
    _guards = tuple(_Guard(hook) for hook in (_DEFAULTS if hooks is None else hooks))


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


# The thread that emits the last events of the process, while it does.
_last_in: int | None = None


def emit_last(events: Callable[[], None]) -> None:
    """Run what emits at the end of a process, without noise about streams that are closed.

    pytest closes what it captured, a daemon its standard streams, before Python's exit handlers
    run. A handler of `logging` prints "--- Logging error ---" for each record that it cannot write
    then. Ours are dropped instead, here and while logging shuts down: the handler before and the
    handler after still get them. Records of others are reported as ever.

    Args:
        events: Emits the events.
    """
    global _last_in  # noqa: PLW0603 -- one process ends once.
    report = logging.Handler.handleError

    def handle_error(self: logging.Handler, record: logging.LogRecord) -> None:
        # structlog may be configured to use a logger of another name.
        if record.name != _LOGGER and threading.get_ident() != _last_in:
            report(self, record)

    logging.Handler.handleError = handle_error  # type: ignore[method-assign]
    _last_in = threading.get_ident()
    try:
        events()
    finally:
        _last_in = None


def _is_closed_at_exit(error: Exception) -> bool:
    """Whether a hook failed since the process ends: its stream or its connection is closed."""
    closed = isinstance(error, OSError) or "closed file" in str(error)
    return closed and threading.get_ident() == _last_in


class _Guard:
    """One hook, kept from breaking the call it is told about."""

    __slots__ = ("_given", "_hook", "_told")

    def __init__(self, given: NoticeHook | NoticeHookFactory) -> None:
        self._given = given
        self._hook: NoticeHook | None = None
        self._told = False

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
        except Exception as error:  # noqa: BLE001 -- a stranger's hook may raise anything.
            if not _is_closed_at_exit(error):
                self._tell_once(type(error).__qualname__)

    def _tell_once(self, error: str) -> None:
        with _lock.held():
            told, self._told = self._told, True
        if not told:
            # The type only: an exception's text may quote what the hook was working on.
            with suppress(Exception):
                logging.getLogger(_LOGGER).error(
                    "event=shim.notice_hook_failed error=%s "
                    "(told once; the offline call itself went on)",
                    error,
                )


def _make_default_hook() -> NoticeHook:
    import structlog  # noqa: PLC0415 -- the first event pays for it, not `import shim`.

    render = structlog.processors.LogfmtRenderer(key_order=["event"], bool_as_flag=False)

    def hook(event: NoticeEvent) -> None:
        fields = event.fields()
        # Asked each time: an application may well configure logging after its first call.
        if structlog.is_configured():
            getattr(structlog.get_logger(_LOGGER), event.level)(event.name, **fields)
            return
        logger = logging.getLogger(_LOGGER)
        level = _LEVELS[event.level]
        if logger.isEnabledFor(level):
            said = {"event": event.name, **fields}
            flat = {key: _flat(value) for key, value in said.items()}
            logger.log(level, render(logger, event.level, flat), extra={"shim": said})

    return hook


def _flat(value: Mapping[str, int] | tuple[str, ...] | str | float | None) -> str | float | None:
    """A collection as one word of a log line."""
    if isinstance(value, Mapping):
        return ",".join(f"{key}:{item}" for key, item in value.items())
    return ",".join(map(str, value)) if isinstance(value, tuple) else value


_DEFAULTS: Final = (NoticeHookFactory(_make_default_hook),)
_lock = ProcessLock()
_guards: tuple[_Guard, ...] = ()
set_notice_hooks(None)
