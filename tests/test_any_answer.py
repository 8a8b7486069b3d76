"""Whatever is answered, and whatever is given: the old shape, soon, and within the memory allowed.

The answers here are of no tenant: any bytes, any JSON, and what looks like an answer and is none.
"""

import asyncio
import gzip
import json
import subprocess
import sys
import zlib
from contextlib import contextmanager
from functools import cache
from itertools import cycle

import pytest
from hypothesis import HealthCheck, given, settings, target
from hypothesis import strategies as st
from pydantic import TypeAdapter

import shim
from shim import settings as shim_settings
from shim.objectapi import _environment as environment
from shim.objectapi import http
from shim.objectapi._environment import httpx
from shim.objectapi.clock import SkippingClock
from shim.offline import ENDPOINTS, employees
from shim.sandbox import Sandbox

TOKEN, CORP, ACTING, MEMBER = "token-canary", "FSCID_TEST", "FSUID_ME", "FSUID_A"
PHONE = "13800138000"
KEYS = {"traceId", "errorDescription", "errorMessage", "errorCode"}
MOST_CALLS = 60
"""HTTP calls that one offline call for one member may take, whatever is answered."""
LONGEST_TEXT = 2000
TYPED = {name: TypeAdapter(endpoint.returns) for name, endpoint in ENDPOINTS.items()}
SLOWLY = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

RECORD = {"dataObjectApiName": "AccountObj", "_id": "R", "name": "A"}
DATA = {
    **RECORD,
    "object_data": RECORD,
    "objectDataId": "R",
    "object_data_id": "R",
    "idList": ["R"],
    "Data": [{"objectDataId": "R", "ownerId": [MEMBER]}],
}
USABLE = {
    "currentOpenUserId": ACTING,
    "openUserIds": [MEMBER],
    "openUserId": MEMBER,
    "status": 1,
    "user": {"openUserId": MEMBER, "position": "Engineer"},
    "mobile": PHONE,
    "departmentId": 1000,
    "department": {"id": 1000, "name": "A"},
    "data": DATA,
}
"""Arguments that are worth a call, by name."""


def usable(name):
    """Return arguments that a call takes."""
    wanted = ENDPOINTS[name].signature.parameters
    return {key: value for key, value in USABLE.items() if key in wanted}


class Answers(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Gives the same few answers again and again."""

    def __init__(self, answers):
        self.calls = 0
        self._answers = cycle(answers)

    def handle_request(self, _request):
        self.calls += 1
        status, headers, content = next(self._answers)
        raw = [(key.encode(), value.encode("latin-1")) for key, value in headers]
        return httpx.Response(status, headers=raw, stream=httpx.ByteStream(content))

    async def handle_async_request(self, request):
        return self.handle_request(request)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.sampled_from(["0", "1", "-1", "50009", MEMBER, "R", ACTING, PHONE, TOKEN, "\ud800", ""])
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def mostly(*usual):
    """Return what is usual, or any JSON."""
    return st.one_of(*map(st.just, usual), ANY_JSON)


ROW = st.fixed_dictionaries(
    {},
    optional={
        "_id": mostly("R", "1000"),
        "user_id": mostly(MEMBER, [MEMBER]),
        "status": mostly("0", "1"),
        "name": mostly("A"),
        "phone": mostly(PHONE),
        "position": mostly("Engineer"),
        "lock_status": mostly("0", "1"),
        "parent_id": mostly(["999999"]),
        "main_department": mostly(["1000"]),
        "manager_id": mostly([MEMBER]),
        "create_time": mostly(1),
        "last_modified_time": mostly(1, 10**13),
    },
)
ENVELOPE = st.fixed_dictionaries(
    {"errorCode": mostly(0, 0, 0, "0", -1, -2, 50009, 20016, 14001, 30002, 32000)},
    optional={
        "traceId": mostly("E-O.1", TOKEN, "x" * 10_000),
        "errorMessage": mostly("OK", f"{TOKEN} {PHONE}", "1" * 10_000),
        "errorDescription": mostly("success"),
        "data": ROW
        | st.fixed_dictionaries({"dataList": st.lists(ROW, max_size=3) | ANY_JSON})
        | ANY_JSON,
        "dataId": mostly("R"),
        "corpAccessToken": mostly("T"),
        "expiresIn": mostly(7200),
        "empList": ANY_JSON,
        "employees": ANY_JSON,
        "departments": ANY_JSON,
    },
)
PLAIN = st.binary() | (ENVELOPE | ANY_JSON).map(json.dumps).map(str.encode)
CUT = st.tuples(PLAIN, st.integers(0, 40)).map(lambda two: two[0][: -two[1] or None])
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["Content-Type", "Content-Length", "Location", "Set-Cookie", "Content-Encoding", "X"]
        ),
        st.sampled_from(["gzip", "br", "deflate", "http://[", "mailto:x", "a=\xff", "0", "-1", ""])
        | st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\x00")),
    ),
    max_size=2,
)
USUAL = st.just(200) | st.just(200) | st.sampled_from([204, 302, 304, 307, 401, 429, 502, 999])
ANSWER = st.one_of(
    st.tuples(USUAL, st.just([]), PLAIN | CUT),
    st.tuples(USUAL, HEADERS, PLAIN | CUT),
    st.tuples(st.just(200), st.just([("Content-Encoding", "gzip")]), PLAIN.map(gzip.compress)),
)


@contextmanager
def configured(**changes):
    """Configure the shim, with a clock that is put forward; gives what it logs."""
    shim_settings.reset()
    http.reset(SkippingClock())
    employees.SNAPSHOTS.forget()
    events = []
    shim.set_notice_hooks([events.append])
    shim.configure(
        **{
            "current_open_user_id": ACTING,
            "notices": "log",
            "quota_calls": 0,
            "retry_seconds": 2,
            "read_back_seconds": 1,
            **changes,
        }
    )
    yield events
    shim_settings.reset()


def called(name, given, *, awaiting):
    """Make one call, blocking or awaiting."""
    if awaiting:
        return asyncio.run(getattr(shim.aio, name)(**given))
    return getattr(shim, name)(**given)


def check(name, answer, events, mode="object"):
    """An answer is of the old shape, and can be logged, dumped and sent on."""
    endpoint = ENDPOINTS[name]
    assert type(answer) is endpoint.returns
    assert type(answer["errorCode"]) is int
    texts = [answer[key] for key in sorted(KEYS - {"errorCode"})]
    if mode in ("object", "dry_run") and endpoint.kind == "translated":
        # Otherwise what the vendor has answered beside the four keys is handed on.
        TYPED[name].validate_python(dict(answer), strict=True)
        assert answer["errorCode"] == 0 or answer.keys() == KEYS
    json.loads(json.dumps(answer))
    repr(answer)
    for one in answer.outcomes:
        assert one.state in {"changed", "unchanged", "failed", "accepted", "planned"}
        assert type(one.error_code) is int
        assert (one.error_code != 0) == (one.state == "failed")
        texts += [one.message, one.trace_id]
    failed = any(one.state == "failed" for one in answer.outcomes)
    assert not answer.outcomes or failed == (answer["errorCode"] != 0)
    for event in events:
        said = json.dumps(event.fields(), ensure_ascii=False, default=str)
        said.encode()
        assert TOKEN not in said
    for text in texts:
        assert isinstance(text, str)
        text.encode()
        assert len(text) <= LONGEST_TEXT
        assert TOKEN not in text


@pytest.mark.parametrize("mode", ["object", "shadow", "dry_run", "legacy"])
@SLOWLY
@given(
    name=st.sampled_from(sorted(ENDPOINTS)),
    answers=st.lists(ANSWER, min_size=1, max_size=4),
    awaiting=st.booleans(),
)
def test_any_answer_gives_the_old_shape_in_a_bounded_number_of_calls(mode, name, answers, awaiting):
    """Bytes, statuses, headers and JSON of every kind; every function, in every mode."""
    transport = Answers(answers)
    with configured(transport=transport, mode=mode) as events:
        given = {"corpAccessToken": TOKEN, "corpId": CORP, **usable(name)}
        check(name, called(name, given, awaiting=awaiting), events, mode)
    assert transport.calls <= MOST_CALLS


class SlowAnswers(Answers):
    """Takes so many seconds for each, by the clock of the test."""

    def __init__(self, answers, seconds):
        super().__init__(answers)
        self._seconds = seconds

    def handle_request(self, request):
        http.clock().sleep(self._seconds)
        return super().handle_request(request)


LIKELY = st.sampled_from(
    [
        {"errorCode": 0, "data": {"dataList": [{"_id": "R", "user_id": MEMBER, "status": "0"}]}},
        {"errorCode": 0, "data": {"dataList": [{"_id": "R", "user_id": MEMBER, "status": "1"}]}},
        {"errorCode": 0, "data": {"_id": "R", "user_id": MEMBER, "status": "0"}},
        {"errorCode": 0, "data": {"_id": "R", "user_id": MEMBER, "status": "1"}},
        *({"errorCode": code} for code in (0, -1, 50009, 14001, 20016, 30027)),
    ]
).map(lambda body: (200, [], json.dumps(body).encode()))


@settings(SLOWLY, max_examples=200)
@given(
    answers=st.lists(LIKELY, min_size=1, max_size=8),
    seconds=st.sampled_from([0.1, 1.0, 3.0]),
    status=st.sampled_from([1, 2]),
    awaiting=st.booleans(),
)
def test_a_call_for_one_member_takes_no_longer_than_documented(answers, seconds, status, awaiting):
    """However slow and unwilling the peer: docs/settings.md, "How long a call may take"."""
    given = {"corpAccessToken": TOKEN, "corpId": CORP, "openUserIds": [MEMBER], "status": status}
    limits = {"timeout_seconds": 3, "retry_seconds": 2, "read_back_seconds": 1}
    with configured(transport=SlowAnswers(answers, seconds), **limits):
        called("set_member_status_batch", given, awaiting=awaiting)
        lasted = http.clock().now()
    target(lasted)
    assert lasted <= 10 * (2 * 3 + 2) + 2 * 1


@SLOWLY
@given(
    name=st.sampled_from(sorted(ENDPOINTS)),
    extra=st.dictionaries(st.text() | st.sampled_from(sorted(USABLE)), ANY_JSON, max_size=3),
    left_out=st.sets(st.sampled_from(["corpAccessToken", "corpId", *USABLE])),
    awaiting=st.booleans(),
)
def test_any_json_as_a_body_gives_the_old_shape(name, extra, left_out, awaiting):
    """`f(**body)`: names that no page prints, values of any type, and parts that are missing."""
    made = Sandbox(2, seed=5)
    given = {
        "corpAccessToken": made.corp_access_token,
        "corpId": made.corp_id,
        **usable(name),
        **extra,
    }
    given = {key: value for key, value in given.items() if key not in left_out}
    acting = made.current_open_user_id
    with configured(transport=made.transport(), current_open_user_id=acting) as events:
        check(name, called(name, given, awaiting=awaiting), events)


@SLOWLY
@given(
    answers=st.lists(
        st.binary()
        | st.builds(
            lambda line, head, body: b"\r\n".join([line, *head, b"", body]),
            st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.0 302", b"HTTP/1.1 204 X", b"HTTP/1.1"]),
            st.lists(
                st.binary(max_size=20)
                | st.sampled_from(
                    [
                        b"Content-Length: 2",
                        b"Content-Length: 99",
                        b"Transfer-Encoding: chunked",
                        b"Content-Encoding: gzip",
                        b"Connection: close",
                        b"Location: http://[",
                        b"Set-Cookie: a=\xff",
                    ]
                ),
                max_size=3,
            ),
            PLAIN | CUT,
        ),
        min_size=1,
        max_size=3,
    ),
    awaiting=st.booleans(),
)
def test_any_bytes_on_a_socket_give_the_old_shape(answers, awaiting, twisting):
    """Whether or not they are HTTP; the connection is closed after them."""
    several = cycle(answers)

    def sent(_request, _honest):
        content = next(several)
        return lambda connection: connection.sendall(content)

    peer = twisting(sent)
    name, member = "set_member_status_batch", peer.sandbox.open_user_ids[0]
    with configured(base_url=peer.base_url, retry_seconds=0) as events:
        given = {"corpAccessToken": TOKEN, "corpId": CORP, "openUserIds": [member], "status": 1}
        check(name, called(name, given, awaiting=awaiting), events)
    assert peer.sandbox.members()[member] == "0"


MB = 1 << 20
ANSWER_MB, ALLOWED_MB, SLACK_MB = 48, 1, 20
BLOCK = b" " * MB
OPENING = b'{"errorCode": 0, "x": "'
PROGRAM = """
import asyncio, resource, sys
import shim

UNIT = 1 if sys.platform == "darwin" else 1024

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT

def call():
    return shim.query_employee_by_mobile("T", "FSCID_TEST", "13800138000")

def acall():
    return asyncio.run(shim.aio.query_employee_by_mobile("T", "FSCID_TEST", "13800138000"))

shim.configure(
    base_url=sys.argv[1],
    current_open_user_id="FSUID_ME",
    notices="ignore",
    retry_seconds=0,
    max_answer_bytes=int(sys.argv[2]),
)
call(), acall()
before = peak()
for _ in range(4):
    answers = call(), acall()
    print((peak() - before) >> 20, *(answer["errorCode"] for answer in answers))
"""


def identity(connection):
    length = b"Content-Length: %d" % (len(OPENING) + ANSWER_MB * MB)
    connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n\r\n" + OPENING)
    for _ in range(ANSWER_MB):
        connection.sendall(BLOCK)


def chunked(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for piece in [OPENING, *[BLOCK] * ANSWER_MB]:
        connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))


@cache
def packed():
    packing = zlib.compressobj(level=1, wbits=31)
    pieces = [packing.compress(piece) for piece in [OPENING, *[BLOCK] * ANSWER_MB]]
    return b"".join([*pieces, packing.flush()])


def compressed(connection):
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    connection.sendall(head % len(packed()) + packed())


def headers(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(ANSWER_MB):
        connection.sendall(b"X: " + BLOCK + b"\r\n")


def test_a_large_answer_takes_no_more_memory_than_is_allowed(twisting):
    """Peak memory of a process, blocking and awaiting: max_answer_bytes, and 20 MB for all else."""
    kinds = (identity, chunked, compressed, headers)

    def twist(request, _honest):
        return kinds[(request.number - 3) // 2] if request.number > 2 else None

    peer = twisting(twist)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, peer.base_url, str(ALLOWED_MB * MB)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for kind, line in zip(kinds, done.stdout.splitlines(), strict=True):
        megabytes, *codes = line.split()
        assert (kind, codes) == (kind, ["-1", "-1"])
        assert int(megabytes) < ALLOWED_MB + SLACK_MB, kind


NO_HOST = st.text(st.sampled_from("[]{}<>|^ \\%#?@:/~!$&'()*+,;=\x01\x7f\t\n\u00e9\u540d"))
"""Text that no name server is asked about."""
NEAR = st.sampled_from(["127.0.0.1:1", "127.0.0.1", "localhost:1", "[::1]:1", "127.0.0.1:99999"])
PROXY = st.builds(
    str.__add__,
    st.sampled_from(["", "http://", "https://", "socks5://", "socks5h://", "ftp://", "//", "a:"]),
    NEAR | NO_HOST | NEAR.map("user:canary-of-a-password@".__add__),
)
VARIABLES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"], PROXY),
        "NO_PROXY": NO_HOST
        | st.sampled_from(["*", "127.0.0.1", "127.0.0.0/8", "::1", "[::1", ","]),
        **dict.fromkeys(
            ["SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"],
            NO_HOST | st.sampled_from([".", "/dev/null", "/nowhere", "/" * 5000, __file__]),
        ),
    },
)


@SLOWLY
@given(variables=VARIABLES, awaiting=st.booleans())
def test_any_environment_gives_the_old_shape_and_shows_no_value(variables, awaiting, twisting):
    """Proxies and certificates: the call is made, or nothing was sent and the text says why."""
    peer = twisting()
    member = peer.sandbox.open_user_ids[0]
    given = {"corpAccessToken": TOKEN, "corpId": CORP, "openUserIds": [member], "status": 1}
    given |= {"corpAccessToken": peer.sandbox.corp_access_token, "corpId": peer.sandbox.corp_id}
    # The certificates are read once for a process; here again for each example.
    environment._context.cache_clear()  # noqa: SLF001
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        acting = peer.sandbox.current_open_user_id
        with configured(
            base_url=peer.base_url, current_open_user_id=acting, timeout_seconds=5, retry_seconds=0
        ) as events:
            answer = called("set_member_status_batch", given, awaiting=awaiting)
    check("set_member_status_batch", answer, events)
    assert "canary" not in answer["errorMessage"]
    assert (answer["errorCode"], peer.sandbox.members()[member]) in {(0, "1"), (-1, "0")}
    assert answer["errorCode"] == 0 or peer.requests == []
