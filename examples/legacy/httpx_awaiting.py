"""Reads employees at the same time, and disables those that are enabled, with httpx and asyncio.

python httpx_awaiting.py FSUID_… FSUID_…
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import httpx

WHO = {
    "corpAccessToken": os.environ["FXIAOKE_TOKEN"],
    "corpId": os.environ["FXIAOKE_CORP_ID"],
}


async def employee(client: httpx.AsyncClient, open_user_id: str) -> dict[str, Any]:
    """Return what the tenant knows of an employee."""
    response = await client.post("/cgi/user/get", json={**WHO, "openUserId": open_user_id})
    answer: dict[str, Any] = response.json()
    return answer


async def main(leavers: list[str]) -> None:
    """Disable those of the leavers that are enabled."""
    url = os.environ.get("FXIAOKE_URL", "https://open.fxiaoke.com")
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        people = await asyncio.gather(*(employee(client, one) for one in leavers))
        enabled = [one["openUserId"] for one in people if not one["isStop"]]
        body = {**WHO, "openUserIds": enabled, "status": 1}
        answer = await client.post("/cgi/user/batchSetStatus", json=body)
        print("disabled", len(enabled), "errorCode", answer.json()["errorCode"])
        after = await asyncio.gather(*(employee(client, one) for one in leavers))
        print("still enabled", [one["openUserId"] for one in after if not one["isStop"]])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
