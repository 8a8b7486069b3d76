"""Where a request that is no offline call goes, with what, and for how long."""

import asyncio
import http.server
import json
import logging
import socket
import threading
from contextlib import ExitStack

import httpx
import pytest
from gateway_requests import requested

import shim
from shim.gateway import app

BATCH = "/cgi/user/batchSetStatus"
SHARED = "/cgi/crm/v2/data/update"


class Recording(http.server.ThreadingHTTPServer):
    """An upstream that keeps the headers of each request.

    Attributes:
        address: Its address.
        got: The headers of each request.
        over: Set when an answer that has stopped may end.
    """

    daemon_threads = True

    def __init__(self, *, length=2):
        super().__init__(("127.0.0.1", 0), Answering)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.got = []
        self.length = length
        self.over = threading.Event()


class Answering(http.server.BaseHTTPRequestHandler):
    """Sends two bytes of an answer; stops if there should be more."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.got.append(self.headers)
        self.send_response(200)
        self.send_header("Content-Length", str(self.server.length))
        self.end_headers()
        self.wfile.write(b"ok")
        self.wfile.flush()
        if self.server.length > 2:
            self.server.over.wait(30)

    def log_message(self, *_):
        """Print nothing."""


@pytest.fixture
def recording():
    """Return a function that starts an upstream."""
    with ExitStack() as stack:

        def begin(**options):
            made = stack.enter_context(Recording(**options))
            thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
            thread.start()
            stack.callback(thread.join, 30)
            stack.callback(made.shutdown)
            stack.callback(made.over.set)
            return made

        yield begin


def exchange(listening, sent):
    """Send bytes as they are; return the status."""
    host, port = listening.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(sent)
        got = b""
        while piece := client.recv(65536):
            got += piece
    return int(got.split()[1])


def test_host_of_a_request_chooses_among_the_upstreams(start, recording):
    """Wherever it is among the headers; a request without one goes to the first."""
    first, second = recording(), recording()
    listening, _ = start(upstreams=[first.address, second.address])
    host = second.address.removeprefix("http://")
    rest = "Content-Length: 0\r\nConnection: close\r\n"
    named = f"POST /x HTTP/1.1\r\nX-A: 1\r\nHost: {host}\r\n{rest}\r\n"
    assert exchange(listening, named.encode()) == 200
    assert (len(first.got), len(second.got)) == (0, 1)
    without = f"POST /x HTTP/1.0\r\nX-A: 1\r\n{rest}\r\n"
    assert exchange(listening, without.encode()) == 200
    assert (len(first.got), len(second.got)) == (1, 1)


def test_forwarded_headers_are_added_if_asked_for_only(start, recording):
    """Who asked, for which host, by which scheme."""
    upstream = recording()
    for forwarded in (True, False):
        _, client = start(upstreams=[upstream.address], forwarded=forwarded)
        assert client.post("/x", headers={"Host": "old.example"}).text == "ok"
    added, plain = upstream.got
    assert added["X-Forwarded-For"] == "127.0.0.1"
    assert added["X-Forwarded-Host"] == "old.example"
    assert added["X-Forwarded-Proto"] == "http"
    assert not [name for name in plain if name.lower().startswith("x-forwarded")]


@pytest.mark.usefixtures("machine_time")
def test_exchange_without_an_answer_ends_with_504(start):
    """After exchange_seconds, and it says that the upstream may have received the request."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        _, client = start(
            upstreams=[f"http://127.0.0.1:{silent.getsockname()[1]}"], exchange_seconds=0.2
        )
        got = client.post("/x", json={})
        assert got.status_code == 504
        assert got.json()["errorCode"] != 0
        assert "whether the upstream has received the request is unknown" in got.text
        counts = client.get("/metrics").text
        assert 'fxshim_gateway_refused_total{reason="exchange_timeout"} 1.0' in counts


@pytest.mark.usefixtures("machine_time")
def test_answer_that_stops_is_broken_off(start, recording):
    """After exchange_seconds: the client must not take a part for the whole."""
    upstream = recording(length=9)
    _, client = start(upstreams=[upstream.address], exchange_seconds=0.2)
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/x")
    counts = client.get("/metrics").text
    assert 'fxshim_gateway_refused_total{reason="exchange_timeout"} 1.0' in counts


def test_long_body_is_refused_as_an_offline_call_and_passed_on_as_another(start, recording):
    """At an address that the object API has as well, the length says that it is no offline call."""
    upstream = recording()
    _, client = start(upstreams=[upstream.address], offline_body_bytes=100)
    body = {"corpId": "x" * 200}
    got = client.post(BATCH, json=body)
    assert got.status_code == 413
    assert "at most 100 bytes" in got.json()["errorMessage"]
    assert not upstream.got
    assert client.post(SHARED, json=body).text == "ok"
    assert upstream.got[0]["Content-Length"] == str(len(json.dumps(body).replace(" ", "")))


def test_client_that_is_gone_before_its_body_makes_no_call(tenant, caplog):
    """Nothing is answered; the access log says 499."""
    made = tenant()
    gateway = app(upstreams=["http://127.0.0.1:9"])
    with caplog.at_level(logging.INFO, "shim.gateway.access"):
        assert asyncio.run(requested(gateway, "POST", BATCH, None)) is None
    assert f"POST {BATCH} 499 " in caplog.text
    assert not made.calls()


def ready(gateway):
    """Return status and text of /readyz."""
    status, _, body = asyncio.run(requested(gateway, "GET", "/readyz", b""))
    return status, body.decode()


def test_not_ready_while_it_drains():
    """A load balancer sends it no more; /healthz says that the process lives."""
    gateway = app(upstreams=["http://127.0.0.1:9"])
    assert ready(gateway) == (200, "ready\n")

    async def draining():
        gateway.drain(30)
        paths = ("/readyz", "/healthz")
        return [await requested(gateway, "GET", one, b"") for one in paths]

    (status, _, body), alive = asyncio.run(draining())
    assert (status, body) == (503, b"draining\n")
    assert alive[0] == 200


def test_not_ready_while_the_settings_cannot_be_used(monkeypatch):
    """It says which one, and not what it holds."""
    gateway = app(upstreams=["http://127.0.0.1:9"])
    monkeypatch.setenv("FXIAOKE_SHIM_QUOTA_CALLS", "many-calls")
    shim.testing.reset()
    status, text = ready(gateway)
    assert status == 503
    assert "quota_calls" in text.lower()
    assert "many-calls" not in text
    monkeypatch.delenv("FXIAOKE_SHIM_QUOTA_CALLS")
    shim.testing.reset()
    assert ready(gateway) == (200, "ready\n")
