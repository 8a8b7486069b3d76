"""The sandbox as an ASGI application and on a real socket. Needs the extra ``server``.

Prints and logs nothing. Nothing else of the sandbox imports it before it is needed.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Final

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from starlette.types import Receive, Scope, Send

    from shim.sandbox._messages import RequestHandler, SandboxReply


def asgi_app(sandbox: RequestHandler) -> Starlette:
    """Return an ASGI application that takes every request to the sandbox."""
    return Starlette(routes=[Route("/{path:path}", _Application(sandbox))])


class _Application:
    """One route for every path and method: the sandbox answers unknown ones, too."""

    def __init__(self, sandbox: RequestHandler) -> None:
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


async def _drip(reply: SandboxReply, response: Response, receive: Receive, send: Send) -> None:
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
    """Wait, but no longer than the client does; a client that has gone delays no shutdown."""
    with anyio.move_on_after(seconds):
        await receive()  # The body has been read: all that can come is the disconnection.
        return True
    return False


_OUTSIDE: Final = {
    "0.0.0.0": ("127.0.0.1", "192.0.2.1"),  # noqa: S104 - named, not listened on.
    "": ("127.0.0.1", "192.0.2.1"),
    "::": ("::1", "2001:db8::1"),
}
"""For each wildcard the loopback, and an address that is reserved for documents."""


class _Server(uvicorn.Server):
    """A server that calls ``ready`` once it listens."""

    def __init__(self, sandbox: RequestHandler, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                asgi_app(sandbox),
                access_log=False,
                lifespan="off",
                log_config=None,
                log_level="critical",
                timeout_graceful_shutdown=1,
                ws="none",
            )
        )
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


@contextlib.contextmanager
def _listening(host: str, port: int) -> Generator[tuple[socket.socket, str]]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listener:
        # asyncio sets this only on sockets that name their protocol, which those accepted here do
        # not; without it every answer, headers and body, waits 40 ms for the client's kernel.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = _reachable(host, family)
        name = f"[{name}]" if ":" in name else name
        yield listener, f"http://{name}:{listener.getsockname()[1]}"


def _reachable(host: str, family: socket.AddressFamily) -> str:
    """Return an address that leads to a listener: a wildcard is none on every system."""
    if host not in _OUTSIDE:
        return host
    loopback, outside = _OUTSIDE[host]
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing: it asks which of the machine's own addresses others would see.
            probe.connect((outside, 9))
        except OSError:
            return loopback
        return str(probe.getsockname()[0])


@contextlib.contextmanager
def served(sandbox: RequestHandler, host: str = "127.0.0.1", port: int = 0) -> Generator[str]:
    """Serve from a thread while the block lasts; gives the address.

    Args:
        sandbox: What to serve.
        host: Where to listen.
        port: 0 lets the system choose.

    Raises:
        OSError: The address is taken.
    """
    with _listening(host, port) as (listener, base_url):
        ready = threading.Event()
        server = _Server(sandbox, ready.set)

        def work() -> None:
            try:
                server.run([listener])
            finally:
                ready.set()  # Nothing waits for a server that cannot start.

        thread = threading.Thread(target=work, name="sandbox", daemon=True)
        thread.start()
        ready.wait()
        try:
            yield base_url
        finally:
            server.should_exit = True
            thread.join()


def run(
    sandbox: RequestHandler,
    host: str = "127.0.0.1",
    port: int = 0,
    on_ready: Callable[[str], None] | None = None,
    seconds: float | None = None,
) -> None:
    """Serve until interrupted (Ctrl-C, SIGINT), or for some time.

    Args:
        sandbox: What to serve.
        host: Where to listen.
        port: 0 lets the system choose.
        on_ready: Called with the address once it is served.
        seconds: How long to serve; None: until interrupted.

    Raises:
        OSError: The address is taken.
    """
    with _listening(host, port) as (listener, base_url), contextlib.suppress(KeyboardInterrupt):
        server = _Server(sandbox, lambda: on_ready(base_url) if on_ready else None)
        with contextlib.ExitStack() as afterwards:
            if seconds is not None:
                afterwards.callback(_ending(server, seconds).cancel)
            server.run([listener])


def _ending(server: _Server, seconds: float) -> threading.Timer:
    """Have a server end after some time; return the timer, which can be cancelled."""

    def end() -> None:
        server.should_exit = True

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer
