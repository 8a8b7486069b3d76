"""A tenant in trouble, behind a transport or behind a bare socket.

What befalls a call: the sandbox's own faults first; else, by chance, a twist of its answer.
"""

import asyncio
import json
import threading
import time
from collections import Counter
from contextlib import contextmanager

from twisting import TwistingPeer, reset
from twists import LISTENED_LONGEST, Answer

from shim.objectapi._environment import httpx

BLOCK = b" " * 65536
FASTEST_DRIP = 0.02
"""Seconds between two pieces from which on they count as a drip."""


class Trouble:
    """Answers calls, and takes notes.

    Args:
        sandbox: The tenant.
        twister: Draws the twists.
        record_ids: The `_id` of each member.
        timeout_seconds: The client's, for one call.
        hide_locks: Leave `lock_status` out of all answers.

    Attributes:
        listened_longest: Seconds after which a drip that nobody hangs up on ends.
        cookies: Cookies that came with calls.
        tokens: Every token that came with a call.
        lock_answers: How often each locked member's update was answered by 50009, and that arrived.
        listened: Seconds that clients listened to each drip without an end.
        lasted: Seconds that all answers took in all.
    """

    def __init__(self, sandbox, twister, record_ids, *, timeout_seconds, hide_locks):
        self.sandbox = sandbox
        self.listened_longest = LISTENED_LONGEST * timeout_seconds
        self.cookies = []
        self.tokens = set()
        self.lock_answers = Counter()
        self.listened = []
        self.lasted = 0.0
        self._twister = twister
        self._record_ids = record_ids
        self._locked = {record_ids[who]: who for who in sandbox.locked}
        self._hide_locks = hide_locks
        self._lock = threading.Lock()

    @property
    def twisted(self):
        """How many answers were twisted."""
        return self._twister.drawn.total()

    def was_mistaken(self, who):
        """Whether another member's row has had the `_id` of this one."""
        return self._record_ids.get(who) in self._twister.facts.mistaken

    def answer(self, method, path, head, content):
        """Return what goes over the wire for a call."""
        request = json.loads(content)
        with self._lock:
            self.tokens.add(request.get("corpAccessToken"))
            self.cookies += [line for line in head if line.lower().startswith("cookie")]
        instead = self._twister.before()
        if instead is not None:
            return instead
        reply = self.sandbox.handle(method, path, "", content)
        answer = self._answered(path, request, reply)
        answer.delay = reply.delay
        return answer

    def _answered(self, path, request, reply):
        if reply.drop:
            return Answer(ending="reset")
        if reply.status != 200:
            return Answer(reply.body, reply.status)
        try:
            honest = json.loads(reply.body)
        except ValueError:
            return Answer(reply.body)
        if self._hide_locks:
            honest = _without_locks(honest)
        verb = path.rpartition("/")[2]
        answer = self._twister.after(verb, request, honest)
        if answer is None:
            self._note_locks(verb, request, honest)
            answer = Answer(json.dumps(honest).encode())
        return answer

    def _note_locks(self, verb, request, honest):
        if verb == "update" and honest["errorCode"] == 50009:
            who = self._locked.get(request["data"]["object_data"]["_id"])
            with self._lock:
                self.lock_answers[who] += who is not None

    def lasts(self, answer, began):
        """Note how long an answer has lasted."""
        with self._lock:
            self.lasted += time.monotonic() - began
            if answer.piece and answer.pause > FASTEST_DRIP:
                self.listened.append(time.monotonic() - began)

    def transport(self):
        return Transport(self)

    @contextmanager
    def served(self):
        with Peer(self) as peer:
            yield peer.base_url


def _without_locks(honest):
    data = honest.get("data")
    if not isinstance(data, dict):
        return honest
    data = {key: value for key, value in data.items() if key != "lock_status"}
    if isinstance(data.get("dataList"), list):
        data["dataList"] = [
            {key: value for key, value in row.items() if key != "lock_status"}
            for row in data["dataList"]
        ]
    return {**honest, "data": data}


def pieces(answer, content):
    """Yield what is sent at once: the content, then what fills it up."""
    size = answer.piece or len(content)
    while True:
        for start in range(0, len(content), size or 1):
            yield content[start : start + size]
        if not answer.endless:
            break
    for _ in range(0, answer.filler, len(BLOCK)):
        yield BLOCK


def _head(answer):
    declared = len(answer.body) if answer.declared is None else answer.declared
    length = ("Content-Length", str(declared))
    if declared < 0:
        length = ("Transfer-Encoding", "chunked")
    return [("Content-Type", "application/json"), *answer.headers, length]


class Peer(TwistingPeer):
    """The door of real sockets."""

    def __init__(self, trouble):
        super().__init__(sandbox=trouble.sandbox)
        self._trouble = trouble

    def exchange(self, connection, stream):
        """Answer one request; return whether there may be another."""
        came = self.received(stream)
        if came is None:
            return False
        method, path, head, content = came
        answer = self._trouble.answer(method, path, head.split("\r\n"), content)
        time.sleep(answer.delay)
        if answer.ending == "reset":
            reset(connection)
            return False
        began = time.monotonic()
        try:
            return self._send(connection, answer, began) and not answer.ending
        finally:
            self._trouble.lasts(answer, began)

    def _send(self, connection, answer, began):
        longest = self._trouble.listened_longest
        chunked = answer.declared == -1
        content = answer.raw
        if content is None:
            lines = [f"HTTP/1.1 {answer.status} X"]
            lines += [f"{name}: {value}" for name, value in _head(answer)]
            connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
            content = answer.body
        for number, piece in enumerate(pieces(answer, content)):
            if number and answer.pause:
                time.sleep(answer.pause)
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            if time.monotonic() - began > longest:
                return False
        if chunked:
            connection.sendall(b"0\r\n\r\n")
        return True


class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, trouble, answer):
        self._trouble = trouble
        self._answer = answer
        self._began = time.monotonic()

    def _pieces(self):
        longest = self._trouble.listened_longest
        for number, piece in enumerate(pieces(self._answer, self._answer.body)):
            if time.monotonic() - self._began > longest:
                break
            yield self._answer.pause if number else 0.0, piece
        if self._answer.ending == "close":
            msg = "the peer closed the connection"
            raise httpx.RemoteProtocolError(msg)

    def __iter__(self):
        for pause, piece in self._pieces():
            time.sleep(pause)
            yield piece

    async def __aiter__(self):
        for pause, piece in self._pieces():
            if pause:
                await asyncio.sleep(pause)
            yield piece

    def close(self):
        self._trouble.lasts(self._answer, self._began)

    async def aclose(self):
        self.close()


class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The door without a network."""

    def __init__(self, trouble):
        self._trouble = trouble

    def handle_request(self, request):
        answer = self._answer(request, request.read())
        time.sleep(self._wait(request, answer))
        return self._response(request, answer)

    async def handle_async_request(self, request):
        answer = self._answer(request, await request.aread())
        await asyncio.sleep(self._wait(request, answer))
        return self._response(request, answer)

    def _answer(self, request, content):
        head = [f"{name}: {value}" for name, value in request.headers.items()]
        return self._trouble.answer(request.method, request.url.path, head, content)

    @staticmethod
    def _wait(request, answer):
        return min(answer.delay, request.extensions["timeout"]["read"])

    def _response(self, request, answer):
        if answer.delay > request.extensions["timeout"]["read"]:
            msg = "no answer in time"
            raise httpx.ReadTimeout(msg, request=request)
        if answer.ending == "reset":
            msg = "the peer broke the connection"
            raise httpx.ReadError(msg, request=request)
        headers = [
            (name.encode(), value.encode("latin-1"))
            for name, value in _head(answer)
            if value != "chunked"
        ]
        return httpx.Response(answer.status, headers=headers, stream=Stream(self._trouble, answer))
