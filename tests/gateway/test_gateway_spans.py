"""Spans of OpenTelemetry: one a request, on the trace of its caller, with nothing to protect."""

import asyncio
import json
import sys

import pytest
from gateway_requests import requested
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from shim.gateway import app

BATCH = "/cgi/user/batchSetStatus"
TRACE = "0af7651916cd43dd8448eb211c80319c"
HEADERS = [
    (b"traceparent", f"00-{TRACE}-b7ad6b7169203331-01".encode()),
    (b"x-fxshim-caller", b"payroll"),
]


@pytest.fixture
def exporter():
    """Return what is exported in memory, with its provider."""
    found, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(found))
    yield found, provider
    provider.shutdown()


def body_of(made):
    sent = {"corpAccessToken": made.corp_access_token, "corpId": made.corp_id}
    return json.dumps({**sent, "openUserIds": [made.open_user_ids[1]], "status": 1}).encode()


def test_offline_call_is_a_span_without_token_id_or_body(tenant, exporter):
    """It has the name of the call and the caller's label, and goes on the caller's trace."""
    made = tenant()
    spans, provider = exporter
    gateway = app(upstreams=["http://127.0.0.1:9"], callers="header", tracer_provider=provider)
    sent = requested(gateway, "POST", BATCH, body_of(made), headers=HEADERS)
    assert json.loads(asyncio.run(sent)[2])["errorCode"] == 0
    (span,) = spans.get_finished_spans()
    assert (span.name, span.kind) == ("set_member_status_batch", SpanKind.SERVER)
    assert dict(span.attributes) == {"caller": "payroll"}
    assert f"{span.context.trace_id:032x}" == TRACE
    assert not span.events
    text = span.to_json()
    for secret in (made.corp_access_token, made.corp_id, made.open_user_ids[1], "openUserIds"):
        assert secret not in text


def test_proxied_request_is_a_span_without_its_path(exporter):
    """Refused by the upstream or not: the path may hold an id."""
    spans, provider = exporter
    gateway = app(upstreams=["http://127.0.0.1:9"], callers="header", tracer_provider=provider)
    sent = requested(gateway, "POST", "/cgi/user/FSUID_1234", b"{}", headers=HEADERS)
    assert asyncio.run(sent)[0] == 502
    (span,) = spans.get_finished_spans()
    assert (span.name, dict(span.attributes)) == ("proxy", {"caller": "payroll"})
    assert "FSUID_1234" not in span.to_json()


def test_span_of_a_failed_request_has_the_kind_of_error_and_not_its_text(tenant, exporter):
    """The text of an exception may hold anything; here it is the server's."""
    made = tenant()
    spans, provider = exporter
    gateway = app(upstreams=["http://127.0.0.1:9"], tracer_provider=provider)

    async def send(_message):
        msg = "FSUID_1234 is in the text"
        raise ConnectionResetError(msg)

    async def failing(scope, receive, _send):
        await gateway(scope, receive, send)

    with pytest.raises(ConnectionResetError, match="FSUID_1234"):
        asyncio.run(requested(failing, "POST", BATCH, body_of(made)))
    (span,) = spans.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "ConnectionResetError"
    assert "FSUID_1234" not in span.to_json()


def test_without_opentelemetry_the_same_is_answered(tenant, monkeypatch):
    """Its API is optional."""
    made = tenant()
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    gateway = app(upstreams=["http://127.0.0.1:9"])
    status, _, body = asyncio.run(requested(gateway, "POST", BATCH, body_of(made)))
    assert (status, json.loads(body)["errorCode"]) == (200, 0)
    assert made.person(made.open_user_ids[1])["status"] == "1"
