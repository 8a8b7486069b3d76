"""One call and all that belongs to it: a slot in the window, a fresh token, patience.

A generator without I/O, as httpx's `auth_flow` is: it yields what has to happen next and is sent
the result. The blocking and the awaiting performer in `http` therefore do the same thing.
"""

from __future__ import annotations

import random
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from shim.objectapi import tokens
from shim.objectapi.calls import Call, Reply
from shim.objectapi.codes import PASSING, Code
from shim.objectapi.session import Request, address
from shim.objectapi.tokens import Renewal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from shim.objectapi.pacing import Window
    from shim.objectapi.process import Process
    from shim.objectapi.session import Session

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 8.0


@dataclass(frozen=True, slots=True)
class Send:
    """Post this and send back the `Reply`."""

    request: Request
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sleep:
    """Let so many seconds pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for the renewal somebody is making and send back the `Renewal`."""

    renewal: Future[Renewal]


Exchange: TypeAlias = Generator[Send | Sleep | Wait, Reply | Renewal | None, Reply]


def exchange(
    session: Session, call: Call, process: Process, fetch: Callable[[], Renewal]
) -> Exchange:
    """Return the steps that turn `call` into its reply.

    Args:
        session: Who asks.
        call: What is asked.
        process: What all sessions of this process share.
        fetch: Makes the token call, blocking; runs in a thread of its own.
    """
    return (yield from _persistent(session, call, lambda: _once(session, call, process, fetch)))


def token_call(session: Session, process: Process) -> Exchange:
    """Return the steps of the token call (contract, section 1, Credentials)."""
    settings = session.settings
    credentials = settings.app_credentials or {}
    window = process.pacer.window(
        session.tenant, tokens.PATH, tokens.QUOTA_CALLS, tokens.QUOTA_SECONDS
    )

    def once() -> Exchange:
        yield from _slot(window)
        with _held(window):
            request = address(settings, tokens.PATH, dict(credentials), session.third_trace_id())
            return (yield from _send(session, tokens.PATH, request))

    return (yield from _persistent(session, Call(tokens.PATH, {}), once))


def _persistent(session: Session, call: Call, once: Callable[[], Exchange]) -> Exchange:
    """Make a call again while what is wrong may pass, for `retry_seconds` at the most.

    The pauses grow and are partly random, so that many callers do not come back all at once. A
    call that must not happen twice is made again only where it certainly has not happened.
    """
    deadline, pause, in_doubt = 0.0, _FIRST_PAUSE, False
    while True:
        reply = session.refuse()
        if reply is None:
            reply = yield from once()
            session.judge(reply)
        # An earlier attempt may have been carried out where the last one was not.
        reply = replace(reply, earlier_doubt=in_doubt)
        in_doubt = reply.doubtful
        again = reply.code in PASSING and (call.repeatable or not in_doubt)
        wait = random.uniform(pause / 2, pause)  # noqa: S311 - spreads callers, hides nothing.
        # Patience begins with the first failure: waiting for a slot before it was no failure.
        deadline = deadline or time.monotonic() + session.settings.retry_seconds
        if not again or session.stopped or time.monotonic() + wait > deadline:
            return reply
        yield Sleep(wait)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _once(session: Session, call: Call, process: Process, fetch: Callable[[], Renewal]) -> Exchange:
    """Make a call once; where its token has expired, once more with a fresh one."""
    settings = session.settings
    book = process.tokens(session.tenant, settings.app_id)
    window = process.pacer.window(
        session.tenant, call.path, settings.quota_calls, settings.quota_seconds
    )

    yield from _slot(window)
    with _held(window):
        # Chosen only now: while this call waited for its slot, another may have renewed. The time
        # comes first: a token fetched between the two would else pass for one already refused.
        used_at = time.monotonic()
        token = book.best(session.given_token)
        reply = yield from _send(session, call.path, session.request(call, token), token)
    if reply.code != Code.TOKEN_EXPIRED:
        return reply
    if settings.app_credentials is None:
        return _explained(
            reply,
            "pass a fresh token, or set app_id, app_secret and permanent_code so that "
            "it can be renewed here",
        )
    renewal = yield Wait(book.renew(token, used_at, fetch))
    assert isinstance(renewal, Renewal)  # noqa: S101 - the performer's half of the protocol.
    if not renewal.token:
        return _explained(reply, renewal.problem)

    yield from _slot(window)
    with _held(window):
        request = session.request(call, renewal.token)
        return (yield from _send(session, call.path, request, renewal.token))


def _send(session: Session, path: str, request: Request, token: str = "") -> Exchange:
    session.sent(path)
    reply = yield Send(request, (token, session.given_token, *session.settings.secrets))
    assert isinstance(reply, Reply)  # noqa: S101 - the performer's half of the protocol.
    session.answered(reply)
    return reply


def _slot(window: Window | None) -> Generator[Sleep, Any, None]:
    while window is not None and (delay := window.take()):
        yield Sleep(delay)


@contextmanager
def _held(window: Window | None) -> Iterator[None]:
    """Give the slot back when the call has been answered, has failed or was given up."""
    try:
        yield
    finally:
        if window is not None:
            window.give_back()


def _explained(reply: Reply, advice: str) -> Reply:
    return replace(reply, message=f"corpAccessToken has expired or is not valid: {advice}")
