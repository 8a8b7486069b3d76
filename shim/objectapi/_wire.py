"""Bytes into replies: what the vendor sent, or why there is no answer.

The gateway answers HTTP 200 to everything, errors included (contract, section 1, grade B), so
another status means that something in between answered: a proxy, a load balancer, a login page.

A body is decoded up to a bound, and a reply's content is made safe here, once for all that read it:
its errorCode is an int, its texts and its traceId hold no secret, and it can be written to a log
and to JSON.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shim.objectapi.calls import NOTHING_SENT, Reply, is_local, local_reply, local_trace_id
from shim.objectapi.codes import Code
from shim.objectapi.record_types import integer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

ACCEPTED = b"gzip, deflate"
"""The encodings that are asked for, and decoded here."""
_GZIP = 16 + zlib.MAX_WBITS
_WINDOWS = {b"gzip": _GZIP, b"x-gzip": _GZIP, b"deflate": zlib.MAX_WBITS}


class TooLarge(Exception):  # noqa: N818 - says what it is.
    """There are more bytes than the bound allows."""


class Unreadable(Exception):  # noqa: N818 - says what it is.
    """The bytes are not in the encoding that the header names, or it was not asked for."""


class Content:
    """Collects a body. Never holds much more than the bound, whatever the bytes expand to."""

    def __init__(self, encodings: Iterable[bytes], bound: int) -> None:
        """Prepare for a body.

        Args:
            encodings: The values of the Content-Encoding headers.
            bound: The largest number of decoded bytes.

        Raises:
            Unreadable: The encoding is none that was asked for.
        """
        named = [one.strip().lower() for value in encodings for one in value.split(b",")]
        codings = [one for one in named if one not in {b"", b"identity"}]
        if len(codings) > 1 or (codings and codings[0] not in _WINDOWS):
            msg = "an encoding that was not asked for"
            raise Unreadable(msg)
        self._bound = bound
        self._received = 0
        self._decoded = bytearray()
        self._is_deflate = codings == [b"deflate"]
        self._inflating = zlib.decompressobj(_WINDOWS[codings[0]]) if codings else None

    def add(self, received: bytes) -> None:
        """Take some more bytes.

        Raises:
            TooLarge: The bound is passed.
            Unreadable: They cannot be decoded.
        """
        self._received += len(received)
        if self._received > self._bound:
            raise TooLarge
        if self._inflating is None:
            self._decoded += received
            return
        # What follows the end of a compressed body is no part of it.
        while received and not self._inflating.eof:
            self._decoded += self._inflated(received)
            if len(self._decoded) > self._bound:
                raise TooLarge
            received = self._inflating.unconsumed_tail

    def whole(self) -> bytes:
        """Return the decoded body."""
        return bytes(self._decoded)

    def _inflated(self, received: bytes) -> bytes:
        inflating, room = self._inflating, self._bound - len(self._decoded) + 1
        try:
            return inflating.decompress(received, room)  # type: ignore[union-attr]
        except zlib.error as error:
            if not self._is_deflate or self._decoded:
                raise Unreadable(str(error)) from error
        # Some servers send deflate without zlib's header.
        self._is_deflate = False
        self._inflating = zlib.decompressobj(-zlib.MAX_WBITS)
        return self._inflated(received)


_PHONE = re.compile(r"(?<!\d)(?:\+?86)?1\d{10}(?!\d)")
_LONGEST = 300
_LONGEST_TRACE_ID = 128
# A shorter one is no token, and replacing it would only make the text unreadable.
_SHORTEST_SECRET = 4
_TEXTS = ("errorMessage", "errorDescription")
# No documented answer nests ten deep; deeper than this, comparing and printing would fail.
_DEEPEST = 100
_NESTING = (dict, list)
# In JSON a backslash begins an escape. One half of a surrogate pair is group 1.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_INVISIBLE = re.compile(r"[^!-~]+")


def decode(status: int, content: bytes, secrets: Collection[str]) -> Reply:
    """Return the reply in an HTTP answer; one that is not the vendor's envelope is an error."""
    try:
        body = _parsed(content)
    except RecursionError:
        return _too_deep()
    except ValueError:
        return _no_envelope(status)
    code = integer(body.get("errorCode"))
    if code is None:
        return _no_envelope(status)
    deep = [name for name, value in body.items() if not _is_flat_enough(value)]
    for name in deep:
        del body[name]
    trace_id = body["traceId"] = _trace_id(body.get("traceId"), secrets)
    body["errorCode"] = code
    for name in _TEXTS:
        text = body.get(name)
        if isinstance(text, str):
            body[name] = redacted(text, secrets)
        else:
            body.pop(name, None)
    text = next((body[name] for name in _TEXTS if body.get(name)), f"errorCode {code}")
    if deep and code == Code.OK:
        # A success of which a part is unknown; the rest is there for those who need no more.
        return replace(_too_deep(), body=body)
    return Reply(code, trace_id, text, body)


def _no_envelope(status: int) -> Reply:
    """Return the reply for an answer that is not the vendor's."""
    return local_reply(
        Code.BUSY,
        f"HTTP {status} came back without the vendor's errorCode: something between here and "
        "Fxiaoke answered; check base_url, proxies and the gateway's health",
    )


def _too_deep() -> Reply:
    """Return the reply for an answer that cannot be read; not a transient error: it would recur."""
    return local_reply(
        Code.SYSTEM_ERROR,
        f"the answer nests deeper than {_DEEPEST} levels and was not read, so whether the call was "
        "carried out is unknown; check base_url and proxies",
    )


def _parsed(content: bytes) -> dict[str, Any]:
    """Return the JSON object in an answer, without what no JSON may hold.

    Half a surrogate pair becomes U+FFFD: it could be written to no log and sent to no client. NaN
    and infinities become null.

    Raises:
        ValueError: It is no JSON, or no object.
        RecursionError: It nests too deeply to be read.
    """
    text = content.decode(json.detect_encoding(content))
    if _SURROGATE.search(text):
        text = _ESCAPE.sub(lambda escape: "\\ufffd" if escape[1] else escape[0], text)
    body = _DECODER.decode(text)
    if not isinstance(body, dict):
        msg = "no JSON object"
        raise ValueError(msg)  # noqa: TRY004 - one kind of error for all that is no answer.
    return body


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=lambda _: None)


def _is_flat_enough(value: Any) -> bool:
    """Whether a value nests at most `_DEEPEST` levels deep; looked at level by level."""
    level = [value] if isinstance(value, _NESTING) else []
    for _ in range(_DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, _NESTING)
        ]
    return not level


def _trace_id(given: Any, secrets: Collection[str]) -> str:
    """Return the vendor's traceId in visible ASCII, or one of our own if there is none."""
    if not isinstance(given, str) or not given:
        return local_trace_id()
    text = _INVISIBLE.sub("?", _masked(given, secrets))[:_LONGEST_TRACE_ID]
    # A text that begins as ours does would say that the vendor did not answer.
    return f"?{text}" if is_local(text) else text


def redacted(text: str, secrets: Collection[str]) -> str:
    """Return the vendor's text without our secrets and without mobile numbers, and not too long."""
    return _masked(text, secrets)[:_LONGEST]


def _masked(text: str, secrets: Collection[str]) -> str:
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return _PHONE.sub("***", text)


def timed_out(seconds: float) -> Reply:
    """Return the reply for a call that was not answered in time."""
    return local_reply(
        Code.TIMEOUT,
        f"no answer within {seconds:g} s (timeout_seconds); whether the vendor received it is "
        "unknown",
    )


def cut_off() -> Reply:
    """Return the reply for a call that was on the wire when the time of its caller was over."""
    return local_reply(
        Code.TIMEOUT,
        "there was no answer before the caller's time was over; whether the vendor received it is "
        "unknown",
    )


def too_late() -> Reply:
    """Return the reply for a call whose time was over before it could be sent."""
    return local_reply(Code.TIMEOUT, "there was no time left to send it", reached=False)


def unreachable(base_url: str, reason: str, proxy: str = "") -> Reply:
    """Return the reply for a call that never reached the vendor.

    Args:
        base_url: The address that it was for.
        reason: Why it did not.
        proxy: The variable that names the proxy, if there is one.
    """
    through, check = (f" through the proxy of {proxy}", proxy) if proxy else ("", "base_url")
    return local_reply(
        Code.BUSY,
        f"no connection to {base_url}{through} ({reason}); check {check} and network",
        reached=False,
    )


def unusable(problem: str) -> Reply:
    """Return the reply for a call that cannot be sent from here, now or later."""
    return local_reply(Code.BUSY, f"{NOTHING_SENT}{problem}", reached=False, lasting=True)


def too_large(bound: int) -> Reply:
    """Return the reply for a call whose answer was not read to its end."""
    return local_reply(
        Code.BUSY,
        f"the answer has more than {bound} bytes (max_answer_bytes) and was not read to its end; "
        "whether the vendor did what was asked is unknown",
        lasting=True,
    )


def unreadable() -> Reply:
    """Return the reply for a call whose answer is in an encoding that was not asked for."""
    return local_reply(
        Code.BUSY,
        "the answer cannot be decoded, by its Content-Encoding; check proxies and the gateway; "
        "whether the vendor did what was asked is unknown",
    )


def broken(base_url: str, reason: str) -> Reply:
    """Return the reply for a call whose connection broke before an answer came."""
    return local_reply(
        Code.BUSY,
        f"the connection to {base_url} broke ({reason}); whether it was received is unknown",
    )
