"""The nightly HR job of hr_departures.py after a rewrite by hand: the object API, no shim.

    python hr_departures_rewritten.py leavers.csv returners.csv

The environment is that of the old job, and FXIAOKE_USER: the employee in whose name the object
API reads and writes.
"""

from __future__ import annotations

import csv
import json
import logging
import os
import sys
import urllib.request
import uuid
from pathlib import Path
from typing import Any

# PersonnelObj has strings, and they count the other way round from the old call's 1 and 2.
DISABLED, ENABLED = "1", "0"
AT_ONCE = 100

log = logging.getLogger("hr")


class FxiaokeError(Exception):
    """The object API answered with an error."""


def post(verb: str, body: dict[str, Any]) -> dict[str, Any]:
    """Make a call of the object API and return its answer, whose errorCode is 0."""
    credentials = {
        "corpAccessToken": os.environ["FXIAOKE_TOKEN"],
        "corpId": os.environ["FXIAOKE_CORP_ID"],
        "currentOpenUserId": os.environ["FXIAOKE_USER"],
    }
    request = urllib.request.Request(
        f"{os.environ['FXIAOKE_URL']}/cgi/crm/v2/data/{verb}?thirdTraceId={uuid.uuid4()}",
        data=json.dumps({**credentials, "convertUserId": True, **body}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
    if answer["errorCode"] != 0:
        msg = f"errorCode {answer['errorCode']}, traceId {answer['traceId']}"
        raise FxiaokeError(msg)
    return answer


def find(open_user_ids: list[str]) -> list[str]:
    """Return the _id of each member, in any order; the object API knows no openUserId."""
    record_ids = []
    for start in range(0, len(open_user_ids), AT_ONCE):
        some = open_user_ids[start : start + AT_ONCE]
        search = {
            "limit": AT_ONCE,
            "offset": 0,
            "filters": [{"field_name": "user_id", "operator": "IN", "field_values": some}],
        }
        data = {"dataObjectApiName": "PersonnelObj", "search_query_info": search}
        rows = post("query", {"data": data})["data"]["dataList"]
        record_ids += [row["_id"] for row in rows]
    return record_ids


def update(record_id: str, status: str) -> None:
    """Set the status of one record; start no workflow and no approval."""
    record = {"dataObjectApiName": "PersonnelObj", "_id": record_id, "status": status}
    quiet = {"triggerWorkFlow": False, "triggerApprovalFlow": False}
    post("update", {**quiet, "data": {"object_data": record}})


def read_ids(path: str) -> list[str]:
    """Return the column openUserId."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return [row["openUserId"] for row in csv.DictReader(file)]


def apply(what: str, open_user_ids: list[str], status: str) -> bool:
    """Set one status for all and say how it went."""
    try:
        record_ids = find(open_user_ids)
        for record_id in record_ids:
            update(record_id, status)
    except FxiaokeError as error:
        log.error("%s: %s", what, error)  # noqa: TRY400 - the error's text says it all.
        return False
    if len(record_ids) != len(open_user_ids):
        log.error("%s: only %d of %d found", what, len(record_ids), len(open_user_ids))
        return False
    log.info("%s: %d done", what, len(open_user_ids))
    return True


def main(leavers: str, returners: str) -> int:
    """Run the job; 1 if something failed."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    done = [
        apply("leavers", read_ids(leavers), DISABLED),
        apply("returners", read_ids(returners), ENABLED),
    ]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
