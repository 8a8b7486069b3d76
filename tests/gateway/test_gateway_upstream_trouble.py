"""Upstreams that are slow, break off or hang up, and proxies before them."""

import asyncio
import json
import queue
import socket
import threading
from contextlib import ExitStack

import httpx
import pytest
from gateway_requests import requested

import shim
from shim.gateway import _proxying, app
from shim.settings import ConfigurationError

FINE = b"HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\nok"


class Peer:
    """A bare server: hands each connection to a function, in a thread of its own.

    Attributes:
        accepted: Number of connections so far.
    """

    def __init__(self, serve):
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.accepted = 0
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self):
        while True:
            client, _ = self._listener.accept()
            if self.accepted is None:
                client.close()
                return
            self.accepted += 1
            one = threading.Thread(target=self._one, args=(client,))
            self._threads.append(one)
            one.start()

    def _one(self, client):
        with client, client.makefile("rb") as file:
            self._serve(client, file)

    def close(self):
        """Accept nothing more, and wait until all connections have ended."""
        self.accepted = None
        host, port = self.place.split(":")
        socket.create_connection((host, int(port))).close()
        for one in self._threads:
            one.join(30)
            assert not one.is_alive()
        self._listener.close()


def head(file):
    """Read one head; return its lines, none at the end."""
    lines = []
    while (line := file.readline()) not in {b"\r\n", b""}:
        lines.append(line.strip())
    return lines


@pytest.fixture
def peer():
    """Return a function that starts a peer. A gateway before it has to end first: `before`."""
    with ExitStack() as stack:

        def begin(serve):
            made = Peer(serve)
            stack.callback(made.close)
            return made

        yield begin


@pytest.fixture
def before(peer, start):  # noqa: ARG001 - for the order in which they end.
    """Return what starts a gateway before a peer."""
    return start


def refused(client):
    """Return the counts of refusals by reason."""
    lines = client.get("/metrics").text.splitlines()
    found = [line for line in lines if line.startswith("fxshim_gateway_refused_total{")]
    return {one.split('"')[1]: float(one.split()[1]) for one in found}


def test_upstream_that_hangs_up_without_an_answer_is_a_502(before, peer):
    """The answer says that the request may have arrived; it is not sent a second time."""
    upstream = peer(lambda _client, file: head(file))
    _, client = before(upstreams=[f"http://{upstream.place}"])
    got = client.post("/cgi/user/list", content=b"{}")
    assert got.status_code == 502
    assert "whether it has received the request is unknown" in got.json()["errorMessage"]
    assert upstream.accepted == 1
    assert refused(client) == {"upstream_broken": 1}


def test_upstream_that_does_not_answer_in_time_is_a_504(before, peer):
    """After idle_seconds; the connection to it is closed, so that no late answer is read."""
    ended = queue.Queue()

    def serve(_client, file):
        head(file)
        ended.put(file.read())

    upstream = peer(serve)
    _, client = before(upstreams=[f"http://{upstream.place}"], idle_seconds=0.1)
    got = client.get("/cgi/user/list")
    assert got.status_code == 504
    assert got.json()["errorCode"] != 0
    assert ended.get(timeout=30) == b""
    assert refused(client) == {"upstream_timeout": 1}


def test_answer_that_breaks_off_breaks_the_connection_of_the_client(before, peer):
    """A client must not take a part for the whole."""

    def serve(client, file):
        head(file)
        client.sendall(b"HTTP/1.1 200 Fine\r\nContent-Length: 100\r\n\r\na part")

    upstream = peer(serve)
    _, client = before(upstreams=[f"http://{upstream.place}"])
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/cgi/user/list")


def test_connection_that_the_upstream_has_closed_is_not_used_again(before, peer):
    """The next request goes over a new one, and is answered."""
    closed = queue.Queue()

    def serve(client, file):
        head(file)
        client.sendall(FINE)
        client.shutdown(socket.SHUT_RDWR)
        closed.put(None)

    upstream = peer(serve)
    _, client = before(upstreams=[f"http://{upstream.place}"])
    for number in range(1, 4):
        assert client.get("/cgi/user/list").text == "ok"
        closed.get(timeout=30)
        assert upstream.accepted == number


def test_idle_connections_over_the_bound_are_closed(before, peer, monkeypatch):
    """Two requests at a time need two connections; afterwards one is kept, and used again."""
    monkeypatch.setattr(_proxying, "_IDLE_AT_MOST", 1)
    both, ended = threading.Barrier(2), queue.Queue()

    def serve(client, file):
        if head(file):
            both.wait(30)
            client.sendall(FINE)
        while head(file):
            client.sendall(FINE)
        ended.put(None)

    upstream = peer(serve)
    listening, client = before(upstreams=[f"http://{upstream.place}"])
    got = []
    threads = [
        threading.Thread(target=lambda: got.append(httpx.get(f"{listening.address}/cgi/a").text))
        for _ in range(2)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    ended.get(timeout=30)
    assert client.get("/cgi/a").text == "ok"
    assert got == ["ok", "ok"]
    assert upstream.accepted == 2
    assert ended.empty()


def test_proxy_of_the_environment_is_used_and_its_connection_kept(before, peer, monkeypatch):
    """It gets the whole address of the upstream; the second request goes over the same socket."""
    seen = []

    def serve(client, file):
        while lines := head(file):
            seen.append(lines)
            client.sendall(FINE)

    proxy = peer(serve)
    monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.place}")
    monkeypatch.setenv("http_proxy", f"http://{proxy.place}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    shim.configure(allow_plain_http=True)
    _, client = before(upstreams=["http://upstream.invalid"])
    for name in "ab":
        assert client.get(f"/cgi/{name}").text == "ok"
    assert [one[0] for one in seen] == [
        b"GET http://upstream.invalid/cgi/a HTTP/1.1",
        b"GET http://upstream.invalid/cgi/b HTTP/1.1",
    ]
    assert all(b"Host: upstream.invalid" in one for one in seen)
    assert proxy.accepted == 1


def test_proxy_that_is_no_address_is_refused_before_anything_is_served(monkeypatch):
    """The error names the variable, and not its value."""
    monkeypatch.setenv("HTTP_PROXY", "http://user:secret@[::1")
    monkeypatch.setenv("http_proxy", "http://user:secret@[::1")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(ConfigurationError, match=r"(?i)http_proxy is not the address") as raised:
        app(upstreams=["http://127.0.0.1:9"])
    assert "secret" not in str(raised.value)


def test_header_that_http_1_cannot_have_is_a_400_and_is_not_sent(peer):
    """Another server than ours may take it from HTTP/2, for example."""
    got = queue.Queue()
    upstream = peer(lambda _client, file: got.put(file.read()))

    async def asked():
        gateway = app(upstreams=[f"http://{upstream.place}"], access_log=False)
        return await requested(gateway, "POST", "/cgi/user/list", b"{}", [(b"x-a", b" blank")])

    status, _, body = asyncio.run(asked())
    assert status == 400
    assert "cannot be sent on" in json.loads(body)["errorMessage"]
    assert got.get(timeout=30) == b""
