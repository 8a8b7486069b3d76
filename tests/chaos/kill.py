"""`fxshim members` killed at random moments, again and again: is the job done in the end?

    python tests/chaos/kill.py [--kills 50] [--members 600] [--seed 1]

Each round takes a fresh tenant and a fresh results file, kills the command one to three times with
SIGKILL, and then lets it run to its end. Exit code 1 where a member is not as asked, a line cannot
be read, something recorded as done is not done, or more updates were made a second time than were
under way when the command was killed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

FXSHIM = Path(sys.executable).with_name("fxshim")
UPDATE = "/cgi/crm/v2/data/update"
CONCURRENCY = 8
TIMEOUT_SECONDS = 120


class Tenant:
    """A sandbox in a process of its own, seen through its control surface."""

    def __init__(self, announced, client):
        self.ids = announced["openUserIds"]
        self._client = client
        self.env = {
            "FXIAOKE_SHIM_BASE_URL": announced["base_url"],
            "FXIAOKE_SHIM_CURRENT_OPEN_USER_ID": announced["currentOpenUserId"],
            "FXIAOKE_SHIM_CORP_ACCESS_TOKEN": announced["corpAccessToken"],
            "FXIAOKE_SHIM_CORP_ID": announced["corpId"],
            "FXIAOKE_SHIM_QUOTA_CALLS": "0",
            "FXIAOKE_SHIM_CONCURRENCY": str(CONCURRENCY),
        }

    def reset(self):
        """Go back to the start, with some calls slower than others."""
        self._client.post("/_sandbox/reset").raise_for_status()
        slow = {"kind": "latency", "ms": 15, "probability": 0.3}
        self._client.post("/_sandbox/faults", json=slow).raise_for_status()

    def disabled(self):
        states = self._client.get("/_sandbox/members").json()
        return {who for who, status in states.items() if status == "1"}

    def updates(self):
        return self._client.get("/_sandbox/calls").json().get(UPDATE, {}).get("count", 0)


@contextmanager
def sandbox(members):
    command = [FXSHIM, "sandbox", "--members", str(members), "--latency-ms", "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            announced = json.loads(process.stdout.readline())
            with httpx.Client(base_url=announced["base_url"]) as client:
                yield Tenant(announced, client)
        finally:
            process.terminate()


@contextmanager
def started(tenant, directory):
    """Start the command; gives it when it has begun to work."""
    command = [FXSHIM, "members", "disable", "ids.txt", "--results", "results.jsonl"]
    with subprocess.Popen(
        command,
        cwd=directory,
        env={**os.environ, **tenant.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            first = process.stderr.readline()
            if "begun" not in first:
                sys.exit(first + process.stderr.read())
            yield process
        finally:
            process.kill()


def lines(directory):
    """Return what is recorded by now, and what follows the last line end."""
    whole, _, rest = (directory / "results.jsonl").read_bytes().rpartition(b"\n")
    return [json.loads(line) for line in whole.splitlines()], rest


@dataclass
class Round:
    """What became of one round.

    Attributes:
        at: How many updates had been made at each kill.
        again: How many updates were made more often than needed.
        wrong: What is not as it should be.
    """

    at: list
    again: int
    wrong: list


def one_round(tenant, moments):
    """Kill the command at each of these moments, then let it finish.

    A moment is how many updates have been made, and how many seconds go by from then.
    """
    tenant.reset()
    wrong, at = [], []
    with tempfile.TemporaryDirectory(prefix="kill-") as place:
        directory = Path(place)
        (directory / "ids.txt").write_text("".join(f"{one}\n" for one in tenant.ids))
        for updates, seconds in moments:
            with started(tenant, directory) as process:
                while tenant.updates() < updates and process.poll() is None:
                    time.sleep(0.002)
                time.sleep(seconds)
                process.kill()
                process.communicate(timeout=TIMEOUT_SECONDS)
            at.append(tenant.updates())
            recorded = {row["openUserId"] for row in lines(directory)[0]}
            if not recorded <= tenant.disabled():
                wrong.append("recorded as done and not done")
        with started(tenant, directory) as process:
            said = process.communicate(timeout=TIMEOUT_SECONDS)
        if process.returncode:
            wrong.append(f"exit code {process.returncode}: {said}")
        rows, torn = lines(directory)
        if torn:
            wrong.append(f"a torn line at the end: {torn!r}")
        last = {row["openUserId"]: row["state"] for row in rows}
        if last.keys() != set(tenant.ids) or set(last.values()) - {"changed", "unchanged"}:
            wrong.append("not every member is recorded as done")
        if tenant.disabled() != set(tenant.ids):
            wrong.append("not every member is disabled")
    again = tenant.updates() - len(tenant.ids)
    if not 0 <= again <= CONCURRENCY * len(moments):
        wrong.append(f"{again} updates made again")
    return Round(at, again, wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--members", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311 - repeatable is the point.
    right, left = True, options.kills
    with sandbox(options.members) as tenant:
        while left:
            kills = min(chance.randint(1, 3), left)
            left -= kills
            updates = sorted(chance.randint(0, options.members) for _ in range(kills))
            one = one_round(tenant, [(count, chance.uniform(0, 0.03)) for count in updates])
            right = right and not one.wrong
            sys.stdout.write(
                f"seed {options.seed}, {options.kills - left:3} kills: killed after "
                f"{', '.join(map(str, one.at))} of {options.members} updates; {one.again} made "
                f"again; {'; '.join(one.wrong) or 'all done'}\n"
            )
            sys.stdout.flush()
    sys.exit(not right)


if __name__ == "__main__":
    main()
