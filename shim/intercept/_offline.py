"""An offline call in a request of any library: is it one, where does it go, make it.

For the modules of this package that know the libraries. Nothing is sent before `is_offline` has
returned a call, so an error up to there leaves the request as it was.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from shim import settings
from shim._call import aperform, notice_of, perform
from shim._offline_request import (
    BODY_BYTES_AT_MOST,
    CONTENT_TYPE,
    OfflineRequest,
    content,
    is_address,
    recognised,
)
from shim._own_calls import OWN
from shim.intercept._starting import start_module
from shim.settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shim.settings.model import Settings

# Credentials of the settings that are not sent to a host that they may not belong to.
_SECRETS: Final = (
    *("app_id", "app_secret", "permanent_code", "credentials"),
    *("corp_access_token", "acting_mobile"),
)
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class OfflineCall:
    """An offline call that a program has posted, and the origin that it was posted to."""

    request: OfflineRequest
    origin: str

    def perform(self) -> bytes:
        """Make the call, blocking; return the answer as the body of a response.

        Raises:
            ConfigurationError: No acting employee is set, or a setting is unusable.
        """
        site = notice_of(self.request.endpoint).seen(sys._getframe())  # noqa: SLF001 - see _frames.
        try:
            with settings.pinned(self._settings()):
                return content(perform(self.request.endpoint, site, self.request.arguments))
        except ConfigurationError as error:
            raise error.with_traceback(None) from None

    async def aperform(self) -> bytes:
        """Make the call, awaiting; see `perform`."""
        endpoint, arguments = self.request.endpoint, self.request.arguments
        site = notice_of(endpoint).seen(sys._getframe())  # noqa: SLF001 - as above.
        try:
            with settings.pinned(self._settings()):
                if _is_asyncio():
                    return content(await aperform(endpoint, site, arguments))
                # On trio, whose tasks the shim's scheduler does not know.
                import anyio.to_thread

                return content(await anyio.to_thread.run_sync(perform, endpoint, site, arguments))
        except ConfigurationError as error:
            raise error.with_traceback(None) from None

    def _settings(self) -> Settings:
        """Return the settings of the call: it goes where the program meant it to go.

        Unless `base_url` is set. An address that is no known host of the vendor's, or not
        encrypted, gets nothing that the program did not send it but the acting employee's id.
        """
        now = settings.current()
        corp_id = self.request.arguments.get("corpId")
        now = now.of(corp_id) if isinstance(corp_id, str) else now
        if "base_url" in now.model_fields_set:
            return now
        update: dict[str, Any] = {"base_url": self.origin}
        if not _is_trusted(self.origin, now):
            update |= dict.fromkeys(_SECRETS)
        return now.model_copy(update=update)


def _is_asyncio() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _is_trusted(origin: str, now: Settings) -> bool:
    parts = urlsplit(origin)
    host = (parts.hostname or "").rstrip(".")
    if host in _LOOPBACK:
        return True
    encrypted = parts.scheme == "https" or now.allow_plain_http
    return encrypted and host in start_module().HOSTS


def below_prefix(scheme: str, netloc: str, path: str) -> str:
    """Return a path without the prefix of a configured `base_url` that it is below."""
    if path.startswith("/cgi/"):
        return path
    now = settings.current()
    bases = [now.base_url, *(table.base_url for table in now.tenants.values())]
    for base in filter(None, bases):
        parts = urlsplit(base)
        place = (parts.scheme, parts.netloc) == (scheme, netloc.lower())
        if place and parts.path and path.startswith(f"{parts.path}/"):
            return path[len(parts.path) :]
    return path


def is_candidate(method: str, url: str) -> bool:
    """Return whether an offline call may be posted to a URL; needs no body.

    Args:
        method: The HTTP method.
        url: The whole URL.
    """
    parts = urlsplit(url)
    if "/cgi/" not in parts.path or OWN.get():
        return False
    return is_address(method.upper(), below_prefix(parts.scheme, parts.netloc, parts.path))


def is_offline(
    method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes
) -> OfflineCall | None:
    """Return the offline call that a request is, or None.

    Args:
        method: The HTTP method.
        url: The whole URL.
        headers: Names and values.
        body: The whole body.
    """
    parts = urlsplit(url)
    path = below_prefix(parts.scheme, parts.netloc, parts.path)
    found = recognised(method.upper(), path, parts.query, headers, body)
    if found is None:
        return None
    place = parts.netloc.rpartition("@")[2].lower()
    prefix = parts.path[: len(parts.path) - len(path)]
    default = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return OfflineCall(found, f"{parts.scheme}://{place.removesuffix(default)}{prefix}")


def whole(body: Any, encoding: str = "utf-8") -> bytes | None:
    """Return a body as bytes, and leave it as it was; None if that is not possible.

    Args:
        body: Bytes, text, a file that can be put back, or nothing.
        encoding: How the library encodes text.
    """
    if body is None:
        return b""
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body) if len(body) <= BODY_BYTES_AT_MOST else None
    if isinstance(body, str):
        return body.encode(encoding)
    if not (hasattr(body, "read") and hasattr(body, "seek") and hasattr(body, "tell")):
        return None
    before = body.tell()
    try:
        read = body.read(BODY_BYTES_AT_MOST + 1)
    finally:
        body.seek(before)
    read = read.encode(encoding) if isinstance(read, str) else read
    return read if len(read) <= BODY_BYTES_AT_MOST else None


def raw_answer(body: bytes) -> bytes:
    """Return an answer as bytes of HTTP/1.1, for libraries that read their own."""
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body


def headers_of(body: bytes) -> dict[str, str]:
    """Return the headers of an answer."""
    return {"Content-Type": CONTENT_TYPE, "Content-Length": str(len(body))}
