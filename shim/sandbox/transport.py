"""The door without a network: a transport for httpx clients, sync and async."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from shim.sandbox.envelope import Reply
    from shim.sandbox.sandbox import Sandbox


class SandboxTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Takes every request to the sandbox, whatever host it is for.

    Raises:
        httpx.ReadTimeout: The answer takes longer than the request's read timeout.
        httpx.ReadError: A fault breaks the connection.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of ``httpx.Client``."""
        reply = self._reply(request, request.read())
        if wait := min(reply.delay, _patience(request)):
            time.sleep(wait)
        return _response(request, reply)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of ``httpx.AsyncClient``, on any event loop httpx runs on."""
        reply = self._reply(request, await request.aread())
        if wait := min(reply.delay, _patience(request)):
            import anyio  # noqa: PLC0415  httpx itself loads it only when it has to.

            await anyio.sleep(wait)
        return _response(request, reply)

    def _reply(self, request: httpx.Request, body: bytes) -> Reply:
        url = request.url
        base_url = f"{url.scheme}://{url.netloc.decode('ascii')}"
        query = url.query.decode("ascii")
        return self._sandbox.handle(request.method, url.path, query, body, base_url=base_url)


def _patience(request: httpx.Request) -> float:
    """Return the request's read timeout, in seconds."""
    seconds = request.extensions.get("timeout", {}).get("read")
    return float("inf") if seconds is None else float(seconds)


def _response(request: httpx.Request, reply: Reply) -> httpx.Response:
    if reply.delay > _patience(request):
        msg = "the sandbox did not answer in time"
        raise httpx.ReadTimeout(msg, request=request)
    if reply.drop:
        msg = "the sandbox broke the connection"
        raise httpx.ReadError(msg, request=request)
    headers = {"Content-Type": reply.content_type}
    return httpx.Response(reply.status, headers=headers, content=reply.body)
