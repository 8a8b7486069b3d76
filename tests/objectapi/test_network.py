"""Connections: TLS, hosts with several addresses, what comes unasked, and idle ones."""

import asyncio
import selectors
import socket
import ssl
import sys
import threading
from pathlib import Path

import pytest
from twisting import TwistingPeer, reset

import shim
from shim.objectapi import _connections as connections
from shim.objectapi._environment import UnusableEnvironment, connection_settings
from shim.objectapi._network import AsyncNetwork, Attempt

# Made for these tests with openssl: for localhost and 127.0.0.1, valid from 2020 to 2120.
CERTIFICATE = str(Path(__file__).with_name("localhost.pem"))
HOST = "two-addresses.invalid"


class SecurePeer(TwistingPeer):
    """A peer that speaks TLS."""

    def __init__(self):
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(CERTIFICATE)
        super().__init__()
        self.base_url = self.base_url.replace("http:", "https:")

    def _serve(self, connection):
        self._connections.discard(connection)
        try:
            secured = self._tls.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
        else:
            self._connections.add(secured)
            super()._serve(secured)


def use(peer, **changes):
    shim.configure(
        **{
            "base_url": peer.base_url,
            "current_open_user_id": peer.sandbox.current_open_user_id,
            "notices": "log",
            "quota_calls": 0,
            "retry_seconds": 0,
            **changes,
        }
    )


@pytest.fixture
def secure(monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", CERTIFICATE)
    with SecurePeer() as peer:
        use(peer)
        yield peer


def disabled(call, peer, status=1):
    made = peer.sandbox
    return call(
        "set_member_status_batch", made.corp_access_token, made.corp_id, made.open_user_ids, status
    )


def adisabled(peer, status=1):
    made = peer.sandbox
    return shim.aio.set_member_status_batch(
        made.corp_access_token, made.corp_id, made.open_user_ids, status
    )


def test_calls_over_tls_are_answered(call, secure):
    assert disabled(call, secure)["errorCode"] == 0
    assert set(secure.sandbox.members().values()) == {"1"}


def test_nothing_is_sent_to_a_server_whose_certificate_is_not_trusted(call, secure, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    answer = disabled(call, secure)
    assert answer["errorCode"] == -1
    assert "CERTIFICATE_VERIFY_FAILED" in answer["errorMessage"]
    assert secure.requests == []


def test_a_handshake_without_an_answer_ends_in_time_and_nothing_was_sent(call, secure):
    """The server takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        shim.configure(base_url=f"https://127.0.0.1:{silent.getsockname()[1]}", timeout_seconds=0.2)
        answer = disabled(call, secure)
    assert answer["errorCode"] == -1
    assert "no connection" in answer["errorMessage"]
    assert "ConnectTimeout" in answer["errorMessage"]


def test_an_event_loop_without_tls_within_tls_says_what_is_needed(secure):
    """As that of Python 3.10 refuses it where the proxy speaks TLS, too."""

    class Loop(asyncio.SelectorEventLoop):
        async def start_tls(self, *_args, **_named):
            msg = "transport is not supported by start_tls()"
            raise TypeError(msg)

    loop = Loop()
    try:
        answer = loop.run_until_complete(adisabled(secure))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
    assert answer["errorCode"] == -1
    assert "needs Python 3.11 or later" in answer["errorMessage"]
    assert secure.requests == []


class SecureProxy(SecurePeer):
    """A proxy that speaks TLS, and passes on what is asked of it with CONNECT."""

    def exchange(self, connection, stream):
        head = b"".join(iter(stream.readline, b"\r\n")).decode()
        if not head:
            return False
        self.requests.append(head)
        place, _, port = head.split()[1].rpartition(":")
        with (
            socket.create_connection((place, int(port))) as far,
            selectors.DefaultSelector() as ready,
        ):
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            ready.register(connection, selectors.EVENT_READ)
            ready.register(far, selectors.EVENT_READ)
            while True:
                # One thread: no two may use a TLS socket at once. Not select.select: it takes no
                # file above 1023, and a whole suite in one process may have that many.
                came = [] if connection.pending() else [key.fileobj for key, _ in ready.select()]
                source, target = (far, connection) if far in came else (connection, far)
                data = source.recv(1 << 16)
                if not data:
                    return False
                target.sendall(data)


def test_calls_over_tls_go_through_a_proxy_that_speaks_tls(call, secure, monkeypatch):
    """Awaiting on Python 3.10, the answer says that it cannot be done there."""
    with SecureProxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.base_url)
        answer = disabled(call, secure)
    assert all(one.startswith("CONNECT 127.0.0.1:") for one in proxy.requests)
    if sys.version_info < (3, 11) and call.__name__ == "awaiting":
        assert "needs Python 3.11 or later" in answer["errorMessage"]
        assert secure.requests == []
    else:
        assert answer["errorCode"] == 0, answer["errorMessage"]
        assert set(secure.sandbox.members().values()) == {"1"}


@pytest.fixture
def resolver(monkeypatch):
    """Return a function that sets what a host's name means."""
    real = socket.getaddrinfo

    def means(host, found):
        def getaddrinfo(name, *args, **named):
            return found() if name in {host, host.encode()} else real(name, *args, **named)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return means


def addresses(port, *hosts):
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts]


def port_of(peer):
    return int(peer.base_url.rpartition(":")[2])


@pytest.mark.parametrize(
    ("hosts", "code"),
    [
        (["127.0.0.2", "127.0.0.1"], 0),
        (["127.0.0.1", "127.0.0.2"], 0),
        (["127.0.0.2", "127.0.0.3"], -1),
    ],
)
def test_the_first_address_of_a_host_that_takes_the_call_is_used(
    call, twisting, resolver, hosts, code
):
    """Nobody listens on 127.0.0.2 and 127.0.0.3."""
    peer = twisting(retry_seconds=0)
    port = port_of(peer)
    resolver(HOST, lambda: addresses(port, *hosts))
    shim.configure(base_url=f"http://{HOST}:{port}", allow_plain_http=True)
    answer = disabled(call, peer)
    assert answer["errorCode"] == code
    assert bool(peer.requests) == (code == 0)


def test_a_name_server_without_an_answer_holds_an_awaited_call_no_longer_than_its_time(
    twisting, resolver
):
    peer = twisting(retry_seconds=0, timeout_seconds=0.1)
    over = threading.Event()

    def found():
        over.wait(60)
        return addresses(port_of(peer), "127.0.0.1")

    resolver(HOST, found)
    shim.configure(base_url=f"http://{HOST}:{port_of(peer)}", allow_plain_http=True)

    async def called():
        try:
            return await adisabled(peer)
        finally:
            over.set()

    answer = asyncio.run(called())
    assert answer["errorCode"] == -1
    assert "ConnectTimeout" in answer["errorMessage"]
    assert peer.requests == []


def test_what_comes_before_it_is_read_is_bounded_and_nothing_of_it_is_lost():
    """The peer is held up until somebody reads."""
    data = bytes(range(256)) * (64 << 10)
    full = threading.Event()

    def flood(listener):
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(0.05)
            rest = memoryview(data)
            while rest:
                try:
                    rest = rest[connection.send(rest) :]
                except TimeoutError:
                    full.set()

    async def read(port):
        network = AsyncNetwork()
        network.attempt = Attempt(b"", 60)
        stream = await network.connect_tcp("127.0.0.1", port)
        assert await asyncio.to_thread(full.wait, 60)
        parts = []
        while part := await stream.read(1 << 16):
            parts.append(part)
        await stream.aclose()
        return b"".join(parts)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=flood, args=(listener,))
        thread.start()
        came = asyncio.run(read(listener.getsockname()[1]))
        thread.join()
    assert came == data


class CountingPeer(TwistingPeer):
    """A peer that counts its connections, and can close them all."""

    def __init__(self):
        self.accepted = 0
        super().__init__()

    def _serve(self, connection):
        self.accepted += 1
        super()._serve(connection)

    def hang_up(self):
        for one in list(self._connections):
            one.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def counting():
    with CountingPeer() as peer:
        use(peer, concurrency=4)
        yield peer


def test_an_idle_connection_that_the_server_has_closed_is_not_used_again(counting):
    assert disabled(lambda name, *args: getattr(shim, name)(*args), counting)["errorCode"] == 0
    before, calls = counting.accepted, len(counting.requests)
    counting.hang_up()
    assert disabled(lambda name, *args: getattr(shim, name)(*args), counting, 2)["errorCode"] == 0
    assert counting.accepted > before
    assert len(counting.requests) <= 2 * calls, "no call was lost on a closed connection"


def test_an_idle_connection_that_the_server_has_closed_is_not_awaited(counting):
    async def twice():
        answers = [await adisabled(counting)]
        before, calls = counting.accepted, len(counting.requests)
        counting.hang_up()
        # The loop is told of it when it next looks.
        for _ in range(3):
            await asyncio.sleep(0)
        answers.append(await adisabled(counting, 2))
        assert counting.accepted > before
        assert len(counting.requests) <= 2 * calls, "no call was lost on a closed connection"
        return [one["errorCode"] for one in answers]

    assert asyncio.run(twice()) == [0, 0]


@pytest.mark.parametrize(
    "limits",
    [{"_MOST_IDLE": 0}, {"_LOOK_SECONDS": -1.0, "_IDLE_SECONDS": -1.0}],
    ids=["too many", "idle for long"],
)
def test_idle_connections_do_not_pile_up(call, counting, monkeypatch, limits):
    """With limits that no connection keeps, each call is made over a new one."""
    for name, value in limits.items():
        monkeypatch.setattr(connections, name, value)
    assert disabled(call, counting)["errorCode"] == 0
    assert counting.accepted == len(counting.requests)


def test_a_certificate_file_in_order_is_not_blamed_for_the_key_log(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", CERTIFICATE)
    monkeypatch.setenv("SSLKEYLOGFILE", "/nothing/keys")
    with pytest.raises(UnusableEnvironment, match="SSLKEYLOGFILE names no file"):
        connection_settings("https", "open.fxiaoke.com", 443)


def test_a_connection_broken_instead_of_an_answer_is_named(call, twisting):
    peer = twisting(lambda _request, _honest: reset, retry_seconds=0)
    answer = disabled(call, peer)
    assert answer["errorCode"] == -1
    assert "ReadError" in answer["errorMessage"]
    assert set(peer.sandbox.members().values()) == {"0"}
