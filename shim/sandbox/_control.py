"""What a sandbox's owner sees and changes: in Python (``Controls``), and over HTTP.

The requests are ``/_sandbox/…``: for tests and demos, not part of any vendor's API.

| call | answer |
| --- | --- |
| ``GET members`` | ``{open_user_id: "0" or "1"}``, the true state |
| ``GET calls`` | ``{path: {"count": n, "throttled": n}}``; control calls are not counted |
| ``GET describe`` | address, credentials and members |
| ``POST faults`` | takes a fault, a list, or ``{"faults": […]}``; ``{"added": n}`` |
| ``POST reset`` | back to the start; ``{"calls_only": true}`` only counts from zero again |

HTTP status 400 and ``{"error": text}`` for what cannot be used, 404 and 405 as usual.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Final, cast

from shim.sandbox._dispatch import Dispatcher
from shim.sandbox._faults import Fault, FaultError, read_faults
from shim.sandbox._messages import SandboxReply, as_object, dumped
from shim.sandbox._plan import Plan, generator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shim.sandbox._tenant import SandboxTenant, Update


class SandboxClock:
    """The sandbox's own time: seconds since it was made.

    Args:
        source: Gives real seconds; only differences count.
        speed: Sandbox seconds in one real second; above 0.

    Raises:
        ValueError: ``speed`` is not above 0.
    """

    def __init__(self, source: Callable[[], float], speed: float) -> None:
        if speed <= 0:
            msg = "speed: a factor above 0"
            raise ValueError(msg)
        self._source = source
        self._speed = speed
        self._start = source()

    def __call__(self) -> float:
        """Return the seconds so far."""
        return (self._source() - self._start) * self._speed


class Controls:
    """A pretend tenant as its owner sees and changes it. The state given is the true one.

    Args:
        plan: What the tenant is made from.
        clock: The sandbox's own.
        base_url: The address that ``describe`` names.
    """

    def __init__(self, plan: Plan, clock: SandboxClock, base_url: str) -> None:
        self.base_url = base_url
        self._plan = plan
        self._clock = clock
        self._lock = threading.Lock()
        self._traces = generator(plan.seed, "traces")
        self._dispatcher = self._started()

    def _started(self) -> Dispatcher:
        return Dispatcher(self._plan, self._clock(), self._traces)

    @property
    def _tenant(self) -> SandboxTenant:
        return self._dispatcher.tenant

    @property
    def corp_access_token(self) -> str:
        """The token given last; the one it starts with, until another one is asked for."""
        return self._tenant.tokens.newest

    @property
    def corp_id(self) -> str:
        """``FSCID_…``."""
        return self._tenant.corp_id

    @property
    def ea(self) -> str:
        """The tenant's id for the header ``x-fs-ea``."""
        return self._tenant.ea

    @property
    def current_open_user_id(self) -> str:
        """The administrator, ``FSUID_…``: may act, is not a member, has no row."""
        return self._tenant.administrator

    @property
    def app_id(self) -> str:
        """What the token interface wants as ``appId``."""
        return self._tenant.app_id

    @property
    def app_secret(self) -> str:
        """What the token interface wants as ``appSecret``."""
        return self._tenant.app_secret

    @property
    def permanent_code(self) -> str:
        """What the token interface wants as ``permanentCode``."""
        return self._tenant.permanent_code

    @property
    def open_user_ids(self) -> list[str]:
        """Every member's ``FSUID_…``, always in the same order."""
        return list(self._tenant.people.by_open_user_id)

    @property
    def hidden(self) -> frozenset[str]:
        """The openUserIds of members without a row."""
        return self._tenant.people.hidden

    @property
    def locked(self) -> frozenset[str]:
        """The openUserIds of members whose record is locked."""
        return self._tenant.people.locked

    @property
    def hidden_departments(self) -> frozenset[int]:
        """The ids of departments without a row."""
        return frozenset(map(int, self._tenant.departments.hidden))

    @property
    def locked_departments(self) -> frozenset[int]:
        """The ids of departments whose record is locked."""
        return frozenset(map(int, self._tenant.departments.locked))

    @property
    def updates(self) -> list[Update]:
        """The object updates answered with 0 so far, oldest first, of every object."""
        with self._lock:
            return list(self._tenant.updates)

    def members(self) -> dict[str, str]:
        """Return the true state, lag and permissions aside: ``{open_user_id: "0" | "1"}``."""
        with self._lock:
            return self._tenant.people.states(self._clock())

    def person(self, open_user_id: str) -> dict[str, Any]:
        """Return everything there is to know of a member, lag and permissions aside.

        All fields of ``PersonnelObj``, and by their offline names those it does not have:
        account, qq, weixin, hireDate, birthDate, startWorkDate.

        Raises:
            KeyError: It is not a member.
        """
        with self._lock:
            people = self._tenant.people
            member = people.by_open_user_id[open_user_id]
            return {**people.record(member, self._clock()), **people.facts(member)}

    def departments(self) -> dict[int, dict[str, Any]]:
        """Return the true departments by id: name, parent_id, status, order, manager_id.

        ``parent_id`` and ``manager_id`` are lists, as ``DepartmentObj`` has them; ``order`` is what
        only the offline API knows.
        """
        with self._lock:
            rows = self._tenant.departments.records(self._clock())
            return {
                row.number: {
                    **{key: record[key] for key in ("name", "parent_id", "status", "manager_id")},
                    **row.facts,
                }
                for row, record in rows
            }

    def records(self, api_name: str) -> dict[str, dict[str, Any]]:
        """Return the true records of an object, ``{_id: fields}``; empty if there is none."""
        with self._lock:
            rows = self._tenant.table(api_name).records(self._clock())
            return {row.record_id: record for row, record in rows}

    def calls(self) -> dict[str, dict[str, int]]:
        """Return ``{path: {"count": n, "throttled": n}}``; ``count`` includes the throttled."""
        with self._lock:
            return self._dispatcher.quota.counts()

    def describe(self, base_url: str | None = None) -> dict[str, Any]:
        """Return what a client needs to know, as a JSON object.

        Args:
            base_url: The address to name. None: that of the transport.
        """
        with self._lock:
            return self._tenant.described(base_url or self.base_url)

    def add_faults(self, *faults: Fault | Mapping[str, Any]) -> None:
        """Arm faults, after those already armed; ``shim.sandbox.Fault`` lists the kinds.

        Raises:
            FaultError: One of them cannot be used; then none is armed.
        """
        read = read_faults(faults)
        with self._lock:
            self._dispatcher.arm(read)

    def reset(self, *, calls_only: bool = False) -> None:
        """Go back to the start: state, tokens, counts, faults, quota windows, updates.

        Args:
            calls_only: Only count the calls from zero again.
        """
        with self._lock:
            if calls_only:
                self._dispatcher.quota.forget_counts()
            else:
                self._dispatcher = self._started()


PREFIX: Final = "/_sandbox/"
_METHODS: Final = {
    "members": "GET",
    "calls": "GET",
    "describe": "GET",
    "faults": "POST",
    "reset": "POST",
}


def control(
    sandbox: Controls, method: str, path: str, body: bytes, base_url: str | None
) -> SandboxReply:
    """Answer one control call; ``base_url`` is the address it came to."""
    name = path.removeprefix(PREFIX)
    if name not in _METHODS:
        return _answered({"error": f"there are {', '.join(_METHODS)}"}, 404)
    if method != _METHODS[name]:
        return _answered({"error": f"{name} wants {_METHODS[name]}"}, 405)
    if name == "members":
        return _answered(sandbox.members())
    if name == "calls":
        return _answered(sandbox.calls())
    if name == "describe":
        return _answered(sandbox.describe(base_url))
    return _changed(sandbox, name, body)


def _changed(sandbox: Controls, name: str, body: bytes) -> SandboxReply:
    try:
        sent: object = json.loads(body) if body.strip() else None
    except (ValueError, RecursionError):
        return _answered({"error": "the body is not JSON"}, 400)
    return _faults(sandbox, sent) if name == "faults" else _reset(sandbox, sent)


def _faults(sandbox: Controls, sent: object) -> SandboxReply:
    wrapped = as_object(sent)
    given = wrapped.get("faults", [wrapped]) if wrapped is not None else sent
    if not isinstance(given, list):
        return _answered({"error": "faults: send a list"}, 400)
    faults = cast("list[dict[str, Any]]", given)
    try:
        sandbox.add_faults(*faults)
    except FaultError as error:
        return _answered({"error": str(error)}, 400)
    return _answered({"added": len(faults)})


def _reset(sandbox: Controls, sent: object) -> SandboxReply:
    options = {} if sent is None else as_object(sent)
    if options is None or not isinstance(options.get("calls_only", False), bool):
        return _answered({"error": "calls_only: send true or false, in an object"}, 400)
    only = options.get("calls_only", False)
    sandbox.reset(calls_only=only)
    return _answered({"reset": "calls" if only else "all"})


def _answered(answer: object, status: int = 200) -> SandboxReply:
    return SandboxReply(status, dumped(answer))
