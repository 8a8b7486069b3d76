"""Requests that are no offline calls: the upstream gets the same bytes, the client its answer.

Both sides are bare sockets, so that nothing but the gateway can change anything.
`FXSHIM_TEST_EXAMPLES=10000` runs it for long.
"""

import os
import socket
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FXSHIM_TEST_EXAMPLES", "200"))
LONG = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
NAMES = st.from_regex(r"X-[A-Za-z]{1,8}", fullmatch=True).filter(
    lambda name: not name.lower().startswith("x-fxshim")
)
VALUES = st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?", fullmatch=True)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
PATHS = st.from_regex(r"(/([A-Za-z0-9~_!$&'()*+,;=:@-]|%[4-7][1-9A]){1,8}){1,4}/?", fullmatch=True)
# ASGI does not say whether an empty query had its question mark.
QUERIES = st.from_regex(r"(\?([A-Za-z0-9&=%+/?.-]|%[0-7]0){1,20})?", fullmatch=True)
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
STATUSES = st.sampled_from([200, 201, 301, 302, 400, 404, 500, 503])
GONE = {"connection", "transfer-encoding", "content-length", "host"}


class BareUpstream:
    """Answers each request with what it is told, and keeps what it was sent."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.answer = b""
        self.got = None
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, client.makefile("rb") as file:
                while (got := message(file)) is not None:
                    self.got = got
                    client.sendall(self.answer)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def message(file):
    """Read one message; return its first line, its headers, its body."""
    first = file.readline()
    if not first:
        return None
    headers = []
    while (line := file.readline()) != b"\r\n":
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name, value.strip()))
    named = {name.lower(): value for name, value in headers}
    body = b""
    if named.get("transfer-encoding") == "chunked":
        while size := int(file.readline(), 16):
            body += file.read(size)
            file.readline()
        file.readline()
    else:
        body = file.read(int(named.get("content-length", 0)))
    return first, headers, body


def kept(headers):
    """Return the headers that must arrive, in their order; names in lower case, as in HTTP/2."""
    return [(name.lower(), value) for name, value in headers if name.lower() not in GONE]


def packed(headers, body, *, chunked):
    """Return headers and body as they go over the wire."""
    lines = [
        *headers,
        ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", len(body)),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in lines).encode() + b"\r\n"
    if not chunked:
        return head + body
    halves = [one for one in (body[: len(body) // 2], body[len(body) // 2 :]) if one]
    return head + b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in halves) + b"0\r\n\r\n"


@pytest.fixture
def passed(start):
    """Return an upstream and a client's socket to a gateway before it."""
    upstream = BareUpstream()
    listening, client = start(upstreams=[upstream.address], access_log=False)
    host, port = listening.address.removeprefix("http://").split(":")
    with (
        socket.create_connection((host, int(port)), timeout=30) as ours,
        ours.makefile("rb") as file,
    ):
        yield upstream, ours, file
    client.close()
    upstream.close()


@LONG
@given(
    begin=st.tuples(METHODS, PATHS, QUERIES),
    sent=st.tuples(HEADERS, st.binary(max_size=300), st.booleans()),
    status=STATUSES,
    back=st.tuples(HEADERS, st.binary(max_size=300), st.booleans()),
)
def test_request_and_answer_are_passed_on_byte_for_byte(passed, begin, sent, status, back):
    """Method, target, headers with their order and repeats, and body; the same of the answer."""
    upstream, ours, file = passed
    head = f"HTTP/1.1 {status} Any\r\n".encode()
    upstream.answer = head + packed(back[0], back[1], chunked=back[2])
    headers = [("Host", "gateway"), *sent[0]]
    first = "{} {}{} HTTP/1.1\r\n".format(*begin).encode()
    ours.sendall(first + packed(headers, sent[1], chunked=sent[2]))
    answer = message(file)
    assert upstream.got[0] == first
    assert kept(upstream.got[1]) == kept(headers)
    assert upstream.got[2] == sent[1]
    assert ("Host", upstream.address.removeprefix("http://")) in upstream.got[1]
    assert int(answer[0].split()[1]) == status
    assert kept(answer[1]) == kept(back[0])
    assert answer[2] == back[1]
