"""The task hand-written on one httpx.AsyncClient."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks.contenders.wire import in_phases

if TYPE_CHECKING:
    from benchmarks.contenders import Task


def phases(task: Task) -> None:
    """Run it."""
    asyncio.run(_phases(task))


async def _phases(task: Task) -> None:
    # By default it would keep no more than 20 connections, and open the others again each time.
    limits = httpx.Limits(max_keepalive_connections=task.at_once)
    async with httpx.AsyncClient(limits=limits) as client:

        async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = await client.post(f"{task.tenant.base_url}{path}", json=body)
            found: dict[str, Any] = answer.json()
            return found

        await in_phases(task, post)
