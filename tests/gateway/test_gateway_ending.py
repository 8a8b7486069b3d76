"""Calls that are ended early: by their caller's deadline, or by SIGTERM. No member is lost."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import httpx
import pytest

FXSHIM = [sys.executable, "-m", "shim"]


@pytest.fixture
def slow(upstream):
    """Return a tenant that takes a while for each call."""
    return lambda members, ms: upstream(members, sandbox={"latency_ms": ms})


def call_of(made, ids, status=1):
    return {
        "corpAccessToken": made.corp_access_token,
        "corpId": made.corp_id,
        "openUserIds": ids,
        "status": status,
    }


@pytest.mark.usefixtures("machine_time")
def test_deadline_ends_a_translation_and_the_answer_says_what_was_not_attempted(start, slow):
    """The answer comes soon after the deadline, although the calls left would take far longer."""
    made, address = slow(40, 100)
    _, client = start(upstreams=[address])
    began = time.monotonic()
    ids = made.open_user_ids[1:40]
    got = client.post(
        "/cgi/user/batchSetStatus",
        json=call_of(made, ids),
        headers={"X-Request-Timeout": "0.35"},
    )
    assert got.status_code == 200
    assert got.json()["errorCode"] != 0
    assert "of 39 failed" in got.json()["errorMessage"]
    assert time.monotonic() - began < 20
    assert len(made.updates) < 39
    outcomes = [
        line
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("fxshim_gateway_outcomes_total")
    ]
    assert sum(float(line.split()[-1]) for line in outcomes) == 39


@pytest.mark.parametrize("given", ["soon", "0", "-1", "nan", "inf"])
def test_deadline_that_is_no_number_is_refused(start, upstream, given):
    """An answer in the old shape, and nothing is sent."""
    made, address = upstream()
    _, client = start(upstreams=[address])
    got = client.post(
        "/cgi/user/batchSetStatus",
        json=call_of(made, made.open_user_ids[1:2]),
        headers={"X-Request-Timeout": given},
    )
    assert got.status_code == 400
    assert got.json()["errorCode"] == 15002
    assert not made.calls()


@pytest.mark.usefixtures("machine_time")
@pytest.mark.parametrize(("grace", "whole"), [("20", True), ("1", False)])
def test_sigterm_answers_every_call_under_way(slow, grace, whole):
    """Within the grace period calls end by themselves; then the answer says what is left."""
    made, address = slow(60, 50)
    env = {
        **os.environ,
        "FXIAOKE_SHIM_CURRENT_OPEN_USER_ID": made.current_open_user_id,
        "FXIAOKE_SHIM_QUOTA_CALLS": "0",
        "FXIAOKE_SHIM_CONCURRENCY": "1",
    }
    command = [*FXSHIM, "gateway", "--listen", "127.0.0.1:0", "--upstream", address]
    with subprocess.Popen(
        [*command, "--grace", grace], env=env, stdout=subprocess.PIPE, text=True
    ) as gateway:
        at = gateway.stdout.readline().split()[2]
        got = []

        def call(ids):
            sent = call_of(made, ids)
            got.append(httpx.post(f"{at}/cgi/user/batchSetStatus", json=sent, timeout=60))

        halves = made.open_user_ids[1:30], made.open_user_ids[30:59]
        threads = [threading.Thread(target=call, args=(ids,)) for ids in halves]
        for thread in threads:
            thread.start()
        while not made.updates:
            time.sleep(0.01)
        gateway.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        assert gateway.wait(30) == 0
    assert [one.status_code for one in got] == [200, 200]
    codes = {one.json()["errorCode"] for one in got}
    if whole:
        assert codes == {0}
        assert len(made.updates) == 58
    else:
        assert 0 not in codes
        assert all("29 failed" in one.json()["errorMessage"] for one in got)
        assert all("call again" in json.dumps(one.json()) for one in got)
        assert len(made.updates) < 58
