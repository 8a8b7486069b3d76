"""Writing answers to a client: the old shape, and what every answer of our own has."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from shim._offline_request import CONTENT_TYPE, content
from shim.offline.answer import refusal as old_refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    from shim.gateway._request_checks import RequestRefusal

Message: TypeAlias = "MutableMapping[str, Any]"
Receive: TypeAlias = "Callable[[], Awaitable[Message]]"
Send: TypeAlias = "Callable[[Message], Awaitable[None]]"
Headers: TypeAlias = "Iterable[tuple[bytes, bytes]]"

JSON: Final = CONTENT_TYPE.encode()


async def respond(
    send: Send, status: int, body: bytes, content_type: bytes = JSON, headers: Headers = ()
) -> None:
    """Send a whole answer."""
    start = {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (b"content-type", content_type),
            (b"content-length", str(len(body)).encode()),
            (b"date", formatdate(usegmt=True).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            *headers,
        ],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, refused: RequestRefusal, headers: Headers = ()) -> None:
    """Send a refusal in the old shape, and have the connection closed.

    What follows on it, a body that was not read for example, is not to be taken for a request.
    """
    body = content(old_refusal(refused.code, refused.text))
    await respond(send, refused.status, body, headers=[(b"connection", b"close"), *headers])
