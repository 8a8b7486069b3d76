"""The same answers by httpx transport, ASGI and socket; and the control requests by each."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import importlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time as real_time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from shim.sandbox import KINDS, PROFILES, Sandbox, _server, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKEN = "/cgi/corpAccessToken/get/V2"


def asgi(sandbox: Sandbox) -> httpx.ASGITransport:
    return httpx.ASGITransport(app=sandbox.app())


def through_asgi(sandbox: Sandbox, method: str, path: str, **sent: Any) -> httpx.Response:
    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=asgi(sandbox), base_url=sandbox.base_url) as client:
            return await client.request(method, path, **sent)

    return asyncio.run(call())


def through_async_transport(
    sandbox: Sandbox, method: str, path: str, **sent: Any
) -> httpx.Response:
    async def call() -> httpx.Response:
        transport = sandbox.transport()
        async with httpx.AsyncClient(transport=transport, base_url=sandbox.base_url) as client:
            return await client.request(method, path, **sent)

    return asyncio.run(call())


def through_transport(sandbox: Sandbox, method: str, path: str, **sent: Any) -> httpx.Response:
    with httpx.Client(transport=sandbox.transport(), base_url=sandbox.base_url) as client:
        return client.request(method, path, **sent)


def through_socket(sandbox: Sandbox, method: str, path: str, **sent: Any) -> httpx.Response:
    host = httpx.URL(sandbox.base_url).host
    with sandbox.serve() as base_url, httpx.Client(base_url=base_url, trust_env=False) as client:
        return client.request(method, path, headers={"Host": host}, **sent)


TRANSPORTS = [through_transport, through_async_transport, through_asgi, through_socket]


def script(sandbox: Sandbox) -> list[tuple[str, str, dict[str, Any]]]:
    """Return calls that touch everything once."""
    offline = {"corpAccessToken": sandbox.corp_access_token, "corpId": sandbox.corp_id}
    body = {**offline, "currentOpenUserId": sandbox.current_open_user_id}
    app = {"appId": sandbox.app_id, "appSecret": sandbox.app_secret}
    some = sandbox.open_user_ids[:2]
    query = {"dataObjectApiName": "PersonnelObj", "search_query_info": {"limit": 3}}
    sent = {"dataObjectApiName": "PersonnelObj", "_id": "0" * 24, "status": "1"}
    batch = {**offline, "openUserIds": some, "status": 1}
    return [
        ("POST", TOKEN, {"json": {**app, "permanentCode": sandbox.permanent_code}}),
        ("POST", "/cgi/user/batchSetStatus?thirdTraceId=1", {"json": batch}),
        ("POST", "/cgi/crm/v2/data/update", {"json": {**batch, "status": 9}}),
        ("POST", "/cgi/crm/v2/data/query", {"json": {**body, "data": query}}),
        ("POST", "/cgi/crm/v2/data/update", {"json": {**body, "data": {"object_data": sent}}}),
        ("POST", "/cgi/nowhere/%E4%B8%AD", {"json": {}}),
        ("GET", "/", {}),
        ("DELETE", TOKEN, {}),
        ("POST", TOKEN, {"content": b"{"}),
        ("GET", "/_sandbox/members", {}),
        ("GET", "/_sandbox/calls", {}),
        ("POST", "/_sandbox/faults", {"json": [{"kind": "html_502", "times": 1}]}),
        ("POST", TOKEN, {"json": {}}),
        ("POST", "/_sandbox/faults", {"json": [{"kind": "html"}]}),
        ("GET", "/_sandbox/faults", {}),
        ("POST", "/_sandbox/reset", {}),
        ("GET", "/_sandbox/describe", {"headers": {"Host": "sandbox.fxiaoke.invalid"}}),
    ]


def seen(response: httpx.Response) -> tuple[int, str, Any]:
    content_type = response.headers["content-type"]
    if not content_type.startswith("application/json"):
        return response.status_code, content_type, response.text
    answer = response.json()
    answer.pop("traceId", None)
    answer.pop("base_url", None)
    return response.status_code, content_type, answer


class TestTheSameEverywhere:
    def test_fixed_script_gets_the_same_answers_everywhere(self, time: Any) -> None:
        """By transport, ASGI and socket."""
        made = []
        for send in TRANSPORTS[:3]:
            sandbox = Sandbox(members=5, profile="hidden", seed=4, clock=time)
            calls = script(sandbox)
            made.append([seen(send(sandbox, method, path, **sent)) for method, path, sent in calls])
        sandbox = Sandbox(members=5, profile="hidden", seed=4, clock=time)
        with sandbox.serve() as url, httpx.Client(base_url=url, trust_env=False) as client:
            made.append([seen(client.request(*call, **sent)) for *call, sent in script(sandbox)])
        assert made[0] == made[1] == made[2] == made[3]
        assert {status for status, _, _ in made[0]} == {200, 400, 405, 502}

    @settings(max_examples=25, deadline=None)
    @given(
        profile=st.sampled_from([*PROFILES]),
        order=st.lists(st.integers(0, 16), max_size=8),
    )
    def test_any_script_gets_the_same_answers_everywhere(
        self, profile: str, order: list[int]
    ) -> None:
        """In any order and profile."""
        made = []
        for send in TRANSPORTS[:3]:
            sandbox = Sandbox(members=5, profile=profile, clock=lambda: 0.0)
            calls = [script(sandbox)[place] for place in order]
            made.append([seen(send(sandbox, method, path, **sent)) for method, path, sent in calls])
        assert made[0] == made[1] == made[2]

    @pytest.mark.parametrize("send", TRANSPORTS)
    def test_broken_connection_is_an_error_of_the_library(self, send: Any) -> None:
        """A reset is httpx's error; only an application without a server raises the system's."""
        sandbox = Sandbox(members=1)
        sandbox.add_faults({"kind": "reset"})
        broken = ConnectionResetError if send is through_asgi else httpx.TransportError
        with pytest.raises(broken):
            send(sandbox, "POST", TOKEN, json={})

    @pytest.mark.parametrize("send", TRANSPORTS)
    def test_latency_delays_the_answer_everywhere(self, send: Any) -> None:
        """Each transport delays it."""
        sandbox = Sandbox(members=1, latency_ms=30)
        start = real_time.perf_counter()
        assert send(sandbox, "POST", TOKEN, json={}).status_code == 200
        assert real_time.perf_counter() - start >= 0.03

    @pytest.mark.parametrize("send", TRANSPORTS)
    def test_redirect_cookie_drip_and_big_answer_are_the_same_everywhere(self, send: Any) -> None:
        """The client sees the same status, headers and body."""
        sandbox = Sandbox(members=1)
        sandbox.add_faults({"kind": "redirect", "times": 1})
        with pytest.raises(httpx.RemoteProtocolError):
            send(sandbox, "POST", TOKEN, json={})
        sandbox.add_faults({"kind": "cookie"}, {"kind": "drip", "ms": 40}, {"kind": "big", "mb": 1})
        start = real_time.perf_counter()
        response = send(sandbox, "POST", TOKEN, json={})
        assert real_time.perf_counter() - start >= 0.04
        assert response.json()["errorCode"] == 10006
        assert len(response.content) > 1 << 20
        assert (b"set-cookie", b"route=\xc3\xbc\xff; Path=/") in [
            (name.lower(), value) for name, value in response.headers.raw
        ]

    def test_client_that_hangs_up_ends_a_drip(self) -> None:
        """The server stops without the rest of the answer."""
        sandbox = Sandbox(members=1)
        sandbox.add_faults({"kind": "drip", "ms": 3_600_000})
        start = real_time.perf_counter()
        with sandbox.serve() as url, pytest.raises(httpx.ReadTimeout):
            httpx.post(url + TOKEN, json={}, timeout=0.05)
        assert real_time.perf_counter() - start < 30, "it would have taken an hour"

    @pytest.mark.parametrize("send", [through_transport, through_async_transport, through_socket])
    def test_stall_ends_with_the_read_timeout_of_the_client(self, send: Any) -> None:
        """The client's read timeout ends it, and holds up no stopping server."""
        sandbox = Sandbox(members=1)
        sandbox.add_faults({"kind": "stall"})
        start = real_time.perf_counter()
        timeout = httpx.Timeout(5, read=0.05)
        with pytest.raises(httpx.ReadTimeout):
            send(sandbox, "POST", TOKEN, json={}, timeout=timeout)
        assert real_time.perf_counter() - start < 30, "it would have taken a minute"

    def test_client_without_timeout_gets_a_late_answer(self) -> None:
        """However late it is."""
        sandbox = Sandbox(members=1, latency_ms=5)
        assert through_transport(sandbox, "POST", TOKEN, json={}, timeout=None).status_code == 200


# httpx2 knows no Python 3.10.
LIBRARIES = ["httpx", "httpx2"] if sys.version_info >= (3, 11) else ["httpx"]


class TestEitherLibrary:
    @pytest.fixture(params=LIBRARIES)
    def library(self, request: pytest.FixtureRequest) -> Any:
        return importlib.import_module(request.param)

    @pytest.fixture(params=["blocking", "asyncio", "trio"])
    def post(self, library: Any, request: pytest.FixtureRequest) -> Callable[..., Any]:
        """Give a function that makes one call of a sandbox."""

        def blocking(sandbox: Sandbox, **sent: Any) -> Any:
            with library.Client(transport=sandbox.transport()) as client:
                return client.post(sandbox.base_url + TOKEN, json={}, **sent)

        async def awaiting(sandbox: Sandbox, **sent: Any) -> Any:
            async with library.AsyncClient(transport=sandbox.transport()) as client:
                return await client.post(sandbox.base_url + TOKEN, json={}, **sent)

        return {
            "blocking": blocking,
            "asyncio": lambda *args, **sent: asyncio.run(awaiting(*args, **sent)),
            "trio": lambda *args, **sent: trio.run(lambda: awaiting(*args, **sent)),
        }[request.param]

    def test_answer_is_of_the_library_of_the_request(
        self, library: Any, post: Callable[..., Any]
    ) -> None:
        """Clients take no other, after a wait either."""
        response = post(Sandbox(members=1, latency_ms=5))
        assert isinstance(response, library.Response)
        assert response.json()["errorCode"] == 10006

    def test_errors_are_of_the_library_of_the_request(
        self, library: Any, post: Callable[..., Any]
    ) -> None:
        """For a reset, and for a wait that is too long: a program catches those of one library."""
        sandbox = Sandbox(members=1)
        sandbox.add_faults({"kind": "reset", "times": 1})
        with pytest.raises(library.ReadError) as caught:
            post(sandbox)
        assert caught.value.request.url.path == TOKEN
        sandbox.add_faults({"kind": "stall"})
        with pytest.raises(library.ReadTimeout):
            post(sandbox, timeout=0.02)

    def test_request_of_a_subclass_is_answered(self, library: Any) -> None:
        """With the answers of the library that it derives from."""

        class Traced(library.Request):  # type: ignore[misc]
            pass

        sandbox = Sandbox(members=1)
        with library.Client(transport=sandbox.transport()) as client:
            response = client.send(Traced("POST", sandbox.base_url + TOKEN, content=b"{}"))
        assert isinstance(response, library.Response)

    def test_sandbox_answers_without_httpx2(self) -> None:
        """The sandbox imports and answers without httpx2."""
        code = (
            "import sys; sys.modules['httpx2'] = None\n"
            "import httpx\n"
            "from shim.sandbox import Sandbox\n"
            "print(httpx.Client(transport=Sandbox(1).transport()).get('http://x').status_code)\n"
        )
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
        )
        assert (done.stdout, done.stderr) == ("200\n", "")


class TestControl:
    @pytest.fixture
    def sandbox(self) -> Sandbox:
        return Sandbox(members=2)

    def test_members_calls_and_description_are_shown_and_not_counted(
        self, sandbox: Sandbox
    ) -> None:
        """Members, calls and the description, without being counted."""
        with sandbox.serve() as base_url, httpx.Client(base_url=base_url) as client:
            assert client.get("/_sandbox/members").json() == sandbox.members()
            assert client.get("/_sandbox/calls").json() == {}
            described = client.get("/_sandbox/describe").json()
        assert described == sandbox.describe(base_url)
        assert described["base_url"] == base_url
        assert list(described) == [
            "base_url",
            "corpAccessToken",
            "corpId",
            "currentOpenUserId",
            "appId",
            "appSecret",
            "permanentCode",
            "openUserIds",
        ]
        assert described["openUserIds"] == sandbox.open_user_ids

    @pytest.mark.parametrize("wrapped", ["list", "object", "alone"])
    def test_faults_are_taken_as_a_list_in_an_object_or_alone(
        self, sandbox: Sandbox, wrapped: str
    ) -> None:
        """A list, a list in an object, or one fault."""
        fault = {"kind": "error", "code": 3, "times": 1}
        body = {"list": [fault], "object": {"faults": [fault]}, "alone": fault}[wrapped]
        answer = through_transport(sandbox, "POST", "/_sandbox/faults", json=body)
        assert answer.json() == {"added": 1}
        assert through_transport(sandbox, "POST", TOKEN, json={}).json()["errorCode"] == 3

    def test_bad_fault_is_http_400_with_the_field_and_the_kinds(self, sandbox: Sandbox) -> None:
        """HTTP 400, the field and the kinds."""
        answer = through_transport(sandbox, "POST", "/_sandbox/faults", json=[{"kind": "x"}])
        assert answer.status_code == 400
        assert "faults[0].kind" in answer.json()["error"]
        assert all(kind in answer.json()["error"] for kind in KINDS)
        for content in (b"", b"{", b"7", b'{"faults": 7}'):
            answer = through_transport(sandbox, "POST", "/_sandbox/faults", content=content)
            assert answer.status_code == 400

    def test_reset_takes_back_all_or_the_counts_alone(self, sandbox: Sandbox) -> None:
        """All of it, or the counts alone."""
        through_transport(sandbox, "POST", TOKEN, json={})
        token = sandbox.handle("POST", "/_sandbox/reset", "", b'{"calls_only": true}')
        assert (json.loads(token.body), sandbox.calls()) == ({"reset": "calls"}, {})
        everything = through_transport(sandbox, "POST", "/_sandbox/reset")
        assert everything.json() == {"reset": "all"}
        for content in (b"[]", b'{"calls_only": 1}'):
            answer = through_transport(sandbox, "POST", "/_sandbox/reset", content=content)
            assert answer.status_code == 400

    def test_unknown_control_request_is_http_404_or_405(self, sandbox: Sandbox) -> None:
        """404 and 405, unlike the vendor's paths."""
        assert through_transport(sandbox, "GET", "/_sandbox/nothing").status_code == 404
        assert through_transport(sandbox, "POST", "/_sandbox/members").status_code == 405


class TestSocket:
    def test_socket_can_be_served_again_with_the_same_state(self) -> None:
        """The state outlives the server, and nothing listens after the block."""
        sandbox = Sandbox(members=1)
        for _ in range(2):
            with sandbox.serve() as base_url:
                url = httpx.URL(base_url)
                assert httpx.get(f"{base_url}/_sandbox/calls").status_code == 200
            with pytest.raises(httpx.ConnectError):
                httpx.get(str(url))

    def test_server_logs_nothing_of_a_broken_connection(
        self, caplog: pytest.LogCaptureFixture, capfd: Any
    ) -> None:
        """A broken connection is the sandbox's doing, not an accident to report."""
        caplog.set_level(logging.DEBUG)
        sandbox = Sandbox(members=1)
        sandbox.add_faults({"kind": "reset"})
        with sandbox.serve() as base_url, contextlib.suppress(httpx.TransportError):
            httpx.post(base_url + TOKEN)
        assert [each for each in caplog.records if each.name.startswith("uvicorn")] == []
        assert capfd.readouterr() == ("", "")

    def test_open_call_delays_the_stop_by_a_second_at_most(self) -> None:
        """The server waits a second for a stalled call, no longer."""
        sandbox = Sandbox(members=1)
        sandbox.add_faults({"kind": "stall"})
        start = real_time.perf_counter()
        with sandbox.serve() as base_url:
            url = httpx.URL(base_url)
            client = http.client.HTTPConnection(url.host, url.port or 0, timeout=5)
            client.request("POST", TOKEN, b"{}")
            while not sandbox.calls():
                real_time.sleep(0.01)
        client.close()
        assert real_time.perf_counter() - start < 30, "the call takes a minute"

    def test_port_that_is_taken_is_an_oserror(self) -> None:
        """It is an OSError at once."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(OSError, match="use"), Sandbox(members=1).serve(port=port):
                pass

    def test_ipv6_address_is_in_brackets(self) -> None:
        """The address is in brackets."""
        with loopback6(), Sandbox(members=1).serve(host="::1") as base_url:
            assert base_url.startswith("http://[::1]:")
            assert httpx.get(f"{base_url}/_sandbox/calls").json() == {}


@contextlib.contextmanager
def loopback6() -> Iterator[None]:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("an IPv6 loopback address")
    yield


class TestRun:
    @pytest.mark.skipif(os.name == "nt", reason="signals between processes (not on Windows)")
    def test_run_serves_until_it_is_interrupted(self) -> None:
        """It says where, serves, and returns on SIGINT."""
        sandbox = Sandbox(members=1)
        answers: list[Any] = []

        def ready(base_url: str) -> None:
            def visit() -> None:
                answers.append(httpx.get(f"{base_url}/_sandbox/describe").json())
                os.kill(os.getpid(), signal.SIGINT)

            threading.Thread(target=visit).start()

        run(sandbox, on_ready=ready)
        assert [each["corpId"] for each in answers] == [sandbox.corp_id]

    def test_run_needs_no_on_ready(self) -> None:
        """``on_ready`` may be left out."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]

        def visit() -> None:
            with httpx.Client(transport=httpx.HTTPTransport(retries=8), trust_env=False) as client:
                client.get(f"http://127.0.0.1:{port}/_sandbox/calls")
            os.kill(os.getpid(), signal.SIGINT)

        visitor = threading.Thread(target=visit)
        visitor.start()
        run(Sandbox(members=1), port=port)
        visitor.join()


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/cgi/user/add"), ("POST", "/"), ("POST", "/cgi/no/such")]
)
def test_path_that_is_not_served_is_reported_as_missing_in_the_sandbox(
    method: str, path: str
) -> None:
    """In the envelope; the text does not claim that the real service lacks it."""
    answer = through_transport(Sandbox(2), method, path, json={"a": 1})
    assert (answer.status_code, answer.json()["errorCode"]) == (200, 10006)
    text = answer.json()["errorMessage"]
    assert text == ("fxiaoke-shim's sandbox does not serve this address; the real service may")


def test_wildcard_on_a_machine_without_a_network_is_reachable_by_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A broadcast address is one that a socket may not be connected to."""
    nowhere = {"0.0.0.0": ("127.0.0.1", "255.255.255.255")}
    monkeypatch.setattr(_server, "_OUTSIDE", nowhere)
    with Sandbox(1).serve("0.0.0.0") as base_url:
        assert base_url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{base_url}/_sandbox/members").status_code == 200
