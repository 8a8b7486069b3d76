"""The ASGI application: decides what a request is, and has it answered."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from shim._endpoint import ENDPOINTS
from shim._offline_request import content, is_address, recognised
from shim.gateway._callers import Callers
from shim.gateway._proxying import ClientGone, RequestBody, Upstream, refused_body
from shim.gateway._request_checks import RequestRefusal, refused_head, target
from shim.gateway._responses import refuse, respond
from shim.gateway._translating import answer_headers, answered
from shim.objectapi.codes import Code

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from shim._offline_request import OfflineRequest
    from shim.gateway._options import GatewayOptions
    from shim.gateway._responses import Receive, Send

_FORBIDDEN: Final = RequestRefusal(
    401,
    "secret",
    "this gateway needs its shared secret in a header",
    int(Code.NO_ACCESS),
)
_NOT_LOCAL: Final = RequestRefusal(
    403,
    "not_local",
    "this gateway has no shared secret, so it serves its own machine only; set one",
    int(Code.NO_ACCESS),
)


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
        self.refusals: Counter[str] = Counter()
        self.draining = False

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan of a server."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def drain(self) -> None:
        """Begin to end: no longer be ready."""
        self.draining = True

    def refused(self, reason: str) -> None:
        """Count a request that was refused."""
        self.refusals[reason] += 1

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
        refused = refused_head(scope, self.options)
        admitted = None if refused else self._callers.admitted(scope)
        if refused is None and admitted is None:
            refused = _FORBIDDEN if self.options.secrets else _NOT_LOCAL
        if refused is not None or admitted is None:
            assert refused is not None  # noqa: S101 - for the type checker.
            await refuse(send, refused)
            return
        label = self._callers.label(scope, admitted)
        body = RequestBody(receive, self.options)
        try:
            await self._pass_or_answer(scope, body, send, label)
        except ClientGone:
            return

    async def _pass_or_answer(
        self, scope: MutableMapping[str, Any], body: RequestBody, send: Send, label: str
    ) -> None:
        # An escape of a letter is that letter (RFC 3986, 6.2.2.2).
        path = unquote(target(scope).decode("ascii"), errors="replace")
        if is_address(scope["method"], path):
            try:
                call = await self._offline(scope, path, body)
            except Exception as error:
                refused = refused_body(error)
                if refused is None:
                    raise
                await refuse(send, refused)
                return
            if isinstance(call, RequestRefusal):
                await refuse(send, call)
                return
            if call is not None:
                answer = await answered(call, label)
                await respond(send, 200, content(answer), headers=self._headers)
                return
        elif path in self._only_offline:
            allowed = ", ".join(self._only_offline[path])
            text = f"this address takes {allowed}"
            refused = RequestRefusal(405, "method", text)
            await refuse(send, refused, [(b"allow", allowed.encode())])
            return
        await self._upstream(scope).exchange(scope, body, send, self._callers.own_headers)

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
