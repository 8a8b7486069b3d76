"""Posts requests, blocking or awaiting, and returns replies, whether or not there is an answer.

What all calls of a process share (connections, windows, tokens) is held here, and made again in a
forked child.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from shim.objectapi import _wire as wire
from shim.objectapi import exchange as steps
from shim.objectapi import tokens
from shim.objectapi._connections import (
    Connections,
    HttpAnswer,
    Origin,
    athrough,
    origin,
    through,
)
from shim.objectapi._environment import (
    ConnectionSettings,
    UnusableEnvironment,
    httpx,
)
from shim.objectapi._environment import httpcore as httpcore  # noqa: PLC0414 - for the gateway.
from shim.objectapi._network import Attempt, NameUnknown
from shim.objectapi._process import Process
from shim.objectapi._redis_tokens import Fetched
from shim.objectapi._wire import TooLarge, Unreadable
from shim.objectapi.clock import MACHINE
from shim.objectapi.pacing import WindowLost
from shim.settings import ConfigurationError

if TYPE_CHECKING:
    from shim.objectapi._process import RecentWrites
    from shim.objectapi.calls import Call, Reply
    from shim.objectapi.clock import Clock
    from shim.objectapi.session import Session
    from shim.settings.model import Settings

# What a user's transport raises for the network. Anything else is a bug, and is raised.
_TRANSPORT_TROUBLE = (
    *(httpx.HTTPError, httpx.InvalidURL, httpx.StreamError),
    *(httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError),
    *(OSError, UnicodeError, TooLarge, Unreadable),
)
# Nothing was sent yet; from a transport it is known by the kind of the error alone.
_NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol)
_TIMEOUTS = (httpx.TimeoutException, httpcore.TimeoutException)


class _Clients:
    """What all calls of this process share."""

    def __init__(self, clock: Clock) -> None:
        self.process = Process(clock)
        self.connections = Connections()


_clients = _Clients(MACHINE)
_left: list[_Clients] = []


def reset(clock: Clock = MACHINE) -> None:
    """Forget connections, windows and tokens: in a forked child they are the parent's.

    Args:
        clock: What all waiting goes by from here on; tests give one that they can put forward.
    """
    global _clients  # noqa: PLW0603 - there is one of it, by intention.
    if not _clients.connections.are_unused:
        # Kept but not reused: dropping it would close sockets that the parent is talking through.
        _left.append(_clients)
    _clients = _Clients(clock)


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork.
    os.register_at_fork(after_in_child=reset)


def clock() -> Clock:
    """Return the clock that waiting goes by."""
    return _clients.process.clock


def recent() -> RecentWrites:
    """Return the records that this process has written lately."""
    return _clients.process.recent


def connecting(base_url: str) -> tuple[Origin, ConnectionSettings]:
    """Return where an address leads and how to connect to it. For the gateway.

    Raises:
        ConfigurationError: The environment names what cannot be used.
    """
    to = origin(base_url)
    try:
        return to, _clients.connections.settings(to)
    except UnusableEnvironment as problem:
        raise ConfigurationError(str(problem)) from None


def exchange(session: Session, call: Call) -> steps.Exchange:
    """Return the steps that turn `call` into its reply."""
    fetch, find = partial(_fetch_token, session), partial(_find_employee, session)
    return steps.exchange(session, call, _clients.process, fetch, find)


def post(session: Session, step: steps.Send) -> Reply:
    """Post one request and return the reply, blocking."""
    posting = _Posting(session, step)
    if posting.refusal is not None:
        return posting.refusal
    try:
        if posting.to is None:
            answer = through(*posting.through())
        else:
            answer = _clients.connections.send(*posting.sending())
    except Exception as error:  # noqa: BLE001 - `failed` sorts it.
        return posting.failed(error)
    return posting.answered(answer)


async def apost(session: Session, step: steps.Send) -> Reply:
    """Post one request and return the reply, awaiting."""
    posting = _Posting(session, step)
    if posting.refusal is not None:
        return posting.refusal
    try:
        if posting.to is None:
            answer = await athrough(*posting.through())
        else:
            answer = await _clients.connections.asend(*posting.sending())
    except Exception as error:  # noqa: BLE001 - `failed` sorts it.
        return posting.failed(error)
    return posting.answered(answer)


def cut_off() -> Reply:
    """Return the reply for a request that was given up while it was posted."""
    return wire.cut_off()


class _Posting:
    """One request to be posted, and the reply for each of its possible ends.

    Attributes:
        refusal: The reply if it cannot be sent at all, or None.
        to: Where it goes; None with a user's transport.
    """

    def __init__(self, session: Session, step: steps.Send) -> None:
        self._settings = settings = session.settings
        self._secrets = step.secrets
        self._request = step.request()
        self._attempt = Attempt(self._request.content, self._request.timeout)
        self._variable = ""
        self.refusal: Reply | None = None
        self.to: Origin | None = None
        if self._request.timeout <= 0:
            self.refusal = wire.too_late()
            return
        to = origin(settings.base_url)
        try:
            if settings.transport is None:
                self._variable = _clients.connections.settings(to).variable
                self.to = to
        except UnusableEnvironment as problem:
            self.refusal = wire.unusable(str(problem))
            return
        session.sent(self._request.path)

    def through(self) -> tuple[Any, Any, Attempt, int]:
        """Return what a user's transport needs."""
        settings = self._settings
        return settings.transport, self._request, self._attempt, settings.max_answer_bytes

    def sending(self) -> tuple[Origin, httpcore.Request, Attempt, int]:
        """Return what a connection needs."""
        settings, to = self._settings, cast("Origin", self.to)
        request = to.request(settings.base_url, self._request, self._attempt)
        return to, request, self._attempt, settings.max_answer_bytes

    def answered(self, answer: HttpAnswer) -> Reply:
        """Return the reply in an answer."""
        return wire.decode(answer.status, answer.content, self._secrets)

    def failed(self, error: Exception) -> Reply:
        """Return the reply for a request that brought no answer.

        It never left only if its body was not begun: from then on, whatever the error is called,
        it may have been carried out. Only the text of a failed connection is passed on: it is the
        resolver's or the TLS library's, which have seen no body.

        Raises:
            Exception: The error, if it is a bug in a user's transport.
        """
        if self.to is None and not isinstance(error, _TRANSPORT_TROUBLE):
            raise error
        settings, reason = self._settings, type(error).__name__
        if isinstance(error, TooLarge):
            return wire.too_large(settings.max_answer_bytes)
        if isinstance(error, Unreadable):
            return wire.unreadable()
        never_left = (
            isinstance(error, _NOT_CONNECTED) if self.to is None else not self._attempt.begun
        )
        if never_left:
            if self._variable and isinstance(error, NameUnknown):
                return wire.unusable(f"the host in {self._variable} has no address; correct it")
            if isinstance(error, (httpx.ConnectError, httpcore.ConnectError)) and str(error):
                reason = f"ConnectError: {error}"
            elif isinstance(error, httpcore.ProxyError):
                # The status; the rest of the line is the proxy's own.
                reason = f"{reason}: {str(error)[:3]}"
            return wire.unreachable(settings.base_url, reason, self._variable)
        if isinstance(error, _TIMEOUTS):
            return wire.timed_out(settings.timeout_seconds)
        return wire.broken(settings.base_url, reason)


def _fetch_token(session: Session, stale: str) -> tokens.Renewal:
    """Return a successor of `stale`: fetched by this process, or by one it shares a store with."""
    process = _clients.process
    # Refused or expired: credentials that are kept may have been replaced in the vault.
    settings = process.vault.settings(session, fresh=bool(stale))
    if isinstance(settings, str):
        return tokens.Renewal(problem=settings)
    store = process.store(settings)
    if store is None:
        return _called_for_token(session, settings)
    own: list[tokens.Renewal] = []

    def renew() -> Fetched | None:
        own.append(_called_for_token(session, settings))
        return Fetched(own[-1].token, own[-1].seconds) if own[-1].token else None

    # As long as the call may take with all its retries, and a wait for the window of its path.
    lock = 2 * settings.timeout_seconds + settings.retry_seconds + tokens.QUOTA_SECONDS
    try:
        fetched = store.tokens.fetch(
            f"{session.tenant.key}|{settings.app_id}", stale, renew, lock_seconds=lock
        )
    except WindowLost as lost:
        return tokens.Renewal(problem=str(lost))
    if fetched is None:
        return own[-1]
    return tokens.Renewal(fetched.token, seconds=fetched.seconds_left, shared=not own)


def _called_for_token(session: Session, settings: Settings) -> tokens.Renewal:
    process = _clients.process
    renewal = tokens.read(
        _performed(session, steps.token_call(session, process, settings)), session.tenant.corp_id
    )
    if not renewal.token:
        process.vault.forget(session.tenant)
    return renewal


def _find_employee(session: Session, call: Call) -> Reply:
    """Return a reply that says who acts, or why that could not be found out."""
    if call.aside_until is not None:
        # The shadow may end before; what is found then serves the next call.
        session, call = session.aside(), replace(call, aside_until=None)
    fetch = partial(_fetch_token, session)
    return _performed(session, steps.finding(session, call, _clients.process, fetch))


def _performed(session: Session, running: steps.Exchange) -> Reply:
    """Perform an exchange in this thread."""
    sent: Any = None
    waiting = clock()
    try:
        while True:
            step = running.send(sent)
            sent = None
            if isinstance(step, steps.Send):
                sent = post(session, step)
            elif isinstance(step, steps.Ask):
                sent = step.question()
            elif isinstance(step, steps.Wait):
                sent = step.renewal.result()
            else:
                waiting.sleep(step.seconds)
    except StopIteration as end:
        return cast("Reply", end.value)
    finally:
        running.close()
