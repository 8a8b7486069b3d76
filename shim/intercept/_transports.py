"""Transports of httpx and httpx2 that answer offline calls, for use by hand."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, cast

from shim._offline_request import BODY_BYTES_AT_MOST
from shim.intercept._clients import httpx_answer, httpx_parts
from shim.intercept._offline import OfflineCall, is_candidate, is_offline

if TYPE_CHECKING:
    import httpx


def _library(inner: Any) -> Any:
    """Return the library of a transport, or the one that the shim uses."""
    for kind in type(inner).__mro__:
        name = kind.__module__.partition(".")[0]
        if name in {"httpx", "httpx2"}:
            return sys.modules[name]
    from shim.objectapi import http

    engine: Any = http
    return engine.httpx


def _is_read(request: Any) -> bool:
    """Whether a body is to be read to look at it: it has a known length that is not too long."""
    if not is_candidate(request.method, str(request.url)):
        return False
    length = request.headers.get("content-length", "")
    return hasattr(request, "_content") or (
        length.isdecimal() and int(length) <= BODY_BYTES_AT_MOST
    )


def _call(request: Any) -> OfflineCall | None:
    method, url, headers, _ = httpx_parts(request)
    return is_offline(method, url(), headers(), request.content)


def blocking(inner: Any) -> httpx.BaseTransport:
    """Return a `BaseTransport` around another one."""
    library = _library(inner)
    passed = library.HTTPTransport() if inner is None else inner

    base: Any = library.BaseTransport

    class InterceptingTransport(base):  # type: ignore[misc]
        """Answers offline calls through the shim; passes all else on."""

        def handle_request(self, request: Any) -> Any:
            if _is_read(request):
                request.read()
                call = _call(request)
                if call is not None:
                    return httpx_answer(request, call.perform())
            return passed.handle_request(request)

        def close(self) -> None:
            passed.close()

    return cast("httpx.BaseTransport", InterceptingTransport())


def awaiting(inner: Any) -> httpx.AsyncBaseTransport:
    """Return an `AsyncBaseTransport` around another one."""
    library = _library(inner)
    passed = library.AsyncHTTPTransport() if inner is None else inner

    base: Any = library.AsyncBaseTransport

    class AsyncInterceptingTransport(base):  # type: ignore[misc]
        """Answers offline calls through the shim; passes all else on."""

        async def handle_async_request(self, request: Any) -> Any:
            if _is_read(request):
                await request.aread()
                call = _call(request)
                if call is not None:
                    return httpx_answer(request, await call.aperform())
            return await passed.handle_async_request(request)

        async def aclose(self) -> None:
            await passed.aclose()

    return cast("httpx.AsyncBaseTransport", AsyncInterceptingTransport())
