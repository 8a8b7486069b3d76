"""Passes requests on to an upstream as they are, and its answers back.

Nothing is buffered, decoded or followed. What belongs to one connection and not to the request
(hop-by-hop headers) is left out, `Host` is the upstream's, and everything else stays: method, path
and query byte for byte, headers in their order, status, body. A request is never sent twice.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, Final

import anyio

from shim.gateway._request_checks import RequestRefusal, target
from shim.gateway._responses import refuse
from shim.objectapi import http
from shim.objectapi.codes import Code
from shim.objectapi.http import httpcore

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence

    from shim.gateway._options import GatewayOptions
    from shim.gateway._responses import Receive, Send

_HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"expect",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
IDLE_SECONDS: Final = 4.0
"""A connection to an upstream that was idle for longer is not used: the upstream may be closing it
at this moment, and what may have arrived is never sent twice."""
_IDLE_AT_MOST: Final = 256
CONNECT_SECONDS: Final = 10.0

_UNREACHABLE: Final = RequestRefusal(
    502, "upstream_unreachable", "the upstream cannot be reached; nothing was sent", int(Code.BUSY)
)
_BROKEN: Final = RequestRefusal(
    502,
    "upstream_broken",
    "the upstream broke off without an answer; whether it has received the request is unknown",
    int(Code.BUSY),
)
_TIMED_OUT: Final = RequestRefusal(
    504,
    "upstream_timeout",
    "the upstream did not answer in time; whether it has received the request is unknown",
    int(Code.TIMEOUT),
)
_UNSENDABLE: Final = RequestRefusal(400, "unsendable", "this request cannot be sent on as HTTP/1.1")
_TOO_LARGE: Final = RequestRefusal(413, "body_size", "the body is too long")
_SLOW: Final = RequestRefusal(408, "slow_body", "the body did not arrive in time")


class ClientGone(Exception):  # noqa: N818 - ends a request, and is no error.
    """The client has closed its connection."""


class _BodyRefused(Exception):  # noqa: N818 - as above.
    """The body of a request is refused while it is sent on."""

    def __init__(self, refused: RequestRefusal) -> None:
        super().__init__(refused.reason)
        self.refused = refused


class RequestBody:
    """The body of a request, piece by piece, with its bounds.

    Attributes:
        ended: Whether all of it has been received.
    """

    def __init__(self, receive: Receive, options: GatewayOptions) -> None:
        self._receive = receive
        self._seconds = options.idle_seconds
        self._left = options.body_bytes
        self._begin: list[bytes] = []
        self.ended = False

    async def read(self, bound: int) -> bytes | None:
        """Return the whole body; None if it is longer than `bound`.

        What has been read is sent on nevertheless.

        Raises:
            ClientGone: The client has closed its connection.
            _BodyRefused: It took too long.
        """
        size = 0
        while not self.ended:
            piece = await self._piece()
            self._begin.append(piece)
            size += len(piece)
            if size > bound:
                return None
        whole = b"".join(self._begin)
        self._begin = [whole]
        return whole

    async def __aiter__(self) -> AsyncIterator[bytes]:
        begin, self._begin = self._begin, []
        for piece in begin:
            if piece:
                yield piece
        while not self.ended:
            piece = await self._piece()
            if piece:
                yield piece

    async def _piece(self) -> bytes:
        try:
            message = await asyncio.wait_for(self._receive(), self._seconds)
        except asyncio.TimeoutError:
            raise _BodyRefused(_SLOW) from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece: bytes = message.get("body", b"")
        self.ended = not message.get("more_body", False)
        self._left -= len(piece)
        if self._left < 0:
            raise _BodyRefused(_TOO_LARGE)
        return piece


def refused_body(error: BaseException) -> RequestRefusal | None:
    """Return the refusal that an error of `RequestBody.read` is, or None."""
    return error.refused if isinstance(error, _BodyRefused) else None


class Upstream:
    """One address that requests are passed on to, and the idle connections to it.

    Attributes:
        authority: Host and port, as a `Host` header has them.
    """

    def __init__(self, address: str, options: GatewayOptions) -> None:
        """Connect to nothing yet.

        Raises:
            ConfigurationError: The environment names a proxy or certificates that cannot be used.
        """
        self._to, self._by = http.connecting(address)
        self._options = options
        self._idle: deque[tuple[float, Any]] = deque()
        self._expired: list[Any] = []
        self._timeout = {
            "connect": CONNECT_SECONDS,
            "read": options.idle_seconds,
            "write": options.idle_seconds,
            "pool": CONNECT_SECONDS,
        }
        self.authority = self._to.header

    async def exchange(
        self,
        scope: Mapping[str, Any],
        body: RequestBody,
        send: Send,
        left_out: Collection[bytes] = (),
        added: Sequence[tuple[bytes, bytes]] = (),
    ) -> tuple[int, str]:
        """Pass a request on and its answer back.

        Args:
            scope: The request.
            body: Its body.
            send: Takes the answer.
            left_out: Names of headers that are not sent on, in lower case.
            added: Headers that are sent as well.

        Returns:
            The status that the client got, and why the upstream did not give it; "" if it did.

        Raises:
            ClientGone: The client has closed its connection.
            ConnectionResetError: The answer broke off when a part had been sent.
        """
        request = self._request(scope, body, left_out, added)
        connection = self._take()
        sent_any = False
        kept = False
        try:
            response = await connection.handle_async_request(request)
            try:
                sent_any = True
                await send(_start(response))
                await _pass_back(response, send)
            finally:
                with anyio.CancelScope(shield=True):
                    await response.aclose()
            kept = _is_reusable(connection, response)
        except _BodyRefused as error:
            await refuse(send, error.refused)
            return error.refused.status, error.refused.reason
        except Exception as error:
            refused = _refusal(error)
            if refused is None:
                raise
            if sent_any:
                # The status is gone: all that is left is to break the connection.
                msg = "the upstream broke off in the middle of its answer"
                raise ConnectionResetError(msg) from None
            await refuse(send, refused)
            return refused.status, refused.reason
        finally:
            await self._put(connection, kept=kept)
        return response.status, ""

    async def aclose(self) -> None:
        """Close all idle connections."""
        while self._idle:
            await self._put(self._idle.popleft()[1], kept=False)

    def _request(
        self,
        scope: Mapping[str, Any],
        body: RequestBody,
        left_out: Collection[bytes],
        added: Sequence[tuple[bytes, bytes]],
    ) -> Any:
        to = self._to
        path = to.prefix + target(scope)
        query: bytes = scope["query_string"]
        whole = path + b"?" + query if query else path
        headers = [(b"Host", to.header)]
        headers += _end_to_end(scope["headers"], {b"host", *left_out})
        headers += added
        if any(name.lower() == b"transfer-encoding" for name, _ in scope["headers"]):
            headers.append((b"Transfer-Encoding", b"chunked"))
        return httpcore.Request(
            scope["method"],
            httpcore.URL(scheme=to.scheme, host=to.host, port=to.port, target=whole),
            headers=headers,
            content=body,
            extensions={"timeout": self._timeout},
        )

    def _take(self) -> Any:
        """Return a connection, an idle one if there is one."""
        while self._idle:
            connection = self._idle.pop()[1]
            if connection.is_available() and not connection.has_expired():
                return connection
            self._expired.append(connection)
        if self._by.proxy is None:
            return httpcore.AsyncHTTPConnection(
                self._to.as_known(),
                ssl_context=self._by.trust,
                keepalive_expiry=IDLE_SECONDS,
            )
        return _ThroughProxy(
            httpcore.AsyncConnectionPool(
                ssl_context=self._by.trust,
                proxy=self._by.proxy,
                max_connections=1,
                keepalive_expiry=IDLE_SECONDS,
            )
        )

    async def _put(self, connection: Any, *, kept: bool) -> None:
        """Keep a connection, or close it; close those that were idle for too long."""
        now = time.monotonic()
        old, self._expired = self._expired, []
        if kept:
            self._idle.append((now, connection))
        else:
            old.append(connection)
        while self._idle and (
            self._idle[0][0] < now - IDLE_SECONDS or len(self._idle) > _IDLE_AT_MOST
        ):
            old.append(self._idle.popleft()[1])
        with anyio.CancelScope(shield=True):
            for one in old:
                with suppress(Exception):
                    await one.aclose()


class _ThroughProxy:
    """A pool of one connection, which a proxy of the environment needs."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self.handle_async_request = pool.handle_async_request
        self.aclose = pool.aclose

    def is_available(self) -> bool:
        return True

    def has_expired(self) -> bool:
        """A pool replaces what has expired."""
        return False


def _is_reusable(connection: Any, response: Any) -> bool:
    """Whether the next request may go over a connection: nothing followed the answer."""
    stream = getattr(response.stream, "_stream", response.stream)
    state = getattr(getattr(stream, "_connection", None), "_h11_state", None)
    followed = state is not None and bool(state.trailing_data[0])
    return bool(connection.is_available()) and not followed


def _start(response: Any) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": response.status,
        "headers": _end_to_end(response.headers, ()),
    }


async def _pass_back(response: Any, send: Send) -> None:
    pieces: AsyncGenerator[bytes, None] = response.aiter_stream()
    async with aclosing(pieces):
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _end_to_end(
    headers: Sequence[tuple[bytes, bytes]], left_out: Collection[bytes]
) -> list[tuple[bytes, bytes]]:
    """Return the headers that belong to a request or an answer, and not to its connection."""
    named = {
        one.strip().lower()
        for name, value in headers
        if name.lower() == b"connection"
        for one in value.split(b",")
    }
    # Without its length a body has no end, whatever the header says.
    dropped = _HOP_BY_HOP | (named - {b"content-length", b"host"}) | set(left_out)
    return [(name, value) for name, value in headers if name.lower() not in dropped]


def _refusal(error: Exception) -> RequestRefusal | None:
    """Return the answer for an error of the HTTP library; None for any other error."""
    if isinstance(error, (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.ProxyError)):
        return _UNREACHABLE
    if isinstance(error, (httpcore.LocalProtocolError, httpcore.UnsupportedProtocol)):
        return _UNSENDABLE
    if isinstance(error, httpcore.TimeoutException):
        return _TIMED_OUT
    if isinstance(error, (httpcore.NetworkError, httpcore.ProtocolError, OSError)):
        return _BROKEN
    return None
