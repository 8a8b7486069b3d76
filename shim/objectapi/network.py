"""Sockets that keep one deadline for a whole request, below the HTTP library.

The library's own timeouts bound one read or write each, so a peer that sends a byte now and then
holds a call for as long as it likes. Here every step of a request (each address of a host, the
handshake, each read and write) gets the time that is left. Only the name server cannot be bounded
in a blocking call: the system offers no way to give up on it.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

from shim.objectapi.engine import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterable, Iterator

# A peer that takes little at a time must not stretch one write.
_WRITE_BYTES = 64 * 1024


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
        error: Exception = NameUnknown("no address")
        for address in _addresses(host, port):
            try:
                stream = self._backend.connect_tcp(
                    address, port, self.attempt.left(), local_address, socket_options
                )
            except httpcore.ConnectError as refused:  # noqa: PERF203 - the next one may.
                error = refused
            else:
                self.sockets = [_Stream(stream, self)]
                return self.sockets[0]
        raise error

    def give_up(self) -> None:
        """Close the sockets; needs no lock that somebody may hold."""
        for one in self.sockets:
            one.close()


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NameUnknown(str(error)) from error
    return [str(sockaddr[0]) for *_, sockaddr in found]


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, network: Network) -> None:
        self._stream = stream
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._network.attempt.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        for start in range(0, len(buffer), _WRITE_BYTES):
            part = buffer[start : start + _WRITE_BYTES]
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
    """As `Network`, awaiting."""

    def __init__(self) -> None:
        self._backend = httpcore.AnyIOBackend()
        self.attempt = Attempt(b"", 0.0)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to an address of a host."""
        try:
            stream = await self._backend.connect_tcp(
                host, port, self.attempt.left(), local_address, socket_options
            )
        except UnicodeError as error:
            raise NameUnknown(str(error)) from error
        except httpcore.ConnectError as error:
            if _is_unknown(error):
                raise NameUnknown(str(error)) from error
            raise
        return _AsyncStream(stream, self)


def _is_unknown(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, socket.gaierror):
            return True
        error = error.__cause__ or error.__context__
    return False


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream, network: AsyncNetwork) -> None:
        self._stream = stream
        self._network = network

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return await self._stream.read(max_bytes, self._network.attempt.left())

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        await self._stream.write(buffer, self._network.attempt.left())

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        left = self._network.attempt.left()
        return _AsyncStream(
            await self._stream.start_tls(ssl_context, server_hostname, left), self._network
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
