"""What the environment says of the network is used as by the HTTP library, or named if bad."""

import os
import re
import socket
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shim
from shim.objectapi import http
from shim.objectapi._environment import UnusableEnvironment, connection_settings, httpx

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
PASSWORD = "geheim-8734"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    for name in list(os.environ):
        if name.upper() in VARIABLES + CERTIFICATES:
            monkeypatch.delenv(name)


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def disabled(call, peer):
    made = peer.sandbox
    return call(
        "set_member_status_batch", made.corp_access_token, made.corp_id, made.open_user_ids, 1
    )


@pytest.mark.parametrize(
    "variable",
    [
        ("HTTP_PROXY", "http://[::1"),
        ("HTTP_PROXY", "http://"),
        ("HTTP_PROXY", f"http://user:{PASSWORD}@host:99999"),
        ("http_proxy", f"ftp://user:{PASSWORD}@host"),
        ("ALL_PROXY", f"http://user:{PASSWORD}@host:port"),
        ("ALL_PROXY", "http://\udcff"),
        ("SSL_CERT_FILE", f"/nothing/{PASSWORD}"),
        ("SSL_CERT_FILE", __file__),
        ("SSL_CERT_DIR", f"/nothing/{PASSWORD}"),
        ("SSL_CERT_DIR", "a" * 100_000),
    ],
)
def test_an_unusable_variable_is_named_and_not_retried(call, twisting, monkeypatch, variable):
    """One answer, of which the log and the caller may see everything."""
    peer = twisting(retry_seconds=30)
    monkeypatch.setenv(*variable)
    answer = disabled(call, peer)
    assert answer["errorCode"] == -1
    assert f"nothing was sent: {variable[0]} " in answer["errorMessage"]
    assert PASSWORD not in str(answer)
    assert answer.api_calls == {}
    assert (peer.requests, http.clock().now()) == ([], 0.0)


def test_a_socks_proxy_without_its_package_is_named(call, twisting, monkeypatch):
    """With what to install."""
    peer = twisting()
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    assert "ALL_PROXY names a SOCKS proxy" in (text := disabled(call, peer)["errorMessage"])
    assert "pip install socksio" in text


def test_a_variable_that_can_be_used_again_is_used(call, twisting, monkeypatch):
    """What is wrong is looked at with each call."""
    peer = twisting()
    monkeypatch.setenv("HTTP_PROXY", "http://[::1")
    assert disabled(call, peer)["errorCode"] == -1
    monkeypatch.delenv("HTTP_PROXY")
    assert disabled(call, peer)["errorCode"] == 0


def test_a_proxy_whose_host_has_no_address_is_named_and_not_retried(
    call, twisting, clock, monkeypatch
):
    """A word that is no address counts as the name of a host."""
    peer = twisting(retry_seconds=30)
    monkeypatch.setenv("HTTP_PROXY", "garbage.invalid")
    answer = disabled(call, peer)
    assert answer["errorCode"] == -1
    assert "nothing was sent: the host in HTTP_PROXY has no address" in answer["errorMessage"]
    assert (peer.requests, clock.now()) == ([], 0.0)


def test_a_proxy_that_does_not_answer_is_named_and_retried(
    call, twisting, clock, monkeypatch, closed_port
):
    """It may be started again at any moment."""
    peer = twisting(retry_seconds=1, dead_host_seconds=60)
    monkeypatch.setenv("HTTP_PROXY", f"http://user:{PASSWORD}@127.0.0.1:{closed_port}")
    answer = disabled(call, peer)
    assert answer["errorCode"] == -1
    assert "through the proxy of HTTP_PROXY (ConnectError" in answer["errorMessage"]
    assert "check HTTP_PROXY and network" in answer["errorMessage"]
    assert PASSWORD not in str(answer)
    assert clock.now() > 0


def test_key_log_that_cannot_be_written_is_named(monkeypatch):
    """Python opens it with the TLS settings of httpx; those of httpx2 do not read it."""
    monkeypatch.setenv("SSLKEYLOGFILE", "/nothing/keys")
    if httpx.__name__ == "httpx2":
        assert connection_settings("https", "open.fxiaoke.com", 443).trust is not None
        return
    with pytest.raises(UnusableEnvironment, match="SSLKEYLOGFILE names no file"):
        connection_settings("https", "open.fxiaoke.com", 443)


def test_store_that_cannot_be_read_is_reported(monkeypatch):
    """No variable is to blame."""

    def refuse():
        msg = "no certificates"
        raise OSError(msg)

    monkeypatch.setattr("shim.objectapi._environment.httpx.create_ssl_context", refuse)
    monkeypatch.setenv("SSL_CERT_DIR", ".")
    with pytest.raises(UnusableEnvironment, match="the system's store of certificates"):
        connection_settings("https", "open.fxiaoke.com", 443)


@pytest.mark.parametrize(
    ("variables", "host", "expected"),
    [
        ({}, "open.fxiaoke.com", ""),
        ({"HTTPS_PROXY": "10.0.0.1:3128"}, "open.fxiaoke.com", "HTTPS_PROXY"),
        ({"https_proxy": "http://10.0.0.1"}, "open.fxiaoke.com", "https_proxy"),
        ({"Https_Proxy": "http://10.0.0.1"}, "open.fxiaoke.com", "Https_Proxy"),
        ({"HTTP_PROXY": "http://10.0.0.1"}, "open.fxiaoke.com", ""),
        ({"ALL_PROXY": "https://10.0.0.1"}, "open.fxiaoke.com", "ALL_PROXY"),
        (
            {"HTTPS_PROXY": "http://10.0.0.1", "ALL_PROXY": "http://10.0.0.2"},
            "open.fxiaoke.com",
            "HTTPS_PROXY",
        ),
        ({"HTTPS_PROXY": "http://10.0.0.1", "NO_PROXY": "*"}, "open.fxiaoke.com", ""),
        ({"HTTPS_PROXY": "http://10.0.0.1", "NO_PROXY": "fxiaoke.com"}, "open.fxiaoke.com", ""),
        ({"HTTPS_PROXY": "http://10.0.0.1", "no_proxy": ".fxiaoke.com"}, "open.fxiaoke.com", ""),
        ({"HTTPS_PROXY": "http://10.0.0.1", "NO_PROXY": "a.com, 10.1.1.1"}, "10.1.1.1", ""),
        (
            {"HTTPS_PROXY": "http://10.0.0.1", "NO_PROXY": "xfxiaoke.com"},
            "open.fxiaoke.com",
            "HTTPS_PROXY",
        ),
    ],
)
def test_the_proxy_of_an_address_is_that_of_its_scheme_and_exceptions(
    monkeypatch, variables, host, expected
):
    """As the HTTP library reads the variables."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = connection_settings("https", host, 443)
    assert found.variable == expected
    assert (found.proxy is not None) == bool(expected)
    assert found.trust is not None


def test_the_systems_own_proxy_is_used(monkeypatch):
    """Windows and macOS have one beside the variables."""
    monkeypatch.setattr(
        "shim.objectapi._environment.getproxies", lambda: {"https": "http://10.0.0.1"}
    )
    found = connection_settings("https", "open.fxiaoke.com", 443)
    assert found.variable == "the system's proxy setting"


def test_an_exception_list_that_cannot_be_read_is_named(monkeypatch):
    """Whatever the system raises for it."""

    def refuse(_host):
        msg = "list"
        raise ValueError(msg)

    monkeypatch.setattr("shim.objectapi._environment.proxy_bypass", refuse)
    with pytest.raises(UnusableEnvironment, match="NO_PROXY"):
        connection_settings("http", "open.fxiaoke.com", 80)


# What os.environ can hold: any bytes but NUL, on Linux those outside of UTF-8 as lone surrogates.
VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))) | st.binary(
    max_size=30
).map(lambda value: value.replace(b"\0", b"x").decode("utf-8", "surrogateescape"))


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(VARIABLES + CERTIFICATES[:2]),
        VALUES | st.builds("{}://{}".format, st.sampled_from(["http", "socks5", "ftp"]), VALUES),
    ),
    st.sampled_from(["http", "https"]),
)
def test_any_environment_gives_connection_settings_or_names_its_variable(variables, scheme):
    """And the text never shows the value."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        problem = ""
        try:
            connection_settings(scheme, "open.fxiaoke.com", 443)
        except UnusableEnvironment as error:
            problem = str(error)
    named = [name for name in variables if problem.startswith(f"{name} ")]
    assert bool(named) == bool(problem)
    for value in map(variables.get, named):
        assert len(value) < 6 or value not in problem


class Proxy:
    """A proxy that writes down what it is asked for, and passes it on to one address."""

    def __init__(self, target):
        self.target = target
        self.heads = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(connection,), daemon=True).start()

    def _pass_on(self, connection):
        with connection, socket.create_connection(self.target) as far:
            while request := connection.recv(1 << 16):
                self.heads.append(request.partition(b"\r\n\r\n")[0].decode())
                far.sendall(re.sub(rb"http://[^/]*", b"", request, count=1))
                connection.sendall(far.recv(1 << 16))

    def close(self):
        self._listener.close()


def test_a_call_through_a_proxy_carries_its_credentials(call, twisting, monkeypatch):
    """In a header of its own, and the whole address in the first line."""
    peer = twisting(lambda _request, _honest: None)
    host, _, port = peer.base_url.removeprefix("http://").partition(":")
    proxy = Proxy((host, int(port)))
    monkeypatch.setenv("http_proxy", f"http://user:{PASSWORD}@{proxy.address}")
    assert disabled(call, peer)["errorCode"] == 0
    proxy.close()
    assert proxy.heads[0].startswith(f"POST {peer.base_url}/cgi/")
    assert "proxy-authorization: basic" in proxy.heads[0].lower()


def test_a_proxy_that_refuses_to_connect_sends_nothing(call, twisting, monkeypatch):
    """What it answered, without its own words."""
    peer = twisting(
        lambda _request, _honest: b"HTTP/1.1 407 Ask geheim\r\nContent-Length: 0\r\n\r\n",
        retry_seconds=0,
    )
    monkeypatch.setenv("HTTPS_PROXY", peer.base_url)
    shim.configure(base_url="https://open.fxiaoke.invalid")
    answer = disabled(call, peer)
    assert answer["errorCode"] == -1
    assert "no connection" in answer["errorMessage"]
    assert "ProxyError: 407" in answer["errorMessage"]
    assert "geheim" not in answer["errorMessage"]
