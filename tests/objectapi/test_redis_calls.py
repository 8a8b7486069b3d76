"""Several processes, one Redis (which has its own clock), through the public doors.

`http.reset` is what a forked child does: after it, this process knows nothing of its calls.
"""

import asyncio
import threading
import time

import pytest
from twisting import response

import shim
from shim import settings
from shim.objectapi import http, tokens

pytestmark = pytest.mark.usefixtures("machine_time")

QUERY, UPDATE = "/cgi/crm/v2/data/query", "/cgi/crm/v2/data/update"


@pytest.fixture
def redis(one_redis):
    """Return a server with nothing in it."""
    with one_redis.client() as client:
        client.flushall()
    return one_redis


def counts(made):
    return {path: (one["count"], one["throttled"]) for path, one in made.calls().items()}


def disable(call, made, ids, token=None):
    return call("set_member_status_batch", token or made.corp_access_token, made.corp_id, ids, 1)


def test_processes_with_one_redis_share_a_window(call, tenant, redis):
    """Two processes, 15 updates each, 20 in a second: the second waits, and nobody is throttled."""
    quota = {"quota_calls": 20, "quota_seconds": 1.0}
    made = tenant(30, sandbox=quota, redis_url=redis.url, **quota)
    started = time.monotonic()
    assert disable(call, made, made.open_user_ids[:15])["errorCode"] == 0
    http.reset()
    assert disable(call, made, made.open_user_ids[15:])["errorCode"] == 0
    assert time.monotonic() - started >= 1
    assert counts(made) == {QUERY: (4, 0), UPDATE: (30, 0)}


def test_processes_with_one_redis_share_a_renewal(call, tenant, redis):
    """Whoever comes later finds the token that another has fetched."""
    made = tenant(2, redis_url=redis.url)
    shim.configure(
        app_id=made.app_id, app_secret=made.app_secret, permanent_code=made.permanent_code
    )
    for _ in range(3):
        http.reset()
        assert disable(call, made, made.open_user_ids, "an-old-token")["errorCode"] == 0
    assert counts(made)[tokens.PATH] == (1, 0)


def test_a_renewal_that_is_refused_says_so_to_each(call, tenant, redis):
    """Nobody is handed another's problem as a token."""
    made = tenant(1, redis_url=redis.url)
    shim.configure(app_id=made.app_id, app_secret=made.app_secret, permanent_code="wrong")
    for _ in range(2):
        http.reset()
        answer = disable(call, made, made.open_user_ids, "an-old-token")
        assert answer["errorCode"] == 20016
        assert "permanent_code" in answer["errorMessage"]


@pytest.mark.parametrize("how", ["local", "refuse"])
def test_calls_are_made_while_redis_is_lost(how, call, tenant, own_redis, events):
    """Either this process's own window, or nothing sent and a text that says what to do."""
    made = tenant(
        3,
        redis_url=own_redis.url,
        on_quota_store_loss=how,
        quota_calls=50,
        quota_seconds=5.0,
        retry_seconds=0.3,
    )
    own_redis.stop()
    answer = disable(call, made, made.open_user_ids)
    lost = [event for event in events if event.name == "shim.quota_store_lost"]
    assert [event.action for event in lost] == [how]
    if how == "local":
        assert answer["errorCode"] == 0
    else:
        assert answer["errorCode"] == 14001
        assert "on_quota_store_loss" in answer["errorMessage"]
        assert own_redis.password not in answer["errorMessage"]
        assert counts(made) == {}


def test_a_token_is_renewed_while_redis_is_lost(call, tenant, own_redis):
    """Refused as well, since nobody knows how often the others have renewed."""
    made = tenant(1, redis_url=own_redis.url, on_quota_store_loss="refuse")
    shim.configure(
        app_id=made.app_id, app_secret=made.app_secret, permanent_code=made.permanent_code
    )
    own_redis.stop()
    answer = disable(call, made, made.open_user_ids, "an-old-token")
    assert answer["errorCode"] == 20016
    assert "on_quota_store_loss" in answer["errorMessage"]


def test_a_cancelled_call_gives_its_shared_slots_back(twisting, redis):
    """Other processes need not wait for the end of its lease."""
    came, over = threading.Event(), threading.Event()

    def hang(connection):
        came.set()
        over.wait(60)
        connection.sendall(response({"errorCode": -1}))

    peer = twisting(
        lambda request, _honest: hang if request.number == 1 else None,
        redis_url=redis.url,
        quota_calls=1,
        quota_seconds=0.1,
    )
    made = peer.sandbox

    def disabling():
        return shim.aio.set_member_status_batch(
            made.corp_access_token, made.corp_id, made.open_user_ids[:1], 1
        )

    async def cancelled():
        task = asyncio.ensure_future(disabling())
        assert await asyncio.to_thread(came.wait, 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    over.set()
    http.reset()
    before = time.monotonic()
    assert asyncio.run(disabling())["errorCode"] == 0
    assert time.monotonic() - before < settings.current().timeout_seconds
