"""Renames positions with the client class that the team has had for years.

python helper_class.py FSUID_… FSUID_…
"""

from __future__ import annotations

import os
import sys
from typing import Any

import requests


class FxiaokeClient:
    """Posts a body to any path of the offline API."""

    def __init__(self, base_url: str, token: str, corp_id: str) -> None:
        """Take the address and the credentials of one tenant."""
        self._base_url = base_url
        self._who = {"corpAccessToken": token, "corpId": corp_id}

    def post(self, path: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to one call."""
        url = f"{self._base_url}{path}"
        response = requests.post(url, json={**self._who, **parameters}, timeout=30)
        answer: dict[str, Any] = response.json()
        return answer


def main(open_user_ids: list[str]) -> None:
    """Give each employee a new position, and read it back."""
    client = FxiaokeClient(
        os.environ.get("FXIAOKE_URL", "https://open.fxiaoke.com"),
        os.environ["FXIAOKE_TOKEN"],
        os.environ["FXIAOKE_CORP_ID"],
    )
    for one in open_user_ids:
        done = client.post("/cgi/user/update", user={"openUserId": one, "position": "顾问"})
        seen = client.post("/cgi/user/get", openUserId=one)
        print(one, done["errorCode"], seen["position"])
    print(len(client.post("/cgi/department/list")["departments"]), "departments")


if __name__ == "__main__":
    main(sys.argv[1:])
