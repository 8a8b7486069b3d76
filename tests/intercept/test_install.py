"""`shim.intercept.install()`: every library's offline calls, in the library's own classes."""

import asyncio
import http.client
import json
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import aiohttp
import aiohttp.connector
import httpx
import pytest
import requests
import urllib3

import shim
import shim.testing
from shim import intercept
from shim.notices import OfflineAPICalled

HOST = "https://open.fxiaoke.com"
PATH = "/cgi/user/batchSetStatus"


def body(tenant, status=1):
    return {
        "corpAccessToken": tenant.corp_access_token,
        "corpId": tenant.corp_id,
        "openUserIds": tenant.open_user_ids[:2],
        "status": status,
    }


def by_requests(url, sent):
    answer = requests.post(url, json=sent, timeout=5)
    answer.raise_for_status()
    assert answer.history == []
    assert type(answer) is requests.Response
    assert answer.request.url == url
    return answer.json()


def by_requests_data(url, sent):
    return requests.Session().post(url, data=json.dumps(sent), stream=True, timeout=5).json()


def by_urllib3(url, sent):
    with urllib3.PoolManager() as pool:
        answer = pool.request("POST", url, json=sent)
    assert type(answer) is urllib3.HTTPResponse
    assert answer.status == 200
    return answer.json()


def by_urllib(url, sent):
    request = urllib.request.Request(url, json.dumps(sent).encode(), method="POST")  # noqa: S310
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        assert type(answer) is http.client.HTTPResponse
        assert answer.url == url
        return json.load(answer)


def by_http_client(url, sent):
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host, timeout=5)
    connection.request("POST", f"/{path}", json.dumps(sent).encode())
    answer = connection.getresponse()
    assert type(answer) is http.client.HTTPResponse
    assert answer.getheader("content-type").startswith("application/json")
    read = json.loads(answer.read())
    connection.close()
    return read


def by_httpx(url, sent):
    with httpx.Client() as client, client.stream("POST", url, json=sent) as answer:
        answer.read()
        assert answer.raise_for_status() is answer
        assert answer.elapsed.total_seconds() >= 0
        assert str(answer.request.url) == url
        return answer.json()


def by_async_httpx(url, sent):
    async def post():
        async with httpx.AsyncClient() as client:
            return (await client.post(url, json=sent)).json()

    return asyncio.run(post())


def by_aiohttp(url, sent):
    async def post():
        async with aiohttp.ClientSession() as session, session.post(url, json=sent) as answer:
            assert type(answer) is aiohttp.ClientResponse
            assert answer.status == 200
            assert answer.history == ()
            return await answer.json()

    return asyncio.run(post())


CLIENTS = [
    by_requests,
    by_requests_data,
    by_urllib3,
    by_urllib,
    by_http_client,
    by_httpx,
    by_async_httpx,
    by_aiohttp,
]
if sys.version_info >= (3, 11):
    import httpx2

    def by_httpx2(url, sent):
        with httpx2.Client() as client:
            answer = client.post(url, json=sent)
            assert type(answer) is httpx2.Response
            return answer.json()

    CLIENTS.append(by_httpx2)

every_client = pytest.mark.parametrize("post", CLIENTS, ids=lambda one: one.__name__)


@pytest.fixture
def counts():
    """Install for the test; return the counters, from 0."""
    with intercept.installed():
        found = sys.modules["_fxshim_start"].COUNTS
        found.clear()
        yield found


class Server(ThreadingHTTPServer):
    """Keeps what arrives, and answers as it is told."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            read = b""
            while size := int(self.rfile.readline(), 16):
                read += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            read = self.rfile.read(int(self.headers["Content-Length"]))
        headers = sorted((name.lower(), value) for name, value in self.headers.items())
        self.server.seen.append((self.path, headers, read))
        answer = b'{"errorCode":0,"server":true}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server():
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@every_client
def test_offline_call_is_translated_once_and_named_by_its_line(post, tenant, counts, events):
    made = tenant()
    answer = post(HOST + PATH, body(made))
    assert answer["errorCode"] == 0
    assert {made.person(one)["status"] for one in made.open_user_ids[:2]} == {"1"}
    assert (counts.seen, counts.translated, counts.failed) == (1, 1, 0)
    (called,) = events.of(OfflineAPICalled)
    assert called.calls == 1
    assert called.caller_file == __file__
    # Before Python 3.11 names are not qualified, and the inner function is called `post`.
    names = {post.__name__} if sys.version_info >= (3, 11) else {post.__name__, "post"}
    assert called.caller_function.partition(".")[0] in names


@every_client
@pytest.mark.parametrize("path", ["/other", "/cgi/user/list", PATH])
def test_other_requests_arrive_as_without_the_shim(post, path, server, counts):
    """Nothing but a body with credentials is an offline call, even at an old address."""
    sent = {"status": 1, "text": "中"}
    with_shim = post(server.url + path, sent)
    intercept.uninstall()
    without = post(server.url + path, sent)
    assert with_shim == without == {"errorCode": 0, "server": True}
    first, second = server.seen
    assert first == second
    assert counts.translated == 0


def test_generator_body_at_an_offline_address_arrives_whole(server, counts):
    pieces = [b'{"corpId":"x",', b'"status":1}']
    requests.post(server.url + PATH, data=iter(pieces), timeout=5)
    httpx.post(server.url + PATH, content=iter(pieces))
    assert [read for _, _, read in server.seen] == [b"".join(pieces)] * 2
    assert (counts.seen, counts.failed) == (2, 2)


def test_missing_employee_raises_in_the_program(tenant, counts):
    made = tenant(current_open_user_id=None)
    with pytest.raises(shim.ConfigurationError, match="no acting employee"):
        by_requests(HOST + PATH, body(made))
    assert (counts.translated, counts.failed) == (0, 1)


def test_uninstall_restores_what_was_there():
    before = [
        vars(requests.adapters.HTTPAdapter)["send"],
        *(vars(http.client.HTTPConnection)[name] for name in ("request", "getresponse", "connect")),
        vars(aiohttp.connector.BaseConnector)["connect"],
    ]
    hooks = list(sys.meta_path)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: intercept.install(), range(8)))
    assert len(sys.meta_path) == len(hooks) + 1
    with intercept.installed():
        assert vars(requests.adapters.HTTPAdapter)["send"].__wrapped__ is before[0]
    assert sys.modules["_fxshim_start"].is_started()
    intercept.uninstall()
    after = [
        vars(requests.adapters.HTTPAdapter)["send"],
        *(vars(http.client.HTTPConnection)[name] for name in ("request", "getresponse", "connect")),
        vars(aiohttp.connector.BaseConnector)["connect"],
    ]
    assert all(one is two for one, two in zip(before, after, strict=True))
    assert sys.meta_path == hooks


def test_transport_of_the_shim_is_never_watched(tenant, counts):
    """A configured transport may be of a library that is watched, or an intercepting one."""
    made = tenant()
    inner = made.transport()

    class ByRequests(httpx.BaseTransport):
        def handle_request(self, request):
            # Would be an offline call: mode legacy posts to the old address.
            assert sys.modules["_fxshim_start"]._is_own()  # noqa: SLF001
            return inner.handle_request(request)

    shim.configure(mode="legacy", transport=intercept.httpx_transport(ByRequests()))
    answer = by_requests(HOST + PATH, body(made))
    assert answer["errorCode"] == 0
    assert (counts.seen, counts.translated) == (1, 1)


@every_client
def test_reroute_sends_every_request_for_a_fxiaoke_host_elsewhere(post, server):
    intercept.install()
    start = sys.modules["_fxshim_start"]
    start.start(reroute=server.url)
    try:
        answer = post(f"{HOST}/cgi/user/list", {"corpId": "x"})
    finally:
        start.stop()
    assert answer == {"errorCode": 0, "server": True}
    assert [path for path, _, _ in server.seen] == ["/cgi/user/list"]


def test_start_module_needs_neither_the_shim_nor_an_http_library(tmp_path):
    folder = Path(intercept.__file__).with_name("_autoload")
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); import _fxshim_start as s; s.start();"
        "print({'shim','requests','httpx','http.client','urllib3','aiohttp'} & set(sys.modules));"
        "import http.client; print(http.client.HTTPConnection.request.__wrapped__.__name__,"
        " type(http.client.__loader__).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.split() == ["set()", "request", "SourceFileLoader"]


def helper(url, sent):
    return requests.post(url, json=sent, timeout=5).json()


def test_line_behind_a_helper_is_named_if_the_setting_says_so(tenant, counts, events):
    made = tenant(look_through=(__name__,))
    namespace = {"__name__": "program", "helper": helper, "url": HOST + PATH, "sent": body(made)}
    exec(compile("\n\nanswer = helper(url, sent)", "program.py", "exec"), namespace)
    assert counts.translated == 1
    (called,) = events.of(OfflineAPICalled)
    assert (called.caller_file, called.caller_line) == ("program.py", 3)


def test_call_that_a_thread_pool_makes_names_the_library(tenant, counts, events):
    made = tenant()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(requests.post, HOST + PATH, json=body(made), timeout=5).result()
    assert (answer.json()["errorCode"], counts.translated) == (0, 1)
    (called,) = events.of(OfflineAPICalled)
    assert (called.caller_module, called.caller_function) == ("requests.api", "post")
