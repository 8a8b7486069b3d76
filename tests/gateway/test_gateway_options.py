"""Options that cannot be used are refused when they are given, without their values."""

import asyncio
from datetime import datetime, timezone

import pytest
from gateway_requests import requested

from shim.cli._output import CommandError
from shim.cli.serve_gateway import GatewayServing, serve
from shim.gateway import GatewayOptions, app
from shim.gateway._options import GatewayChanges
from shim.settings import ConfigurationError

SECRET = "a-secret-of-sixteen"


@pytest.mark.parametrize(
    "wrong",
    [
        {"secrets": {"hr": "short"}},
        {"secrets": {"h r": SECRET}},
        {"secrets": {"hr": SECRET + "中"}},
        {"secrets": {"hr": SECRET, "erp": SECRET}},
        {"callers": "secret"},
        {"callers": "phone"},
        {"caller_header": "X Y"},
        {"admin_prefix": "/a/"},
        {"sunset": datetime(2027, 1, 1)},  # noqa: DTZ001 - that is what is wrong.
        {"idle_seconds": 0},
        {"body_bytes": float("nan")},
        {"headers_at_most": True},
        {"upstreams": "https://open.fxiaoke.com"},
        {"upstreams": ["ftp://open.fxiaoke.com"]},
        {"upstreams": ["http://open.fxiaoke.com"]},
        {"upstreams": ["https://a.example/x", "https://a.example/y"]},
    ],
)
def test_unusable_option_is_refused_without_its_value(wrong):
    """The text names the option."""
    with pytest.raises(ConfigurationError) as raised:
        GatewayOptions(**wrong)
    assert SECRET not in str(raised.value)


def test_keywords_of_the_application_are_the_fields_of_the_options():
    """And options exclude keywords."""
    assert GatewayChanges.__annotations__.keys() == GatewayOptions.__dataclass_fields__.keys()
    with pytest.raises(TypeError):
        app(GatewayOptions(), access_log=False)


def test_sunset_is_sent_only_with_a_date(tenant):
    """In the form of RFC 8594."""
    made = tenant()
    gateway = app(sunset=datetime(2027, 3, 31, tzinfo=timezone.utc), access_log=False)
    body = f'{{"corpAccessToken":"{made.corp_access_token}","corpId":"{made.corp_id}"}}'.encode()
    got = asyncio.run(requested(gateway, "POST", "/cgi/department/list", body))
    assert got[1][b"sunset"] == b"Wed, 31 Mar 2027 00:00:00 GMT"


@pytest.mark.parametrize("listen", ["8800", "127.0.0.1:x", "127.0.0.1:99999"])
def test_address_that_is_none_is_refused(listen):
    """One line that says what to write."""
    with pytest.raises(CommandError, match="HOST:PORT"):
        serve(GatewayServing(listen, (), None, {}))


def test_secrets_file_without_labels_is_refused(tmp_path):
    """The text has no secret."""
    file = tmp_path / "secrets"
    file.write_text(f"# all\nhr={SECRET}\n{SECRET}\n", encoding="utf-8")
    with pytest.raises(CommandError, match="label=secret") as raised:
        serve(GatewayServing("127.0.0.1:0", (), file, {}))
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("content", [b"hr=\xff\xfe", None], ids=["no UTF-8", "no file"])
def test_secrets_file_that_cannot_be_read_is_refused(tmp_path, content):
    """The text has none of its bytes."""
    file = tmp_path / "secrets"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CommandError, match="cannot be read") as raised:
        serve(GatewayServing("127.0.0.1:0", (), file, {}))
    assert "xff" not in str(raised.value)


def test_taken_port_is_an_error_of_one_line(start):
    """No traceback."""
    listening, _ = start(upstreams=["http://127.0.0.1:9"])
    place = listening.address.removeprefix("http://")
    with pytest.raises(CommandError, match="cannot listen"):
        serve(GatewayServing(place, ("http://127.0.0.1:9",), None, {}))
