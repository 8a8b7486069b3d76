"""Bytes into replies, whatever came."""

import json

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from shim.objectapi import _wire as wire
from shim.objectapi import calls
from shim.objectapi.record_types import PERSONNEL
from shim.objectapi.session import Session
from shim.settings.model import Settings


@pytest.mark.parametrize(
    ("status", "content", "code"),
    [
        (502, b"<html>bad gateway</html>", -1),
        (200, b"<html>log in first</html>", -1),
        (200, b"[]", -1),
        (200, b"{}", -1),
        (200, b'{"errorCode": "0.0"}', -1),
        (200, b'{"errorCode": " 0"}', -1),
        (200, '{"errorCode": "\u0660"}'.encode(), -1),
        (200, b'{"errorCode": ""}', -1),
        (200, b'{"errorCode": [0]}', -1),
        (200, b'{"errorCode": true}', -1),
        (200, b'{"errorCode": NaN}', -1),
        (200, b'{"errorCode": 0.5}', -1),
        (200, b'{"errorCode": 1' + b"0" * 4000 + b"}", -1),
        (200, b'{"errorCode": "1' + b"0" * 4000 + b'"}', -1),
        (200, b"\xff\xfe", -1),
        (200, b'{"errorCode": 0, "x": "\xed\xa0\x80"}', -1),
    ],
)
def test_what_is_not_the_envelope_is_an_error_and_says_so(status, content, code):
    """It came from something in between; the text says what to look at."""
    reply = wire.decode(status, content, ())
    assert reply.code == code
    assert reply.trace_id.startswith("shim-")
    assert f"HTTP {status}" in reply.message
    assert "base_url" in reply.message


@pytest.mark.parametrize(
    ("sent", "code"),
    [(0, 0), ("0", 0), ("-1", -1), ("+7", 7), ("020016", 20016), (0.0, 0), (14001.0, 14001)],
)
def test_digits_are_an_error_code(sent, code):
    """As text as well (grade C); JSON has one type of number. The answer shows an int."""
    reply = wire.decode(200, json.dumps({"errorCode": sent}).encode(), ())
    assert (reply.code, reply.body["errorCode"]) == (code, code)
    assert type(reply.body["errorCode"]) is int
    assert reply.ok is (code == 0)


@pytest.mark.parametrize("levels", [99, 500, 900, 100_000])
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_what_nests_too_deeply_is_not_read(levels, opening):
    """Comparing or printing it would fail later, after a write perhaps."""
    closing = b"]" if opening == b"[" else b"}"
    deep = opening * levels + b"1" + closing * levels
    reply = wire.decode(200, b'{"errorCode":0,"traceId":"E-O.t","x":' + deep + b"}", ())
    assert reply.code == (0 if levels == 99 else -2)
    assert levels == 99 or "nests deeper than 100 levels" in reply.message


def test_an_error_that_nests_too_deeply_is_that_error():
    """What cannot be read is left out."""
    deep = b"[" * 200 + b"]" * 200
    content = b'{"errorCode":15002,"traceId":"E-O.t","data":' + deep + b',"errorMessage":"no"}'
    reply = wire.decode(200, content, ())
    assert (reply.code, reply.message, reply.trace_id) == (15002, "no", "E-O.t")
    assert reply.body == {"errorCode": 15002, "traceId": "E-O.t", "errorMessage": "no"}


TEXTS = st.text(st.characters(exclude_categories=()) | st.sampled_from('\ud83d\ude00\\"u'))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=6,
)
ENVELOPES = st.fixed_dictionaries(
    {"errorCode": st.sampled_from([0, "0", 20016]) | VALUES},
    optional=dict.fromkeys(["traceId", "errorMessage", "errorDescription", "data"], VALUES | TEXTS),
)


@hypothesis_settings(deadline=None)
@given(st.binary() | ENVELOPES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_give_a_reply_that_is_safe_to_pass_on(content):
    """Nothing that a server sends is an exception here, or where it is logged or sent on."""
    reply = wire.decode(200, content, ("token-canary",))
    assert isinstance(reply.rows, list)
    assert reply.data is not None
    assert isinstance(reply.code, int)
    assert len(reply.message) <= 300
    assert len(reply.trace_id) <= 129
    assert all("!" <= letter <= "~" for letter in reply.trace_id)
    passed_on = json.dumps([reply.message, reply.body], ensure_ascii=False, allow_nan=False)
    assert json.loads(passed_on.encode()) == [reply.message, reply.body]
    assert all(isinstance(reply.body.get(key, ""), str) for key in ENVELOPE)


ENVELOPE = ("traceId", "errorMessage", "errorDescription")


@hypothesis_settings(deadline=None)
@given(VALUES)
def test_any_json_is_read_as_it_is(value):
    """Making an answer safe changes only what no JSON may hold."""
    content = json.dumps({"errorCode": 0, "data": {"x": value}}).encode()
    expected = json.loads(content, parse_constant=lambda _: None)
    try:
        json.dumps(expected, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert wire.decode(200, content, ()).data == expected["data"]


def test_half_a_surrogate_pair_is_replaced_and_a_pair_is_not():
    """A backslash before it is a backslash."""
    content = (
        rb'{"errorCode":0,"data":{"a":"\ud83d\ude00","b":"\ud83d","c":"\\ud83d",'
        rb'"d":"\ude00\ud83dx"}}'
    )
    assert wire.decode(200, content, ()).data == {
        "a": "\U0001f600", "b": "\ufffd", "c": "\\ud83d", "d": "\ufffd\ufffdx",
    }  # fmt: skip


def test_a_trace_id_is_visible_ascii_without_our_secrets():
    """It goes into logs and answers; support needs the rest of it."""

    def of(sent):
        content = json.dumps({"errorCode": 0, "traceId": sent}).encode()
        reply = wire.decode(200, content, ("token-canary",))
        assert reply.body["traceId"] == reply.trace_id
        return reply.trace_id

    assert of("E-O.fs1.1000-0a1b2c") == "E-O.fs1.1000-0a1b2c"
    assert of("E-token-canary \u5f20\u4e09 13800138000\n") == "E-***?***?"
    assert of("x" * 10_000) == "x" * 128
    assert of("\ud800") == "?"
    # Ours say that nobody answered.
    assert of("shim-0123") == "?shim-0123"
    for missing in (None, "", 7, ["E-O.1"]):
        assert of(missing).startswith("shim-")


def test_texts_of_a_success_lose_our_secrets_as_well():
    """They are passed on in answers of the old service; what is no text is left out."""
    content = b'{"errorCode":0,"errorMessage":"ok token-canary","errorDescription":["x"]}'
    reply = wire.decode(200, content, ("token-canary",))
    assert reply.body == {"errorCode": 0, "errorMessage": "ok ***", "traceId": reply.trace_id}


def test_the_vendors_text_loses_our_secrets_and_phones():
    """An error text that quotes the token or a mobile number is passed on without them."""
    body = {"errorCode": 1, "errorMessage": "bad token-canary of 13800138000 or +8613900139000"}
    reply = wire.decode(200, json.dumps(body).encode(), ("token-canary", "a"))
    assert reply.message == "bad *** of *** or ***"


def test_a_reply_without_text_or_trace_still_has_both():
    """The code is the text, and the trace is ours."""
    reply = wire.decode(200, b'{"errorCode": 32000}', ())
    assert reply.message == "errorCode 32000"
    assert reply.trace_id.startswith("shim-")


def test_requests_carry_the_credentials_of_the_body_style():
    """Token, corpId and acting user at the top level, a fresh request id in the address."""
    session = Session(
        Settings(), token="t", corp_id="FSCID", acting="FSUID_ME", third_trace_id="a b"
    )
    [(_, call)] = PERSONNEL.find(session.settings, ["A"], ["status"])
    first, second = session.request(call, "t"), session.request(call, "t")
    body = json.loads(first.content)
    assert body["corpAccessToken"] == "t"
    assert (body["corpId"], body["currentOpenUserId"]) == ("FSCID", "FSUID_ME")
    assert body["convertUserId"] is True
    assert first.url.endswith("/cgi/crm/v2/data/query?thirdTraceId=a%20b")
    assert second.url.endswith("?thirdTraceId=a%20b-2")


def test_custom_objects_have_their_own_path():
    """`…__c` lives beside the preset objects."""
    assert calls.get("car__c", "1", convert_user_id=True).path == "/cgi/crm/custom/v2/data/get"


def test_no_repr_of_a_call_or_reply_shows_its_content():
    """Calls, replies and requests hold people's data and tokens."""
    call = PERSONNEL.update(Settings(), "id-1", {"phone": "canary"})
    reply = calls.Reply(0, "E-O.1", "canary", {"data": {"name": "canary"}})
    session = Session(
        Settings(current_open_user_id="FSUID"), token="canary", corp_id="FSCID", acting="FSUID"
    )
    assert "canary" not in repr(call) + repr(reply) + repr(session.request(call, "canary"))
