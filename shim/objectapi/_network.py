"""Sockets that keep one deadline for a whole request, below the HTTP library.

The library's own timeouts bound one read or write each, so a peer that sends a byte now and then
holds a call for as long as it likes. Here every step of a request (each address of a host, the
handshake, each read and write) gets the time that is left. Only the name server cannot be bounded
in a blocking call: the system offers no means to give up on it.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from shim.objectapi._environment import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

# A peer that takes little at a time must not stretch one write.
_WRITE_BYTES = 64 * 1024
# If a host has several addresses, one that does not answer must leave time for the next.
_FIRST_ADDRESSES_SECONDS = 3.0
# How much may come in before it is asked for.
_READ_AHEAD_BYTES = 256 * 1024


class NameUnknown(httpcore.ConnectError):
    """A host has no address."""


class Attempt:
    """One request under way. Its body is iterated over when the HTTP library sends it.

    Attributes:
        begun: Whether the body may have left. Before that, nothing can have been carried out.
    """

    __slots__ = ("_content", "_until", "begun")

    def __init__(self, content: bytes, seconds: float) -> None:
        """Begin an attempt.

        Args:
            content: The body.
            seconds: How long the whole request may take, answer included.
        """
        self._content = content
        self._until = time.monotonic() + seconds
        self.begun = False

    def left(self) -> float:
        """Return the seconds that are left, more than 0.

        Raises:
            httpcore.TimeoutException: There are none.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            msg = "the time for the request is over"
            raise httpcore.ReadTimeout(msg) if self.begun else httpcore.ConnectTimeout(msg)
        return left

    def __iter__(self) -> Iterator[bytes]:
        self.begun = True
        yield self._content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.begun = True
        yield self._content


class Network(httpcore.NetworkBackend):
    """Makes the sockets of one connection.

    Attributes:
        attempt: The request that the connection is used for now.
        sockets: Those that were made, to be closed if the connection must be given up as it is.
    """

    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()
        self.attempt = Attempt(b"", 0.0)
        self.sockets: list[_Stream] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the attempt knows better.
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that takes the call."""

        def connected(address: str, seconds: float) -> _Stream:
            stream = _Stream(
                self._backend.connect_tcp(address, port, seconds, local_address, socket_options),
                self,
            )
            self.sockets = [stream]
            return stream

        *first, last = _found(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        for address in first:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return connected(address, _share(self.attempt))
        return connected(last, self.attempt.left())

    def give_up(self) -> None:
        """Close the sockets; needs no lock that another thread may hold."""
        for one in self.sockets:
            one.close()


def _found(resolve: Callable[[], Any]) -> list[str]:
    """Return the addresses of a host, one at least."""
    try:
        found = resolve()
    except (OSError, UnicodeError) as error:
        raise NameUnknown(str(error)) from error
    return _listed(found)


def _listed(found: list[Any]) -> list[str]:
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def _share(attempt: Attempt) -> float:
    """Return how long an address may take that is not the last."""
    return min(attempt.left() / 2, _FIRST_ADDRESSES_SECONDS)


class _Stream(httpcore.NetworkStream):
    """Writes when an answer is asked for: headers and body leave together."""

    def __init__(self, stream: httpcore.NetworkStream, network: Network) -> None:
        self._stream = stream
        self._network = network
        self._unsent: list[bytes] = []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        if self._unsent:
            self._send()
        return self._stream.read(max_bytes, self._network.attempt.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._unsent.append(buffer)

    def _send(self) -> None:
        data, self._unsent = b"".join(self._unsent), []
        # A server may answer before it has read all, and close.
        with suppress(httpcore.WriteError):
            for start in range(0, len(data), _WRITE_BYTES):
                part = data[start : start + _WRITE_BYTES]
                self._stream.write(part, self._network.attempt.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        network = self._network
        inner = self._stream.start_tls(ssl_context, server_hostname, network.attempt.left())
        secured = _Stream(inner, network)
        network.sockets.append(secured)
        return secured

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class AsyncNetwork(httpcore.AsyncNetworkBackend):
    """As `Network`, awaiting, on asyncio.

    The library's own streams would do, but they take twice the CPU of all the rest of a call.
    """

    def __init__(self) -> None:
        self.attempt = Attempt(b"", 0.0)
        self._wire: _Wire | None = None

    def give_up(self) -> None:
        """Close the socket, now."""
        if self._wire is not None and self._wire.transport is not None:
            self._wire.transport.abort()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,  # noqa: ARG002 - none is ever asked for.
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a host that takes the call."""
        *first, last = await self._resolved(host, port)
        for address in first:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._connected(address, port, _share(self.attempt))
        return await self._connected(last, port, self.attempt.left())

    async def _connected(self, address: str, port: int, seconds: float) -> _AsyncStream:
        # Known before it is connected, so that it can be given up at any moment.
        self._wire = wire = _Wire()
        connecting = asyncio.get_running_loop().create_connection(lambda: wire, address, port)
        try:
            await _within(seconds, connecting)
        except (httpcore.ConnectError, httpcore.ConnectTimeout):
            self.give_up()
            raise
        return _AsyncStream(wire, self)

    async def _resolved(self, host: str, port: int) -> list[str]:
        seconds, loop = self.attempt.left(), asyncio.get_running_loop()
        resolving = loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        try:
            return _listed(await asyncio.wait_for(resolving, seconds))
        except asyncio.TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except (OSError, UnicodeError) as error:
            raise NameUnknown(str(error)) from error


async def _within(seconds: float, connecting: Any) -> Any:
    try:
        return await asyncio.wait_for(connecting, seconds)
    except asyncio.TimeoutError as error:
        raise httpcore.ConnectTimeout(str(error)) from error
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error


class _Wire(asyncio.Protocol):
    """What has come in over a connection, and who waits for it."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.received = bytearray()
        self.is_ended = False
        self.error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._is_paused = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        if len(self.received) > _READ_AHEAD_BYTES and not self._is_paused:
            self._is_paused = True
            self.transport.pause_reading()
        self.wake()

    def eof_received(self) -> None:
        self.is_ended = True
        self.wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_ended, self.error = True, exc
        self.wake()

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Wait until something has come in, or for some seconds."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(seconds, self.wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def take(self, most: int) -> bytes:
        taken = bytes(self.received[:most])
        del self.received[:most]
        if self._is_paused and len(self.received) <= _READ_AHEAD_BYTES:
            self._is_paused = False
            self.transport.resume_reading()
        return taken


class _AsyncStream(httpcore.AsyncNetworkStream):
    """Writes when an answer is asked for: headers and body leave together."""

    def __init__(self, wire: _Wire, network: AsyncNetwork) -> None:
        self._wire = wire
        self._network = network
        self._unsent: list[bytes] = []

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        wire = self._wire
        if self._unsent:
            data, self._unsent = b"".join(self._unsent), []
            wire.transport.write(data)
        while not wire.received:
            if wire.error is not None:
                raise httpcore.ReadError(str(wire.error))
            if wire.is_ended:
                return b""
            await wire.wait(self._network.attempt.left())
        # Also where bytes keep coming and nothing is ever waited for.
        self._network.attempt.left()
        return wire.take(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._unsent.append(buffer)

    async def aclose(self) -> None:
        self._wire.transport.abort()
        # The socket is closed when the loop next runs.
        await asyncio.sleep(0)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        wire, loop = self._wire, asyncio.get_running_loop()
        seconds = self._network.attempt.left()
        try:
            wire.transport = await _within(
                seconds,
                loop.start_tls(wire.transport, wire, ssl_context, server_hostname=server_hostname),
            )
        except TypeError as error:
            # Python 3.10 does not know TLS within TLS.
            wire.transport.abort()
            msg = "https through an https proxy needs Python 3.11 or later"
            raise httpcore.ConnectError(msg) from error
        except BaseException:
            wire.transport.abort()
            raise
        return _AsyncStream(wire, self._network)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return bool(self._wire.received) or self._wire.is_ended
        return self._wire.transport.get_extra_info(info)
