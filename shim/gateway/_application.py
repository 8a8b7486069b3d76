"""The ASGI application: decides what a request is, and has it answered."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from shim._endpoint import ENDPOINTS
from shim._offline_request import content, is_address, recognised
from shim.gateway._callers import Callers
from shim.gateway._live_usage import page, usage_figures
from shim.gateway._openapi import document
from shim.gateway._proxying import ClientGone, RequestBody, Upstream, refused_body
from shim.gateway._request_checks import RequestRefusal, refused_head, target
from shim.gateway._responses import refuse, respond
from shim.gateway._telemetry import METRICS_TYPE, Telemetry
from shim.gateway._translating import Translating, answer_headers, seconds_of
from shim.objectapi.codes import Code
from shim.settings import ConfigurationError, current

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from shim._offline_request import OfflineRequest
    from shim.gateway._options import GatewayOptions
    from shim.gateway._responses import Message, Receive, Send

_FORBIDDEN: Final = RequestRefusal(
    401,
    "secret",
    "the shared secret is missing or wrong: send it in X-Fxshim-Secret, or the header set for it",
    int(Code.NO_ACCESS),
)
_NOT_LOCAL: Final = RequestRefusal(
    403,
    "not_local",
    "this gateway has no shared secret, so it serves its own machine only; set one",
    int(Code.NO_ACCESS),
)
_BAD_TIMEOUT: Final = RequestRefusal(
    400, "timeout", "X-Request-Timeout should be a number of seconds, more than 0"
)
_TOO_LONG: Final = RequestRefusal(
    504,
    "exchange_timeout",
    "the exchange took too long; whether the upstream has received the request is unknown",
    int(Code.TIMEOUT),
)
_HTML: Final = b"text/html; charset=utf-8"
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,39}|v?\d{1,2}")
_access: Final = logging.getLogger("shim.gateway.access")


def only_offline_paths() -> dict[str, tuple[str, ...]]:
    """Return the paths at which nothing but an offline call is made, with their methods."""
    methods: dict[str, set[str]] = {}
    others: set[str] = set()
    for endpoint in ENDPOINTS.values():
        for address in endpoint.addresses:
            if address.marks or address.only or endpoint.kind == "preset":
                others.add(address.path)
            methods.setdefault(address.path, set()).add(address.method)
    return {path: tuple(sorted(found)) for path, found in methods.items() if path not in others}


class Gateway:
    """The ASGI application."""

    def __init__(self, options: GatewayOptions) -> None:
        """Prepare; nothing is connected before the first request.

        Raises:
            ConfigurationError: The environment names a proxy or certificates that cannot be used.
        """
        self.options = options
        self._callers = Callers(options)
        self._upstreams = [Upstream(one, options) for one in options.upstreams]
        self._by_host = {one.authority.lower(): one for one in self._upstreams}
        self._headers = answer_headers(options, options.upstreams[0])
        self._only_offline = only_offline_paths()
        self.telemetry = Telemetry(options.tracer_provider)
        self._translating = Translating(self.telemetry)
        self._draining = False
        self._admin = {
            f"{options.admin_prefix}/{name}": name
            for name in ("healthz", "readyz", "metrics", "usage", "openapi.json")
        }

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan of a server."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def drain(self, seconds: float) -> None:
        """Begin to end. On the event loop.

        It is no longer ready. Translations go on for a while; then nothing more is attempted, and
        each call is answered with what has become of it.

        Args:
            seconds: Until everything has to have ended.
        """
        self._draining = True
        asyncio.get_running_loop().call_later(seconds * 0.8, self._translating.end)

    def refused(self, reason: str) -> None:
        """Count a request that was refused."""
        self.telemetry.refused(reason)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                for one in self._upstreams:
                    await one.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _serve(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        started = time.monotonic()
        refused = refused_head(scope, self.options)
        # An escape of a letter is that letter (RFC 3986, 6.2.2.2).
        path = "" if refused else unquote(target(scope).decode("ascii"), errors="replace")
        label, status = "", 200
        admin = self._admin.get(path)
        if refused is None and admin != "healthz":
            admitted = self._callers.admitted(scope)
            if admitted is None:
                refused = _FORBIDDEN if self.options.secrets else _NOT_LOCAL
            else:
                label = self._callers.label(scope, admitted)
        if refused is not None:
            status = await self._refuse(send, refused)
        elif admin is not None:
            status = await self._administer(admin, scope, send)
        else:
            body = RequestBody(receive, self.options)
            try:
                status = await self._pass_or_answer(scope, path, body, send, label)
            except ClientGone:
                status = 499
        if self.options.access_log:
            self._log(scope["method"], path, label, status, started)

    def _log(self, method: str, path: str, label: str, status: int, started: float) -> None:
        """Log a request, without its query and without what may be a value in its path."""
        shown = "/".join(
            one if not one or _PLAIN.fullmatch(one) else "*" for one in path.split("/")
        )
        milliseconds = (time.monotonic() - started) * 1000
        _access.info("%s %s %d %.1fms %s", method, shown, status, milliseconds, label or "-")

    async def _refuse(
        self, send: Send, refused: RequestRefusal, headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> int:
        self.refused(refused.reason)
        await refuse(send, refused, headers)
        return refused.status

    async def _administer(self, name: str, scope: MutableMapping[str, Any], send: Send) -> int:
        if scope["method"] not in {"GET", "HEAD"}:
            refused = RequestRefusal(405, "method", "this address takes GET")
            return await self._refuse(send, refused, ((b"allow", b"GET, HEAD"),))
        status, body, kind, headers = 200, b"ok\n", b"text/plain; charset=utf-8", ()
        if name == "readyz":
            status, body = self._readiness()
        elif name == "metrics":
            body, kind = self.telemetry.text(), METRICS_TYPE
        elif name == "openapi.json":
            body, kind = json.dumps(document(self.options)).encode(), b"application/json"
        elif name == "usage":
            figures = usage_figures()
            accepts = b"".join(v for n, v in scope["headers"] if n.lower() == b"accept")
            if b"text/html" in accepts:
                body, kind = page(figures), _HTML
            else:
                body, kind = json.dumps(figures, ensure_ascii=False).encode(), b"application/json"
        await respond(send, status, body, kind, headers)
        return status

    def _readiness(self) -> tuple[int, bytes]:
        if self._draining:
            return 503, b"draining\n"
        try:
            current()
        except ConfigurationError as error:
            return 503, f"the settings cannot be used: {error}\n".encode()
        return 200, b"ready\n"

    async def _pass_or_answer(
        self,
        scope: MutableMapping[str, Any],
        path: str,
        body: RequestBody,
        send: Send,
        label: str,
    ) -> int:
        if is_address(scope["method"], path):
            try:
                call = await self._offline(scope, path, body)
            except Exception as error:
                refused = refused_body(error)
                if refused is None:
                    raise
                return await self._refuse(send, refused)
            if isinstance(call, RequestRefusal):
                return await self._refuse(send, call)
            if call is not None:
                return await self._answer(scope, call, send, label)
        elif path in self._only_offline:
            allowed = ", ".join(self._only_offline[path])
            refused = RequestRefusal(405, "method", f"this address takes {allowed}")
            return await self._refuse(send, refused, ((b"allow", allowed.encode()),))
        return await self._pass_on(scope, body, send, label)

    async def _answer(
        self, scope: MutableMapping[str, Any], call: OfflineRequest, send: Send, label: str
    ) -> int:
        headers = _decoded(scope)
        given = headers.get("x-request-timeout")
        most = self.options.deadline_seconds
        seconds = most if given is None else seconds_of(given, most)
        if seconds is None:
            return await self._refuse(send, _BAD_TIMEOUT)
        in_flight = self.telemetry.in_flight.labels(kind="offline")
        with (
            in_flight.track_inprogress(),
            self.telemetry.span(call.endpoint.name, headers, caller=label),
        ):
            answer = await self._translating.answered(call, label, seconds)
            await respond(send, 200, content(answer), headers=self._headers)
        return 200

    async def _pass_on(
        self, scope: MutableMapping[str, Any], body: RequestBody, send: Send, label: str
    ) -> int:
        upstream = self._upstream(scope)
        added = _forwarded(scope) if self.options.forwarded else ()
        in_flight = self.telemetry.in_flight.labels(kind="proxied")
        with (
            in_flight.track_inprogress(),
            self.telemetry.span("proxy", _decoded(scope), caller=label),
        ):
            begun = False

            async def noted(message: Message) -> None:
                nonlocal begun
                begun = True
                await send(message)

            exchange = upstream.exchange(scope, body, noted, self._callers.own_headers, added)
            try:
                status, reason = await asyncio.wait_for(exchange, self.options.exchange_seconds)
            except asyncio.TimeoutError:
                self.refused(_TOO_LONG.reason)
                if begun:
                    msg = "the answer took too long"
                    raise ConnectionResetError(msg) from None
                await refuse(send, _TOO_LONG)
                return _TOO_LONG.status
        if reason:
            self.refused(reason)
        self.telemetry.proxied(label, status)
        return status

    async def _offline(
        self, scope: MutableMapping[str, Any], path: str, body: RequestBody
    ) -> OfflineRequest | RequestRefusal | None:
        """Return the offline call that a request is, why it is refused, or None: pass it on."""
        bound = self.options.offline_body_bytes
        only = path in self._only_offline
        whole = await body.read(bound)
        if whole is None:
            text = f"an offline call has at most {bound} bytes"
            return RequestRefusal(413, "offline_body_size", text) if only else None
        headers = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        ]
        query = scope["query_string"].decode("latin-1")
        call = recognised(scope["method"], path, query, headers, whole)
        if call is None and only and not whole.lstrip().startswith(b"{"):
            text = "the body of an offline call is a JSON object"
            return RequestRefusal(400, "not_json", text)
        return call

    def _upstream(self, scope: MutableMapping[str, Any]) -> Upstream:
        """Return where a request goes. Its Host chooses from the list, and adds nothing to it."""
        for name, value in scope["headers"]:
            if name.lower() == b"host":
                return self._by_host.get(value.lower(), self._upstreams[0])
        return self._upstreams[0]


def _decoded(scope: MutableMapping[str, Any]) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }


def _forwarded(scope: MutableMapping[str, Any]) -> tuple[tuple[bytes, bytes], ...]:
    client = scope.get("client")
    host = next((value for name, value in scope["headers"] if name.lower() == b"host"), b"")
    return (
        (b"X-Forwarded-For", str(client[0]).encode() if client else b"unknown"),
        (b"X-Forwarded-Host", host),
        (b"X-Forwarded-Proto", str(scope.get("scheme", "http")).encode()),
    )
