"""Notices of other servers: `watch(client)` counts and logs what they announce of their addresses.

A program behind a gateway of the shim, or a client of any other service, learns from the headers
`Deprecation` and `Sunset` that an address ends. `watch` makes them what an offline call is in this
process: counted by the calling line, logged, a Python warning.

These counts have a table of their own, with a bound of its own: no server can use up the room of
the offline calls, and a client of the gateway is not counted twice. For the same reason the warning
is a class of its own: a server may begin to send such a header any day, and a test suite that runs
with `-W error::…OfflineAPIDeprecationWarning` should not fail for that.

No HTTP library is imported here. A client of one has imported it.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from shim._forks import ProcessLock
from shim.notices._deprecation_headers import Announcement, WatchedRoute, announcement, route
from shim.notices._events import DeprecatedAnswerReceived, DeprecatedAnswersSummarized
from shim.notices._frames import UNKNOWN, Caller, FrameRole, blame, describe, judge, position
from shim.notices._hooks import emit, is_printed
from shim.notices._leaving import announce, arm, before_the_end, has_left
from shim.notices._notice import is_only_displayed
from shim.notices._sites import when_forgotten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import CodeType, FrameType

    from shim.notices._frames import Position
    from shim.notices._sites import NoticeAction

Client = TypeVar("Client")

WATCHED_AT_MOST: Final = 1024
"""Pairs of a calling line and an address that are counted apart."""
_LIBRARIES: Final = ("aiohttp", "aiosignal", "httpx", "httpx2", "requests")
_NO_ROUTE: Final = WatchedRoute("", "", "")
_NOWHERE: Final = Caller("", 0, "", "")
_NOTHING: Final = Announcement("", "", "", "")


class ServerDeprecationWarning(DeprecationWarning):
    """A server announced that an address which was requested is deprecated.

    The text begins with method, host and path, for instance
    `-W "ignore:GET api.example.com/v1/users:DeprecationWarning"`.

    Attributes:
        method: The HTTP method.
        host: The host, and the port if the address named one.
        path: The path. A part that may be an id is `{}`.
        since: Since when it is deprecated: UTC, ISO 8601. Empty: the server gave no date.
        sunset: When the server stops to answer there. Empty: it gave no date.
        documentation: Address of the server's page about it. Empty: it named none.
        successor: Address that the server names instead. Empty: it named none.
    """

    def __init__(  # noqa: PLR0913, PLR0917 -- they are the exception's `args`, for pickle and copy.
        self,
        method: str,
        host: str,
        path: str,
        since: str,
        sunset: str,
        documentation: str,
        successor: str,
    ) -> None:
        super().__init__(method, host, path, since, sunset, documentation, successor)
        self.method = method
        self.host = host
        self.path = path
        self.since = since
        self.sunset = sunset
        self.documentation = documentation
        self.successor = successor

    def __str__(self) -> str:
        facts = [f"{self.method} {self.host}{self.path} is deprecated, says the server"]
        if self.since:
            facts.append(f"since {self.since}")
        if self.sunset:
            facts.append(f"it stops to answer on {self.sunset}")
        if self.successor:
            facts.append(f"use {self.successor} instead")
        if self.documentation:
            facts.append(f"see {self.documentation}")
        return "; ".join(facts)


@dataclass(frozen=True, slots=True)
class WatchPolicy:
    """What the application wants done about such answers.

    Attributes:
        action: As in `NoticeContext`. `error` raises when the answer is there: the request was
            made.
        look_through: Names of modules that are never to blame, with all that is below them.
        summary_seconds: How often counts are logged; 0: at exit only.
    """

    action: NoticeAction = "warn"
    look_through: tuple[str, ...] = ()
    summary_seconds: float = 0.0


_policy: Callable[[], WatchPolicy] = WatchPolicy


def watch_by(policy: Callable[[], WatchPolicy]) -> Callable[[], WatchPolicy]:
    """Set what says what the application wants.

    Args:
        policy: Asked at each answer that is deprecated. It must not raise.

    Returns:
        What said it before.
    """
    global _policy
    before, _policy = _policy, policy
    return before


def watch(client: Client) -> Client:
    """Report each answer of a server that says that its address is deprecated or ends.

    As for an offline call: counted by the line of your program that made the HTTP call, logged at
    the first, 10th, 100th, … answer and in summaries, and a `ServerDeprecationWarning` once a line
    and address, by the setting `notices`. No query, no credentials and no ids of a path are kept.
    To watch a client twice changes nothing. Redirects are seen, each by itself.

    Args:
        client: `httpx.Client` or `httpx.AsyncClient` (also of httpx2), `requests.Session`, or
            `aiohttp.ClientSession`.

    Returns:
        The same client.

    Raises:
        TypeError: It is none of these.
    """
    for name, attach in _CLIENTS.items():
        module, _, kind = name.partition(".")
        known = getattr(sys.modules.get(module), kind, None)
        if known is not None and isinstance(client, known):
            attach(client)
            return client
    msg = (
        f"cannot watch {type(client).__module__}.{type(client).__qualname__}: give an instance of "
        f"{', '.join(_CLIENTS)}"
    )
    raise TypeError(msg)


# The clients. Each hook comes first: one of the program's own that raises hides no notice.


def _watch_httpx(client: Any) -> None:
    _put_first(client.event_hooks["response"], _on_httpx)


def _watch_httpx_async(client: Any) -> None:
    _put_first(client.event_hooks["response"], _on_httpx_async)


def _put_first(hooks: list[Any], hook: Callable[..., Any]) -> None:
    if hook not in hooks:
        hooks.insert(0, hook)


def _on_httpx(response: Any) -> None:
    request = response.request
    _received(request.method, request.url, response.headers)


async def _on_httpx_async(response: Any) -> None:
    _on_httpx(response)


def _watch_requests(session: Any) -> None:
    # Not a hook of the session: a call with hooks of its own leaves out those of the session.
    send = session.send
    if getattr(send, "func", None) is not _send_watched:
        session.send = partial(_send_watched, send)


def _send_watched(send: Callable[..., Any], request: Any, **given: Any) -> Any:
    if hasattr(request, "hooks"):
        hooks = request.hooks = request.hooks or {}
        own = hooks.get("response") or []
        own = [own] if callable(own) else list(own)
        _put_first(own, _on_requests)
        hooks["response"] = own
    return send(request, **given)


def _on_requests(response: Any, **_: Any) -> None:
    request = response.request
    try:
        _received(request.method or "", request.url or "", response.headers)
    except BaseException:
        # The caller gets no response that it could close.
        response.close()
        raise


def _watch_aiohttp(session: Any) -> None:
    traces = session.trace_configs
    if any(_on_aiohttp in trace.on_request_end for trace in traces):
        return
    trace = importlib.import_module("aiohttp").TraceConfig()
    trace.on_request_end.append(_on_aiohttp)
    trace.on_request_redirect.append(_on_aiohttp)
    trace.on_request_exception.append(_on_aiohttp_error)
    trace.freeze()
    traces.insert(0, trace)


async def _on_aiohttp(_session: Any, _context: Any, seen: Any) -> None:
    _received(seen.response.method, seen.response.url, seen.response.headers)


async def _on_aiohttp_error(_session: Any, _context: Any, seen: Any) -> None:
    # An answer that `raise_for_status` of the session made an exception.
    headers = getattr(seen.exception, "headers", None)
    if headers:
        _received(seen.method, seen.url, headers)


_CLIENTS: Final[Mapping[str, Callable[[Any], None]]] = {
    "httpx.Client": _watch_httpx,
    "httpx.AsyncClient": _watch_httpx_async,
    "httpx2.Client": _watch_httpx,
    "httpx2.AsyncClient": _watch_httpx_async,
    "requests.Session": _watch_requests,
    "aiohttp.ClientSession": _watch_aiohttp,
}


def _received(method: str, url: object, headers: Mapping[str, str]) -> None:
    """Look at one answer. Without such a header it costs two look-ups."""
    if "deprecation" not in headers and "sunset" not in headers:
        return
    address = str(url)
    found = announcement(
        _field(headers, "deprecation"), _field(headers, "sunset"), _field(headers, "link"), address
    )
    if found is not None:
        count(route(method, address), found, inspect.currentframe())


def _field(headers: Any, name: str) -> str:
    # aiohttp's mapping returns the first of several; the others' join them.
    all_of_them = getattr(headers, "getall", None)
    values: Iterable[str] = all_of_them(name, ()) if all_of_them else (headers.get(name) or "",)
    return ", ".join(values)


# The counts.


@dataclass(slots=True, eq=False)
class _Watched:
    """Answers to one line from one address."""

    route: WatchedRoute
    caller: Caller
    said: Announcement = _NOTHING
    calls: int = 0
    announced: int = 0
    next_event: int = 1
    summarized: int = 0
    warned: bool = False

    def named(self) -> dict[str, Any]:
        """What all events of it have."""
        return {
            "method": self.route.method,
            "host": self.route.host,
            "path": self.route.path,
            "since": self.said.since,
            "sunset": self.said.sunset,
            "documentation": self.said.documentation,
            "successor": self.said.successor,
            "caller_file": self.caller.file,
            "caller_line": self.caller.line,
            "caller_module": self.caller.module,
            "caller_function": self.caller.function,
        }

    def warning(self) -> ServerDeprecationWarning:
        return ServerDeprecationWarning(
            self.route.method,
            self.route.host,
            self.route.path,
            self.said.since,
            self.said.sunset,
            self.said.documentation,
            self.said.successor,
        )


@dataclass(slots=True)
class _Table:
    """All of a process. `overflow` is made when the table is full."""

    watched: dict[tuple[WatchedRoute, Caller, Position], _Watched] = field(default_factory=dict)
    overflow: _Watched | None = None
    last_round: float | None = None

    def find(self, where: WatchedRoute, caller: Caller, at: Position) -> _Watched:
        key = (where, caller, at)
        found = self.watched.get(key)
        if found is None and len(self.watched) < WATCHED_AT_MOST:
            found = self.watched[key] = _Watched(where, caller)
        if found is None:
            found = self.overflow = self.overflow or _Watched(_NO_ROUTE, _NOWHERE)
        return found


# Reentrant, for a finalizer may make a request wherever it happens to run.
_lock = ProcessLock()
_table = _Table()


def _start_empty() -> None:
    global _table  # noqa: PLW0603 -- one table a process.
    _table = _Table()


if hasattr(os, "register_at_fork"):  # pragma: no branch -- Windows has no fork.
    # What the parent counted, the parent reports.
    os.register_at_fork(after_in_child=_start_empty)
when_forgotten(_start_empty)


def count(where: WatchedRoute, said: Announcement, frame: FrameType | None) -> None:
    """Count one answer, and log, warn or raise if that is due."""
    policy = _policy()
    caller, at = _calling_line(frame, (*policy.look_through, *_LIBRARIES))
    with _lock.held():
        one = _table.find(where, caller, at)
        one.calls += 1
        calls = one.calls
        if one is not _table.overflow:
            one.said = said
        since = calls - one.announced
        is_due = policy.action != "ignore" and calls >= one.next_event
        if is_due:
            one.announced = calls
            one.next_event = 10 ** len(str(calls))
    arm()
    if is_due:
        announce()
        emit(DeprecatedAnswerReceived(**one.named(), calls=calls, calls_since=since))
    if has_left():
        _summarize(one)
    _summarize_now_and_then(policy.summary_seconds)
    if policy.action == "error":
        raise one.warning()
    if policy.action == "warn":
        _warn(one)


def _calling_line(frame: FrameType | None, skipped: Iterable[str]) -> tuple[Caller, Position]:
    if frame is not None:
        found = blame(frame, lambda at, callee: _role(at, callee, skipped))
        if not found.stranded:
            return describe(found.frame), position(found.frame)
    # Only lines of a library, of a loop or of a thread: none of the program waits for the answer.
    return UNKNOWN, ()


def _role(frame: FrameType, callee: CodeType | None, skipped: Iterable[str]) -> FrameRole:
    role = judge(frame, callee, (), skipped)
    if role is FrameRole.BOUNDARY and frame.f_code.co_flags & inspect.CO_COROUTINE:
        # `asyncio.wait_for` (Python 3.12) awaits in the task of its caller: no edge of a loop.
        return FrameRole.FORWARDS
    return role


def _warn(one: _Watched) -> None:
    with _lock.held():
        if one.warned:
            return
        one.warned = True
    # If both would only be printed, the event is enough.
    if is_printed() and is_only_displayed(category=ServerDeprecationWarning):
        return
    try:
        warnings.warn_explicit(
            one.warning(),
            ServerDeprecationWarning,
            one.caller.file,
            one.caller.line,
            one.caller.module,
            registry=None,
        )
    except BaseException:
        # A filter made it an error: so it is at every call.
        one.warned = False
        raise


def _summarize_now_and_then(seconds: float) -> None:
    now = time.monotonic()
    with _lock.held():
        last = _table.last_round
        is_time = last is not None and seconds > 0 and now - last >= seconds
        if last is None or is_time:
            _table.last_round = now
    if is_time:
        report_watched()


def report_watched() -> None:
    with _lock.held():
        all_of_them = [*_table.watched.values()]
        if _table.overflow is not None:
            all_of_them.append(_table.overflow)
    for one in all_of_them:
        with suppress(Exception):
            _summarize(one)


def _summarize(one: _Watched) -> None:
    if _policy().action == "ignore":
        return
    with _lock.held():
        calls = one.calls
        if calls == one.summarized:
            return
        one.summarized = calls
        # On stderr, the last event has it.
        if calls == one.announced and is_printed():
            return
    overflow = one is _table.overflow
    emit(DeprecatedAnswersSummarized(**one.named(), calls=calls, overflow=overflow))


before_the_end(report_watched)
