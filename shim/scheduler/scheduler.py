"""Many translations at once, without I/O: which step is to be performed next.

A `Scheduler` steps translations and the exchanges of their calls. The drivers perform the steps,
blocking or awaiting, and give it the results. So one thread, or one event loop, keeps any number of
calls going, and a wait (for the quota, for a retry) occupies no thread.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from shim.objectapi import http
from shim.objectapi.calls import local_reply
from shim.objectapi.exchange import Send, Sleep
from shim.scheduler.steps import Pause

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from shim.objectapi.calls import Call, Reply
    from shim.objectapi.exchange import Ask, Exchange, Wait
    from shim.objectapi.session import Session
    from shim.scheduler.steps import Steps

T = TypeVar("T")

_NOT_YET = local_reply(0, "not answered yet")


@dataclass(slots=True, eq=False)
class _Translation(Generic[T]):
    """A translation under way, and the replies it waits for."""

    flow: Steps[T]
    replies: list[Reply] = field(default_factory=list["Reply"])
    missing: int = 0


@dataclass(slots=True, eq=False)
class Job(Generic[T]):
    """A call under way.

    Attributes:
        step: What a driver is to perform for it.
    """

    translation: _Translation[T]
    place: int
    writes: bool
    exchange: Exchange
    step: Send | Ask | Wait = field(init=False)


class Scheduler(Generic[T]):
    """Translations under way, and the jobs they make.

    At most `concurrency` calls that read and as many that write are begun at a time, and no more
    than `concurrency` of all are on the wire. Those that read go first: they are few, and others
    wait for what they bring.

    Attributes:
        clock: The clock of all waiting.
        results: What translations have returned, for the driver to take.
        session: Holds the credentials; opened when a translation first asks for a call.
    """

    def __init__(self, open_session: Callable[[], Session]) -> None:
        self.clock = http.clock()
        self.results: deque[T] = deque()
        self.session: Session | None = None
        self._open_session = open_session
        self._translations: set[_Translation[T]] = set()
        self._jobs: set[Job[T]] = set()
        # By whether they write: calls that have not begun, and how many have.
        self._queued: dict[bool, deque[tuple[_Translation[T], int, Call]]] = {
            False: deque(),
            True: deque(),
        }
        self._begun = {False: 0, True: 0}
        # Calls on the wire at once; known with the session.
        self._limit = 1
        self._ready: dict[bool, deque[Job[T]]] = {False: deque(), True: deque()}
        self._asking: deque[Job[T]] = deque()
        self._answered: deque[_Translation[T]] = deque()
        self._on_the_wire = 0
        self._sleeping: list[tuple[float, int, str, Job[T] | _Translation[T]]] = []
        self._numbers = itertools.count()

    @property
    def wants_more(self) -> bool:
        """Whether more translations would keep more calls going."""
        return len(self._translations) < self._limit and len(self._queued[True]) < self._limit

    @property
    def idle(self) -> bool:
        """Whether there is nothing under way."""
        return not self._translations

    @property
    def ready(self) -> int:
        """How many jobs `next_job` would hand out now."""
        sends = sum(map(len, self._ready.values()))
        free = self._limit - self._on_the_wire
        return len(self._asking) + min(sends, free)

    @property
    def waiting(self) -> tuple[str, float] | None:
        """What everything waits for, and how many seconds more; None where calls are made."""
        sleeping = self._sleeping[:1]
        if self._on_the_wire or not sleeping:
            return None
        return sleeping[0][2], max(sleeping[0][0] - self.clock.now(), 0.0)

    def open(self) -> Session:
        """Return the session; opened now, if it has not been."""
        if self.session is None:
            self.session = self._open_session()
            self._limit = self.session.settings.concurrency
        return self.session

    def begin(self, flow: Steps[T]) -> None:
        """Take on a translation."""
        translation = _Translation(flow)
        self._translations.add(translation)
        self._advance(translation, None)
        self._settle()

    def next_job(self) -> Job[T] | None:
        """Return a job whose step is to be performed now, or None; then see `due`."""
        if self._asking:
            return self._asking.popleft()
        for ready in self._ready.values():
            while ready and (refusal := self.open().refuse()):
                self._step(ready.popleft(), refusal)
                self._settle()
            if ready and self._on_the_wire < self._limit:
                self._on_the_wire += 1
                return ready.popleft()
        return None

    def performed(self, job: Job[T], result: Any) -> None:
        """Go on with a job: this came of its step."""
        if isinstance(job.step, Send):
            self._on_the_wire -= 1
        self._step(job, result)
        self._settle()

    def due(self) -> float | None:
        """Return in how many seconds `wake` is to be called, or None."""
        if not self._sleeping:
            return None
        return max(self._sleeping[0][0] - self.clock.now(), 0.0)

    def wake(self) -> None:
        """Go on with what has slept long enough; where the run was stopped, with everything."""
        stopped = self.session is not None and self.session.stopped
        now = self.clock.now()
        while self._sleeping and (stopped or self._sleeping[0][0] <= now):
            sleeper = heapq.heappop(self._sleeping)[3]
            if isinstance(sleeper, Job):
                self._step(sleeper, None)
            else:
                self._advance(sleeper, ())
            self._settle()

    @property
    def remote(self) -> bool:
        """Whether giving up goes over a network: the slots are shared with other processes."""
        return self.session is not None and self.session.settings.redis_url is not None

    def close(self, performing: Collection[Job[T]] = ()) -> None:
        """Give everything up: nothing is begun any more, and the slots go back.

        Args:
            performing: Jobs whose step is still performed, such as a call on the wire. They keep
                their slots; close their exchanges when the step has ended.
        """
        jobs = self._jobs.difference(performing)
        self._jobs -= jobs
        given_up, self._translations = self._translations, set()
        for queued, ready in zip(self._queued.values(), self._ready.values(), strict=True):
            queued.clear()
            ready.clear()
        self._asking.clear()
        self._answered.clear()
        self._sleeping.clear()
        for job in jobs:
            job.exchange.close()
        for translation in given_up:
            translation.flow.close()

    def _settle(self) -> None:
        """Go on with what needs nothing performed, until there is no such thing.

        A loop, not one call within another: a stopped run answers any number of calls
        without sending them.
        """
        while True:
            if self._answered:
                translation = self._answered.popleft()
                self._advance(translation, translation.replies)
            elif not any([self._begin_queued(writes=False), self._begin_queued(writes=True)]):
                return

    def _advance(self, translation: _Translation[T], replies: Sequence[Reply] | None) -> None:
        try:
            # What has not begun takes nothing else than None.
            step = translation.flow.send(replies)  # type: ignore[arg-type]
        except StopIteration as end:
            self._translations.discard(translation)
            self.results.append(end.value)
            return
        if isinstance(step, Pause):
            self._sleep(step.seconds, "read-back", translation)
            return
        self.open()
        translation.replies = [_NOT_YET] * len(step)
        translation.missing = len(step)
        if not step:
            self._answered.append(translation)
        for place, call in enumerate(step):
            self._queued[call.writes].append((translation, place, call))

    def _begin_queued(self, *, writes: bool) -> bool:
        """Begin one call, if there is one and it may; say whether."""
        queued, session = self._queued[writes], self.session
        if not queued or session is None or self._begun[writes] >= self._limit:
            return False
        translation, place, call = queued.popleft()
        job = Job(translation, place, writes, http.exchange(session, call))
        self._begun[writes] += 1
        self._jobs.add(job)
        self._step(job, None)
        return True

    def _step(self, job: Job[T], sent: Any) -> None:
        try:
            step = job.exchange.send(sent)
        except StopIteration as end:
            self._ended(job, end.value)
            return
        if isinstance(step, Sleep):
            self._sleep(step.seconds, step.why, job)
            return
        job.step = step
        (self._ready[job.writes] if isinstance(step, Send) else self._asking).append(job)

    def _ended(self, job: Job[T], reply: Reply) -> None:
        self._jobs.discard(job)
        self._begun[job.writes] -= 1
        translation = job.translation
        translation.replies[job.place] = reply
        translation.missing -= 1
        if not translation.missing:
            self._answered.append(translation)

    def _sleep(self, seconds: float, why: str, sleeper: Job[T] | _Translation[T]) -> None:
        until = self.clock.now() + seconds
        heapq.heappush(self._sleeping, (until, next(self._numbers), why, sleeper))
