"""What happens to one call: counted, admitted by the quota, met by faults, answered.

No locks, no sleeping, no HTTP library: the sandbox and its doors see to those.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from shim.sandbox import (  # noqa: F401  Importing them is what registers their endpoints.
    changes,
    credentials,
    describing,
    erp,
    lifecycle,
    listings,
    objects,
    offline_departments,
    offline_employees,
    offline_members,
    offline_status,
)
from shim.sandbox.envelope import HTML, TEXTS, Refused, Reply, dumped, enveloped
from shim.sandbox.faults import ENDINGS, FaultError, Script
from shim.sandbox.quota import Quota
from shim.sandbox.routes import ROUTES, Call, Endpoint, as_list, as_object
from shim.sandbox.seeds import ADMINISTRATOR_NUMBER, hexes
from shim.sandbox.tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from random import Random

    from shim.sandbox.faults import Fault
    from shim.sandbox.plan import Plan

_GATEWAY_PAGE: Final = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
#: How many levels of objects and arrays a body may have (U: the vendor's bound).
_DEEPEST: Final = 100
_COOKIE: Final = (b"set-cookie", b"route=\xc3\xbc\xff; Path=/")
#: The endings that are the same each time. The address breaks off, so that no library can use it.
_ENDED: Final = {
    "html_502": Reply(502, _GATEWAY_PAGE, HTML),
    "bad_json": Reply(200, b'{"traceId":"E-O.'),
    "redirect": Reply(302, headers=((b"location", b"http://[::1"),)),
}
#: Which records of a call a kind of fault is about.
_TOUCHED: Final = {
    "no_op": "skipped",
    "hide_rows": "skipped",
    "other_record": "swapped",
    "lock": "locked",
}


def read_object(body: bytes) -> dict[str, Any]:
    """Read a request body.

    Raises:
        Refused: 12004 for none at all, 10006 for one that is no JSON object (U: the real code).
    """
    if not body.strip():
        raise Refused(12004)
    try:
        sent: object = json.loads(body, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        sent = None
    value = as_object(sent)
    if value is None or _too_deep(body, value):
        raise Refused(10006, "the request body is not a JSON object")
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


class Exchange:
    """The tenant with its quota, its faults and its counts, from one reset to the next.

    Args:
        plan: What the tenant is made from.
        now: The second, on the sandbox's clock, it starts at.
        traces: Gives the trace ids; it outlives a reset, so that they stay unique.
    """

    def __init__(self, plan: Plan, now: float, traces: Random) -> None:
        self.tenant = Tenant(plan, now)
        self.quota = Quota(plan.quota_calls, plan.quota_seconds)
        self.script = Script(plan.seed)
        self._traces = traces

    def arm(self, faults: Sequence[Fault]) -> None:
        """Add faults to the script.

        Raises:
            FaultError: One is about what is not there; then none is added.
        """
        for place, fault in enumerate(faults):
            if not all(map(self.tenant.marks, fault.only or ())):
                msg = f"faults[{place}].only: neither a member's openUserId nor a record's id"
                raise FaultError(msg)
        self.script.add(faults)

    def answer(
        self, method: str, path: str, body: bytes, now: float, headers: Mapping[str, str]
    ) -> Reply:
        """Answer one call that arrives at ``now``. HTTP 200 but for the fault ``html_502``."""
        endpoint, sent = _addressed(method, path, body)
        if not self.quota.take(path, now, token=endpoint.is_token):
            return _delivered(self._enveloped(14001), ())
        call = Call(self.tenant, sent, now, path=path, headers=headers)
        drawn = self.script.draw(path, endpoint.faults, partial(endpoint.concerns, call))
        ending = None
        for fault, marks in drawn:
            if fault.kind == "expire_token":
                self.tenant.tokens.revoke()
            if fault.kind in _TOUCHED:
                name = _TOUCHED[fault.kind]
                call = replace(call, **{name: getattr(call, name) | marks})
            if fault.kind in ENDINGS:
                ending = fault
        faults = [fault for fault, _ in drawn]
        return _delivered(self._met(endpoint, call, ending), faults)

    def _met(self, endpoint: Endpoint, call: Call, ending: Fault | None) -> dict[str, Any] | Reply:
        """Do a call, unless its ending keeps it from being done; return the answer."""
        if ending is None:
            return self._done(endpoint, call)
        if ending.kind == "error_with_rows":
            return {**self._done(endpoint, call), **self._enveloped(ending.code or 0)}
        if ending.applied or ending.kind == "reset_after":
            self._done(endpoint, call)
        if ending.code is not None:
            return self._enveloped(ending.code)
        return _ENDED.get(ending.kind, Reply(drop=True))

    def _done(self, endpoint: Endpoint, call: Call) -> dict[str, Any]:
        try:
            return self._enveloped(0, extra=endpoint.answer(call))
        except Refused as refusal:
            return self._enveloped(refusal.code, refusal.text)

    def _enveloped(
        self, code: int, text: str = "", extra: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        trace = f"E-O.{self.tenant.ea}.{ADMINISTRATOR_NUMBER}-{hexes(self._traces, 32).lower()}"
        text = text or TEXTS.get(code, "error")
        return enveloped(trace, code, text, extra or {})


def _delivered(answer: dict[str, Any] | Reply, faults: Sequence[Fault]) -> Reply:
    """Return how an answer leaves: what faults make of it, and when."""
    kinds = {fault.kind for fault in faults}
    if isinstance(answer, Reply):
        reply = answer
    else:
        if "string_code" in kinds:
            answer = {**answer, "errorCode": str(answer["errorCode"])}
        if megabytes := sum(fault.mb or 0 for fault in faults):
            answer = {**answer, "padding": "x" * (megabytes << 20)}
        reply = Reply(body=dumped(answer))
    if "cookie" in kinds:
        reply = replace(reply, headers=(*reply.headers, _COOKIE))
    drip = sum(fault.seconds for fault in faults if fault.kind == "drip")
    delay = sum(fault.seconds for fault in faults if fault.kind != "drip")
    return replace(reply, delay=delay, drip=drip)


def _addressed(method: str, path: str, body: bytes) -> tuple[Endpoint, dict[str, Any]]:
    """Return the endpoint a call is for, or one that refuses it, and the call's body."""
    if not ROUTES.has(path, method):
        return _dead_end(Refused(10006, "" if method == "POST" else "only POST is answered")), {}
    try:
        sent = read_object(body)
        return ROUTES.find(path, sent, method), sent
    except Refused as refusal:
        return _dead_end(refusal), {}


def _dead_end(refusal: Refused) -> Endpoint:
    def refuse(_call: Call) -> dict[str, Any]:
        raise refusal

    return Endpoint(refuse, ())
