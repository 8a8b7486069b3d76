"""What processes and machines share through Redis: this module's quota windows, and the tokens.

The one door to the other modules of Redis is `SharedStore`. A forked child makes a store of its
own: the connections of the parent are the parent's.

The rule of a window is that of `pacing`: a slot is busy from its taking until `seconds` after it is
given back. No limiter library keeps it: they all count from the sending, so that a call which is
answered late leaves the window before the vendor may have counted it, and none can hold a slot
until after the answer. Hence two small scripts, which reckon with Redis' own clock only:

- `busy` holds the slots under way, by the end of their lease: a process that dies keeps its slots
  no longer than that.
- `free` holds the slots given back, by the time at which they are free.

Every slot is taken from a window of this process as well. When Redis is lost, that one knows what
this process has used; when Redis is back (empty, maybe), it still keeps this process within the
quota, and what was used meanwhile is reported to Redis before anything else is asked.
"""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from shim.objectapi._redis_link import RETRY_SECONDS, Link, OnLoss, StoreLost, key
from shim.objectapi._redis_tokens import SharedTokens
from shim.objectapi.pacing import LocalWindow, Slot, use_within

if TYPE_CHECKING:
    from shim.objectapi._redis_link import Argument

_MICROSECONDS = 1_000_000

_COMMON = """
local busy, free = KEYS[1], KEYS[2]
local seconds, calls = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local latest = now + seconds

-- Lua would round a number of this size when it makes a text of it.
local function text(number)
  return string.format('%.0f', number)
end

local function add(to, name, at)
  redis.call('ZADD', to, text(at), name)
  local last = redis.call('ZRANGE', to, -1, -1, 'WITHSCORES')
  redis.call('PEXPIREAT', to, text(math.ceil(last[2] / 1000) + 1))
end

for _, at in ipairs(KEYS) do
  local kind = redis.call('TYPE', at).ok
  if kind ~= 'zset' and kind ~= 'none' then redis.call('DEL', at) end
end

-- What no call of ours can have left, or only if Redis' clock went back since: a slot that is free
-- later than a call answered now, more slots under way than there are, one without a lease, and one
-- whose lease is longer than its name says. Each counts as a call answered now, so that the quota
-- holds and a call waits no longer than the window.
local strange = redis.call('ZREMRANGEBYSCORE', free, '(' .. text(latest), '+inf')
  + redis.call('ZREMRANGEBYRANK', busy, calls, -1)
local held = redis.call('ZRANGE', busy, 0, -1, 'WITHSCORES')
for i = 1, #held, 2 do
  local lease = string.match(held[i], '^%x+%-(%d+)$')
  if not lease or #lease > 9 or tonumber(held[i + 1]) > latest + lease * 1000 then
    redis.call('ZREM', busy, held[i])
    strange = strange + 1
  end
end
for i = 1, math.min(strange, calls) do
  add(free, clock[1] .. '.' .. clock[2] .. '.' .. i, latest)
end
"""

_TAKE = (
    _COMMON
    + """
local name, lease, not_before = ARGV[3], tonumber(ARGV[4]), ARGV[5]
redis.call('ZREMRANGEBYSCORE', busy, '-inf', now)
redis.call('ZREMRANGEBYSCORE', free, '-inf', now)

-- A slot given back after its lease may make them more than there should be. So many have to be
-- free before the next can be had.
local over = redis.call('ZCARD', busy) + redis.call('ZCARD', free) - calls
local free_at = 0
if over >= 0 then
  local found = redis.call('ZRANGE', free, over, over, 'WITHSCORES')
  if not found[1] then return false end
  redis.call('ZREM', free, found[1])
  free_at = tonumber(found[2])
end
local usable = math.max(now + not_before, free_at)
add(busy, name, usable + lease)
return {usable - now, free_at}
"""
)

_GIVE_BACK = (
    _COMMON
    + """
for i = 3, #ARGV, 4 do
  local name, used, free_at, seconds = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local was_busy = redis.call('ZREM', busy, name)
  local at = math.min(math.max(now + seconds, tonumber(free_at)), latest)
  -- What was used counts, even where the lease is over or Redis never heard of it.
  if at > now and (used == '1' or was_busy == 1) then add(free, name, at) end
end
"""
)


@dataclass(frozen=True, slots=True)
class _SharedSlot(Slot):
    """A slot in Redis, and in this process.

    `name` is empty if Redis was never asked; `free_at` is in microseconds of Redis' clock.

    Attributes:
        local: The slot in this process's own window.
        in_doubt: Whether Redis was asked and did not answer, so that it may have taken a slot.
    """

    local: Slot = field(kw_only=True)
    in_doubt: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class _Return:
    """What Redis has to know about a slot that is given back.

    Attributes:
        name: The slot's.
        used: Whether there was a call.
        free_at: When it was to be free before it was taken, in microseconds of Redis' clock.
        seconds: How long it stays busy, from `since` on.
        since: When it was given back, on `time.monotonic()`.
    """

    name: str
    used: bool
    free_at: int
    seconds: float
    since: float

    def arguments(self) -> tuple[Argument, ...]:
        """Return them as the script takes them, as of now."""
        busy = max(self.since + self.seconds - time.monotonic(), 0.0)
        return self.name, int(self.used), self.free_at, round(busy * _MICROSECONDS)


class SharedWindow:
    """One window of all processes that name it alike. See `pacing.Window`."""

    remote = True

    def __init__(
        self, link: Link, name: str, calls: int, seconds: float, lease_seconds: float
    ) -> None:
        self._link = link
        self._keys = (key(name, "busy"), key(name, "free"))
        self._calls = calls
        self._seconds = seconds
        self.lease_seconds = lease_seconds
        # The first two arguments of both scripts.
        self._common = (_microseconds(seconds), calls)
        self._local = LocalWindow(calls, seconds, lease_seconds=lease_seconds)
        self._take = link.script(_TAKE, self._taken)
        self._give_back = link.script(_GIVE_BACK, _nothing)
        # What could not be reported to Redis while it was lost, oldest first.
        self._unreported: deque[_Return] = deque()
        # Reentrant, for a signal handler or a finalizer may make a call while it is held.
        self._lock = threading.RLock()

    def take(self) -> Slot | None:
        """Take the slot that is free first, or None if all are under way.

        Raises:
            StoreLost: The store is lost, and `on_quota_store_loss` is "refuse".
        """
        self._local.lease_seconds = self.lease_seconds
        local = self._local.take()
        if local is None:
            return None
        # With its lease, so that slots which no call of ours has left can be recognised.
        name = f"{secrets.token_hex(8)}-{math.ceil(self.lease_seconds * 1000)}"
        try:
            slot = self._ask_for(name, local)
        except StoreLost as lost:
            slot = _SharedSlot(
                local.wait,
                name=name if lost.sent else "",
                use_by=local.use_by,
                local=local,
                in_doubt=lost.sent,
            )
            if self._link.on_loss == "local":
                return slot
            self.give_back(slot, used=False)
            raise
        if slot is None:
            self._local.give_back(local, used=False)
        return slot

    def give_back(self, slot: Slot, *, used: bool) -> None:
        """See `Window`. Never raises: what cannot be reported to Redis now is reported later."""
        assert isinstance(slot, _SharedSlot)  # noqa: S101 - what take() returned.
        self._local.give_back(slot.local, used=used)
        if not used and not slot.name:
            return
        back = _Return(
            slot.name or secrets.token_hex(8),
            used,
            int(slot.free_at),
            # Which slot Redis chose is unknown if its answer was lost. It is free after `seconds`
            # at the latest.
            self._seconds if used or slot.in_doubt else 0.0,
            time.monotonic(),
        )
        try:
            self._give_back(self._keys, (*self._common, *back.arguments()))
        except StoreLost:
            self._keep(back)

    def _ask_for(self, name: str, local: Slot) -> _SharedSlot | None:
        if self._unreported:
            self._report()
        times = (_microseconds(self.lease_seconds), _microseconds(local.wait))
        found = self._take(self._keys, (*self._common, name, *times))
        if found is None:
            return None
        wait, free_at = found
        use_by = time.monotonic() + wait + use_within(self.lease_seconds, self._seconds)
        return _SharedSlot(wait, float(free_at), name, min(use_by, local.use_by), local=local)

    def _taken(self, answer: Any) -> tuple[float, int] | None:
        """Return for how many seconds to wait, and when the slot is free on Redis' clock."""
        if answer is None:
            return None
        if not isinstance(answer, list):
            raise TypeError
        wait, free_at = answer
        # Microseconds are rounded by both sides.
        longest = _microseconds(self._seconds) + 2
        if not (isinstance(wait, int) and isinstance(free_at, int) and 0 <= wait <= longest):
            raise ValueError
        return wait / _MICROSECONDS, free_at

    def _report(self) -> None:
        # Callers that come meanwhile have to wait: no slot can be taken before.
        with self._lock:
            unreported = chain.from_iterable(back.arguments() for back in self._unreported)
            self._give_back(self._keys, (*self._common, *unreported))
            self._unreported.clear()

    def _keep(self, back: _Return) -> None:
        with self._lock:
            self._unreported.append(back)
            # Redis no longer counts what is older.
            while self._unreported[0].since < back.since - self.lease_seconds - self._seconds:
                self._unreported.popleft()


def _nothing(answer: Any) -> None:
    if answer is not None:
        raise TypeError


def _microseconds(seconds: float) -> int:
    return round(seconds * _MICROSECONDS)


class SharedStore:
    """One Redis, as one process sees it. For any number of threads.

    Attributes:
        tokens: The shared tokens.
    """

    def __init__(self, url: str, on_loss: OnLoss, *, retry_seconds: float = RETRY_SECONDS) -> None:
        """Connect to nothing yet.

        Args:
            url: Where Redis is: the setting `redis_url`.
            on_loss: What to do without it: the setting `on_quota_store_loss`.
            retry_seconds: Seconds after which one caller tries a lost store again.

        Raises:
            ConfigurationError: The extra `redis` is not installed, or the URL is unusable.
        """
        self._link = Link(url, on_loss, retry_seconds)
        self.tokens = SharedTokens(self._link)

    def window(
        self, host_key: str, path: str, calls: int, seconds: float, lease_seconds: float
    ) -> SharedWindow:
        """Return a window. The caller keeps it: each one has its own memory of what it used.

        Args:
            host_key: Whose window, readable and without secrets; the same in all processes.
            path: The interface that is counted.
            calls: Slots.
            seconds: How long a slot stays busy after its answer.
            lease_seconds: How long a slot may be under way before its process counts as dead:
                longer than the longest call, and `seconds` more.
        """
        name = f"{host_key}|{path}|{calls}/{seconds:g}"
        return SharedWindow(self._link, name, calls, seconds, lease_seconds)

    def close(self) -> None:
        """Close the connections. A store that is used again opens new ones."""
        self._link.close()
