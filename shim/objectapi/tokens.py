"""What is asked for once for all callers of a tenant: its token, its credentials, who acts.

A token lives 7200 s (contract, section 1, grade A). The token call may be made at most 10 times a
minute and never twice at once (grade B), so a caller that meets an expired token waits for the
renewal that is under way. All asking is done in threads of its own: blocking and awaiting callers,
on any thread or loop, can wait for it without waiting for each other.

For `exchange` and `http`, through `_process`; `modes` takes the path of the call that names an
employee.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shim.objectapi.codes import TRANSIENT, Code
from shim.objectapi.record_types import integer

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from shim.objectapi.calls import Reply
    from shim.objectapi.session import Session, Tenant
    from shim.settings.model import Settings

PATH = "/cgi/corpAccessToken/get/V2"
EMPLOYEE_PATH = "/oauth2.0/token"
"""The other token call, for tokens in headers: the one that names an employee (grade A)."""
QUOTA_CALLS = 10
QUOTA_SECONDS = 60.0
LIFE_SECONDS = 7200.0
"""How long a token lives if the answer does not say (grade A)."""
_ENDS_SOON_SECONDS = 600.0
# Asked within 6600 s, the vendor gives the same token again (grade A); a tenant that does so for
# longer, or refuses, is not asked at each call.
_ASK_AGAIN_SECONDS = 60.0
_REMEMBERED = 64
# Bounds on what an answer may say of a token; no real one comes near.
_LONGEST_TOKEN = 4096
_MOST_LIFE_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Renewal:
    """The result of a renewal.

    Attributes:
        token: The token; empty if there is none.
        problem: Why there is none.
        seconds: How long the token lives from now.
        shared: Whether another process left it in the shared store.
    """

    token: str = field(default="", repr=False)
    problem: str = ""
    seconds: float = LIFE_SECONDS
    shared: bool = False


class TokenCache:
    """The tokens of one tenant: those known to have expired, and the one fetched since."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Reentrant, for a signal handler or a finalizer may make a call while it is held.
        self._lock = threading.RLock()
        self._expired: OrderedDict[str, None] = OrderedDict()
        self._fresh = ""
        self._fresh_is_shared = False
        self._fresh_since = 0.0
        self._fresh_until = 0.0
        # When a renewal last ended, successful or not.
        self._asked_at = 0.0
        self._pending: Future[Renewal] | None = None

    def best(self, given: str) -> str:
        """Return the token to use for a caller who came with `given`.

        Legacy programs cache tokens for hours. One that is known to have expired is not sent if
        there is a fresh one.
        """
        with self._lock:
            return self._fresh if self._fresh and given in self._expired else given

    def ends_soon(self, token: str) -> bool:
        """Whether this is the token fetched here, and it is time to fetch its successor.

        Renewing before the end saves each caller a refused call; the old token lives on
        meanwhile (grade A).
        """
        with self._lock:
            now = self._clock()
            return (
                token == self._fresh != ""
                and self._pending is None
                and now >= self._fresh_until - _ENDS_SOON_SECONDS
                and now >= self._asked_at + _ASK_AGAIN_SECONDS
            )

    def renew(self, stale: str, used_at: float, fetch: Callable[[], Renewal]) -> Future[Renewal]:
        """Return a future of a token newer than `stale`, which was refused after `used_at`.

        `used_at` is a reading of the clock: a token fetched after it is fresh for this caller and
        needs no other call.
        """
        with self._lock:
            self._expired[stale] = None
            while len(self._expired) > _REMEMBERED:
                self._expired.popitem(last=False)
            if self._fresh and self._fresh != stale and self._fresh_since >= used_at:
                done: Future[Renewal] = Future()
                done.set_result(Renewal(self._fresh, shared=self._fresh_is_shared))
                return done
            if self._pending is not None:
                return self._pending
            pending: Future[Renewal] = Future()
            self._pending = pending
        thread = threading.Thread(
            target=self._run, args=(fetch, pending), name="fxiaoke-shim-token", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            # The interpreter is leaving and starts no thread any more; no other caller waits then.
            self._run(fetch, pending)
        return pending

    def _run(self, fetch: Callable[[], Renewal], pending: Future[Renewal]) -> None:
        try:
            renewal = fetch()
        except BaseException as error:  # noqa: BLE001 - callers that wait must get it.
            self._finish(None)
            pending.set_exception(error)
        else:
            self._finish(renewal)
            pending.set_result(renewal)

    def _finish(self, renewal: Renewal | None) -> None:
        with self._lock:
            self._pending = None
            self._asked_at = self._clock()
            if renewal and renewal.token:
                self._fresh = renewal.token
                self._fresh_is_shared = renewal.shared
                self._fresh_since = self._asked_at
                self._fresh_until = self._fresh_since + renewal.seconds
                self._expired.pop(renewal.token, None)


def read(reply: Reply, corp_id: str) -> Renewal:
    """Return the result of the token call; a token of another tenant is refused."""
    if not reply.ok:
        # A transient error, or one of the vendor itself, says nothing about the credentials.
        transient = reply.code in TRANSIENT or reply.code == Code.SYSTEM_ERROR
        advice = "run again later" if transient else "check app_id, app_secret and permanent_code"
        return Renewal(
            problem=f"the renewal was refused with {reply.code} (traceId {reply.trace_id}): "
            f"{advice}"
        )
    token, owner = reply.body.get("corpAccessToken"), reply.body.get("corpId")
    if not isinstance(token, str) or not 0 < len(token) <= _LONGEST_TOKEN:
        return Renewal(problem=f"the renewal brought no token (traceId {reply.trace_id})")
    if owner != corp_id:
        return Renewal(
            problem="the configured app credentials belong to another corpId than this call's"
        )
    given = reply.body.get("expiresIn")
    seconds = given if isinstance(given, float) else integer(given)
    if seconds is None or not seconds > 0:
        return Renewal(token)
    return Renewal(token, seconds=float(min(seconds, _MOST_LIFE_SECONDS)))


class ReplyCache:
    """Replies by a key. An unsuccessful one is forgotten, so that the next caller asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._replies: dict[Hashable, Future[Reply]] = {}

    def ask(self, key: Hashable, find: Callable[[], Reply]) -> Future[Reply]:
        """Return a future of the reply under `key`.

        Args:
            key: All callers with this key get the same reply.
            find: Makes the call, blocking; called only if there is no reply and none is awaited.
        """
        with self._lock:
            known = self._replies.get(key)
            if known is not None:
                return known
            pending = self._replies[key] = Future()
        thread = threading.Thread(
            target=self._run, args=(key, find, pending), name="fxiaoke-shim-employee", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            # The interpreter is leaving and starts no thread any more; no other caller waits then.
            self._run(key, find, pending)
        return pending

    def _run(self, key: Hashable, find: Callable[[], Reply], pending: Future[Reply]) -> None:
        try:
            reply = find()
        except BaseException as error:  # noqa: BLE001 - callers that wait must get it.
            self._forget(key)
            pending.set_exception(error)
            return
        if not reply.ok:
            self._forget(key)
        pending.set_result(reply)

    def _forget(self, key: Hashable) -> None:
        with self._lock:
            del self._replies[key]


VAULT_AT_MOST = 1024
"""Tenants whose credentials are kept. The one that was not needed for longest is forgotten."""

_NONE = (
    "the function `credentials` returned None for this corpId, and the settings hold no app_id, "
    "app_secret and permanent_code for it"
)


class Vault:
    """The credentials that the function has returned, by tenant. For any number of threads."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._lock = threading.Lock()
        # With the function that they are from, for another may be configured.
        self._kept: OrderedDict[Tenant, tuple[object, Mapping[str, Any]]] = OrderedDict()

    def settings(self, session: Session, *, fresh: bool) -> Settings | str:
        """Return the session's settings with the credentials of its tenant.

        Args:
            session: Whose.
            fresh: Whether to ask the function even if what it returned before is kept.

        Returns:
            The settings; or why there are no credentials, and what to do.
        """
        now, tenant = session.settings, session.tenant
        if now.credentials is None:
            return now
        kept = None if fresh else self._known(tenant, now.credentials)
        try:
            found = now.credentials(tenant.corp_id) if kept is None else kept
        except Exception as error:  # noqa: BLE001 - foreign code; its text may hold a secret.
            return f"the function `credentials` raised {type(error).__name__}; see its own log"
        if found is None:
            return _NONE if now.app_credentials is None else now
        try:
            made = now.with_credentials(found)
        except ValueError as error:
            return f"the function `credentials` returned something unusable: {error}"
        self._keep(tenant, now.credentials, dict(found))
        return made

    def forget(self, tenant: Tenant) -> None:
        """Forget the credentials of a tenant: the vendor has refused them."""
        with self._lock:
            self._kept.pop(tenant, None)

    def _known(self, tenant: Tenant, function: object) -> Mapping[str, Any] | None:
        with self._lock:
            of, kept = self._kept.get(tenant, (None, {}))
            if of is not function:
                return None
            self._kept.move_to_end(tenant)
            return kept

    def _keep(self, tenant: Tenant, function: object, found: Mapping[str, Any]) -> None:
        with self._lock:
            self._kept[tenant] = (function, found)
            self._kept.move_to_end(tenant)
            if len(self._kept) > VAULT_AT_MOST:
                self._kept.popitem(last=False)
