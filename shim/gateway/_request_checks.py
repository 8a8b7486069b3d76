"""Which requests a gateway takes at all: framing, target and size, before anything is done.

Pure functions over an ASGI scope. A proxy and the server behind it may read an odd request
differently, and that difference is what request smuggling and path tricks live on. So whatever can
be read in two ways is refused, also if it is allowed by the letter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shim.objectapi.codes import Code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shim.gateway._options import GatewayOptions

_TARGET: Final = re.compile(rb"/[\x21-\x7e]*")
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9a-fA-F]{2})")
# An encoded dot, slash, backslash, percent sign or control character: the next server may decode
# it, or decode twice. No address of the vendor has one.
_TWO_READINGS: Final = re.compile(rb"%(2e|2f|5c|25|[01][0-9a-f]|7f)", re.IGNORECASE)
_DOTS: Final = frozenset({b".", b".."})
_METHOD: Final = re.compile(r"[A-Z][A-Z_-]{0,19}")
_REFUSED_METHODS: Final = frozenset({"CONNECT", "TRACE", "TRACK"})
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_NAME: Final = re.compile(rb"[!#$%&'*+.^`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class RequestRefusal:
    """Why a request is not served.

    Attributes:
        status: The HTTP status.
        reason: A short name, for the counters.
        text: What is wrong, and what to do.
        code: The errorCode of the answer.
    """

    status: int
    reason: str
    text: str
    code: int = int(Code.BAD_PARAMETER)


def refused_head(scope: Mapping[str, Any], options: GatewayOptions) -> RequestRefusal | None:
    """Return why the head of a request is refused, or None if it is not."""
    return (
        _refused_size(scope, options)
        or _refused_method(scope["method"])
        or _refused_target(scope)
        or _refused_framing(scope, options)
    )


def target(scope: Mapping[str, Any]) -> bytes:
    """Return the path of a request as it was sent, without the query."""
    raw: bytes | None = scope.get("raw_path")
    # ASGI makes it optional; a server without it gives no other bytes than these.
    return scope["path"].encode() if raw is None else raw.partition(b"?")[0]


def _refused_size(scope: Mapping[str, Any], options: GatewayOptions) -> RequestRefusal | None:
    headers = scope["headers"]
    if len(headers) > options.headers_at_most:
        return RequestRefusal(431, "headers", f"more than {options.headers_at_most} headers")
    size = sum(len(name) + len(value) for name, value in headers)
    if size + len(target(scope)) + len(scope["query_string"]) > options.head_bytes:
        return RequestRefusal(431, "head_size", f"the head has over {options.head_bytes} bytes")
    return None


def _refused_method(method: str) -> RequestRefusal | None:
    if method in _REFUSED_METHODS or not _METHOD.fullmatch(method):
        return RequestRefusal(405, "method", "this method is not served")
    return None


def _refused_target(scope: Mapping[str, Any]) -> RequestRefusal | None:
    path = target(scope)
    if not _TARGET.fullmatch(path):
        text = "the request target should be a path that begins with one slash"
        return RequestRefusal(400, "target", text)
    if (
        b"//" in path
        or b"\\" in path
        or b"#" in path + scope["query_string"]
        or _BAD_ESCAPE.search(path)
        or _TWO_READINGS.search(path)
        or _DOTS & set(path.split(b"/"))
    ):
        text = (
            "the path can be read in two ways: it has //, a dot segment, a backslash or an escape"
        )
        return RequestRefusal(400, "path", text)
    if scope["query_string"] and not _TARGET.fullmatch(b"/" + scope["query_string"]):
        return RequestRefusal(400, "target", "the query has characters that need an escape")
    return None


def _refused_framing(  # noqa: PLR0911 - one return for each rule.
    scope: Mapping[str, Any], options: GatewayOptions
) -> RequestRefusal | None:
    named: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        if not _NAME.fullmatch(name) or b"\0" in value or b"\r" in value or b"\n" in value:
            return RequestRefusal(400, "header", "a header has a name or value that is none")
        named.setdefault(name.lower(), []).append(value)
    lengths, codings = named.get(b"content-length", []), named.get(b"transfer-encoding", [])
    if len(lengths) + len(codings) > 1:
        text = "the body has two lengths: send one Content-Length, or Transfer-Encoding: chunked"
        return RequestRefusal(400, "framing", text)
    if codings and (codings[0].lower() != b"chunked" or scope["http_version"] == "1.0"):
        return RequestRefusal(400, "framing", "no Transfer-Encoding but chunked is taken")
    if lengths and not _LENGTH.fullmatch(lengths[0]):
        return RequestRefusal(400, "framing", "Content-Length should be a number")
    if len(named.get(b"host", [])) > 1:
        return RequestRefusal(400, "host", "more than one Host")
    if lengths and int(lengths[0]) > options.body_bytes:
        return RequestRefusal(413, "body_size", f"the body has over {options.body_bytes} bytes")
    return None
