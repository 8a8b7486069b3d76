"""What the environment says of the network: the HTTP library, proxies and certificates.

The rest of the package imports `httpx` and `httpcore` from here, and cannot tell whether they are
the libraries of these names or their successors, which `FXIAOKE_SHIM_HTTP=httpx2` asks for. The
variable is read once, at the first call: a process speaks through one of them. `httpcore` is the
part of the library that makes connections; `httpx` is needed for a user's own transport, and for
reading addresses.

The variables of proxies and certificates are those of the HTTP library: HTTP_PROXY, HTTPS_PROXY,
ALL_PROXY and NO_PROXY (in capitals or not; on Windows and macOS the system's settings if there are
none), SSL_CERT_FILE and SSL_CERT_DIR. A value that cannot be used is reported by its variable, and
never shown: it may hold a password.
"""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

from shim.settings import ConfigurationError
from shim.settings.names import HTTP_VARIABLE as VARIABLE

if TYPE_CHECKING:
    import httpcore
    import httpx
else:
    name = os.environ.get(VARIABLE) or "httpx"
    if name == "httpx2":
        try:
            import httpcore2 as httpcore
            import httpx2 as httpx
        except ModuleNotFoundError:
            msg = (
                f"{VARIABLE} asks for httpx2, which is not installed: pip install httpx2 "
                "(Python 3.11 or later)"
            )
            raise ConfigurationError(msg) from None
    elif name == "httpx":
        import httpcore
        import httpx
    else:
        msg = f"{VARIABLE}: should be httpx or httpx2"
        raise ConfigurationError(msg)

__all__ = [
    "VARIABLE",
    "ConnectionSettings",
    "UnusableEnvironment",
    "connection_settings",
    "httpcore",
    "httpx",
]


_NO_PROXY = "NO_PROXY"
_VARIABLES = _CERT_FILE, _CERT_DIR, _KEY_LOG = "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"
_STORE = "the system's store of certificates"
_MOST_PORT = 65535


class UnusableEnvironment(Exception):  # noqa: N818 - answered, not raised to the caller.
    """Nothing can be sent with this environment; says which variable, and what to do."""

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable} {problem}; correct it or unset it")


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How to connect to an origin.

    Attributes:
        proxy: The proxy, or None.
        variable: Name of the variable that names the proxy, for texts; empty without one.
        trust: The TLS settings; None if none are needed.
    """

    proxy: httpcore.Proxy | None = field(default=None, repr=False)
    variable: str = ""
    trust: ssl.SSLContext | None = None


def connection_settings(scheme: str, host: str, port: int) -> ConnectionSettings:
    """Return how to connect to an origin.

    Raises:
        UnusableEnvironment: The environment names what cannot be used.
    """
    variable, value = _proxy(scheme, host, port)
    if not value:
        return ConnectionSettings(trust=_trust(needed=scheme == "https"))
    try:
        proxy = httpx.Proxy(value if "://" in value else f"http://{value}")
        url = proxy.url
        usable = bool(url.host) and (url.port is None or 0 < url.port <= _MOST_PORT)
    except Exception as error:
        # The library raises many kinds, with the value in their texts.
        raise UnusableEnvironment(variable, "is not the address of a proxy") from error
    if not usable:
        raise UnusableEnvironment(variable, "is not the address of a proxy")
    if url.scheme.startswith("socks") and find_spec("socksio") is None:
        raise UnusableEnvironment(variable, "names a SOCKS proxy, which needs: pip install socksio")
    trust = _trust(needed="https" in {scheme, url.scheme})
    return ConnectionSettings(
        httpcore.Proxy(
            httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            auth=proxy.raw_auth,
            ssl_context=trust if url.scheme == "https" else None,
        ),
        variable,
        trust,
    )


def _proxy(scheme: str, host: str, port: int) -> tuple[str, str]:
    """Return the variable that names the proxy of an origin, and its value; empty without one."""
    try:
        proxies = getproxies()
        if proxy_bypass(f"{host}:{port}"):
            return "", ""
    except Exception as error:
        raise UnusableEnvironment(_NO_PROXY, "cannot be read") from error
    for name in (scheme, "all"):
        if value := proxies.get(name, ""):
            spellings = (f"{name}_proxy", f"{name}_proxy".upper())
            set_as = [one for one in os.environ if one.lower() == spellings[0]]
            found = next((one for one in spellings if one in set_as), None)
            return found or (set_as or ["the system's proxy setting"])[0], value
    return "", ""


def _trust(*, needed: bool) -> ssl.SSLContext | None:
    """Return the TLS settings, if they are needed or if the environment says something of them.

    It is looked at without TLS as well, so that a bad value shows at the first try with a sandbox.
    """
    file, folder, key_log = (os.environ.get(name, "") for name in _VARIABLES)
    return _context(file, folder, key_log) if needed or file or folder else None


@lru_cache(maxsize=8)
def _context(file: str, folder: str, key_log: str) -> ssl.SSLContext:
    """Return the TLS settings, which take 20 ms of CPU to make, once for all connections.

    Args:
        file: The value of SSL_CERT_FILE; it comes before the folder.
        folder: The value of SSL_CERT_DIR.
        key_log: The value of SSLKEYLOGFILE.
    """
    if folder and not file and not _is_folder(folder):
        raise UnusableEnvironment(_CERT_DIR, "names no folder")
    try:
        return httpx.create_ssl_context()
    except Exception as error:
        if file and not _is_certificates(file):
            raise UnusableEnvironment(_CERT_FILE, "names no file of PEM certificates") from error
        if key_log:
            raise UnusableEnvironment(_KEY_LOG, "names no file that can be written") from error
        raise UnusableEnvironment(_STORE, "cannot be read") from error


def _is_folder(value: str) -> bool:
    try:
        return any(Path(one).is_dir() for one in value.split(os.pathsep))
    except (OSError, ValueError):
        return False


def _is_certificates(file: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except (OSError, ValueError):
        return False
    return True
