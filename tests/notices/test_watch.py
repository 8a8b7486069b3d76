"""`watch(client)`: what other servers say of their addresses is a notice of the calling line."""

import asyncio
import copy
import os
import pickle
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

import aiohttp
import httpx
import pytest
import requests

import shim
from shim.notices import (
    DeprecatedAnswerReceived,
    DeprecatedAnswersSummarized,
    ServerDeprecationWarning,
    WatchPolicy,
    _watch,
    forget,
    usage,
    watch,
    watch_by,
)
from shim.testing import reset

SINCE = "2026-01-19T00:00:00Z"
FIELDS = {
    "Deprecation": "@1768780800",
    "Sunset": "Fri, 31 Dec 2027 00:00:00 GMT",
    "Link": '<https://docs.example.com/old>; rel="deprecation", </v2/users>; rel=successor-version',
}
HTTPX2 = "httpx2" if find_spec("httpx2") else "httpx"


class Handler(BaseHTTPRequestHandler):
    """Answers each path with the fields that the test has given it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Answer."""
        path = self.path.partition("?")[0]
        status, fields = self.server.answers.get(path, (200, [("Deprecation", "@1768780800")]))
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Clients that raise close their connections before they have read the answer."""

    def handle_error(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def server():
    peer = Server(("127.0.0.1", 0), Handler)
    peer.daemon_threads = True
    peer.answers = {
        "/old/1453": (200, list(FIELDS.items())),
        "/current": (200, []),
        "/gone": (410, [("Deprecation", "true")]),
        "/moved": (302, [("Deprecation", "true"), ("Location", "/current")]),
        "/kept": (200, [("Deprecation", "false")]),
        "/two": (200, [("Deprecation", "@1768867200"), ("Deprecation", "@1768780800")]),
        "/broken": (200, [("Deprecation", "\xff@;="), ("Sunset", "31 Feb"), ("Link", "<<>;")]),
    }
    peer.url = f"http://127.0.0.1:{peer.server_port}"
    peer.host = f"127.0.0.1:{peer.server_port}"
    thread = threading.Thread(target=peer.serve_forever, args=(0.01,))
    thread.start()
    yield peer
    peer.shutdown()
    thread.join()
    peer.server_close()


@pytest.fixture(autouse=True)
def policy():
    """A policy that the test may turn, and the one of the settings after it."""
    state = [WatchPolicy("log")]
    before = watch_by(lambda: state[0])

    def turn(*given, **named):
        state[0] = WatchPolicy(*given, **named)

    turn.of_the_settings = before
    yield turn
    watch_by(before)


@asynccontextmanager
async def opened(kind):
    """Open a client of one library; give what fetches with it."""
    if kind == "aiohttp":
        async with aiohttp.ClientSession() as session:

            async def fetch(url, **given):
                async with session.get(url, **given) as answer:
                    await answer.read()
                    return answer.status

            yield watch(session), fetch
    elif kind.endswith("-async"):
        library = pytest.importorskip(kind.removesuffix("-async"))
        async with library.AsyncClient(follow_redirects=True) as client:

            async def fetch(url, **given):
                return (await client.get(url, **given)).status_code

            yield watch(client), fetch
    else:
        opener = {"requests": requests.Session}.get(kind) or (
            lambda: pytest.importorskip(kind).Client(follow_redirects=True)
        )
        with opener() as client:

            async def fetch(url, **given):
                return client.get(url, **given).status_code

            yield watch(client), fetch


KINDS = ["requests", "httpx", "httpx-async", "aiohttp", HTTPX2, f"{HTTPX2}-async"]
each_client = pytest.mark.parametrize("kind", dict.fromkeys(KINDS))


class TestEachClient:
    @each_client
    def test_all_that_the_server_says_is_in_the_event(self, kind, server, events):
        """Once, for the line of this file that waits for the answer."""

        async def main():
            async with opened(kind) as (_, fetch):
                return await fetch(f"{server.url}/old/1453?token=secret")

        assert asyncio.run(main()) == 200
        (event,) = events
        assert isinstance(event, DeprecatedAnswerReceived)
        fields = event.fields()
        assert fields.pop("caller_line") > 0
        assert fields.pop("caller_function").endswith("fetch")
        assert {name: fields[name] for name in list(fields)[:-3]} == {
            "method": "GET",
            "host": server.host,
            "path": "/old/{}",
            "since": SINCE,
            "sunset": "2027-12-31T00:00:00Z",
            "documentation": "https://docs.example.com/old",
            "successor": f"{server.url}/v2/users",
            "caller_file": __file__,
            "calls": 1,
            "calls_since": 1,
            "caller_module": __name__,
        }

    @each_client
    def test_an_answer_that_is_not_deprecated_is_no_event(self, kind, server, events):
        """Nor is it counted."""

        async def main():
            async with opened(kind) as (_, fetch):
                return await fetch(f"{server.url}/current"), await fetch(f"{server.url}/kept")

        assert asyncio.run(main()) == (200, 200)
        assert events == []

    @each_client
    def test_malformed_headers_reach_the_client_as_they_are(self, kind, server, events):
        """The answer is deprecated; since when, nobody can say."""

        async def main():
            async with opened(kind) as (_, fetch):
                return await fetch(f"{server.url}/broken")

        assert asyncio.run(main()) == 200
        (event,) = events
        assert (event.since, event.sunset, event.documentation) == ("", "", "")

    @each_client
    def test_a_redirect_is_seen_by_itself_and_once(self, kind, server, events):
        """The address that moved is the deprecated one."""

        async def main():
            async with opened(kind) as (_, fetch):
                return await fetch(f"{server.url}/moved")

        assert asyncio.run(main()) == 200
        assert [event.path for event in events] == ["/moved"]

    @each_client
    def test_fields_that_come_twice_are_read_together(self, kind, server, events):
        """The earliest date counts, though it is the second."""

        async def main():
            async with opened(kind) as (_, fetch):
                await fetch(f"{server.url}/two")

        asyncio.run(main())
        assert [event.since for event in events] == [SINCE]

    @each_client
    def test_watching_twice_counts_once(self, kind, server, events):
        """A framework and the program may both do it."""

        async def main():
            async with opened(kind) as (client, fetch):
                assert watch(client) is client
                await fetch(f"{server.url}/gone")

        asyncio.run(main())
        assert [event.calls for event in events] == [1]

    @each_client
    def test_error_raises_at_every_call_and_leaves_no_connection_open(self, kind, server, policy):
        """The request was made; its answer is closed. Unclosed ones would fail this suite."""
        policy("error")

        async def main():
            async with opened(kind) as (_, fetch):
                for _ in range(2):
                    with pytest.raises(ServerDeprecationWarning, match=r"^GET 127.*/gone is depr"):
                        await fetch(f"{server.url}/gone")
                return await fetch(f"{server.url}/current")

        assert asyncio.run(main()) == 200


class TestProgramsOfTheirOwn:
    def test_hook_of_the_program_that_raises_hides_nothing(self, server, events):
        """`raise_on_4xx_5xx` is a recipe of httpx's own documentation."""

        def refuse(response):
            response.raise_for_status()

        with (
            watch(httpx.Client(event_hooks={"response": [refuse]})) as client,
            pytest.raises(httpx.HTTPStatusError),
        ):
            client.get(f"{server.url}/gone")
        assert [event.path for event in events] == ["/gone"]

    @pytest.mark.parametrize("several", [False, True])
    def test_hooks_of_one_call_do_not_take_the_place_of_the_watch(self, server, events, several):
        """In requests they take the place of the session's hooks."""
        heard = []

        def hear(response, **_):
            heard.append(response.status_code)

        with watch(requests.Session()) as session:
            session.get(f"{server.url}/gone", hooks={"response": [hear] if several else hear})
            request = requests.Request("GET", f"{server.url}/gone")
            prepared = session.prepare_request(request)
            prepared.hooks = {"response": hear}
            session.send(prepared)
            session.send(prepared)
            prepared.hooks = None
            session.send(prepared)
            with pytest.raises(AttributeError):
                session.send("no request")
        assert heard == [410, 410, 410]
        assert [event.calls for event in events] == [1, 1, 1, 1]

    def test_session_that_raises_for_status_is_seen(self, server, events):
        """aiohttp makes an exception of the answer before a request has ended."""

        async def main():
            async with aiohttp.ClientSession(raise_for_status=True) as session:
                watch(session)
                with pytest.raises(aiohttp.ClientResponseError):
                    await session.get(f"{server.url}/gone")
                with pytest.raises(aiohttp.ClientConnectorError):
                    await session.get("http://127.0.0.1:1/")

        asyncio.run(main())
        assert [event.path for event in events] == ["/gone"]

    def test_anything_else_is_refused_by_name(self):
        """The module `requests` has no session to watch."""
        with pytest.raises(TypeError, match=r"cannot watch builtins\.module: give .*Session"):
            watch(requests)

    def test_subclass_of_a_client_is_watched(self, server, events):
        """SDKs have clients of their own."""

        class Client(httpx.Client):
            pass

        with watch(Client()) as client:
            client.get(f"{server.url}/gone")
        assert len(events) == 1


class TestCaller:
    def test_each_line_is_counted_by_itself(self, server, events):
        """The first, 10th, 100th answer is logged, with the count since."""
        with watch(requests.Session()) as session:
            for _ in range(12):
                session.get(f"{server.url}/gone")
            session.get(f"{server.url}/gone")
        assert [(event.calls, event.calls_since) for event in events] == [(1, 1), (10, 9), (1, 1)]
        assert events[2].caller_line == events[0].caller_line + 1

    def test_module_to_look_through_is_not_the_caller(self, server, events, policy):
        """The setting `look_through`, as for an offline call."""
        policy("log", look_through=("helper",))
        helper = {"__name__": "helper"}
        exec("def fetch(session, url):\n    return session.get(url)", helper)
        with watch(requests.Session()) as session:
            helper["fetch"](session, f"{server.url}/gone")
        assert events[0].caller_module == __name__

    def test_line_that_waits_with_a_deadline_is_the_caller(self, server, events):
        """Python 3.12's `wait_for` awaits in the same task; before, it makes one of its own."""

        async def fetch(client):
            await client.get(f"{server.url}/gone")

        async def main():
            async with watch(httpx.AsyncClient()) as client:
                await asyncio.wait_for(fetch(client), 30)
                await asyncio.create_task(fetch(client))

        asyncio.run(main())
        assert [event.caller_function.rpartition(".")[2] for event in events] == ["fetch"]

    def test_coroutine_of_the_event_loop_is_looked_through(self, server, events):
        """As `wait_for` is from Python 3.12 on."""
        loop = {"__name__": "asyncio.tasks"}
        exec("async def wait_for(awaited):\n    return await awaited", loop)

        async def main():
            async with watch(httpx.AsyncClient()) as client:
                await loop["wait_for"](client.get(f"{server.url}/gone"))

        asyncio.run(main())
        assert events[0].caller_module == __name__

    def test_answer_that_no_line_waits_for_is_unknown(self, server, events):
        """A thread or a task was given the client's own method."""

        async def main():
            async with watch(httpx.AsyncClient()) as client:
                await asyncio.gather(client.get(f"{server.url}/gone"))

        asyncio.run(main())
        with watch(requests.Session()) as session, ThreadPoolExecutor(1) as pool:
            pool.submit(session.get, f"{server.url}/gone").result()
        assert [event.caller_file for event in events] == ["<unknown>"]

    def test_interpreter_without_frames_counts_an_unknown_caller(self, events):
        """Python need not show frames."""
        found = _watch.announcement("true", "", "", "")
        _watch.count(_watch.route("GET", "http://a/b"), found, None)
        assert events[0].caller_file == "<unknown>"


class TestPolicy:
    def test_ignore_counts_and_logs_nothing_until_it_is_changed(self, server, events, policy):
        """So a changed setting finds the whole count."""
        policy("ignore")
        with watch(requests.Session()) as session:
            for action in ("ignore", "log"):
                policy(action)
                session.get(f"{server.url}/gone")
        assert [(event.calls, event.calls_since) for event in events] == [(2, 2)]

    def test_warn_warns_once_a_line_at_that_line(self, server, events, policy):
        """In a program whose filters show it."""
        policy("warn")
        with warnings.catch_warnings(record=True) as caught, watch(requests.Session()) as session:
            warnings.simplefilter("always")
            for _ in range(2):
                session.get(f"{server.url}/old/1453")
        (warning,) = caught
        assert (warning.filename, warning.lineno) == (__file__, events[0].caller_line)
        assert str(warning.message) == (
            f"GET {server.host}/old/{{}} is deprecated, says the server; since {SINCE}; it stops "
            f"to answer on 2027-12-31T00:00:00Z; use {server.url}/v2/users instead; "
            "see https://docs.example.com/old"
        )

    def test_filter_that_makes_it_an_error_does_so_at_every_call(self, server, policy, events):
        """As Python's own warnings do."""
        policy("warn")
        with watch(requests.Session()) as session:
            for _ in range(2):
                with pytest.raises(ServerDeprecationWarning):
                    session.get(f"{server.url}/gone")
        assert [event.calls for event in events] == [1]

    def test_warning_is_no_offline_one_and_is_pickled_and_copied(self):
        """A filter for offline calls must not act on what any server sends."""
        warning = ServerDeprecationWarning("GET", "a", "/b", SINCE, "", "", "")
        assert isinstance(warning, DeprecationWarning)
        assert not isinstance(warning, shim.OfflineAPIDeprecationWarning)
        for twin in (pickle.loads(pickle.dumps(warning)), copy.copy(warning)):
            assert vars(twin) == vars(warning)
            assert str(twin) == f"GET a/b is deprecated, says the server; since {SINCE}"

    def test_settings_of_the_shim_decide(self, server, policy, monkeypatch):
        """`notices`, `look_through` and `summary_seconds`; unusable settings break no client."""
        watch_by(policy.of_the_settings)
        shim.configure(notices="error", look_through=("helper",), summary_seconds=7)
        assert policy.of_the_settings() == WatchPolicy("error", ("helper",), 7)
        with watch(requests.Session()) as session, pytest.raises(ServerDeprecationWarning):
            session.get(f"{server.url}/gone")
        reset()
        monkeypatch.setenv("FXIAOKE_SHIM_NOTICES", "perhaps")
        assert policy.of_the_settings() == WatchPolicy("warn")
        monkeypatch.undo()
        reset()


class TestCounts:
    def test_summaries_have_the_exact_counts_once(self, server, events):
        """At exit, and again only if there is news."""
        with watch(requests.Session()) as session:
            for _ in range(3):
                session.get(f"{server.url}/old/1453")
        _watch.report_watched()
        _watch.report_watched()
        received, summary = events
        assert isinstance(summary, DeprecatedAnswersSummarized)
        expected = {**received.fields(), **summary.fields(), "calls": 3, "overflow": False}
        del expected["calls_since"]
        assert summary.fields() == expected

    def test_summaries_come_every_so_many_seconds(self, server, events, policy):
        """The first answer starts the clock; a policy of 0 seconds has none before the exit."""
        policy("log", summary_seconds=1e-9)
        with watch(requests.Session()) as session:
            for _ in range(3):
                session.get(f"{server.url}/gone")
        names = [type(event) for event in events]
        assert names == [DeprecatedAnswerReceived] + [DeprecatedAnswersSummarized] * 2
        assert [event.calls for event in events] == [1, 2, 3]

    def test_ignored_counts_are_not_summarized(self, server, events, policy):
        """Nothing is logged, at the end neither."""
        policy("ignore")
        with watch(requests.Session()) as session:
            session.get(f"{server.url}/gone")
        _watch.report_watched()
        assert events == []

    def test_no_server_takes_up_the_room_of_offline_calls(self, events):
        """Addresses beyond the bound are counted together, and none is an offline call."""
        said = _watch.announcement("true", "", "", "")
        letters = "abcdefghij"
        names = [f"{a}{b}{c}{d}" for a in "ab" for b in letters for c in letters for d in letters]
        for name in names:
            _watch.count(_watch.route("GET", f"http://a/{name}"), said, None)
        events.clear()
        _watch.report_watched()
        *_, overflow = events
        assert len(events) == _watch.WATCHED_AT_MOST + 1
        assert (overflow.overflow, overflow.path, overflow.caller_file) == (True, "", "")
        assert overflow.calls == len(names) - _watch.WATCHED_AT_MOST
        assert usage() == ()
        forget()
        _watch.report_watched()
        assert events[-1] is overflow

    def test_threads_lose_no_count(self, events):
        """Each answer counts, whichever thread gets it."""
        said, where = _watch.announcement("true", "", "", ""), _watch.route("GET", "http://a/b")
        with ThreadPoolExecutor(8) as pool:
            for _ in range(2000):
                pool.submit(_watch.count, where, said, None)
        _watch.report_watched()
        assert events[-1].calls == 2000

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    def test_forked_child_starts_empty(self, server, events):
        """What the parent counted, the parent reports."""
        with watch(requests.Session()) as session:
            session.get(f"{server.url}/gone")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            child = os.fork()
        if not child:  # pragma: no cover -- the child's coverage is not kept.
            _watch.report_watched()
            os._exit(len(events))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
        _watch.report_watched()
        assert len(events) == 2


PROGRAM = """
import atexit, sys

import requests, shim

session = shim.notices.watch(requests.Session())
url = sys.argv[1]

@atexit.register
def late():
    session.get(url)

import logging
if "log" in sys.argv:
    logging.basicConfig(format="%(message)s")
for _ in range(3):
    session.get(url)
"""


class TestProcess:
    def test_process_that_ends_logs_its_counts_and_then_each_late_answer(self, server, run):
        """The exit handler of the program runs after that of the shim."""
        done = run(PROGRAM, f"{server.url}/gone", "log", options=("-W", "ignore"))
        lines = [
            line.split()[0] + line.partition(" calls=")[2][:2] for line in done.err.splitlines()
        ]
        assert done.code == 0
        assert [line for line in lines if "deprecated" in line] == [
            "event=shim.deprecated_answer_received1 ",
            "event=shim.deprecated_answers_summarized3 ",
            "event=shim.deprecated_answer_received1 ",
            "event=shim.deprecated_answers_summarized1 ",
        ]

    def test_without_a_log_each_fact_is_on_stderr_once(self, server, run):
        """No warning besides the event, and a count that is news."""
        done = run(PROGRAM, f"{server.url}/gone")
        assert done.code == 0
        assert done.err.count("\n") == 3
        assert "DeprecationWarning" not in done.err

    def test_counts_that_stderr_has_are_not_repeated(self, server, run):
        """One answer, one line."""
        done = run(
            PROGRAM.replace("range(3)", "range(1)").replace("@atexit.register", ""),
            f"{server.url}/gone",
        )
        assert done.err.count("\n") == 1
