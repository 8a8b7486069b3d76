"""Bodies and connections of clients: too long, given up, broken, too many."""

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing, suppress

import pytest

from shim.gateway import app

OFFLINE, SHARED, OTHER = "/cgi/user/batchSetStatus", "/cgi/crm/v2/data/update", "/cgi/user/list"


async def upstream_of(use):
    """Call `use` with the address of a server that answers with the body of its request."""

    async def serve(reader, writer):
        # Not if the request breaks off.
        with closing(writer), suppress(EOFError, ValueError):
            head = await reader.readuntil(b"\r\n\r\n")
            body = b""
            if b"chunked" in head:
                while size := int(await reader.readline(), 16):
                    body += (await reader.readexactly(size + 2))[:-2]
            writer.write(b"HTTP/1.1 200 Fine\r\nConnection: close\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await use(f"http://127.0.0.1:{port}")


def exchanged(path, messages, **options):
    """Send a request with a body in pieces; return the messages of the answer."""

    async def use(address):
        sent, left = [], list(messages)

        async def receive():
            return left.pop(0)

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", b"gateway"), (b"transfer-encoding", b"chunked")],
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 9),
        }
        await app(upstreams=[address], **options)(scope, receive, send)
        return sent

    return asyncio.run(upstream_of(use))


def pieces(*bodies):
    """Return the messages of a body in pieces."""
    last = len(bodies) - 1
    return [
        {"type": "http.request", "body": one, "more_body": number < last}
        for number, one in enumerate(bodies)
    ]


def body_of(sent):
    return b"".join(one.get("body", b"") for one in sent)


def test_long_body_at_a_shared_path_is_passed_on_whole():
    """It is longer than an offline call: what was read for that is sent on with the rest."""
    sent = exchanged(SHARED, pieces(b"a" * 40, b"b" * 40, b"", b"c" * 40), offline_body_bytes=50)
    assert sent[0]["status"] == 200
    assert body_of(sent) == b"a" * 40 + b"b" * 40 + b"c" * 40


def test_empty_body_at_a_shared_path_is_passed_on():
    """As an empty body."""
    sent = exchanged(SHARED, pieces(b""))
    assert sent[0]["status"] == 200
    assert body_of(sent) == b""


@pytest.mark.parametrize("path", [OFFLINE, OTHER])
def test_body_that_grows_too_long_is_refused(path):
    """In the old shape; nothing of the upstream's is answered."""
    sent = exchanged(path, pieces(b"a" * 40, b"b" * 40), body_bytes=50)
    assert sent[0]["status"] == 413
    assert json.loads(body_of(sent))["errorCode"] != 0


@pytest.mark.parametrize("path", [OFFLINE, OTHER])
def test_client_that_gives_up_in_its_body_gets_no_answer(path, caplog):
    """The log of requests says 499, and the upstream's answer is not waited for."""
    caplog.set_level(logging.INFO, "shim.gateway.access")
    sent = exchanged(path, [pieces(b"{", b"}")[0], {"type": "http.disconnect"}])
    assert sent == []
    assert f"POST {path} 499" in caplog.text


def connected(listening):
    """Return a socket to a gateway."""
    host, port = listening.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def answered(file):
    """Read one answer; return its status and body."""
    status = int(file.readline().split()[1])
    length = 0
    while (line := file.readline()) != b"\r\n":
        name, _, value = line.lower().partition(b":")
        length = int(value) if name == b"content-length" else length
    return status, file.read(length)


def test_connection_over_the_bound_is_refused_and_the_others_stay(start, upstream):
    """With a 503 in the old shape, before it has sent anything."""
    _, address = upstream()
    listening, _ = start(upstreams=[address], connections_at_most=1)
    with connected(listening) as first, first.makefile("rb") as file:
        first.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert answered(file)[0] == 200
        with connected(listening) as second, second.makefile("rb") as refused:
            status, body = answered(refused)
            assert refused.read() == b""
        assert status == 503
        assert json.loads(body)["errorCode"] == -1
        first.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b'refused_total{reason="connections"} 1.0' in answered(file)[1]


def test_body_that_breaks_off_after_its_answer_ends_the_connection(start, upstream):
    """A second answer would be taken for that of the next request."""
    _, address = upstream()
    listening, client = start(upstreams=[address])
    with connected(listening) as ours, ours.makefile("rb") as file:
        ours.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert answered(file)[0] == 200
        ours.sendall(b"no length\r\n")
        assert file.read() == b""
    assert 'refused_total{reason="framing"} 1.0' in client.get("/metrics").text


def test_command_warns_if_offline_calls_go_elsewhere(upstream):
    """To the setting base_url, and not to the first upstream of the command line."""
    _, address = upstream()
    command = [sys.executable, "-m", "shim", "gateway", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [*command, "--upstream", "http://127.0.0.1:9"],
        env={**os.environ, "FXIAOKE_SHIM_BASE_URL": address},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as gateway:
        assert gateway.stdout.readline().startswith("gateway on http://127.0.0.1:")
        gateway.send_signal(signal.SIGTERM)
        told = gateway.stderr.read()
        assert gateway.wait(30) == 0
    assert f"warning: offline calls go to the setting base_url, {address}" in told
