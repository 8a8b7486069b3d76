"""``Sandbox``: one pretend tenant, and the ways in."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from shim.sandbox.admission import HEADERS
from shim.sandbox.clock import Clock
from shim.sandbox.control import PREFIX, control
from shim.sandbox.exchange import Exchange
from shim.sandbox.faults import read_faults
from shim.sandbox.plan import Plan, kept
from shim.sandbox.profiles import PROFILES
from shim.sandbox.seeds import generator
from shim.sandbox.transport import SandboxTransport
from shim.sandbox.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from starlette.applications import Starlette

    from shim.sandbox.envelope import Reply
    from shim.sandbox.faults import Fault
    from shim.sandbox.plan import Some
    from shim.sandbox.profiles import ProfileName

#: Where the transport door is; nothing listens there.
BASE_URL: Final = "https://sandbox.fxiaoke.invalid"
#: 2026-01-01T00:00:00Z: fixed, so that the same seed gives the same rows at any time.
EPOCH: Final = 1_767_225_600.0
#: Grade B.
QUOTA_SECONDS: Final = 20.0


class Sandbox(View):
    """A stateful pretend tenant that speaks the offline and the object API over one state.

    Times are seconds of its own clock (tokens, quota, lag) or real milliseconds (latency, faults).
    Safe to use from any number of threads. Everything follows from the arguments: two sandboxes
    made alike have the same ids, secrets, people, rows and faults.

    Args:
        members: How many employees; all start enabled.
        departments: How many departments, 1 or more; all start enabled.
        objects: How many records each generic object starts with, such as ``{"AccountObj": 3}``.
        profile: How the tenant behaves; see ``shim.sandbox.profiles``.
        seed: What ids, secrets, people, the order of rows and chances are made from.
        quota_calls: Calls each path takes in a window; 0: any number. None: the profile's.
        quota_seconds: The window, in seconds of the sandbox's clock. None: 20.
        latency_ms: Real milliseconds each answer takes.
        hidden: Who has no row: a share (0.0 to 1.0), a number of members, or their openUserIds.
            None: the profile's. Goes with every profile.
        locked: Whose record is locked, in the same way: an object update of it answers 50009.
        hidden_departments: Which departments have no row: a share, a number, or their ids.
        locked_departments: Which departments' records are locked, in the same way.
        shows_lock: Whether rows and ``get`` show ``lock_status``: "1" if locked, else "0".
        lag_seconds: How far ``query`` is behind in the profile ``lagging``.
        token_calls: How many calls a token lives for. None: the profile's.
        clock: Gives real seconds, ``time.monotonic`` by default.
        speed: Sandbox seconds in one real second.
        epoch: The Unix time, in seconds, at its start; records carry it in milliseconds.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(  # noqa: PLR0913  Each is a knob a test turns alone.
        self,
        members: int = 25,
        *,
        departments: int = 8,
        objects: Mapping[str, int] | None = None,
        profile: ProfileName | str = "fsuid",
        seed: int = 0,
        quota_calls: int | None = None,
        quota_seconds: float | None = None,
        latency_ms: float = 0,
        hidden: Some = None,
        locked: Some = None,
        hidden_departments: Some = None,
        locked_departments: Some = None,
        shows_lock: bool = True,
        lag_seconds: float = 1.5,
        token_calls: int | None = None,
        clock: Callable[[], float] | None = None,
        speed: float = 1.0,
        epoch: float = EPOCH,
    ) -> None:
        if profile not in PROFILES:
            msg = f"profile: one of {', '.join(PROFILES)}"
            raise ValueError(msg)
        kind = PROFILES[profile]
        self.profile = profile
        self.base_url = BASE_URL
        self._plan = Plan(
            members=members,
            departments=departments,
            objects=tuple((objects or {}).items()),
            profile=kind,
            seed=seed,
            quota_calls=kind.quota_calls if quota_calls is None else quota_calls,
            quota_seconds=QUOTA_SECONDS if quota_seconds is None else quota_seconds,
            latency=latency_ms / 1000,
            hidden=kept(hidden),
            locked=kept(locked),
            hidden_departments=kept(hidden_departments),
            locked_departments=kept(locked_departments),
            shows_lock=shows_lock,
            lag=lag_seconds,
            token_calls=kind.token_calls if token_calls is None else token_calls,
            epoch=epoch,
        )
        self._clock = Clock(clock or time.monotonic, speed)
        self._lock = threading.Lock()
        self._traces = generator(seed, "traces")
        self._exchange = self._started()

    def __repr__(self) -> str:
        return f"<Sandbox profile={self.profile!r} members={self._plan.members}>"

    def _started(self) -> Exchange:
        return Exchange(self._plan, self._clock(), self._traces)

    def calls(self) -> dict[str, dict[str, int]]:
        """Return ``{path: {"count": n, "throttled": n}}``; ``count`` includes the throttled."""
        with self._lock:
            return self._exchange.quota.counts()

    def describe(self, base_url: str | None = None) -> dict[str, Any]:
        """Return what a client needs to know, as a JSON object.

        Args:
            base_url: The address to name. None: that of the transport door.
        """
        with self._lock:
            return self._tenant.described(base_url or self.base_url)

    def add_faults(self, *faults: Fault | Mapping[str, Any]) -> None:
        """Arm faults, after those already armed; ``shim.sandbox.Fault`` says which there are.

        Raises:
            FaultError: One of them cannot be used; then none is armed.
        """
        read = read_faults(faults)
        with self._lock:
            self._exchange.arm(read)

    def reset(self, *, calls_only: bool = False) -> None:
        """Go back to the start: state, tokens, counts, faults, quota windows, updates.

        Args:
            calls_only: Only count the calls from zero again.
        """
        with self._lock:
            if calls_only:
                self._exchange.quota.forget_counts()
            else:
                self._exchange = self._started()

    def handle(  # noqa: PLR0913  The parts of a request.
        self,
        method: str,
        path: str,
        query: str,
        body: bytes,
        *,
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Answer one HTTP request without waiting; all doors come here.

        Args:
            method: The HTTP method.
            path: The path, decoded, without the query.
            query: The query string. Nothing in it changes an answer; ``thirdTraceId`` least of all.
            body: The bytes of the body.
            base_url: The address of the door, for ``describe``.
            headers: The request's headers; only those that are credentials change an answer.

        Returns:
            The answer, with the seconds the door has to hold it back.
        """
        del query
        if path.startswith(PREFIX):
            return control(self, method, path, body, base_url)
        lowered = ((name.lower(), value) for name, value in (headers or {}).items())
        given = {name: value for name, value in lowered if name in HEADERS}
        with self._lock:
            reply = self._exchange.answer(method, path, body, self._clock(), given)
        return replace(reply, delay=reply.delay + self._plan.latency)

    def transport(self) -> SandboxTransport:
        """Return a door for ``httpx.Client(transport=…)`` and ``httpx.AsyncClient`` alike."""
        return SandboxTransport(self)

    def app(self) -> Starlette:
        """Return a door for any ASGI server. Needs the extra ``server``."""
        from shim.sandbox.app import asgi_app  # The extra is optional.

        return asgi_app(self)

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> AbstractContextManager[str]:
        """Serve on a real socket, from a thread, as long as the ``with`` block lasts.

        Needs the extra ``server``.

        Args:
            host: Where to listen.
            port: 0 lets the system choose.

        Returns:
            A context manager that gives the address, ``http://127.0.0.1:…``.
        """
        from shim.sandbox.server import served  # The extra is optional.

        return served(self, host, port)
