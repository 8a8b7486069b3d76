"""Serves a gateway on a socket: `fxshim gateway`. Needs the extra `gateway`.

The server is uvicorn's. Here is what it lacks: refusals in the old shape, a time for the head of a
request, a bound of connections that answers, and a drain.
"""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from shim._offline_request import CONTENT_TYPE, content
from shim.gateway._application import Gateway
from shim.gateway._callers import is_loopback
from shim.objectapi.codes import Code
from shim.offline.answer import refusal as old_refusal
from shim.settings import ConfigurationError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from types import FrameType

    from shim.gateway._options import GatewayOptions


def check_listening(host: str, options: GatewayOptions) -> None:
    """Refuse to listen for other machines without a shared secret.

    Raises:
        ConfigurationError: There is none.
    """
    if not is_loopback(host) and not options.secrets:
        msg = (
            f"the gateway does not listen on {host} without a shared secret, since every machine "
            "that reaches it could call through it: give --secrets-file, or set "
            "FXSHIM_GATEWAY_SECRETS, or listen on 127.0.0.1"
        )
        raise ConfigurationError(msg)


class Listening:
    """A gateway on a socket."""

    def __init__(
        self, options: GatewayOptions, host: str, port: int, on_ready: Callable[[str], None]
    ) -> None:
        """Prepare to serve.

        Args:
            options: The options.
            host: Address to listen on.
            port: Port; 0 takes a free one.
            on_ready: Called with the address once it is served.

        Raises:
            ConfigurationError: It would listen for other machines without a shared secret.
        """
        check_listening(host, options)
        self.gateway = Gateway(options)
        self._place = host, port
        self._on_ready = on_ready
        self._server = _DrainingServer(self.gateway, options, self._ready)
        self._address = ""

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain.

        Raises:
            OSError: The address is taken.
        """
        host, port = self._place
        with _listening(host, port) as listener:
            name = f"[{host}]" if ":" in host else host
            self._address = f"http://{name}:{listener.getsockname()[1]}"
            self._server.run([listener])

    def stop(self) -> None:
        """End as after SIGTERM. From any thread."""
        self._server.should_exit = True

    def _ready(self) -> None:
        self._on_ready(self._address)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=2048) as listener:
        # asyncio sets this only on sockets that name their protocol.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


class _DrainingServer(uvicorn.Server):
    def __init__(
        self, gateway: Gateway, options: GatewayOptions, ready: Callable[[], None]
    ) -> None:
        class Protocol(_Protocol):
            application = gateway

        super().__init__(
            uvicorn.Config(
                gateway,
                http=Protocol,
                loop="asyncio",
                lifespan="on",
                ws="none",
                access_log=False,
                log_config=None,
                log_level="critical",
                server_header=False,
                date_header=False,
                proxy_headers=False,
                h11_max_incomplete_event_size=options.head_bytes + 4096,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=int(options.grace_seconds) + 1,
            )
        )
        self._gateway = gateway
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's.
        # Not noted for being raised once more: a drain that is done is a success.
        self.force_exit = self.should_exit and self.force_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._gateway.drain(self._gateway.options.grace_seconds)
        await super().shutdown(sockets)


class _Protocol(H11Protocol):
    """One connection of a client."""

    application: Gateway

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.application.options.connections_at_most:
            self._refuse(503, "connections", "the gateway has too many connections", Code.BUSY)
            return
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._arm()
        elif self.cycle is not None:
            self._disarm()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - as uvicorn calls it.
        if self.conn.our_state in {h11.SEND_BODY, h11.MUST_CLOSE}:
            # The answer has begun, or ended: all that is left is to break the connection. What
            # follows it would be taken for a part of it, or for the next one.
            self.application.refused("framing")
            self.transport.close()
            return
        self._refuse(400, "framing", "this is no HTTP/1.1 request", Code.BAD_PARAMETER)

    def _arm(self) -> None:
        if self._head_timer is None:
            seconds = self.application.options.head_seconds
            self._head_timer = self.loop.call_later(seconds, self._too_slow)

    def _disarm(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        self._head_timer = None
        self._refuse(408, "slow_head", "the head of the request did not arrive", Code.TIMEOUT)

    def _refuse(self, status: int, reason: str, text: str, code: int) -> None:
        self._disarm()
        self.application.refused(reason)
        body = content(old_refusal(code, text))
        head = (
            f"HTTP/1.1 {status} Refused\r\ncontent-type: {CONTENT_TYPE}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
