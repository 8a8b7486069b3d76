"""Disables employees one by one, and reads each back.

    python single_status.py FSUID_ADMIN FSUID_… FSUID_…

The first employee is the one that acts.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import requests

URL = os.environ.get("FXIAOKE_URL", "https://open.fxiaoke.com")
HEADERS = {"Content-Type": "application/json"}
WHO = {
    "corpAccessToken": os.environ["FXIAOKE_TOKEN"],
    "corpId": os.environ["FXIAOKE_CORP_ID"],
}


def main(acting: str, leavers: list[str]) -> int:
    """Disable and read back; the exit code is 1 if an account is still enabled."""
    left = 0
    for one in leavers:
        body: dict[str, Any] = {**WHO, "currentOpenUserId": acting, "openUserId": one, "status": 1}
        done = requests.post(
            f"{URL}/cgi/user/setStatus", data=json.dumps(body), headers=HEADERS, timeout=30
        ).json()
        body = {**WHO, "openUserId": one}
        seen = requests.post(
            f"{URL}/cgi/user/get", data=json.dumps(body), headers=HEADERS, timeout=30
        ).json()
        print(one, done["errorCode"], done["errorMessage"], "isStop", seen.get("isStop"))
        left += not seen.get("isStop")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
