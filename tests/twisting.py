"""A peer that is truthful until it is told otherwise: a sandbox behind a bare socket, and a twist.

The sandbox gives the honest answer to every call; what goes over the wire is the twist's choice:
another answer, any bytes, or whatever the twist does to the socket itself.
"""

import json
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from shim.sandbox import Sandbox


@dataclass
class Request:
    """A call as it came.

    Attributes:
        path: Its path, without the query.
        verb: The last part of the path: query, get, update, ….
        number: How many calls of this verb have come, this one included.
        body: The JSON of the body.
        head: Request line and headers, as one text.
    """

    path: str
    verb: str
    number: int
    body: dict[str, Any] = field(repr=False)
    head: str = field(repr=False)


def response(body, status="200 OK", *headers):
    """Return an HTTP answer; a body that is not bytes goes as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + content


def reset(connection):
    """Break a connection so that the other side notices; a twist may return this."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def close(connection):
    """Close a socket that another thread may wait for: the thread wakes, and its file is freed."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


class TwistingPeer:
    """A tenant whose answers are twisted.

    Args:
        twist: Called with the `Request` and the honest answer, a dict, after the call was done.
            Returns None for the honest answer, a dict or a list for another, bytes to be sent as
            they are, or a function: it is given the socket, and the connection is closed after it.
        sandbox: The tenant; a new one if None. Its faults have no effect on the wire.

    Attributes:
        sandbox: The tenant.
        requests: Every call, in the order of their arrival.
    """

    def __init__(self, twist=None, sandbox=None):
        self.twist = twist
        self.sandbox = Sandbox(6, seed=3) if sandbox is None else sandbox
        self.requests = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.base_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._connections = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        for one in (self._listener, *self._connections):
            close(one)

    @property
    def open_connections(self):
        """How many connections the other side has not closed yet."""
        return len(self._connections)

    def count(self, verb):
        """Return how many calls of a verb have come."""
        return sum(one.verb == verb for one in self.requests)

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb") as stream:
                while self.exchange(connection, stream):
                    pass
        except OSError:
            pass
        finally:
            self._connections.discard(connection)

    @staticmethod
    def received(stream):
        """Return method, path, head and body of the next request; None if no whole one comes."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                return None
            head += line
        text = head.decode("latin-1")
        lengths = [
            line for line in text.lower().split("\r\n") if line.startswith("content-length:")
        ]
        length = int(lengths[0].partition(":")[2]) if lengths else 0
        content = stream.read(length)
        if len(content) < length:
            return None
        method, target, _ = text.split(" ", 2)
        return method, target.partition("?")[0], text, content

    def exchange(self, connection, stream):
        """Answer one request; return whether there may be another."""
        came = self.received(stream)
        if came is None:
            return False
        method, path, head, content = came
        verb = path.rpartition("/")[2]
        with self._lock:
            number = 1 + self.count(verb)
            request = Request(path, verb, number, json.loads(content or b"{}"), head)
            self.requests.append(request)
            honest = json.loads(self.sandbox.handle(method, path, "", content).body)
        answer = self.twist(request, honest) if self.twist else None
        if callable(answer):
            answer(connection)
            return False
        if not isinstance(answer, bytes):
            answer = response(honest if answer is None else answer)
        connection.sendall(answer)
        return True
