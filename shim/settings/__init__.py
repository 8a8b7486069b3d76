"""Who is asked, as whom, and how: the one place that knows the settings.

Three layers, later wins: a file in the current directory (`fxiaoke-shim.toml`, or
`[tool.fxiaoke-shim]` in `pyproject.toml`), the environment (`FXIAOKE_SHIM_*`), `configure()`. They
are read at the first call, never at import; `reset()` makes the next call read them again.

The file is read again when it changes, so that it can be a switch that needs no restart. One that
is broken or gone then changes nothing: what was read last stays in force, and `watch_file` is told.

Anything unusable raises `ConfigurationError`, which names the layer and the key and never
repeats a value.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from shim.settings.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Unpack

    from shim.settings.changes import SettingsChanges
    from shim.settings.layers import Files, Loaded
    from shim.settings.model import Settings

__all__ = [
    "FUNCTIONS",
    "ConfigurationError",
    "configure",
    "current",
    "pinned",
    "reset",
    "watch",
    "watch_file",
]

LOOK_SECONDS = 0.25
"""How often a call looks whether the file has changed. It has to look the same twice before it is
read, for a file that is being written may be valid and yet not all there."""

FUNCTIONS: set[str] = set()
"""Names that routes may name; whoever declares a function adds its own."""

_lock = threading.RLock()
_configured: dict[str, Any] = {}
_watchers: list[Callable[[], None]] = []
_file_watchers: list[Callable[[str], None]] = []
_clock: Callable[[], float] = time.monotonic
_pinned: ContextVar[Settings | None] = ContextVar("fxiaoke_shim_settings", default=None)


class _State:
    """What is in force, and where it came from."""

    def __init__(self, loaded: Loaded, where: Files, seen: tuple[Any, ...]) -> None:
        self.loaded = loaded
        self.where = where
        # How the files looked when they were read, and how they looked last.
        self.read = seen
        self.seen = seen
        self.next_look = _clock() + LOOK_SECONDS


_state: _State | None = None


def current() -> Settings:
    """Return the settings in force, reading file and environment if nobody has yet.

    Raises:
        ConfigurationError: A layer holds something unusable.
    """
    settings = _pinned.get()
    if settings is not None:
        return settings
    state = _state
    if state is None or _clock() >= state.next_look:
        state = _looked()
    return state.loaded.settings


@contextmanager
def pinned(settings: Settings) -> Iterator[None]:
    """Have `current()` return these in here, so that what belongs together goes by the same."""
    token = _pinned.set(settings)
    try:
        yield
    finally:
        _pinned.reset(token)


def configure(**changes: Unpack[SettingsChanges]) -> Settings:
    """Set settings by name for this process and return all that are in force.

    Calls add up. Takes every field of `Settings` as a keyword.

    Raises:
        ConfigurationError: A name or a value is unusable; nothing has changed then.
    """
    global _state  # noqa: PLW0603 - one process, one set of settings.
    with _lock:
        merged = {**_configured, **changes}
        state = _load(merged, _state.where if _state else None)
        _configured.clear()
        _configured.update(merged)
        _state = state
    _tell()
    return state.loaded.settings


def reset(clock: Callable[[], float] = time.monotonic) -> None:
    """Forget what `configure()` was given; file and environment are read again at the next call.

    Args:
        clock: Gives the seconds by which the file is looked at; tests give one of their own.
    """
    global _state, _clock  # noqa: PLW0603
    with _lock:
        _configured.clear()
        _state = None
        _clock = clock
    _tell()


def watch(watcher: Callable[[], None]) -> None:
    """Have `watcher` called after every change of the settings."""
    _watchers.append(watcher)


def watch_file(watcher: Callable[[str], None]) -> None:
    """Have `watcher` told of each change of the file: what is wrong with it, or "" for nothing."""
    _file_watchers.append(watcher)


def _tell() -> None:
    for watcher in _watchers:
        watcher()


def _looked() -> _State:
    """Return what is in force after a look at the files."""
    global _state  # noqa: PLW0603
    news: str | None = None
    with _lock:
        state = _state
        if state is None:
            state = _state = _load(_configured)
        elif _clock() >= state.next_look:
            state.next_look = _clock() + LOOK_SECONDS
            state, news = _refreshed(state)
            _state = state
    if news is not None:
        # With the lock given back: foreign code runs here.
        if not news:
            _tell()
        for watcher in _file_watchers:
            watcher(news)
    return state


def _refreshed(state: _State) -> tuple[_State, str | None]:
    """Read the file if it has changed and looks the same as last time; also return the news."""
    # Imported here, see `model`.
    from shim.settings import layers  # noqa: PLC0415

    seen = layers.fingerprint(state.where)
    if seen != state.seen or seen == state.read:
        state.seen = seen
        return state, None
    state.read = seen
    try:
        new = _load(_configured, state.where)
    except ConfigurationError as error:
        return state, str(error)
    if new.loaded.file is None and state.loaded.file is not None:
        return state, f"{state.loaded.file}: is gone, or holds no settings any more"
    return new, ""


def _load(configured: dict[str, Any], where: Files | None = None) -> _State:
    # Imported here, see `model`.
    from shim.settings import layers  # noqa: PLC0415

    where = where or layers.files()
    seen = layers.fingerprint(where)
    return _State(layers.load(configured, where), where, seen)
