"""Performs the jobs of a `Work` with threads."""

from __future__ import annotations

import math
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from shim.objectapi import http
from shim.objectapi.exchange import Ask, Send

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from shim.objectapi.exchange import Wait
    from shim.routing.flow import Steps
    from shim.routing.work import Job, Work

T = TypeVar("T")


class Crew(Generic[T]):
    """Hands that share a work: each takes a job, performs it, and goes on with what comes of it.

    Nobody hands out jobs, so that no call waits for a thread to be told of it. Threads are started
    as jobs need them and live as long as the work: nothing to inherit over a fork, nothing left at
    exit. Where none can be started, since the interpreter is leaving, the caller's does it all.
    """

    def __init__(self, work: Work[T]) -> None:
        """Take on a work."""
        self._work = work
        self._clock = work.clock
        # Whoever holds it may touch the work and what is below.
        self._turn = threading.Condition()
        self._threads: list[threading.Thread] = []
        # Hands at work, and whether the caller's is one of them.
        self._busy = 0
        self._lent = 0
        self._alarm = math.inf
        self._told = 0
        self._leaving = False
        self._error: BaseException | None = None
        # Something for the caller to see. A queue, since a signal's handler may put into it.
        self._news: SimpleQueue[None] = SimpleQueue()

    def __enter__(self) -> Self:
        if self._work.session is not None:
            self._work.session.on_stop = lambda: self._news.put(None)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if not self._leaving:
            self.leave()
        if kind is None:
            for thread in self._threads:
                thread.join()

    def leave(self) -> None:
        """Give up what is under way, except calls on the wire, and let the threads end."""
        with self._turn:
            self._leaving = True
            self._turn.notify_all()
            # Threads that have sent a call still wait for its answer, and its slot with them.
            self._work.close(but_sent=True)

    def begin(self, flow: Steps[T]) -> None:
        """Take on a translation."""
        with self._turn:
            self._work.begin(flow)
            self._summon()

    def do(self, flow: Steps[T]) -> T:
        """Take on a translation, lend a hand until there is a result, and return it."""
        with self._turn:
            self._work.begin(flow)
            self._lent = 1
            self._labour(lambda: bool(self._work.results))
            return self._taken()[0]

    def results(self) -> list[T]:
        """Return the results there are.

        Raises:
            RuntimeError: There are none, and there will be none: see `leave`.
        """
        with self._turn:
            # Where the run was stopped from outside, this is what tells the work.
            self._work.wake()
            self._summon()
            taken = self._taken()
        if self._leaving and not taken:
            msg = "the interpreter is ending, and with it what was under way: run it again"
            raise RuntimeError(msg)
        return taken

    @property
    def hungry(self) -> bool:
        """Whether more translations would keep more calls going."""
        with self._turn:
            return self._work.hungry

    @property
    def idle(self) -> bool:
        """Whether there is nothing under way."""
        with self._turn:
            return self._work.idle

    def wait(self, *, more: bool) -> None:
        """Wait until there may be a result or, where there are `more` translations, a use for one.

        Where no thread could be started, perform jobs until then.
        """
        if self._threads:
            self._news.get()
            return
        with self._turn:
            self._lent = 1
            self._labour(lambda: bool(self._work.results or (more and self._work.hungry)))

    def _taken(self) -> list[T]:
        if self._error is not None:
            raise self._error
        taken = list(self._work.results)
        self._work.results.clear()
        self._told = 0
        return taken

    def _labour(self, enough: Callable[[], bool]) -> None:
        """Perform jobs until it is enough, or something has gone wrong."""
        while not (self._leaving or self._error or enough()):
            job = self._work.next_job()
            if job is not None:
                self._busy += 1
                self._summon()
                self._perform(job)
                self._busy -= 1
            self._tell()
            if job is None and not enough():
                self._rest()

    def _tell(self) -> None:
        """Have the caller look, if there is something that it has not been told of."""
        results = len(self._work.results)
        if self._error or results > self._told:
            self._told = results
            self._turn.notify_all()
            self._news.put(None)
        elif self._work.hungry:
            self._news.put(None)

    def _rest(self) -> None:
        """Wait for a job, or until something is due."""
        due = self._work.due()
        if due is not None and not self._busy:
            due = self._clock.idle(due)
        self._alarm = math.inf if due is None else self._clock.now() + due
        self._turn.wait(due)
        self._alarm = math.inf
        if not self._leaving:
            self._work.wake()

    def _perform(self, job: Job[T]) -> None:
        """Perform a job's step out of turn, and go on with the job in turn."""
        result, error = None, None
        self._turn.release()
        try:
            result = self._outcome(job.step)
        except BaseException as raised:  # noqa: BLE001 - raised again where results are taken.
            error = raised
        finally:
            self._turn.acquire()
        if error is not None:
            self._error = error
            self._work.failed(job)
            return
        self._work.performed(job, result)
        if not self._leaving:
            self._work.wake()

    def _summon(self) -> None:
        """See to it that there is a hand for every job that can be performed now."""
        ready = self._work.ready
        if ready:
            self._turn.notify(ready)
        hands = len(self._threads) + self._lent
        for _ in range(self._busy + ready - hands):
            thread = threading.Thread(target=self._toil, name="fxiaoke-shim", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return
            self._threads.append(thread)
        due = self._work.due()
        if due is not None and self._clock.now() + due < self._alarm:
            # Those who rest have set their alarm for later.
            self._turn.notify()

    def _toil(self) -> None:
        with self._turn:
            try:
                self._labour(lambda: False)
            except BaseException as error:  # noqa: BLE001 - raised where results are taken.
                self._error = error
                self._tell()

    def _outcome(self, step: Send | Ask | Wait) -> Any:
        if isinstance(step, Send):
            return http.post(self._work.open(), step)
        if isinstance(step, Ask):
            return step.question()
        return step.renewal.result()
