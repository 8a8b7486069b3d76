"""Performs the jobs of a `Scheduler` on the running event loop."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary, WeakSet

from shim.objectapi import http
from shim.objectapi.exchange import Ask, Send
from shim.objectapi.tokens import Renewal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from concurrent.futures import Future

    from typing_extensions import Self

    from shim.objectapi.calls import Reply
    from shim.scheduler.scheduler import Job, Scheduler
    from shim.scheduler.steps import Steps

T = TypeVar("T")
R = TypeVar("R")


class AsyncioDriver(Generic[T]):
    """A task for everything that takes time.

    Attributes:
        scheduler: Says which steps to perform.
        exhausted: Whether there are no more translations to pull.
    """

    def __init__(self, scheduler: Scheduler[T]) -> None:
        """Perform the steps of a scheduler."""
        self.scheduler = scheduler
        self.exhausted = False
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        # What to do now that something has been done, or None: look for steps. No asyncio.Queue:
        # that fails when a task that waits for it is collected after its loop was closed.
        self._done: deque[Callable[[], None] | None] = deque()
        self._notified = asyncio.Event()
        self._pulling = False
        self._under_way = 0
        self._posting: set[asyncio.Task[Any]] = set()
        # What to do with a renewal that is waited for, by job.
        self._waiting: dict[Job[T], Callable[[Renewal], None]] = {}
        self._is_cut = False

    async def __aenter__(self) -> Self:
        self._follow_session()
        _live.setdefault(self._loop, WeakSet()).add(self)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is GeneratorExit or self._loop.is_closed():
            # The event loop was closed with this in it: there is nothing to await with.
            self.give_up()
            return
        try:
            # If one failed, or this was cancelled, the others must have ended before this does.
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            # Cancelled once more, perhaps.
            if self.scheduler.idle or not self.scheduler.remote:
                self.scheduler.close()
            else:
                # What is given up gives its slots back, and those are kept across a network.
                await asyncio.to_thread(self.scheduler.close)

    def _follow_session(self) -> None:
        session = self.scheduler.session
        if session is not None:
            session.on_stop = lambda: self._from_outside(None)
            session.on_cut = self._cut

    def _cut(self) -> None:
        """End what is under way as if its time were over. A question to a store ends by itself."""
        self._is_cut = True
        for task in self._posting:
            task.cancel()
        for then in self._waiting.values():
            self._notify(partial(then, Renewal(problem="the caller's time was over")))
        self._waiting.clear()

    async def _post(self, step: Send) -> Reply:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker.
        self._posting.add(task)
        try:
            return await http.apost(self.scheduler.open(), step)
        except asyncio.CancelledError:
            if not self._is_cut:
                raise
            return http.cut_off()
        finally:
            self._posting.discard(task)

    def give_up(self) -> None:
        """Give everything up without waiting for it: the slots go back, from a thread if need be.

        Not while the loop performs a step of it.
        """
        if self.scheduler.remote and not self.scheduler.idle:
            thread = threading.Thread(target=self.scheduler.close, name="fxiaoke-shim", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # The interpreter is leaving and starts no thread any more.
                self.scheduler.close()
        else:
            self.scheduler.close()

    def look_around(self) -> None:
        """End the `wait`: something has changed from which more steps may follow."""
        self._notify(None)

    def _notify(self, done: Callable[[], None] | None) -> None:
        self._done.append(done)
        self._notified.set()

    def hand_out(self) -> None:
        """Have everything performed that can be now."""
        self._follow_session()
        while job := self.scheduler.next_job():
            self._under_way += 1
            step, then = job.step, partial(self._performed, job)
            if isinstance(step, Send):
                self._spawn(self._post(step), then)
            elif isinstance(step, Ask):
                self._spawn(asyncio.to_thread(step.question), then)
            else:
                self._waiting[job] = then
                self._await(job, step.renewal)

    def pull(self, flows: AsyncIterator[Steps[T]]) -> None:
        """Have the next translation begun as soon as it is there."""
        if self._pulling or self.exhausted:
            return
        self._pulling = True

        async def pulled() -> Steps[T] | None:
            return await anext(flows, None)

        self._spawn(pulled(), self._begin)

    async def wait(self) -> None:
        """Wait until something has been done, or is due."""
        due = self.scheduler.due()
        if due is not None and not self._under_way and not self._pulling:
            due = self.scheduler.clock.idle(due)
        alarm = None if due is None else self._loop.call_later(due, self._notify, None)
        while not self._done:
            self._notified.clear()
            await self._notified.wait()
        done = self._done.popleft()
        if alarm is not None:
            alarm.cancel()
        if done is not None:
            done()
        self.scheduler.wake()

    def _performed(self, job: Job[T], result: Any) -> None:
        self._under_way -= 1
        self.scheduler.performed(job, result)

    def _begin(self, flow: Steps[T] | None) -> None:
        self._pulling = False
        if flow is None:
            self.exhausted = True
        else:
            self.scheduler.begin(flow)

    def _spawn(self, doing: Coroutine[Any, Any, R], then: Callable[[R], None]) -> None:
        """Have something done, and what follows from it when the driver next looks."""

        def ended(task: asyncio.Task[R]) -> None:
            self._tasks.discard(task)
            if not task.cancelled():
                error = task.exception()
                self._notify(_raising(error) if error else partial(then, task.result()))

        task = self._loop.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(ended)

    def _await(self, job: Job[T], renewal: Future[Renewal]) -> None:
        def notify(done: Future[Renewal]) -> None:
            error = done.exception()
            if error is not None:
                self._from_outside(_raising(error))
            else:
                self._from_outside(partial(self._renewed, job, done.result()))

        renewal.add_done_callback(notify)

    def _renewed(self, job: Job[T], renewal: Renewal) -> None:
        then = self._waiting.pop(job, None)
        # If it was cut, that is over.
        if then is not None:
            then(renewal)

    def _from_outside(self, then: Callable[[], None] | None) -> None:
        """Notify from another thread. If the loop has ended meanwhile, nothing waits for it."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._notify, then)


# What is under way, by its event loop.
_live: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakSet[AsyncioDriver[Any]]] = (
    WeakKeyDictionary()
)


def give_up_on_closed_loops() -> None:
    """Give up what was left on event loops that have been closed since: it cannot go on there."""
    for reference in _live.keyrefs():
        loop = reference()
        if loop is not None and loop.is_closed():
            for left in tuple(_live.pop(loop, ())):
                left.give_up()


def _raising(error: BaseException) -> Callable[[], None]:
    def then() -> None:
        raise error

    return then
