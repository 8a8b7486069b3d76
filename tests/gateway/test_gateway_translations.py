"""Translations that are ended, and what becomes of a failure of our own."""

import asyncio
import json
import logging
import threading
import warnings

import pytest
from gateway_requests import requested

import shim
from shim.gateway import app
from shim.objectapi import tokens

PATH = "/cgi/user/batchSetStatus"


def call_of(made, ids, token=None):
    sent = {
        "corpAccessToken": token or made.corp_access_token,
        "corpId": made.corp_id,
        "openUserIds": ids,
        "status": 1,
    }
    return json.dumps(sent).encode()


@pytest.mark.usefixtures("machine_time")
def test_call_whose_server_gives_up_on_it_is_still_answered(tenant):
    """Cancelled after a write: the answer says what has become of the call."""
    made = tenant(60, sandbox={"latency_ms": 20}, concurrency=1)
    gateway = app(access_log=False)

    async def cancelled():
        body = call_of(made, made.open_user_ids[1:60])
        task = asyncio.create_task(requested(gateway, "POST", PATH, body))
        while not made.updates:  # noqa: ASYNC110 - the sandbox tells no event.
            await asyncio.sleep(0.001)
        task.cancel()
        return await task

    status, _, body = asyncio.run(cancelled())
    assert status == 200
    assert json.loads(body)["errorCode"] != 0
    assert "59 failed" in json.loads(body)["errorMessage"]
    assert 0 < len(made.updates) < 59


def test_call_that_arrives_when_the_time_to_drain_is_over_is_not_begun(tenant):
    """Nothing is written, and the answer says to call again."""
    made = tenant()
    gateway = app(access_log=False)

    async def late():
        gateway.drain(0.001)
        await asyncio.sleep(0.01)
        return await requested(gateway, "POST", PATH, call_of(made, made.open_user_ids[1:4]))

    _, _, body = asyncio.run(late())
    assert json.loads(body)["errorCode"] != 0
    assert "call again" in body.decode()
    assert not made.updates


def test_setting_that_refuses_deprecated_calls_is_an_answer(tenant):
    """In the old shape, and nothing is sent: notices = "error"."""
    made = tenant(notices="error")
    body = call_of(made, made.open_user_ids[1:2])
    status, _, got = asyncio.run(requested(app(access_log=False), "POST", PATH, body))
    assert status == 200
    assert json.loads(got)["errorCode"] != 0
    assert "refuses deprecated calls" in json.loads(got)["errorMessage"]
    assert not made.calls()


def test_failure_of_code_in_the_process_is_an_answer_without_its_text(tenant, caplog):
    """An application's hook for warnings raises: the log names the error; neither has its text."""
    made = tenant(notices="warn")

    def broken(*_args, **_kwargs):
        msg = f"has {made.corp_access_token}"
        raise LookupError(msg)

    with warnings.catch_warnings(), caplog.at_level(logging.ERROR, "shim.gateway"):
        warnings.simplefilter("always")
        warnings.showwarning = broken
        body = call_of(made, made.open_user_ids[1:2])
        status, _, got = asyncio.run(requested(app(access_log=False), "POST", PATH, body))
    assert status == 200
    assert json.loads(got)["errorCode"] != 0
    assert "the gateway failed" in json.loads(got)["errorMessage"]
    assert "LookupError" in caplog.text
    assert made.corp_access_token not in caplog.text + got.decode()


@pytest.fixture
def renewing(tenant):
    """Return a tenant whose token calls wait, and what holds, tells and releases them."""
    made = tenant()
    inner = made.transport()
    began, release, threads = threading.Event(), threading.Event(), []

    class Slow(type(inner)):
        def __init__(self):
            pass

        def handle_request(self, request):
            if request.url.path == tokens.PATH:
                threads.append(threading.current_thread())
                began.set()
                release.wait()
            return inner.handle_request(request)

        async def handle_async_request(self, request):
            return await inner.handle_async_request(request)

    shim.configure(
        transport=Slow(),
        app_id=made.app_id,
        app_secret=made.app_secret,
        permanent_code=made.permanent_code,
    )
    yield made, began, release, threads
    release.set()
    for one in threads:
        one.join()


def test_deadline_ends_a_call_that_waits_for_a_token(renewing):
    """The answer does not wait for a renewal that does not end."""
    made, began, _, _ = renewing
    body = call_of(made, made.open_user_ids[1:4], "an-old-token")
    timeout = [(b"x-request-timeout", b"0.2")]
    gateway = app(access_log=False)
    _, _, got = asyncio.run(requested(gateway, "POST", PATH, body, timeout))
    assert began.is_set()
    assert json.loads(got)["errorCode"] != 0
    assert "time was over" in got.decode()
    assert not made.updates


def test_token_that_arrives_just_as_a_call_is_ended_writes_nothing(renewing):
    """The call has ended by then; it is answered once, and does not go on."""
    made, began, release, threads = renewing

    async def ended():
        body = call_of(made, made.open_user_ids[1:4], "an-old-token")
        task = asyncio.create_task(requested(app(access_log=False), "POST", PATH, body))
        assert await asyncio.to_thread(began.wait, 30)
        # The renewal ends, and nothing on this loop can see it before the call is cancelled.
        release.set()
        threads[0].join()
        task.cancel()
        return await task

    _, _, got = asyncio.run(ended())
    assert json.loads(got)["errorCode"] != 0
    assert not made.updates
