"""The errand through the shim; the settings come from the environment."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING

import shim
from benchmarks.contenders import see

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.contenders import Errand
    from shim import Outcome


_SINGLES = 40


def many(errand: Errand) -> None:
    """Run it as a stream."""
    _see_all(errand, shim.set_member_status_many(errand.ids, errand.status))


def aio_many(errand: Errand) -> None:
    """Run it as a stream, awaiting."""
    asyncio.run(_aio_many(errand))


async def _aio_many(errand: Errand) -> None:
    outcomes = shim.aio.set_member_status_many(errand.ids, errand.status)
    _see_all(errand, [one async for one in outcomes])


def many_or_singles(errand: Errand) -> None:
    """Run it as a stream, or for one member as 40 calls, one after another."""
    if len(errand.ids) > 1:
        many(errand)
        return
    for turn in range(_SINGLES):
        _single(errand, turn)


def aio_many_or_singles(errand: Errand) -> None:
    """Run it as `many_or_singles`, awaiting, on one event loop for all errands."""
    loop = _loop()
    if len(errand.ids) > 1:
        loop.run_until_complete(_aio_many(errand))
        return

    async def singles() -> None:
        tenant = errand.tenant
        for turn in range(_SINGLES):
            answer = await shim.aio.set_member_status_batch(
                tenant.corp_access_token, tenant.corp_id, list(errand.ids), 1 + turn % 2
            )
            see(right=answer["errorCode"] == 0)

    loop.run_until_complete(singles())


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def _single(errand: Errand, turn: int) -> None:
    tenant = errand.tenant
    answer = shim.set_member_status_batch(
        tenant.corp_access_token, tenant.corp_id, list(errand.ids), 1 + turn % 2
    )
    see(right=answer["errorCode"] == 0)


def batch(errand: Errand) -> None:
    """Run it as the one offline call."""
    tenant = errand.tenant
    answer = shim.set_member_status_batch(
        tenant.corp_access_token, tenant.corp_id, list(errand.ids), errand.status
    )
    see(right=answer["errorCode"] == 0)


def singles(errand: Errand) -> None:
    """Run it as a loop of the offline call, one member each time."""
    tenant = errand.tenant
    for one in errand.ids:
        answer = shim.set_member_status_batch(
            tenant.corp_access_token, tenant.corp_id, [one], errand.status
        )
        see(right=answer["errorCode"] == 0)


def _see_all(errand: Errand, outcomes: Iterable[Outcome]) -> None:
    right = sum(outcome.state in {"changed", "unchanged"} for outcome in outcomes)
    see(right=right == len(errand.ids))
