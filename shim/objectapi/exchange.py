"""One call and all that belongs to it: a slot in the window, a fresh token, retries.

A generator without I/O, as httpx's `auth_flow` is: it yields what has to happen next and is sent
the result. So a driver that blocks and one that awaits do the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import TimeoutError as TimedOut
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from shim.objectapi import tokens
from shim.objectapi.calls import Call, Reply, local_reply
from shim.objectapi.codes import Code
from shim.objectapi.pacing import POLL_SECONDS, Backoff, Claim, WindowLost
from shim.objectapi.session import Request, address

if TYPE_CHECKING:
    from concurrent.futures import Future

    from shim.objectapi._process import Process
    from shim.objectapi.pacing import Window
    from shim.objectapi.session import Session
    from shim.objectapi.tokens import Renewal
    from shim.settings.model import Settings

R = TypeVar("R")
Why = Literal["quota", "retry"]


@dataclass(frozen=True, slots=True)
class Send:
    """Post this and send back the `Reply`.

    Attributes:
        request: Makes the request. The driver calls it outside of its lock, so that making one
            holds up no other call.
        secrets: What must not show in the reply's text.
    """

    request: Callable[[], Request] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sleep:
    """Let `seconds` seconds pass."""

    seconds: float
    why: Why


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for what another thread is asking for, a `Renewal` say, and send it back."""

    renewal: Future[Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """Call this, which may go over a network, and send back what it returns; it does not raise."""

    question: Callable[[], Any]


Step: TypeAlias = Send | Sleep | Wait | Ask
Exchange: TypeAlias = Generator[Step, Any, Reply]


def exchange(
    session: Session,
    call: Call,
    process: Process,
    fetch: Callable[[str], Renewal],
    find: Callable[[Call], Reply],
) -> Exchange:
    """Return the steps that turn `call` into its reply.

    Args:
        session: Who asks.
        call: What is asked.
        process: What all sessions of this process share.
        fetch: Makes the token call, blocking, given the token that is to be replaced; runs in a
            thread of its own.
        find: Finds out who acts, blocking, by a call that does so; runs in a thread of its own.
    """
    if call.finds is not None:
        return (yield from _found(session, call, process, find))
    if call.as_given or call.aside_until is not None:
        return (yield from _unretried(session, call, process))
    once = partial(_once, session, call, process, fetch)
    return (yield from _retried(session, call, process, once))


def _unretried(session: Session, call: Call, process: Process) -> Exchange:
    """Make a call once, in a slot of its window; no retry, no renewal of its token."""
    now = session.settings
    cache = process.tokens(session.tenant, now.app_id)
    window = process.window(session, call.path, now.quota_calls, now.quota_seconds)
    until = inf if call.aside_until is None else call.aside_until

    def send() -> Exchange:
        # The caller's, unless this process knows that it has ended and has its successor.
        token = cache.best(session.given_token)
        return (yield from _send(session, _request(session, process, call, token), token))

    return (yield from _in_turn(session, process, window, send, until))


def _found(
    session: Session, call: Call, process: Process, find: Callable[[Call], Reply]
) -> Exchange:
    """Wait for the reply that says who acts; a shadow waits as long as it has time."""
    key = (session.tenant, session.settings.app_id, call.path, *call.body.values())
    pending = process.kept.ask(key, partial(find, call))
    if call.aside_until is None:
        reply: Reply = yield Wait(pending)
    else:
        left = call.aside_until - process.clock.now()
        reply = yield Ask(partial(_within, pending, max(left, 0.0)))
    return reply


def _within(pending: Future[Reply], seconds: float) -> Reply:
    try:
        return pending.result(seconds)
    except TimedOut:
        return local_reply(Code.TIMEOUT, "the acting employee was not found in time")


def finding(
    session: Session, call: Call, process: Process, fetch: Callable[[str], Renewal]
) -> Exchange:
    """Return the steps that find out who acts, and the reply that says so.

    Args:
        session: The first caller's.
        call: How to find it out; its `finds` reads the vendor's reply.
        process: What all sessions of this process share.
        fetch: Makes the token call, as for `exchange`.
    """
    if call.by_app:
        reply = yield from _named_by_app(session, call, process, fetch)
    else:
        once = partial(_once, session, call, process, fetch)
        reply = yield from _retried(session, call, process, once)
    return reply if call.finds is None else call.finds(reply)


def _named_by_app(
    session: Session, call: Call, process: Process, fetch: Callable[[str], Renewal]
) -> Exchange:
    """Ask which employee the app credentials stand for.

    The answer does not say of which tenant (contract, section 1, grade A), but that of the other
    token call does. Without that, an employee of one tenant could act in another: where ids are
    numbers, both may have a 1000.
    """
    cache = process.tokens(session.tenant, session.settings.app_id)
    renewal: Renewal = yield Wait(cache.renew("", -inf, partial(fetch, "")))
    if not renewal.token:
        return local_reply(Code.TOKEN_EXPIRED, renewal.problem)
    settings: Settings | str = yield Ask(partial(process.vault.settings, session, fresh=False))
    if isinstance(settings, str):
        return local_reply(Code.TOKEN_EXPIRED, settings)
    return (yield from token_call(session, process, settings, call))


def token_call(
    session: Session, process: Process, settings: Settings, call: Call | None = None
) -> Exchange:
    """Return the steps of a call with the app credentials (contract, section 1, Credentials).

    Args:
        session: Who asks.
        process: What all sessions of this process share.
        settings: Hold the app credentials.
        call: Which call; None for the one that brings a corpAccessToken.
    """
    call = call or Call(tokens.PATH, {})
    body = {**(settings.app_credentials or {}), **call.body}
    window = process.window(session, call.path, tokens.QUOTA_CALLS, tokens.QUOTA_SECONDS)

    def request() -> Request:
        return address(settings, call.path, dict(body), session.third_trace_id())

    def send() -> Exchange:
        return _send(session, request, secrets=settings.secrets)

    return (
        yield from _retried(
            session,
            call,
            process,
            lambda: _in_turn(session, process, window, send),
        )
    )


def _retried(
    session: Session, call: Call, process: Process, once: Callable[[], Exchange]
) -> Exchange:
    """Retry a call after transient errors, for at most `retry_seconds`.

    A call that must not happen twice is retried only if it certainly has not happened.
    """
    backoff: Backoff | None = None
    in_doubt = False
    while True:
        reply = session.refuse()
        if reply is None:
            reply = yield from once()
            session.judge(reply, process.clock.now())
        if in_doubt:
            # An earlier attempt may have been carried out even if the last one was not.
            reply = replace(reply, earlier_doubt=True)
        in_doubt = reply.doubtful
        final = reply.lasting or session.stopped or not call.is_retried_after(reply.code)
        if final or (in_doubt and not call.repeatable):
            return reply
        if backoff is None:
            backoff = Backoff(session.settings.retry_seconds, process.clock.now)
        pause = backoff.pause()
        if pause is None:
            return reply
        yield Sleep(pause, "retry")


def _once(
    session: Session, call: Call, process: Process, fetch: Callable[[str], Renewal]
) -> Exchange:
    """Make a call once; if its token has expired, once more with a fresh one."""
    settings = session.settings
    cache = process.tokens(session.tenant, settings.app_id)
    window = process.window(session, call.path, settings.quota_calls, settings.quota_seconds)
    token, used_at, once_more = "", 0.0, False

    def first() -> Exchange:
        nonlocal token, used_at
        # Chosen only now: while this call waited for its slot, another may have renewed. The time
        # comes first: a token fetched between the two would else pass for one already refused.
        used_at = process.clock.now()
        token = cache.best(session.given_token)
        if cache.ends_soon(token):
            # No call waits for this one: the old token lives on for a while (grade A).
            cache.renew(token, used_at, partial(fetch, token))
        if not token:
            # As the vendor would say it, but without spending a call.
            return local_reply(Code.TOKEN_EXPIRED, "no corpAccessToken yet")
        return (yield from _send(session, _request(session, process, call, token), token))

    reply = yield from _in_turn(session, process, window, first)
    if reply.code != Code.TOKEN_EXPIRED:
        return reply
    if not settings.can_renew:
        return _explained(
            reply,
            "pass a fresh token, or set app_id, app_secret and permanent_code so that "
            "it can be renewed here",
        )
    while True:
        renewal = yield Wait(cache.renew(token, used_at, partial(fetch, token)))
        if not renewal.token:
            return _explained(reply, renewal.problem)
        token, used_at = renewal.token, process.clock.now()
        send = partial(_sent_with, session, process, call, token)
        reply = yield from _in_turn(session, process, window, send)
        # What another process left may have ended early, or be no token of this tenant. It is
        # replaced once; a token that was fetched here is not replaced again.
        if reply.code != Code.TOKEN_EXPIRED or not renewal.shared or once_more:
            return reply
        once_more = True


def _request(session: Session, process: Process, call: Call, token: str) -> Callable[[], Request]:
    def request() -> Request:
        made, until = session.request(call, token), call.aside_until
        if until is None:
            return made
        # Read only now: waiting for a turn takes of a shadow's time.
        return replace(made, timeout=min(made.timeout, until - process.clock.now()))

    return request


def _sent_with(session: Session, process: Process, call: Call, token: str) -> Exchange:
    return _send(session, _request(session, process, call, token), token)


def _in_turn(
    session: Session,
    process: Process,
    window: Window | None,
    send: Callable[[], Exchange],
    until: float = inf,
) -> Exchange:
    """Make one HTTP call in a slot of its window, if there is one before the clock reads `until`.

    The slot is given back when the call has been answered, has failed or was given up.
    """
    if window is None:
        return (yield from send())
    claim, used = Claim(window), False
    try:
        now = process.clock.now
        asked = now()
        while True:
            while (slot := (yield from _asked(window, claim.take))) is None and now() < until:
                yield Sleep(POLL_SECONDS[window.remote], "quota")
            if isinstance(slot, WindowLost):
                return local_reply(Code.THROTTLED, str(slot), reached=False)
            if slot is None or slot.wait > until - now():
                yield from _asked(window, partial(claim.give_back, used=False))
                return local_reply(Code.THROTTLED, "the window of this path is full", reached=False)
            if slot.wait:
                yield Sleep(slot.wait, "quota")
            if monotonic() <= slot.use_by:
                break
            # The process or its event loop stood still, and the slot may be another's by now.
            yield from _asked(window, partial(claim.give_back, used=False))
            claim = Claim(window)
        session.quota_seconds += now() - asked
        reply = session.refuse()
        if reply is None:
            used = True
            reply = yield from send()
        yield from _asked(window, partial(claim.give_back, used=used))
    except BaseException:
        # Given up: no driver performs a step any more.
        claim.give_back(used=used)
        raise
    return reply


def _asked(window: Window, question: Callable[[], R]) -> Generator[Step, Any, R]:
    if not window.remote:
        return question()
    answer: R = yield Ask(question)
    return answer


def _send(
    session: Session,
    request: Callable[[], Request],
    token: str = "",
    secrets: tuple[str, ...] = (),
) -> Exchange:
    reply: Reply = yield Send(request, (token, session.given_token, *session.secrets, *secrets))
    session.answered(reply)
    return reply


def _explained(reply: Reply, advice: str) -> Reply:
    return replace(reply, message=f"corpAccessToken has expired or is not valid: {advice}")
