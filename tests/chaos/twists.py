"""Answers that a vendor, a proxy or a broken network may give, drawn by a seed.

Each kind can be seen through: a client that checks what an answer is about (`errorCode`, `_id`,
the id that was asked for, the values, the end of the body) is never led to a false outcome. So no
kind shows a state that a record does not have in an answer that is right in all other respects.
"""

import gzip
import json
import random
import threading
import zlib
from collections import Counter
from dataclasses import dataclass, field

PHONE = "13800138000"
"""What stands for people's data in texts that must not pass it on."""
OVERSIZED = 64 << 20
"""Bytes of the bodies that are too large."""
LISTENED_LONGEST = 10
"""After how many timeouts a drip that nobody hangs up on ends by itself."""


@dataclass
class Answer:
    """What goes over the wire.

    Attributes:
        body: The content, as it is sent.
        status: HTTP status.
        headers: Beside Content-Length.
        raw: Sent instead of status, headers and body.
        declared: Content-Length, if it is not that of the body. -1: none, the body is chunked.
        filler: How many bytes of spaces follow the body.
        piece: How many bytes are sent at once. 0: all.
        pause: Seconds before each piece but the first.
        delay: Seconds before anything is sent.
        ending: "", or how the connection ends: "close", or "reset" with nothing sent at all.
        endless: Begin again with the raw bytes at their end, until the client hangs up.
    """

    body: bytes = b""
    status: int = 200
    headers: tuple = ()
    raw: bytes | None = None
    declared: int | None = None
    filler: int = 0
    piece: int = 0
    pause: float = 0.0
    delay: float = 0.0
    ending: str = ""
    endless: bool = False


@dataclass
class Case:
    """A call that was done, and its honest answer.

    Attributes:
        chance: The generator of this case.
        verb: The last part of the path.
        request: The JSON of the body of the call.
        honest: The JSON of the answer.
        facts: What a twist may use.
    """

    chance: random.Random
    verb: str
    request: dict
    honest: dict
    facts: "Facts"

    @property
    def rows(self):
        data = self.honest.get("data")
        rows = data.get("dataList") if isinstance(data, dict) else None
        return [dict(row) for row in rows] if isinstance(rows, list) else []

    def shown(self, rows):
        """Return the honest answer with these rows."""
        return {**self.honest, "data": {**self.honest["data"], "dataList": rows}}

    def content(self):
        return json.dumps(self.honest).encode()


@dataclass
class Facts:
    """What a twist may use.

    Attributes:
        record_ids: The `_id` of each member that the run is about.
        bystanders: Rows of members that it is not about.
        timeout_seconds: The client's, for one call.
        mistaken: Each `_id` that was shown in the row of another member, by which it is written.
    """

    record_ids: list = field(repr=False)
    bystanders: list = field(repr=False)
    timeout_seconds: float
    mistaken: set = field(default_factory=set, repr=False)


KINDS = {}
"""Each kind of twist: its name, and what it is made by."""
_VERBS = {}
RAW = set()
"""Kinds that only a socket can show."""


def twist(*verbs, raw=False):
    """Register a kind for some verbs; for all, if none is named."""

    def register(make):
        KINDS[make.__name__] = make
        _VERBS[make.__name__] = verbs
        if raw:
            RAW.add(make.__name__)
        return make

    return register


# Rows of a query, at the look-up as well as at the read-back.


def _one_row(case, **changes):
    rows = case.rows
    if rows:
        place = case.chance.randrange(len(rows))
        rows[place] = {**rows[place], **changes}
    return case.shown(rows)


@twist("query")
def wrong_record_id(case):
    """Show a row under the `_id` of another member, who is asked for elsewhere, or of none."""
    other = case.chance.choice([*case.chance.sample(case.facts.record_ids, 1), "f" * 24])
    case.facts.mistaken.add(other)
    return _one_row(case, _id=other)


@twist("query")
def odd_record_id(case):
    return _one_row(case, _id=case.chance.choice([5, 0, None, ["r"], {"a": 1}, True, 1.5, ""]))


@twist("query")
def shared_record_id(case):
    """Two ids share one record."""
    rows = case.rows
    if len(rows) > 1:
        one, two = case.chance.sample(range(len(rows)), 2)
        rows[one]["_id"] = rows[two]["_id"]
    return case.shown(rows)


@twist("query")
def error_with_rows(case):
    """An error, and beside it rows in the wanted state."""
    code = case.chance.choice([-2, 50009, "50009", 32000, -1])
    answer = case.shown([{**row, "status": "1"} for row in case.rows])
    return {**answer, "errorCode": code, "errorMessage": "twisted"}


@twist("query")
def rows_of_others(case):
    others = case.chance.sample(case.facts.bystanders, 2)
    rows = case.rows + others
    case.chance.shuffle(rows)
    return case.shown(rows)


@twist("query")
def only_rows_of_others(case):
    return case.shown(case.chance.sample(case.facts.bystanders, 2))


@twist("query")
def missing_rows(case):
    return case.shown([row for row in case.rows if case.chance.random() < 0.5])


@twist("query")
def rows_twice(case):
    return case.shown(case.rows * 2)


@twist("query")
def contradicting_rows(case):
    """One record in both states: what it is cannot be told."""
    rows = case.rows
    if rows:
        place = case.chance.randrange(len(rows))
        both = [{**rows[place], "status": status} for status in ("0", "1")]
        case.chance.shuffle(both)
        rows[place : place + 1] = both
    return case.shown(rows)


@twist("query")
def other_form_of_ids(case):
    changes = case.chance.choice(
        [
            lambda who: str(who).lower(),
            lambda who: [who],
            lambda who: [who, "x"],
            lambda _: 7,
            lambda _: None,
            lambda who: {"id": who},
            lambda who: f" {who}",
        ]
    )
    return case.shown([{**row, "user_id": changes(row.get("user_id"))} for row in case.rows])


@twist("query")
def no_rows_but_something(case):
    data = case.chance.choice(
        [
            None,
            [1],
            "rows",
            *({"dataList": rows} for rows in (None, "abc", {"a": 1}, ["x", 1, None, [], [[]]])),
        ]
    )
    return {**case.honest, "data": data}


_FORMS = (int, float, lambda status: status == "1", lambda status: [status], lambda _: None)


def _reformed(chance, record):
    if record.get("status") not in ("0", "1"):
        return record
    return {**record, "status": chance.choice(_FORMS)(record["status"])}


@twist("query")
def other_form_of_status(case):
    """The true state as a number, a boolean, a list, or not at all."""
    return case.shown([_reformed(case.chance, row) for row in case.rows])


# The record itself.


@twist("get")
def other_form_of_the_record(case):
    data = case.honest.get("data")
    return {**case.honest, "data": _reformed(case.chance, data) if isinstance(data, dict) else data}


@twist("get")
def other_record(case):
    """The record of another member, who is in the wanted state."""
    other = case.chance.choice(case.facts.bystanders)
    return {**case.honest, "data": {**other, "status": "1"}}


@twist("get")
def nameless_record(case):
    return {**case.honest, "data": {"status": "1"}}


@twist("get")
def error_with_record(case):
    data = case.honest.get("data")
    data = {**data, "status": "1"} if isinstance(data, dict) else data
    return {**case.honest, "errorCode": case.chance.choice([-2, 32000, "-1"]), "data": data}


@twist("get")
def no_record(case):
    return {**case.honest, "data": case.chance.choice([None, {}, [], "x", [[]]])}


# The envelope.


@twist()
def code_as_text(case):
    return {**case.honest, "errorCode": str(case.honest["errorCode"])}


@twist()
def odd_code(case):
    odd = [None, True, [0], {}, 0.5, "0x0", "", "⁰", "1" * 5000]
    return {**case.honest, "errorCode": case.chance.choice(odd)}


@twist()
def no_code(case):
    return {key: value for key, value in case.honest.items() if key != "errorCode"}


@twist()
def odd_trace_id(case):
    secret = f"{case.request.get('corpAccessToken')} {PHONE}"
    odd = [None, 7, ["x"], {}, "", "x" * 1_000_000, "\ud800", "a\nb\x1b[31m", secret]
    return {**case.honest, "traceId": case.chance.choice(odd)}


@twist()
def odd_message(case):
    secret = f"{case.request.get('corpAccessToken')} {PHONE}"
    odd = [None, 7, ["x"], "1" * 1_000_000, "\udfff\x00", secret, {"a": "b"}]
    code = case.honest["errorCode"] or case.chance.choice([-1, -2, 50009])
    return {**case.honest, "errorCode": code, "errorMessage": case.chance.choice(odd)}


@twist()
def deeply_nested(case):
    depth = case.chance.choice([300, 900, 990, 3000, 100_000])
    nest = b"[" * depth + b"]" * depth
    name = case.chance.choice([b"errorMessage", b"traceId", b"data", b"x"])
    code = case.chance.choice([b"-1", b"0"]) if case.verb in ("query", "get") else b"-1"
    return Answer(b'{"traceId":"t","errorCode":' + code + b',"' + name + b'":' + nest + b"}")


@twist()
def not_a_number(case):
    return Answer(case.content()[:-1] + b',"x":NaN,"y":1e999,"z":' + b"9" * 5000 + b"}")


@twist()
def other_encoding(case):
    content = case.content()
    odd = [b"\xef\xbb\xbf" + content, content.decode().encode("utf-16"), content + b"\x00"]
    return Answer(case.chance.choice(odd))


@twist()
def bare_value(case):
    return Answer(case.chance.choice([b"", b"null", b"[]", b"0", b'"OK"', b"\xff\xfe", b" "]))


# HTTP.

_PAGE = b"<html><body>" + b"x" * 2000 + b"</body></html>"
_LOCATIONS = (
    *("", "/login", "//[", "http://[", "mailto:x", "javascript:x", "login:", "http:login"),
    *("http://a:b/", "http://\xff\xfe/", "http://xn--a/", "http://a..b/", "https:/x"),
    *("http://h/" + "a" * 65537, "http://" + "\xe9" * 70 + "/", "http://127.0.0.1:1/steal"),
)


def _redirection(chance, body):
    status = chance.choice([301, 302, 303, 307, 308, 300, 304])
    body = b"" if status == 304 else body
    return Answer(body, status, (("Location", chance.choice(_LOCATIONS)),))


@twist()
def redirection_after(case):
    """Done, and then sent elsewhere."""
    return _redirection(case.chance, case.chance.choice([b"", _PAGE, case.content()]))


def _error_page(chance, body):
    status, *headers = chance.choice(
        [
            (401, ("WWW-Authenticate", "Basic")),
            (407, ("Proxy-Authenticate", "Basic")),
            (403,),
            (404,),
            (413,),
            (429, ("Retry-After", "3600")),
            (500,),
            (503, ("Retry-After", "Tue, 99 Foo 99999999 99:99:99 GMT")),
            (504,),
            (999,),
        ]
    )
    return Answer(body, status, tuple(headers))


@twist()
def error_page_after(case):
    """Done, and answered by a proxy's page, or by the honest body under an error's status."""
    return _error_page(case.chance, case.chance.choice([b"", _PAGE, case.content()]))


@twist()
def no_content(case):
    return Answer(b"", case.chance.choice([204, 205]))


@twist()
def odd_headers(case):
    odd = (
        ("Set-Cookie", "\x01=\xff; Domain=..; Path==; Expires=Tue, 99 Foo 99999999 99:99:99"),
        ("Set-Cookie", "session=SESSION_OF_ANOTHER; Path=/"),
        ("Set-Cookie", ";;;="),
        ("Content-Type", "application/json; charset=nonsense"),
        ("Content-Encoding", "br, zstd, nonsense"),
        ("Link", "<" * 1000),
        ("Retry-After", "-1"),
        ("Date", "yesterday"),
        ("Alt-Svc", 'h3=":1"'),
    )
    chosen = case.chance.sample(odd, case.chance.randint(1, 3))
    return Answer(case.content(), headers=tuple(chosen))


@twist()
def truncated(case):
    """A body that ends too soon, under the length that it has, or under that it should have."""
    content = case.content()
    cut = content[: case.chance.randrange(len(content))]
    if case.chance.random() < 0.5:
        return Answer(cut)
    return Answer(cut, declared=len(content), ending="close")


@twist()
def corrupt_gzip(case):
    packed = bytearray(gzip.compress(case.content()))
    kind = case.chance.randrange(3)
    if kind == 0:
        packed = packed[:-12]
    elif kind == 1:
        packed[case.chance.randrange(10, len(packed))] ^= 0xFF
    else:
        packed = bytearray(b"not gzip at all")
    return Answer(bytes(packed), headers=(("Content-Encoding", "gzip"),))


@twist()
def oversized(case):
    """The honest body, and 64 MB of nothing after it."""
    declared = case.chance.choice([-1, len(case.content()) + OVERSIZED, 10**15])
    return Answer(case.content(), declared=declared, filler=OVERSIZED, ending="close")


def _packed():
    packing, block = zlib.compressobj(wbits=31), b" " * (1 << 20)
    pieces = [packing.compress(block) for _ in range(OVERSIZED >> 20)]
    return b"".join([*pieces, packing.flush()])


_BOMB = _packed()


@twist()
def gzip_bomb(case):
    body = case.chance.choice([_BOMB, gzip.compress(case.content()) + _BOMB])
    return Answer(body, headers=(("Content-Encoding", "gzip"),))


@twist()
def reset_after(_case):
    return Answer(ending="reset")


@twist()
def drip_in_time(case):
    content = case.content()
    pieces = 5
    pause = case.facts.timeout_seconds * 0.3 / pieces
    return Answer(content, piece=len(content) // pieces + 1, pause=pause)


@twist()
def drip_for_ever(case):
    """A byte now and then, each in time: the answer itself never is."""
    return Answer(case.content() + b" " * 1000, piece=1, pause=case.facts.timeout_seconds * 0.3)


# What only a socket can show.


def _sent(body, head=b"HTTP/1.1 200 OK"):
    return head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@twist(raw=True)
def drip_of_headers(case):
    raw = b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000
    return Answer(raw=raw, piece=1, pause=case.facts.timeout_seconds * 0.3)


@twist(raw=True)
def drip_of_continues(case):
    """One informational answer after another, and never the answer."""
    raw = b"HTTP/1.1 100 Continue\r\n\r\n"
    pause = case.facts.timeout_seconds * 0.1
    return Answer(raw=raw, piece=len(raw), pause=pause, endless=True)


@twist(raw=True)
def not_http(case):
    odd = [
        b"\x00\xff\xfe\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n{}   ",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nwhatever",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000 + b"\r\n\r\n",
        b"",
    ]
    return Answer(raw=case.chance.choice(odd), ending="close")


@twist(raw=True)
def old_http(case):
    return Answer(raw=b"HTTP/1.0 200 OK\r\n\r\n" + case.content(), ending="close")


@twist(raw=True)
def surplus(case):
    """The honest answer, and at once another, which nothing was asked for."""
    more = {"traceId": "surplus", "errorCode": case.chance.choice([0, 32000]), "data": {}}
    return Answer(raw=_sent(case.content()) + _sent(json.dumps(more).encode()))


# Instead of doing what is asked.


def not_done(chance):
    """Return an answer to a call that is not done at all."""
    page = chance.choice([b"", _PAGE])
    return chance.choice([_redirection, _error_page])(chance, page)


class Twister:
    """Draws, by a seed, how each answer is twisted.

    Args:
        seed: The same seed draws the same, as far as calls come in the same order.
        facts: What twists may use.
        share: Of the calls, that are twisted.
        raw: Whether the door is a socket.

    Attributes:
        drawn: How often each kind was.
    """

    def __init__(self, seed, facts, share, *, raw):
        self.drawn = Counter()
        self._chance = random.Random(seed)  # noqa: S311 - repeatable is the point.
        self.facts = facts
        self._share = share
        self._kinds = [name for name in KINDS if raw or name not in RAW]
        self._lock = threading.Lock()

    def before(self):
        """Return the answer to a call that is not to be done, or None."""
        with self._lock:
            if self._chance.random() >= self._share / 10:
                return None
            self.drawn["not_done"] += 1
            return not_done(self._chance)

    def after(self, verb, request, honest):
        """Return the twisted answer to a call that was done, or None for the honest one."""
        with self._lock:
            if self._chance.random() >= self._share:
                return None
            about = {verb} if honest["errorCode"] == 0 else set()
            fit = [name for name in self._kinds if not _VERBS[name] or about & {*_VERBS[name]}]
            name = self._chance.choice(fit)
            chance = random.Random(self._chance.random())  # noqa: S311 - as above.
            self.drawn[name] += 1
        made = KINDS[name](Case(chance, verb, request, honest, self.facts))
        return made if isinstance(made, Answer) else Answer(json.dumps(made).encode())
