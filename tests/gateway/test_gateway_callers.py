"""Who called: labels, tenants, counts; what the admin paths show of it."""

import asyncio
import shutil
import subprocess

import httpx
import pytest

import shim
from shim import notices
from shim.gateway import GatewayOptions, app
from shim.sandbox import Sandbox

SECRETS = {"hr": "secret-of-hr-department", "erp": "secret-of-erp-connector"}


def call_of(made, ids):
    return {
        "corpAccessToken": made.corp_access_token,
        "corpId": made.corp_id,
        "openUserIds": ids,
        "status": 1,
    }


def labels():
    return {one.caller_file for one in notices.usage()}


def test_notice_names_the_label_of_the_secret_with_method_and_path(start, upstream):
    """Each secret has a label; the secret itself is not sent on."""
    made, address = upstream()
    _, client = start(upstreams=[address], secrets=SECRETS)
    for label, secret in SECRETS.items():
        sent = call_of(made, made.open_user_ids[1:2])
        headers = {"X-Fxshim-Secret": secret}
        client.post("/cgi/user/batchSetStatus", json=sent, headers=headers)
        assert f"<{label}>" in labels()
    assert {one.caller_function for one in notices.usage()} == {"POST /cgi/user/batchSetStatus"}


def test_labels_from_a_header_are_clean_and_bounded(start, upstream):
    """Any number of names makes a bounded number of labels, without odd characters."""
    made, address = upstream()
    _, client = start(upstreams=[address], callers="header", callers_at_most=3)
    for name in ('a b"{}\\', *map(str, range(9)), "x" * 500):
        sent = call_of(made, made.open_user_ids[1:2])
        headers = {"X-Fxshim-Caller": name}
        client.post("/cgi/user/batchSetStatus", json=sent, headers=headers)
    assert labels() == {"<a_b_>", "<0>", "<1>", "<others>"}


def test_two_tenants_are_told_apart_by_the_corp_id_of_the_body(start, upstream):
    """Each call goes to the gateway of its own tenant, and changes nothing in the other."""
    made, address = upstream()
    other = Sandbox(4, seed=5)
    with other.serve() as second:
        shim.configure(
            transport=None,
            base_url=address,
            tenants={
                other.corp_id: {
                    "base_url": second,
                    "current_open_user_id": other.current_open_user_id,
                }
            },
        )
        _, client = start(upstreams=[address])
        for one in (made, other):
            sent = call_of(one, one.open_user_ids[2:3])
            assert client.post("/cgi/user/batchSetStatus", json=sent).json()["errorCode"] == 0
    assert len(made.updates) == len(other.updates) == 1


def test_admin_paths_show_counts_usage_and_the_document(start, upstream):
    """After one call: it is in /metrics, in /usage as JSON and HTML, and in /openapi.json."""
    made, address = upstream()
    _, client = start(upstreams=[address])
    client.post("/cgi/user/batchSetStatus", json=call_of(made, made.open_user_ids[1:3]))
    text = client.get("/metrics").text
    by = 'caller="127.0.0.1",function="set_member_status_batch",mode="object"'
    assert f'fxshim_gateway_calls_total{{{by},result="ok"}} 1.0' in text
    assert f'fxshim_gateway_outcomes_total{{{by},state="changed"}} 2.0' in text
    data = client.get("/usage").json()
    assert data["summary"]["called"] == 1
    assert data["sites"][0]["calls"] == 1
    page = client.get("/usage", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "set_member_status_batch" in page.text.replace("<wbr>", "")
    paths = client.get("/openapi.json").json()["paths"]
    assert "post" in paths["/cgi/user/batchSetStatus"]
    assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
    assert client.post("/metrics").status_code == 405


def test_wrong_installation_is_an_answer_in_the_old_shape(start, upstream):
    """No acting employee: not a 500, and no stack trace."""
    made, address = upstream()
    shim.configure(current_open_user_id=None)
    _, client = start(upstreams=[address])
    sent = call_of(made, made.open_user_ids[1:2])
    got = client.post("/cgi/user/batchSetStatus", json=sent)
    assert got.status_code == 200
    assert got.json()["errorCode"] == -2
    assert "current_open_user_id" in got.json()["errorMessage"]


def test_unreachable_upstream_is_a_502_in_the_old_shape(start):
    """A request that is no offline call, to a host that is not there."""
    _, client = start(upstreams=["http://127.0.0.1:9"])
    got = client.post("/cgi/user/list", json={})
    assert got.status_code == 502
    assert got.json()["errorCode"] == -1


@pytest.mark.parametrize("program", ["curl", "node"])
def test_other_languages_get_the_same_answer(start, upstream, program):
    """curl, and fetch of Node."""
    found = shutil.which(program)
    if found is None:  # pragma: no cover - both are there in CI.
        pytest.skip(program)
    made, address = upstream()
    listening, _ = start(upstreams=[address])
    url = f"{listening.address}/cgi/user/batchSetStatus"
    body = httpx.Request("POST", url, json=call_of(made, made.open_user_ids[1:2])).content.decode()
    code = (
        "const [u,b]=process.argv.slice(1);fetch(u,{method:'POST',body:b,"
        "headers:{'Content-Type':'application/json'}}).then(r=>r.text()).then(console.log)"
    )
    command = {
        "curl": [found, "-s", "-H", "Content-Type: application/json", "-d", body, url],
        "node": [found, "-e", code, url, body],
    }[program]
    got = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert '"errorCode":0' in got.stdout
    assert len(made.updates) == 1


def test_application_without_secrets_serves_its_own_machine_only():
    """Under any server: a request that arrived on another address is refused."""
    gateway = app(GatewayOptions(upstreams=["http://127.0.0.1:9"]))
    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/readyz",
        "raw_path": b"/readyz",
        "query_string": b"",
        "headers": [(b"host", b"a")],
        "server": ("10.0.0.7", 80),
        "client": ("10.0.0.8", 9),
    }
    asyncio.run(gateway(scope, None, send))
    assert sent[0]["status"] == 403
