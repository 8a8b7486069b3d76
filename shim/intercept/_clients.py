"""The HTTP libraries that the start module wraps: their requests, and answers in their classes.

The start module imports this one at the first request for an address that offline calls may have.
Each function returns None for a request that is to go on as it was.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

from shim.intercept._offline import (
    OfflineCall,
    headers_of,
    is_candidate,
    is_offline,
    raw_answer,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNREADABLE = "a body that can be read only once"


def _counts() -> Any:
    return sys.modules["_fxshim_start"].COUNTS


def _looked_at(
    method: str,
    url: Callable[[], str],
    headers: Callable[[], Iterable[tuple[str, str]]],
    body: Callable[[], bytes | None],
) -> OfflineCall | None:
    """Return the offline call that a request is. Swallow errors: nothing was sent yet."""
    try:
        if not is_candidate(method, url()):
            return None
        _counts().add("seen")
        read = body()
        if read is None:
            _counts().fail(_UNREADABLE)
            return None
        return is_offline(method, url(), headers(), read)
    except Exception as error:  # noqa: BLE001 - the request goes on as it was.
        _counts().fail(f"{type(error).__name__} while the request was looked at")
        return None


def _performed(call: OfflineCall) -> bytes:
    try:
        answer = call.perform()
    except BaseException as error:
        _counts().fail(type(error).__name__)
        raise
    _counts().add("translated")
    return answer


async def _awaited(call: OfflineCall) -> bytes:
    try:
        answer = await call.aperform()
    except BaseException as error:
        _counts().fail(type(error).__name__)
        raise
    _counts().add("translated")
    return answer


def not_covered(method: str, path: str, reason: str) -> None:
    """Count a request that may be an offline call and cannot be looked at."""
    if is_candidate(method, f"https://host{path}"):
        _counts().add("seen")
        _counts().fail(reason)


def of_requests(adapter: Any, request: Any) -> Any:
    """Answer a `requests.PreparedRequest`."""
    call = _looked_at(
        request.method,
        lambda: str(request.url),
        lambda: [(_text(name), _text(value)) for name, value in request.headers.items()],
        lambda: whole(request.body),
    )
    return None if call is None else requests_answer(adapter, request, _performed(call))


def requests_answer(adapter: Any, request: Any, body: bytes) -> Any:
    """Return an answer as `requests` builds its own."""
    import requests.adapters
    import urllib3

    made = urllib3.HTTPResponse(
        io.BytesIO(body),
        headers_of(body),
        200,
        reason="OK",
        version=11,
        preload_content=False,
        request_method=request.method,
        request_url=request.path_url,
    )
    builder = adapter if hasattr(adapter, "build_response") else requests.adapters.HTTPAdapter()
    return builder.build_response(request, made)


def of_urllib3(pool: Any, method: str, url: str, args: tuple[Any, ...], kwargs: Any) -> Any:
    """Answer a call of `HTTPConnectionPool.urlopen`."""
    names = ("body", "headers", "retries")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    headers = given.get("headers") or pool.headers or {}
    call = _looked_at(
        method,
        lambda: _url(url, pool.scheme, pool.host, pool.port),
        lambda: [(_text(name), _text(value)) for name, value in headers.items()],
        lambda: whole(given.get("body")),
    )
    if call is None:
        return None
    import urllib3

    body = _performed(call)
    return urllib3.HTTPResponse(
        io.BytesIO(body),
        headers_of(body),
        200,
        reason="OK",
        version=11,
        preload_content=given.get("preload_content", True),
        decode_content=given.get("decode_content", True),
        request_method=method,
        request_url=url,
        retries=given.get("retries"),
    )


def urllib3_pool(pool: Any, base: tuple[str, str, int]) -> Any:
    """Return a pool of connections to the place that requests are rerouted to."""
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    scheme, host, port = base
    kind = HTTPSConnectionPool if scheme == "https" else HTTPConnectionPool
    made = vars(pool).get("_fxshim_pool")
    if made is None or (made.scheme, made.host, made.port) != base:
        made = kind(host, port, timeout=pool.timeout, headers=pool.headers)
        pool._fxshim_pool = made  # noqa: SLF001 - it lives as long as the program's own.
    return made


class _Answered:
    """What `http.client.HTTPResponse` takes for a socket: it gives an answer's bytes."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def makefile(self, *_args: Any, **_kwargs: Any) -> io.BytesIO:
        return io.BytesIO(self._answer)


def of_http_client(connection: Any, method: str, url: str, body: Any, headers: Any) -> bool:
    """Answer a call of `HTTPConnection.request`; return whether it was one of ours."""
    from http import client

    scheme = {443: "https"}.get(connection.default_port, "http")
    # Through a tunnel the connection is one to the proxy.
    tunnel = connection._tunnel_host  # noqa: SLF001 - there is no public name.
    host = tunnel or connection.host
    port = connection._tunnel_port if tunnel else connection.port  # noqa: SLF001
    call = _looked_at(
        method,
        lambda: _url(url, scheme, host, port),
        lambda: [(_text(name), _text(value)) for name, value in dict(headers).items()],
        lambda: whole(body, "iso-8859-1"),
    )
    if call is None:
        return False
    answer: Any = _Answered(raw_answer(_performed(call)))
    response = client.HTTPResponse(answer, method=method)
    response.begin()
    connection._fxshim_answer = response  # noqa: SLF001 - `getresponse` returns it.
    return True


def of_httpx(request: Any) -> Any:
    """Answer a request of a blocking client of httpx or httpx2."""
    call = _looked_at(*httpx_parts(request))
    return None if call is None else httpx_answer(request, _performed(call))


async def of_async_httpx(request: Any) -> Any:
    """Answer a request of an awaiting client of httpx or httpx2."""
    call = _looked_at(*httpx_parts(request))
    return None if call is None else httpx_answer(request, await _awaited(call))


def httpx_parts(request: Any) -> tuple[Any, ...]:
    """Return method, URL, headers and body of a request, for `is_offline`."""
    return (
        request.method,
        lambda: str(request.url),
        request.headers.multi_items,
        # Bytes are there already; a stream is read by the network alone.
        lambda: request.content if hasattr(request, "_content") else None,
    )


def httpx_answer(request: Any, body: bytes) -> Any:
    """Return an answer in the class of the request's library."""
    library: Any = sys.modules[type(request.url).__module__.partition(".")[0]]
    return library.Response(
        200,
        headers=headers_of(body),
        stream=library.ByteStream(body),
        extensions={"http_version": b"HTTP/1.1", "reason_phrase": b"OK"},
        request=request,
    )


class _NoNetwork:
    """A transport of asyncio's that leads nowhere: what is written to it is dropped."""

    def __init__(self) -> None:
        self._closing = False

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    abort = close

    def get_extra_info(self, _name: str, default: Any = None) -> Any:
        return default

    def write(self, data: Any) -> None:
        """Drop it."""

    writelines = write

    def pause_reading(self) -> None:
        """Do nothing: all that there is to read has been given."""

    resume_reading = pause_reading


async def of_aiohttp(connector: Any, request: Any) -> Any:
    """Answer a request of aiohttp: return a connection on which the answer has arrived."""
    call = _looked_at(
        request.method,
        lambda: str(request.url),
        lambda: list(request.headers.items()),
        lambda: _aiohttp_body(request.body),
    )
    if call is None:
        return None
    answer = await _awaited(call)
    import asyncio

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

    loop = asyncio.get_running_loop()
    protocol = ResponseHandler(loop)
    network: Any = _NoNetwork()
    protocol.connection_made(network)
    protocol.data_received(raw_answer(answer))
    return Connection(connector, request.connection_key, protocol, loop)


def _aiohttp_body(body: Any) -> bytes | None:
    value = getattr(body, "_value", body)
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else None


def _url(target: str, scheme: str, host: str, port: int | None) -> str:
    """Return the URL of a request by its target, which is a whole one if it is for a proxy."""
    if target.startswith(("http://", "https://")):
        return target
    host = f"[{host.strip('[]')}]" if ":" in host else host
    place = host if port in {None, _DEFAULT_PORTS.get(scheme)} else f"{host}:{port}"
    return f"{scheme}://{place}{target}"


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
