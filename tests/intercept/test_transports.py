"""Transports and adapter for use by hand, and where an intercepted call goes."""

import asyncio
import io
import sys

import httpx
import pytest
import requests
import trio

import shim
from shim import intercept
from shim.notices import OfflineAPICalled

HOST = "https://open-hwcloud.fxiaoke.com"
PATH = "/cgi/user/batchSetStatus"
LIBRARIES = [httpx]
if sys.version_info >= (3, 11):
    import httpx2

    LIBRARIES.append(httpx2)


@pytest.fixture(params=LIBRARIES, ids=lambda one: one.__name__)
def library(request):
    return request.param


def body(tenant, **changes):
    return {
        "corpAccessToken": tenant.corp_access_token,
        "corpId": tenant.corp_id,
        "openUserIds": tenant.open_user_ids[:2],
        "status": 1,
        **changes,
    }


class Kept(requests.adapters.BaseAdapter):
    """An adapter that keeps what it is sent, and answers nothing useful."""

    def __init__(self):
        super().__init__()
        self.sent = []
        self.closed = False

    def send(self, request, **kwargs):
        self.sent.append((request, kwargs))
        answer = requests.Response()
        answer.status_code = 418
        return answer

    def close(self):
        self.closed = True


def echo(library, seen):
    """Return a transport of a library that keeps the bytes it is sent."""

    def handle(request):
        seen.append(request.read())
        return library.Response(418, content=b"passed")

    return library.MockTransport(handle)


def aecho(library, seen):
    async def handle(request):
        seen.append(await request.aread())
        return library.Response(418, content=b"passed")

    return library.MockTransport(handle)


class TestBlocking:
    def test_answer_is_of_the_library_and_the_notice_names_the_line(self, library, tenant, events):
        made = tenant()
        transport = intercept.httpx_transport(echo(library, []))
        with library.Client(transport=transport) as client:
            answer = client.post(HOST + PATH, json=body(made))
        assert type(answer) is library.Response
        assert (answer.status_code, answer.history) == (200, [])
        assert answer.headers["content-type"] == "application/json;charset=UTF-8"
        assert answer.json()["errorCode"] == 0
        (called,) = events.of(OfflineAPICalled)
        assert called.caller_file == __file__

    def test_stream_of_known_length_is_read_and_passed_on_the_same(self, library, tenant):
        made, seen = tenant(), []
        sent = b'{"corpId": 7, "other": 1, "data": {}}'
        length = {"content-length": str(len(sent))}
        pieces = [sent[:9], sent[9:]]
        with library.Client(transport=intercept.httpx_transport(echo(library, seen))) as client:
            address = f"{HOST}/cgi/crm/v2/data/nothing"
            assert client.post(address, content=iter(pieces), headers=length).status_code == 418
            address = f"{HOST}/cgi/crm/erp/data/other"
            assert client.post(address, content=iter(pieces)).status_code == 418
            text = httpx.Request("POST", HOST, json=body(made)).content
            length = {"content-length": str(len(text))}
            answer = client.post(HOST + PATH, content=iter([text]), headers=length)
            assert answer.json()["errorCode"] == 0
            length = {"content-length": "9"}
            assert client.post(HOST + PATH, content=iter([b"no", b" object"]), headers=length)
            assert client.post(HOST + PATH, content=iter(pieces)).status_code == 418
        assert seen == [sent, sent, b"no object", sent]

    def test_without_an_inner_transport_it_has_one_of_its_own(self, tenant):
        made = tenant()
        with httpx.Client(transport=intercept.httpx_transport()) as client:
            if not isinstance(client._transport, httpx.BaseTransport):  # noqa: SLF001
                pytest.skip("httpx, as the shim runs on httpx2")
            assert client.post(HOST + PATH, json=body(made)).json()["errorCode"] == 0


class TestAwaiting:
    def test_answer_is_of_the_library_on_asyncio_and_trio(self, library, tenant, events):
        made, seen = tenant(), []

        async def post():
            transport = intercept.async_httpx_transport(aecho(library, seen))
            async with library.AsyncClient(transport=transport) as client:
                passed = await client.post(f"{HOST}/other", json={})
                await client.post(HOST + PATH, json={})
                return passed.status_code, (await client.post(HOST + PATH, json=body(made))).json()

        for run in (asyncio.run, trio.run):
            status, answer = run(post) if run is trio.run else run(post())
            assert (status, answer["errorCode"]) == (418, 0)
        assert seen == [b"{}"] * 4
        (called,) = events.of(OfflineAPICalled)
        assert called.caller_file == __file__

    def test_missing_employee_raises_in_the_program(self, library, tenant):
        made = tenant(current_open_user_id=None)

        async def post():
            transport = intercept.async_httpx_transport(aecho(library, []))
            async with library.AsyncClient(transport=transport) as client:
                await client.post(HOST + PATH, json=body(made))

        with pytest.raises(shim.ConfigurationError, match="no acting employee"):
            asyncio.run(post())

    def test_without_an_inner_transport_it_has_one_of_its_own(self):
        asyncio.run(intercept.async_httpx_transport().aclose())


class TestRequests:
    def test_offline_calls_are_answered_and_all_else_is_passed(self, tenant, events):
        made, kept = tenant(), Kept()
        with requests.Session() as session:
            session.mount("https://", intercept.requests_adapter(kept))
            answer = session.post(HOST + PATH, json=body(made), timeout=3)
            assert answer.json()["errorCode"] == 0
            assert (answer.encoding, answer.ok, answer.history) == ("UTF-8", True, [])
            assert kept.sent == []
            file = io.BytesIO(b"not json")
            assert session.post(HOST + PATH, data=file, timeout=3).status_code == 418
            assert session.post(HOST + PATH, data=iter([b"{}"]), timeout=3).status_code == 418
            assert session.get(f"{HOST}/other", timeout=3).status_code == 418
        assert kept.closed
        assert file.tell() == 0
        assert kept.sent[0][1]["timeout"] == 3
        (called,) = events.of(OfflineAPICalled)
        assert called.caller_file == __file__

    def test_without_an_inner_adapter_it_has_one_of_its_own(self, tenant):
        made = tenant()
        with requests.Session() as session:
            session.mount("https://", intercept.requests_adapter())
            assert session.post(HOST + PATH, json=body(made), timeout=3).json()["errorCode"] == 0


class Recording(httpx.BaseTransport):
    """Passes on to a sandbox, and keeps URLs and bodies."""

    def __init__(self, made):
        self.inner, self.urls, self.bodies = made.transport(), [], []

    def handle_request(self, request):
        self.urls.append(str(request.url).partition("/cgi/")[0].partition("/oauth2.0/")[0])
        self.bodies.append(request.read())
        return self.inner.handle_request(request)


class TestWhereItGoes:
    """Where the program meant it to go, unless `base_url` says otherwise."""

    @pytest.fixture
    def post(self, tenant):
        made = tenant()
        recording = Recording(made)

        def posted(url, **changes):
            shim.settings.reset()
            defaults = {
                "transport": recording,
                "notices": "log",
                "current_open_user_id": made.current_open_user_id,
                "quota_calls": 0,
            }
            shim.configure(**{**defaults, **changes})
            passed = httpx.MockTransport(lambda _: httpx.Response(418))
            with httpx.Client(transport=intercept.httpx_transport(passed)) as client:
                answer = client.post(url, json=body(made))
            return answer.status_code, set(recording.urls)

        posted.made, posted.recording = made, recording
        return posted

    @pytest.mark.parametrize(
        "origin",
        [
            "https://open-hwcloud.fxiaoke.com",
            "https://gateway.example:8443",
            "http://gateway.example",
            "http://127.0.0.1:8800",
        ],
    )
    def test_call_goes_to_the_origin_that_was_asked_for(self, post, origin):
        assert post(origin + PATH) == (200, {origin})

    def test_base_url_that_is_set_comes_first(self, post):
        base = "https://open-ale.fxiaoke.com"
        assert post(HOST + PATH, base_url=base) == (200, {base})

    def test_base_url_of_the_tenant_comes_first(self, post):
        base = "https://open-ale.fxiaoke.com"
        employee = post.made.current_open_user_id
        table = {
            "base_url": base,
            "current_open_user_id": employee,
            "transport": post.recording,
        }
        assert post(HOST + PATH, tenants={post.made.corp_id: table}) == (200, {base})

    def test_address_below_the_prefix_of_a_base_url_is_recognised(self, post):
        base = "https://gateway.example/fx"
        assert post(base + PATH, base_url=base) == (200, {base})
        assert post(f"https://other.example/fx{PATH}", base_url=base)[0] == 418

    @pytest.mark.parametrize(("origin", "renewed"), [(HOST, True), ("https://evil.example", False)])
    def test_app_credentials_go_to_known_hosts_only(self, post, origin, renewed):
        made = post.made
        made.add_faults({"kind": "expire_token", "times": 1})
        post(
            origin + PATH,
            app_id=made.app_id,
            app_secret=made.app_secret,
            permanent_code=made.permanent_code,
        )
        secret = made.app_secret.encode()
        assert any(secret in one for one in post.recording.bodies) is renewed
