"""What happens to one call: counted, admitted by the quota, hit by faults, answered.

No locks, no sleeping, no HTTP library: the sandbox and its transports see to those.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from shim.sandbox import (  # noqa: F401  Importing them is what registers their endpoints.
    _object_reads,
    _object_writes,
    _offline_reads,
    _offline_writes,
)
from shim.sandbox._faults import ENDINGS, Fault, FaultError, FaultScript
from shim.sandbox._messages import (
    HTML,
    TEXTS,
    Refusal,
    SandboxReply,
    dumped,
    enveloped,
    read_object,
)
from shim.sandbox._plan import ADMINISTRATOR_NUMBER, Plan, hexes
from shim.sandbox._routes import ROUTES, SandboxCall, SandboxEndpoint
from shim.sandbox._tenant import SandboxTenant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

#: Grade B: the token interface takes this many calls …
TOKEN_CALLS: Final = 10
#: … in this many seconds, whatever the quota of the others.
TOKEN_SECONDS: Final = 60.0


@dataclass
class _Line:
    """One path: its counts and the times of the calls it took."""

    count: int = 0
    throttled: int = 0
    taken: deque[float] = field(default_factory=deque[float])


class Quota:
    """A sliding window for each path. U: whether the vendor's slides or jumps.

    Args:
        calls: The calls one path takes in one window. 0: any number.
        seconds: The window's length on the sandbox's clock.
    """

    def __init__(self, calls: int, seconds: float) -> None:
        self._calls = calls
        self._seconds = seconds
        self._lines: dict[str, _Line] = {}

    def take(self, path: str, now: float, *, token: bool) -> bool:
        """Count a call, and return whether the path takes it. A refused call takes no slot.

        Args:
            path: Where it arrived.
            now: When, in seconds of the sandbox's clock.
            token: The path is the token interface, which has a window of its own.
        """
        line = self._lines.setdefault(path, _Line())
        line.count += 1
        if not self._calls:
            return True
        calls, seconds = (TOKEN_CALLS, TOKEN_SECONDS) if token else (self._calls, self._seconds)
        while line.taken and line.taken[0] + seconds <= now:
            line.taken.popleft()
        if len(line.taken) >= calls:
            line.throttled += 1
            return False
        line.taken.append(now)
        return True

    def counts(self) -> dict[str, dict[str, int]]:
        """Return ``{path: {"count": n, "throttled": n}}``; the throttled are counted in both."""
        return {
            path: {"count": line.count, "throttled": line.throttled}
            for path, line in self._lines.items()
            if line.count
        }

    def forget_counts(self) -> None:
        """Count from zero again; the windows stay as full as they are."""
        for line in self._lines.values():
            line.count = line.throttled = 0


_GATEWAY_PAGE: Final = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
_COOKIE: Final = (b"set-cookie", b"route=\xc3\xbc\xff; Path=/")
#: The endings that are the same each time. No library can use the address: it is incomplete.
_ENDED: Final = {
    "html_502": SandboxReply(502, _GATEWAY_PAGE, HTML),
    "bad_json": SandboxReply(200, b'{"traceId":"E-O.'),
    "redirect": SandboxReply(302, headers=((b"location", b"http://[::1"),)),
}
#: Which records of a call a kind of fault is about.
_TOUCHED: Final = {
    "no_op": "skipped",
    "hide_rows": "skipped",
    "other_record": "swapped",
    "lock": "locked",
}


class Dispatcher:
    """The tenant with its quota, its faults and its counts, from one reset to the next.

    Args:
        plan: What the tenant is made from.
        now: The second, on the sandbox's clock, it starts at.
        traces: Makes the trace ids; kept over a reset, so that they stay unique.
    """

    def __init__(self, plan: Plan, now: float, traces: Random) -> None:
        self.tenant = SandboxTenant(plan, now)
        self.quota = Quota(plan.quota_calls, plan.quota_seconds)
        self.script = FaultScript(plan.seed)
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
    ) -> SandboxReply:
        """Answer one call that arrives at ``now``. HTTP 200 but for the fault ``html_502``."""
        endpoint, sent = _addressed(method, path, body)
        if not self.quota.take(path, now, token=endpoint.is_token):
            return _delivered(self._enveloped(14001), ())
        self.tenant.meet(sent)
        call = SandboxCall(self.tenant, sent, now, path=path, headers=headers)
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

    def _met(
        self, endpoint: SandboxEndpoint, call: SandboxCall, ending: Fault | None
    ) -> dict[str, Any] | SandboxReply:
        """Do a call, unless its ending keeps it from being done; return the answer."""
        if ending is None:
            return self._done(endpoint, call)
        if ending.kind == "error_with_rows":
            return {**self._done(endpoint, call), **self._enveloped(ending.code or 0)}
        if ending.applied or ending.kind == "reset_after":
            self._done(endpoint, call)
        if ending.code is not None:
            return self._enveloped(ending.code)
        return _ENDED.get(ending.kind, SandboxReply(drop=True))

    def _done(self, endpoint: SandboxEndpoint, call: SandboxCall) -> dict[str, Any]:
        try:
            return self._enveloped(0, extra=endpoint.answer(call))
        except Refusal as refusal:
            return self._enveloped(refusal.code, refusal.text)

    def _enveloped(
        self, code: int, text: str = "", extra: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        trace = f"E-O.{self.tenant.ea}.{ADMINISTRATOR_NUMBER}-{hexes(self._traces, 32).lower()}"
        text = text or TEXTS.get(code, "error")
        return enveloped(trace, code, text, extra or {})


def _delivered(answer: dict[str, Any] | SandboxReply, faults: Sequence[Fault]) -> SandboxReply:
    """Return how an answer leaves: what faults make of it, and when."""
    kinds = {fault.kind for fault in faults}
    if isinstance(answer, SandboxReply):
        reply = answer
    else:
        if "string_code" in kinds:
            answer = {**answer, "errorCode": str(answer["errorCode"])}
        if megabytes := sum(fault.mb or 0 for fault in faults):
            answer = {**answer, "padding": "x" * (megabytes << 20)}
        reply = SandboxReply(body=dumped(answer))
    if "cookie" in kinds:
        reply = replace(reply, headers=(*reply.headers, _COOKIE))
    drip = sum(fault.seconds for fault in faults if fault.kind == "drip")
    delay = sum(fault.seconds for fault in faults if fault.kind != "drip")
    return replace(reply, delay=delay, drip=drip)


def _addressed(method: str, path: str, body: bytes) -> tuple[SandboxEndpoint, dict[str, Any]]:
    """Return the endpoint a call is for, or one that refuses it, and the call's body."""
    if not ROUTES.has(path, method):
        return _dead_end(Refusal(10006, "" if method == "POST" else "only POST is answered")), {}
    try:
        sent = read_object(body)
        return ROUTES.find(path, sent, method), sent
    except Refusal as refusal:
        return _dead_end(refusal), {}


def _dead_end(refusal: Refusal) -> SandboxEndpoint:
    def refuse(_call: SandboxCall) -> dict[str, Any]:
        raise refusal

    return SandboxEndpoint(refuse, ())
