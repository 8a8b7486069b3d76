"""The task hand-written on one aiohttp session."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp

from benchmarks.contenders.wire import in_phases

if TYPE_CHECKING:
    from benchmarks.contenders import Task


def phases(task: Task) -> None:
    """Run it."""
    asyncio.run(_phases(task))


async def _phases(task: Task) -> None:
    async with aiohttp.ClientSession() as session:

        async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            async with session.post(f"{task.tenant.base_url}{path}", json=body) as answer:
                found: dict[str, Any] = await answer.json()
                return found

        await in_phases(task, post)
