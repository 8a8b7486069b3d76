"""The errand hand-written on one aiohttp session."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp

from benchmarks.contenders.wire import in_phases

if TYPE_CHECKING:
    from benchmarks.contenders import Errand


def phases(errand: Errand) -> None:
    """Run it."""
    asyncio.run(_phases(errand))


async def _phases(errand: Errand) -> None:
    async with aiohttp.ClientSession() as session:

        async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            async with session.post(f"{errand.tenant.base_url}{path}", json=body) as answer:
                found: dict[str, Any] = await answer.json()
                return found

        await in_phases(errand, post)
