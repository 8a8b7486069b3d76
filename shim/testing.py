"""For tests of programs that call the offline API: a sandbox, the events, a reset.

    import shim.testing

    with shim.testing.sandbox(members=50, profile="hidden") as tenant:
        answer = disable_leavers(tenant.corp_access_token, tenant.corp_id, tenant.open_user_ids)

The pytest plugin has the same as fixtures, `fxiaoke_sandbox` and `fxiaoke_events`; docs/testing.md
has examples. Nothing of this is for programs in production: all of it changes the whole process.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, overload

from shim import configure, get_notice_hooks, notices, set_notice_hooks, settings
from shim.notices import NoticeEvent, NoticesIgnored, ProcessEnded, ProcessStarted
from shim.offline import employees

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from typing_extensions import Unpack

    from shim.sandbox import ProfileName, Sandbox

__all__ = ["RecordedEvents", "SandboxOptions", "recorded", "reset", "sandbox"]

_E = TypeVar("_E", bound=NoticeEvent)

_OF_THE_PROCESS = (ProcessStarted, ProcessEnded, NoticesIgnored)

_before_forgetting: list[Callable[[], None]] = []


class SandboxOptions(TypedDict, total=False):
    """The keyword arguments of `shim.sandbox.Sandbox`, which has their meanings and units."""

    departments: int
    objects: Mapping[str, int] | None
    seed: int
    quota_calls: int | None
    quota_seconds: float | None
    latency_ms: float
    hidden: float | Iterable[str] | Iterable[int] | None
    locked: float | Iterable[str] | Iterable[int] | None
    hidden_departments: float | Iterable[str] | Iterable[int] | None
    locked_departments: float | Iterable[str] | Iterable[int] | None
    shows_lock: bool
    lag_seconds: float
    token_calls: int | None
    clock: Callable[[], float] | None
    speed: float
    epoch: float
    lenient: bool


@contextmanager
def sandbox(
    members: int = 25,
    *,
    profile: ProfileName = "fsuid",
    **options: Unpack[SandboxOptions],
) -> Iterator[Sandbox]:
    """Give a new sandbox, and have all calls of this process go to it while the block lasts.

    No network is used. Calls do not wait: a time that they would wait for a retry, a quota or a
    lagging query passes at once, for the shim and for the sandbox. With `clock=` both take their
    real time: the shim the machine's clock, the sandbox the given one (`time.monotonic`).

    Of the settings, `base_url`, `transport`, `corp_access_token`, `corp_id` and
    `current_open_user_id` are the sandbox's; so are `app_id`, `app_secret` and `permanent_code` if
    there were any, or `credentials`. `credentials`, `acting_mobile` and `redis_url` are left out,
    and `quota_calls` is 0, since the sandbox has a quota of its own. All others are as before;
    `shim.configure()` may change any of them in the block. After the block the settings are as they
    were before it. Call sites, connections, tokens, windows and snapshots are forgotten at both
    ends.

    Args:
        members: Number of employees.
        profile: How the tenant behaves; docs/sandbox.md lists the profiles.
        **options: Other arguments of `shim.sandbox.Sandbox`.

    Yields:
        The sandbox: its credentials, its true state, and `add_faults()`.

    Raises:
        ValueError: An argument is out of range.
        ConfigurationError: The settings file or the environment holds something unusable.
        RuntimeError: It is used in a block of `shim.using()`, whose settings calls would go by.
    """
    # Imported here: loading them takes much longer than loading the rest.
    from shim.objectapi import http
    from shim.objectapi.clock import MACHINE, SkippingClock
    from shim.sandbox import Sandbox

    before = http.clock()
    given = options.get("clock")
    clock = SkippingClock() if given is None else MACHINE
    options["clock"] = given or clock.now
    tenant = Sandbox(members, profile=profile, **options)
    with settings.temporary():
        _point_at(tenant)
        _forget()
        http.reset(clock)
        try:
            yield tenant
        finally:
            _forget()
            http.reset(before)


def _point_at(tenant: Sandbox) -> None:
    before = settings.current()
    renews = before.app_id is not None or before.credentials is not None
    configure(
        base_url=tenant.base_url,
        transport=tenant.transport(),
        corp_access_token=tenant.corp_access_token,
        corp_id=tenant.corp_id,
        current_open_user_id=tenant.current_open_user_id,
        app_id=tenant.app_id if renews else None,
        app_secret=tenant.app_secret if renews else None,
        permanent_code=tenant.permanent_code if renews else None,
        credentials=None,
        acting_mobile=None,
        redis_url=None,
        quota_calls=0,
    )
    if settings.current().base_url != tenant.base_url:
        msg = "shim.testing.sandbox: calls would not go to it in a block of shim.using(); leave it"
        raise RuntimeError(msg)


class RecordedEvents(list[NoticeEvent]):
    """The events of a block, in the order they came."""

    @overload
    def of(self, kind: type[_E]) -> list[_E]: ...

    @overload
    def of(self, kind: str) -> list[NoticeEvent]: ...

    def of(self, kind: type[NoticeEvent] | str) -> list[Any]:
        """Return the events of one kind.

        Args:
            kind: A class of `shim.notices`, or the name of an event, such as
                `shim.offline_api_called`.
        """
        if isinstance(kind, str):
            return [event for event in self if event.name == kind]
        return [event for event in self if isinstance(event, kind)]


@contextmanager
def recorded() -> Iterator[RecordedEvents]:
    """Collect the events of the block instead of logging them.

    Call sites are forgotten at both ends, so that a call in the block is the first of its site
    and has a `shim.offline_api_called`. The events of the process itself (started, ended) are not
    collected: a process has them once, and any test may be the first. After the block the hooks are
    as they were before it.

    Yields:
        A list that grows with each event; `of()` selects some of them.

    Raises:
        Exception: Whatever a `NoticeHookFactory` of the hooks in force raises.
    """
    events = RecordedEvents()
    before, was_logged = get_notice_hooks(), notices.is_logged()

    def record(event: NoticeEvent) -> None:
        if not isinstance(event, _OF_THE_PROCESS):
            events.append(event)
        elif was_logged:
            for hook in before:
                hook(event)

    set_notice_hooks(None)
    defaults = get_notice_hooks()
    _forget()
    set_notice_hooks([record])
    try:
        yield events
    finally:
        _forget()
        set_notice_hooks(None if before == defaults else before)


def reset() -> None:
    """Forget settings, call sites, connections, tokens, windows, snapshots and hooks.

    The next call reads the settings file and the environment again. Use it between tests whose
    code calls `shim.configure()` or `shim.set_notice_hooks()` itself.
    """
    _forget()
    settings.reset()
    set_notice_hooks(None)
    # Without this module there is nothing to forget, and loading it takes long.
    http = sys.modules.get("shim.objectapi.http")
    if http is not None:
        http.reset()


def before_forgetting(listener: Callable[[], None]) -> None:
    """Have `listener` called each time before call sites are forgotten. For the pytest plugin."""
    _before_forgetting.append(listener)


def _forget() -> None:
    for listener in _before_forgetting:
        listener()
    notices.forget()
    employees.SNAPSHOTS.forget()
