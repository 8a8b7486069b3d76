"""Answers offline calls: who calls, the translation, and what the headers of the answer say."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final

from shim._call import aperform
from shim.notices import Caller, OfflineAPIDeprecationWarning
from shim.objectapi.codes import Code
from shim.offline.answer import refusal as old_refusal
from shim.settings import ConfigurationError

if TYPE_CHECKING:
    from shim._offline_request import OfflineRequest
    from shim.gateway._options import GatewayOptions
    from shim.offline.answer import Answer

DEPRECATED_SINCE: Final = 1768780800
"""2026-01-19T00:00:00Z: the day of the vendor's pages that call the offline API not recommended and
not maintained (contract, section 2, grade A)."""
DEPRECATION_PAGE: Final = "https://developer.fxiaoke.com/openapi_v2"
"""The vendor's documentation, which has the notice (grade A)."""
SUCCESSOR_PATH: Final = "/cgi/crm/v2/data"
"""Where the object API is (grade A)."""


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
        from datetime import timezone

        at = options.sunset.astimezone(timezone.utc)
        headers.append((b"sunset", format_datetime(at, usegmt=True).encode()))
    return headers


async def answered(call: OfflineRequest, label: str) -> Answer:
    """Make an offline call, and return its answer; a wrong installation is an answer, too."""
    try:
        caller = Caller.client(label, call.requested)
        answer: Any = await aperform(call.endpoint, caller, call.arguments)
    except ConfigurationError as error:
        return old_refusal(Code.SYSTEM_ERROR, f"the gateway is not set up for this call: {error}")
    except OfflineAPIDeprecationWarning as warning:
        return old_refusal(Code.SYSTEM_ERROR, f"the gateway refuses deprecated calls: {warning}")
    made: Answer = answer
    return made
