"""The gateway from outside: what it adds to a call, whether it grows, and what a kill costs.

    python -m benchmarks gateway

*Overhead*: a proxied call goes to a sandbox directly, through nginx (Debian's, with a configuration
of ours, no service), through a bare proxy of Starlette and httpx, and through `fxshim gateway`.
They take turns, with `AT_ONCE` connections; the figures are ratios of the same round, median and
spread. The client shares the machine, so that the ratios are those of whole calls. Without nginx on
PATH its rows are missing, and a line says so.

*Load*: 200 connections for a minute, every second call an offline one (a read and a write in turn),
the others proxied. After that the process must be as large as after the first quarter.

*Two replicas and Redis*: a strict tenant with a quota, whose tokens end and whose locked members
cannot be written. One replica is killed by SIGKILL under load, a new one takes its place, then the
other gets SIGTERM. A caller whose connection breaks calls the other replica. Then the state of each
member is compared with what its caller was answered, and the tenant is asked how many calls it
refused for the quota.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from benchmarks.rows import Row, show
from benchmarks.tenant import FXSHIM, redis_server, sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.tenant import Tenant

CONNECTIONS, SECONDS = 200, 60.0
AT_ONCE, CALLS, ROUNDS = 10, 300, 9
MEMBERS, BATCH, CALLERS = 240, 10, 8
QUOTA_CALLS, QUOTA_SECONDS = 60, 2.0
ATTEMPTS = 30
_START_SECONDS = 20.0
_OK = 200
#: Memory after the load over memory after its first quarter.
GROWTH_AT_MOST = 1.1
#: A connection of each caller, one to the tenant for each, and what a process has open anyway. How
#: many are open to the tenant changes from second to second; what leaks grows beyond any bound.
FILES_AT_MOST = 2 * CONNECTIONS + 50
NGINX = """
daemon off; worker_processes 1; error_log stderr crit; pid {folder}/pid;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream tenant {{ server {upstream}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://tenant; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
  }}
}}
"""


def measure() -> list[Row]:
    """Measure all three; takes about two minutes."""
    return [*_overhead(), *_load(), *_replicas()]


# Processes.


@dataclass
class Replica:
    """A gateway in a process of its own."""

    process: subprocess.Popen[bytes]
    address: str

    def size(self) -> tuple[int, int, int]:
        """Kilobytes of memory, open files, threads."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        lines = dict(line.split(":", 1) for line in status.splitlines())
        files = len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))
        return int(lines["VmRSS"].split()[0]), files, int(lines["Threads"])


@contextmanager
def replica(
    tenant: Tenant, settings: Mapping[str, object] | None = None, port: int = 0
) -> Iterator[Replica]:
    """Serve a gateway while the block lasts."""
    listen = f"--listen=127.0.0.1:{port}"
    command = [FXSHIM, "gateway", listen, f"--upstream={tenant.base_url}", "--no-access-log"]
    environment = tenant.environment(**settings or {})
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:  # noqa: S603
        try:
            assert process.stdout is not None  # noqa: S101 - for the type checker.
            yield Replica(process, process.stdout.readline().decode().split()[2])
        finally:
            process.kill()


@contextmanager
def _running(command: list[str], port: int) -> Iterator[str]:
    with subprocess.Popen(command) as process:  # noqa: S603 - nginx, or our own.
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not _listens(port):
                if time.monotonic() > deadline or process.poll() is not None:
                    msg = f"{command[0]} does not listen"
                    raise RuntimeError(msg)
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@contextmanager
def _nginx(tenant: Tenant) -> Iterator[str | None]:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        sys.stderr.write("no nginx on PATH: its rows are missing; apt-get install nginx-light\n")
        yield None
        return
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "nginx.conf"
        upstream = tenant.base_url.removeprefix("http://")
        file.write_text(NGINX.format(folder=folder, port=port, upstream=upstream), "ascii")
        with _running([program, "-p", folder, "-c", str(file)], port) as address:
            yield address


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


# Calls.


@dataclass
class Tally:
    """What callers saw."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)

    def wrong(self, what: str) -> None:
        """Count an error."""
        self.errors[what] = self.errors.get(what, 0) + 1


def _proxied(tenant: Tenant) -> tuple[str, dict[str, Any]]:
    # Nearly all that is posted in this style is an offline call; this is none.
    data = {"apiName": "PersonnelObj"}
    return "/cgi/crm/v2/object/describe", {**tenant.credentials, "data": data}


def _offline_read(tenant: Tenant, open_user_id: str) -> tuple[str, dict[str, Any]]:
    return "/cgi/user/get", {**_old(tenant), "openUserId": open_user_id}


def _offline_write(tenant: Tenant, ids: list[str], status: int) -> tuple[str, dict[str, Any]]:
    return "/cgi/user/batchSetStatus", {**_old(tenant), "openUserIds": ids, "status": status}


def _old(tenant: Tenant) -> dict[str, Any]:
    return {"corpAccessToken": tenant.corp_access_token, "corpId": tenant.corp_id}


async def _post(
    session: aiohttp.ClientSession,
    address: str,
    call: tuple[str, dict[str, Any]],
    *,
    translated: bool,
) -> dict[str, Any]:
    path, body = call
    async with session.post(f"{address}{path}", json=body) as answer:
        if answer.status != _OK:
            return {"errorCode": f"status {answer.status}"}
        # The tenant answers old calls as well, so the answer alone proves nothing.
        if ("Deprecation" in answer.headers) is not translated:
            return {"errorCode": "not translated" if translated else "translated"}
        found: dict[str, Any] = json.loads(await answer.read())
        return found


async def _timed(
    session: aiohttp.ClientSession, address: str, kind: str, call: Any, tally: Tally
) -> None:
    started = time.perf_counter()
    try:
        answer = await _post(session, address, call, translated=kind != "proxied")
    except aiohttp.ClientError as error:
        tally.wrong(f"{kind}: {type(error).__name__}")
        return
    tally.seconds.setdefault(kind, []).append(time.perf_counter() - started)
    if answer["errorCode"] != 0:
        tally.wrong(f"{kind}: {answer['errorCode']}")


# Overhead.


def _overhead() -> list[Row]:
    with ExitStack() as stack:
        tenant = stack.enter_context(sandbox(25))
        ways = {"directly": tenant.base_url}
        nginx = stack.enter_context(_nginx(tenant))
        if nginx is not None:
            ways["nginx"] = nginx
        port = _free_port()
        bare = "benchmarks.contenders.bare_proxy"
        command = [sys.executable, "-m", bare, str(port), tenant.base_url]
        ways["Starlette + httpx"] = stack.enter_context(_running(command, port))
        ways["fxshim gateway"] = stack.enter_context(replica(tenant)).address
        taken = asyncio.run(_rounds(tenant, ways))
    return [*_times(taken), *_ratios(taken)]


async def _rounds(tenant: Tenant, ways: dict[str, str]) -> dict[str, list[list[float]]]:
    taken: dict[str, list[list[float]]] = {name: [] for name in ways}
    for number in range(ROUNDS + 1):
        for name, address in ways.items():
            seconds = await _round(tenant, address)
            # The first one warms up.
            if number:
                taken[name].append(seconds)
    return taken


async def _round(tenant: Tenant, address: str) -> list[float]:
    tally = Tally()
    call = _proxied(tenant)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def caller() -> None:
            for _ in range(CALLS // AT_ONCE):
                await _timed(session, address, "proxied", call, tally)

        await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
    if tally.errors:
        msg = f"errors at {address}: {tally.errors}"
        raise RuntimeError(msg)
    return tally.seconds["proxied"]


def _times(taken: dict[str, list[list[float]]]) -> list[Row]:
    return [
        Row(
            f"proxied call {name}, {AT_ONCE} at once, {word}: median of {ROUNDS} rounds",
            1000 * statistics.median(_share(round_, share) for round_ in rounds),
            "ms",
        )
        for name, rounds in taken.items()
        for word, share in (("p50", 50), ("p99", 99))
    ]


def _ratios(taken: dict[str, list[list[float]]]) -> list[Row]:
    rows = []
    for other in [name for name in taken if name != "fxshim gateway"]:
        for share in (50, 99):
            pairs = zip(taken["fxshim gateway"], taken[other], strict=True)
            ratios = sorted(_share(ours, share) / _share(theirs, share) for ours, theirs in pairs)
            spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
            what = f"gateway over {other}, p{share} (spread {spread})"
            rows.append(Row(what, statistics.median(ratios), "x"))
    return rows


def _share(seconds: list[float], share: int) -> float:
    return statistics.quantiles(seconds, n=100)[share - 1]


# Load.


def _load() -> list[Row]:
    with sandbox(MEMBERS) as tenant, replica(tenant) as gateway:
        tally, early, late = asyncio.run(_minute(tenant, gateway))
        ended = _terminated(gateway)
    done = {kind: len(seconds) for kind, seconds in sorted(tally.seconds.items())}
    name = f"{CONNECTIONS} connections, {SECONDS:.0f} s"
    sys.stderr.writelines(f"{what}: {count}\n" for what, count in tally.errors.items())
    return [
        *(Row(f"{name}: {kind} calls answered", count, "") for kind, count in done.items()),
        *(
            Row(f"{name}: {kind}, p{share}", 1000 * _share(tally.seconds[kind], share), "ms")
            for kind in done
            for share in (50, 99)
        ),
        Row(f"{name}: errors", sum(tally.errors.values()), "", at_most=0),
        Row(f"{name}: memory, end over first quarter", late[0] / early[0], "x", GROWTH_AT_MOST),
        Row(f"{name}: memory at the end", late[0] / 1024, "MiB"),
        Row(f"{name}: open files, first quarter", early[1], "", FILES_AT_MOST),
        Row(f"{name}: open files at the end", late[1], "", FILES_AT_MOST),
        Row(f"{name}: threads, end less first quarter", late[2] - early[2], "", 0),
        Row(f"{name}: exit code after SIGTERM", ended, "", at_most=0, at_least=0),
    ]


def _terminated(gateway: Replica) -> int:
    gateway.process.send_signal(signal.SIGTERM)
    return gateway.process.wait(_START_SECONDS * 2)


async def _minute(
    tenant: Tenant, gateway: Replica
) -> tuple[Tally, tuple[int, int, int], tuple[int, int, int]]:
    tally = Tally()
    started = time.monotonic()
    ids = tenant.open_user_ids
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def caller(number: int) -> None:
            mine = ids[number]
            turn = number
            while time.monotonic() - started < SECONDS:
                turn += 1
                kinds: list[tuple[str, Any]] = [
                    ("proxied", _proxied(tenant)),
                    ("offline read", _offline_read(tenant, mine)),
                    ("proxied", _proxied(tenant)),
                    ("offline write", _offline_write(tenant, [mine], 1 + turn // 4 % 2)),
                ]
                kind, call = kinds[turn % len(kinds)]
                await _timed(session, gateway.address, kind, call, tally)

        callers = [asyncio.create_task(caller(number)) for number in range(CONNECTIONS)]
        await asyncio.sleep(SECONDS / 4)
        early = gateway.size()
        await asyncio.sleep(SECONDS * 0.7)
        late = gateway.size()
        await asyncio.gather(*callers)
    return tally, early, late


# Replicas.


def _replicas() -> list[Row]:
    quota = {"quota_calls": QUOTA_CALLS, "quota_seconds": QUOTA_SECONDS}
    with ExitStack() as stack:
        url = stack.enter_context(redis_server())
        tenant = stack.enter_context(sandbox(MEMBERS, profile="strict", **quota))  # type: ignore[arg-type]
        given = {**quota, **tenant.renewal, "redis_url": url}
        first = stack.enter_context(replica(tenant, given))
        second = stack.enter_context(replica(tenant, given))
        port = int(first.address.rpartition(":")[2])

        def again() -> None:
            stack.enter_context(replica(tenant, given, port))

        story = asyncio.run(_killed(tenant, first, second, again))
        refused = tenant.throttled()
    name = f"two replicas, Redis, {MEMBERS} members by {CALLERS} callers"
    return [
        Row(f"{name}: seconds in all", story.seconds, "s"),
        Row(f"{name}: broken connections seen by callers", story.broken, "", at_least=1),
        Row(f"{name}: members without an answer", story.unanswered, "", at_most=0),
        Row(f"{name}: members whose state is not what the answer said", story.lost, "", at_most=0),
        Row(f"{name}: members answered as failed (locked in this tenant)", story.refused, ""),
        Row(f"{name}: calls that the tenant refused for the quota", refused, "", at_most=0),
        Row(f"{name}: exit code of the one with SIGTERM", story.code, "", at_most=0, at_least=0),
    ]


@dataclass
class Story:
    """What became of the members."""

    seconds: float = 0
    broken: int = 0
    lost: int = 0
    refused: int = 0
    unanswered: int = 0
    code: int = -1


async def _killed(
    tenant: Tenant, first: Replica, second: Replica, again: Callable[[], None]
) -> Story:
    story = Story()
    ids = tenant.open_user_ids
    todo = [list(ids[at : at + BATCH]) for at in range(0, MEMBERS, BATCH)]
    addresses = [first.address, second.address]
    codes: dict[str, int] = {}
    started = time.monotonic()

    async def caller(session: aiohttp.ClientSession, number: int) -> None:
        at = number
        while todo:
            batch = todo.pop()
            for _ in range(ATTEMPTS):
                at += 1
                call = _offline_write(tenant, batch, 1)
                try:
                    answer = await _post(session, addresses[at % 2], call, translated=True)
                except aiohttp.ClientError:
                    story.broken += 1
                    await asyncio.sleep(0.2)
                    continue
                if answer["errorCode"] != 0 and len(batch) > 1:
                    # Some have failed; the old answer does not say which, so each is asked for.
                    todo.extend([one] for one in batch)
                else:
                    codes.update(dict.fromkeys(batch, answer["errorCode"]))
                break

    async def violence() -> None:
        await asyncio.sleep(3)
        first.process.kill()
        await asyncio.to_thread(first.process.wait)
        await asyncio.sleep(1)
        await asyncio.to_thread(again)
        await asyncio.sleep(2)
        second.process.send_signal(signal.SIGTERM)
        story.code = await asyncio.to_thread(second.process.wait, 60)

    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        await asyncio.gather(violence(), *(caller(session, one) for one in range(CALLERS)))
        story.seconds = time.monotonic() - started
        story.unanswered = len(set(ids) - set(codes))
        story.refused = sum(code != 0 for code in codes.values())
        for one in ids:
            answer = await _post(
                session, first.address, _offline_read(tenant, one), translated=True
            )
            story.lost += answer.get("isStop") is not (codes.get(one) == 0)
    return story


if __name__ == "__main__":
    raise SystemExit(show(measure))
