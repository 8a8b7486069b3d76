# ruff: noqa: SLF001 - the start module has no names but its own, and the addresses are ours.
"""The start module: what it does before, beside and after a request of the program."""

import asyncio
import contextvars
import http.client
import importlib
import importlib.machinery
import json
import os
import socket
import subprocess
import sys
import textwrap
import threading
import types
import urllib.request
from contextlib import nullcontext
from pathlib import Path

import aiohttp
import httpx
import pytest
import requests
import urllib3
from yarl import URL

import shim
from shim import intercept
from shim.intercept import _clients
from shim.sandbox import Sandbox

FOLDER = Path(intercept.__file__).with_name("_autoload")
HOST = "https://open.fxiaoke.com"
PATH = "/cgi/user/batchSetStatus"


@pytest.fixture
def start():
    """Install for the test; return the start module, with its counters at 0."""
    with intercept.installed():
        found = sys.modules["_fxshim_start"]
        found.COUNTS.clear()
        yield found


def body(tenant):
    return {
        "corpAccessToken": tenant.corp_access_token,
        "corpId": tenant.corp_id,
        "openUserIds": tenant.open_user_ids[:1],
        "status": 1,
    }


def test_library_imported_later_is_wrapped_and_shows_no_trace(tmp_path):
    """Through a finder that answers first, as import hooks of others do; and not after `stop`."""
    code = f"""
        import sys
        sys.path.insert(0, {str(FOLDER)!r})
        import _fxshim_start as start
        start.start()
        start.start()
        assert start.is_started() and len([f for f in sys.meta_path if f is start._finder]) == 1
        import http.client, requests.adapters
        for owner, name in ((http.client.HTTPConnection, "request"),
                            (requests.adapters.HTTPAdapter, "send")):
            assert hasattr(vars(owner)[name], "__wrapped__"), owner
        assert type(http.client.__loader__).__name__ == "SourceFileLoader"
        assert http.client.__spec__.loader is http.client.__loader__
        try:
            import httpx._transports.no_such_module
        except ImportError:
            pass
        spec = start._finder.find_spec("http.client", http.__path__)
        assert spec.loader.get_filename("http.client") == http.client.__file__
        assert spec.loader.create_module(spec) is None
        start.stop()
        assert not hasattr(vars(http.client.HTTPConnection)["request"], "__wrapped__")
        spec.loader.exec_module(http.client)
        assert not hasattr(vars(http.client.HTTPConnection)["request"], "__wrapped__")
        start.stop()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_missing_library_is_no_error(start):
    assert start._finder.find_spec("no_such_library") is None
    hidden = [finder for finder in sys.meta_path if finder is start._finder]
    found, sys.meta_path[:] = list(sys.meta_path), hidden
    try:
        assert start._finder.find_spec("aiohttp.connector") is None
    finally:
        sys.meta_path[:] = found


def test_loader_of_an_old_kind_is_left_as_it_is(start, monkeypatch):
    class Old:
        @staticmethod
        def find_spec(name, *_):
            return importlib.machinery.ModuleSpec(name, Old)

    monkeypatch.setattr(sys, "meta_path", [start._finder, Old])
    assert start._finder.find_spec("aiohttp.connector").loader is Old


@pytest.mark.parametrize("wrong", ["x", "ftp://h", "http://h/path", "http://u@h", "http://"])
def test_reroute_that_is_no_origin_is_refused(start, wrong):
    with pytest.raises(ValueError, match="scheme, host and port"):
        start.start(reroute=wrong)


def test_version_that_lacks_a_name_is_counted_and_not_broken(start):
    start._wrap(types.ModuleType("requests.adapters"))
    assert "requests.adapters has no HTTPAdapter.send" in start.COUNTS.reasons


def test_what_others_have_wrapped_since_stays_and_does_nothing(start, tenant):
    made = tenant()
    ours = vars(requests.adapters.HTTPAdapter)["send"]

    def send(self, request, **kwargs):
        return ours(self, request, **kwargs)

    requests.adapters.HTTPAdapter.send = send
    try:
        start.stop()
        assert vars(requests.adapters.HTTPAdapter)["send"] is send
        answer = "none"
        try:
            requests.post(f"http://127.0.0.1:9{PATH}", json=body(made), timeout=1)
        except requests.ConnectionError:
            answer = "passed"
        assert answer == "passed"
        assert start.COUNTS.seen == 0
    finally:
        requests.adapters.HTTPAdapter.send = ours.__wrapped__


async def httpx_post(url):
    async with httpx.AsyncClient() as client:
        await client.post(url, json={})


async def aiohttp_post(url):
    async with aiohttp.ClientSession() as session:
        await session.post(url, json={})


def test_shim_that_cannot_be_imported_breaks_no_request(start, monkeypatch):
    """Each library sends the request on, and it is counted."""
    monkeypatch.setitem(sys.modules, "shim.intercept._clients", None)
    monkeypatch.delattr(intercept, "_clients", raising=False)
    closed = f"http://127.0.0.1:9{PATH}"
    for send, error in (
        (lambda: requests.post(closed, json={}, timeout=1), requests.ConnectionError),
        (
            lambda: urllib3.PoolManager().request("POST", closed, retries=False),
            urllib3.exceptions.HTTPError,
        ),
        (lambda: urllib.request.urlopen(closed, b"{}", timeout=1), OSError),
        (lambda: httpx.post(closed, json={}), httpx.ConnectError),
        (lambda: asyncio.run(httpx_post(closed)), httpx.ConnectError),
        (lambda: asyncio.run(aiohttp_post(closed)), aiohttp.ClientConnectorError),
        (lambda: http.client.HTTPConnection("127.0.0.1", 9).putrequest("POST", PATH), None),
    ):
        before = start.COUNTS.failed
        with pytest.raises(error) if error else nullcontext():
            send()
        assert start.COUNTS.failed > before
    assert set(start.COUNTS.reasons) == {"the shim cannot be imported"}


def test_error_of_our_own_leaves_the_request_as_it_was(start, monkeypatch):
    def broken(*_):
        raise LookupError

    monkeypatch.setattr(_clients, "is_candidate", broken)
    with pytest.raises(requests.ConnectionError):
        requests.post(f"http://127.0.0.1:9{PATH}", json={}, timeout=1)
    assert start.COUNTS.reasons == {"LookupError while the request was looked at": 1}


def test_putrequest_is_counted_as_not_covered(start):
    connection = http.client.HTTPConnection("127.0.0.1", 9)
    connection.putrequest("POST", PATH)
    assert (start.COUNTS.seen, start.COUNTS.failed) == (1, 1)
    connection.close()
    connection.putrequest("GET", "/cgi/no/offline/call")
    assert (start.COUNTS.seen, start.COUNTS.failed) == (1, 1)
    connection.close()


def test_request_without_a_body_is_looked_at_and_passed_on(start):
    with pytest.raises(requests.ConnectionError):
        requests.post(f"http://127.0.0.1:9{PATH}", timeout=1)
    assert (start.COUNTS.seen, start.COUNTS.failed) == (1, 0)


def test_answer_of_aiohttp_has_a_transport_that_can_be_closed():
    network = _clients._NoNetwork()
    assert not network.is_closing()
    network.close()
    assert network.is_closing()


def test_request_for_a_proxy_or_through_a_tunnel_goes_to_the_real_host(start, tenant):
    made = tenant()
    sent = json.dumps(body(made)).encode()
    connection = http.client.HTTPConnection("proxy.example", 3128)
    connection.request("POST", f"http://open.fxiaoke.com{PATH}", sent)
    assert json.load(connection.getresponse())["errorCode"] == 0
    connection = http.client.HTTPSConnection("proxy.example", 3128)
    connection.set_tunnel("open.fxiaoke.com", 443)
    connection.request("POST", PATH, sent)
    assert json.load(connection.getresponse())["errorCode"] == 0
    connection = http.client.HTTPConnection("::1", 8800)
    connection.request("POST", PATH, sent)
    assert json.load(connection.getresponse())["errorCode"] == 0
    assert start.COUNTS.translated == 3


def test_awaited_call_that_raises_is_counted(start, tenant):
    made = tenant(current_open_user_id=None)

    async def post():
        async with httpx.AsyncClient() as client:
            await client.post(HOST + PATH, json=body(made))

    with pytest.raises(shim.ConfigurationError):
        asyncio.run(post())
    assert start.COUNTS.reasons == {"ConfigurationError": 1}


class Waiting:
    """Awaited once, and never done."""

    def __await__(self):
        yield


async def never(_self, _request, *_others):
    await Waiting()


@pytest.mark.parametrize("library", ["httpx", "aiohttp"])
def test_request_that_is_destroyed_in_another_context_is_no_error(library, monkeypatch):
    """As by the garbage collector, or by a loop that is closed."""
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", never)
    monkeypatch.setattr(aiohttp.connector.BaseConnector, "connect", never)
    with intercept.installed():
        if library == "httpx":
            request = httpx.Request("POST", HOST + PATH, json={})
            passing = httpx.AsyncHTTPTransport.handle_async_request(None, request)
        else:
            request = types.SimpleNamespace(url=URL(HOST + PATH), method="POST")
            passing = aiohttp.connector.BaseConnector.connect(None, request)
        contextvars.copy_context().run(passing.send, None)
        passing.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system that forks")
def test_forked_child_begins_at_0(start):
    start.COUNTS.add("seen")
    start._clear_after_fork()
    assert start.COUNTS.seen == 0


def test_start_module_is_one_however_it_is_loaded(start):
    assert importlib.import_module("_fxshim_start") is start


def test_rerouted_request_for_a_proxy_or_over_https_never_reaches_the_real_host(start):
    """Port 9 of this machine answers nothing: the error shows that it was tried."""
    start.start(reroute="https://127.0.0.1:9")
    for url in (f"http://open.fxiaoke.com{PATH}", "http://open.fxiaoke.com/other"):
        connection = http.client.HTTPConnection("proxy.invalid", 3128, timeout=1)
        with pytest.raises(ConnectionRefusedError):
            connection.request("POST", url, b"{}")
        assert connection.host == "open.fxiaoke.com"
    pool = urllib3.HTTPSConnectionPool("open.fxiaoke.com", retries=0)
    with pytest.raises(urllib3.exceptions.MaxRetryError, match=r"127\.0\.0\.1"):
        pool.request("POST", "/other")


def test_connection_that_is_rerouted_over_https_is_encrypted(start):
    """What arrives first is the begin of TLS, whatever the program's own scheme is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        start.start(reroute=f"https://127.0.0.1:{server.getsockname()[1]}")
        came = []

        def answer():
            with server.accept()[0] as peer:
                came.append(peer.recv(1))
                peer.sendall(b"no TLS\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        connection = http.client.HTTPConnection("open.fxiaoke.com", timeout=30)
        with pytest.raises(OSError, match=r"SSL|reset"):
            connection.request("POST", "/other", b"{}")
        connection.close()
        thread.join()
    assert came == [b"\x16"]


def test_rerouted_pool_keeps_its_connection(start):
    """Two requests, one connection."""
    with Sandbox().serve() as base_url:
        start.start(reroute=base_url)
        pool = urllib3.HTTPSConnectionPool("open.fxiaoke.com")
        for _ in range(2):
            assert pool.request("GET", "/_sandbox/describe").status == 200
        assert pool._fxshim_pool.num_connections == 1
        pool._fxshim_pool.close()


def test_request_that_cannot_be_rerouted_is_refused(start, monkeypatch):
    """Rather than sent to the real host."""
    start.start(reroute="http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "shim.intercept._clients", None)
    monkeypatch.delattr(intercept, "_clients", raising=False)
    pool = urllib3.HTTPSConnectionPool("open.fxiaoke.com")
    with pytest.raises(RuntimeError, match="cannot be rerouted"):
        pool.request("POST", "/other")
