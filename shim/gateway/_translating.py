"""Answers offline calls: who calls, the translation within its time, the headers of the answer."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from contextlib import contextmanager
from datetime import timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final

from shim._call import CallControl, aperform
from shim.notices import Caller, OfflineAPIDeprecationWarning
from shim.objectapi.codes import Code
from shim.offline.answer import refusal as old_refusal
from shim.settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shim._offline_request import OfflineRequest
    from shim.gateway._options import GatewayOptions
    from shim.gateway._telemetry import Telemetry
    from shim.offline.answer import Answer

DEPRECATED_SINCE: Final = 1768780800
"""2026-01-19T00:00:00Z: the day of the vendor's pages that call the offline API not recommended and
not maintained (contract, section 2, grade A)."""
DEPRECATION_PAGE: Final = "https://developer.fxiaoke.com/openapi_v2"
"""The vendor's documentation, which has the notice (grade A)."""
SUCCESSOR_PATH: Final = "/cgi/crm/v2/data"
"""Where the object API is (grade A)."""
DEADLINE: Final = "the caller's time was over; call again: what is there already costs no write"
DRAINING: Final = "the gateway is shutting down; call again: what is there already costs no write"
_FAILED: Final = (
    "the gateway failed during this call; whether it was carried out is unknown. Read before you "
    "call again, and report this: its log names the error"
)
_log: Final = logging.getLogger("shim.gateway")


def answer_headers(options: GatewayOptions, upstream: str) -> list[tuple[bytes, bytes]]:
    """Return what every answer to an offline call says of it (RFC 9745, RFC 8594, RFC 8288)."""
    links = (
        f'<{DEPRECATION_PAGE}>; rel="deprecation", '
        f'<{upstream}{SUCCESSOR_PATH}>; rel="successor-version"'
    )
    headers = [
        (b"deprecation", f"@{DEPRECATED_SINCE}".encode()),
        (b"link", links.encode()),
    ]
    if options.sunset is not None:
        at = options.sunset.astimezone(timezone.utc)
        headers.append((b"sunset", format_datetime(at, usegmt=True).encode()))
    return headers


def seconds_of(text: str, most: float) -> float | None:
    """Return the seconds that an `X-Request-Timeout` gives, at most `most`; None if it is none."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return min(seconds, most) if math.isfinite(seconds) and seconds > 0 else None


class Translating:
    """The translations under way in one gateway."""

    def __init__(self, telemetry: Telemetry) -> None:
        """Have none under way."""
        self._telemetry = telemetry
        self._under_way: set[CallControl] = set()
        self._over = False

    def end(self) -> None:
        """Attempt nothing more: every call under way is answered with what has become of it."""
        self._over = True
        for control in tuple(self._under_way):
            control.end(Code.BUSY, DRAINING)

    async def answered(self, call: OfflineRequest, label: str, seconds: float) -> Answer:
        """Make an offline call within its time, and return its answer.

        A wrong installation and a defect of ours are answers, too.
        """
        control = CallControl()
        started = time.monotonic()
        with self._followed(control, seconds):
            task = asyncio.ensure_future(_made(call, label, control))
            try:
                answer = await asyncio.shield(task)
            except asyncio.CancelledError:
                # The server gives up on this request. What was sent must not be lost without a
                # word: end the call, and let the answer go out if it still can.
                control.end(Code.BUSY, DRAINING)
                answer = await task
        by = {
            "function": call.endpoint.name,
            "caller": label,
            "mode": control.mode or "none",
        }
        taken = time.monotonic() - started
        self._telemetry.called(by, answer, taken, control.quota_seconds)
        return answer

    @contextmanager
    def _followed(self, control: CallControl, seconds: float) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        alarm = loop.call_later(seconds, control.end, Code.BUSY, DEADLINE)
        self._under_way.add(control)
        if self._over:
            control.end(Code.BUSY, DRAINING)
        try:
            yield
        finally:
            alarm.cancel()
            self._under_way.discard(control)


async def _made(call: OfflineRequest, label: str, control: CallControl) -> Answer:
    try:
        caller = Caller.client(label, call.requested)
        answer: Any = await aperform(call.endpoint, caller, call.arguments, control)
    except ConfigurationError as error:
        return old_refusal(Code.SYSTEM_ERROR, f"the gateway is not set up for this call: {error}")
    except OfflineAPIDeprecationWarning as warning:
        return old_refusal(Code.SYSTEM_ERROR, f"the gateway refuses deprecated calls: {warning}")
    except Exception as error:  # noqa: BLE001 - a client gets an answer, and no stack trace.
        # Without its text, which may hold an argument.
        _log.error("%s failed: %s", call.endpoint.name, type(error).__name__)
        return old_refusal(Code.SYSTEM_ERROR, _FAILED)
    made: Answer = answer
    return made
