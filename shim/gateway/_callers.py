"""Who calls a gateway: the shared secret, and a short, clean label."""

from __future__ import annotations

import hmac
import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shim.gateway._options import GatewayOptions

LABEL_AT_MOST: Final = 40
OTHERS: Final = "others"
"""The label of all callers for which there was no room."""
UNNAMED: Final = "unnamed"
"""The label of a caller that says nothing of itself."""
_UNCLEAN: Final = re.compile(r"[^A-Za-z0-9._:-]+")


class Callers:
    """Tells callers apart, by the rule of the options. The number of labels is bounded."""

    def __init__(self, options: GatewayOptions) -> None:
        """Know no caller yet, but those that have a secret."""
        self._options = options
        self._secrets = [(label, secret.encode()) for label, secret in options.secrets.items()]
        self._secret_header = options.secret_header.lower().encode()
        self._caller_header = options.caller_header.lower().encode()
        self._known = set(options.secrets)
        self._room = options.callers_at_most + len(self._known)
        self.own_headers = frozenset({self._secret_header, self._caller_header})

    def admitted(self, scope: Mapping[str, Any]) -> str | None:
        """Return the label of a request's secret, or None if it may not be served.

        Without secrets, requests are served that arrived on a loopback address, with an empty
        label.
        """
        if not self._secrets:
            return "" if _is_local(scope) else None
        given = _values(scope, self._secret_header)
        offered = given[0] if len(given) == 1 else b""
        found: str | None = None
        # Every secret is compared, so that the time says nothing of which one was close.
        for label, secret in self._secrets:
            if hmac.compare_digest(offered, secret):
                found = label
        return found

    def label(self, scope: Mapping[str, Any], admitted: str) -> str:
        """Return the label of a request that has been admitted."""
        rule = self._options.caller_rule
        if rule == "secret":
            return admitted
        if rule == "header":
            given = _values(scope, self._caller_header)
            named = given[0].decode("latin-1") if len(given) == 1 else ""
        else:
            client = scope.get("client")
            named = str(client[0]) if client else ""
        return self._bounded(_UNCLEAN.sub("_", named.strip())[:LABEL_AT_MOST] or UNNAMED)

    def _bounded(self, label: str) -> str:
        if label not in self._known:
            if len(self._known) >= self._room:
                return OTHERS
            self._known.add(label)
        return label


def _values(scope: Mapping[str, Any], name: bytes) -> list[bytes]:
    return [value for one, value in scope["headers"] if one.lower() == name]


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, seen from itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_local(scope: Mapping[str, Any]) -> bool:
    """Whether a request arrived on a loopback address or a Unix socket."""
    server = scope.get("server")
    return server is not None and (server[1] is None or is_loopback(str(server[0])))
