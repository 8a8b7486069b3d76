"""The last inch: posts over HTTP, blocking or awaiting.

The only module that uses the HTTP library. One blocking client serves all threads of a process;
an awaiting one belongs to its event loop and is closed when that loop winds up.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from shim.objectapi import exchange as steps
from shim.objectapi import tokens, wire
from shim.objectapi.clock import MACHINE
from shim.objectapi.engine import httpx
from shim.objectapi.pacing import WindowLost
from shim.objectapi.process import Process
from shim.objectapi.shared_tokens import Fetched
from shim.settings import ConfigurationError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Iterator

    from shim.objectapi.calls import Call, Reply
    from shim.objectapi.clock import Clock
    from shim.objectapi.session import Request, Session

# UnicodeError: what the resolver raises for a host name that is none.
_TROUBLE = (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError)
_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.UnsupportedProtocol,
    UnicodeError,
)
_HEADERS = {"content-type": "application/json", "user-agent": "fxiaoke-shim"}
# How many calls are under way is `settings.concurrency`'s business. Connections outlive a wait for
# the vendor's quota, so that not every window begins with handshakes.
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=256, keepalive_expiry=45.0)


class _Clients:
    """The HTTP clients of this process, made when first needed."""

    def __init__(self, clock: Clock) -> None:
        self.process = Process(clock)
        self._lock = threading.Lock()
        self._blocking: httpx.Client | None = None
        self._leaving = False
        self._awaiting: WeakKeyDictionary[
            asyncio.AbstractEventLoop,
            tuple[AsyncGenerator[httpx.AsyncClient, None], httpx.AsyncClient],
        ] = WeakKeyDictionary()

    @contextmanager
    def blocking(self, transport: Any) -> Iterator[httpx.Client]:
        if transport is not None:
            # Costs nothing to make, and what it sends through is the caller's to close.
            yield httpx.Client(transport=transport, headers=_HEADERS)
        elif self._leaving:
            # Exit handlers may still call; nobody would close what they leave behind.
            with _client() as client:
                yield client
        else:
            yield self._shared()

    def _shared(self) -> httpx.Client:
        with self._lock:
            if self._blocking is None:
                self._blocking = _client()
                atexit.register(self._leave, self._blocking)
            return self._blocking

    def _leave(self, client: httpx.Client) -> None:
        self._leaving = True
        client.close()

    async def awaiting(self, transport: Any) -> httpx.AsyncClient:
        if transport is not None:
            if not hasattr(transport, "handle_async_request"):
                msg = (
                    "the transport given to configure() is a blocking one; shim.aio needs one with "
                    "handle_async_request as well"
                )
                raise ConfigurationError(msg)
            return httpx.AsyncClient(transport=transport, headers=_HEADERS)
        loop = asyncio.get_running_loop()
        held = self._awaiting.get(loop)
        if held is None:
            lifetime = _lifetime()
            held = lifetime, await lifetime.__anext__()
            with self._lock:
                # Whoever closes a loop without winding it up leaves sockets behind; at least they
                # do not pile up.
                for other in [one for one in self._awaiting if one.is_closed()]:
                    del self._awaiting[other]
                self._awaiting[loop] = held
        return held[1]


def _client() -> httpx.Client:
    return httpx.Client(verify=_trust(), headers=_HEADERS, limits=_LIMITS)


async def _lifetime() -> AsyncGenerator[httpx.AsyncClient, None]:
    """Yield a client that lives as long as its loop.

    Loops close the async generators that were begun on them (`loop.shutdown_asyncgens()`, which
    `asyncio.run` calls); it is the one hook that they offer for winding up, and without it the
    sockets would be left to the garbage collector and its ResourceWarning.
    """
    async with httpx.AsyncClient(verify=_trust(), headers=_HEADERS, limits=_LIMITS) as client:
        yield client


@cache
def _trust() -> ssl.SSLContext:
    """Return the TLS settings, which take 20 ms of CPU to make, once for all clients."""
    return httpx.create_ssl_context()


_clients = _Clients(MACHINE)
_left: list[_Clients] = []


def start_anew(clock: Clock = MACHINE) -> None:
    """Forget clients, windows and tokens: in a forked child they are the parent's.

    Args:
        clock: What all waiting goes by from here on; tests give one that they can put forward.
    """
    global _clients  # noqa: PLW0603 - there is one of it, by intention.
    # Kept, never used again: dropping it would close sockets that the parent is talking through.
    _left.append(_clients)
    _clients = _Clients(clock)


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork.
    os.register_at_fork(after_in_child=start_anew)


def clock() -> Clock:
    """Return the clock that waiting goes by."""
    return _clients.process.clock


def exchange(session: Session, call: Call) -> steps.Exchange:
    """Return the steps that turn `call` into its reply."""
    return steps.exchange(session, call, _clients.process, partial(_fetch_token, session))


def post(session: Session, step: steps.Send) -> Reply:
    """Post one request and return what became of it, blocking."""
    request = step.request()
    session.sent(request.path)
    try:
        with _clients.blocking(session.settings.transport) as client:
            answer = client.request(**_parts(request))
    except _TROUBLE as error:
        return _trouble(session, error)
    return wire.decode(answer.status_code, answer.content, step.secrets)


async def apost(session: Session, step: steps.Send) -> Reply:
    """Post one request and return what became of it, awaiting."""
    request = step.request()
    client = await _clients.awaiting(session.settings.transport)
    session.sent(request.path)
    try:
        answer = await client.request(**_parts(request))
    except _TROUBLE as error:
        return _trouble(session, error)
    return wire.decode(answer.status_code, answer.content, step.secrets)


def _fetch_token(session: Session, stale: str) -> tokens.Renewal:
    """Return a successor of `stale`: fetched by this process, or by one it shares a store with."""
    settings, process = session.settings, _clients.process
    store = process.store(settings)
    if store is None:
        return _called_for_token(session)
    own: list[tokens.Renewal] = []

    def renew() -> Fetched | None:
        own.append(_called_for_token(session))
        return Fetched(own[-1].token, own[-1].seconds) if own[-1].token else None

    # As long as the call may take with all its patience, and a wait for the token path's window.
    lock = 2 * settings.timeout_seconds + settings.retry_seconds + tokens.QUOTA_SECONDS
    try:
        fetched = store.tokens.fetch(
            f"{session.tenant.key}|{settings.app_id}", stale, renew, lock_seconds=lock
        )
    except WindowLost as lost:
        return tokens.Renewal(problem=str(lost))
    if fetched is None:
        return own[-1]
    return tokens.Renewal(fetched.token, seconds=fetched.seconds_left, shared=not own)


def _called_for_token(session: Session) -> tokens.Renewal:
    reply = _performed(session, steps.token_call(session, _clients.process))
    return tokens.read(reply, session.tenant.corp_id)


def _performed(session: Session, running: steps.Exchange) -> Reply:
    """Perform an exchange that needs no token, in this thread."""
    sent: Any = None
    waiting = clock()
    try:
        while True:
            step = running.send(sent)
            sent = None
            if isinstance(step, steps.Send):
                sent = post(session, step)
            elif isinstance(step, steps.Ask):
                sent = step.question()
            else:
                waiting.sleep(cast("steps.Sleep", step).seconds)
    except StopIteration as end:
        return cast("Reply", end.value)
    finally:
        running.close()


def _parts(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url,
        "content": request.content,
        # Waiting for a free connection is our own queue, not the vendor's slowness.
        "timeout": httpx.Timeout(request.timeout, pool=None),
    }


def _trouble(session: Session, error: Exception) -> Reply:
    """Return the reply for a call that came to nothing.

    A connection that could not be made in time carried nothing, so it is no connection rather
    than a timeout. Only the text of a failed connection is passed on: it is the resolver's or the
    TLS library's, which have seen no body.
    """
    address, reason = session.settings.base_url, type(error).__name__
    if isinstance(error, _NEVER_LEFT):
        telling = isinstance(error, httpx.ConnectError) and str(error)
        return wire.unreachable(address, f"{reason}: {error}" if telling else reason)
    if isinstance(error, httpx.TimeoutException):
        return wire.timed_out(session.settings.timeout_seconds)
    return wire.broken(address, reason)
