"""Connections of this process: each carries one request at a time, and idle ones are kept.

There is no pool with a lock of its own: a connection belongs to the request that uses it, and the
list of idle ones is changed in single steps that no exception can interrupt halfway. A connection
whose request did not end in an answer is closed and not reused. So an exception that is thrown
into a call from outside costs one connection and no other call. No redirects are followed, no
cookies are kept.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from weakref import WeakKeyDictionary

from shim._own_calls import OWN
from shim._version import __version__
from shim.objectapi._environment import ConnectionSettings, connection_settings, httpcore, httpx
from shim.objectapi._network import AsyncNetwork, Attempt, Network
from shim.objectapi._wire import ACCEPTED, Content
from shim.settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from shim.objectapi.session import Request

_HEADERS = (
    (b"Accept", b"*/*"),
    (b"Accept-Encoding", ACCEPTED),
    (b"Content-Type", b"application/json"),
    (b"User-Agent", f"fxiaoke-shim/{__version__}".encode()),
)
# `settings.concurrency` limits the calls under way. Connections outlive a wait for
# the vendor's quota, so that not every window begins with handshakes.
_MOST_IDLE = 256
_IDLE_SECONDS = 45.0
# How often those that have been idle for longer are looked for.
_LOOK_SECONDS = 1.0
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status and decoded body of an HTTP answer."""

    status: int
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a base_url points to, as the HTTP library reads it."""

    scheme: str
    host: bytes
    port: int | None
    prefix: bytes
    header: bytes

    def as_known(self) -> httpcore.Origin:
        """Return it as the HTTP library knows it."""
        port = self.port or _PORTS.get(self.scheme, 0)
        return httpcore.Origin(self.scheme.encode(), self.host, port)

    def request(self, base_url: str, request: Request, attempt: Attempt) -> httpcore.Request:
        """Return a request as the HTTP library takes it."""
        target = self.prefix + request.url[len(base_url) :].encode("ascii")
        length = str(len(request.content)).encode()
        return httpcore.Request(
            request.method,
            httpcore.URL(scheme=self.scheme, host=self.host, port=self.port, target=target),
            headers=[(b"Host", self.header), *_HEADERS, (b"Content-Length", length)],
            content=attempt,
        )


@lru_cache(maxsize=256)
def origin(base_url: str) -> Origin:
    """Return where a base_url points to; the settings take only what the HTTP library can use."""
    url = httpx.URL(base_url)
    return Origin(url.scheme, url.raw_host, url.port, url.raw_path.rstrip(b"/"), url.netloc)


class _Connection:
    def __init__(self, to: Origin, by: ConnectionSettings) -> None:
        self.network = Network()
        self.is_in_step = True
        # Without a proxy no pool of the library's is needed, not even one of a single connection.
        self._inner: Any = (
            httpcore.HTTPConnection(
                to.as_known(),
                ssl_context=by.trust,
                keepalive_expiry=_IDLE_SECONDS,
                network_backend=self.network,
            )
            if by.proxy is None
            else httpcore.ConnectionPool(
                ssl_context=by.trust,
                proxy=by.proxy,
                max_connections=1,
                keepalive_expiry=_IDLE_SECONDS,
                network_backend=self.network,
            )
        )

    def exchange(self, request: httpcore.Request, attempt: Attempt, bound: int) -> HttpAnswer:
        self.network.attempt = attempt
        response = self._inner.handle_request(request)
        try:
            content = Content(_encodings(response.headers), bound)
            for chunk in response.iter_stream():
                content.add(chunk)
        finally:
            response.close()
        self.is_in_step = not _is_followed(response)
        return HttpAnswer(response.status, content.whole())

    @property
    def is_usable(self) -> bool:
        """Whether it can take another request; a pool replaces what it has."""
        return _is_usable(self._inner)

    def close(self) -> None:
        self._inner.close()


class _AsyncConnection:
    def __init__(self, to: Origin, by: ConnectionSettings) -> None:
        self.network = AsyncNetwork()
        self.is_in_step = True
        self._inner: Any = (
            httpcore.AsyncHTTPConnection(
                to.as_known(),
                ssl_context=by.trust,
                keepalive_expiry=_IDLE_SECONDS,
                network_backend=self.network,
            )
            if by.proxy is None
            else httpcore.AsyncConnectionPool(
                ssl_context=by.trust,
                proxy=by.proxy,
                max_connections=1,
                keepalive_expiry=_IDLE_SECONDS,
                network_backend=self.network,
            )
        )

    async def exchange(self, request: httpcore.Request, attempt: Attempt, bound: int) -> HttpAnswer:
        self.network.attempt = attempt
        response = await self._inner.handle_async_request(request)
        try:
            content = Content(_encodings(response.headers), bound)
            async for chunk in response.aiter_stream():
                content.add(chunk)
        finally:
            await response.aclose()
        self.is_in_step = not _is_followed(response)
        return HttpAnswer(response.status, content.whole())

    @property
    def is_usable(self) -> bool:
        """As of `_Connection`."""
        return _is_usable(self._inner)

    async def close(self) -> None:
        await self._inner.aclose()


def _is_usable(inner: Any) -> bool:
    if isinstance(inner, (httpcore.ConnectionPool, httpcore.AsyncConnectionPool)):
        return True
    return bool(inner.is_available() and not inner.has_expired())


def _is_followed(response: httpcore.Response) -> bool:
    """Whether bytes follow an answer that nothing was asked for.

    The HTTP library keeps them, and would take them for the answer to the next request. It shows
    them nowhere, so this looks at how it is made; a test fails if that changes.
    """
    # A pool wraps the stream of its connection.
    stream = getattr(response.stream, "_stream", response.stream)
    state = getattr(getattr(stream, "_connection", None), "_h11_state", None)
    return state is not None and bool(state.trailing_data[0])


C = TypeVar("C", _Connection, _AsyncConnection)


class _Idle(Generic[C]):
    """Idle connections, the last used first. Every change is one step of a deque."""

    def __init__(self) -> None:
        self._kept: dict[Origin, deque[tuple[float, C]]] = {}
        self._looked_at = time.monotonic()

    def take(self, to: Origin) -> tuple[C | None, list[C]]:
        """Return a connection, if there is one, and others that are to be closed."""
        old: list[C] = []
        while True:
            try:
                connection = self._kept[to].pop()[1]
            except LookupError:
                return None, old
            if connection.is_usable:
                return connection, old
            old.append(connection)

    def keep(self, to: Origin, connection: C) -> list[C]:
        """Keep a connection; return others that are to be closed."""
        now = time.monotonic()
        kept = self._kept.setdefault(to, deque())
        kept.append((now, connection))
        old: list[C] = []
        # There is none where other threads have just taken them all.
        with suppress(IndexError):
            if len(kept) > _MOST_IDLE:
                old.append(kept.popleft()[1])
        if now - self._looked_at > _LOOK_SECONDS:
            self._looked_at = now
            for each in list(self._kept.values()):
                with suppress(IndexError):
                    while each[0][0] < now - _IDLE_SECONDS:
                        old.append(each.popleft()[1])
        return old

    def take_all(self) -> list[C]:
        found: list[C] = []
        for each in list(self._kept.values()):
            with suppress(IndexError):
                while True:
                    found.append(each.popleft()[1])
        return found


class _Transport(Protocol):
    def handle_request(self, request: httpx.Request) -> httpx.Response: ...


class _AsyncTransport(Protocol):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response: ...


class Connections:
    """All connections of a process."""

    def __init__(self) -> None:
        """Have none yet."""
        self._settings: dict[Origin, ConnectionSettings] = {}
        self._idle = _Idle[_Connection]()
        self._leaving = False
        self._at_exit = False
        self._made = False
        self._lock = threading.Lock()
        self._loops: WeakKeyDictionary[
            asyncio.AbstractEventLoop,
            tuple[AsyncGenerator[_Idle[_AsyncConnection], None], _Idle[_AsyncConnection]],
        ] = WeakKeyDictionary()

    @property
    def are_unused(self) -> bool:
        """Whether no connection has been made."""
        return not self._made and not self._loops

    @property
    def are_awaited(self) -> bool:
        """Whether an event loop that is not closed has connections here."""
        return any(not loop.is_closed() for loop in list(self._loops))

    def settings(self, to: Origin) -> ConnectionSettings:
        """Return how to connect to an origin; the environment is read at the first call.

        Raises:
            UnusableEnvironment: The environment names what cannot be used.
        """
        found = self._settings.get(to)
        if found is None:
            port = to.as_known().port
            found = self._settings[to] = connection_settings(
                to.scheme, to.host.decode("ascii"), port
            )
        return found

    def send(
        self, to: Origin, request: httpcore.Request, attempt: Attempt, bound: int
    ) -> HttpAnswer:
        """Send a request and return the answer, blocking.

        Raises:
            Exception: What the HTTP library or the decoder raises.
        """
        kept, old = self._idle.take(to)
        for one in old:
            one.close()
        self._made = True
        connection = kept or _Connection(to, self.settings(to))
        try:
            answer = connection.exchange(request, attempt, bound)
        except BaseException:
            connection.network.give_up()
            raise
        old = self._idle.keep(to, connection) if connection.is_in_step else [connection]
        if not self._at_exit:
            self._at_exit = True
            atexit.register(self.leave)
        if self._leaving:
            # Exit handlers may still call; nothing would close what they leave behind.
            old = self._idle.take_all()
        for one in old:
            one.close()
        return answer

    async def asend(
        self, to: Origin, request: httpcore.Request, attempt: Attempt, bound: int
    ) -> HttpAnswer:
        """As `send`, awaiting."""
        idle = await self._of_loop()
        kept, old = idle.take(to)
        for one in old:
            await one.close()
        connection = kept or _AsyncConnection(to, self.settings(to))
        try:
            answer = await connection.exchange(request, attempt, bound)
        except BaseException:
            connection.network.give_up()
            raise
        for one in idle.keep(to, connection) if connection.is_in_step else [connection]:
            await one.close()
        return answer

    def leave(self) -> None:
        """Close the idle connections of blocking calls, and those in use as their requests end."""
        atexit.unregister(self.leave)
        self._leaving = True
        for one in self._idle.take_all():
            one.close()

    async def _of_loop(self) -> _Idle[_AsyncConnection]:
        loop = asyncio.get_running_loop()
        held = self._loops.get(loop)
        if held is None:
            lifetime = _lifetime()
            held = lifetime, await lifetime.__anext__()
            with self._lock:
                # A loop that is closed without winding up leaves sockets behind; at least they do
                # not pile up.
                for other in [one for one in self._loops if one.is_closed()]:
                    del self._loops[other]
                self._loops[loop] = held
        return held[1]


async def _lifetime() -> AsyncGenerator[_Idle[_AsyncConnection], None]:
    """Yield a store of idle connections that lives as long as its loop.

    Loops close the async generators that were begun on them (`loop.shutdown_asyncgens()`, which
    `asyncio.run` calls); it is the one hook that they offer for winding up, and without it the
    sockets would be left to the garbage collector and its ResourceWarning.
    """
    idle = _Idle[_AsyncConnection]()
    try:
        yield idle
    finally:
        for one in idle.take_all():
            await one.close()


def through(transport: _Transport, request: Request, attempt: Attempt, bound: int) -> HttpAnswer:
    """Send a request through a user's transport and return the answer.

    Raises:
        Exception: What the transport or the decoder raises.
    """
    own = OWN.set(True)
    try:
        response = transport.handle_request(_given(request, attempt))
        try:
            if response.is_stream_consumed:
                return HttpAnswer(response.status_code, _whole(response.content, bound))
            content = Content(_encodings(response.headers.raw), bound)
            for chunk in response.iter_raw():
                attempt.left()
                content.add(chunk)
        finally:
            response.close()
    finally:
        OWN.reset(own)
    return HttpAnswer(response.status_code, content.whole())


async def athrough(
    transport: _AsyncTransport, request: Request, attempt: Attempt, bound: int
) -> HttpAnswer:
    """As `through`, awaiting."""
    if not hasattr(transport, "handle_async_request"):
        msg = (
            "the transport given to configure() is a blocking one; shim.aio needs one with "
            "handle_async_request as well"
        )
        raise ConfigurationError(msg)

    async def exchange() -> HttpAnswer:
        # Here, not around `wait_for`: it may run this in a task, whose context is its own.
        own = OWN.set(True)
        try:
            return await answered()
        finally:
            # One that is destroyed ends in another context, where nothing is to be put back.
            with suppress(ValueError):
                OWN.reset(own)

    async def answered() -> HttpAnswer:
        response = await transport.handle_async_request(_given(request, attempt))
        try:
            if response.is_stream_consumed:
                return HttpAnswer(response.status_code, _whole(response.content, bound))
            content = Content(_encodings(response.headers.raw), bound)
            async for chunk in response.aiter_raw():
                content.add(chunk)
        finally:
            await response.aclose()
        return HttpAnswer(response.status_code, content.whole())

    seconds = attempt.left()
    try:
        return await asyncio.wait_for(exchange(), seconds)
    except asyncio.TimeoutError as error:
        msg = "the transport took too long"
        raise httpx.ReadTimeout(msg) from error


def _given(request: Request, attempt: Attempt) -> httpx.Request:
    left = attempt.left()
    # Waiting for a free connection of the transport does not count as slowness of the vendor.
    timeout = {"connect": left, "read": left, "write": left, "pool": None}
    return httpx.Request(
        request.method,
        request.url,
        headers=list(_HEADERS),
        content=request.content,
        extensions={"timeout": timeout},
    )


def _whole(content: bytes, bound: int) -> bytes:
    body = Content((), bound)
    body.add(content)
    return body.whole()


def _encodings(headers: Iterable[tuple[bytes, Any]]) -> list[bytes]:
    return [value for name, value in headers if name.lower() == b"content-encoding"]
