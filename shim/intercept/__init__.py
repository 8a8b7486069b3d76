"""Doors for programs that post offline calls with an HTTP library instead of calling `shim`.

    client = httpx.Client(transport=shim.intercept.httpx_transport())
    session.mount("https://", shim.intercept.requests_adapter())
    shim.intercept.install()  # All libraries of this process.

An offline call is answered by the shim, in a response of the library's own class. Every other
request passes as it is. docs/intercept.md says what is covered and what is not.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shim._forks import ProcessLock
from shim.intercept._starting import start_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    import requests.adapters

__all__ = [
    "async_httpx_transport",
    "httpx_transport",
    "install",
    "installed",
    "requests_adapter",
    "uninstall",
]

_lock = ProcessLock()


def httpx_transport(inner: Any = None) -> httpx.BaseTransport:
    """Return a transport for `httpx.Client` that answers offline calls through the shim.

    Args:
        inner: The transport for all other requests, of httpx or httpx2; the answers are of its
            library. None: a new `HTTPTransport` of the library that the shim uses.

    Raises:
        ConfigurationError: From a request that is an offline call, if no acting employee is set.
    """
    from shim.intercept._transports import blocking

    return blocking(inner)


def async_httpx_transport(inner: Any = None) -> httpx.AsyncBaseTransport:
    """Return a transport for `httpx.AsyncClient`; see `httpx_transport`."""
    from shim.intercept._transports import awaiting

    return awaiting(inner)


def requests_adapter(inner: Any = None) -> requests.adapters.BaseAdapter:
    """Return an adapter for `requests.Session.mount` that answers offline calls through the shim.

    Args:
        inner: The adapter for all other requests. None: a new `HTTPAdapter`.

    Raises:
        ImportError: `requests` is not installed.
        ConfigurationError: From a request that is an offline call, if no acting employee is set.
    """
    from shim.intercept._adapter import adapter

    return adapter(inner)


def install() -> None:
    """Have offline calls of all HTTP libraries in this process answered by the shim.

    Covers requests, urllib3, urllib.request, http.client, httpx, httpx2 and aiohttp, imported
    already or later. Installing twice is the same as once.
    """
    with _lock.held():
        start = start_module()
        if not start.is_started():
            start.start()


def uninstall() -> None:
    """Put the HTTP libraries back as they were."""
    with _lock.held():
        start_module().stop()


@contextmanager
def installed() -> Iterator[None]:
    """Install for the length of a block; what was installed before stays installed after it."""
    before = start_module().is_started()
    install()
    try:
        yield
    finally:
        if not before:
            uninstall()
