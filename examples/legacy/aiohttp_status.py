"""Disables leavers with aiohttp, two calls at a time, and reads one back.

python aiohttp_status.py FSUID_… FSUID_…
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import aiohttp

URL = os.environ.get("FXIAOKE_URL", "https://open.fxiaoke.com")
WHO = {
    "corpAccessToken": os.environ["FXIAOKE_TOKEN"],
    "corpId": os.environ["FXIAOKE_CORP_ID"],
}


async def post(session: aiohttp.ClientSession, path: str, **body: Any) -> dict[str, Any]:
    """Make one call of the offline API."""
    async with session.post(f"{URL}{path}", json={**WHO, **body}) as response:
        response.raise_for_status()
        answer: dict[str, Any] = await response.json()
        return answer


async def main(leavers: list[str]) -> None:
    """Disable all leavers."""
    half = (len(leavers) + 1) // 2
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        answers = await asyncio.gather(
            *(
                post(session, "/cgi/user/batchSetStatus", openUserIds=some, status=1)
                for some in (leavers[:half], leavers[half:])
                if some
            )
        )
        print([one["errorCode"] for one in answers])
        person = await post(session, "/cgi/user/get", openUserId=leavers[0])
        print(person["openUserId"], "isStop", person["isStop"], person["email"])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
