"""Nightly HR job: disables the accounts of leavers, enables those of returners.

    python hr_departures.py leavers.csv returners.csv

Each file has a column `openUserId`. Where the gateway is and how to log in comes from the
environment: FXIAOKE_URL, FXIAOKE_TOKEN, FXIAOKE_CORP_ID.
"""

from __future__ import annotations

import csv
import json
import logging
import os
import sys
from pathlib import Path

from our_fxiaoke import set_member_status_batch

DISABLED, ENABLED = 1, 2

log = logging.getLogger("hr")


def read_ids(path: str) -> list[str]:
    """Return the column openUserId."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return [row["openUserId"] for row in csv.DictReader(file)]


def apply(what: str, open_user_ids: list[str], status: int) -> bool:
    """Set one status for all and say how it went."""
    answer = set_member_status_batch(
        os.environ["FXIAOKE_TOKEN"], os.environ["FXIAOKE_CORP_ID"], open_user_ids, status
    )
    print(json.dumps(answer))
    if answer["errorCode"] == 0:
        log.info("%s: %d done", what, len(open_user_ids))
        return True
    log.error("%s: errorCode %s, traceId %s", what, answer["errorCode"], answer["traceId"])
    return False


def main(leavers: str, returners: str) -> int:
    """Run the job; 1 where something failed."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    done = [
        apply("leavers", read_ids(leavers), DISABLED),
        apply("returners", read_ids(returners), ENABLED),
    ]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
