"""A transport for clients of httpx and httpx2, blocking and awaiting. It uses no network."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from shim.sandbox._messages import RequestHandler, SandboxReply


class SandboxTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Gives every request to the sandbox, whatever host it is for.

    Answers and errors are of the library that the request is of: httpx, or its successor httpx2.

    Raises:
        httpx.ReadTimeout: The answer takes longer than the request's read timeout.
        httpx.ReadError: A fault breaks the connection.
    """

    def __init__(self, sandbox: RequestHandler) -> None:
        self._sandbox = sandbox

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of a ``Client``."""
        reply = self._reply(request, request.read())
        if wait := min(reply.delay, _patience(request)):
            time.sleep(wait)
        return _response(request, reply)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an ``AsyncClient``, on any event loop it runs on."""
        reply = self._reply(request, await request.aread())
        if wait := min(reply.delay, _patience(request)):
            import anyio  # httpx itself loads it only when it has to.

            await anyio.sleep(wait)
        return _response(request, reply)

    def _reply(self, request: httpx.Request, body: bytes) -> SandboxReply:
        url = request.url
        base_url = f"{url.scheme}://{url.netloc.decode('ascii')}"
        query = url.query.decode("ascii")
        return self._sandbox.handle(
            request.method, url.path, query, body, base_url=base_url, headers=request.headers
        )


def _patience(request: httpx.Request) -> float:
    """Return the request's read timeout, in seconds."""
    seconds = request.extensions.get("timeout", {}).get("read")
    return float("inf") if seconds is None else float(seconds)


def _response(request: httpx.Request, reply: SandboxReply) -> httpx.Response:
    library = _library(request)
    if reply.delay > _patience(request):
        msg = "the sandbox did not answer in time"
        raise library.ReadTimeout(msg, request=request)
    if reply.drop:
        msg = "the sandbox broke the connection"
        raise library.ReadError(msg, request=request)
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", b"%d" % len(reply.body)),
        *reply.headers,
    ]
    body = {"stream": _dripping(library, request, reply)} if reply.drip else {"content": reply.body}
    response: httpx.Response = library.Response(reply.status, headers=headers, **body)
    return response


def _dripping(library: Any, request: httpx.Request, reply: SandboxReply) -> Any:
    """Return a stream of a library's that gives a body in pieces over some time."""
    pieces, patience = reply.pieces(), _patience(request)
    pause = reply.drip / max(1, len(pieces))

    def check() -> None:
        if pause > patience:
            msg = "the sandbox did not go on in time"
            raise library.ReadTimeout(msg, request=request)

    class Dripping(library.SyncByteStream, library.AsyncByteStream):  # type: ignore[misc]
        def __iter__(self) -> Iterator[bytes]:
            for piece in pieces:
                time.sleep(min(pause, patience))
                check()
                yield piece

        async def __aiter__(self) -> AsyncIterator[bytes]:
            import anyio

            for piece in pieces:
                await anyio.sleep(min(pause, patience))
                check()
                yield piece

    return Dripping()


def _library(request: httpx.Request) -> Any:
    """Return the library of a request: a client knows no answers and errors but its own."""
    # The request may be of a subclass of the caller's; its URL never is.
    return sys.modules[type(request.url).__module__.partition(".")[0]]
