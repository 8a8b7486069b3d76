"""A run over any number of members: what `set_member_status_many` and `fxshim members` stand on."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import AsyncIterable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from shim import notices, settings
from shim._call import open_session
from shim.notices import BulkRunFinished
from shim.objectapi.calls import local_trace_id
from shim.objectapi.codes import Code
from shim.objectapi.kinds import KEYS_PER_QUERY
from shim.objectapi.pacing import least_seconds
from shim.offline import checks
from shim.offline.answer import Outcome
from shim.offline.members import set_status
from shim.scheduler.loading import load

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Mapping

    from typing_extensions import Self

    from shim.scheduler.drivers import AsyncStream
    from shim.scheduler.steps import Steps
    from shim.settings.model import Settings

FUNCTION = "set_member_status_many"
settings.FUNCTIONS.append((FUNCTION,))


class _Base:
    """What a blocking and an awaiting run have in common.

    Attributes:
        tally: How many members have ended in each state.
        dry_run: Whether nothing is written.
    """

    def __init__(
        self,
        status: int,
        corp_access_token: str | None,
        corp_id: str | None,
        *,
        dry_run: bool,
    ) -> None:
        load()
        try:
            self._status = checks.status(status)
        except checks.Refused as refused:
            raise ValueError(refused.text) from None
        self.tally: Counter[str] = Counter()
        # What talks to the network is not needed before.
        from shim.modes.choice import choose  # noqa: PLC0415
        from shim.scheduler.work import Work  # noqa: PLC0415

        self._session = open_session(corp_access_token, corp_id)
        self._settings = self._session.settings
        # There is no old call for this, so the modes that make one do not concern it.
        mode = choose(self._settings, FUNCTION, self._session.tenant.corp_id).mode
        self.dry_run = dry_run or mode == "dry_run"
        self._work: Work[list[Outcome]] = Work(lambda: self._session)
        self._work.open()
        self._started = time.monotonic()
        self._interrupted = False
        self._finished = False
        self._trouble: Exception | None = None

    def stop(self) -> None:
        """Read and send nothing more; what is under way ends.

        Members read but not attempted come as failed, then the run ends. May be called from a
        signal's handler and from any thread.
        """
        self._interrupted = True
        self._session.stop(Code.BUSY, "the run was interrupted; run it again to go on")

    @property
    def api_calls(self) -> Mapping[str, int]:
        """HTTP calls made, by path."""
        return dict(self._session.api_calls)

    @property
    def waiting(self) -> tuple[str, float] | None:
        """What the run waits for while no call is under way, and for how many seconds more.

        `quota`, `retry` or `read-back`; None while calls are made.
        """
        return self._work.waiting

    def remaining_seconds(self, rest: int) -> float:
        """Return how long the quota makes `rest` more members take at the least.

        By the share of those so far that was written.
        """
        done = self.tally.total()
        written = done - self.tally["unchanged"]
        changes = math.ceil(rest * written / done) if done else 0
        return quota_seconds(self._settings, rest, changes)

    def _flow(self, given: list[Any]) -> Steps[list[Outcome]]:
        """Bring some members to the state; whatever is given, each ends in one outcome."""
        checked = [_checked(one) for one in given]
        ids = [one for one in checked if isinstance(one, str)]
        now, acting = self._settings, self._session.acting
        found: list[Outcome] = []
        if ids:
            from shim.modes.object_api import acting_as, with_employee  # noqa: PLC0415

            named = now if acting is None else acting_as(now, acting)
            found = yield from with_employee(named, lambda: self._session, partial(self._set, ids))
        outcomes = iter(found)
        return [next(outcomes) if isinstance(one, str) else one for one in checked]

    def _set(self, ids: list[str], now: Settings) -> Steps[list[Outcome]]:
        corp_id = self._session.tenant.corp_id
        change = set_status(now, ids, self._status, corp_id=corp_id)
        if self.dry_run:
            from shim.modes.dry_run import DryRun  # noqa: PLC0415 - as above.

            change = DryRun().run(change)
        return (yield from change)

    def _count(self, outcomes: list[Outcome]) -> list[Outcome]:
        self.tally.update(outcome.state for outcome in outcomes)
        return outcomes

    def _begin(self) -> None:
        _begun.add(self)

    def finish(self) -> None:
        """Report the end of the run. Again: nothing."""
        if self._finished:
            return
        self._finished = True
        _begun.discard(self)
        notices.emit(
            BulkRunFinished(
                status=self._status,
                dry_run=self.dry_run,
                members=self.tally.total(),
                changed=self.tally["changed"],
                unchanged=self.tally["unchanged"],
                failed=self.tally["failed"],
                planned=self.tally["planned"],
                api_calls=self.api_calls,
                seconds=round(time.monotonic() - self._started, 3),
                trace_id=self._session.first_trace_id,
                trace_id_count=self._session.trace_id_count,
            )
        )


# Runs that have not ended. At exit, one that was left half-way reports before the modules that this
# needs are gone.
_begun: WeakSet[_Base] = WeakSet()


def _finish_all() -> None:
    for run in tuple(_begun):
        run.finish()


notices.before_the_end(_finish_all)


class Run(_Base):
    """A run that blocks while it is iterated over."""

    def __init__(
        self,
        open_user_ids: Iterable[object],
        status: int,
        *,
        corp_access_token: str | None = None,
        corp_id: str | None = None,
        dry_run: bool = False,
    ) -> None:
        """Prepare a run; nothing is read or sent before it is iterated over.

        See `shim.set_member_status_many` for arguments and errors.
        """
        super().__init__(status, corp_access_token, corp_id, dry_run=dry_run)
        self._ids = open_user_ids

    def __iter__(self) -> Generator[Outcome, None, None]:
        """Yield the outcomes, in the order in which they end."""
        for group in self.groups():
            yield from group

    def groups(self) -> Generator[list[Outcome], None, None]:
        """Yield the outcomes as they end, those that end together in one list."""
        from shim.scheduler.drivers import stream  # noqa: PLC0415 - talks to the network.

        self._begin()
        try:
            for outcomes in stream(self._work, map(self._flow, self._chunks())):
                yield self._count(outcomes)
        finally:
            self.finish()
        if self._trouble is not None:
            raise self._trouble

    def _chunks(self) -> Iterator[list[Any]]:
        chunk: list[Any] = []
        try:
            for one in self._ids:
                chunk.append(one)
                if len(chunk) == KEYS_PER_QUERY:
                    yield chunk
                    chunk = []
                if self._interrupted:
                    break
        except Exception as error:  # noqa: BLE001 - raised when what was read before has ended.
            self._trouble = error
        if chunk:
            yield chunk


class AsyncRun(_Base):
    """A run to iterate over with `async for`."""

    def __init__(
        self,
        open_user_ids: Iterable[object] | AsyncIterable[object],
        status: int,
        *,
        corp_access_token: str | None = None,
        corp_id: str | None = None,
        dry_run: bool = False,
    ) -> None:
        """Prepare a run; nothing is read or sent before it is iterated over.

        See `shim.set_member_status_many` for arguments and errors.
        """
        super().__init__(status, corp_access_token, corp_id, dry_run=dry_run)
        self._ids = open_user_ids

    def __aiter__(self) -> AsyncOutcomes:
        """Return an iterator over the outcomes, in the order in which they end."""
        from shim.scheduler.drivers import AsyncStream  # noqa: PLC0415 - talks to the network.

        groups = AsyncStream(self._work, self._flows())
        return AsyncOutcomes(groups, begin=self._begin, count=self._count, end=self._end)

    def _end(self, *, whole: bool) -> None:
        self.finish()
        trouble, self._trouble = self._trouble, None
        if whole and trouble is not None:
            raise trouble

    async def _flows(self) -> AsyncGenerator[Steps[list[Outcome]], None]:
        chunk: list[Any] = []
        try:
            async for one in _each(self._ids):
                chunk.append(one)
                if len(chunk) == KEYS_PER_QUERY:
                    yield self._flow(chunk)
                    chunk = []
                if self._interrupted:
                    break
        except Exception as error:  # noqa: BLE001 - raised when what was read before has ended.
            self._trouble = error
        if chunk:
            yield self._flow(chunk)


class AsyncOutcomes:
    """The outcomes of a run, for `async for`. One that is dropped gives up what is under way."""

    def __init__(
        self,
        groups: AsyncStream[list[Outcome]],
        *,
        begin: Callable[[], None],
        count: Callable[[list[Outcome]], list[Outcome]],
        end: Callable[..., None],
    ) -> None:
        self._groups = groups
        self._begin = begin
        self._count = count
        self._end = end
        self._ready: deque[Outcome] = deque()
        self._begun = False

    def __aiter__(self) -> Self:
        """Return itself."""
        return self

    async def __anext__(self) -> Outcome:
        """Return the next outcome.

        Raises:
            StopAsyncIteration: There is none any more.
            Exception: What the iterable of the ids has raised.
        """
        if not self._begun:
            self._begun = True
            self._begin()
        try:
            while not self._ready:
                self._ready.extend(self._count(await anext(self._groups)))
        except StopAsyncIteration:
            self._end(whole=True)
            raise
        except BaseException:
            self._end(whole=False)
            raise
        return self._ready.popleft()

    async def aclose(self) -> None:
        """Give up what is under way, and return when that has ended. Again: nothing."""
        self._ready.clear()
        await self._groups.aclose()
        if self._begun:
            self._end(whole=False)

    def __del__(self) -> None:
        if self._begun:
            self._end(whole=False)


async def _each(ids: Iterable[object] | AsyncIterable[object]) -> AsyncGenerator[object, None]:
    if isinstance(ids, AsyncIterable):
        async for one in ids:
            yield one
    else:
        for one in ids:
            yield one


def _checked(value: Any) -> str | Outcome:
    """Return an id, or the outcome of what is none."""
    value = checks.readable(value)
    try:
        return checks.open_user_id(value)
    except checks.Refused as refused:
        given = value if isinstance(value, str) else ""
        return Outcome(given, "failed", int(refused.code), refused.text, local_trace_id())


def quota_seconds(now: Settings, members: int, changes: int) -> float:
    """Return how long the quota makes a run take at the least.

    Args:
        now: The settings, whose `quota_calls` and `quota_seconds` count.
        members: How many members are looked up.
        changes: How many of them are written, and read back.
    """
    queries = math.ceil(members / KEYS_PER_QUERY) + math.ceil(changes / KEYS_PER_QUERY)
    return least_seconds(max(queries, changes), now.quota_calls, now.quota_seconds)
