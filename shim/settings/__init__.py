"""Where calls go, who acts, and how calls are made: the one place that knows the settings.

Three layers, later wins: a file in the current directory (`fxiaoke-shim.toml`, or
`[tool.fxiaoke-shim]` in `pyproject.toml`), the environment (`FXIAOKE_SHIM_*`), `configure()`. They
are read at the first call, never at import; `reset()` makes the next call read them again.

The file is read again when it changes, so that it can be a switch that needs no restart. One that
is broken or gone then changes nothing: what was read last stays in force, and the watchers of the
file are called. A file that no one named does not change where tokens go (`_file.FIXED`).

What is in force is one value that never changes, and is replaced as a whole. So a forked child has
either the old settings or the new ones, whatever another thread was doing.

Anything unusable raises `ConfigurationError`, which names the layer and the key and never
repeats a value.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from shim._forks import ProcessLock
from shim.settings.errors import ConfigurationError
from shim.settings.names import ENVIRONMENT_PREFIX, FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from typing_extensions import Unpack

    from shim.settings._file import Files, Look, Table
    from shim.settings.changes import SettingsChanges
    from shim.settings.model import Settings

__all__ = [
    "FUNCTIONS",
    "ConfigurationError",
    "are_read",
    "checked_address",
    "configure",
    "current",
    "foreseen",
    "pinned",
    "reset",
    "temporary",
    "using",
    "watch",
    "watch_file",
]

LOOK_SECONDS = 0.25
"""How often a call looks whether the file has changed. It has to look the same twice before it is
read, for a file that is being written may be valid and yet not all there."""

_lock = ProcessLock()
_watchers: list[Callable[[], None]] = []
_file_watchers: list[Callable[[str, tuple[str, ...]], None]] = []
_clock: Callable[[], float] = time.monotonic
_pinned: ContextVar[Settings | None] = ContextVar("fxiaoke_shim_settings", default=None)


@dataclass(frozen=True)
class _State:
    """What is in force, and where it came from."""

    settings: Settings
    # What `configure()` was given, and what the file said. Both may hold secrets.
    configured: Mapping[str, Any] = field(repr=False)
    table: Table
    where: Files
    # How the files looked when they were read, and how they looked last.
    read: tuple[Look, ...]
    seen: tuple[Look, ...]
    next_look: float


@dataclass(frozen=True)
class _News:
    """What a look at the files has found: why they are refused, or which settings are ignored."""

    wrong: str = ""
    ignored: tuple[str, ...] = ()


_state: _State | None = None
# What was foreseen, by name.
_foreseen: dict[str, Any] = {}


def current() -> Settings:
    """Return the settings in force, reading file and environment at the first call.

    Raises:
        ConfigurationError: A layer holds something unusable.
    """
    settings = _pinned.get()
    if settings is not None:
        return settings
    state = _state
    if state is None or _clock() >= state.next_look:
        state = _looked()
    return state.settings


@contextmanager
def pinned(settings: Settings) -> Iterator[None]:
    """Have `current()` return these settings inside a `with` block."""
    token = _pinned.set(settings)
    try:
        yield
    finally:
        # A coroutine that is destroyed ends in another context, where nothing is to be put back.
        with suppress(ValueError):
            _pinned.reset(token)


@contextmanager
def using(**changes: Unpack[SettingsChanges]) -> Iterator[Settings]:
    """Change settings for the calls of a `with` block.

        with shim.using(current_open_user_id="FSUID_…"):
            answer = set_member_status_batch(…)

    The changes hold for the calls that this thread or this task begins in the block, and for the
    tasks that it starts; other threads and tasks keep theirs. A call that has begun keeps its
    settings after the block, a stream of `set_member_status_many` too. In the block, the changes
    come before everything else, the tables of `tenants` included; a change of the settings file
    or by `configure()` shows after it. Blocks can be nested.

    A block with another `base_url` or `transport` uses no employee and no credentials from
    outside: they are not sent to another gateway.

    Args:
        changes: Settings by name, as for `configure()`. Not those of the whole process: service,
            notices, look_through, summary_seconds, redis_url, on_quota_store_loss, tenants.

    Yields:
        The settings in the block.

    Raises:
        ConfigurationError: A name or a value is unusable.
    """
    # Imported here, see `model`.
    from shim.settings import _layers as layers

    with pinned(layers.inside(current(), changes)):
        yield current()


def configure(**changes: Unpack[SettingsChanges]) -> Settings:
    """Set settings by name for this process and return all that are in force.

    Calls add up, also for `tenants`: of each value of a tenant's table the last one counts. Takes
    every field of `Settings` as a keyword.

    Raises:
        ConfigurationError: A name or a value is unusable; nothing has changed then.
    """
    # Imported here, see `model`.
    from shim.settings import _layers as layers

    global _state  # noqa: PLW0603 - one process, one set of settings.
    with _lock.held():
        if _state is None:
            state = _first(changes)
        else:
            given = {**_state.configured, **changes}
            if "tenants" in changes and "tenants" in _state.configured:
                given["tenants"] = layers.joined((_state.configured["tenants"], changes["tenants"]))
            state = replace(_state, settings=layers.load(given, _state.table), configured=given)
        kept = layers.as_validated(state.configured, state.settings)
        _state = state = replace(state, configured=kept)
    _notify()
    return state.settings


def checked_address(text: str, *, allow_plain_http: bool) -> str:
    """Return the address of a gateway of the vendor in its one spelling.

    Args:
        text: An address, under the rules of the setting `base_url`.
        allow_plain_http: Whether it may be plain http to another machine.

    Raises:
        ConfigurationError: It is none. The text does not repeat it.
    """
    from shim.settings import _address as address

    try:
        checked = address.gateway(text)
    except ValueError as error:
        msg = f"an upstream cannot be used: {error}"
        raise ConfigurationError(msg) from None
    if address.is_unencrypted(checked) and not allow_plain_http:
        msg = (
            "an upstream is plain http to another machine, so that tokens could be read on the "
            "network: use https, or set allow_plain_http = true"
        )
        raise ConfigurationError(msg)
    return checked


def are_read() -> bool:
    """Return whether the settings have been read, by a call or by `configure()`."""
    return _state is not None


def foreseen(name: str) -> Any:
    """Return what a setting is or, before the settings are read, what it is going to be.

    For the events of a process that has not called yet. The model is not imported for it, so the
    value is as environment or file have it, unchecked.

    Args:
        name: A setting that is a text.

    Returns:
        The value; None if neither has it or the file cannot be used.
    """
    state = _state
    if state is not None:
        return getattr(state.settings, name)
    if name not in _foreseen:
        # Kept: the current directory is that of the first look.
        _foreseen[name] = os.environ.get(f"{ENVIRONMENT_PREFIX}{name.upper()}") or _in_file(name)
    return _foreseen[name]


def _in_file(name: str) -> Any:
    from shim.settings import _file as file

    try:
        where = file.files()
        return file.table(where, file.look(where)).values.get(name)
    except ConfigurationError:
        # The first call says so.
        return None


def reset(clock: Callable[[], float] = time.monotonic) -> None:
    """Forget what `configure()` was given; file and environment are read again at the next call.

    Args:
        clock: Gives the seconds by which the file is looked at; tests give one of their own.
    """
    global _state, _clock  # noqa: PLW0603
    with _lock.held():
        _state = None
        _clock = clock
        _foreseen.clear()
    _notify()


@contextmanager
def temporary() -> Iterator[None]:
    """Put the settings back at the end of the block as they are now. For `shim.testing`."""
    global _state  # noqa: PLW0603
    before = _state
    try:
        yield
    finally:
        with _lock.held():
            _state = before
        _notify()


def watch(watcher: Callable[[], None]) -> None:
    """Have `watcher` called after every change of the settings."""
    _watchers.append(watcher)


def watch_file(watcher: Callable[[str, tuple[str, ...]], None]) -> None:
    """Have `watcher` called after each change of the file.

    It is given what is wrong with the file ("" for nothing) and the names of the settings that are
    ignored in it.
    """
    _file_watchers.append(watcher)


def _notify() -> None:
    for watcher in _watchers:
        watcher()


def _looked() -> _State:
    """Return what is in force after a look at the files."""
    global _state  # noqa: PLW0603
    news: _News | None = None
    with _lock.held():
        state = _state
        if state is None:
            state = _state = _first({})
        elif _clock() >= state.next_look:
            # Other threads go on with the old settings while this one reads.
            state = _state = replace(state, next_look=_clock() + LOOK_SECONDS)
            state, news = _refreshed(state)
            _state = state
    if news is not None:
        # With the lock given back: foreign code runs here.
        if not news.wrong:
            _notify()
        for watcher in _file_watchers:
            watcher(news.wrong, news.ignored)
    return state


def _refreshed(state: _State) -> tuple[_State, _News | None]:
    """Read the file if it has changed and looks the same as last time; also return the news."""
    # Imported here, see `model`.
    from shim.settings import _file as file
    from shim.settings import _layers as layers

    seen = file.look(state.where)
    if seen != state.seen or seen == state.read:
        return replace(state, seen=seen), None
    state = replace(state, read=seen)
    try:
        ignored: tuple[str, ...] = ()
        table = file.table(state.where, seen)
        if table.path is None and state.table.path is not None:
            return state, _News(f"{state.table.path}: is gone, or holds no settings any more")
        if not state.where.explicit:
            table, ignored = table.with_fixed_of(state.table)
        settings = layers.load(state.configured, table)
    except ConfigurationError as error:
        return state, _News(str(error))
    return replace(state, settings=settings, table=table), _News(ignored=ignored)


def _first(configured: Mapping[str, Any]) -> _State:
    """Read the layers for the first time."""
    # Imported here, see `model`.
    from shim.settings import _file as file
    from shim.settings import _layers as layers

    where = file.files()
    seen = file.look(where)
    table = file.table(where, seen)
    return _State(
        settings=layers.load(configured, table),
        configured=configured,
        table=table,
        where=where,
        read=seen,
        seen=seen,
        next_look=_clock() + LOOK_SECONDS,
    )
