"""Every fault the sandbox has, in a seeded mix: is what is reported what is true?

    python tests/chaos/run.py [--members 10000] [--seeds 20] [--first 1] [--at-once 5] [--hurry]

Each seed, in a process of its own, disables all members of a tenant, one way or another (`WAYS`
take turns), while every kind of fault befalls one to five calls in a hundred, and prints a line.
Exit code 1, and the members in question, where an id was lost, a success or a failure was false, or
more calls were made than a window allows: ten a minute for tokens, in some ways a quota for all.
With --hurry the clock is put forward instead of waiting, where one process does it all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import shim
from shim.objectapi import http
from shim.objectapi.clock import MACHINE, SkippingClock
from shim.sandbox import Sandbox
from shim.sandbox.faults import KINDS, TWISTS

TOKEN, UPDATE, QUERY = (
    "/cgi/corpAccessToken/get/V2",
    "/cgi/crm/v2/data/update",
    "/cgi/crm/v2/data/query",
)
FXSHIM = Path(sys.executable).with_name("fxshim")
NEVER_FULL = 1_000_000
"""A quota that nobody uses up; with one of any size, the sandbox counts its tokens' as well."""


def mix(chance, made, timeout_seconds):
    """Return the faults, each as likely as `chance` says.

    Without the codes that end a run (30002 and its like), which would leave most of it untried.
    Tokens die only so often: beyond ten times a minute it would be all waiting. In a run of any
    length most of them die in a row, so that the tenth renewal is reached.
    """
    members = len(made.open_user_ids)
    faults = [
        {"kind": "latency", "ms": 20},
        {"kind": "stall", "ms": timeout_seconds * 1300},
        {"kind": "reset"},
        {"kind": "reset_after"},
        {"kind": "html_502"},
        {"kind": "html_502", "applied": True},
        {"kind": "bad_json"},
        {"kind": "bad_json", "applied": True},
        *({"kind": "error", "code": code} for code in (-1, -2, 50009, 14001, 30004)),
        *({"kind": "error", "code": code, "applied": True} for code in (-1, -2, 50009)),
        {"kind": "error", "code": 32000, "path": UPDATE},
        {"kind": "no_op", "path": UPDATE},
        {"kind": "hide_rows", "path": QUERY},
        {"kind": "hide_rows", "path": QUERY, "only": made.open_user_ids[::30]},
        {"kind": "expire_token", "times": 3},
        {"kind": "expire_token", "times": 10, "path": UPDATE, "after": members // 2},
    ]
    return [{**fault, "probability": round(chance.uniform(0.01, 0.05), 3)} for fault in faults]


@dataclass
class Run:
    """One seed's run.

    Attributes:
        made: The tenant.
        settings: Who and how, for `shim.configure`.
        outcomes: Id, state and text of each that was reported.
    """

    made: Sandbox
    settings: dict
    outcomes: list = field(default_factory=list)

    @property
    def ids(self):
        return self.made.open_user_ids

    def report(self, outcomes):
        self.outcomes += [
            (one.open_user_id, one.state, f"{one.error_code}: {one.message}") for one in outcomes
        ]


def batch(run):
    """Call `set_member_status_batch`."""
    made = run.made
    run.report(
        shim.set_member_status_batch(made.corp_access_token, made.corp_id, run.ids, 1).outcomes
    )


def abatch(run):
    """Await `aio.set_member_status_batch`."""
    made = run.made
    calling = shim.aio.set_member_status_batch(made.corp_access_token, made.corp_id, run.ids, 1)
    run.report(asyncio.run(calling).outcomes)


def many(run):
    """Iterate over `set_member_status_many`."""
    run.report(shim.set_member_status_many(iter(run.ids), 1))


def amany(run):
    """Iterate over `aio.set_member_status_many`."""

    async def iterate():
        return [one async for one in shim.aio.set_member_status_many(iter(run.ids), 1)]

    run.report(asyncio.run(iterate()))


def sockets(run):
    """Iterate over `set_member_status_many` through real sockets."""
    with run.made.serve() as base_url:
        shim.configure(base_url=base_url, transport=None)
        many(run)


def asockets(run):
    """Iterate over `aio.set_member_status_many` through real sockets."""
    with run.made.serve() as base_url:
        shim.configure(base_url=base_url, transport=None)
        amany(run)


def processes(run):
    """Run the command twice at once, half of the members each, with one Redis."""
    halves = run.ids[::2], run.ids[1::2]
    with (
        run.made.serve() as base_url,
        tempfile.TemporaryDirectory(prefix="chaos-") as directory,
        redis_server(Path(directory)) as redis_url,
    ):
        env = {**os.environ, **environment({**run.settings, "base_url": base_url})}
        env["FXIAOKE_SHIM_REDIS_URL"] = redis_url
        started = []
        for number, half in enumerate(halves):
            ids, results = (Path(directory) / f"{name}-{number}" for name in ("ids", "results"))
            ids.write_text("".join(f"{one}\n" for one in half))
            command = [FXSHIM, "members", "disable", ids, "--results", results, "--quiet"]
            process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
            started.append((process, results))
        for process, results in started:
            said, _ = process.communicate()
            if process.returncode not in {0, 1}:
                sys.exit(said)
            for line in results.read_text().splitlines():
                row = json.loads(line)
                text = f"{row['errorCode']}: {row['message']}"
                run.outcomes.append((row["openUserId"], row["state"], text))


def environment(settings):
    """Return the variables that say the same as `settings`."""
    return {
        f"FXIAOKE_SHIM_{name.upper()}": str(value)
        for name, value in settings.items()
        if name != "transport"
    }


@contextmanager
def redis_server(directory):
    """Start a Redis of our own on a socket in `directory`; gives its URL."""
    place = directory / "redis.sock"
    command = [shutil.which("redis-server"), "--port", "0", "--unixsocket", place, "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=directory) as process:
        try:
            while not place.exists():
                if process.poll() is not None:
                    sys.exit("redis-server does not start")
                time.sleep(0.01)
            yield f"unix://{place}"
        finally:
            process.terminate()


@dataclass(frozen=True)
class Way:
    """How members are disabled.

    Attributes:
        disable: Does it.
        profile: The tenant's.
        quota: The tenant's, which is kept to: calls, and seconds.
        timeout_seconds: Longer over sockets, where the sandbox has to share the machine.
        needs: A program it cannot do without.
    """

    disable: object
    profile: str = "fsuid"
    quota: tuple = ()
    timeout_seconds: float = 0.3
    needs: str = ""


WAYS = {
    "batch": Way(batch),
    "batch, awaiting": Way(abatch, profile="lagging"),
    "many": Way(many, profile="lagging"),
    "many, awaiting": Way(amany, profile="employee_id"),
    "many, within a quota": Way(many, quota=(50, 0.25)),
    "many, awaiting, within a quota": Way(amany, quota=(50, 0.25)),
    "many, through sockets": Way(sockets, timeout_seconds=1.0),
    "many, awaiting, through sockets": Way(asockets, timeout_seconds=1.0),
    "two processes with one Redis, within a quota": Way(
        processes, quota=(50, 0.25), timeout_seconds=1.0, needs="redis-server"
    ),
}


def started(seed, members, way, clock):
    """Return a run with its tenant in trouble, and the shim configured for it."""
    chance = random.Random(seed)  # noqa: S311 - repeatable is the point.
    calls, seconds = way.quota or (NEVER_FULL, 1.0)
    made = Sandbox(
        members,
        profile=way.profile,
        seed=seed,
        lag_seconds=0.2,
        quota_calls=calls,
        quota_seconds=seconds,
        clock=clock.now,
    )
    http.start_anew(clock)
    faults = mix(chance, made, way.timeout_seconds)
    missing = set(KINDS) - TWISTS - {fault["kind"] for fault in faults}
    if missing:
        sys.exit(f"kinds of fault that are not in the mix: {', '.join(sorted(missing))}")
    made.add_faults(*faults)
    settings = {
        "base_url": made.base_url,
        "transport": made.transport(),
        "current_open_user_id": made.current_open_user_id,
        "corp_access_token": made.corp_access_token,
        "corp_id": made.corp_id,
        "app_id": made.app_id,
        "app_secret": made.app_secret,
        "permanent_code": made.permanent_code,
        "notices": "ignore",
        "concurrency": chance.choice([8, 16, 32]),
        "quota_calls": calls if way.quota else 0,
        "quota_seconds": seconds,
        "timeout_seconds": way.timeout_seconds,
        "read_back_seconds": 1.0,
        "retry_seconds": 30.0,
    }
    shim.configure(**settings)
    return Run(made, settings)


def judged(run):
    """Return what is wrong, by kind of wrong."""
    states = run.made.members()
    seen = Counter(who for who, _, _ in run.outcomes)
    expected = Counter(run.ids)
    wrong = {"lost": [*(expected - seen).elements()], "told twice": [*(seen - expected).elements()]}
    wrong["false success"] = [
        (who, state)
        for who, state, _ in run.outcomes
        if state != "failed" and states.get(who) != "1"
    ]
    wrong["false failure"] = [
        (who, text)
        for who, state, text in run.outcomes
        if state == "failed" and states.get(who) == "1"
    ]
    wrong["beyond a window"] = [
        (path, one["throttled"]) for path, one in run.made.calls().items() if one["throttled"]
    ]
    return wrong


def one_seed(seed, members, name, *, hurry):
    """Do one seed, print its line, and say whether all was right."""
    way = WAYS[name]
    if way.needs and not shutil.which(way.needs):
        say(f"seed {seed:3}  {name}: left out, {way.needs} is not on PATH")
        return True
    begun = time.monotonic()
    alone = way.disable is not processes
    run = started(seed, members, way, SkippingClock() if hurry and alone else MACHINE)
    way.disable(run)
    seconds = time.monotonic() - begun
    wrong = judged(run)
    states, calls = Counter(state for _, state, _ in run.outcomes), run.made.calls()
    failures = Counter(
        text.partition(":")[0] for _, state, text in run.outcomes if state == "failed"
    )
    say(
        f"seed {seed:3}  {name}: {len(run.ids)} members, {states['changed']} changed, "
        f"{states['unchanged']} unchanged, {states['failed']} failed "
        + "({}); ".format(", ".join(f"{code}: {count}" for code, count in failures.most_common()))
        + ", ".join(f"{kind} {len(found)}" for kind, found in wrong.items())
        + f"; {sum(one['count'] for one in calls.values())} calls, "
        f"{calls.get(TOKEN, {}).get('count', 0)} for tokens; {seconds:.1f} s"
    )
    for kind, found in wrong.items():
        for one in found[:10]:
            say(f"          {kind}: {one}")
    return not any(wrong.values())


def say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def one_process(seed, members, *, hurry):
    """Do one seed in a process of its own; the same as `--seeds 1 --first SEED`."""
    done = subprocess.run(
        [
            *(sys.executable, *(f"-W{one}" for one in sys.warnoptions), __file__),
            *("--members", str(members), "--seeds", "1", "--first", str(seed)),
            *(["--hurry"] if hurry else []),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    say(done.stdout.rstrip("\n"))
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--at-once", type=int, default=5, help="most of it is waiting")
    parser.add_argument("--hurry", action="store_true", help="put the clock forward")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    if options.seeds == 1:
        names = list(WAYS)
        name = names[(seeds[0] - 1) % len(names)]
        sys.exit(not one_seed(options.first, options.members, name, hurry=options.hurry))
    with ThreadPoolExecutor(options.at_once) as pool:
        right = list(
            pool.map(lambda seed: one_process(seed, options.members, hurry=options.hurry), seeds)
        )
    sys.exit(not all(right))


if __name__ == "__main__":
    main()
