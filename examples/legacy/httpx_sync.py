"""Enables employees who came back, with httpx, and reads one of them back.

python httpx_sync.py FSUID_… FSUID_…
"""

from __future__ import annotations

import os
import sys

import httpx

WHO = {
    "corpAccessToken": os.environ["FXIAOKE_TOKEN"],
    "corpId": os.environ["FXIAOKE_CORP_ID"],
}


def main(returners: list[str]) -> int:
    """Enable all, and return the errorCode."""
    url = os.environ.get("FXIAOKE_URL", "https://open.fxiaoke.com")
    with httpx.Client(base_url=url, timeout=30) as client:
        answer = client.post(
            "/cgi/user/batchSetStatus", json={**WHO, "openUserIds": returners, "status": 2}
        )
        print(answer.status_code, answer.json()["errorCode"], answer.json()["errorMessage"])
        person = client.post("/cgi/user/get", json={**WHO, "openUserId": returners[0]}).json()
        print(person["openUserId"], person["name"], "isStop", person["isStop"])
    code: int = answer.json()["errorCode"]
    return code


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
