"""Disables the accounts of leavers, 50 a call, and enables one that came back.

    python disable_leavers.py FSUID_… FSUID_…

The last employee is a returner, all others are leavers.
"""

from __future__ import annotations

import os
import sys
import uuid

import requests

URL = os.environ.get("FXIAOKE_URL", "https://open.fxiaoke.com")
DISABLED, ENABLED = 1, 2
AT_ONCE = 50


def set_status(session: requests.Session, open_user_ids: list[str], status: int) -> int:
    """Set one status for all, and return the errorCode."""
    response = session.post(
        f"{URL}/cgi/user/batchSetStatus",
        params={"thirdTraceId": str(uuid.uuid4())},
        json={
            "corpAccessToken": os.environ["FXIAOKE_TOKEN"],
            "corpId": os.environ["FXIAOKE_CORP_ID"],
            "openUserIds": open_user_ids,
            "status": status,
        },
        timeout=30,
    )
    response.raise_for_status()
    return int(response.json()["errorCode"])


if __name__ == "__main__":
    *leavers, returner = sys.argv[1:]
    with requests.Session() as session:
        for start in range(0, len(leavers), AT_ONCE):
            some = leavers[start : start + AT_ONCE]
            print("disabled", len(some), "errorCode", set_status(session, some, DISABLED))
        print("enabled", returner, "errorCode", set_status(session, [returner], ENABLED))
