"""Who is asked, as whom, and how: the one place that knows the settings.

Three layers, later wins: a file in the current directory (`fxiaoke-shim.toml`, or
`[tool.fxiaoke-shim]` in `pyproject.toml`), the environment (`FXIAOKE_SHIM_*`), `configure()`. They
are read at the first call, never at import; `reset()` makes the next call read them again.

Anything unusable raises `ConfigurationError`, which names the layer and the key and never
repeats a value.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from shim.settings.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shim.settings.model import Settings

__all__ = ["ConfigurationError", "configure", "current", "reset", "watch"]

_lock = threading.RLock()
_configured: dict[str, Any] = {}
_current: Settings | None = None
_watchers: list[Callable[[], None]] = []


def current() -> Settings:
    """Return the settings in force, reading file and environment if nobody has yet.

    Raises:
        ConfigurationError: A layer holds something unusable.
    """
    global _current  # noqa: PLW0603 - one process, one set of settings.
    settings = _current
    if settings is None:
        with _lock:
            settings = _current = _current or _load(_configured)
    return settings


def configure(**changes: Any) -> Settings:
    """Set settings by name for this process and return all that are in force.

    Calls add up. Takes every field of `Settings` as a keyword.

    Raises:
        ConfigurationError: A name or a value is unusable; nothing has changed then.
    """
    global _current  # noqa: PLW0603
    with _lock:
        merged = {**_configured, **changes}
        settings = _load(merged)
        _configured.clear()
        _configured.update(merged)
        _current = settings
    _tell()
    return settings


def reset() -> None:
    """Forget what `configure()` was given; file and environment are read again at the next call."""
    global _current  # noqa: PLW0603
    with _lock:
        _configured.clear()
        _current = None
    _tell()


def watch(watcher: Callable[[], None]) -> None:
    """Have `watcher` called after every change of the settings."""
    _watchers.append(watcher)


def _tell() -> None:
    for watcher in _watchers:
        watcher()


def _load(configured: Mapping[str, Any]) -> Settings:
    # Imported here, see `model`.
    from shim.settings.layers import load  # noqa: PLC0415

    return load(configured)
