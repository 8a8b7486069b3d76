"""The task on requests: as most scripts do it, and in threads, at the others' concurrency."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from benchmarks.contenders import see
from benchmarks.contenders.wire import QUERY, UPDATE, in_phases, look_up, rows, update

if TYPE_CHECKING:
    from benchmarks.contenders import Task


def one_by_one(task: Task) -> None:
    """Run it for one member after another: a look-up, then an update, and nothing is read back."""
    with requests.Session() as session:

        def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            found: dict[str, Any] = session.post(
                f"{task.tenant.base_url}{path}", json=body, timeout=30
            ).json()
            return found

        for one in task.ids:
            (row,) = rows(post(QUERY, look_up(task, [one])))
            see(right=post(UPDATE, update(task, row))["errorCode"] == 0)


def phases(task: Task) -> None:
    """Run it as the other hand-written programs do, a thread for each call under way."""
    asyncio.run(_phases(task))


async def _phases(task: Task) -> None:
    loop = asyncio.get_running_loop()
    with requests.Session() as session, ThreadPoolExecutor(task.at_once) as threads:
        session.mount("http://", HTTPAdapter(pool_maxsize=task.at_once))

        def send(path: str, body: dict[str, Any]) -> dict[str, Any]:
            found: dict[str, Any] = session.post(
                f"{task.tenant.base_url}{path}", json=body, timeout=30
            ).json()
            return found

        async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            return await loop.run_in_executor(threads, send, path, body)

        await in_phases(task, post)
