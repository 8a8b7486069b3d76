"""The connection to Redis: it answers in time or is lost, and a loss is logged once.

Everything that goes to Redis goes through `Link.script`: one atomic script for each operation.
While the store is lost, no call waits for it; one caller retries every few seconds.

Nothing that a Redis holds or answers raises anything else than `StoreLost`: an error for every
command, an answer of another shape, one that does not end, or none. What is at the keys and was not
put there by a script is replaced by the scripts themselves.
"""

from __future__ import annotations

import math
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar
from urllib.parse import quote, urlsplit

from shim.notices import QuotaStoreLost, QuotaStoreRecovered, emit
from shim.objectapi.pacing import WindowLost
from shim.settings import ConfigurationError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    import redis

    Argument: TypeAlias = str | int

OnLoss: TypeAlias = Literal["local", "refuse"]
T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)

RETRY_SECONDS = 5.0
"""Seconds after which one caller tries a lost store again."""
_ANSWER_SECONDS = 1.0
# To connect and to answer, however many round trips that takes and however slowly bytes come.
_QUESTION_SECONDS = 2.0
# The longest answer is a token.
_ANSWER_BYTES = 1_000_000
_MANY = 2**31


class StoreLost(WindowLost):
    """The shared store cannot be asked; the text says what to do and holds no secret.

    Attributes:
        sent: Whether the question went out, so that Redis may have taken it in.
    """

    def __init__(self, text: str, *, sent: bool) -> None:
        super().__init__(text)
        self.sent = sent


class Script(Protocol[R_co]):
    """A script that Redis runs as one step."""

    def __call__(self, keys: Sequence[str], arguments: Sequence[Argument]) -> R_co:
        """Run it and return what it returned.

        Raises:
            StoreLost: Redis did not answer as it should, or is not retried yet.
        """
        ...


class Link:
    """One process's connection to the store, and whether it is there."""

    def __init__(self, url: str, on_loss: OnLoss, retry_seconds: float) -> None:
        self._client = _client(url)
        # Not the URL: that may hold a password.
        self._place = urlsplit(url).hostname or "the unix socket"
        self.on_loss = on_loss
        self._retry_seconds = retry_seconds
        # Reentrant, for a signal handler or a finalizer may make a call while it is held.
        self._lock = threading.RLock()
        # Even while the store is there, odd while it is lost. The result of a question that was
        # asked in an earlier generation does not change this one.
        self._generation = 0
        self._lost_at = 0.0
        self._look_again_at = 0.0
        self._reason = ""

    def script(self, text: str, read: Callable[[Any], T]) -> Script[T]:
        """Return a script ready to run.

        Args:
            text: The script.
            read: Returns what its answer says. What this raises says that Redis did not answer.
        """
        registered = self._client.register_script(text)

        def run(keys: Sequence[str], arguments: Sequence[Argument]) -> T:
            return self.ask(lambda: read(registered(keys=keys, args=arguments)))

        return run

    def ask(self, question: Callable[[], T]) -> T:
        """Put a question to Redis and return the answer.

        Raises:
            StoreLost: Redis did not answer as it should, or is not retried yet.
        """
        generation = self._begin()
        _asked.until = time.monotonic() + _QUESTION_SECONDS
        _asked.bytes = 0
        try:
            answer = question()
        except Exception as error:  # noqa: BLE001 - an answer that is none may raise anything.
            self._lose(generation, type(error).__name__)
            raise self._lost(sent=True) from None
        if generation % 2:
            self._recover(generation)
        return answer

    def close(self) -> None:
        """Close the connections."""
        # One of them may be broken already, which does not matter any more.
        with suppress(Exception):
            self._client.close()

    def _begin(self) -> int:
        with self._lock:
            if self._generation % 2:
                now = time.monotonic()
                if now < self._look_again_at:
                    raise self._lost(sent=False)
                # The first caller retries; the others go on meanwhile.
                self._look_again_at = now + self._retry_seconds
            return self._generation

    def _lose(self, generation: int, reason: str) -> None:
        with self._lock:
            if generation != self._generation:
                return
            now = time.monotonic()
            self._reason = reason
            self._look_again_at = now + self._retry_seconds
            if generation % 2:
                return
            self._generation += 1
            self._lost_at = now
        emit(QuotaStoreLost(action=self.on_loss, reason=reason))

    def _recover(self, generation: int) -> None:
        with self._lock:
            if generation != self._generation:
                return
            self._generation += 1
            seconds = time.monotonic() - self._lost_at
        emit(QuotaStoreRecovered(seconds=seconds))

    def _lost(self, *, sent: bool) -> StoreLost:
        text = (
            f"the shared quota store at {self._place} does not answer ({self._reason}): fix "
            'redis_url, or set on_quota_store_loss = "local" to go on with windows of this '
            "process alone"
        )
        return StoreLost(text, sent=sent)


def key(name: str, part: str) -> str:
    """Return the key of one part of what `name` names.

    The braces make a cluster keep all parts in one place, so the name must hold none of its own.
    """
    return f"fxiaoke-shim:{{{quote(name, safe='/:|')}}}:{part}"


class _Asked(threading.local):
    """The question of this thread: when its time ends, and how much was read."""

    until = math.inf
    bytes = 0


_asked = _Asked()


class _Bounded:
    """A connection of the redis client whose answers are bounded, in time and in length.

    The client's own timeout bounds one read: a peer that sends a byte now and then holds it for
    ever.
    """

    def _connect(self) -> Any:
        return BoundedSocket(super()._connect())  # type: ignore[misc]


class BoundedSocket:
    """A socket whose reads end with the question that they are for."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def recv(self, *arguments: Any) -> bytes:
        """Read as a socket does, while the question lasts."""
        data: bytes = self._bounded(self._socket.recv, arguments)
        _count(len(data))
        return data

    def recv_into(self, *arguments: Any) -> int:
        """Read into a buffer as a socket does, while the question lasts."""
        size: int = self._bounded(self._socket.recv_into, arguments)
        _count(size)
        return size

    def _bounded(self, read: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        left = _asked.until - time.monotonic()
        if left <= 0:
            msg = "the answer does not end"
            raise TimeoutError(msg)
        timeout = self._socket.gettimeout()
        self._socket.settimeout(left if timeout is None else min(timeout, left))
        try:
            return read(*arguments)
        finally:
            self._socket.settimeout(timeout)


def _count(size: int) -> None:
    _asked.bytes += size
    if _asked.bytes > _ANSWER_BYTES:
        msg = "the answer is too long"
        raise OSError(msg)


def _client(url: str) -> redis.Redis:
    """Return a client that does not linger."""
    try:
        import redis  # Only who shares a quota pays for it.
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        msg = "redis_url needs the extra redis: pip install 'fxiaoke-shim[redis]'"
        raise ConfigurationError(msg) from None
    try:
        client = redis.Redis.from_url(
            url,
            socket_timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
            # A thread each may ask at once; to run out of connections would pass for a loss.
            max_connections=_MANY,
            # Old servers and proxies speak no other.
            protocol=2,
            # A token given by a caller may be any text.
            encoding_errors="backslashreplace",
        )
        pool = client.connection_pool
        pool.connection_class = type("Bounded", (_Bounded, pool.connection_class), {})
        # Connects to nothing, but complains of options in the URL that do not exist.
        pool.make_connection()
    except (ValueError, TypeError, redis.RedisError, OSError):
        # Their text may quote the URL.
        msg = "redis_url: has an option after the ? that the redis client does not take"
        raise ConfigurationError(msg) from None
    return client
