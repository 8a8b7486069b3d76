"""The keywords of `configure()`, for type checkers; derived from model.py by `make derived`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import Required, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pydantic import SecretStr

    from shim.settings.model import ByMobileStatus, Route, StatusValues, TenantSettings, Triggers


class StatusValuesTable(TypedDict, total=False):
    """The PersonnelObj fields that are written and read back for each state of a member."""

    disabled: Mapping[str, str | bool | int]
    """Fields and values of a disabled member."""
    enabled: Mapping[str, str | bool | int]
    """Fields and values of an enabled member."""


class ByMobileStatusTable(TypedDict, total=False):
    """The texts that `query_employee_by_mobile` answers as `empList[].status`."""

    enabled: str
    """Text of an enabled employee."""
    disabled: str
    """Text of a disabled employee. The default is a guess."""


class TriggersTable(TypedDict, total=False):
    """Whether an update starts workflows and approvals."""

    workflow: bool
    """An update starts the workflows of the record."""
    approval: bool
    """An update starts the approvals of the record."""


class RouteTable(TypedDict, total=False):
    """A mode for some calls: those that match all conditions of the route."""

    mode: Required[Literal["object", "shadow", "dry_run", "legacy"]]
    """The mode of these calls."""
    functions: list[str] | tuple[str, ...]
    """Names of functions. Empty: all functions."""
    corp_ids: list[str] | tuple[str, ...]
    """Tenants (`FSCID_…`). Empty: all tenants."""
    percent: float
    """Share of the pairs of function and tenant, in percent. A hash of the pair decides, so a pair
    keeps its mode, and raising the share of the first route only adds pairs to it. Of several
    routes for the same calls each gets its own share: 10 % and then 10 % are 20 % together."""


class TenantSettingsTable(TypedDict, total=False):
    """Settings of one tenant (`FSCID_…`), which override the top level for its calls."""

    base_url: str | None
    """Address of the gateway of this tenant's cloud."""
    current_open_user_id: str | None
    """The acting employee of this tenant."""
    acting_mobile: str | SecretStr | None
    """Mobile number of the acting employee of this tenant."""
    corp_access_token: str | SecretStr | None
    """Token of this tenant for `fxshim members` and `set_member_status_many`."""
    app_id: str | None
    """First of the app credentials."""
    app_secret: str | SecretStr | None
    """Second of the app credentials; goes with `app_id`."""
    permanent_code: str | SecretStr | None
    """Third of the app credentials: what this tenant has given to the app."""
    status_values: StatusValues | StatusValuesTable | None
    """PersonnelObj fields that disable or enable a member of this tenant."""
    field_map: Mapping[str, str] | None
    """This tenant's fields for offline facts that have no known field. Replaces the whole table of
    the top level."""
    quota_calls: int | None
    """Calls that the vendor allows this tenant, for one path and `quota_seconds`."""
    quota_seconds: float | None
    """Length of this tenant's quota window in seconds."""
    transport: Any
    """A transport for the calls of this tenant. Only by `configure()`."""


class SettingsChanges(TypedDict, total=False):
    """Every setting, by name; all may be left out."""

    base_url: str
    """Address of your cloud's gateway, for example `https://open-hwcloud.fxiaoke.com`."""
    allow_plain_http: bool
    """Allow `http://` to hosts other than this machine. Tokens then travel unencrypted."""
    current_open_user_id: str | None
    """The acting employee (`FSUID_…`): the object API reads and writes in the name of this
    employee. Every mode but `legacy` needs one. The employee needs the permission to read and
    edit PersonnelObj (for department calls: DepartmentObj). If this is not set, `acting_mobile`
    or the app credentials name who acts; `fxshim whoami` prints who that is."""
    acting_mobile: str | SecretStr | None
    """Mobile number of the acting employee, exactly as Fxiaoke has it, instead of
    `current_open_user_id`. The id is asked for once for each tenant of a process, by *Query
    Employee By Mobile* at its old address, and kept."""
    corp_access_token: str | SecretStr | None
    """Token for `fxshim members` and `set_member_status_many`. The offline functions get theirs
    as an argument. Not needed with app credentials."""
    corp_id: str | None
    """Tenant (`FSCID_…`) for `fxshim members` and `set_member_status_many`."""
    app_id: str | None
    """First of the three app credentials. With all three, tokens are renewed before they expire.
    If a token is refused, it is renewed and the call is repeated once. If neither
    `current_open_user_id` nor `acting_mobile` is set, the employee acts whom `POST /oauth2.0/token`
    names for these credentials."""
    app_secret: str | SecretStr | None
    """Second of the app credentials."""
    permanent_code: str | SecretStr | None
    """Third of the app credentials. May be left out here if it comes from `tenants` or
    `credentials`: each tenant gives the app a code of its own."""
    credentials: Callable[[str], Mapping[str, str | SecretStr] | None] | None
    """A function that returns the app credentials of a tenant, for example from a vault:
    `credentials(corp_id)` returns a mapping with `app_id`, `app_secret` and `permanent_code`, or
    None. Only by `configure()`. See docs/settings.md."""
    tenants: Mapping[str, TenantSettings | TenantSettingsTable]
    """Settings of single tenants, by corpId (`FSCID_…`). See docs/settings.md."""
    mode: Literal["object", "shadow", "dry_run", "legacy"]
    """How calls are made that match no route. See docs/modes.md."""
    routes: Sequence[Route | RouteTable]
    """Modes for some functions, tenants, or a share of them. The first route that matches counts.
    See docs/modes.md."""
    openfeature_client: Any
    """An OpenFeature client that chooses the mode. Its default value is what `mode` and `routes`
    say. Only by `configure()`; needs the extra `openfeature`."""
    openfeature_flag: str
    """Key of that client's flag. The flag is a string: the name of a mode."""
    legacy_address: Literal["original", "documented"]
    """Where old calls are sent: to the `/cgi/user/…` path that old clients use, or to the path
    that today's pages print for the same body."""
    fallback: Literal["none", "legacy"]
    """What happens if the object API refuses a call as a whole, before any write: return its
    answer, or make the old call. See docs/modes.md."""
    shadow_against: Literal["object", "legacy"]
    """What `shadow` compares the old answer with: the answer of the object API or, for calls that
    only read, the answer of a second old call. The latter shows how much two old answers differ."""
    shadow_seconds: float
    """Seconds that the comparison may take in all, waits for the quota included. Then the call
    returns without it."""
    summary_seconds: float
    """Seconds between two logs of the exact counts of all call sites. 0: at exit only."""
    status_values: StatusValues | StatusValuesTable
    """PersonnelObj fields that are written and read back to disable or enable a member."""
    triggers: Triggers | TriggersTable
    """Whether updates start workflows and approvals. The offline calls never did."""
    field_map: Mapping[str, str]
    """Your fields for offline facts that have no known field, for example `{"qq": "qq__c"}`. These
    facts are `account`, `qq`, `weixin`, `attachingDepartmentIds` (written as a list of department
    ids), `hireDate`, `birthDate`, `startWorkDate` and `department.order`. An entry also overrides a
    known field."""
    by_mobile_status: ByMobileStatus | ByMobileStatusTable
    """Texts of `status` in the answer of `query_employee_by_mobile`."""
    on_unmapped: Literal["refuse", "drop"]
    """What happens to an update that names such a fact, if `field_map` has no field for it, or that
    holds a name which is not documented: refuse the update with 15002, or send the update without
    it and log that."""
    erp: Literal["own", "preset"]
    """Where calls about ERP objects are sent: to their own addresses, unchanged, or to the
    addresses of the preset objects."""
    convert_user_id: bool
    """Send `convertUserId: true`, so that user ids are FSUIDs on every tenant."""
    concurrency: int
    """Maximum number of HTTP calls at the same time for one offline call."""
    timeout_seconds: float
    """Seconds that one HTTP call may take in all, from connecting to the last byte of the answer.
    docs/settings.md says how long an offline call may take."""
    max_answer_bytes: int
    """Maximum size of an answer, decompressed. A larger one is not read to its end: the call fails
    with -1 and is not retried."""
    retry_seconds: float
    """Seconds during which a call is retried after a transient error (busy, throttled, timeout, no
    connection, error page of a proxy), with growing pauses. 0: no retry."""
    dead_host_seconds: float
    """Seconds without any connection. After that, the other members of a call are not attempted."""
    read_back_seconds: float
    """Seconds that a write may take to appear in a query. Then the record itself is read (`get`).
    Up to three members are read back so at once. 0: queries show a write at once."""
    verify: Literal["recent", "always"]
    """When the record itself is read (`get`) before a member or department counts as already there,
    since a query may be stale: if it changed within `read_back_seconds`, or, to disable, always."""
    quota_calls: int
    """Number of calls that the vendor allows for one path and tenant in `quota_seconds`. 0: no
    pacing."""
    quota_seconds: float
    """Length of the vendor's quota window in seconds. 0: no pacing."""
    redis_url: str | SecretStr | None
    """Redis through which processes and machines share the quota and the tokens, for example
    `rediss://:password@host:6379/0`. Needs the extra `redis`. Without it, each process counts
    alone. See docs/processes.md."""
    on_quota_store_loss: Literal["local", "refuse"]
    """What happens while that Redis cannot be reached: this process counts alone, or it refuses
    calls."""
    notices: Literal["ignore", "log", "warn", "error"]
    """What an offline call does besides being counted: nothing, log, log and raise a Python
    warning, or raise an error."""
    service: str | None
    """Name of your service, in each event of the log. Default: the name of the program, for example
    `hr_sync` for `python hr_sync.py` or `python -m hr_sync`. Set it under gunicorn, celery and
    uvicorn, where the program is theirs."""
    look_through: list[str] | tuple[str, ...]
    """Modules that are never reported as the caller, for example your own retry helper. Their
    caller is reported instead. Submodules are included."""
    transport: Any
    """A transport of the HTTP library in use, to send through. Only by `configure()`; for tests and
    special networks."""
