"""What happens to one call: counted, admitted by the quota, met by faults, answered.

No locks, no sleeping, no HTTP library: the sandbox and its doors see to those.
"""

from __future__ import annotations

import json
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
from shim.sandbox.faults import ENDINGS, SPARING, FaultError, Script
from shim.sandbox.quota import Quota
from shim.sandbox.routes import ROUTES, Call, Endpoint, as_object
from shim.sandbox.seeds import ADMINISTRATOR_NUMBER, hexes
from shim.sandbox.tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from shim.sandbox.faults import Fault
    from shim.sandbox.plan import Plan

_GATEWAY_PAGE: Final = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def read_object(body: bytes) -> dict[str, Any]:
    """Read a request body.

    Raises:
        Refused: 12004 for none at all, 10006 for one that is no JSON object (U: the real code).
    """
    if not body.strip():
        raise Refused(12004)
    try:
        value = as_object(json.loads(body))
    except (ValueError, RecursionError):
        value = None
    if value is None:
        raise Refused(10006, "the request body is not a JSON object")
    return value


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
            return self._enveloped(14001)
        call = Call(self.tenant, sent, now, path=path, headers=headers)
        drawn = self.script.draw(path, endpoint.faults, partial(endpoint.concerns, call))
        ending = None
        for fault, marks in drawn:
            if fault.kind == "expire_token":
                self.tenant.tokens.revoke()
            if fault.kind in SPARING:
                call = replace(call, skipped=call.skipped | marks)
            if fault.kind in ENDINGS:
                ending = fault
        if ending is None:
            reply = self._done(endpoint, call)
        else:
            if ending.applied or ending.kind == "reset_after":
                self._done(endpoint, call)
            reply = self._ended(ending)
        return replace(reply, delay=sum(fault.seconds for fault, _ in drawn))

    def _done(self, endpoint: Endpoint, call: Call) -> Reply:
        try:
            return self._enveloped(0, extra=endpoint.answer(call))
        except Refused as refusal:
            return self._enveloped(refusal.code, refusal.text)

    def _ended(self, fault: Fault) -> Reply:
        if fault.code is not None:
            return self._enveloped(fault.code)
        if fault.kind == "html_502":
            return Reply(502, _GATEWAY_PAGE, HTML)
        if fault.kind == "bad_json":
            return Reply(200, b'{"traceId":"E-O.')
        return Reply(drop=True)

    def _enveloped(self, code: int, text: str = "", extra: dict[str, Any] | None = None) -> Reply:
        trace = f"E-O.{self.tenant.ea}.{ADMINISTRATOR_NUMBER}-{hexes(self._traces, 32).lower()}"
        text = text or TEXTS.get(code, "error")
        return Reply(body=dumped(enveloped(trace, code, text, extra or {})))


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
