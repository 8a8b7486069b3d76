"""Requests that are refused: in the old shape, counted, and never passed on."""

import json
import socket

import pytest

from shim.gateway import GatewayOptions
from shim.gateway.listener import Listening
from shim.settings import ConfigurationError

OLD_SHAPE = ["traceId", "errorDescription", "errorMessage", "errorCode"]
SECRET = "a-secret-of-sixteen"


def exchange(listening, sent):
    """Send bytes as they are; return status and the rest of what comes back."""
    host, port = listening.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(sent)
        got = b""
        while piece := client.recv(65536):
            got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def refused(client):
    """Return the counts of refusals by reason."""
    lines = client.get("/metrics").text.splitlines()
    found = [line for line in lines if line.startswith("fxshim_gateway_refused_total{")]
    return {one.split('"')[1]: float(one.split()[1]) for one in found}


HEAD = b"Host: gateway\r\nConnection: close\r\n"
HOSTILE = {
    "two lengths": (b"POST /x HTTP/1.1\r\n" + HEAD, b"Content-Length: 1\r\nContent-Length: 2\r\n"),
    "length and chunks": (
        b"POST /x HTTP/1.1\r\n" + HEAD,
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    ),
    "other coding": (b"POST /x HTTP/1.1\r\n" + HEAD, b"Transfer-Encoding: gzip, chunked\r\n"),
    "absolute form": (b"GET http://evil.example/x HTTP/1.1\r\n" + HEAD, b""),
    "two slashes": (b"GET //evil.example/x HTTP/1.1\r\n" + HEAD, b""),
    "encoded dot": (b"GET /a/%2e%2E/b HTTP/1.1\r\n" + HEAD, b""),
    "encoded slash": (b"GET /a%2fb HTTP/1.1\r\n" + HEAD, b""),
    "encoded twice": (b"GET /a%252fb HTTP/1.1\r\n" + HEAD, b""),
    "backslash": (b"GET /a\\b HTTP/1.1\r\n" + HEAD, b""),
    "encoded NUL": (b"GET /a%00 HTTP/1.1\r\n" + HEAD, b""),
    "dot segment": (b"GET /a/../b HTTP/1.1\r\n" + HEAD, b""),
    "trace": (b"TRACE /a HTTP/1.1\r\n" + HEAD, b""),
    "wrong method": (b"GET /cgi/user/get HTTP/1.1\r\n" + HEAD, b""),
    "no JSON": (b"POST /cgi/user/get HTTP/1.1\r\n" + HEAD, b"Content-Length: 0\r\n"),
    "long head": (b"GET /a HTTP/1.1\r\n" + HEAD, b"X-A: " + b"a" * 40000 + b"\r\n"),
    "many headers": (b"GET /a HTTP/1.1\r\n" + HEAD, b"X-A: a\r\n" * 120),
    "no HTTP": (b"\x16\x03\x01\r\n", b""),
    "long body": (b"POST /x HTTP/1.1\r\n" + HEAD, b"Content-Length: 999999999\r\n"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_request_is_refused_in_the_old_shape_and_counted(start, upstream, name):
    """The upstream gets nothing, the client the four documented keys, the counter one more."""
    made, address = upstream()
    listening, client = start(upstreams=[address])
    status, body = exchange(listening, b"".join(HOSTILE[name]) + b"\r\n")
    assert 400 <= status < 500
    assert list(json.loads(body)) == OLD_SHAPE
    assert json.loads(body)["errorCode"] != 0
    assert sum(refused(client).values()) == 1
    assert not made.calls()


@pytest.mark.usefixtures("machine_time")
def test_slow_head_is_refused(start, upstream):
    """A client that does not finish its head is not waited for longer than head_seconds."""
    _, address = upstream()
    listening, client = start(upstreams=[address], head_seconds=0.2)
    status, _ = exchange(listening, b"GET /a HTTP/1.1\r\nHost:")
    assert status == 408
    assert refused(client) == {"slow_head": 1}


@pytest.mark.usefixtures("machine_time")
def test_slow_body_is_refused(start, upstream):
    """A body that stops is not waited for longer than idle_seconds."""
    _, address = upstream()
    listening, client = start(upstreams=[address], idle_seconds=0.2)
    head = b"POST /cgi/user/get HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"
    assert exchange(listening, head)[0] == 408
    assert refused(client) == {"slow_body": 1}


def test_host_of_a_request_chooses_no_other_upstream(start, upstream):
    """A Host that is not on the list changes nothing of where a request goes."""
    made, address = upstream()
    _, client = start(upstreams=[address])
    client.post("/cgi/user/list", json={}, headers={"Host": "169.254.169.254"})
    assert made.calls()


def test_without_the_secret_nothing_is_served_but_healthz(start, upstream):
    """The admin paths are protected, too; the right secret opens all."""
    made, address = upstream()
    _, client = start(upstreams=[address], secrets={"hr": SECRET})
    for path in ("/metrics", "/usage", "/readyz", "/openapi.json", "/cgi/user/list"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"X-Fxshim-Secret": SECRET + "x"}).status_code == 401
    assert client.get("/healthz").status_code == 200
    assert not made.calls()
    assert client.get("/readyz", headers={"X-Fxshim-Secret": SECRET}).status_code == 200


def test_other_address_than_loopback_needs_a_secret():
    """It does not start without one."""
    with pytest.raises(ConfigurationError, match="without a shared secret"):
        Listening(GatewayOptions(), "0.0.0.0", 0, print)
