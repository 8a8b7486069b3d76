"""The errand on requests: as most scripts do it, and in threads, at the others' concurrency."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from benchmarks.contenders import see
from benchmarks.contenders.wire import QUERY, UPDATE, in_phases, look_up, rows, update

if TYPE_CHECKING:
    from benchmarks.contenders import Errand


def one_by_one(errand: Errand) -> None:
    """Run it for one member after another: a look-up, then an update, and nothing is read back."""
    with requests.Session() as session:

        def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            found: dict[str, Any] = session.post(
                f"{errand.tenant.base_url}{path}", json=body, timeout=30
            ).json()
            return found

        for one in errand.ids:
            (row,) = rows(post(QUERY, look_up(errand, [one])))
            see(right=post(UPDATE, update(errand, row))["errorCode"] == 0)


def phases(errand: Errand) -> None:
    """Run it as the other hand-written programs do, a thread for each call under way."""
    asyncio.run(_phases(errand))


async def _phases(errand: Errand) -> None:
    loop = asyncio.get_running_loop()
    with requests.Session() as session, ThreadPoolExecutor(errand.at_once) as threads:
        session.mount("http://", HTTPAdapter(pool_maxsize=errand.at_once))

        def send(path: str, body: dict[str, Any]) -> dict[str, Any]:
            found: dict[str, Any] = session.post(
                f"{errand.tenant.base_url}{path}", json=body, timeout=30
            ).json()
            return found

        async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            return await loop.run_in_executor(threads, send, path, body)

        await in_phases(errand, post)
