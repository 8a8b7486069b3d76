"""The ASGI door. Needs the extra ``server``; nothing else of the sandbox imports it eagerly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from shim.sandbox.envelope import Reply
    from shim.sandbox.sandbox import Sandbox


def asgi_app(sandbox: Sandbox) -> Starlette:
    """Return an ASGI application that takes every request to the sandbox."""
    return Starlette(routes=[Route("/{path:path}", _Door(sandbox))])


class _Door:
    """One route for every path and method: what is known and what is not, the sandbox says."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        url = request.url
        reply = self._sandbox.handle(
            request.method,
            scope["path"],
            url.query,
            await request.body(),
            base_url=f"{url.scheme}://{url.netloc}",
            headers=request.headers,
        )
        if reply.delay and await _hangs_up(receive, reply.delay):
            return
        if reply.drop:
            # A server can only close the connection on an application that fails after its start.
            headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            # Without a server it reaches the client, which may be of any library.
            msg = "the sandbox broke the connection"
            raise ConnectionResetError(msg)
        response = Response(reply.body, reply.status, media_type=reply.content_type)
        response.raw_headers.extend(reply.headers)
        if reply.drip:
            await _drip(reply, response, receive, send)
        else:
            await response(scope, receive, send)


async def _drip(reply: Reply, response: Response, receive: Receive, send: Send) -> None:
    """Send an answer in pieces, as long as the client listens."""
    pieces = reply.pieces()
    headers = response.raw_headers
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    async with anyio.create_task_group() as group:

        async def listen() -> None:
            await receive()  # The body has been read: all that can come is the disconnection.
            group.cancel_scope.cancel()

        group.start_soon(listen)
        for piece in pieces:
            await anyio.sleep(reply.drip / len(pieces))
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        group.cancel_scope.cancel()


async def _hangs_up(receive: Receive, seconds: float) -> bool:
    """Wait, but no longer than the client does; a client that has gone holds up no shutdown."""
    with anyio.move_on_after(seconds):
        await receive()  # The body has been read: all that can come is the disconnection.
        return True
    return False
