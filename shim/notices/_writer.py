"""Where events go by default: structlog if the application has configured it, otherwise logging.

Nothing here prints, and nothing here configures logging. structlog is not imported: a structlog
that is not imported is not configured.

The logger `shim` is looked up and never made. `logging.config` disables the loggers that exist when
it is called, so a logger of ours would be disabled in any application that configures logging after
its first offline call. One that the application has made itself is used, and may be disabled.
"""

from __future__ import annotations

import inspect
import json
import logging
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from shim.notices._events import LoggerDisabled, ProcessEnded, ProcessStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shim.notices._events import NoticeEvent

_LOGGER: Final = "shim"
_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
# A program without a log should not print these on stderr.
_NEVER_PRINTED: Final = (ProcessStarted, ProcessEnded)
# structlog's processors that leave all but the message to `extra`, which most formats do not show.
_TO_EXTRA: Final = ("render_to_log_kwargs", "render_to_log_args_and_kwargs")


class Once:
    """Whether something was reported by this process. A forked child has reported nothing."""

    __slots__ = ("_firsts",)

    def __init__(self) -> None:
        self._firsts: dict[int, object] = {}

    def first(self) -> bool:
        """Return True at the first call in a process, whatever other threads do."""
        mine = object()
        return self._firsts.setdefault(os.getpid(), mine) is mine


_refused = Once()
_disabled = Once()


def write(event: NoticeEvent) -> None:
    """Write one event to the application's log.

    Args:
        event: What happened.

    Raises:
        Exception: Whatever a handler of the standard library raises. The event is lost then.
    """
    structlog = _structlog()
    if structlog is None:
        _log(event)
        return
    try:
        refused = _refusal(structlog, event)
    except Exception as error:  # noqa: BLE001 - processors are the application's.
        if is_closed_at_exit(error):
            # No news, and nothing to be printed.
            _empty(sys.__stdout__)
            _empty(sys.__stderr__)
            if _logger().hasHandlers():
                _log(event)
            return
        refused = type(error).__qualname__
    if refused and (_logger().hasHandlers() or not isinstance(event, _NEVER_PRINTED)):
        _report_refusal(refused)
        _log(event)


def is_set_up() -> bool:
    """Return whether the application has set up a place for events. Costs next to nothing."""
    return _structlog() is not None or _logger().hasHandlers()


def is_printed() -> bool:
    """Return whether logging itself prints warnings to stderr, since nothing is set up."""
    return (
        logging.lastResort is not None
        and not is_set_up()
        and _logger().isEnabledFor(logging.WARNING)
    )


def line(fields: Mapping[str, Any]) -> str:
    """Return fields as one line of `key=value`.

    A value that is not one plain word is in quotes, with the escapes of JSON. None and an empty
    collection are `""`. No field is left out, so that a torn line can be told from a whole one.
    """
    return " ".join(f"{key}={_word(value)}" for key, value in fields.items())


def _word(value: Any) -> str:
    if value is None:
        text = ""
    elif isinstance(value, Mapping):
        text = ",".join(f"{key}:{item}" for key, item in value.items())
    elif isinstance(value, tuple):
        text = ",".join(map(str, value))
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    if text and text.isprintable() and not any(mark in text for mark in ' "='):
        return text
    # Not `ensure_ascii`: a name in Chinese is to be read. What no terminal should get is escaped.
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in quoted)


def _structlog() -> Any:
    """Return structlog if it is configured, else None."""
    module = sys.modules.get("structlog")
    # Another thread may be importing it.
    is_configured = getattr(module, "is_configured", None)
    return module if is_configured is not None and is_configured() else None


def _refusal(structlog: Any, event: NoticeEvent) -> str:
    """Have structlog log an event; return why it did not, or an empty text."""
    config = structlog.get_config()
    raw = config["logger_factory"](_LOGGER)
    if isinstance(raw, logging.Logger) and raw.disabled:
        _report_disabled(raw)
        return ""
    bound = structlog.wrap_logger(raw, wrapper_class=_wrapper(structlog, config["wrapper_class"]))
    text, fields = _given(list(config["processors"]), event)
    returned = getattr(bound, event.level)(text, **fields)
    # A task or a future is under way already.
    if not inspect.isawaitable(returned) or hasattr(returned, "add_done_callback"):
        return ""
    if inspect.iscoroutine(returned):
        returned.close()
    return "it wants to be awaited"


def _wrapper(structlog: Any, configured: Any) -> Any:
    """Return the class that logs at once, if the configured one is awaited."""
    awaited = getattr(structlog.stdlib, "AsyncBoundLogger", None)
    if awaited and isinstance(configured, type) and issubclass(configured, awaited):
        # The class of its own `sync_bl`, which it makes in a running event loop only.
        return structlog.stdlib.BoundLogger
    return configured


def _given(
    processors: Sequence[Callable[..., Any]], event: NoticeEvent
) -> tuple[str, dict[str, Any]]:
    """Return the text and the fields that survive these processors of structlog."""
    fields = event.fields()
    if processors and getattr(processors[-1], "__name__", "") in _TO_EXTRA:
        text, whole = _record(event)
        return text, {"shim": whole}
    # What a TimeStamper or an EventRenamer writes over.
    taken = [getattr(one, name, None) for one in processors for name in ("key", "to")]
    return event.name, {
        f"shim_{name}" if name in taken else name: value for name, value in fields.items()
    }


def _record(event: NoticeEvent) -> tuple[str, dict[str, Any]]:
    """Return the message of a log record, and what it has as `record.shim`."""
    fields = {"event": event.name, **event.fields()}
    return line(fields), fields


def _logger() -> logging.Logger:
    known = logging.root.manager.loggerDict.get(_LOGGER)
    return known if isinstance(known, logging.Logger) else _unregistered(logging.root)


def _unregistered(parent: logging.Logger) -> logging.Logger:
    """Return a logger named `shim` that logging does not know, so that nothing disables it."""
    # Made each time: of a logger that it does not know, logging does not empty the cached levels.
    # The application's class, for its formats may need what that adds.
    logger = logging.getLoggerClass()(_LOGGER)
    logger.parent = parent
    return logger


def _log(event: NoticeEvent) -> None:
    logger = _logger()
    if logger.disabled:
        _report_disabled(logger)
    else:
        _log_by(logger, event)


def _log_by(logger: logging.Logger, event: NoticeEvent) -> None:
    level = _LEVELS[event.level]
    if logger.isEnabledFor(level):
        text, fields = _record(event)
        logger.log(level, text, extra={"shim": fields})


def _report_disabled(logger: logging.Logger) -> None:
    """Report once that events are missing, by a logger in its place."""
    if _disabled.first():
        _log_by(_unregistered(logger), LoggerDisabled(disabled=logger.name))


def _report_refusal(why: str) -> None:
    """Report once that structlog does not log events. None is lost, so this is no event."""
    if _refused.first():
        # The type of an error only: its text may quote what a processor was working on.
        _logger().error(
            "structlog does not log the events of fxiaoke-shim (%s): the logger %r does",
            why,
            _LOGGER,
        )


# The thread that emits the last events of the process, while it does.
_last_in: int | None = None


def write_last(events: Callable[[], None]) -> None:
    """Run what emits at the end of a process, without noise about streams that are closed.

    pytest closes what it captured, a daemon its standard streams, before Python's exit handlers
    run. A handler of `logging` prints "--- Logging error ---" for each record that it cannot write
    then. Ours are dropped instead, here and while logging shuts down: the handler before and the
    handler after still get them. Records of others are reported as ever. Nor does the exit code
    change: for what stdout or stderr still hold, Python would make it 120.

    Args:
        events: Emits the events.
    """
    global _last_in  # noqa: PLW0603 -- one process ends once.
    report = logging.Handler.handleError

    def handle_error(self: logging.Handler, record: logging.LogRecord) -> None:
        # structlog may be configured to use a logger of another name.
        if record.name != _LOGGER and threading.get_ident() != _last_in:
            report(self, record)
        else:
            _empty(getattr(self, "stream", None))

    logging.Handler.handleError = handle_error  # type: ignore[method-assign]
    _last_in = threading.get_ident()
    try:
        events()
    finally:
        _last_in = None


def _empty(stream: Any) -> None:
    """Drop what a standard stream holds, if it cannot be written since its file is closed."""
    if stream is None or all(stream is not one for one in (sys.__stdout__, sys.__stderr__)):
        return
    with suppress(OSError, ValueError):
        try:
            stream.flush()
        except OSError:
            number = stream.fileno()
            # Often the number of the closed file itself: the lowest that is free.
            null = os.open(os.devnull, os.O_WRONLY)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            stream.flush()


def is_closed_at_exit(error: Exception) -> bool:
    """Return whether logging failed since the process ends: its stream or connection is closed."""
    closed = isinstance(error, OSError) or "closed file" in str(error)
    return closed and threading.get_ident() == _last_in
