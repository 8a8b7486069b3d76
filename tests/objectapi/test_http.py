"""The last inch over real sockets: what breaks, what is shared, what is left behind."""

import asyncio
import os
import socket
import subprocess
import sys
import threading

import pytest

import shim
from shim.objectapi._environment import httpx
from shim.sandbox import Sandbox

UPDATE = "/cgi/crm/v2/data/update"
QUERY = "/cgi/crm/v2/data/query"


@pytest.fixture
def served():
    """Return a sandbox on a real socket, and the shim configured for it."""
    made = Sandbox(4, seed=5)
    with made.serve() as base_url:
        shim.configure(
            base_url=base_url,
            current_open_user_id=made.current_open_user_id,
            notices="log",
            timeout_seconds=1.5,
            read_back_seconds=0.5,
            retry_seconds=0,
        )
        yield made


def blocking(made, status=1):
    return shim.set_member_status_batch(
        made.corp_access_token, made.corp_id, made.open_user_ids, status
    )


def awaiting(made, status=1):
    return asyncio.run(
        shim.aio.set_member_status_batch(
            made.corp_access_token, made.corp_id, made.open_user_ids, status
        )
    )


@pytest.fixture(params=[blocking, awaiting], ids=["sync", "async"])
def door(request):
    return request.param


def test_a_call_changes_the_tenant_through_a_real_socket(door, served):
    """Down to the socket and back, twice: the second time over another event loop."""
    assert door(served)["errorCode"] == 0
    assert set(served.members().values()) == {"1"}
    assert door(served, 2)["errorCode"] == 0
    assert set(served.members().values()) == {"0"}


def test_each_request_names_the_package_and_its_version(twisting, call):
    """So that the vendor, or a proxy, can tell which clients are still old ones."""
    made = twisting()
    tenant = made.sandbox
    call("query_employee_info_by_open_user_id", tenant.corp_access_token, tenant.corp_id, "FSUID_X")
    (agent,) = {
        line
        for one in made.requests
        for line in one.head.split("\r\n")
        if "user-agent" in line.lower()
    }
    assert agent == f"User-Agent: fxiaoke-shim/{shim.__version__}"


def test_no_answer_in_time_is_50009(door, served):
    """A look-up that is not answered fails its members as timed out, and says after how long."""
    served.add_faults({"kind": "stall", "path": QUERY})
    shim.configure(timeout_seconds=0.2)
    answer = door(served)
    assert answer["errorCode"] == 50009
    assert "0.2 s" in answer["errorMessage"]
    assert answer["traceId"].startswith("shim-")
    assert {outcome.state for outcome in answer.outcomes} == {"failed"}


def test_no_connection_is_minus_one(door, served):
    """Nobody listens: -1, the address, and what the system said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    shim.configure(base_url=f"http://127.0.0.1:{port}")
    answer = door(served)
    assert answer["errorCode"] == -1
    assert f"127.0.0.1:{port}" in answer["errorMessage"]
    assert "ConnectError" in answer["errorMessage"]


def test_an_address_that_does_not_exist_is_no_connection_either(door, served):
    """What the HTTP library alone can tell is still an answer, not an exception."""
    shim.configure(base_url="https://xn--a")
    assert door(served)["errorCode"] == -1


def test_an_answer_lost_on_the_way_back_is_read_back(door, served):
    """The write held, so it is no failure."""
    served.add_faults({"kind": "reset_after", "path": UPDATE, "times": 2})
    assert door(served)["errorCode"] == 0
    assert set(served.members().values()) == {"1"}


def test_a_connection_broken_before_the_write_is_a_failure(door, served):
    """Of that member alone, with the cause."""
    served.add_faults({"kind": "reset", "path": UPDATE, "times": 1})
    answer = door(served)
    failed = [outcome for outcome in answer.outcomes if outcome.state == "failed"]
    assert [outcome.error_code for outcome in failed] == [-1]
    assert "read back: not applied" in failed[0].message
    assert sorted(served.members().values()) == ["0", "1", "1", "1"]


def test_an_error_page_of_a_gateway_is_no_answer(door, served):
    """HTML with status 502 came from something in between."""
    served.add_faults({"kind": "html_502", "path": QUERY})
    answer = door(served)
    assert answer["errorCode"] == -1
    assert "HTTP 502" in answer["errorMessage"]


def test_a_blocking_call_inside_a_running_loop_is_answered(served):
    """Legacy code is called from anywhere."""

    async def job():
        return blocking(served)

    assert asyncio.run(job())["errorCode"] == 0


def test_a_cancelled_call_leaves_nothing_behind(served):
    """The task ends as cancelled, its workers with it, and the next call works."""
    served.add_faults({"kind": "latency", "ms": 200, "path": UPDATE, "times": 4})

    async def job():
        task = asyncio.ensure_future(
            shim.aio.set_member_status_batch(
                served.corp_access_token, served.corp_id, served.open_user_ids, 1
            )
        )
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(asyncio.all_tasks()) == 1
        return await shim.aio.set_member_status_batch(
            served.corp_access_token, served.corp_id, served.open_user_ids, 2
        )

    assert asyncio.run(job())["errorCode"] == 0


def test_a_blocking_transport_cannot_be_awaited():
    """It says so instead of failing somewhere inside."""
    shim.configure(transport=httpx.HTTPTransport(), current_open_user_id="FSUID_ME", notices="log")
    with pytest.raises(shim.ConfigurationError, match="handle_async_request"):
        asyncio.run(shim.aio.set_member_status_batch("token", "FSCID", ["FSUID"], 1))


def test_a_transport_that_breaks_altogether_is_passed_on():
    """A bug in a user's transport is the user's to see, from every worker."""

    class Broken(httpx.BaseTransport):
        def handle_request(self, request):
            if request.url.path == QUERY:
                rows = [{"_id": str(n), "user_id": f"U{n}", "status": "0"} for n in range(9)]
                return httpx.Response(200, json={"errorCode": 0, "data": {"dataList": rows}})
            raise LookupError(request.url.path)

    shim.configure(
        transport=Broken(), current_open_user_id="FSUID_ME", notices="log", concurrency=2
    )
    with pytest.raises(LookupError):
        shim.set_member_status_batch("token", "FSCID", [f"U{n}" for n in range(9)], 1)


def program(code, served):
    """Run a program of its own against the same tenant: token, corpId and ids are its arguments."""
    return subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            code,
            served.corp_access_token,
            served.corp_id,
            *served.open_user_ids,
        ],
        env={
            **os.environ,
            "FXIAOKE_SHIM_BASE_URL": shim.settings.current().base_url,
            "FXIAOKE_SHIM_CURRENT_OPEN_USER_ID": served.current_open_user_id,
            "FXIAOKE_SHIM_APP_ID": served.app_id,
            "FXIAOKE_SHIM_APP_SECRET": served.app_secret,
            "FXIAOKE_SHIM_PERMANENT_CODE": served.permanent_code,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="os.fork (not on Windows)")
def test_a_forked_child_has_connections_of_its_own(served):
    """After a call in the parent, the child's call works, and then the parent's again."""
    code = """
import os, sys
import shim
shim.configure(notices="ignore")
def call(status):
    return shim.set_member_status_batch(*sys.argv[1:3], sys.argv[3:], status)["errorCode"]
assert call(1) == 0
child = os.fork()
if child == 0:
    os._exit(0 if call(2) == 0 else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert call(1) == 0
"""
    done = program(code, served)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert set(served.members().values()) == {"1"}


def test_a_call_while_the_interpreter_ends_is_made(served):
    """Exit handlers run when no thread can be started, and after our own connections are closed."""
    code = """
import atexit, sys
import shim
def call(status):
    return shim.set_member_status_batch("an-old-token", sys.argv[2], sys.argv[3:], status)
@atexit.register
def last_thing():
    answer = call(1)
    assert answer["errorCode"] == 0, answer
    print("left")
shim.configure(notices="ignore")
assert shim.set_member_status_batch(sys.argv[1], *sys.argv[2:3], sys.argv[3:], 2)["errorCode"] == 0
"""
    done = program(code, served)
    assert (done.returncode, done.stdout, done.stderr) == (0, "left\n", "")
    assert set(served.members().values()) == {"1"}


def test_calls_of_one_request_go_out_together(served):
    """Each of four updates leaves only when all four are about to: none waits for another."""
    together = threading.Barrier(4)

    class Together(httpx.HTTPTransport):
        def handle_request(self, request):
            if request.url.path == UPDATE:
                together.wait(60)
            return super().handle_request(request)

    with Together() as transport:
        shim.configure(transport=transport)
        assert blocking(served)["errorCode"] == 0
    assert not together.broken
