"""One call and all that belongs to it: a slot in the window, a fresh token, patience.

A generator without I/O, as httpx's `auth_flow` is: it yields what has to happen next and is sent
the result. Whoever performs it, blocking or awaiting, therefore does the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from shim.objectapi import tokens
from shim.objectapi.calls import Call, Reply, local_reply
from shim.objectapi.codes import PASSING, Code
from shim.objectapi.pacing import POLL_SECONDS, Claim, WindowLost
from shim.objectapi.session import Request, address

if TYPE_CHECKING:
    from concurrent.futures import Future

    from shim.objectapi.pacing import Window
    from shim.objectapi.patience import Patience
    from shim.objectapi.process import Process
    from shim.objectapi.session import Session
    from shim.objectapi.tokens import Renewal

R = TypeVar("R")
Why = Literal["quota", "retry"]


@dataclass(frozen=True, slots=True)
class Send:
    """Post this and send back the `Reply`.

    Attributes:
        request: Makes the request. Whoever performs the step does it outside of its turn with the
            work, so that making one holds up nobody else.
        secrets: What must not show in the reply's text.
    """

    request: Callable[[], Request] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sleep:
    """Let so many seconds pass."""

    seconds: float
    why: Why


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for the renewal somebody is making and send back the `Renewal`."""

    renewal: Future[Renewal]


@dataclass(frozen=True, slots=True)
class Ask:
    """Call this, which may go over a network, and send back what it returns; it does not raise."""

    question: Callable[[], Any]


Step: TypeAlias = Send | Sleep | Wait | Ask
Exchange: TypeAlias = Generator[Step, Any, Reply]


def exchange(
    session: Session, call: Call, process: Process, fetch: Callable[[str], Renewal]
) -> Exchange:
    """Return the steps that turn `call` into its reply.

    Args:
        session: Who asks.
        call: What is asked.
        process: What all sessions of this process share.
        fetch: Makes the token call, blocking, given the token that is to be replaced; runs in a
            thread of its own.
    """
    if call.as_given or call.aside_seconds is not None:
        return (yield from _plainly(session, call, process))
    once = partial(_once, session, call, process, fetch)
    return (yield from _persistent(session, call, process, once))


def _plainly(session: Session, call: Call, process: Process) -> Exchange:
    """Make a call once, in its turn, and leave it at that."""
    now = session.settings
    book = process.tokens(session.tenant, now.app_id)
    window = process.window(session, call.path, now.quota_calls, now.quota_seconds)
    patience = inf if call.aside_seconds is None else call.aside_seconds

    def send() -> Exchange:
        # The caller's, unless this process knows that it has ended and has its successor.
        token = book.best(session.given_token)
        return (yield from _send(session, partial(session.request, call, token), token))

    return (yield from _in_turn(session, window, send, patience))


def token_call(session: Session, process: Process) -> Exchange:
    """Return the steps of the token call (contract, section 1, Credentials)."""
    settings = session.settings
    credentials = settings.app_credentials or {}
    window = process.window(session, tokens.PATH, tokens.QUOTA_CALLS, tokens.QUOTA_SECONDS)

    def request() -> Request:
        return address(settings, tokens.PATH, dict(credentials), session.third_trace_id())

    return (
        yield from _persistent(
            session,
            Call(tokens.PATH, {}),
            process,
            lambda: _in_turn(session, window, lambda: _send(session, request)),
        )
    )


def _persistent(
    session: Session, call: Call, process: Process, once: Callable[[], Exchange]
) -> Exchange:
    """Make a call again while what is wrong may pass, for `retry_seconds` at the most.

    A call that must not happen twice is made again only where it certainly has not happened.
    """
    patience: Patience | None = None
    in_doubt = False
    while True:
        reply = session.refuse()
        if reply is None:
            reply = yield from once()
            session.judge(reply, process.clock.now())
        if in_doubt:
            # An earlier attempt may have been carried out where the last one was not.
            reply = replace(reply, earlier_doubt=True)
        in_doubt = reply.doubtful
        if reply.code not in PASSING or session.stopped or (in_doubt and not call.repeatable):
            return reply
        if patience is None:
            # Most calls need none, and most processes never load what it stands on.
            from shim.objectapi.patience import Patience  # noqa: PLC0415

            patience = Patience(session.settings.retry_seconds, process.clock.now)
        pause = patience.pause()
        if pause is None:
            return reply
        yield Sleep(pause, "retry")


def _once(
    session: Session, call: Call, process: Process, fetch: Callable[[str], Renewal]
) -> Exchange:
    """Make a call once; where its token has expired, once more with a fresh one."""
    settings = session.settings
    book = process.tokens(session.tenant, settings.app_id)
    window = process.window(session, call.path, settings.quota_calls, settings.quota_seconds)
    token, used_at, once_more = "", 0.0, False

    def first() -> Exchange:
        nonlocal token, used_at
        # Chosen only now: while this call waited for its slot, another may have renewed. The time
        # comes first: a token fetched between the two would else pass for one already refused.
        used_at = process.clock.now()
        token = book.best(session.given_token)
        if book.ends_soon(token):
            # Nobody waits for this one: the old token lives on for a while (grade A).
            book.renew(token, used_at, partial(fetch, token))
        if not token:
            # As the vendor would say it, but without spending a call.
            return local_reply(Code.TOKEN_EXPIRED, "no corpAccessToken yet")
        return (yield from _send(session, partial(session.request, call, token), token))

    reply = yield from _in_turn(session, window, first)
    if reply.code != Code.TOKEN_EXPIRED:
        return reply
    if settings.app_credentials is None:
        return _explained(
            reply,
            "pass a fresh token, or set app_id, app_secret and permanent_code so that "
            "it can be renewed here",
        )
    while True:
        renewal = yield Wait(book.renew(token, used_at, partial(fetch, token)))
        if not renewal.token:
            return _explained(reply, renewal.problem)
        token, used_at = renewal.token, process.clock.now()
        reply = yield from _in_turn(session, window, partial(_sent_with, session, call, token))
        # What another process left may have ended early, or be no token of this tenant. It is
        # replaced once; a token that was fetched here is the vendor's last word.
        if reply.code != Code.TOKEN_EXPIRED or not renewal.shared or once_more:
            return reply
        once_more = True


def _sent_with(session: Session, call: Call, token: str) -> Exchange:
    return _send(session, partial(session.request, call, token), token)


def _in_turn(
    session: Session,
    window: Window | None,
    send: Callable[[], Exchange],
    patience: float = inf,
) -> Exchange:
    """Make one HTTP call in a slot of its window, if there is one within `patience` seconds.

    The slot is given back when the call has been answered, has failed or was given up.
    """
    if window is None:
        return (yield from send())
    claim, used = Claim(window), False
    try:
        while True:
            while (slot := (yield from _asked(window, claim.take))) is None and patience > 0:
                yield Sleep(POLL_SECONDS[window.remote], "quota")
                patience -= POLL_SECONDS[window.remote]
            if isinstance(slot, WindowLost):
                return local_reply(Code.THROTTLED, str(slot), reached=False)
            if slot is None or slot.wait > patience:
                yield from _asked(window, partial(claim.give_back, used=False))
                return local_reply(Code.THROTTLED, "the window of this path is full", reached=False)
            if slot.wait:
                yield Sleep(slot.wait, "quota")
            if monotonic() <= slot.use_by:
                break
            # The process or its event loop stood still, and the slot may be another's by now.
            yield from _asked(window, partial(claim.give_back, used=False))
            claim = Claim(window)
        reply = session.refuse()
        if reply is None:
            used = True
            reply = yield from send()
        yield from _asked(window, partial(claim.give_back, used=used))
    except BaseException:
        # Given up: nobody performs a step any more.
        claim.give_back(used=used)
        raise
    return reply


def _asked(window: Window, question: Callable[[], R]) -> Generator[Step, Any, R]:
    if not window.remote:
        return question()
    answer: R = yield Ask(question)
    return answer


def _send(session: Session, request: Callable[[], Request], token: str = "") -> Exchange:
    reply: Reply = yield Send(request, (token, session.given_token, *session.secrets))
    session.answered(reply)
    return reply


def _explained(reply: Reply, advice: str) -> Reply:
    return replace(reply, message=f"corpAccessToken has expired or is not valid: {advice}")
