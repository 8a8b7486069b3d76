"""An offline call as an HTTP request: recognise it, read its arguments, write its answer.

For the doors that see requests instead of function calls: `shim.intercept` and `shim.gateway`. What
they recognise is derived from the declarations; this module has no list of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from shim._endpoint import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shim._endpoint import Address, Endpoint

CONTENT_TYPE: Final = "application/json;charset=UTF-8"
"""The content type of an answer."""

BODY_BYTES_AT_MOST: Final = 16 * 1024 * 1024
"""A longer body is not looked at: no offline call has one."""

# Credentials in headers are the object API's new style, which no offline call has (grade A).
_HEADER_STYLE: Final = frozenset({"x-fs-ea", "x-fs-userid"})


@dataclass(frozen=True)
class OfflineRequest:
    """An offline call that came as an HTTP request.

    Attributes:
        endpoint: The call.
        arguments: Its parameters by name, undocumented ones included.
        requested: Method and path, for the notice of a client that is no Python code.
    """

    endpoint: Endpoint
    arguments: Mapping[str, Any] = field(repr=False)
    requested: str


def is_address(method: str, path: str) -> bool:
    """Return whether offline calls are posted to an address. Cheap; needs no body.

    Args:
        method: The HTTP method, in capitals.
        path: The path, without the query.
    """
    return any(True for _ in _at(method, path))


def recognised(
    method: str,
    path: str,
    query: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
) -> OfflineRequest | None:
    """Return the offline call that a request is, or None if it is something else.

    It is one if its method and path are an address of a call, its body is a JSON object with
    `corpAccessToken` or `corpId`, its credentials are not in headers, and, at an address that
    several calls share, its keys are those that mark the call. Anything else is for the service to
    answer.

    Args:
        method: The HTTP method, in capitals.
        path: The path, without the query.
        query: The query, percent-encoded; its `thirdTraceId` is an argument.
        headers: Names and values.
        body: The whole body, without any content encoding.
    """
    candidates = tuple(_at(method, path))
    if not candidates or len(body) > BODY_BYTES_AT_MOST or _is_other_style(headers):
        return None
    sent = _json_object(body)
    if sent is None or not {"corpAccessToken", "corpId"} & sent.keys():
        return None
    best: tuple[int, Endpoint] | None = None
    for endpoint, address in candidates:
        marked = address.marked_keys(sent)
        if marked is not None and (best is None or marked > best[0]):
            best = (marked, endpoint)
    if best is None:
        return None
    return OfflineRequest(best[1], {**sent, **_in_query(query)}, f"{method} {path}")


def content(answer: Mapping[str, Any]) -> bytes:
    """Return an answer as the body of a response."""
    try:
        return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        # Half a surrogate pair, which only an escape can carry.
        return json.dumps(answer, separators=(",", ":")).encode()


def _at(method: str, path: str) -> Iterator[tuple[Endpoint, Address]]:
    for endpoint in ENDPOINTS.values():
        for address in endpoint.addresses:
            if address.path == path and address.method == method:
                yield endpoint, address


def _is_other_style(headers: Iterable[tuple[str, str]]) -> bool:
    for name, value in headers:
        lowered = name.lower()
        if lowered in _HEADER_STYLE:
            return True
        if lowered == "authorization" and value.lower().startswith("bearer "):
            return True
        if lowered == "content-encoding" and value.strip().lower() not in {"", "identity"}:
            return True
    return False


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        sent: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return sent if isinstance(sent, dict) else None


def _in_query(query: str) -> dict[str, str]:
    named = dict(parse_qsl(query, keep_blank_values=True))
    return {name: named[name] for name in ("thirdTraceId",) if name in named}
