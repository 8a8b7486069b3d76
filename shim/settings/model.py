"""Every setting: its name, its type, its default, and what makes it usable.

Loaded with the first call, not with the package: pydantic's models cost more to import than all
the rest of the package together.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from shim.settings import FUNCTIONS
from shim.settings.errors import ConfigurationError

ENVIRONMENT_PREFIX = "FXIAOKE_SHIM_"
# The two variables that are no settings: the first names the file, the second the HTTP library.
CONFIG_VARIABLE = f"{ENVIRONMENT_PREFIX}CONFIG"
HTTP_VARIABLE = f"{ENVIRONMENT_PREFIX}HTTP"
FILE_NAME = "fxiaoke-shim.toml"
TABLE_NAME = "fxiaoke-shim"
_REDIS_URL = re.compile(
    r"(rediss?://([^\s/?#@]*@)?([\w.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?(/\d*)?"
    r"|unix://([^\s/?#@]*@)?/[^\s?#@]+)(\?[^\s#@]*)?"
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class _Part(BaseModel):
    """What every part of the settings has in common: fixed, closed, and silent about values."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )


FieldValues = dict[str, str | bool | int]


class StatusValues(_Part):
    """What is written, and read back, for each state of a member.

    `status` is a string on PersonnelObj and counts the other way round from the offline call
    (contract, grade B). Whether `is_active` has to follow is unknown (grade U): a tenant that
    needs it adds it here.
    """

    disabled: FieldValues = Field(default={"status": "1"}, min_length=1)
    enabled: FieldValues = Field(default={"status": "0"}, min_length=1)


class Triggers(_Part):
    """Whether an update starts workflows and approvals.

    The offline calls never did (contract, grade C), the object API does unless told otherwise
    (grade A).
    """

    workflow: bool = False
    approval: bool = False


Mode = Literal["object", "shadow", "dry_run", "legacy"]


class Route(_Part):
    """A way for some calls: those that all of its conditions let through."""

    mode: Mode
    """The way they go."""
    functions: tuple[str, ...] = ()
    """Names of functions; none = all."""
    corp_ids: tuple[str, ...] = ()
    """Tenants (FSCID_…); none = all."""
    percent: float = Field(default=100.0, ge=0, le=100)
    """Which part of the pairs of function and tenant, by a hash of the two: a pair never moves to
    and fro, and those within 10 are within 20 as well."""

    @field_validator("functions")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for place, name in enumerate(value):
            if FUNCTIONS and name not in FUNCTIONS:
                close = get_close_matches(name, FUNCTIONS, n=1)
                hint = f"did you mean {close[0]!r}? " if close else ""
                msg = f"no. {place + 1} is no offline call; {hint}`fxshim endpoints` lists them"
                raise ValueError(msg)
        return value


class Settings(_Part):
    """Every setting, with its default. Times are in seconds."""

    base_url: str = "https://open.fxiaoke.com"
    """Address of your cloud's gateway, for example `https://open-hwcloud.fxiaoke.com`."""
    allow_plain_http: bool = False
    """Allow `http://` beyond this machine. Tokens then travel unencrypted."""
    current_open_user_id: str | None = Field(default=None, min_length=1)
    """The employee (FSUID_…) in whose name the object API reads and writes."""
    corp_access_token: SecretStr | None = None
    """Token for the commands of `fxshim`; functions are given theirs by the caller."""
    corp_id: str | None = Field(default=None, min_length=1)
    """Tenant (FSCID_…) for the commands of `fxshim`."""
    app_id: str | None = Field(default=None, min_length=1)
    """With `app_secret` and `permanent_code`: lets the shim renew an expired token."""
    app_secret: SecretStr | None = None
    permanent_code: SecretStr | None = None
    mode: Mode = "object"
    """The way calls go that no route is for: through the object API; as they used to, with the
    object API looked at beside (`shadow`); without writing (`dry_run`); as they used to."""
    routes: tuple[Route, ...] = ()
    """Ways for some functions, tenants, or a part of them; the first that is for a call counts."""
    openfeature_client: Any = None
    """An OpenFeature client that chooses the way instead, only by `configure()`; its default is
    what mode and routes say."""
    openfeature_flag: str = Field(default="fxiaoke-shim-mode", min_length=1)
    """Key of that client's flag, a string."""
    legacy_address: Literal["original", "documented"] = "original"
    """Where old calls go: to the `/cgi/user/…` path that old clients use, or to the path that
    today's pages print for the same body."""
    fallback: Literal["none", "legacy"] = "none"
    """What to do where the object API refuses a call as a whole, before anything was written:
    answer with that, or make the old call."""
    shadow_against: Literal["object", "legacy"] = "object"
    """What a shadow compares the old answer with: the object API's, or, for calls that read, that
    of a second old call, which shows how much two answers differ anyway."""
    shadow_seconds: float = Field(default=5.0, gt=0, le=600)
    """How long all of a shadow's own looking may take before the call goes on without it."""
    summary_seconds: float = Field(default=3600.0, ge=0)
    """How often a process that makes deprecated calls logs their exact counts; 0 = at exit only."""
    status_values: StatusValues = StatusValues()
    """The PersonnelObj fields that say disabled and enabled."""
    triggers: Triggers = Triggers()
    """Workflows and approvals: off, as with the offline calls."""
    field_map: dict[str, Annotated[str, Field(min_length=1)]] = Field(default={})
    """Your fields for offline facts that have no known PersonnelObj or DepartmentObj field:
    `account`, `qq`, `weixin`, `hireDate`, `birthDate`, `startWorkDate`, `department.order`."""
    on_unmapped: Literal["refuse", "drop"] = "refuse"
    """What to do with such a fact in an update while it has no field: refuse the call with 15002,
    or drop the fact and log the loss."""
    erp: Literal["own", "preset"] = "own"
    """Where ERP object calls go: to their own addresses, as they are, or to the preset objects'."""
    convert_user_id: bool = True
    """Send `convertUserId: true`, so that user ids are FSUIDs on every tenant."""
    concurrency: int = Field(default=8, ge=1, le=256)
    """Calls under way at once for one offline call."""
    timeout_seconds: float = Field(default=30.0, gt=0, le=600)
    """How long one HTTP call may take to connect, and to answer."""
    retry_seconds: float = Field(default=30.0, ge=0, le=3600)
    """How long a call that fails in passing (busy, throttled, timed out, no connection) is made
    again, with growing pauses; 0 = never."""
    dead_host_seconds: float = Field(default=5.0, ge=0, le=3600)
    """After so long without any connection the rest of a call's members is not attempted."""
    read_back_seconds: float = Field(default=5.0, ge=0, le=600)
    """How long a write may take to show up in a query before `get` decides."""
    quota_calls: int = Field(default=100, ge=0)
    """Calls that the vendor allows per path and tenant in `quota_seconds`; 0 = no pacing."""
    quota_seconds: float = Field(default=20.0, ge=0)
    """Length of the vendor's quota window; 0 = no pacing."""
    redis_url: SecretStr | None = None
    """Redis through which processes and machines share quota windows and tokens, for example
    `redis://:password@host:6379/0`; needs the extra `redis`. Without it each process is on its
    own."""
    on_quota_store_loss: Literal["local", "refuse"] = "local"
    """What to do while that Redis is not to be reached: go on with windows of this process alone,
    or refuse calls."""
    notices: Literal["ignore", "log", "warn", "error"] = "warn"
    """What a deprecated call does beside being counted; `warn` also logs."""
    look_through: tuple[str, ...] = ()
    """Modules (with what is below them) that are never blamed for a call, only their callers."""
    transport: Any = None
    """An httpx transport to send through, only by `configure()`: for tests and special networks."""

    @field_validator("base_url")
    @classmethod
    def _usable_address(cls, value: str) -> str:
        parts = urlsplit(value)
        _ = parts.port  # Raises where it is none.
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = "should be an address such as https://open.fxiaoke.com"
            raise ValueError(msg)
        if parts.username or parts.password or parts.query or parts.fragment:
            msg = "should hold scheme, host and port only; credentials have settings of their own"
            raise ValueError(msg)
        if parts.hostname == "www.fxiaoke.com":
            msg = "www.fxiaoke.com is the web site, not the gateway; try https://open.fxiaoke.com"
            raise ValueError(msg)
        return value.rstrip("/")

    @field_validator("redis_url")
    @classmethod
    def _usable_store(cls, value: SecretStr | None) -> SecretStr | None:
        # The text repeats nothing: a character that should have been encoded moves the password
        # to where the host is looked for.
        if value is not None and not _REDIS_URL.fullmatch(value.get_secret_value()):
            msg = (
                "should be an address such as redis://:password@host:6379/0, rediss://host or "
                "unix:///path, with special characters in the password written as %XX"
            )
            raise ValueError(msg)
        return value

    @field_validator("transport")
    @classmethod
    def _usable_transport(cls, value: Any) -> Any:
        if value is not None and not hasattr(value, "handle_request"):
            msg = "should be an httpx transport (with handle_request), given to configure()"
            raise ValueError(msg)
        return value

    @field_validator("openfeature_client")
    @classmethod
    def _usable_client(cls, value: Any) -> Any:
        if value is not None and not hasattr(value, "get_string_details"):
            msg = "should be an OpenFeature client (openfeature.api.get_client()), by configure()"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _fit_together(self) -> Settings:
        host = urlsplit(self.base_url).hostname
        plain = self.base_url.startswith("http:") and host not in _LOOPBACK
        if plain and not self.allow_plain_http:
            msg = (
                "base_url is plain http, so that tokens would travel unencrypted: "
                "use https, or set allow_plain_http = true if you must"
            )
            raise ValueError(msg)
        parts = {name: getattr(self, name) for name in ("app_id", "app_secret", "permanent_code")}
        missing = [name for name, value in parts.items() if value is None]
        if missing and len(missing) < len(parts):
            msg = f"app credentials are incomplete: also set {' and '.join(missing)}"
            raise ValueError(msg)
        return self

    @property
    def app_credentials(self) -> dict[str, str] | None:
        """The token call's body, or None without app credentials."""
        if self.app_id is None or self.app_secret is None or self.permanent_code is None:
            return None
        return {
            "appId": self.app_id,
            "appSecret": self.app_secret.get_secret_value(),
            "permanentCode": self.permanent_code.get_secret_value(),
        }

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret among the settings, to be kept out of texts."""
        return tuple(value.get_secret_value() for _, value in self if isinstance(value, SecretStr))

    def acting_employee(self) -> str:
        """Return `current_open_user_id`.

        Raises:
            ConfigurationError: It is not set.
        """
        if self.current_open_user_id is None:
            msg = (
                "current_open_user_id is not set. The offline API named no acting user, the object "
                "API needs one: the FSUID_… of an employee who may read and edit PersonnelObj. Set "
                'it with shim.configure(current_open_user_id="FSUID_…"), the environment variable '
                f"{ENVIRONMENT_PREFIX}CURRENT_OPEN_USER_ID, or current_open_user_id in {FILE_NAME} "
                f"or [tool.{TABLE_NAME}] of pyproject.toml."
            )
            raise ConfigurationError(msg)
        return self.current_open_user_id
