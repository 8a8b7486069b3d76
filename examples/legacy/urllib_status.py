"""Disables employees with the standard library alone.

python urllib_status.py FSUID_… FSUID_…
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from typing import Any

URL = os.environ.get("FXIAOKE_URL", "https://open.fxiaoke.com")


def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Make one call of the offline API."""
    body["corpAccessToken"] = os.environ["FXIAOKE_TOKEN"]
    body["corpId"] = os.environ["FXIAOKE_CORP_ID"]
    request = urllib.request.Request(
        URL + path,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.loads(response.read().decode("utf-8"))
    return answer


if __name__ == "__main__":
    leavers = sys.argv[1:]
    result = post("/cgi/user/batchSetStatus", {"openUserIds": leavers, "status": 1})
    print("errorCode", result["errorCode"], result["errorDescription"])
    for leaver in leavers:
        print(leaver, "isStop", post("/cgi/user/get", {"openUserId": leaver})["isStop"])
