"""How an offline call is made: `perform`, and `aperform` to await. The one place that does it.

Check the arguments, resolve the tenant, choose the mode, run the translation, keep the counters.
Every door (a Python function, a transport, the gateway) makes a `Caller` and arguments, calls one
of these two, and shapes the answer for its client.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from shim import notices
from shim import settings as settings_module
from shim._endpoint import ENDPOINTS
from shim.notices import (
    Notice,
    NoticeContext,
    OfflineCallFellBack,
    OfflineCallFinished,
    OfflineFieldsDropped,
    SettingsFileRead,
    SettingsFileRefused,
    ShadowCompared,
    Site,
    UndocumentedParametersGiven,
)
from shim.objectapi.calls import is_local
from shim.objectapi.codes import TRANSIENT
from shim.offline import checks
from shim.offline.answer import refusal, shaped
from shim.scheduler.threads import load
from shim.settings import ConfigurationError
from shim.settings.names import SERVICE_AT_MOST

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from shim._endpoint import Endpoint, Translation
    from shim.modes.choice import Choice
    from shim.modes.shadow import Shadowed
    from shim.notices import Caller
    from shim.objectapi.session import Session
    from shim.offline.answer import Answer
    from shim.settings.model import Settings

_EMPLOYEE_MODES = frozenset({"object", "dry_run"})
"""The modes that need an acting employee."""


def perform(endpoint: Endpoint, caller: Caller | Site, arguments: Mapping[str, Any]) -> Answer:
    """Make an offline call, blocking.

    Args:
        endpoint: The call, from `ENDPOINTS`.
        caller: Who makes it. A `Caller` is counted by the call's notice; a `Site` is what a notice
            returned when it counted the call.
        arguments: The documented parameters by name. Other names are ignored and logged.

    Returns:
        The answer in the old shape, of the class that the endpoint names. Bad arguments and network
        trouble are answers with an errorCode.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".
    """
    site = _counted(endpoint, caller)
    load()
    call = _Call(endpoint, site, arguments)
    # Imported here, as all below that talks to the network: it is not needed before the first call.
    from shim.scheduler import drivers

    return call.finish(drivers.run(call.translation(), call.open_session))


class CallControl:
    """How a door follows one awaited call, and ends it early.

    Attributes:
        mode: The mode of the call, once it has ended.
    """

    def __init__(self) -> None:
        """Follow no call yet."""
        self.mode = ""
        self._session: Session | None = None
        self._ended: tuple[int, str] | None = None

    @property
    def quota_seconds(self) -> float:
        """Seconds that the calls made for it have waited for the quota, added up."""
        return 0.0 if self._session is None else self._session.quota_seconds

    def end(self, code: int, because: str) -> None:
        """Attempt nothing more, and end what is on the wire as if its time were over.

        Every id still ends in an outcome: a write that was on the wire as one whose result is not
        known, what was not begun as not attempted. On the event loop of the call.

        Args:
            code: The errorCode of what is not attempted.
            because: Why, in words.
        """
        self._ended = (code, because)
        self.applied()

    def applied(self) -> None:
        """Apply `end` to a session that was opened, or went on, after it."""
        if self._session is not None and self._ended is not None:
            self._session.cut(*self._ended)

    def opened(self, session: Session) -> None:
        """Follow the session of the call."""
        self._session = session
        self.applied()


def aperform(
    endpoint: Endpoint,
    caller: Caller | Site,
    arguments: Mapping[str, Any],
    control: CallControl | None = None,
) -> Coroutine[Any, Any, Answer]:
    """Make an offline call, awaiting; see `perform`. The call is counted before it is awaited.

    Args:
        endpoint: The call, from `ENDPOINTS`.
        caller: Who makes it.
        arguments: The documented parameters by name.
        control: Follows the call, and may end it early.
    """
    return _aperform(endpoint, _counted(endpoint, caller), arguments, control)


async def _aperform(
    endpoint: Endpoint, site: Site, arguments: Mapping[str, Any], control: CallControl | None
) -> Answer:
    load()
    call = _Call(endpoint, site, arguments, control)
    from shim.scheduler import drivers

    return call.finish(await drivers.arun(call.translation(), call.open_session))


_notices: dict[Endpoint, Notice] = {}


def notice_of(endpoint: Endpoint) -> Notice:
    """Return the notice that counts the calls of an endpoint; always the same one."""
    notice = _notices.get(endpoint)
    if notice is None:
        made = Notice(
            endpoint.code,
            endpoint.name,
            str(endpoint.replacement),
            endpoint.advice,
            partial(_context, endpoint),
        )
        # One step, so that two threads get the same one.
        notice = _notices.setdefault(endpoint, made)
    return notice


def _counted(endpoint: Endpoint, caller: Caller | Site) -> Site:
    return caller if isinstance(caller, Site) else notice_of(endpoint).counted(caller)


def _context(endpoint: Endpoint) -> NoticeContext:
    load()
    from shim.modes.choice import outlook  # Needs the settings' model.

    now = settings_module.current()
    mode = _logged_mode(endpoint, outlook(now, endpoint.name), now)
    return NoticeContext(action=now.notices, mode=mode, look_through=now.look_through)


def open_session(corp_access_token: str | None = None, corp_id: str | None = None) -> Session:
    """Return a session for calls that are no offline calls, with the settings of its tenant.

    Args:
        corp_access_token: The token; None takes the setting's.
        corp_id: The tenant; None takes the setting's.

    Raises:
        ConfigurationError: Something is missing that is needed for a call.
    """
    from shim.objectapi.session import Session

    now = settings_module.current()
    corp_id = corp_id or now.corp_id
    if not corp_id:
        msg = (
            "corp_id is not set: the company account (FSCID_…) whose members these are; set the "
            "setting corp_id or the environment variable FXIAOKE_SHIM_CORP_ID"
        )
        raise ConfigurationError(msg)
    now = now.of(corp_id)
    # A token is one tenant's: that of `corp_id`, if that is set.
    stored = now.corp_access_token if now.corp_id in {None, corp_id} else None
    token = corp_access_token or (stored.get_secret_value() if stored else "")
    if not token and not now.can_renew:
        msg = (
            "there is no token: set corp_access_token, or app_id, app_secret and permanent_code "
            "with which one is fetched (environment variables FXIAOKE_SHIM_CORP_ACCESS_TOKEN, …)"
        )
        raise ConfigurationError(msg)
    return Session(now, token=token, corp_id=corp_id, acting=now.acting_employee())


class _Call:
    """One call: its arguments, its settings, its mode, its session, its counters."""

    def __init__(
        self,
        endpoint: Endpoint,
        site: Site,
        arguments: Mapping[str, Any],
        control: CallControl | None = None,
    ) -> None:
        """Take what was called, where, and with what.

        Raises:
            ConfigurationError: A setting is unusable.
        """
        self._endpoint = endpoint
        self._site = site
        self._control = control or CallControl()
        where = site.where
        self._named: dict[str, Any] = {
            "code": endpoint.code,
            "function": endpoint.name,
            "caller_file": where.file,
            "caller_line": where.line,
            "caller_module": where.module,
            "caller_function": where.function,
        }
        # A parameter left out is a bad argument like any other, and answered as one. So that
        # `f(**body)` works, a name that the call never had is no error: the service ignores it.
        parameters = endpoint.signature.parameters
        self._undocumented = {
            name: value for name, value in arguments.items() if name not in parameters
        }
        self._arguments: dict[str, Any] = {
            name: checks.readable(arguments.get(name)) for name in parameters
        }
        self._session: Session | None = None
        # One call goes by one set of settings, even if they change meanwhile.
        self._settings = settings_module.current()
        self._choice: Choice | None = None
        self._started = time.monotonic()

    def translation(self) -> Translation:
        """Run the call in its mode, or return its refusal."""
        try:
            arguments = dict(self._arguments)
            arguments["corpAccessToken"] = checks.token(arguments["corpAccessToken"])
            arguments["corpId"] = checks.corp_id(arguments["corpId"])
            arguments["thirdTraceId"] = checks.third_trace_id(arguments["thirdTraceId"])
            if "currentOpenUserId" in arguments:
                arguments["currentOpenUserId"] = checks.acting(arguments["currentOpenUserId"])
            self._arguments = arguments
            choice = self._choice = self._chosen()
            modes = {
                "object": self._object,
                "shadow": self._shadow,
                "dry_run": self._dry_run,
                "legacy": self._legacy,
            }
            return (yield from modes[choice.mode]())
        except checks.Refused as refused:
            hint = checks.typo_hint(self._undocumented, self._arguments)
            return refusal(refused.code, f"{refused.text}{hint}")

    def open_session(self) -> Session:
        """Return the session of this call; its arguments have been checked by now."""
        from shim.objectapi.session import Session

        self._session = Session(
            self._settings,
            token=self._arguments["corpAccessToken"],
            corp_id=self._arguments["corpId"],
            acting=self._acting(),
            third_trace_id=self._arguments["thirdTraceId"],
        )
        self._control.opened(self._session)
        return self._session

    def finish(self, answer: Answer) -> Answer:
        """Count the outcomes, log the call, and return the answer in its class."""
        states = [outcome.state for outcome in answer.outcomes]
        if self._session is not None:
            answer.api_calls = dict(self._session.api_calls)
        self._log_undocumented()
        if answer.dropped:
            notices.emit(
                OfflineFieldsDropped(
                    code=self._endpoint.code,
                    function=self._endpoint.name,
                    parameters=answer.dropped,
                )
            )
        choice = self._choice
        mode = self._settings.mode if choice is None else choice.mode
        self._control.mode = _logged_mode(self._endpoint, mode, self._settings)
        notices.emit(
            OfflineCallFinished(
                **self._named,
                mode=self._control.mode,
                reason="arguments" if choice is None else choice.reason,
                site=self._site.number,
                calls=self._site.calls,
                members=len(states),
                changed=states.count("changed"),
                unchanged=states.count("unchanged"),
                failed=states.count("failed"),
                accepted=states.count("accepted"),
                planned=states.count("planned"),
                api_calls=dict(answer.api_calls),
                seconds=time.monotonic() - self._started,
                error_code=answer["errorCode"],
                trace_id=answer["traceId"],
                trace_id_count=0 if self._session is None else self._session.trace_id_count,
            )
        )
        notices.summarize_now_and_then(self._settings.summary_seconds)
        made: Answer = shaped(answer, self._endpoint.returns)
        return made

    def _log_undocumented(self) -> None:
        """Log the names of undocumented parameters, each once for a call site."""
        new = self._site.unnamed(checks.logged_names(self._undocumented))
        if not new:
            return
        missing = [name for name, value in self._arguments.items() if value is None]
        near = checks.resembled(new, missing).values()
        notices.emit(
            UndocumentedParametersGiven(
                **self._named,
                site=self._site.number,
                parameters=new,
                resembles=tuple(dict.fromkeys(near)),
            )
        )

    def _chosen(self) -> Choice:
        from shim.modes.choice import Choice, choose

        corp_id = self._arguments["corpId"]
        self._settings = self._settings.of(corp_id)
        choice = choose(self._settings, self._endpoint.name, corp_id)
        if _falls_back(self._endpoint, choice.mode, self._settings):
            return Choice("legacy", "no acting employee is set")
        return choice

    def _acting(self) -> str | None:
        given: str | None = self._arguments.get("currentOpenUserId")
        return given or self._settings.current_open_user_id

    def _with_employee(self) -> Translation:
        """Run the translation in the name of an employee, who is found first if need be.

        Raises:
            ConfigurationError: No setting names or leads to an employee.
        """
        from shim.modes.legacy import begun
        from shim.modes.object_api import acting_as, with_employee

        acting = self._acting()
        if acting is None:
            # What is wrong with the arguments is reported first, and costs no call.
            self._keep_arguments()
            checked = begun(self._endpoint, self._settings, self._arguments)
            next(checked, None)
            checked.close()
            self._settings.acting_employee()
        elif acting != self._settings.current_open_user_id:
            self._settings = acting_as(self._settings, acting)
        return (yield from with_employee(self._settings, self._opened, self._begun))

    def _opened(self) -> Session:
        return self._session or self.open_session()

    def _begun(self, now: Settings) -> Translation:
        from shim.modes.legacy import begun

        # From here on the whole call goes by these, a fallback included.
        self._settings = now
        return begun(self._endpoint, now, self._arguments)

    def _object(self) -> Translation:
        """Go through the object API; if that refuses the whole call, perhaps make the old one."""
        now, endpoint = self._settings, self._endpoint
        if now.fallback == "none" or _is_passed_on(endpoint, now):
            return (yield from self._with_employee())
        from shim.modes.choice import Choice
        from shim.modes.object_api import Watched

        self._keep_arguments()
        watched = Watched()
        answer = yield from watched.run(self._with_employee())
        if watched.written or self._session is None or not _is_refused(answer):
            return answer
        code = answer["errorCode"]
        self._choice = Choice("legacy", f"fallback after errorCode {code}")
        notices.emit(OfflineCallFellBack(**self._named, error_code=code))
        self._session.go_on()
        self._control.applied()
        return (yield from self._legacy())

    def _dry_run(self) -> Translation:
        """Go through the object API without writing."""
        from shim.modes.dry_run import DryRun

        dry_run = DryRun()
        answer = yield from dry_run.run(self._with_employee())
        answer.plan = tuple(dry_run.plan)
        return answer

    def _legacy(self) -> Translation:
        """Make the old call."""
        from shim.modes.legacy import legacy

        return (
            yield from legacy(self._endpoint, self._settings, self._arguments, self._undocumented)
        )

    def _shadow(self) -> Translation:
        """Make the old call, and compare it with what the other mode would have answered."""
        from shim.modes.shadow import Shadowed, shadowed
        from shim.objectapi import http

        now, endpoint = self._settings, self._endpoint
        self._keep_arguments()
        second = now.shadow_against == "legacy" or _is_passed_on(endpoint, now)
        if second and endpoint.writes:
            why = "a call that writes is not made twice"
        elif not second and self._acting() is None and not now.knows_employee:
            why = "no acting employee is set"
        else:
            why = ""
        if why:
            seen = Shadowed((yield from self._legacy()), None, why, 0.0)
        else:
            compared = self._legacy() if second else self._predicted()
            clock = http.clock().now
            seen = yield from shadowed(compared, self._legacy(), now.shadow_seconds, clock)
        self._log_comparison(seen, "legacy" if second else "object")
        return seen.actual

    def _predicted(self) -> Translation:
        try:
            return (yield from self._with_employee())
        except checks.Refused as refused:
            return refusal(refused.code, refused.text)

    def _log_comparison(self, seen: Shadowed[Answer], against: Literal["object", "legacy"]) -> None:
        from shim.modes.shadow import Differences, differences

        reason, found = seen.reason, Differences((), ())
        if _is_unanswered(seen.actual):
            reason = f"the old call ended with errorCode {seen.actual['errorCode']}"
        elif seen.predicted is not None:
            found = differences(seen.actual, seen.predicted, self._endpoint.answer)
        result: Literal["match", "mismatch", "not_compared"] = "match"
        if reason:
            result = "not_compared"
        elif found.mismatches:
            result = "mismatch"
        notices.emit(
            ShadowCompared(
                **self._named,
                result=result,
                against=against,
                mismatches=found.mismatches,
                expected=found.expected,
                predicted_error_code=None
                if seen.predicted is None
                else seen.predicted["errorCode"],
                reason=reason,
                seconds=seen.seconds,
            )
        )

    def _keep_arguments(self) -> None:
        """Make iterators lists, so that the arguments can be read twice."""
        self._arguments = {
            name: checks.read(value, name) if isinstance(value, Iterator) else value
            for name, value in self._arguments.items()
        }


def _is_passed_on(endpoint: Endpoint, now: Settings) -> bool:
    """Whether the translation makes the old call itself."""
    return endpoint.kind == "preset" or (endpoint.kind == "erp" and now.erp == "own")


def _falls_back(endpoint: Endpoint, mode: str, now: Settings) -> bool:
    """Whether the old call is made instead, since no employee can act."""
    needed = endpoint.without_employee == "legacy" and mode in _EMPLOYEE_MODES
    return needed and not now.knows_employee


def _logged_mode(endpoint: Endpoint, mode: str, now: Settings) -> str:
    """Return a mode as it is logged: calls that stay at the ERP addresses are old calls."""
    own = mode == "object" and endpoint.kind == "erp" and now.erp == "own"
    return "legacy" if own or _falls_back(endpoint, mode, now) else mode


def _is_refused(answer: Answer) -> bool:
    """Whether the object API has nothing for this call as a whole."""
    from shim.modes.object_api import REFUSING

    codes = [answer["errorCode"], *(one.error_code for one in answer.outcomes)]
    return all(code in REFUSING for code in codes)


def _is_unanswered(answer: Answer) -> bool:
    return answer["errorCode"] in TRANSIENT or is_local(answer["traceId"])


def _log_settings_file(wrong: str, ignored: tuple[str, ...]) -> None:
    notices.emit(SettingsFileRefused(reason=wrong) if wrong else SettingsFileRead(ignored=ignored))


def _service() -> str | None:
    named: object = settings_module.foreseen("service")
    # Unchecked, if no call has read the settings yet.
    return named[:SERVICE_AT_MOST].strip() if isinstance(named, str) else None


def _announce() -> None:
    # After `reset()`, the next call does.
    if settings_module.are_read():
        notices.announce()


# The settings know neither endpoints nor notices; this is where the three meet.
settings_module.FUNCTIONS.append(ENDPOINTS)
notices.name_service(_service)
settings_module.watch(notices.policy_changed)
settings_module.watch(_announce)
settings_module.watch_file(_log_settings_file)
