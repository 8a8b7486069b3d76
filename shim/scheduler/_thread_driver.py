"""Performs the jobs of a `Scheduler` with threads of its own.

The caller's thread performs nothing: it gives translations and takes results, through queues that
no exception can leave half changed. So what is thrown into it from outside (KeyboardInterrupt, a
soft time limit) interrupts no request and no bookkeeping, and leaves no lock taken; the threads
notice that the caller has left, give back what they hold, and end.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from contextvars import copy_context
from functools import partial
from queue import Empty
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar
from weakref import ref

from shim.objectapi import http
from shim.objectapi.exchange import Ask, Send
from shim.scheduler.threads import LOOK_SECONDS, Mailbox, run, start, start_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Self

    from shim.objectapi.exchange import Wait
    from shim.scheduler.scheduler import Job, Scheduler
    from shim.scheduler.steps import Steps

T = TypeVar("T")

Message: TypeAlias = tuple[Literal["result", "more", "done", "error"], Any]
"""What workers report: a result; that another translation would keep more calls going; that all
have ended; or an error that ends everything."""
_THREAD_NAME = "fxiaoke-shim"
_COUNTED = object()
# If the caller's thread is a worker, it looks this often whether another has left a message.
_SHORT_SECONDS = 0.02


class ThreadDriver(Generic[T]):
    """The caller's side: gives translations, takes results."""

    def __init__(self, scheduler: Scheduler[T]) -> None:
        """Perform the steps of a scheduler; no thread is started yet."""
        self._scheduler = scheduler
        # They hear of it when this object is gone: another exception may be thrown in before
        # `__exit__` has done its part.
        self._workers = _Workers(scheduler, self)
        self._threaded = True
        self._left = False

    def __enter__(self) -> Self:
        if self._scheduler.session is not None:
            self._scheduler.session.on_stop = self._workers.look
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None:
            self._workers.leave()
            self._workers.join()
        elif not self._left:
            self.leave()

    def leave(self) -> None:
        """Give up what is under way, except steps that are performed now: those end on their own.

        Results that there are can still be taken.
        """
        self._left = True
        self._workers.leave()
        self._workers.sweep()

    def one(self, flow: Steps[T]) -> T:
        """Return what one translation returns."""
        self._workers.give(flow)
        self._workers.give(None)
        self._threaded = self._workers.start()
        result: T = self._message()[1]
        return result

    def all(self, flows: Iterator[Steps[T]]) -> Iterator[T]:
        """Yield what translations return, as they end; pulls them as they can be used."""
        self._workers.give(next(flows, None))
        self._threaded = self._workers.start()
        while True:
            kind, value = self._message()
            if kind == "done":
                return
            if kind == "more":
                self._workers.give(next(flows, None))
            else:
                yield value

    def _message(self) -> Message:
        """Return the next message.

        Raises:
            RuntimeError: There will be none: see `leave`.
        """
        message = None
        while message is None:
            if self._left and self._workers.messages.empty():
                msg = "the interpreter is ending, and with it what was under way: run it again"
                raise RuntimeError(msg)
            if not self._threaded:
                # The interpreter is leaving and starts no thread any more.
                self._workers.run_here()
            try:
                message = self._workers.messages.get(timeout=LOOK_SECONDS)
            except Empty:
                self._threaded = self._workers.run_again()
        if message[0] == "error":
            raise message[1]
        return message


class _Workers(Generic[T]):
    """Threads that share a scheduler: each takes a job, performs it, and goes on with its result.

    No thread hands out jobs, so that no job waits for another thread to wake. Threads are started
    as jobs need them and live as long as it does: there is nothing to inherit over a fork, and
    nothing left at exit. What is public is for the caller's thread and takes no lock.
    """

    def __init__(self, scheduler: Scheduler[T], caller: ThreadDriver[T]) -> None:
        self.messages: Mailbox[Message] = Mailbox()
        self._scheduler = scheduler
        self._clock = scheduler.clock
        self._threads: list[threading.Thread] = []
        # Translations that were given but not begun; None: there are no more.
        self._given: deque[Steps[T] | None] = deque()
        # What wakes a resting worker: _COUNTED if it was taken off the count of those that rest,
        # else anything.
        self._bell: Mailbox[object] = Mailbox()
        self._left = False
        self._caller = ref(caller, self._bell.put)
        # Below, what is changed with the lock only. The first worker is counted from the start,
        # and the first translation comes without being asked for.
        self._lock = threading.Lock()
        self._count = 1
        self._resting = 0
        self._performing: set[Job[T]] = set()
        self._alarm = math.inf
        self._asked = True
        self._complete = False
        self._done = False

    def give(self, flow: Steps[T] | None) -> None:
        """Take a translation, or None: there are no more."""
        self._given.append(flow)
        self.look()

    def look(self) -> None:
        """Have a worker look for what has changed. A signal's handler may call this."""
        self._bell.put(None)

    def start(self) -> bool:
        """Start the first worker; return whether a thread could be started."""
        return start(self._to_run(), _THREAD_NAME, self._threads)

    def run_again(self) -> bool:
        """See to it that there is a worker; return whether there is a thread."""
        return any(thread.is_alive() for thread in list(self._threads)) or self.start()

    def leave(self) -> None:
        """Have the workers end after what they perform now."""
        self._left = True
        self.look()

    def join(self) -> None:
        """Wait until all workers have ended; nothing is under way any more."""
        for thread in self._threads:
            thread.join()

    def sweep(self) -> None:
        """Give up at once what is not being performed."""
        run(self._close, _THREAD_NAME)

    def run_here(self) -> None:
        """Be the one worker until there is a message."""
        self._run(lambda: not self.messages.empty(), _SHORT_SECONDS)

    def _to_run(self) -> Callable[[], None]:
        # In the caller's context: a transport may read its variables.
        return partial(copy_context().run, self._run)

    def _run(
        self, enough: Callable[[], bool] = lambda: False, longest: float | None = None
    ) -> None:
        with self._lock:
            try:
                self._work_on(enough, longest)
            except BaseException as error:  # noqa: BLE001 - raised in the caller's thread.
                self._left = True
                self.messages.put(("error", error))
            if self._is_left():
                self._scheduler.close(self._performing)
        # Others that rest see that they can end, too.
        self.look()

    def _close(self) -> None:
        with self._lock:
            self._scheduler.close(self._performing)

    def _work_on(self, enough: Callable[[], bool], longest: float | None) -> None:
        while not self._is_over() and not enough():
            self._take_in()
            job = self._scheduler.next_job()
            if job is not None:
                self._perform(job)
            self._report()
            if job is None and not self._is_over() and not enough():
                self._rest(longest)

    def _is_over(self) -> bool:
        return self._done or self._is_left()

    def _is_left(self) -> bool:
        return self._left or self._caller() is None

    def _take_in(self) -> None:
        while self._given:
            flow = self._given.popleft()
            self._asked = False
            if flow is None:
                self._complete = True
            else:
                self._scheduler.begin(flow)

    def _report(self) -> None:
        results = self._scheduler.results
        while results:
            self.messages.put(("result", results.popleft()))
        if self._complete:
            if self._scheduler.idle and not self._done:
                self._done = True
                self.messages.put(("done", None))
        elif not self._asked and self._scheduler.wants_more:
            self._asked = True
            self.messages.put(("more", None))

    def _perform(self, job: Job[T]) -> None:
        """Perform a job's step without the lock, and go on with the job with it."""
        self._performing.add(job)
        self._call_others()
        self._lock.release()
        try:
            result = self._outcome(job.step)
        finally:
            self._lock.acquire()
            self._performing.discard(job)
        if self._is_left():
            job.exchange.close()
        else:
            self._scheduler.performed(job, result)
            self._scheduler.wake()

    def _rest(self, longest: float | None) -> None:
        """Wait for a job, or until something is due; at most `longest` seconds."""
        due, timeout = self._scheduler.due(), None
        if due is not None:
            if not self._performing:
                due = self._clock.idle(due)
            if due <= 0:
                # Another worker may rest until then, by the machine's clock.
                self._scheduler.wake()
                return
            at = self._clock.now() + due
            if at < self._alarm:
                # One worker is enough to wait for it.
                self._alarm, timeout = at, due
        sets_alarm = timeout is not None
        # Never for good: an exception may have kept a bell from waking this thread.
        timeout = min(one for one in (timeout, longest, LOOK_SECONDS) if one is not None)
        self._resting += 1
        called: object = None
        self._lock.release()
        try:
            called = self._bell.get(timeout=timeout)
        except Empty:
            pass
        finally:
            self._lock.acquire()
        if called is not _COUNTED:
            self._resting -= 1
        if sets_alarm:
            self._alarm = math.inf
        if not self._is_left():
            self._scheduler.wake()

    def _call_others(self) -> None:
        """Have a worker for every job that can be performed now, and one for what is due."""
        ready, due = self._scheduler.ready, self._scheduler.due()
        needed = ready
        if not ready and due is not None and self._clock.now() + due < self._alarm:
            needed = 1
        for _ in range(min(needed, self._resting)):
            self._resting -= 1
            self._bell.put(_COUNTED)
        for _ in range(len(self._performing) + ready - self._count):
            self._count += 1
            if not start_here(self._to_run(), _THREAD_NAME, self._threads):
                self._count -= 1
                return

    def _outcome(self, step: Send | Ask | Wait) -> Any:
        if isinstance(step, Send):
            return http.post(self._scheduler.open(), step)
        if isinstance(step, Ask):
            return step.question()
        return step.renewal.result()
