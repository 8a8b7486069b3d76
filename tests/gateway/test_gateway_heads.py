"""Heads that other servers than ours let through: the application refuses them by itself."""

import asyncio
import json

import pytest
from gateway_requests import requested

from shim.gateway import GatewayOptions, app
from shim.gateway.listener import Listening
from shim.settings import ConfigurationError

HOST = (b"host", b"gateway")
CHUNKED = (b"transfer-encoding", b"chunked")
UPSTREAM = ["http://127.0.0.1:9"]


@pytest.mark.parametrize(
    ("scope", "reason"),
    [
        ({"query_string": b"a=b c"}, "target"),
        ({"query_string": "a=中".encode()}, "target"),
        ({"headers": [HOST, (b"x y", b"1")]}, "header"),
        ({"headers": [HOST, (b"x", b"1\r\ny: 2")]}, "header"),
        ({"headers": [HOST, (b"x", b"1\0")]}, "header"),
        ({"headers": [HOST, CHUNKED], "http_version": "1.0"}, "framing"),
        ({"headers": [HOST, (b"transfer-encoding", b"gzip")]}, "framing"),
        ({"headers": [HOST, (b"content-length", b"+1")]}, "framing"),
        ({"headers": [HOST, (b"content-length", b"1, 1")]}, "framing"),
        ({"headers": [HOST, HOST]}, "host"),
    ],
)
def test_head_that_can_be_read_in_two_ways_is_refused_under_any_server(tenant, scope, reason):
    """An offline call with it is not made, and the reason is counted."""
    made = tenant()
    gateway = app(upstreams=UPSTREAM)
    sent = {"corpAccessToken": made.corp_access_token, "corpId": made.corp_id}
    body = json.dumps({**sent, "openUserIds": made.open_user_ids[:1], "status": 1}).encode()
    path = "/cgi/user/batchSetStatus"
    status, headers, answer = asyncio.run(requested(gateway, "POST", path, body, **scope))
    assert status == 400
    assert headers[b"connection"] == b"close"
    assert json.loads(answer)["errorCode"] != 0
    assert not made.calls()
    counts = asyncio.run(requested(gateway, "GET", "/metrics", b""))[2].decode()
    assert f'fxshim_gateway_refused_total{{reason="{reason}"}} 1.0' in counts


def test_name_of_a_host_counts_as_another_machine():
    """Whatever address the name has: the gateway does not listen on it without a secret."""
    with pytest.raises(ConfigurationError, match=r"gateway\.example without a shared secret"):
        Listening(GatewayOptions(upstreams=UPSTREAM), "gateway.example", 0, print)


def test_websocket_is_closed_and_not_passed_on():
    """Nothing but HTTP is served; 1008 is a violation of policy (RFC 6455)."""
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(app(upstreams=UPSTREAM)({"type": "websocket", "path": "/x"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
