"""The keywords of `configure()`, for type checkers; derived from model.py by `make derived`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import Required, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import SecretStr

    from shim.settings.model import Route, StatusValues, Triggers


class StatusValuesTable(TypedDict, total=False):
    """What is written, and read back, for each state of a member."""

    disabled: Mapping[str, str | bool | int]
    enabled: Mapping[str, str | bool | int]


class TriggersTable(TypedDict, total=False):
    """Whether an update starts workflows and approvals."""

    workflow: bool
    approval: bool


class RouteTable(TypedDict, total=False):
    """A way for some calls: those that all of its conditions let through."""

    mode: Required[Literal["object", "shadow", "dry_run", "legacy"]]
    """The way they go."""
    functions: list[str] | tuple[str, ...]
    """Names of functions; none = all."""
    corp_ids: list[str] | tuple[str, ...]
    """Tenants (FSCID_…); none = all."""
    percent: float
    """Which part of the pairs of function and tenant, by a hash of the two: a pair never moves to
    and fro, and those within 10 are within 20 as well."""


class SettingsChanges(TypedDict, total=False):
    """Every setting, by name; all may be left out."""

    base_url: str
    """Address of your cloud's gateway, for example `https://open-hwcloud.fxiaoke.com`."""
    allow_plain_http: bool
    """Allow `http://` beyond this machine. Tokens then travel unencrypted."""
    current_open_user_id: str | None
    """The employee (FSUID_…) in whose name the object API reads and writes."""
    corp_access_token: str | SecretStr | None
    """Token for the commands of `fxshim`; functions are given theirs by the caller."""
    corp_id: str | None
    """Tenant (FSCID_…) for the commands of `fxshim`."""
    app_id: str | None
    """With `app_secret` and `permanent_code`: lets the shim renew an expired token."""
    app_secret: str | SecretStr | None
    permanent_code: str | SecretStr | None
    mode: Literal["object", "shadow", "dry_run", "legacy"]
    """The way calls go that no route is for: through the object API; as they used to, with the
    object API looked at beside (`shadow`); without writing (`dry_run`); as they used to."""
    routes: Sequence[Route | RouteTable]
    """Ways for some functions, tenants, or a part of them; the first that is for a call counts."""
    openfeature_client: Any
    """An OpenFeature client that chooses the way instead, only by `configure()`; its default is
    what mode and routes say."""
    openfeature_flag: str
    """Key of that client's flag, a string."""
    legacy_address: Literal["original", "documented"]
    """Where old calls go: to the `/cgi/user/…` path that old clients use, or to the path that
    today's pages print for the same body."""
    fallback: Literal["none", "legacy"]
    """What to do where the object API refuses a call as a whole, before anything was written:
    answer with that, or make the old call."""
    shadow_against: Literal["object", "legacy"]
    """What a shadow compares the old answer with: the object API's, or, for calls that read, that
    of a second old call, which shows how much two answers differ anyway."""
    shadow_seconds: float
    """How long all of a shadow's own looking may take before the call goes on without it."""
    summary_seconds: float
    """How often a process that makes deprecated calls logs their exact counts; 0 = at exit only."""
    status_values: StatusValues | StatusValuesTable
    """The PersonnelObj fields that say disabled and enabled."""
    triggers: Triggers | TriggersTable
    """Workflows and approvals: off, as with the offline calls."""
    field_map: Mapping[str, str]
    """Your fields for offline facts that have no known PersonnelObj or DepartmentObj field:
    `account`, `qq`, `weixin`, `hireDate`, `birthDate`, `startWorkDate`, `department.order`."""
    on_unmapped: Literal["refuse", "drop"]
    """What to do with such a fact in an update while it has no field: refuse the call with 15002,
    or drop the fact and log the loss."""
    erp: Literal["own", "preset"]
    """Where ERP object calls go: to their own addresses, as they are, or to the preset objects'."""
    convert_user_id: bool
    """Send `convertUserId: true`, so that user ids are FSUIDs on every tenant."""
    concurrency: int
    """Calls under way at once for one offline call."""
    timeout_seconds: float
    """How long one HTTP call may take to connect, and to answer."""
    retry_seconds: float
    """How long a call that fails in passing (busy, throttled, timed out, no connection) is made
    again, with growing pauses; 0 = never."""
    dead_host_seconds: float
    """After so long without any connection the rest of a call's members is not attempted."""
    read_back_seconds: float
    """How long a write may take to show up in a query before `get` decides."""
    quota_calls: int
    """Calls that the vendor allows per path and tenant in `quota_seconds`; 0 = no pacing."""
    quota_seconds: float
    """Length of the vendor's quota window; 0 = no pacing."""
    redis_url: str | SecretStr | None
    """Redis through which processes and machines share quota windows and tokens, for example
    `redis://:password@host:6379/0`; needs the extra `redis`. Without it each process is on its
    own."""
    on_quota_store_loss: Literal["local", "refuse"]
    """What to do while that Redis is not to be reached: go on with windows of this process alone,
    or refuse calls."""
    notices: Literal["ignore", "log", "warn", "error"]
    """What a deprecated call does beside being counted; `warn` also logs."""
    look_through: list[str] | tuple[str, ...]
    """Modules (with what is below them) that are never blamed for a call, only their callers."""
    transport: Any
    """An httpx transport to send through, only by `configure()`: for tests and special networks."""
