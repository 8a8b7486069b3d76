"""One tenant, as one caller sees it, for the length of one offline call."""

from __future__ import annotations

import itertools
import json
import threading
import uuid
from collections import Counter
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from shim.objectapi.calls import NOT_ATTEMPTED, local_reply, local_trace_id
from shim.objectapi.codes import FATAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.objectapi.calls import Call, Reply
    from shim.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Request:
    """What goes over the wire. Its content holds a token and people's data: no repr of it."""

    method: str
    path: str
    url: str = field(repr=False)
    content: bytes = field(repr=False)
    timeout: float


@dataclass(frozen=True, slots=True)
class Tenant:
    """Where a token belongs: one company account at one gateway."""

    base_url: str
    corp_id: str

    @property
    def key(self) -> str:
        """A name for it that machines which share something have in common."""
        address = urlsplit(self.base_url)
        return f"{address.netloc}{address.path}|{self.corp_id}"


class Session:
    """Adds credentials to a call, and counts for its run: calls, trace ids, why it stopped.

    Attributes:
        quota_seconds: Seconds that calls have waited for slots of their windows, added up.
    """

    __slots__ = (
        "_lock",
        "_numbers",
        "_silent_since",
        "_stopped",
        "_trace",
        "acting",
        "api_calls",
        "first_trace_id",
        "given_token",
        "on_cut",
        "on_stop",
        "quota_seconds",
        "secrets",
        "settings",
        "tenant",
        "trace_id_count",
    )

    def __init__(
        self,
        settings: Settings,
        *,
        token: str,
        corp_id: str,
        acting: str | None,
        third_trace_id: str | None = None,
    ) -> None:
        """Take the caller's credentials.

        Args:
            settings: The settings for the whole call.
            token: The caller's corpAccessToken.
            corp_id: The caller's corpId.
            acting: The acting employee; None if only old calls are made, and until it has been
                found.
            third_trace_id: The caller's thirdTraceId.
        """
        self.settings = settings
        self.tenant = Tenant(settings.base_url, corp_id)
        self.given_token = token
        self.secrets = settings.secrets
        self.api_calls: Counter[str] = Counter()
        self.first_trace_id = ""
        self.trace_id_count = 0
        self.acting = acting
        self._trace = third_trace_id
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._stopped: Reply | None = None
        self._silent_since: float | None = None
        self.on_stop: Callable[[], None] = lambda: None
        self.on_cut: Callable[[], None] = lambda: None
        self.quota_seconds = 0.0

    def request(self, call: Call, token: str) -> Request:
        """Return `call` with address and credentials, body style (contract, section 1, grade A)."""
        # Last, so that nothing in a body can pass for a credential.
        body = {**call.body, "corpAccessToken": token, "corpId": self.tenant.corp_id}
        if not call.as_given and call.finds is None:
            body["currentOpenUserId"] = self.acting
        return address(self.settings, call.path, body, self.third_trace_id(), call.method)

    def aside(self) -> Session:
        """Return a session with the same counters whose errors do not stop the run of this one."""
        twin = copy(self)
        twin.go_on()
        twin.on_stop = lambda: None
        return twin

    @property
    def stopped(self) -> bool:
        """Whether the rest of the run is not to be attempted."""
        return self._stopped is not None

    def stop(self, code: int, because: str) -> None:
        """Have the rest of the run not attempted; what is under way may end.

        Takes no lock, so that a signal's handler may call it.
        """
        if self._stopped is None:
            self._stopped = local_reply(code, f"{NOT_ATTEMPTED}{because}", reached=False)
        self.on_stop()

    def cut(self, code: int, because: str) -> None:
        """Stop, and end what is under way as if its time were over. On the driver's event loop."""
        self.stop(code, because)
        self.on_cut()

    def go_on(self) -> None:
        """Take a stop back: what follows is another call."""
        self._stopped = None
        self._silent_since = None

    def refuse(self) -> Reply | None:
        """Return the reply to a call that is not to be attempted any more, or None."""
        because = self._stopped
        # Each reply has a trace id of its own, by which it can be found.
        return because and replace(because, trace_id=local_trace_id())

    def judge(self, reply: Reply, now: float) -> None:
        """Stop the run at a fatal error, and at a host that has been dead for too long."""
        with self._lock:
            if reply.reached:
                self._silent_since = None
            elif self._silent_since is None:
                self._silent_since = now
            dead = self._silent_since is not None and (
                now - self._silent_since >= self.settings.dead_host_seconds
            )
            # With a broken environment, for example, no other call can be sent either.
            dead = dead or (reply.lasting and not reply.reached)
        if not self.stopped and (reply.code in FATAL or dead):
            self.stop(
                reply.code,
                f"this run was stopped by errorCode {reply.code} "
                f"(traceId {reply.trace_id}): {reply.message}",
            )

    def sent(self, path: str) -> None:
        """Count a call that is about to go out."""
        with self._lock:
            self.api_calls[path] += 1

    def answered(self, reply: Reply) -> None:
        """Note a reply's traceId, which is what the vendor's support asks for."""
        with self._lock:
            self.first_trace_id = self.first_trace_id or reply.trace_id
            self.trace_id_count += 1

    def third_trace_id(self) -> str:
        """Return a request id that is new each time and still finds the caller's own in a search.

        The documentation asks for a random one on every request (grade A).
        """
        if self._trace is None:
            return str(uuid.uuid4())
        number = next(self._numbers)
        return self._trace if number == 1 else f"{self._trace}-{number}"


def address(
    settings: Settings,
    path: str,
    body: dict[str, object],
    third_trace_id: str,
    method: str = "POST",
) -> Request:
    """Return the request that sends `body` to `path`."""
    return Request(
        method=method,
        path=path,
        url=f"{settings.base_url}{path}?thirdTraceId={quote(third_trace_id, safe='')}",
        content=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        timeout=settings.timeout_seconds,
    )
