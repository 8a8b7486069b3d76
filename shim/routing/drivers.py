"""Drivers: perform what translations ask for, blocking or awaiting, until they return.

`walk` and `awalk` take one translation, `stream` and `astream` any number of them. What to do and
when is `Work`'s business, for both alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from shim.routing.awaiting import Loop
from shim.routing.blocking import ThreadDriver
from shim.routing.work import Work

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator

    from shim.objectapi.session import Session
    from shim.routing.flow import Steps

T = TypeVar("T")


def walk(flow: Steps[T], open_session: Callable[[], Session]) -> T:
    """Return what `flow` returns, blocking; a session is opened when it first asks for a call."""
    with ThreadDriver(Work[T](open_session)) as threads:
        return threads.one(flow)


def stream(work: Work[T], flows: Iterator[Steps[T]]) -> Generator[T, None, None]:
    """Yield what the flows return, as they end, blocking.

    Work goes on while results are taken. Closing the generator gives up what is under way.
    """
    with ThreadDriver(work) as threads:
        yield from threads.all(flows)


async def awalk(flow: Steps[T], open_session: Callable[[], Session]) -> T:
    """Return what `flow` returns, awaiting; a session is opened when it first asks for a call."""
    async with Loop(Work[T](open_session)) as loop:
        loop.work.begin(flow)
        while not loop.work.results:
            loop.hand_out()
            if not loop.work.results:
                await loop.wait()
        return loop.work.results.popleft()


async def astream(work: Work[T], flows: AsyncIterator[Steps[T]]) -> AsyncGenerator[T, None]:
    """Yield what the flows return, as they end, awaiting; closing it gives up what is under way."""
    async with Loop(work) as loop:
        while True:
            loop.hand_out()
            while work.results:
                yield work.results.popleft()
            if work.hungry:
                loop.pull(flows)
            if loop.exhausted and work.idle:
                return
            await loop.wait()
