"""Bytes into replies: what the vendor sent, or what became of the attempt to ask.

The gateway answers HTTP 200 to everything, errors included (contract, section 1, grade B), so
another status means that something in between answered: a proxy, a load balancer, a login page.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from shim.objectapi.calls import NOTHING_SENT, Reply, local_reply, local_trace_id
from shim.objectapi.codes import Code

if TYPE_CHECKING:
    from collections.abc import Iterable

_PHONE = re.compile(r"(?<!\d)(?:\+?86)?1\d{10}(?!\d)")
_LONGEST = 300
# Shorter ones are nobody's token, and replacing them would only tear the text apart.
_SHORTEST_SECRET = 4


def decode(status: int, content: bytes, secrets: Iterable[str]) -> Reply:
    """Return the reply in an HTTP answer; one that is not the vendor's envelope is an error."""
    try:
        body: Any = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    code = body.get("errorCode") if isinstance(body, dict) else None
    if not isinstance(code, int) or isinstance(code, bool):
        return local_reply(
            Code.BUSY,
            f"HTTP {status} came back without the vendor's errorCode: something between here and "
            "Fxiaoke answered; check base_url, proxies and the gateway's health",
        )
    trace_id = body.get("traceId")
    text = body.get("errorMessage") or body.get("errorDescription") or f"errorCode {code}"
    return Reply(
        code,
        trace_id if isinstance(trace_id, str) and trace_id else local_trace_id(),
        redacted(str(text), secrets),
        body,
    )


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return the vendor's text without our secrets and without mobile numbers, and not too long."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return _PHONE.sub("***", text)[:_LONGEST]


def timed_out(seconds: float) -> Reply:
    """Return the reply for a call that nobody answered in time."""
    return local_reply(
        Code.TIMEOUT,
        f"no answer within {seconds:g} s (timeout_seconds); whether the vendor received it is open",
    )


def too_late() -> Reply:
    """Return the reply for a call whose time was over before it could be sent."""
    return local_reply(Code.TIMEOUT, "there was no time left to send it", reached=False)


def unreachable(base_url: str, reason: str, proxy: str = "") -> Reply:
    """Return the reply for a call that never reached the vendor.

    Args:
        base_url: Where it should have gone.
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
        "whether the vendor did what was asked is open",
        lasting=True,
    )


def unreadable() -> Reply:
    """Return the reply for a call whose answer is encoded in a way that was not asked for."""
    return local_reply(
        Code.BUSY,
        "the answer cannot be decoded, by its Content-Encoding; check proxies and the gateway; "
        "whether the vendor did what was asked is open",
    )


def broken(base_url: str, reason: str) -> Reply:
    """Return the reply for a call whose connection broke before an answer came."""
    return local_reply(
        Code.BUSY,
        f"the connection to {base_url} broke ({reason}); whether it was received is open",
    )
