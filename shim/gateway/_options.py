"""What a gateway is told: `GatewayOptions`, checked when it is made."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

from shim import settings
from shim.settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

SECRET_AT_LEAST: Final = 16
"""Characters of a shared secret: fewer can be guessed."""
_LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_PREFIX: Final = re.compile(r"(/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, kw_only=True)
class GatewayOptions:
    """The options of a gateway. All times are in seconds, all sizes in bytes.

    Attributes:
        upstreams: Where requests that are no offline calls go, and nothing else ever does. The
            first one is the default; another one is taken if the `Host` of a request names it.
            Empty: the setting `base_url`.
        secrets: A shared secret for each label. Empty: none is asked for, and only requests that
            arrive on a loopback address are served.
        secret_header: The header with the secret. It is not sent on.
        callers: What tells callers apart: the label of their `secret`, a `header`, or their
            `address`. None: the label if there are secrets, else the address.
        caller_header: The header that names the caller, for `callers="header"`. It is not sent on.
        callers_at_most: Labels that are kept apart; later ones are counted together.
        deadline_seconds: How long the translation of an offline call may take. The header
            `X-Request-Timeout` of a request shortens it.
        head_seconds: Until a request line and its headers have arrived.
        idle_seconds: Between two pieces of a body, of either side.
        exchange_seconds: For a proxied request, from its head to the end of its answer.
        offline_body_bytes: The longest body that is read as an offline call.
        body_bytes: The longest body that is proxied.
        head_bytes: All headers and the request line.
        headers_at_most: Number of headers.
        connections_at_most: Connections of clients; further ones are refused.
        grace_seconds: After SIGTERM, until everything has to have ended.
        sunset: When the vendor switches the offline API off. None: no `Sunset` is sent, since the
            vendor has printed none.
        forwarded: Whether `X-Forwarded-For`, `-Host` and `-Proto` are added to proxied requests.
        admin_prefix: Goes before the paths of the gateway itself (`/healthz` and so on).
        access_log: Whether each request is logged, by `shim.gateway.access`.
        tracer_provider: OpenTelemetry's; None takes the global one, if its API is installed.
    """

    upstreams: Sequence[str] = ()
    secrets: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    secret_header: str = "X-Fxshim-Secret"  # noqa: S105 - the name of a header.
    callers: Literal["secret", "header", "address"] | None = None
    caller_header: str = "X-Fxshim-Caller"
    callers_at_most: int = 50
    deadline_seconds: float = 600.0
    head_seconds: float = 10.0
    idle_seconds: float = 60.0
    exchange_seconds: float = 900.0
    offline_body_bytes: int = 1024 * 1024
    body_bytes: int = 128 * 1024 * 1024
    head_bytes: int = 32 * 1024
    headers_at_most: int = 100
    connections_at_most: int = 1000
    grace_seconds: float = 25.0
    sunset: datetime | None = None
    forwarded: bool = False
    admin_prefix: str = ""
    access_log: bool = True
    tracer_provider: Any = None

    def __post_init__(self) -> None:
        """Check everything.

        Raises:
            ConfigurationError: An option is unusable; no value of it is repeated.
        """
        for one in fields(self):
            if isinstance(one.default, (int, float)) and not isinstance(one.default, bool):
                _check_number(one.name, getattr(self, one.name))
        _check_secrets(self.secrets)
        for name in ("secret_header", "caller_header"):
            if not _HEADER.fullmatch(getattr(self, name)):
                _refuse(name, "should be the name of a header")
        if self.callers not in {None, "secret", "header", "address"}:
            _refuse("callers", "should be secret, header or address")
        if self.callers == "secret" and not self.secrets:
            _refuse("callers", "is secret, but there are no secrets")
        if not _PREFIX.fullmatch(self.admin_prefix):
            _refuse("admin_prefix", "should be a path without a slash at its end, such as /-/shim")
        if self.sunset is not None and self.sunset.tzinfo is None:
            _refuse("sunset", "needs a time zone")
        object.__setattr__(self, "upstreams", self._checked_upstreams())
        object.__setattr__(self, "secrets", dict(self.secrets))

    def _checked_upstreams(self) -> tuple[str, ...]:
        if isinstance(self.upstreams, str):
            _refuse("upstreams", "should be a list of addresses")
        now = settings.current()
        given = tuple(self.upstreams) or (now.base_url,)
        plain = now.allow_plain_http
        checked = tuple(settings.checked_address(one, allow_plain_http=plain) for one in given)
        hosts = [one.partition("://")[2].partition("/")[0] for one in checked]
        if len(set(hosts)) != len(hosts):
            _refuse("upstreams", "two of them have the same host")
        return checked

    @property
    def caller_rule(self) -> Literal["secret", "header", "address"]:
        """What tells callers apart."""
        return self.callers or ("secret" if self.secrets else "address")


class GatewayChanges(TypedDict, total=False):
    """The fields of `GatewayOptions`, as keywords."""

    upstreams: Sequence[str]
    secrets: Mapping[str, str]
    secret_header: str
    callers: Literal["secret", "header", "address"] | None
    caller_header: str
    callers_at_most: int
    deadline_seconds: float
    head_seconds: float
    idle_seconds: float
    exchange_seconds: float
    offline_body_bytes: int
    body_bytes: int
    head_bytes: int
    headers_at_most: int
    connections_at_most: int
    grace_seconds: float
    sunset: datetime | None
    forwarded: bool
    admin_prefix: str
    access_log: bool
    tracer_provider: Any


def _check_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        _refuse(name, "should be a number")
    elif not math.isfinite(value) or value <= 0:
        _refuse(name, "should be more than 0 and finite")


def _check_secrets(secrets: Mapping[str, str]) -> None:
    for label, secret in secrets.items():
        _check_secret(label, secret)
    if len(set(secrets.values())) != len(secrets):
        _refuse("secrets", "two labels have the same secret: give each its own")


def _check_secret(label: object, secret: object) -> None:
    if not isinstance(label, str) or not _LABEL.fullmatch(label):
        _refuse("secrets", "a label should be up to 40 letters, digits, dots, hyphens, underscores")
    if not isinstance(secret, str) or not secret.isascii() or not secret.isprintable():
        _refuse("secrets", "a secret should be printable ASCII, since it is sent in a header")
    elif len(secret) < SECRET_AT_LEAST or secret != secret.strip():
        _refuse("secrets", f"a secret should have at least {SECRET_AT_LEAST} characters, no blanks")


def _refuse(name: str, problem: str) -> None:
    msg = f"gateway option {name}: {problem}"
    raise ConfigurationError(msg)
