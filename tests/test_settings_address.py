"""Addresses have one spelling, and none passes for another: tokens travel to where it says."""

import ipaddress
from urllib.parse import urlsplit

import hypothesis
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import shim
from shim.objectapi._environment import httpx
from shim.settings import _address as address

PIECES = (
    *("http", "https", "HTTP", "hTTps", "://", ":", "/", "//", "\\", "@", "?", "#", "%", "%41"),
    *("localhost", "LOCALHOST", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::1]", "[::1%lo]"),
    *(
        "evil.example",
        "EVIL",
        ".",
        "..",
        "-",
        "_",
        "a" * 64,
        "xn--a",
        "8.8.8.8",
        "[::ffff:8.8.8.8]",
    ),
    *(
        "443",
        "80",
        "0",
        "65536",
        "٣",
        "open.fxiaoke.com",
        "é",
        "。",
        " ",
        "\t",
        "\r\n",
        "\0",
        "\x7f",
    ),
)
ADDRESSES = st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(("http", "https", "HTTP")),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join),
    st.sampled_from(("", ":1", ":443", ":080", ":80")),
    st.sampled_from(("", "/", "/path", "/a/../b", "/%2e%2e", "/%0a", "//x")),
)


@pytest.mark.parametrize(
    "given_address",
    [
        "HTTP://evil.example",
        "HtTp://evil.example:80",
        " http://evil.example",
        "http://evil.example ",
        "\thttp://evil.example",
        "ht\ttp://evil.example",
        "http:/evil.example",
        "http:\\\\evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://localhost.",
        "http://localhost@evil.example",
        "http://evil.example#@localhost",
        "http://localhost\\.evil.example",
        "http://localhost%2eevil.example",
        "http://127.1",
        "http://0.0.0.0",
        "http://2130706433",
        "http://0x7f000001",
        "http://0177.0.0.1",
        "http://127.0.0.2",
        "http://[::]",
        "http://[::ffff:127.0.0.1]",
        "http://[::1%lo]",
        "http://ⓛocalhost",
    ],
)
def test_plain_http_to_another_machine_is_refused_however_it_is_written(given_address):
    """What is no address is refused as well. The text does not repeat it."""
    with pytest.raises(shim.ConfigurationError) as caught:
        shim.configure(base_url=given_address)
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize(
    ("given_address", "kept"),
    [
        ("HTTP://LocalHost:8000/", "http://localhost:8000"),
        ("http://[0:0:0:0:0:0:0:1]:80", "http://[::1]"),
        ("http://127.0.0.1:080", "http://127.0.0.1"),
        ("HTTPS://Open.FXiaoke.com:443/", "https://open.fxiaoke.com"),
        ("https://open.fxiaoke.com:0443/a/B_c~1/", "https://open.fxiaoke.com/a/B_c~1"),
        (
            "https://gateway_1.internal.:8443/%E4%BA%91",
            "https://gateway_1.internal.:8443/%E4%BA%91",
        ),
        ("https://xn--e1aybc.example", "https://xn--e1aybc.example"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://10.0.0.8", "https://10.0.0.8"),
    ],
)
def test_an_address_is_kept_in_its_one_spelling(given_address, kept):
    """Else one gateway would have two quotas."""
    assert shim.configure(base_url=given_address).base_url == kept


@pytest.mark.parametrize(
    "given_address",
    [
        *("https://", "https:///path", "https://h..", "https://.h", "https://-", "https://h-"),
        *("https://h:0", "https://h:65536", "https://h:", "https://h:x", "https://h:1:2"),
        *("https://h?", "https://h?q", "https://h#", "https://@h", "https://user:pass@h"),
        *("https://[::1", "https://::1", "https://[1.2.3.4]", "https://[::1]x", "https://1.2.3"),
        *("https://h/../..", "https://h/./x", "https://h/%0d%0a", "https://h/%2", "https://h/a b"),
        *("https://h\r\nX: y", "https://h\x00", "https://фейк.example", "https://a%40b"),
        *("ftp://h", "//h", "h", "", "https://" + "a" * 64, "https://" + "a." * 200 + "a"),
    ],
)
def test_what_is_no_address_is_refused(given_address):
    """Before anything is sent, and for what it is."""
    with pytest.raises(shim.ConfigurationError, match="base_url"):
        shim.configure(base_url=given_address)


@hypothesis.settings(deadline=None)
@given(ADDRESSES)
@example("https://a:443")
def test_an_accepted_address_is_the_same_for_every_parser(text):
    """Scheme, host and port; and what counts as this machine is this machine."""
    try:
        kept = address.gateway(text)
    except ValueError:
        return
    assert address.gateway(kept) == kept
    ours, theirs = urlsplit(kept), httpx.URL(kept)
    assert ours.scheme == theirs.scheme == text[: len(ours.scheme)].lower()
    assert ours.hostname == theirs.raw_host.decode()
    assert ours.port == theirs.port
    assert theirs.userinfo == theirs.query == b""
    assert kept + "/cgi/x" == str(httpx.URL(kept + "/cgi/x"))
    # As the resolver takes it.
    theirs.raw_host.decode("ascii").encode("idna")
    if ours.scheme == "http" and not address.is_unencrypted(kept):
        assert ours.hostname == "localhost" or ipaddress.ip_address(ours.hostname).is_loopback


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "rediss://:p%40ss@redis.internal:6380/3",
        "redis://user:pass@[::1]:6379/0?client_name=x",
        "unix://:pass@/run/redis.sock?db=1",
    ],
)
def test_addresses_that_redis_takes_are_accepted(url):
    """TCP, TLS and a socket of this machine."""
    assert shim.configure(redis_url=url).redis_url.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        *(" redis://h", "redis://h ", "redis://h\n", "re\tdis://h", "redis://:a b@h", "REDIS//h"),
        *("redis://h:0", "redis://h:65536", "redis://h:", "redis://h:٣", "redis://:a\\b@h"),
        *("redis://:canary#1@h", "redis://h/1/2", "redis://:päss@h", "redis://\x00h", "http://h"),
    ],
)
def test_what_is_no_address_of_redis_is_refused_and_not_repeated(url):
    """A character that should have been encoded moves the password to where the host is."""
    with pytest.raises(shim.ConfigurationError, match="redis_url") as caught:
        shim.configure(redis_url=url)
    assert "canary" not in str(caught.value)
