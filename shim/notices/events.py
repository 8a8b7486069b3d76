"""What a notice says: one frozen dataclass for each kind of event.

Any room may add a kind: subclass `NoticeEvent`, name it `shim.<what_happened>`, give it a level,
and hand instances to `shim.notices.emit`. Fields carry names, numbers and trace ids; an argument
of the caller's has no place in them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from shim.notices import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

Level: TypeAlias = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class NoticeEvent:
    """Something worth a log line.

    Attributes:
        name: Name of the event, the same for every instance.
        level: Logging level of the event, the same for every instance.
        process: Process it happened in; two never have the same name, on whatever machine.
        at: When it happened: UTC, ISO 8601, to the millisecond.
    """

    name: ClassVar[str]
    level: ClassVar[Level]

    process: str = field(default_factory=stamp.process, kw_only=True, compare=False, repr=False)
    at: str = field(default_factory=stamp.now, kw_only=True, compare=False, repr=False)

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """The names of its fields: what happened as declared, then in which process and when."""
        own, stamps = fields(cls)[len(fields(NoticeEvent)) :], fields(NoticeEvent)
        return tuple(one.name for one in (*own, *stamps))

    def fields(self) -> dict[str, Any]:
        """The event's fields by name, in that order."""
        return {name: getattr(self, name) for name in self.field_names()}


@dataclass(frozen=True, slots=True)
class OfflineAPICalled(NoticeEvent):
    """A call site was seen for the first time, or reached 10, 100, 1000 … calls.

    Attributes:
        code: Stable code of the deprecation.
        function: Name of the deprecated function.
        replacement: What the object API offers instead.
        address: The command that says what to do instead, `fxshim explain FXO001`.
        caller_file: File of the calling line; empty when the site table was full.
        caller_line: Number of the calling line, from 1; 0 when unknown.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line, qualified where Python knows it (3.11+).
        site: Number of the call site in this process: one line may hold two.
        calls: Calls made by this site so far.
        calls_since: Calls made by this site since its last event, this one included.
        mode: Which way the call goes.
    """

    name = "shim.offline_api_called"
    level = "warning"

    code: str
    function: str
    replacement: str
    address: str
    caller_file: str
    caller_line: int
    caller_module: str
    caller_function: str
    site: int
    calls: int
    calls_since: int
    mode: str


@dataclass(frozen=True, slots=True)
class OfflineCallFinished(NoticeEvent):
    """An offline call was answered.

    Attributes:
        code: Stable code of the deprecation.
        function: Name of the deprecated function.
        mode: Which way the call went.
        reason: Why that way: the setting, the route, or the flag that chose it.
        caller_file: File of the calling line; empty when the site table was full.
        caller_line: Number of the calling line, from 1; 0 when unknown.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line.
        site: Number of the call site in this process.
        calls: Calls made by this site so far.
        members: Members whose outcome is known; the old call tells none.
        changed: Members brought into the asked state.
        unchanged: Members that were in it already.
        failed: Members that are not in it.
        accepted: Records whose change the vendor accepted, and nobody has read back.
        planned: Members or records that a dry run would have written.
        api_calls: Vendor calls made, by path.
        seconds: How long it took, rounded to the millisecond.
        error_code: `errorCode` of the answer, 0 for success.
        trace_ids: Trace ids of the vendor's answers; the emitter bounds their number.
    """

    name = "shim.offline_call_finished"
    level = "info"

    code: str
    function: str
    mode: str
    reason: str
    caller_file: str
    caller_line: int
    caller_module: str
    caller_function: str
    site: int
    calls: int
    members: int
    changed: int
    unchanged: int
    failed: int
    accepted: int
    planned: int
    api_calls: Mapping[str, int]
    seconds: float
    error_code: int
    trace_ids: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", round(self.seconds, 3))


@dataclass(frozen=True, slots=True)
class OfflineFieldsDropped(NoticeEvent):
    """Parameters of an offline call have no place in the object API and were left out.

    Attributes:
        code: Stable code of the deprecation.
        function: Name of the deprecated function.
        parameters: Their names, as documented; never their values.
    """

    name = "shim.offline_fields_dropped"
    level = "warning"

    code: str
    function: str
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShadowCompared(NoticeEvent):
    """A call went its old way, and what the object API would have answered was looked at beside.

    Attributes:
        code: Stable code of the deprecation.
        function: Name of the deprecated function.
        caller_file: File of the calling line; empty when the site table was full.
        caller_line: Number of the calling line, from 1; 0 when unknown.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line.
        result: `match`, `mismatch` or `not_compared`.
        against: What the old answer was compared with: `object`, or `legacy` for a second old call.
        mismatches: Where the answers differ, as `errorCode` or `employees[].name`; never values.
        expected: Where they differ as the loss report says they do.
        predicted_error_code: `errorCode` that the other way would have answered; None = unknown.
        reason: Why nothing was compared; empty where something was.
        seconds: How long looking at the object API took, rounded to the millisecond.
    """

    name = "shim.shadow_compared"
    # What a shadow is for; at a lower level, logs as they are by default would not have it.
    level = "warning"

    code: str
    function: str
    caller_file: str
    caller_line: int
    caller_module: str
    caller_function: str
    result: Literal["match", "mismatch", "not_compared"]
    against: Literal["object", "legacy"]
    mismatches: tuple[str, ...]
    expected: tuple[str, ...]
    predicted_error_code: int | None
    reason: str
    seconds: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", round(self.seconds, 3))


@dataclass(frozen=True, slots=True)
class OfflineCallFellBack(NoticeEvent):
    """The object API refused a call as a whole, before any write, and the old call was made.

    Attributes:
        code: Stable code of the deprecation.
        function: Name of the deprecated function.
        caller_file: File of the calling line; empty when the site table was full.
        caller_line: Number of the calling line, from 1; 0 when unknown.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line.
        error_code: With what the object API refused.
    """

    name = "shim.offline_call_fell_back"
    level = "warning"

    code: str
    function: str
    caller_file: str
    caller_line: int
    caller_module: str
    caller_function: str
    error_code: int


@dataclass(frozen=True, slots=True)
class SettingsFileRefused(NoticeEvent):
    """A settings file has changed and is not usable; what was read last stays in force.

    Attributes:
        reason: What is wrong with it: place and key, never a value.
    """

    name = "shim.settings_file_refused"
    level = "error"

    reason: str


@dataclass(frozen=True, slots=True)
class SettingsFileRead(NoticeEvent):
    """A settings file has changed and is in force from now on."""

    name = "shim.settings_file_read"
    level = "warning"


@dataclass(frozen=True, slots=True)
class OfflineUsageSummarized(NoticeEvent):
    """One call site's exact count, now and then and at the end of the process: what is left.

    Attributes:
        code: Stable code of the deprecation.
        function: Name of the deprecated function.
        replacement: What the object API offers instead.
        address: The command that says what to do instead, `fxshim explain FXO001`.
        caller_file: File of the calling line; empty for the overflow counter.
        caller_line: Number of the calling line, from 1; 0 when unknown.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line.
        site: Number of the call site in this process: one line may hold two.
        calls: Calls made, exactly.
        mode: Which way calls go.
        overflow: Whether this counts all sites that found the table full.
    """

    name = "shim.offline_usage_summarized"
    level = "warning"

    code: str
    function: str
    replacement: str
    address: str
    caller_file: str
    caller_line: int
    caller_module: str
    caller_function: str
    site: int
    calls: int
    mode: str
    overflow: bool


@dataclass(frozen=True, slots=True)
class QuotaStoreLost(NoticeEvent):
    """The store that shares the quota between processes cannot be reached. Said once a loss.

    Attributes:
        action: What calls do meanwhile: `local` or `refuse`.
        reason: Type of the error.
    """

    name = "shim.quota_store_lost"
    level = "error"

    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class QuotaStoreRecovered(NoticeEvent):
    """The store that shares the quota between processes is back, and used again.

    Attributes:
        seconds: How long it was lost, rounded to the millisecond.
    """

    name = "shim.quota_store_recovered"
    level = "warning"

    seconds: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", round(self.seconds, 3))


@dataclass(frozen=True, slots=True)
class BulkRunFinished(NoticeEvent):
    """A run over any number of members has ended, or was left.

    Attributes:
        status: What was asked: 1 disable, 2 enable.
        dry_run: Nothing was written.
        members: Members with an outcome.
        changed: Members brought into the asked state.
        unchanged: Members that were in it already.
        failed: Members that are not in it.
        planned: Members that a dry run would have written.
        api_calls: Vendor calls made, by path.
        seconds: How long it took, rounded to the millisecond.
        trace_ids: Trace ids of the first of the vendor's answers.
    """

    name = "shim.bulk_run_finished"
    level = "info"

    status: int
    dry_run: bool
    members: int
    changed: int
    unchanged: int
    failed: int
    planned: int
    api_calls: Mapping[str, int]
    seconds: float
    trace_ids: tuple[str, ...]
