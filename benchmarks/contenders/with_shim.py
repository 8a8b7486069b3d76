"""The task through the shim; the settings come from the environment."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING

import shim
from benchmarks.contenders import see

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.contenders import Task
    from shim import Outcome


_SINGLES = 40


def many(task: Task) -> None:
    """Run it as a stream."""
    _see_all(task, shim.set_member_status_many(task.ids, task.status))


def aio_many(task: Task) -> None:
    """Run it as a stream, awaiting."""
    asyncio.run(_aio_many(task))


async def _aio_many(task: Task) -> None:
    outcomes = shim.aio.set_member_status_many(task.ids, task.status)
    _see_all(task, [one async for one in outcomes])


def many_or_singles(task: Task) -> None:
    """Run it as a stream, or for one member as 40 calls, one after another."""
    if len(task.ids) > 1:
        many(task)
        return
    for turn in range(_SINGLES):
        _single(task, turn)


def aio_many_or_singles(task: Task) -> None:
    """Run it as `many_or_singles`, awaiting, on one event loop for all tasks."""
    loop = _loop()
    if len(task.ids) > 1:
        loop.run_until_complete(_aio_many(task))
        return

    async def singles() -> None:
        tenant = task.tenant
        for turn in range(_SINGLES):
            answer = await shim.aio.set_member_status_batch(
                tenant.corp_access_token, tenant.corp_id, list(task.ids), 1 + turn % 2
            )
            see(right=answer["errorCode"] == 0)

    loop.run_until_complete(singles())


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def _single(task: Task, turn: int) -> None:
    tenant = task.tenant
    answer = shim.set_member_status_batch(
        tenant.corp_access_token, tenant.corp_id, list(task.ids), 1 + turn % 2
    )
    see(right=answer["errorCode"] == 0)


def batch(task: Task) -> None:
    """Run it as the one offline call."""
    tenant = task.tenant
    answer = shim.set_member_status_batch(
        tenant.corp_access_token, tenant.corp_id, list(task.ids), task.status
    )
    see(right=answer["errorCode"] == 0)


def singles(task: Task) -> None:
    """Run it as a loop of the offline call, one member each time."""
    tenant = task.tenant
    for one in task.ids:
        answer = shim.set_member_status_batch(
            tenant.corp_access_token, tenant.corp_id, [one], task.status
        )
        see(right=answer["errorCode"] == 0)


def _see_all(task: Task, outcomes: Iterable[Outcome]) -> None:
    right = sum(outcome.state in {"changed", "unchanged"} for outcome in outcomes)
    see(right=right == len(task.ids))
