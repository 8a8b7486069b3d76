"""``Sandbox``: one pretend tenant, its arguments, and its transports."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from shim.sandbox._control import PREFIX, Controls, SandboxClock, control
from shim.sandbox._plan import PROFILES, Plan, ProfileName, Some, kept
from shim.sandbox._routes import HEADERS
from shim.sandbox._transport import SandboxTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from starlette.applications import Starlette

    from shim.sandbox._messages import SandboxReply

#: The address of the transport; nothing listens there.
BASE_URL: Final = "https://sandbox.fxiaoke.invalid"
#: 2026-01-01T00:00:00Z: fixed, so that the same seed gives the same rows at any time.
EPOCH: Final = 1_767_225_600.0
#: Grade B.
QUOTA_SECONDS: Final = 20.0


class Sandbox(Controls):
    """A stateful pretend tenant that speaks the offline and the object API over one state.

    Times are seconds of its own clock (tokens, quota, lag) or real milliseconds (latency, faults).
    Safe to use from any number of threads. Everything follows from the arguments: two sandboxes
    made with the same have the same ids, secrets, people, rows and faults.

    Args:
        members: How many employees; all start enabled.
        departments: How many departments, 1 or more; all start enabled.
        objects: How many records each generic object starts with, such as ``{"AccountObj": 3}``.
        profile: How the tenant behaves; see ``shim.sandbox.PROFILES``.
        seed: What ids, secrets, people, the order of rows and chances are made from.
        quota_calls: Calls each path takes in a window; 0: any number. None: the profile's.
        quota_seconds: The window, in seconds of the sandbox's clock. None: 20.
        latency_ms: Real milliseconds each answer takes.
        hidden: Members without a row: a share (0.0 to 1.0), a number, or their openUserIds.
            None: the profile's. Goes with every profile.
        locked: Members whose record is locked, given as ``hidden`` is: an object update answers
            50009.
        hidden_departments: Departments without a row: a share, a number, or their ids.
        locked_departments: Departments whose record is locked, given in the same way.
        shows_lock: Whether rows and ``get`` show ``lock_status``: "1" if locked, else "0".
        lag_seconds: How far ``query`` is behind in the profile ``lagging``.
        token_calls: How many calls a token lives for. None: the profile's.
        clock: Gives real seconds, ``time.monotonic`` by default.
        speed: Sandbox seconds in one real second.
        epoch: The Unix time, in seconds, at its start; records carry it in milliseconds.
        lenient: Take credentials of any value, and make a member of each openUserId that a call
            names first, enabled. For programs whose ids are those of a real tenant.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(  # noqa: PLR0913  A test sets each alone.
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
        lenient: bool = False,
    ) -> None:
        if profile not in PROFILES:
            msg = f"profile: one of {', '.join(PROFILES)}"
            raise ValueError(msg)
        kind = PROFILES[profile]
        self.profile = profile
        plan = Plan(
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
            lenient=lenient,
        )
        super().__init__(plan, SandboxClock(clock or time.monotonic, speed), BASE_URL)

    def __repr__(self) -> str:
        return f"<Sandbox profile={self.profile!r} members={self._plan.members}>"

    def handle(  # noqa: PLR0913  The parts of a request.
        self,
        method: str,
        path: str,
        query: str,
        body: bytes,
        *,
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> SandboxReply:
        """Answer one HTTP request without waiting; transport, application and server call it.

        Args:
            method: The HTTP method.
            path: The path, decoded, without the query.
            query: The query string. Nothing in it changes an answer, ``thirdTraceId`` included.
            body: The bytes of the body.
            base_url: The address that the request came to, for ``describe``.
            headers: The request's headers; only those that are credentials change an answer.

        Returns:
            The answer, with the seconds for which the caller has to delay it.
        """
        del query
        if path.startswith(PREFIX):
            return control(self, method, path, body, base_url)
        lowered = ((name.lower(), value) for name, value in (headers or {}).items())
        given = {name: value for name, value in lowered if name in HEADERS}
        with self._lock:
            reply = self._dispatcher.answer(method, path, body, self._clock(), given)
        return replace(reply, delay=reply.delay + self._plan.latency)

    def transport(self) -> SandboxTransport:
        """Return a transport for ``httpx.Client(transport=…)`` and ``httpx.AsyncClient``."""
        return SandboxTransport(self)

    def app(self) -> Starlette:
        """Return an application for any ASGI server. Needs the extra ``server``."""
        from shim.sandbox._server import asgi_app  # The extra is optional.

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
        from shim.sandbox._server import served  # The extra is optional.

        return served(self, host, port)
