"""Bytes into replies, whatever came."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shim.objectapi import calls, wire
from shim.objectapi.kinds import PERSONNEL
from shim.objectapi.session import Session
from shim.settings.model import Settings


@pytest.mark.parametrize(
    ("status", "content", "code"),
    [
        (502, b"<html>bad gateway</html>", -1),
        (200, b"<html>log in first</html>", -1),
        (200, b"[]", -1),
        (200, b"{}", -1),
        (200, b'{"errorCode": "0"}', -1),
        (200, b'{"errorCode": true}', -1),
        (200, b"\xff\xfe", -1),
        (200, b"[" * 100_000, -1),
    ],
)
def test_what_is_not_the_envelope_is_an_error_and_says_so(status, content, code):
    """It came from something in between; the text says what to look at."""
    reply = wire.decode(status, content, ())
    assert reply.code == code
    assert reply.trace_id.startswith("shim-")
    assert f"HTTP {status}" in reply.message
    assert "base_url" in reply.message


@given(
    st.binary()
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
        lambda value: json.dumps({"errorCode": 0, "data": value}).encode()
    )
)
def test_any_bytes_give_a_reply(content):
    """Nothing that a server sends is an exception here."""
    reply = wire.decode(200, content, ("token-canary",))
    assert isinstance(reply.rows, list)
    assert reply.data is not None


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


def test_no_repr_shows_what_is_inside():
    """Calls, replies and requests hold people's data and tokens."""
    call = PERSONNEL.update(Settings(), "id-1", {"phone": "canary"})
    reply = calls.Reply(0, "E-O.1", "canary", {"data": {"name": "canary"}})
    session = Session(
        Settings(current_open_user_id="FSUID"), token="canary", corp_id="FSCID", acting="FSUID"
    )
    assert "canary" not in repr(call) + repr(reply) + repr(session.request(call, "canary"))
