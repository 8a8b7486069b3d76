"""The last inch: performs exchanges over HTTP, blocking or awaiting.

The only module that knows the HTTP library. One blocking client serves all threads of a process;
an awaiting one belongs to its event loop and is closed when that loop winds up.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import time
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

import httpx

from shim.objectapi import exchange as steps
from shim.objectapi import tokens, wire
from shim.objectapi.process import Process
from shim.settings import ConfigurationError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator

    from shim.objectapi.calls import Call, Reply
    from shim.objectapi.session import Session

_TROUBLE = (httpx.HTTPError, httpx.InvalidURL, OSError)
_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.UnsupportedProtocol,
)
_HEADERS = {"content-type": "application/json", "user-agent": "fxiaoke-shim"}


class _Clients:
    """The HTTP clients of this process, made when first needed."""

    def __init__(self) -> None:
        self.process = Process()
        self._lock = threading.Lock()
        self._blocking: httpx.Client | None = None
        self._awaiting: WeakKeyDictionary[
            asyncio.AbstractEventLoop,
            tuple[AsyncGenerator[httpx.AsyncClient, None], httpx.AsyncClient],
        ] = WeakKeyDictionary()

    def blocking(self, transport: Any) -> httpx.Client:
        if transport is not None:
            # Costs nothing to make, and what it sends through is the caller's to close.
            return httpx.Client(transport=transport, headers=_HEADERS)
        with self._lock:
            client = self._blocking
            if client is None or client.is_closed:
                client = self._blocking = httpx.Client(verify=_trust(), headers=_HEADERS)
                atexit.register(client.close)
            return client

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
            held = self._awaiting[loop] = (lifetime, await lifetime.__anext__())
        return held[1]


async def _lifetime() -> AsyncGenerator[httpx.AsyncClient, None]:
    """Yield a client that lives as long as its loop.

    Loops close the async generators that were begun on them (`loop.shutdown_asyncgens()`, which
    `asyncio.run` calls); it is the one hook that they offer for winding up, and without it the
    sockets would be left to the garbage collector and its ResourceWarning.
    """
    async with httpx.AsyncClient(verify=_trust(), headers=_HEADERS) as client:
        yield client


@cache
def _trust() -> ssl.SSLContext:
    """Return the TLS settings, which take 20 ms of CPU to make, once for all clients."""
    return httpx.create_ssl_context()


_clients = _Clients()
_left: list[_Clients] = []


def start_anew() -> None:
    """Forget clients, windows and tokens: in a forked child they are the parent's."""
    global _clients  # noqa: PLW0603 - there is one of it, by intention.
    # Kept, never used again: dropping it would close sockets that the parent is talking through.
    _left.append(_clients)
    _clients = _Clients()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork.
    os.register_at_fork(after_in_child=start_anew)


def call(session: Session, what: Call) -> Reply:
    """Make one call and return its reply, blocking."""
    return _perform(
        session,
        steps.exchange(session, what, _clients.process, partial(_fetch_token, session)),
    )


async def acall(session: Session, what: Call) -> Reply:
    """Make one call and return its reply, awaiting."""
    running = steps.exchange(session, what, _clients.process, partial(_fetch_token, session))
    sent: Any = None
    try:
        while True:
            step = running.send(sent)
            if isinstance(step, steps.Send):
                sent = await _apost(session, step)
            elif isinstance(step, steps.Sleep):
                await asyncio.sleep(step.seconds)
                sent = None
            else:
                # Shielded: one waiter's cancellation is not everybody's.
                sent = await asyncio.shield(asyncio.wrap_future(step.renewal))
    except StopIteration as end:
        return cast("Reply", end.value)
    finally:
        running.close()


def _perform(session: Session, running: steps.Exchange) -> Reply:
    sent: Any = None
    try:
        while True:
            step = running.send(sent)
            if isinstance(step, steps.Send):
                sent = _post(session, step)
            elif isinstance(step, steps.Sleep):
                time.sleep(step.seconds)
                sent = None
            else:
                sent = step.renewal.result()
    except StopIteration as end:
        return cast("Reply", end.value)
    finally:
        running.close()


def _fetch_token(session: Session) -> tokens.Renewal:
    reply = _perform(session, steps.token_call(session, _clients.process))
    return tokens.read(reply, session.tenant.corp_id)


def _post(session: Session, step: steps.Send) -> Reply:
    request = step.request
    try:
        answer = _clients.blocking(session.settings.transport).request(
            request.method,
            request.url,
            content=request.content,
            timeout=_timeout(request.timeout),
        )
    except _TROUBLE as error:
        return _trouble(session, error)
    return wire.decode(answer.status_code, answer.content, step.secrets)


async def _apost(session: Session, step: steps.Send) -> Reply:
    request = step.request
    client = await _clients.awaiting(session.settings.transport)
    try:
        answer = await client.request(
            request.method,
            request.url,
            content=request.content,
            timeout=_timeout(request.timeout),
        )
    except _TROUBLE as error:
        return _trouble(session, error)
    return wire.decode(answer.status_code, answer.content, step.secrets)


def _timeout(seconds: float) -> httpx.Timeout:
    # Waiting for a free connection is our own queue, not the vendor's slowness.
    return httpx.Timeout(seconds, pool=None)


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
