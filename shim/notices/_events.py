"""What a notice says: one frozen dataclass for each kind of event.

Any room may add a kind: subclass `NoticeEvent`, name it `shim.<what_happened>`, give it a level,
and hand instances to `shim.notices.emit`. Fields carry names, numbers and trace ids; an argument
of the caller's has no place in them.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Level: TypeAlias = Literal["debug", "info", "warning", "error"]


# When something happened, in which service and process: what joins the logs of many processes.

_named: Callable[[], str | None] = str


def name_service(named: Callable[[], str | None]) -> None:
    """Say what the service is called.

    Args:
        named: Returns the name, or None for that of the program. Called for each event.
    """
    global _named  # noqa: PLW0603 -- one process is one service.
    _named = named


def service() -> str:
    """Return the name of the service; if it has none, that of the program."""
    return _named() or program()


@cache
def program() -> str:
    """Return the name of the program: its module after `python -m`, else its file."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    module = spec.name.removesuffix(".__main__") if spec else "__main__"
    # A program that embeds Python may have no arguments.
    file = Path(*sys.argv[:1]).stem
    name = file if module == "__main__" else module
    return "python" if name in {"", "-", "-c"} else name


@cache
def instance() -> str:
    """Return the name of this process: its number, and chance, for numbers are used again."""
    return f"{os.getpid()}-{os.urandom(6).hex()}"


def now() -> str:
    """Return the time: UTC, ISO 8601, to the millisecond."""
    return f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


if hasattr(os, "register_at_fork"):  # pragma: no branch -- Windows has no fork.
    os.register_at_fork(after_in_child=instance.cache_clear)
    # A fork server is no program; its children learn which one they belong to.
    os.register_at_fork(after_in_child=program.cache_clear)


@dataclass(frozen=True, slots=True)
class NoticeEvent:
    """Something worth a log line.

    Attributes:
        name: Name of the event, the same for every instance.
        level: Logging level of the event, the same for every instance.
        service: Name of the service: the setting `service`, or the name of the program.
        instance: Name of the process. No two processes have the same name, on any machine.
        at: Time of the event: UTC, ISO 8601, in milliseconds.
    """

    name: ClassVar[str]
    level: ClassVar[Level]

    # Not `process`: every LogRecord has such an attribute, and structlog writes over the field.
    service: str = field(default_factory=service, kw_only=True, compare=False, repr=False)
    instance: str = field(default_factory=instance, kw_only=True, compare=False, repr=False)
    at: str = field(default_factory=now, kw_only=True, compare=False, repr=False)

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """The names of its fields: what happened as declared, then where and when."""
        own, stamps = fields(cls)[len(fields(NoticeEvent)) :], fields(NoticeEvent)
        return tuple(one.name for one in (*own, *stamps))

    def fields(self) -> dict[str, Any]:
        """The event's fields by name, in that order."""
        return {name: getattr(self, name) for name in self.field_names()}


@dataclass(frozen=True, slots=True)
class ProcessStarted(NoticeEvent):
    """A process has the shim loaded. Logged once, as soon as logging is set up.

    Attributes:
        version: Version of the shim.
    """

    name = "shim.process_started"
    # As the counts: a log that has no such line is no proof that nothing was called.
    level = "warning"

    version: str


@dataclass(frozen=True, slots=True)
class ProcessEnded(NoticeEvent):
    """A process with the shim ends in good order. The summaries of its call sites came before.

    Attributes:
        version: Version of the shim.
        calls: Offline calls of this process.
        sites: Call sites that made them.
    """

    name = "shim.process_ended"
    level = "warning"

    version: str
    calls: int
    sites: int


@dataclass(frozen=True, slots=True)
class NoticesIgnored(NoticeEvent):
    """From now on this process does not log its calls: the setting `notices` is `ignore`.

    Only if the process was logged as started. Logged once.
    """

    name = "shim.notices_ignored"
    level = "warning"


@dataclass(frozen=True, slots=True)
class NoticeHookFailed(NoticeEvent):
    """A notice hook raised, so that events may be missing. The offline call itself went on.

    Logged once for each hook and process, as events are logged without hooks.

    Attributes:
        error: Type of the exception. Its text may hold what the hook was working on.
    """

    name = "shim.notice_hook_failed"
    level = "error"

    error: str


@dataclass(frozen=True, slots=True)
class LoggerDisabled(NoticeEvent):
    """The logger `shim` is disabled, so that events are missing. Logged once, by another logger.

    `logging.config` disables the loggers that exist already, unless `disable_existing_loggers` is
    false.

    Attributes:
        disabled: Name of the disabled logger.
    """

    name = "shim.logger_disabled"
    level = "error"

    disabled: str


@dataclass(frozen=True, slots=True)
class OfflineAPICalled(NoticeEvent):
    """A line of your program made its first, 10th, 100th, 1000th … offline call.

    Attributes:
        function: Name of the deprecated function.
        caller_file: File of the calling line. Empty if the table of call sites is full.
            `<unknown>` if no Python code made the call.
        caller_line: Number of the calling line, from 1. 0: unknown.
        calls: Calls made by this site so far.
        calls_since: Calls made by this site since its last event, this one included.
        mode: Mode of the call; `routed` if it differs by tenant.
        code: Stable code of the deprecation.
        replacement: What the object API offers instead.
        address: The command that says what to do instead, `fxshim explain FXO001`.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line, with its class (Python 3.11 and later).
        site: Number of the call site in this process. One line may hold two.
    """

    name = "shim.offline_api_called"
    level = "warning"

    function: str
    caller_file: str
    caller_line: int
    calls: int
    calls_since: int
    mode: str
    code: str
    replacement: str
    address: str
    caller_module: str
    caller_function: str
    site: int


@dataclass(frozen=True, slots=True)
class OfflineCallFinished(NoticeEvent):
    """An offline call has returned.

    Attributes:
        function: Name of the deprecated function.
        caller_file: File of the calling line. Empty if the table of call sites is full.
            `<unknown>` if no Python code made the call.
        caller_line: Number of the calling line, from 1. 0: unknown.
        error_code: `errorCode` of the answer, 0 for success.
        members: Members (or departments, records) with an outcome. The old call reports none.
        changed: Members that were written and then seen in the asked state.
        unchanged: Members that were in the asked state already.
        failed: Members that are not seen in the asked state.
        accepted: Records whose change the vendor accepted. They are not read back.
        planned: Members or records that a dry run would have written.
        seconds: Duration in seconds.
        mode: Mode of the call.
        reason: Why this mode: the setting, the route or the flag that chose it, or the fallback.
        api_calls: Number of HTTP calls, by path.
        trace_id: `traceId` of the answer.
        trace_id_count: Number of the vendor's answers, each with a trace id of its own.
        calls: Calls made by this site so far.
        code: Stable code of the deprecation.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line.
        site: Number of the call site in this process.
    """

    name = "shim.offline_call_finished"
    level = "info"

    function: str
    caller_file: str
    caller_line: int
    error_code: int
    members: int
    changed: int
    unchanged: int
    failed: int
    accepted: int
    planned: int
    seconds: float
    mode: str
    reason: str
    api_calls: Mapping[str, int]
    trace_id: str
    trace_id_count: int
    calls: int
    code: str
    caller_module: str
    caller_function: str
    site: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", round(self.seconds, 3))


@dataclass(frozen=True, slots=True)
class OfflineFieldsDropped(NoticeEvent):
    """Parameters of an offline call have no field in the object API and were left out.

    Attributes:
        function: Name of the deprecated function.
        parameters: Their documented names, never their values.
        code: Stable code of the deprecation.
    """

    name = "shim.offline_fields_dropped"
    level = "warning"

    function: str
    parameters: tuple[str, ...]
    code: str


@dataclass(frozen=True, slots=True)
class UndocumentedParametersGiven(NoticeEvent):
    """An offline call was given parameters that it does not document. The service ignores them.

    Only in the mode `legacy` are they sent, as before. Logged once for each name and call site.

    Attributes:
        function: Name of the deprecated function.
        caller_file: File of the calling line. Empty if the table of call sites is full.
        caller_line: Number of the calling line, from 1. 0: unknown.
        parameters: Their names, never their values. `*`: names that are no identifiers.
        resembles: Documented parameters that these names resemble and that were not given.
        code: Stable code of the deprecation.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line.
        site: Number of the call site in this process.
    """

    name = "shim.undocumented_parameters_given"
    level = "warning"

    function: str
    caller_file: str
    caller_line: int
    parameters: tuple[str, ...]
    resembles: tuple[str, ...]
    code: str
    caller_module: str
    caller_function: str
    site: int


@dataclass(frozen=True, slots=True)
class ShadowCompared(NoticeEvent):
    """The old call was made, and its answer compared with what the object API would return.

    Attributes:
        function: Name of the deprecated function.
        caller_file: File of the calling line. Empty if the table of call sites is full.
            `<unknown>` if no Python code made the call.
        caller_line: Number of the calling line, from 1. 0: unknown.
        result: `match`, `mismatch` or `not_compared`.
        mismatches: Paths where the answers differ, for example `employees[].name`. Never values.
        expected: Paths where they differ as the loss report says (`fxshim endpoints NAME`).
        reason: Why nothing was compared. Empty if something was.
        against: What the old answer was compared with: `object`, or `legacy` (a second old call).
        predicted_error_code: `errorCode` of the other answer. None: unknown.
        seconds: Duration of the comparison in seconds.
        code: Stable code of the deprecation.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line.
    """

    name = "shim.shadow_compared"
    # What a shadow is for; at a lower level, logs as they are by default would not have it.
    level = "warning"

    function: str
    caller_file: str
    caller_line: int
    result: Literal["match", "mismatch", "not_compared"]
    mismatches: tuple[str, ...]
    expected: tuple[str, ...]
    reason: str
    against: Literal["object", "legacy"]
    predicted_error_code: int | None
    seconds: float
    code: str
    caller_module: str
    caller_function: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", round(self.seconds, 3))


@dataclass(frozen=True, slots=True)
class OfflineCallFellBack(NoticeEvent):
    """The object API refused a call as a whole, before any write, and the old call was made.

    Attributes:
        function: Name of the deprecated function.
        caller_file: File of the calling line. Empty if the table of call sites is full.
            `<unknown>` if no Python code made the call.
        caller_line: Number of the calling line, from 1. 0: unknown.
        error_code: `errorCode` with which the object API refused.
        code: Stable code of the deprecation.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line.
    """

    name = "shim.offline_call_fell_back"
    level = "warning"

    function: str
    caller_file: str
    caller_line: int
    error_code: int
    code: str
    caller_module: str
    caller_function: str


@dataclass(frozen=True, slots=True)
class SettingsFileRefused(NoticeEvent):
    """The settings file has changed and is not usable. The settings read before stay in force.

    Attributes:
        reason: What is wrong: place and key, never a value.
    """

    name = "shim.settings_file_refused"
    level = "error"

    reason: str


@dataclass(frozen=True, slots=True)
class SettingsFileRead(NoticeEvent):
    """The settings file has changed and is in force from now on.

    Attributes:
        ignored: Settings that keep their first value until the program starts again. A file that
            `FXIAOKE_SHIM_CONFIG` does not name cannot change where tokens go. Empty: none.
    """

    name = "shim.settings_file_read"
    level = "warning"

    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfflineUsageSummarized(NoticeEvent):
    """Exact count of one call site: every `summary_seconds` if it has changed, and at exit.

    Attributes:
        function: Name of the deprecated function.
        caller_file: File of the calling line. Empty for the overflow counter.
            `<unknown>` if no Python code made the call.
        caller_line: Number of the calling line, from 1. 0: unknown.
        calls: Exact number of calls.
        mode: Mode of the calls; `routed` if it differs by tenant.
        overflow: Whether this counts all call sites for which the table had no room.
        code: Stable code of the deprecation.
        replacement: What the object API offers instead.
        address: The command that says what to do instead, `fxshim explain FXO001`.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line.
        site: Number of the call site in this process. One line may hold two.
    """

    name = "shim.offline_usage_summarized"
    level = "warning"

    function: str
    caller_file: str
    caller_line: int
    calls: int
    mode: str
    overflow: bool
    code: str
    replacement: str
    address: str
    caller_module: str
    caller_function: str
    site: int


@dataclass(frozen=True, slots=True)
class DeprecatedAnswerReceived(NoticeEvent):
    """A server said of an address that it is deprecated, to a client given to `notices.watch`.

    Logged at the first, 10th, 100th, 1000th … such answer to one line of your program. No answer of
    the shim itself is counted here, and none of these is counted as an offline call.

    Attributes:
        method: The HTTP method.
        host: The host, and the port if the address named one.
        path: The path. A part that may be an id is `{}`.
        since: Since when it is deprecated, or from when on, as the server said last: UTC,
            ISO 8601. Empty: it gave no date.
        sunset: When the server stops to answer there, as it said last. Empty: it gave no date.
        documentation: Address of the server's page about it, without its query. Empty: none.
        successor: Address that the server names instead, without ids. Empty: none.
        caller_file: File of the line that made the HTTP call. `<unknown>` if no line of your
            program waits for it: a task or a thread was given the client's own method.
        caller_line: Number of the calling line, from 1. 0: unknown.
        calls: Such answers to this line so far.
        calls_since: Such answers to this line since its last event, this one included.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line, with its class (Python 3.11 and later).
    """

    name = "shim.deprecated_answer_received"
    level = "warning"

    method: str
    host: str
    path: str
    since: str
    sunset: str
    documentation: str
    successor: str
    caller_file: str
    caller_line: int
    calls: int
    calls_since: int
    caller_module: str
    caller_function: str


@dataclass(frozen=True, slots=True)
class DeprecatedAnswersSummarized(NoticeEvent):
    """Exact count of such answers: every `summary_seconds` if it has changed, and at exit.

    Attributes:
        method: The HTTP method. Empty for the overflow counter.
        host: The host, and the port if the address named one.
        path: The path. A part that may be an id is `{}`.
        since: Since when it is deprecated, or from when on, as the server said last: UTC,
            ISO 8601. Empty: it gave no date.
        sunset: When the server stops to answer there, as it said last. Empty: it gave no date.
        documentation: Address of the server's page about it, without its query. Empty: none.
        successor: Address that the server names instead, without ids. Empty: none.
        caller_file: File of the line that made the HTTP call. `<unknown>` if no line of your
            program waits for it: a task or a thread was given the client's own method.
        caller_line: Number of the calling line, from 1. 0: unknown.
        calls: Exact number of such answers to this line.
        overflow: Whether this counts all lines and addresses for which the table had no room.
        caller_module: Module of the calling line.
        caller_function: Function of the calling line.
    """

    name = "shim.deprecated_answers_summarized"
    level = "warning"

    method: str
    host: str
    path: str
    since: str
    sunset: str
    documentation: str
    successor: str
    caller_file: str
    caller_line: int
    calls: int
    overflow: bool
    caller_module: str
    caller_function: str


@dataclass(frozen=True, slots=True)
class QuotaStoreLost(NoticeEvent):
    """The Redis that shares the quota cannot be reached. Logged once for each loss.

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
    """The Redis that shares the quota answers again and is used again.

    Attributes:
        seconds: How long it was lost, in seconds.
    """

    name = "shim.quota_store_recovered"
    level = "warning"

    seconds: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", round(self.seconds, 3))


@dataclass(frozen=True, slots=True)
class BulkRunFinished(NoticeEvent):
    """A run of `fxshim members` or `set_member_status_many` has ended or was interrupted.

    Attributes:
        status: Asked state: 1 disabled, 2 enabled.
        dry_run: Nothing was written.
        members: Members with an outcome.
        changed: Members that were written and then seen in the asked state.
        unchanged: Members that were in the asked state already.
        failed: Members that are not seen in the asked state.
        planned: Members that a dry run would have written.
        seconds: Duration in seconds.
        api_calls: Number of HTTP calls, by path.
        trace_id: Trace id of the vendor's first answer. Empty: there was none.
        trace_id_count: Number of the vendor's answers, each with a trace id of its own.
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
    seconds: float
    api_calls: Mapping[str, int]
    trace_id: str
    trace_id_count: int
