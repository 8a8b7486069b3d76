"""The client that a legacy program has had for years: posts to the offline API's old address."""

from __future__ import annotations

import json
import os
import urllib.request
import uuid
from typing import Any


def set_member_status_batch(
    corpAccessToken: str,
    corpId: str,
    openUserIds: list[str],
    status: int,
) -> dict[str, Any]:
    """Disable (1) or enable (2) members."""
    body = {
        "corpAccessToken": corpAccessToken,
        "corpId": corpId,
        "openUserIds": openUserIds,
        "status": status,
    }
    request = urllib.request.Request(
        f"{os.environ['FXIAOKE_URL']}/cgi/user/batchSetStatus?thirdTraceId={uuid.uuid4()}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
    return answer
