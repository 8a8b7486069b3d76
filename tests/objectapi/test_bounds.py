"""Bounds of a request: its time, headers and body included, and the size of its answer."""

import gzip
import json
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisting import TwistingPeer, response

import shim
from shim import settings as settings_module
from shim.objectapi import http
from shim.objectapi._wire import Content, TooLarge, Unreadable
from shim.objectapi.exchange import Send
from shim.objectapi.session import Request, Session

# Without its bound, each of these would take minutes and then succeed.
_DRIPS = 600
_PAUSE_SECONDS = 0.1


def dripping(data):
    """Return a twist's function that sends an answer a byte at a time."""

    def send(connection):
        for byte in data[:_DRIPS]:
            time.sleep(_PAUSE_SECONDS)
            connection.sendall(bytes([byte]))
        connection.sendall(data[_DRIPS:])

    return send


def disabled(call, peer):
    made = peer.sandbox
    return call(
        "set_member_status_batch", made.corp_access_token, made.corp_id, made.open_user_ids, 1
    )


def dripping_body(honest):
    head, _, body = response(honest).partition(b"\r\n\r\n")
    return lambda connection: (
        connection.sendall(head + b"\r\n\r\n"),
        dripping(body.ljust(_DRIPS))(connection),
    )


def dripping_head(honest):
    return dripping(response(honest, "200 OK", "X: " + "y" * _DRIPS))


def endless_chunks(_honest):
    def send(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(_DRIPS):
            connection.sendall(b"1\r\n \r\n")
            time.sleep(_PAUSE_SECONDS)

    return send


@pytest.mark.parametrize("twist", [dripping_body, dripping_head, endless_chunks])
def test_timeout_seconds_bounds_a_whole_request(call, twisting, twist):
    """A byte now and then does not begin it again."""
    peer = twisting(
        lambda request, honest: twist(honest) if request.verb == "query" else None,
        timeout_seconds=0.7,
        retry_seconds=0,
    )
    answer = disabled(call, peer)
    assert answer["errorCode"] == 50009
    assert "no answer within 0.7 s (timeout_seconds)" in answer["errorMessage"]
    assert peer.count("query") == 1


def test_shadow_seconds_bounds_a_whole_shadow(call, twisting, events):
    """All of its calls together, and the waits between them."""
    peer = twisting(
        lambda request, honest: dripping_body(honest) if request.verb == "query" else None,
        mode="shadow",
        shadow_seconds=0.4,
        concurrency=1,
    )
    assert disabled(call, peer)["errorCode"] == 0
    (compared,) = [one for one in events if one.name == "shim.shadow_compared"]
    assert compared.result == "not_compared"


def test_a_shadow_waits_for_the_quota_no_longer_than_it_may(call, tenant, clock, events):
    """Its time runs while all slots are taken."""
    made = tenant(3, mode="shadow", shadow_seconds=2, quota_calls=1, quota_seconds=60)
    who = (made.corp_access_token, made.corp_id, made.open_user_ids)
    for status in (1, 2):
        assert call("set_member_status_batch", *who, status)["errorCode"] == 0
    assert clock.now() < 60 + 2 * 2 + 1
    assert events[-2].name == "shim.shadow_compared"


def test_a_call_whose_time_is_over_is_not_sent(twisting):
    """The shadow's time ended while the call waited for its turn."""
    peer = twisting()
    session = Session(settings_module.current(), token="t", corp_id="FSCID", acting="FSUID")
    late = Request("POST", "/x", f"{peer.base_url}/x", b"{}", -0.5)
    reply = http.post(session, Send(lambda: late, ()))
    assert (reply.code, reply.reached, peer.requests) == (50009, False, [])


def large(request, _honest):
    return response(b" " * 200_000) if request.verb == "query" else None


def large_chunks(request, _honest):
    def send(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b"1000\r\n" + b" " * 4096 + b"\r\n")

    return send if request.verb == "query" else None


def bomb(request, _honest):
    body = gzip.compress(b" " * 2_000_000)
    return response(body, "200 OK", "Content-Encoding: gzip") if request.verb == "query" else None


@pytest.mark.parametrize("twist", [large, large_chunks, bomb])
def test_an_answer_beyond_max_answer_bytes_is_refused_once(call, twisting, clock, twist):
    """It would be as large the next time."""
    peer = twisting(twist, max_answer_bytes=100_000, retry_seconds=30)
    answer = disabled(call, peer)
    assert answer["errorCode"] == -1
    assert "100000 bytes (max_answer_bytes)" in answer["errorMessage"]
    assert (peer.count("query"), clock.now()) == (1, 0.0)


def test_a_write_whose_answer_is_too_large_is_read_back(call, twisting):
    """It may have been carried out, and was."""
    peer = twisting(
        lambda request, _honest: response(b" " * 200_000) if request.verb == "update" else None,
        max_answer_bytes=100_000,
    )
    assert disabled(call, peer)["errorCode"] == 0
    assert peer.count("update") == len(peer.sandbox.open_user_ids)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "nonsense"])
def test_an_encoding_that_was_not_asked_for_is_no_answer(call, twisting, coding):
    """It says where it comes from."""
    peer = twisting(
        lambda _request, honest: response(honest, "200 OK", f"Content-Encoding: {coding}"),
        retry_seconds=0,
    )
    answer = disabled(call, peer)
    assert answer["errorCode"] == -1
    assert "Content-Encoding" in answer["errorMessage"]
    assert "accept-encoding: gzip, deflate" in peer.requests[0].head.lower()


def test_a_compressed_answer_is_read(call, twisting):
    """As the vendor's gateway may send it."""
    peer = twisting(
        lambda _request, honest: response(
            gzip.compress(json.dumps(honest).encode()), "200 OK", "Content-Encoding: gzip"
        )
    )
    assert disabled(call, peer)["errorCode"] == 0


def raw_deflate(data):
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(data) + packing.flush()


ENCODED = {
    "gzip": gzip.compress,
    " X-GZIP ": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "identity": bytes,
    "": bytes,
}


class TestContent:
    @given(
        st.binary(max_size=3000),
        st.sampled_from(sorted(ENCODED)),
        st.integers(2, 4000),
        st.integers(0, 3000),
    )
    def test_chunks_of_any_size_decode_to_the_body(self, data, coding, step, bound):
        """All of it, or it is larger than the bound."""
        packed = ENCODED[coding](data)
        content = Content([coding.encode()], bound)
        try:
            for start in range(0, len(packed), step):
                content.add(packed[start : start + step])
            decoded = content.whole()
        except TooLarge:
            decoded = None
        if len(data) > bound:
            assert decoded is None
        elif len(packed) <= bound:
            assert decoded == data

    @given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate"]))
    def test_any_bytes_that_claim_to_be_compressed_are_read_or_refused(self, data, coding):
        """Decoded, or an error that is ours."""
        content = Content([coding.encode()], 1000)
        try:
            content.add(data)
        except (TooLarge, Unreadable):
            return
        assert len(content.whole()) <= 1000

    def test_what_follows_a_compressed_body_is_left_out(self):
        """Gateways pad."""
        content = Content([b"gzip"], 1000)
        content.add(gzip.compress(b"body") + b"padding")
        content.add(b"more of it")
        assert content.whole() == b"body"

    def test_memory_stays_near_the_bound_whatever_bytes_expand_to(self):
        """100 kB that expand to 100 MB."""
        packing = zlib.compressobj(9, zlib.DEFLATED, 31)
        megabyte = bytes(1_000_000)
        packed = b"".join(packing.compress(megabyte) for _ in range(100)) + packing.flush()
        content = Content([b"gzip"], 1_000_000)
        tracemalloc.start()
        try:
            with pytest.raises(TooLarge):
                content.add(packed)
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()


HEADERS = st.binary(max_size=40).map(
    lambda value: bytes(one for one in value if one not in b"\r\n\0")
)


@settings(max_examples=25, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.builds(
            lambda header, body: (
                b"HTTP/1.1 200 OK\r\nSet-Cookie: %b\r\nX: %b\r\n\r\n%b" % (header, header, body)
            ),
            HEADERS,
            st.binary(max_size=100),
        ),
    )
)
def test_any_bytes_as_an_answer_end_in_an_answer_of_the_old_shape(data):
    """An answer in the old shape, with no write sent twice that must not be."""

    def send(connection):
        connection.sendall(data)

    with TwistingPeer(lambda _request, _honest: send) as peer:
        made = peer.sandbox
        shim.configure(
            base_url=peer.base_url,
            current_open_user_id=made.current_open_user_id,
            notices="ignore",
            retry_seconds=0,
            timeout_seconds=5,
            quota_calls=0,
        )
        answer = shim.create_preset_object(
            made.corp_access_token,
            made.corp_id,
            made.current_open_user_id,
            {"object_data": {"dataObjectApiName": "AccountObj", "name": "n"}},
        )
    assert {"traceId", "errorCode", "errorMessage", "errorDescription"} <= set(answer)
    assert len(peer.requests) == 1
