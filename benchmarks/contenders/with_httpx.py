"""The errand hand-written on one httpx.AsyncClient."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks.contenders.wire import in_phases

if TYPE_CHECKING:
    from benchmarks.contenders import Errand


def phases(errand: Errand) -> None:
    """Run it."""
    asyncio.run(_phases(errand))


async def _phases(errand: Errand) -> None:
    # By default it would keep no more than 20 connections, and make the others anew each time.
    limits = httpx.Limits(max_keepalive_connections=errand.at_once)
    async with httpx.AsyncClient(limits=limits) as client:

        async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = await client.post(f"{errand.tenant.base_url}{path}", json=body)
            found: dict[str, Any] = answer.json()
            return found

        await in_phases(errand, post)
