"""The addresses among the settings: what may be one, and one spelling for each.

Strict on purpose: programs read odd addresses differently. So an address that this module takes for
`https` or for this machine is that for the HTTP library as well.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_GATEWAY = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]*\]|[^\[\]/:]*)(:(?P<port>[^/]*))?(?P<path>/.*)?",
    re.IGNORECASE,
)
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")
# The last part of a name that means a number is that of an IPv4 address.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PATH = re.compile(r"([a-zA-Z0-9._~!$&'()*+,;=:/-]|%[2-9a-fA-F][0-9a-fA-F])*")
_REDIS = re.compile(
    r"(rediss?://([^/?#@]*@)?([a-zA-Z0-9_.-]+|\[[0-9a-fA-F:.]+\])(:(?P<port>[0-9]*))?(/[0-9]{0,5})?"
    r"|unix://([^/?#@]*@)?/[^?#@]+)(\?[^#@]*)?"
)
_NAME_LENGTH = 253
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def gateway(text: str) -> str:
    """Return the address of a gateway in its one spelling.

    Scheme and host are in lower case, a port that goes without saying is left out, and there is no
    slash at the end.

    Raises:
        ValueError: It is none. The text says what to do and does not repeat the address.
    """
    if not _is_plain(text):
        msg = (
            "holds a blank, a control character, a backslash or a letter beyond ASCII; write an "
            "international name as xn--…"
        )
        raise ValueError(msg)
    if any(mark in text for mark in "@?#"):
        msg = "should hold scheme, host and port only; credentials have settings of their own"
        raise ValueError(msg)
    parts = _GATEWAY.fullmatch(text)
    host = parts and _host(parts["host"].lower())
    if not parts or not host:
        msg = "should be an address such as https://open.fxiaoke.com"
        raise ValueError(msg)
    if parts["port"] is not None and not _is_port(parts["port"]):
        msg = "the port should be a number from 1 to 65535"
        raise ValueError(msg)
    path = parts["path"] or ""
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        msg = "has an unusable path"
        raise ValueError(msg)
    if host.rstrip(".") == "www.fxiaoke.com":
        msg = "www.fxiaoke.com is the web site, not the gateway; try https://open.fxiaoke.com"
        raise ValueError(msg)
    scheme = parts["scheme"].lower()
    port = int(parts["port"] or _DEFAULT_PORTS[scheme])
    place = host if port == _DEFAULT_PORTS[scheme] else f"{host}:{port}"
    return f"{scheme}://{place}{path.rstrip('/')}"


def is_unencrypted(address: str) -> bool:
    """Whether a `gateway` address is plain http to another machine."""
    parts = urlsplit(address)
    return parts.scheme == "http" and re.sub(r":\d+$", "", parts.netloc) not in _LOOPBACK


def is_redis(text: str) -> bool:
    """Whether it is the address of a Redis server."""
    parts = _REDIS.fullmatch(text)
    return bool(parts and _is_plain(text) and (parts["port"] is None or _is_port(parts["port"])))


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and not {" ", "\\"} & set(text)


def _is_port(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,5}", text) is not None and 0 < int(text) < 1 << 16


def _host(text: str) -> str | None:
    """Return the host in its one spelling, or None if it is none."""
    try:
        if text.startswith("["):
            return f"[{ipaddress.IPv6Address(text[1:-1])}]"
        if _NUMBER.fullmatch(text.rstrip(".").rpartition(".")[2]):
            return str(ipaddress.IPv4Address(text))
    except ValueError:
        return None
    return text if len(text) <= _NAME_LENGTH and _NAME.fullmatch(text) else None
