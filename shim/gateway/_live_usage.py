"""The page `/usage`: the report of `fxshim usage`, of this process's counts as they are now.

Counts of other replicas and of the past are in their logs; `fxshim usage` adds those up.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from shim import notices, settings
from shim._endpoint import ENDPOINTS
from shim.usage import Log, ProcessSeen, Seen, SiteKey, SiteSeen, Usage
from shim.usage.figures import figures
from shim.usage.verdict import Judge

if TYPE_CHECKING:
    from shim.notices import SiteUsage

_DAYS: Final = 30
_BEGAN: Final = datetime.now(timezone.utc)


def usage_figures() -> dict[str, Any]:
    """Return the counts of this process, in the form that `fxshim usage --json` has.

    When a call was made is not kept, so each is of the time between the start and now.
    """
    now = datetime.now(timezone.utc)
    service = settings.foreseen("service") or "gateway"
    found: defaultdict[SiteKey, list[SiteUsage]] = defaultdict(list)
    for one in notices.usage():
        module = one.caller_module or one.caller_file
        found[SiteKey(one.function, module, one.caller_function, service)].append(one)
    sites = {key: _site(key, ones, now) for key, ones in found.items() if _calls(ones)}
    today = f"{now:%Y-%m-%d}"
    process = ProcessSeen(service, {today}, ended=False, faults=())
    log = Log(
        files=("this process",),
        lines=0,
        events=0,
        unread=0,
        unread_first="",
        days=[today],
        processes={str(os.getpid()): process},
    )
    usage = Usage(log, sites, now)
    known = {one.name: (one.code, str(one.replacement), one.advice) for one in ENDPOINTS.values()}
    return figures(usage, Judge(usage, _DAYS), known)


def page(data: dict[str, Any]) -> bytes:
    """Return the counts as the report, a page that needs no other file."""
    from shim.usage.report import render

    return render(data).encode()


def _calls(ones: list[SiteUsage]) -> int:
    return sum(one.calls for one in ones)


def _site(key: SiteKey, ones: list[SiteUsage], now: datetime) -> SiteSeen:
    one, calls = ones[-1], _calls(ones)
    places = Counter[str]()
    for each in ones:
        places[f"{each.caller_file}:{each.caller_line}"] += each.calls
    seen = Seen(
        calls=calls,
        first=f"{_BEGAN:%Y-%m-%dT%H:%M:%SZ}",
        last=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        processes=frozenset({str(os.getpid())}),
        days=Counter({f"{now:%Y-%m-%d}": calls}),
    )
    return SiteSeen(
        key=key,
        code=one.code,
        replacement=one.replacement,
        address=one.address,
        file=one.caller_file,
        line=one.caller_line,
        places=places,
        overflow=one.overflow,
        seen=seen,
    )
