"""All 26 calls through each door that sees requests: as at the old address of a twin sandbox."""

import asyncio
import json
import sys
import urllib.request

import aiohttp
import httpx
import pytest
import requests
import test_differential as differential
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shim import intercept
from shim.offline import ENDPOINTS

HOST = "https://open.fxiaoke.com"
# Each draws its own arguments: few of them, since what is behind the doors is tested elsewhere.
FEW = settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
NO_NETWORK = httpx.MockTransport(lambda _: httpx.Response(418, content=b"{}"))


def by_transport(method, url, sent):
    with httpx.Client(transport=intercept.httpx_transport(NO_NETWORK)) as client:
        return client.request(method, url, json=sent).json()


def by_async_transport(method, url, sent):
    async def send():
        transport = intercept.async_httpx_transport(NO_NETWORK)
        async with httpx.AsyncClient(transport=transport) as client:
            return (await client.request(method, url, json=sent)).json()

    return asyncio.run(send())


def by_adapter(method, url, sent):
    with requests.Session() as session:
        session.mount("https://", intercept.requests_adapter())
        return session.request(method, url, json=sent).json()


def by_requests(method, url, sent):
    return requests.request(method, url, data=json.dumps(sent), timeout=5).json()


def by_urllib3(method, url, sent):
    with urllib3.PoolManager() as pool:
        return pool.request(method, url, json=sent).json()


def by_urllib(method, url, sent):
    request = urllib.request.Request(url, json.dumps(sent).encode(), method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return json.load(answer)


def by_httpx(method, url, sent):
    return httpx.request(method, url, json=sent).json()


def by_aiohttp(method, url, sent):
    async def send():
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, json=sent) as answer,
        ):
            return await answer.json()

    return asyncio.run(send())


DOORS = [by_transport, by_async_transport, by_adapter]
LIBRARIES = [by_requests, by_urllib3, by_urllib, by_httpx, by_aiohttp]


def check(name, data, seed, send):
    """Make a call at the old address of one twin, and through a door for the other."""
    endpoint = ENDPOINTS[name]
    pair = differential.Pair(seed)
    drawn = data.draw(differential.arguments(name, pair))
    sent = {key: value for key, value in drawn.items() if value is not None}
    address = endpoint.addresses[0]
    old = pair.client.request(
        address.method,
        address.path,
        json={"corpAccessToken": pair.old.corp_access_token, "corpId": pair.old.corp_id, **sent},
    ).json()
    new = send(
        address.method,
        HOST + address.path,
        {"corpAccessToken": pair.new.corp_access_token, "corpId": pair.new.corp_id, **sent},
    )
    differential.TYPED[name].validate_python(new, strict=True)
    pair.check(name, old, new)


@pytest.mark.parametrize("send", DOORS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("name", ENDPOINTS)
@FEW
@given(data=st.data(), seed=st.integers(0, 3))
def test_door_for_use_by_hand_is_as_the_old_address(name, send, data, seed):
    check(name, data, seed, send)


@pytest.mark.parametrize("send", LIBRARIES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("name", ENDPOINTS)
@FEW
@given(data=st.data(), seed=st.integers(0, 3))
def test_installed_library_is_as_the_old_address(name, send, data, seed):
    with intercept.installed():
        counts = sys.modules["_fxshim_start"].COUNTS
        counts.clear()
        check(name, data, seed, send)
        assert (counts.seen, counts.translated, counts.failed) == (1, 1, 0)
