"""A window that any number of processes and machines share through Redis.

The rule is that of `pacing`: a slot is busy from its taking until `seconds` after it is given
back. No limiter library keeps it: they all count from the sending, so that a call which is
answered late leaves the window before the vendor may have counted it, and none can hold a slot
until after the answer. Hence two small scripts, which reckon with Redis' own clock only:

- `busy` holds the slots under way, by the end of their lease: a process that dies keeps its slots
  no longer than that.
- `free` holds the slots given back, by the time at which they are free.

Every slot is taken from a window of this process as well. When Redis is lost, that one knows what
this process has used; when Redis is back (empty, maybe), it still keeps this process within the
quota, and what was used meanwhile is told to Redis before anything else is asked.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from shim.objectapi.pacing import LocalWindow, Slot
from shim.objectapi.shared_link import StoreLost, key

if TYPE_CHECKING:
    from shim.objectapi.shared_link import Argument, Link

_MICROSECONDS = 1_000_000

_COMMON = """
local busy, free = KEYS[1], KEYS[2]
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local function add(to, name, at)
  -- Lua would round a number of this size when it makes a text of it.
  redis.call('ZADD', to, string.format('%.0f', at), name)
  local last = redis.call('ZRANGE', to, -1, -1, 'WITHSCORES')
  redis.call('PEXPIREAT', to, string.format('%.0f', math.ceil(last[2] / 1000) + 1))
end
"""

_TAKE = (
    _COMMON
    + """
local name, calls, lease, not_before = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
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
for i = 1, #ARGV, 4 do
  local name, used, free_at, seconds = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local was_busy = redis.call('ZREM', busy, name)
  local at = math.max(now + seconds, tonumber(free_at))
  -- What was used counts, even where the lease is over or Redis never heard of it.
  if at > now and (used == '1' or was_busy == 1) then add(free, name, at) end
end
"""
)


@dataclass(frozen=True, slots=True)
class _SharedSlot(Slot):
    """A slot here and there.

    `name` is empty where Redis was never asked; `free_at` is in microseconds of Redis' clock.

    Attributes:
        local: The slot in this process's own window.
        in_doubt: Whether Redis was asked and did not answer, so that it may have taken a slot.
    """

    local: Slot = field(kw_only=True)
    in_doubt: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class _Return:
    """What Redis has to be told about a slot that is given back.

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
        self._local = LocalWindow(calls, seconds)
        self._take = link.script(_TAKE)
        self._give_back = link.script(_GIVE_BACK)
        # What Redis could not be told while it was lost, oldest first.
        self._untold: deque[_Return] = deque()
        self._lock = threading.Lock()

    def take(self) -> Slot | None:
        """Take the slot that is free first, or None where all are under way.

        Raises:
            StoreLost: The store is lost, and `on_quota_store_loss` is "refuse".
        """
        local = self._local.take()
        if local is None:
            return None
        name = _name()
        try:
            slot = self._ask_for(name, local)
        except StoreLost as lost:
            slot = _SharedSlot(
                local.wait, name=name if lost.sent else "", local=local, in_doubt=lost.sent
            )
            if self._link.on_loss == "local":
                return slot
            self.give_back(slot, used=False)
            raise
        if slot is None:
            self._local.give_back(local, used=False)
        return slot

    def give_back(self, slot: Slot, *, used: bool) -> None:
        """See `Window`. Never raises: what Redis cannot be told now it is told later."""
        assert isinstance(slot, _SharedSlot)  # noqa: S101 - what take() returned.
        self._local.give_back(slot.local, used=used)
        if not used and not slot.name:
            return
        back = _Return(
            slot.name or _name(),
            used,
            int(slot.free_at),
            # Nobody knows which slot Redis chose where its answer was lost. It is free after
            # `seconds` at the latest.
            self._seconds if used or slot.in_doubt else 0.0,
            time.monotonic(),
        )
        try:
            self._give_back(self._keys, back.arguments())
        except StoreLost:
            self._keep(back)

    def _ask_for(self, name: str, local: Slot) -> _SharedSlot | None:
        if self._untold:
            self._tell()
        lease, not_before = (round(it * _MICROSECONDS) for it in (self.lease_seconds, local.wait))
        found = self._take(self._keys, (name, self._calls, lease, not_before))
        if found is None:
            return None
        return _SharedSlot(found[0] / _MICROSECONDS, float(found[1]), name, local=local)

    def _tell(self) -> None:
        # Whoever comes meanwhile has to wait: the others' slots are not to be had before.
        with self._lock:
            self._give_back(
                self._keys, tuple(chain.from_iterable(back.arguments() for back in self._untold))
            )
            self._untold.clear()

    def _keep(self, back: _Return) -> None:
        with self._lock:
            self._untold.append(back)
            # Redis no longer counts what is older.
            while self._untold[0].since < back.since - self.lease_seconds - self._seconds:
                self._untold.popleft()


def _name() -> str:
    return secrets.token_hex(8)
