"""Every fault the sandbox has, and every twist of an answer, by a seed: is what is reported true?

    python tests/chaos/run.py [--members 10000] [--seeds 20] [--first 1] [--at-once 5] [--hurry]

Each seed, in a process of its own, disables the members of a tenant, one way or another (`WAYS`
take turns), and creates records. Every kind of fault befalls one to five calls in a hundred, and
5 to 20 in a hundred are answered with a twist (`twists.py`). One member in a hundred is locked.
It prints a line. Exit code 1, and what is wrong, if one of these does not hold:

- Every id given has one outcome, and no other id has one.
- `changed` and `unchanged` are the state at the tenant. `failed` is not, or says that it is open.
- A record is created at most once; and if the answer is 0, once, with the `_id` of the answer.
- No member is written who was not asked for. A locked member's 50009 arrives at most twice.
- No window is overrun: ten calls a minute for tokens, in some ways a quota for all.
- Texts and trace ids are short, can be encoded, and hold no token and no phone number.
- No cookie comes back. No drip is listened to for longer than three timeouts.
- The time and the peak memory are within `longest_seconds` and `most_memory`.

With --hurry the clock is put forward instead of waiting, where one process does it all.
"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from doors import Trouble
from twists import PHONE, Facts, Twister

import shim
from shim.objectapi import http
from shim.objectapi.clock import MACHINE, SkippingClock
from shim.sandbox import KINDS, Sandbox

TOKEN, UPDATE, QUERY = (
    "/cgi/corpAccessToken/get/V2",
    "/cgi/crm/v2/data/update",
    "/cgi/crm/v2/data/query",
)
FXSHIM = Path(sys.executable).with_name("fxshim")
NEVER_FULL = 1_000_000
"""A quota that nobody uses up; with one of any size, the sandbox counts its tokens' as well."""
LAG_SECONDS = 0.2
READ_BACK_SECONDS = 1.0
RETRY_SECONDS = 30.0
DISABLE, ENABLE = 1, 2
STATUS = {DISABLE: "1", ENABLE: "0"}
OPEN = ("not read back", "could not be read back", "may have", "is open", "is unknown")
"""How a text says that it is not known whether something was written…"""
SETTLED = "not applied"
"""… unless it was read afterwards."""
FLIPPED = 7
"""Of so many members, one is enabled by another program just before it is looked up."""
MOST_ANSWER_BYTES = 1 << 20
ROUNDS = 3
"""How often those that have failed are tried: running again is going on."""
LEFT_TO_TWISTS = frozenset({"drip", "redirect", "other_record", "big", "cookie"})
"""Faults of the sandbox that `twists.py` has in more forms."""
MB = 1 << 20


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
        {"kind": "error_with_rows", "code": 50009},
        {"kind": "string_code"},
        {"kind": "lock"},
        {"kind": "no_op", "path": UPDATE},
        {"kind": "hide_rows", "path": QUERY},
        {"kind": "hide_rows", "path": QUERY, "only": made.open_user_ids[::30]},
        {"kind": "expire_token", "times": 3},
        {"kind": "expire_token", "times": 10, "path": UPDATE, "after": members // 2},
    ]
    return [{**fault, "probability": round(chance.uniform(0.01, 0.05), 3)} for fault in faults]


class Foreign(BaseException):
    """What a signal's handler of the caller's may raise."""


class SoftLimit(Exception):  # noqa: N818 - as Celery's SoftTimeLimitExceeded, it is an Exception.
    """The same, of the kind that `except Exception` catches."""


@dataclass
class Run:
    """One seed's run.

    Attributes:
        way: How members are disabled.
        made: The tenant.
        trouble: What befalls its calls.
        settings: Who and how, for `shim.configure`.
        chance: The generator for what the way draws.
        clock: What waiting goes by.
        ids: The members asked for.
        bystanders: Those who are not.
        wrong: What is wrong, by kind of wrong.
        states: How many outcomes there were of each state.
        failures: How many of each code.
        interrupted: How many calls a foreign exception has ended.
        begun: How many calls there were for each id.
        lock: For what threads count.
    """

    way: Way
    made: Sandbox
    trouble: Trouble
    settings: dict
    chance: random.Random
    clock: object
    ids: list
    bystanders: list
    wrong: dict = field(default_factory=dict)
    states: Counter = field(default_factory=Counter)
    failures: Counter = field(default_factory=Counter)
    interrupted: int = 0
    begun: Counter = field(default_factory=Counter)
    lock: object = field(default_factory=threading.Lock)

    def there(self, status=DISABLE):
        """Return the members that are in a state."""
        return {who for who, now in self.made.members().items() if now == STATUS[status]}

    def begin(self, ids, status=DISABLE):
        """Begin a call; return what `judge` wants to know of the time before it."""
        with self.lock:
            self.begun.update(ids)
        return self.there(status)

    def judge(self, asked, outcomes, before, status=DISABLE):
        """Judge the outcomes of a call.

        Args:
            asked: The ids given.
            outcomes: What became of them.
            before: What `begin` returned: a call that does not even see them may fail.
            status: The state asked for.

        Returns:
            Those that have failed.
        """
        told = [
            (one.open_user_id, one.state, one.error_code, one.message, one.trace_id)
            for one in outcomes
        ]
        self.judge_rows(asked, told, before, status)
        return [who for who, state, *_ in told if state == "failed"]

    def judge_rows(self, asked, told, before, status=DISABLE):
        """The same for outcomes as id, state, code, text and trace id."""
        with self.lock:
            self._judge_rows(asked, told, before, self.there(status))

    def _judge_rows(self, asked, told, before, after):
        seen, expected = Counter(who for who, *_ in told), Counter(asked)
        self._note("lost", (expected - seen).elements())
        self._note("told twice", (seen - expected).elements())
        for who, state, code, text, trace_id in told:
            self.states[state] += 1
            if state != "failed" and who not in after:
                self._note("false success", [(who, state)])
            if state == "failed":
                self.failures[int(code)] += 1
                # What a call that was cut off has sent may arrive at any moment.
                cut = self.interrupted and self.begun[who] > 1
                unseen = cut or (who in before and SETTLED not in text)
                # Its own row was missing, and by another's wrong one it was written all the same.
                unseen |= "or hidden" in text and self.trouble.was_mistaken(who)
                if who in after and not unseen and not is_open(text):
                    self._note("false failure", [(who, code, text)])
            self._judge_text(f"{text} {trace_id}", code)

    def _judge_text(self, text, code):
        tokens = [one for one in self.trouble.tokens if one and one in text]
        try:
            json.dumps([text, code], allow_nan=False)
            text.encode()
        except (TypeError, ValueError) as error:
            self._note("unusable text", [str(error)])
        if tokens or PHONE in text or len(text) > 2000:
            self._note("unusable text", [text[:500]])

    def judge_created(self, answers):
        """Judge what creating records has answered.

        Args:
            answers: By name, the answer; None if a foreign exception has ended the call.
        """
        there = {}
        for record_id, record in self.made.records("AccountObj").items():
            there.setdefault(record["name"], []).append(record_id)
        for name, answer in answers.items():
            made = there.get(name, [])
            if len(made) > 1:
                self._note("created twice", [(name, len(made), answer)])
            if answer is None:
                continue
            self.states["created" if answer["errorCode"] == 0 else "not created"] += 1
            self._judge_text(answer["errorMessage"] + answer["traceId"], answer["errorCode"])
            if answer["errorCode"] == 0 and made != [answer.get("dataId")]:
                self._note("false success", [(name, made, dict(answer))])
            if answer["errorCode"] and made and not is_open(answer["errorMessage"]):
                self._note("false failure", [(name, dict(answer))])

    def judge_all(self, seconds):
        """Judge what can be told at the end only."""
        states = self.made.members()
        written = [who for who in self.bystanders if states[who] != STATUS[ENABLE]]
        self._note("never asked for, and written", written)
        self._note(
            "beyond a window",
            [
                (path, one["throttled"])
                for path, one in self.made.calls().items()
                if one["throttled"]
            ],
        )
        locks = self.trouble.lock_answers.items()
        again = [(who, count) for who, count in locks if count > 2 * self.begun[who]]
        self._note("locked, and written again", again)
        self._note("cookies", self.trouble.cookies)
        patience = 3 * self.settings["timeout_seconds"] + 1
        self._note("listened to", [one for one in self.trouble.listened if one > patience])
        if seconds > self.longest_seconds:
            self._note("seconds", [(seconds, self.longest_seconds)])
        if self.memory > self.most_memory:
            self._note("memory", [(self.memory // MB, self.most_memory // MB)])

    def _note(self, kind, found):
        self.wrong.setdefault(kind, []).extend(found)

    @property
    def names(self):
        """The names of the records to create."""
        return [f"chaos {number}" for number in range(max(4, len(self.ids) // 50))]

    @property
    def calls(self):
        return sum(one["count"] for one in self.made.calls().values())

    @property
    def longest_seconds(self):
        """How long the run may take.

        Twice what its answers have lasted and a quarter of a second for pauses for each call,
        shared among as many calls as are under way at once; 30 ms of a shared machine for each
        call; a minute for every ten tokens; and the time for which a call is made again.
        """
        lasted = 2 * self.trouble.lasted + 0.25 * self.calls
        at_once = self.settings["concurrency"] if self.way.at_once else self.way.callers
        minutes = 1 + self.made.calls().get(TOKEN, {}).get("count", 0) // 10
        return lasted / at_once + 0.03 * self.calls + 60 * minutes + RETRY_SECONDS

    @property
    def memory(self):
        """Peak memory of this process or of its largest child, in bytes."""
        who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        unit = 1 if sys.platform == "darwin" else 1024
        return max(resource.getrusage(one).ru_maxrss for one in who) * unit

    @property
    def most_memory(self):
        """What the peak memory may be, in bytes.

        For each call that is under way at once, twice an answer as large as allowed; the tenant,
        which is in this process, 6 kB for each member; and 160 MB for the rest of it.
        """
        at_once = self.settings["concurrency"] * self.way.callers
        answers = 2 * MOST_ANSWER_BYTES * at_once
        return answers + 6000 * len(self.ids) + 160 * MB

    def fresh(self, ids, before):
        """Yield ids; some members, disabled before, are enabled by another program just then.

        For a while the index still shows them disabled. They are taken out of `before`.
        """
        made = self.made
        for number, who in enumerate(ids):
            if number % FLIPPED == 0:
                for _ in range(20):
                    outside(made, [who], ENABLE)
                    if made.person(who)["status"] == STATUS[ENABLE]:
                        before.discard(who)
                        break
            yield who


def is_open(text):
    """Whether a text says that it is not known what the state is."""
    return any(one in text for one in OPEN) and SETTLED not in text


def outside(made, ids, status):
    """Set the status as another program would, through the old address."""
    body = {
        "corpAccessToken": made.corp_access_token,
        "corpId": made.corp_id,
        "openUserIds": ids,
        "status": status,
    }
    made.handle("POST", "/cgi/user/batchSetStatus", "", json.dumps(body).encode())


def chunks(ids, size):
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def batch(run):
    """Call `set_member_status_batch`, and create records from threads."""
    made, ids = run.made, run.ids
    token, corp_id = made.corp_access_token, made.corp_id
    for _ in range(ROUNDS):
        before = run.begin(ids)
        answer = shim.set_member_status_batch(token, corp_id, ids, DISABLE)
        ids = run.judge(ids, answer.outcomes, before)
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda name: create(shim, run, name), run.names)
        run.judge_created(dict(zip(run.names, answers, strict=True)))


def create(door, run, name):
    """Create a record, blocking or awaiting."""
    made = run.made
    record = {"dataObjectApiName": "AccountObj", "name": name}
    return door.create_preset_object(
        made.corp_access_token, made.corp_id, made.current_open_user_id, {"object_data": record}
    )


def abatch(run):
    """Await `aio.set_member_status_batch`, and create records at once."""
    made = run.made

    async def work():
        ids, token, corp_id = run.ids, made.corp_access_token, made.corp_id
        for _ in range(ROUNDS):
            before = run.begin(ids)
            answer = await shim.aio.set_member_status_batch(token, corp_id, ids, DISABLE)
            ids = run.judge(ids, answer.outcomes, before)
        for names in chunks(run.names, 8):
            answers = await asyncio.gather(*(create(shim.aio, run, name) for name in names))
            run.judge_created(dict(zip(names, answers, strict=True)))

    asyncio.run(work())


def many(run):
    """Iterate over `set_member_status_many`."""
    ids = run.ids
    for number in range(ROUNDS):
        before = run.begin(ids)
        fresh = run.fresh(ids, before) if run.way.flips and not number else ids
        ids = run.judge(ids, shim.set_member_status_many(fresh, DISABLE), before)


def amany(run):
    """Iterate over `aio.set_member_status_many`."""

    async def iterate(ids):
        return [one async for one in shim.aio.set_member_status_many(ids, DISABLE)]

    ids = run.ids
    for number in range(ROUNDS):
        before = run.begin(ids)
        fresh = run.fresh(ids, before) if run.way.flips and not number else ids
        ids = run.judge(ids, asyncio.run(iterate(fresh)), before)


def sockets(run):
    """Iterate over `set_member_status_many` through real sockets."""
    with run.trouble.served() as base_url:
        shim.configure(base_url=base_url, transport=None)
        many(run)


def asockets(run):
    """Iterate over `aio.set_member_status_many` through real sockets."""
    with run.trouble.served() as base_url:
        shim.configure(base_url=base_url, transport=None)
        amany(run)


def to_and_fro(run):
    """Disable, enable and disable members in a row, faster than the index follows."""
    made = run.made
    token, corp_id = made.corp_access_token, made.corp_id

    def turn(ids):
        for status in (DISABLE, ENABLE, DISABLE):
            before = run.begin(ids, status)
            answer = shim.set_member_status_batch(token, corp_id, ids, status)
            run.judge(ids, answer.outcomes, before, status)

    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(turn, chunks(run.ids[: len(run.ids) // 3], 100)):
            pass


def storm(run):
    """Call in a storm of exceptions from signals; what they end is called again.

    They strike the main thread. Seven others call meanwhile, and are to notice nothing.
    """
    made = run.made
    token, corp_id = made.corp_access_token, made.corp_id
    calls = (
        lambda ids: shim.set_member_status_batch(token, corp_id, ids, DISABLE).outcomes,
        lambda ids: [*shim.set_member_status_many(ids, DISABLE)],
    )

    def disable(ids):
        call, before = run.chance.choice(calls), run.begin(ids)
        run.judge(ids, call(ids), before)

    def interrupted(ids):
        call, before = run.chance.choice(calls), run.begin(ids)
        outcomes = struck(run, lambda: call(ids))
        if outcomes is not None:
            run.judge(ids, outcomes, before)

    groups = chunks(run.ids, 100)
    with run.trouble.served() as base_url, ThreadPoolExecutor(7) as pool:
        shim.configure(base_url=base_url, transport=None)
        others = [pool.submit(disable, ids) for ids in groups[len(groups) // 8 + 1 :]]
        for ids in groups[: len(groups) // 8 + 1]:
            for _ in range(run.chance.randrange(12)):
                interrupted(ids)
            disable(ids)
        answers = {name: struck(run, partial(create, shim, run, name)) for name in run.names[::4]}
        run.judge_created(answers)
        for one in others:
            one.result()


STRIKES = (KeyboardInterrupt, Foreign, SoftLimit, SystemExit, TimeoutError)


def struck(run, call):
    """Make a call that an exception may end at any moment; return None if one has."""
    armed = True

    def strike(*_):
        nonlocal armed
        if armed:
            armed = False
            raise run.chance.choice(STRIKES)

    signal.signal(signal.SIGALRM, strike)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, run.chance.uniform(0.0005, 0.5))
            return call()
        finally:
            armed = False
    except STRIKES:
        run.interrupted += 1
        return None


async def whole(run, ids):
    """Await one call for these members."""
    made, before = run.made, run.begin(ids)
    answer = await shim.aio.set_member_status_batch(
        made.corp_access_token, made.corp_id, ids, DISABLE
    )
    run.judge(ids, answer.outcomes, before)


async def streamed(run, ids):
    """Iterate over the stream to its end."""
    before = run.begin(ids)
    run.judge(ids, [one async for one in shim.aio.set_member_status_many(ids, DISABLE)], before)


async def abandoned(run, ids):
    """Leave the stream after its first outcome, without closing it."""
    run.begin(ids)
    async for _ in shim.aio.set_member_status_many(ids, DISABLE):
        break
    run.interrupted += 1


async def cut_off(run, doing):
    """Cancel what is awaited at any moment; return its result, or None."""
    task = asyncio.ensure_future(doing)
    await asyncio.wait({task}, timeout=run.chance.uniform(0.0005, 0.5))
    if not task.done():
        task.cancel()
        run.interrupted += 1
    await asyncio.wait({task})
    return None if task.cancelled() else task.result()


def cancelled(run):
    """Await calls that are cancelled, and leave streams early; what is cut off is called again."""

    async def disable(ids):
        for _ in range(run.chance.randrange(4)):
            await cut_off(run, run.chance.choice((whole, streamed, abandoned))(run, ids))
        await run.chance.choice((whole, streamed))(run, ids)

    async def at_once(groups, names):
        await asyncio.gather(*map(disable, groups))
        answers = {name: await cut_off(run, create(shim.aio, run, name)) for name in names}
        run.judge_created(answers)

    with run.trouble.served() as base_url:
        shim.configure(base_url=base_url, transport=None)
        groups = chunks(chunks(run.ids, 100), 10)
        for number, several in enumerate(groups):
            asyncio.run(at_once(several, run.names[number :: len(groups)]))


def processes(run):
    """Run the command twice at once, half of the members each, with one Redis."""
    halves = run.ids[::2], run.ids[1::2]
    with (
        run.trouble.served() as base_url,
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
            started.append((process, half, results))
        for process, half, results in started:
            said, _ = process.communicate()
            if process.returncode not in {0, 1}:
                sys.exit(said)
            rows = [json.loads(line) for line in results.read_text().splitlines()]
            names = ("openUserId", "state", "errorCode", "message", "traceId")
            told = [tuple(row.get(name, "") for name in names) for row in rows]
            run.judge_rows(half, told, set())


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
        sockets: Whether it takes real sockets, so that answers can be any bytes.
        flips: Whether another program enables some members just before they are looked up.
        at_once: Whether as many calls as are allowed are under way all the time.
        callers: How many call at the same time.
        needs: A program it cannot do without.
    """

    disable: object
    profile: str = "fsuid"
    quota: tuple = ()
    timeout_seconds: float = 0.3
    sockets: bool = False
    flips: bool = False
    at_once: bool = True
    callers: int = 1
    needs: str = ""


WAYS = {
    "batch": Way(batch),
    "batch, awaiting": Way(abatch, profile="lagging"),
    "many": Way(many, profile="lagging", flips=True),
    "many, awaiting": Way(amany, profile="employee_id"),
    "many, within a quota": Way(many, quota=(50, 0.25)),
    "many, awaiting, within a quota": Way(amany, quota=(50, 0.25)),
    "many, through sockets": Way(sockets, timeout_seconds=1.0, sockets=True),
    "many, awaiting, through sockets": Way(
        asockets, profile="lagging", timeout_seconds=1.0, sockets=True, flips=True
    ),
    "two processes with one Redis, within a quota": Way(
        processes, quota=(50, 0.25), timeout_seconds=1.0, sockets=True, needs="redis-server"
    ),
    "to and fro": Way(to_and_fro, profile="lagging", at_once=False, callers=8),
    "foreign exceptions": Way(storm, timeout_seconds=1.0, sockets=True, at_once=False, callers=8),
    "cancelled, within a quota": Way(
        cancelled, quota=(50, 0.25), timeout_seconds=1.0, sockets=True, at_once=False, callers=10
    ),
}


def started(seed, members, way, clock):
    """Return a run with its tenant in trouble, and the shim configured for it."""
    chance = random.Random(seed)  # noqa: S311 - repeatable is the point.
    calls, seconds = way.quota or (NEVER_FULL, 1.0)
    others = max(4, members // 100)
    made = Sandbox(
        members + others,
        objects={"AccountObj": 1},
        profile=way.profile,
        seed=seed,
        locked=0.01,
        lag_seconds=LAG_SECONDS,
        quota_calls=calls,
        quota_seconds=seconds,
        clock=clock.now,
    )
    http.reset(clock)
    ids, bystanders = made.open_user_ids[:members], made.open_user_ids[members:]
    if way.flips:
        outside(made, ids[::FLIPPED], DISABLE)
        clock.sleep(2 * LAG_SECONDS)
        made.reset(calls_only=True)
    faults = mix(chance, made, way.timeout_seconds)
    missing = set(KINDS) - LEFT_TO_TWISTS - {fault["kind"] for fault in faults}
    if missing:
        sys.exit(f"kinds of fault that are not in the mix: {', '.join(sorted(missing))}")
    made.add_faults(*faults)
    record_ids = {who: made.person(who)["_id"] for who in made.open_user_ids}
    rows = [{**made.person(who), "user_id": who} for who in bystanders]
    facts = Facts([record_ids[who] for who in ids], rows, way.timeout_seconds)
    trouble = Trouble(
        made,
        Twister(seed, facts, chance.uniform(0.05, 0.2), raw=way.sockets),
        record_ids,
        timeout_seconds=way.timeout_seconds,
        hide_locks=chance.random() < 0.5,
    )
    settings = {
        "base_url": made.base_url,
        "transport": trouble.transport(),
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
        "read_back_seconds": READ_BACK_SECONDS,
        "max_answer_bytes": MOST_ANSWER_BYTES,
        # What another program has just changed shows in no query.
        "verify": "always" if way.flips else "recent",
        "retry_seconds": RETRY_SECONDS,
    }
    shim.configure(**settings)
    return Run(way, made, trouble, settings, chance, clock, ids, bystanders)


def one_seed(seed, members, name, *, hurry):
    """Do one seed, print its line, and say whether all was right."""
    way = WAYS[name]
    if way.needs and not shutil.which(way.needs):
        say(f"seed {seed:3}  {name}: left out, {way.needs} is not on PATH")
        return True
    # What hangs says where, and ends.
    faulthandler.dump_traceback_later(300 + members / 5, exit=True)
    begun = time.monotonic()
    alone = way.disable is not processes
    run = started(seed, members, way, SkippingClock() if hurry and alone else MACHINE)
    way.disable(run)
    seconds = time.monotonic() - begun
    run.judge_all(seconds)
    states, calls = run.states, run.made.calls()
    failures = ", ".join(f"{code}: {count}" for code, count in run.failures.most_common())
    wrong = [f"{kind} {len(found)}" for kind, found in run.wrong.items() if found]
    say(
        f"seed {seed:3}  {name}: {len(run.ids)} members, {states['changed']} changed, "
        f"{states['unchanged']} unchanged, {states['failed']} failed ({failures}); "
        f"{states['created']} of {states['created'] + states['not created']} created; "
        f"{run.interrupted} interrupted; {', '.join(wrong) or 'nothing lost, nothing false'}; "
        f"{run.calls} calls, {calls.get(TOKEN, {}).get('count', 0)} for tokens, "
        f"{run.trouble.twisted} twisted; {seconds:.1f} s of {run.longest_seconds:.0f}, "
        f"{run.memory // MB} MB of {run.most_memory // MB}"
    )
    for kind, found in run.wrong.items():
        for one in found[:10]:
            say(f"          {kind}: {one}")
    return not wrong


def say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def one_process(first, seeds, members, *, hurry):
    """Do some seeds in a process of their own."""
    done = subprocess.run(
        [
            *(sys.executable, *(f"-W{one}" for one in sys.warnoptions), __file__),
            *("--members", str(members), "--seeds", str(seeds), "--first", str(first)),
            *("--each", str(seeds), *(["--hurry"] if hurry else [])),
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
    parser.add_argument("--each", type=int, default=1, help="seeds for each process")
    parser.add_argument("--hurry", action="store_true", help="put the clock forward")
    options = parser.parse_args()
    members, hurry = options.members, options.hurry
    seeds = range(options.first, options.first + options.seeds)
    if options.seeds <= options.each:
        names = list(WAYS)
        right = [
            one_seed(seed, members, names[(seed - 1) % len(names)], hurry=hurry) for seed in seeds
        ]
        sys.exit(not all(right))
    groups = chunks(seeds, options.each)
    with ThreadPoolExecutor(options.at_once) as pool:
        right = list(
            pool.map(lambda some: one_process(some[0], len(some), members, hurry=hurry), groups)
        )
    sys.exit(not all(right))


if __name__ == "__main__":
    main()
