"""Every setting: its name, its type, its default, and what makes it usable.

Loaded with the first call, not with the package: pydantic's models cost more to import than all
the rest of the package together.
"""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from shim.settings import _address as address
from shim.settings.errors import ConfigurationError
from shim.settings.names import (
    ENVIRONMENT_PREFIX,
    FILE_NAME,
    FUNCTIONS,
    SERVICE_AT_MOST,
    TABLE_NAME,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Part(BaseModel):
    """What all parts of the settings share: frozen, closed, and silent about values in errors.

    A value has to be of the setting's type: no `true` for a number, no text for one. Where all is
    text, in the environment, `layers` has read it before.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
        strict=True,
        allow_inf_nan=False,
        # Also has every text looked at: what no UTF-8 can hold is refused.
        str_max_length=10_000,
    )

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Show what was set; 30 defaults would hide it."""
        return (one for one in super().__repr_args__() if one[0] in self.model_fields_set)


FieldValues = dict[str, str | bool | int]
# Readers of JSON may lose the last digits of larger numbers.
_WHOLE_NUMBERS = range(-(2**53), 2**53 + 1)


class StatusValues(_Part):
    """The PersonnelObj fields that are written and read back for each state of a member.

    `status` is a string on PersonnelObj, and its numbers differ from those of the offline call
    (contract, grade B). Whether `is_active` has to change too is unknown (grade U): a tenant that
    needs it adds it here.
    """

    disabled: FieldValues = Field(default={"status": "1"}, min_length=1, strict=False)
    """Fields and values of a disabled member."""
    enabled: FieldValues = Field(default={"status": "0"}, min_length=1, strict=False)
    """Fields and values of an enabled member."""

    @model_validator(mode="after")
    def _tell_apart(self) -> StatusValues:
        both = (self.disabled, self.enabled)
        if not all(isinstance(one.get("status", ""), str) for one in both):
            msg = 'status is a text on PersonnelObj: write "0" or "1" with quotes'
            raise ValueError(msg)
        values = [value for one in both for value in one.values() if isinstance(value, int)]
        if not all(value in _WHOLE_NUMBERS for value in values):
            msg = "a whole number should be between -2**53 and 2**53"
            raise ValueError(msg)
        shared = self.disabled.keys() & self.enabled.keys()
        if all(self.disabled[name] == self.enabled[name] for name in shared):
            msg = "disabled and enabled should differ in a field that both name"
            raise ValueError(msg)
        return self


class ByMobileStatus(_Part):
    """The texts that `query_employee_by_mobile` answers as `empList[].status`.

    Two printed samples and three typed clients have `"NORMAL"` for an enabled employee (contract,
    grade B). No source has the text for a disabled one (grade U): `"STOP"` is a guess. If your
    program compares it, set the text that your tenant answered.
    """

    enabled: str = "NORMAL"
    """Text of an enabled employee."""
    disabled: str = "STOP"
    """Text of a disabled employee. The default is a guess."""


class Triggers(_Part):
    """Whether an update starts workflows and approvals.

    The offline calls never did (contract, grade C). The object API does by default (grade A).
    """

    workflow: bool = False
    """An update starts the workflows of the record."""
    approval: bool = False
    """An update starts the approvals of the record."""


Mode = Literal["object", "shadow", "dry_run", "legacy"]


class Route(_Part):
    """A mode for some calls: those that match all conditions of the route."""

    mode: Mode
    """The mode of these calls."""
    functions: tuple[str, ...] = Field(default=(), strict=False)
    """Names of functions. Empty: all functions."""
    corp_ids: tuple[str, ...] = Field(default=(), strict=False)
    """Tenants (`FSCID_…`). Empty: all tenants."""
    percent: float = Field(default=100.0, ge=0, le=100)
    """Share of the pairs of function and tenant, in percent. A hash of the pair decides, so a pair
    keeps its mode, and raising the share of the first route only adds pairs to it. Of several
    routes for the same calls each gets its own share: 10 % and then 10 % are 20 % together."""

    @field_validator("functions")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known = {name for names in FUNCTIONS for name in names}
        for place, name in enumerate(value):
            if known and name not in known:
                close = get_close_matches(name, known, n=1)
                hint = f"did you mean {close[0]!r}? " if close else ""
                msg = f"no. {place + 1} is no offline call; {hint}`fxshim endpoints` lists them"
                raise ValueError(msg)
        return value


_APP: Final = ("app_id", "app_secret")
_APP_CREDENTIALS: Final = (*_APP, "permanent_code")
_ACTING: Final = ("current_open_user_id", "acting_mobile")
_OF_ONE_TENANT: Final = ("permanent_code", "corp_access_token")
_IDENTITY: Final = (*_ACTING, *_APP_CREDENTIALS, "corp_access_token")
# Where settings keep those of each tenant that has a table, made when they are first asked for.
_OF_TENANTS: Final = "_of_tenants"
PARTS_ONLY: Final = "parts only"
"""Validation context for settings that are not complete: whether they fit together is checked
when they have been put on top of others."""


class TenantSettings(_Part):
    """Settings of one tenant (`FSCID_…`), which override the top level for its calls.

    Only what can differ by tenant: where it is, who acts there, its credentials, its own fields,
    and its quota. docs/settings.md says which of them fall back to the top level.
    """

    base_url: str | None = None
    """Address of the gateway of this tenant's cloud."""
    current_open_user_id: str | None = Field(default=None, min_length=1)
    """The acting employee of this tenant."""
    acting_mobile: SecretStr | None = Field(default=None, min_length=1)
    """Mobile number of the acting employee of this tenant."""
    corp_access_token: SecretStr | None = None
    """Token of this tenant for `fxshim members` and `set_member_status_many`."""
    app_id: str | None = Field(default=None, min_length=1)
    """First of the app credentials."""
    app_secret: SecretStr | None = None
    """Second of the app credentials; goes with `app_id`."""
    permanent_code: SecretStr | None = None
    """Third of the app credentials: what this tenant has given to the app."""
    status_values: StatusValues | None = None
    """PersonnelObj fields that disable or enable a member of this tenant."""
    field_map: dict[str, Annotated[str, Field(min_length=1)]] | None = Field(
        default=None, strict=False
    )
    """This tenant's fields for offline facts that have no known field. Replaces the whole table of
    the top level."""
    quota_calls: int | None = Field(default=None, ge=0, le=1_000_000)
    """Calls that the vendor allows this tenant, for one path and `quota_seconds`."""
    quota_seconds: float | None = Field(default=None, ge=0, le=3600)
    """Length of this tenant's quota window in seconds."""
    transport: Any = None
    """A transport for the calls of this tenant. Only by `configure()`."""

    @field_validator("base_url")
    @classmethod
    def _usable_address(cls, value: str | None) -> str | None:
        return None if value is None else address.gateway(value)

    @field_validator("transport")
    @classmethod
    def _usable_transport(cls, value: Any) -> Any:
        return _transport(value)

    @property
    def given(self) -> dict[str, Any]:
        """The settings that this table sets, by name. None is as good as left out."""
        return {
            name: value
            for name, value in self
            if name in self.model_fields_set and value is not None
        }


def _transport(value: Any) -> Any:
    if value is not None and not hasattr(value, "handle_request"):
        msg = "should be an httpx transport (with handle_request), given to configure()"
        raise ValueError(msg)
    return value


class Settings(_Part):
    """Every setting, with its default. Times are in seconds."""

    base_url: str = "https://open.fxiaoke.com"
    """Address of your cloud's gateway, for example `https://open-hwcloud.fxiaoke.com`."""
    allow_plain_http: bool = False
    """Allow `http://` to hosts other than this machine. Tokens then travel unencrypted."""
    current_open_user_id: str | None = Field(default=None, min_length=1)
    """The acting employee (`FSUID_…`): the object API reads and writes in the name of this
    employee. Every mode but `legacy` needs one. The employee needs the permission to read and
    edit PersonnelObj (for department calls: DepartmentObj). If this is not set, `acting_mobile`
    or the app credentials name who acts; `fxshim whoami` prints who that is."""
    acting_mobile: SecretStr | None = Field(default=None, min_length=1)
    """Mobile number of the acting employee, exactly as Fxiaoke has it, instead of
    `current_open_user_id`. The id is asked for once for each tenant of a process, by *Query
    Employee By Mobile* at its old address, and kept."""
    corp_access_token: SecretStr | None = None
    """Token for `fxshim members` and `set_member_status_many`. The offline functions get theirs
    as an argument. Not needed with app credentials."""
    corp_id: str | None = Field(default=None, min_length=1)
    """Tenant (`FSCID_…`) for `fxshim members` and `set_member_status_many`."""
    app_id: str | None = Field(default=None, min_length=1)
    """First of the three app credentials. With all three, tokens are renewed before they expire.
    If a token is refused, it is renewed and the call is repeated once. If neither
    `current_open_user_id` nor `acting_mobile` is set, the employee acts whom `POST /oauth2.0/token`
    names for these credentials."""
    app_secret: SecretStr | None = None
    """Second of the app credentials."""
    permanent_code: SecretStr | None = None
    """Third of the app credentials. May be left out here if it comes from `tenants` or
    `credentials`: each tenant gives the app a code of its own."""
    credentials: Callable[[str], Mapping[str, str | SecretStr] | None] | None = None
    """A function that returns the app credentials of a tenant, for example from a vault:
    `credentials(corp_id)` returns a mapping with `app_id`, `app_secret` and `permanent_code`, or
    None. Only by `configure()`. See docs/settings.md."""
    tenants: dict[str, TenantSettings] = Field(default={}, strict=False)
    """Settings of single tenants, by corpId (`FSCID_…`). See docs/settings.md."""
    mode: Mode = "object"
    """How calls are made that match no route. See docs/modes.md."""
    routes: tuple[Route, ...] = Field(default=(), strict=False)
    """Modes for some functions, tenants, or a share of them. The first route that matches counts.
    See docs/modes.md."""
    openfeature_client: Any = None
    """An OpenFeature client that chooses the mode. Its default value is what `mode` and `routes`
    say. Only by `configure()`; needs the extra `openfeature`."""
    openfeature_flag: str = Field(default="fxiaoke-shim-mode", min_length=1)
    """Key of that client's flag. The flag is a string: the name of a mode."""
    legacy_address: Literal["original", "documented"] = "original"
    """Where old calls are sent: to the `/cgi/user/…` path that old clients use, or to the path
    that today's pages print for the same body."""
    fallback: Literal["none", "legacy"] = "none"
    """What happens if the object API refuses a call as a whole, before any write: return its
    answer, or make the old call. See docs/modes.md."""
    shadow_against: Literal["object", "legacy"] = "object"
    """What `shadow` compares the old answer with: the answer of the object API or, for calls that
    only read, the answer of a second old call. The latter shows how much two old answers differ."""
    shadow_seconds: float = Field(default=5.0, gt=0, le=600)
    """Seconds that the comparison may take in all, waits for the quota included. Then the call
    returns without it."""
    summary_seconds: float = Field(default=3600.0, ge=0, le=31_536_000)
    """Seconds between two logs of the exact counts of all call sites. 0: at exit only."""
    status_values: StatusValues = StatusValues()
    """PersonnelObj fields that are written and read back to disable or enable a member."""
    triggers: Triggers = Triggers()
    """Whether updates start workflows and approvals. The offline calls never did."""
    field_map: dict[str, Annotated[str, Field(min_length=1)]] = Field(default={}, strict=False)
    """Your fields for offline facts that have no known field, for example `{"qq": "qq__c"}`. These
    facts are `account`, `qq`, `weixin`, `attachingDepartmentIds` (written as a list of department
    ids), `hireDate`, `birthDate`, `startWorkDate` and `department.order`. An entry also overrides a
    known field."""
    by_mobile_status: ByMobileStatus = ByMobileStatus()
    """Texts of `status` in the answer of `query_employee_by_mobile`."""
    on_unmapped: Literal["refuse", "drop"] = "refuse"
    """What happens to an update that names such a fact, if `field_map` has no field for it, or that
    holds a name which is not documented: refuse the update with 15002, or send the update without
    it and log that."""
    erp: Literal["own", "preset"] = "own"
    """Where calls about ERP objects are sent: to their own addresses, unchanged, or to the
    addresses of the preset objects."""
    convert_user_id: bool = True
    """Send `convertUserId: true`, so that user ids are FSUIDs on every tenant."""
    concurrency: int = Field(default=8, ge=1, le=256)
    """Maximum number of HTTP calls at the same time for one offline call."""
    timeout_seconds: float = Field(default=30.0, gt=0, le=600)
    """Seconds that one HTTP call may take in all, from connecting to the last byte of the answer.
    docs/settings.md says how long an offline call may take."""
    max_answer_bytes: int = Field(default=16_777_216, ge=1024, le=1_073_741_824)
    """Maximum size of an answer, decompressed. A larger one is not read to its end: the call fails
    with -1 and is not retried."""
    retry_seconds: float = Field(default=30.0, ge=0, le=3600)
    """Seconds during which a call is retried after a transient error (busy, throttled, timeout, no
    connection, error page of a proxy), with growing pauses. 0: no retry."""
    dead_host_seconds: float = Field(default=5.0, ge=0, le=3600)
    """Seconds without any connection. After that, the other members of a call are not attempted."""
    read_back_seconds: float = Field(default=5.0, ge=0, le=600)
    """Seconds that a write may take to appear in a query. Then the record itself is read (`get`).
    Up to three members are read back so at once. 0: queries show a write at once."""
    verify: Literal["recent", "always"] = "recent"
    """When the record itself is read (`get`) before a member or department counts as already there,
    since a query may be stale: if it changed within `read_back_seconds`, or, to disable, always."""
    quota_calls: int = Field(default=100, ge=0, le=1_000_000)
    """Number of calls that the vendor allows for one path and tenant in `quota_seconds`. 0: no
    pacing."""
    quota_seconds: float = Field(default=20.0, ge=0, le=3600)
    """Length of the vendor's quota window in seconds. 0: no pacing."""
    redis_url: SecretStr | None = None
    """Redis through which processes and machines share the quota and the tokens, for example
    `rediss://:password@host:6379/0`. Needs the extra `redis`. Without it, each process counts
    alone. See docs/processes.md."""
    on_quota_store_loss: Literal["local", "refuse"] = "local"
    """What happens while that Redis cannot be reached: this process counts alone, or it refuses
    calls."""
    notices: Literal["ignore", "log", "warn", "error"] = "warn"
    """What an offline call does besides being counted: nothing, log, log and raise a Python
    warning, or raise an error."""
    service: str | None = Field(default=None, min_length=1, max_length=SERVICE_AT_MOST)
    """Name of your service, in each event of the log. Default: the name of the program, for example
    `hr_sync` for `python hr_sync.py` or `python -m hr_sync`. Set it under gunicorn, celery and
    uvicorn, where the program is theirs."""
    look_through: tuple[str, ...] = Field(default=(), strict=False)
    """Modules that are never reported as the caller, for example your own retry helper. Their
    caller is reported instead. Submodules are included."""
    transport: Any = None
    """A transport of the HTTP library in use, to send through. Only by `configure()`; for tests and
    special networks."""

    @field_validator("base_url")
    @classmethod
    def _usable_address(cls, value: str) -> str:
        return address.gateway(value)

    @field_validator("redis_url")
    @classmethod
    def _usable_store(cls, value: SecretStr | None) -> SecretStr | None:
        # The text repeats nothing: a character that should have been encoded moves the password
        # to where the host is looked for.
        if value is not None and not address.is_redis(value.get_secret_value()):
            msg = (
                "should be an address such as redis://:password@host:6379/0, rediss://host or "
                "unix:///path, with special characters in the password written as %XX"
            )
            raise ValueError(msg)
        return value

    @field_validator("service")
    @classmethod
    def _usable_name(cls, value: str | None) -> str | None:
        if value is not None and not (value.isprintable() and value.strip() == value):
            msg = "should be one printable line without blanks around it"
            raise ValueError(msg)
        return value

    @field_validator("transport")
    @classmethod
    def _usable_transport(cls, value: Any) -> Any:
        return _transport(value)

    @field_validator("credentials")
    @classmethod
    def _usable_credentials(cls, value: Any) -> Any:
        if inspect.iscoroutinefunction(value):
            msg = "should be a plain function, no `async def`: it is called in a thread of its own"
            raise ValueError(msg)
        return value

    @field_validator("openfeature_client")
    @classmethod
    def _usable_client(cls, value: Any) -> Any:
        if value is not None and not hasattr(value, "get_string_details"):
            msg = "should be an OpenFeature client (openfeature.api.get_client()), by configure()"
            raise ValueError(msg)
        return value

    # The changes of the `using` blocks around, which come on top of the tenants' tables, and the
    # settings outside of all blocks.
    _blocks: tuple[Mapping[str, Any], ...] = PrivateAttr(default=())
    _outside: Settings | None = PrivateAttr(default=None)
    # The tenant whose table is among these settings.
    _tenant: str | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _fit_together(self, info: ValidationInfo) -> Settings:
        if info.context != PARTS_ONLY:
            self.check()
        return self

    def check(self) -> None:
        """Check what depends on more than one setting.

        Raises:
            ValueError: Settings do not fit together; the text names them.
        """
        self.check_top_level()
        for corp_id, table in self.tenants.items():
            given = table.given
            update = self._update(given, corp_id)
            where = f"tenants.{shown(corp_id)}"
            self._check_encryption(update.get("base_url", self.base_url), f"{where}.")
            if self.credentials is not None or given.keys().isdisjoint(_APP_CREDENTIALS):
                continue
            missing = [
                name for name in _APP_CREDENTIALS if update.get(name, getattr(self, name)) is None
            ]
            if missing:
                msg = (
                    f"{where}: app credentials are incomplete: also set {' and '.join(missing)} "
                    "there. A table takes app_id and app_secret from the top level only together "
                    "and only at the same base_url, and permanent_code only if it sets none of them"
                )
                raise ValueError(msg)

    def check_top_level(self) -> None:
        """As `check`, without the tables of `tenants`."""
        self._check_encryption(self.base_url, "")
        missing = [name for name in _APP_CREDENTIALS if getattr(self, name) is None]
        # The code of each tenant may come from elsewhere.
        shared = missing == ["permanent_code"] and (self.tenants or self.credentials is not None)
        if missing and len(missing) < len(_APP_CREDENTIALS) and not shared:
            msg = f"app credentials are incomplete: also set {' and '.join(missing)}"
            raise ValueError(msg)

    def _check_encryption(self, base_url: str, where: str) -> None:
        if address.is_unencrypted(base_url) and not self.allow_plain_http:
            msg = (
                f"{where}base_url is plain http, so that tokens would travel unencrypted: "
                "use https, or set allow_plain_http = true if you must"
            )
            raise ValueError(msg)

    def of(self, corp_id: str) -> Settings:
        """Return the settings in force for the calls of one tenant.

        These settings themselves, if no table of `tenants` names it. A value of the table comes
        first. Of the top level's employee and credentials, a table takes only what can be its own:
        see docs/settings.md, "Many tenants".

        Args:
            corp_id: The tenant, FSCID_….
        """
        table = self.tenants.get(corp_id)
        if table is None:
            return self
        # Not a cached_property, whose lock a forked child could find taken.
        made: dict[str, Settings] = vars(self).setdefault(_OF_TENANTS, {})
        found = made.get(corp_id)
        if found is None:
            found = (self._outside or self)._with(table.given, corp_id)  # noqa: SLF001
            for block in self._blocks:
                found = found._with(block)  # noqa: SLF001
            made[corp_id] = found
        return found

    def inside(self, changes: Mapping[str, Any]) -> Settings:
        """Return these settings inside a block that changes some of them, for every tenant."""
        made = self._with(changes)
        made._blocks = (*self._blocks, changes)  # noqa: SLF001
        made._outside = self._outside or self  # noqa: SLF001
        return made

    def _with(self, given: Mapping[str, Any], corp_id: str | None = None) -> Settings:
        update = self._update(given, corp_id)
        if corp_id is not None:
            update.update(corp_id=corp_id, tenants={})
        made = self.model_copy(update=update)
        made._tenant = corp_id or self._tenant  # noqa: SLF001
        return made

    def _update(self, given: Mapping[str, Any], corp_id: str | None = None) -> dict[str, Any]:
        """Return what changes if others come on top: those, and None for what is not theirs.

        An employee and credentials stay with the address that they were set for, and with one
        another: those of one tenant are never sent to the gateway of another, or used with the
        code of another.
        """
        left_out: set[str] = set()
        elsewhere = "transport" in given or given.get("base_url", self.base_url) != self.base_url
        has_app, has_code = not given.keys().isdisjoint(_APP), "permanent_code" in given
        if elsewhere:
            left_out.update(_IDENTITY)
        if has_code or not given.keys().isdisjoint(_ACTING):
            left_out.update(_ACTING)
        if has_app:
            left_out.update(_APP)
        if has_app or has_code or (corp_id and self.corp_id not in {None, corp_id}):
            left_out.update(_OF_ONE_TENANT)
        return {**dict.fromkeys(left_out), **given}

    def model_copy(
        self, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> Settings:
        """Return a copy with some values changed, which are not validated."""
        copied = super().model_copy(update=update, deep=deep)
        vars(copied).pop(_OF_TENANTS, None)
        return copied

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

    def with_credentials(self, given: Any) -> Settings:
        """Return these settings with other app credentials, as the function `credentials` has them.

        Args:
            given: A mapping with `app_id`, `app_secret`, `permanent_code`; the last alone, if the
                first two are among the settings.

        Raises:
            ValueError: They are no credentials; the text repeats no value.
        """
        names = ", ".join(_APP_CREDENTIALS)
        if not isinstance(given, Mapping) or given.keys() - set(_APP_CREDENTIALS):
            msg = f"it should be a mapping with {names} and nothing else, or None"
            raise ValueError(msg)
        try:
            table = TenantSettings.model_validate(dict(given))
        except ValidationError as error:
            # `from None`: the chained error may show the value.
            wrong = dict.fromkeys(str(one["loc"][0]) for one in error.errors(include_input=False))
            msg = f"{' and '.join(wrong)} should be a text"
            raise ValueError(msg) from None
        made = self._with(table.given)
        if made.app_credentials is None:
            missing = [name for name in _APP_CREDENTIALS if getattr(made, name) is None]
            msg = f"{' and '.join(missing)} is missing"
            raise ValueError(msg)
        return made

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret among the settings, to be kept out of texts."""
        return tuple(value.get_secret_value() for _, value in self if isinstance(value, SecretStr))

    @property
    def can_renew(self) -> bool:
        """Whether there are app credentials, or a function that may know them."""
        return self.credentials is not None or self.app_credentials is not None

    @property
    def knows_employee(self) -> bool:
        """Whether the acting employee is set, or can be found."""
        named = self.current_open_user_id is not None or self.acting_mobile is not None
        return named or self.can_renew

    def acting_employee(self) -> str | None:
        """Return `current_open_user_id`, or None if it has to be found.

        Raises:
            ConfigurationError: It is not set, and there is nothing to find it by.
        """
        if not self.knows_employee:
            employee = '"FSUID_…"'
            if self._tenant is None:
                where, table = "", f"[tool.{TABLE_NAME}]"
                code = f"shim.configure(current_open_user_id={employee})"
                variable = f"{ENVIRONMENT_PREFIX}CURRENT_OPEN_USER_ID"
                in_file = f"in {FILE_NAME}"
            else:
                tenant = shown(self._tenant)
                where, table = f" for the tenant {tenant}", f"[tool.{TABLE_NAME}.tenants.{tenant}]"
                value = f'{{"{tenant}": {{"current_open_user_id": {employee}}}}}'
                code = f"shim.configure(tenants={value})"
                variable = f"{ENVIRONMENT_PREFIX}TENANTS__{tenant}__CURRENT_OPEN_USER_ID"
                in_file = f"below [tenants.{tenant}] in {FILE_NAME}"
            msg = (
                f"no acting employee is set{where}. The offline API named none, the object API "
                "needs one, who may read and edit PersonnelObj. Set one of these: "
                "current_open_user_id, the FSUID_… of the employee; acting_mobile, the employee's "
                "mobile number, by which the id is asked for once; or app_id, app_secret and "
                f"permanent_code, whose token names an employee. For example by {code}, "
                f"the environment variable {variable}, or current_open_user_id {in_file} or "
                f"{table} of pyproject.toml. `fxshim whoami` prints who acts."
            )
            raise ConfigurationError(msg)
        return self.current_open_user_id


_KEYS = reprlib.Repr()
# A corpId of the vendor's has 38 characters.
_KEYS.maxstring = 100


def shown(key: str) -> str:
    """Return the key of a nested setting, a corpId for example, as messages show it."""
    return _KEYS.repr(key)[1:-1]
