"""The errand through the shim; the settings come from the environment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import shim
from benchmarks.contenders import see

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.contenders import Errand
    from shim import Outcome


def many(errand: Errand) -> None:
    """Run it as a stream."""
    _see_all(errand, shim.set_member_status_many(errand.ids, errand.status))


def aio_many(errand: Errand) -> None:
    """Run it as a stream, awaiting."""

    async def outcomes() -> list[Outcome]:
        return [one async for one in shim.aio.set_member_status_many(errand.ids, errand.status)]

    _see_all(errand, asyncio.run(outcomes()))


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
