"""What a notice says: one frozen dataclass for each kind of event.

Any room may add a kind: subclass `NoticeEvent`, name it `shim.<what_happened>`, give it a level,
and hand instances to `shim.notices.emit`. Fields carry names, numbers and trace ids; an argument
of the caller's has no place in them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Level: TypeAlias = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class NoticeEvent:
    """Something worth a log line.

    Attributes:
        name: Name of the event, the same for every instance.
        level: Logging level of the event, the same for every instance.
    """

    name: ClassVar[str]
    level: ClassVar[Level]

    def fields(self) -> dict[str, Any]:
        """The event's fields by name, in the order of their declaration."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class OfflineAPICalled(NoticeEvent):
    """A call site was seen for the first time, or reached 10, 100, 1000 … calls.

    Attributes:
        code: Stable code of the deprecation.
        function: Name of the deprecated function.
        replacement: What the object API offers instead.
        address: Address of the function's section in MIGRATION.md.
        caller_file: File of the calling line; empty when the site table was full.
        caller_line: Number of the calling line, from 1; 0 when unknown.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line, qualified where Python knows it (3.11+).
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
        members: Members named by the call.
        changed: Members brought into the asked state.
        unchanged: Members that were in it already.
        failed: Members that are not in it.
        accepted: Records whose change the vendor accepted, and nobody has read back.
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
    members: int
    changed: int
    unchanged: int
    failed: int
    accepted: int
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
class OfflineUsageSummarized(NoticeEvent):
    """One call site's exact count at the end of the process: what is left to migrate.

    Attributes:
        code: Stable code of the deprecation.
        function: Name of the deprecated function.
        replacement: What the object API offers instead.
        address: Address of the function's section in MIGRATION.md.
        caller_file: File of the calling line; empty for the overflow counter.
        caller_line: Number of the calling line, from 1; 0 when unknown.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line.
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
