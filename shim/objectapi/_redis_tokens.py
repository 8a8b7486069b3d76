"""One renewal of a token for all processes: the first one fetches it, the others wait for it.

The token call may be made at most 10 times a minute and never twice at once (contract, section 1,
grade B). A token is in Redis as it is, for as long as it lives: anyone who may read that Redis may
act for the tenant.
"""

from __future__ import annotations

import random
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shim.objectapi._redis_link import StoreLost, key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shim.objectapi._redis_link import Link

LOCK_SECONDS = 120.0
"""A renewal that takes longer counts as dead, and another process makes it."""
_MARGIN_SECONDS = 60.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.05, 0.2
# What is shared: anything else that is found in Redis is not ours.
_A_TOKEN = re.compile(r"[!-~]{1,4096}")

# What others may have put there is not ours: no text, or one that no token and no lock looks like.
_TIDY = """
for _, at in ipairs(KEYS) do
  local kind = redis.call('TYPE', at).ok
  if kind ~= 'string' and kind ~= 'none' then redis.call('DEL', at) end
end
"""

# A token that will do, with its life; or an empty one, with whether the lock is ours.
_CLAIM = (
    _TIDY
    + """
local token = redis.call('GET', KEYS[1])
if token and token ~= ARGV[1] and #token > 0 and #token <= 4096
    and not string.find(token, '[^!-~]') then
  local life = redis.call('PTTL', KEYS[1])
  if life > tonumber(ARGV[2]) then return {token, life} end
end
local holder = redis.call('GET', KEYS[2])
if holder then
  -- A lock says how long it holds at most; one that holds longer, or for ever, is no lock of ours.
  local longest = string.match(holder, '^%x+%-(%d+)$')
  local life = redis.call('PTTL', KEYS[2])
  if not longest or life < 0 or life > tonumber(longest) then redis.call('DEL', KEYS[2]) end
end
local locked = redis.call('SET', KEYS[2], ARGV[3], 'NX', 'PX', ARGV[4])
return {'', locked and 1 or 0}
"""
)

# In one step, so that no process finds the lock open and the token not yet there.
_SETTLE = (
    _TIDY
    + """
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
"""
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A token and how long it lives."""

    token: str = field(repr=False)
    seconds_left: float


class SharedTokens:
    """The tokens of all processes that use one store."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._claim = link.script(_CLAIM, _claimed)
        self._settle = link.script(_SETTLE, bool)

    def fetch(
        self,
        tenant_key: str,
        stale: str,
        renew: Callable[[], Fetched | None],
        *,
        lock_seconds: float = LOCK_SECONDS,
    ) -> Fetched | None:
        """Return a token other than `stale`, renewed by the first process that asks. Blocks.

        Args:
            tenant_key: Whose token, readable and without secrets; the same in all processes.
            stale: The token that has expired.
            renew: Makes the token call; returns None if it brought no token. Each process then
                tries for itself, one after the other.
            lock_seconds: Seconds that `renew` may take, and that this waits for another process.

        Returns:
            The token, or None where this process's own `renew` brought none.

        Raises:
            StoreLost: The store is lost, and `on_quota_store_loss` is "refuse".
        """
        keys = (key(tenant_key, "token"), key(tenant_key, "token-lock"))
        lock = f"{secrets.token_hex(8)}-{_milliseconds(lock_seconds)}"
        try:
            known = self._wait(keys, stale, lock, lock_seconds)
        except StoreLost:
            if self._link.on_loss == "refuse":
                raise
            return renew()
        if known is not None:
            return known
        fetched = None
        try:
            fetched = renew()
        finally:
            self._finish(keys, lock, fetched)
        return fetched

    def _wait(
        self, keys: Sequence[str], stale: str, lock: str, lock_seconds: float
    ) -> Fetched | None:
        """Return a fresh token, or None as soon as the renewal is this caller's.

        A caller that has waited as long as a renewal may take makes it without the lock.
        """
        until = time.monotonic() + lock_seconds
        arguments = (stale, _milliseconds(_MARGIN_SECONDS), lock, _milliseconds(lock_seconds))
        while True:
            token, number = self._claim(keys, arguments)
            if token:
                return Fetched(token, number / 1000)
            if number or time.monotonic() >= until:
                return None
            # Partly random, so that many do not come back all at once.
            time.sleep(random.uniform(_SHORTEST_PAUSE, _LONGEST_PAUSE))  # noqa: S311

    def _finish(self, keys: Sequence[str], lock: str, fetched: Fetched | None) -> None:
        token, life = "", 0.0
        if fetched and fetched.seconds_left > _MARGIN_SECONDS and _A_TOKEN.fullmatch(fetched.token):
            token, life = fetched.token, fetched.seconds_left
        try:
            self._settle(keys, (lock, token, _milliseconds(life)))
        except StoreLost:
            # The token is good all the same; the lock ends by itself.
            return


def _claimed(answer: Any) -> tuple[str, int]:
    if not isinstance(answer, list):
        raise TypeError
    token, number = answer
    if not isinstance(token, bytes) or not isinstance(number, int):
        raise TypeError
    # A token's life in milliseconds, or whether the lock is ours.
    if not (number > _milliseconds(_MARGIN_SECONDS) if token else number in {0, 1}):
        raise ValueError(number)
    return token.decode("ascii"), number


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
