"""What goes over the wire: values of a request's body, codes, refusals, the reply.

It knows nothing of tenants; every other module of the sandbox may use it.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

JSON: Final = "application/json; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"
#: The most pieces of a body in a second; a sleep cannot be much shorter.
_PIECES: Final = 1000
#: What each code the sandbox gives means (grade B: the vendor's table, transcribed).
TEXTS: Final[dict[int, str]] = {
    -1: "system busy",
    # Words of our own, since the vendor may have this interface.
    10006: "fxiaoke-shim's sandbox does not serve this address; the real service may",
    10010: "openUserId is missing",
    10013: "corpAccessToken is missing",
    10014: "corpId is missing",
    11008: "openUserId is not valid",
    11009: "departmentId is not valid",
    11015: "corpId is not valid",
    12004: "the request body is empty",
    14001: "too many calls, try again later",
    15002: "parameter is not valid",
    20012: "openUserId is not found",
    20014: "no permission to read this employee",
    20015: "permanentCode is not valid",
    20016: "corpAccessToken is expired or not valid",
    20023: "no permission to read this department",
    30004: "too many calls, try again later",
    30007: "no such department",
    30027: "no such employee",
    32000: "parameter is not valid",
    50009: "service timeout",
}


class Refusal(Exception):  # noqa: N818  An answer of the vendor's, not a fault of ours.
    """A call is answered with a non-zero ``errorCode``.

    Attributes:
        code: The ``errorCode``.
        text: What goes into ``errorMessage``; never a name, phone, token or secret.
    """

    def __init__(self, code: int, text: str = "") -> None:
        self.code = code
        self.text = text or TEXTS.get(code, "error")
        super().__init__(f"{code}: {self.text}")


def invalid(code: int, name: str, why: str) -> Refusal:
    """Return the refusal of one parameter, in the vendor's words.

    Args:
        code: The ``errorCode``.
        name: Where the parameter is, such as ``object_data.status``; never what it holds.
        why: What it must be, or what is wrong.
    """
    return Refusal(code, f"parameter {name} is not valid: {why}")


@dataclass(frozen=True)
class SandboxReply:
    """What a transport or server sends back.

    Attributes:
        status: HTTP status. 200 but for the faults ``html_502`` and ``redirect`` and the control
            surface.
        body: The bytes of the answer; not in the repr, they may hold a token or a name.
        content_type: The ``Content-Type`` header.
        delay: Real seconds the answer waits before it leaves.
        drop: The connection breaks instead of answering.
        drip: Real seconds over which the bytes of the body leave, in small pieces.
        headers: Other headers, as bytes.
    """

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    content_type: str = JSON
    delay: float = 0.0
    drop: bool = False
    drip: float = 0.0
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def pieces(self) -> list[bytes]:
        """Return the body in the pieces that it leaves in: of a byte, if there is time for it."""
        count = max(1, min(len(self.body), int(self.drip * _PIECES)))
        size = -(-len(self.body) // count) or 1
        return [self.body[at : at + size] for at in range(0, len(self.body), size)]


class RequestHandler(Protocol):
    """What takes the requests of an HTTP transport or server: the sandbox."""

    def handle(  # noqa: PLR0913  The parts of a request.
        self,
        method: str,
        path: str,
        query: str,
        body: bytes,
        *,
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> SandboxReply:
        """Answer one HTTP request without waiting; see ``Sandbox.handle``."""
        ...


def dumped(answer: object) -> bytes:
    """Return ``answer`` as the bytes of a JSON body."""
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="surrogatepass")  # JSON can hold half a character; we pass it on.


def enveloped(trace_id: str, code: int, text: str, extra: dict[str, Any]) -> dict[str, Any]:
    """Return the documented envelope, with ``extra`` keys such as ``data`` beside it."""
    return {
        "traceId": trace_id,
        "errorDescription": text if code else "success",
        "errorMessage": text if code else "OK",
        "errorCode": code,
        **extra,
    }


#: How many levels of objects and arrays a body may have (U: the vendor's bound).
_DEEPEST: Final = 100


def read_object(body: bytes) -> dict[str, Any]:
    """Read a request body.

    Raises:
        Refusal: 12004 for none at all, 10006 for one that is no JSON object (U: the real code).
    """
    if not body.strip():
        raise Refusal(12004)
    try:
        sent: object = json.loads(body, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        sent = None
    value = as_object(sent)
    if value is None or _too_deep(body, value):
        raise Refusal(10006, "the request body is not a JSON object")
    return value


def _finite(text: str) -> float:
    """Read a number; what JSON has no word for, such as Infinity, could not be sent back."""
    number = float(text)
    if not math.isfinite(number):
        msg = "not a JSON number"
        raise ValueError(msg)
    return number


def _too_deep(body: bytes, value: object) -> bool:
    """Whether a body is nested so deep that an answer with it could not be written."""
    if body.count(b"[") + body.count(b"{") <= _DEEPEST:
        return False
    level = [value]
    for _ in range(_DEEPEST):
        inner = [each for one in level for each in _inside(one)]
        if not inner:
            return False
        level = inner
    return True


def _inside(value: object) -> Iterable[object]:
    fields = as_object(value)
    return as_list(value) or () if fields is None else fields.values()


def as_object(value: object) -> dict[str, Any] | None:
    """Return ``value`` if it is a JSON object."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def as_list(value: object) -> list[object] | None:
    """Return ``value`` if it is a JSON array."""
    return cast("list[object]", value) if isinstance(value, list) else None


def as_whole(value: object) -> int | None:
    """Return ``value`` if it is a JSON number without a fraction: 30, and 30.0 as well.

    Some JSON libraries write every number with a point (grade C: that the service takes it).
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def is_name(value: object) -> bool:
    """Whether ``value`` is a string with something in it."""
    return isinstance(value, str) and value != ""
