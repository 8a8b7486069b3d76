"""One offline call on its way through: which way it goes, and its books."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from shim import notices
from shim import settings as settings_module
from shim.notices import (
    OfflineCallFellBack,
    OfflineCallFinished,
    OfflineFieldsDropped,
    ShadowCompared,
    UndocumentedParametersGiven,
)
from shim.objectapi.calls import is_local
from shim.objectapi.codes import PASSING
from shim.offline import checks, undocumented
from shim.offline.acting import acting_as, in_a_name
from shim.offline.answer import refusal
from shim.offline.compare import Differences, differences
from shim.offline.legacy import begun, legacy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shim.modes.choice import Choice
    from shim.modes.shadow import Shadowed
    from shim.notices import Site
    from shim.objectapi.session import Session
    from shim.offline.answer import Answer
    from shim.offline.declaration import Declaration, Translation
    from shim.settings.model import Settings


class Run:
    """One call: its arguments, its way, its session, its books."""

    def __init__(
        self, declared: Declaration, site: Site, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Take what was called, where, and with what.

        Raises:
            TypeError: More arguments than the call has parameters, or one of them twice.
            ConfigurationError: A setting is unusable.
        """
        self._declared = declared
        self._site = site
        where = site.where
        self._named: dict[str, Any] = {
            "code": declared.code,
            "function": declared.name,
            "caller_file": where.file,
            "caller_line": where.line,
            "caller_module": where.module,
            "caller_function": where.function,
        }
        # A parameter left out is a bad argument like any other, and answered as one. So that
        # `f(**body)` works, a name that the call never had is no error: the service ignores it.
        parameters = declared.signature.parameters
        known = {name: value for name, value in kwargs.items() if name in parameters}
        self._undocumented = {name: kwargs[name] for name in kwargs.keys() - known.keys()}
        given = declared.signature.bind_partial(*args, **known).arguments
        self._arguments: dict[str, Any] = {
            parameter: checks.readable(given.get(parameter)) for parameter in parameters
        }
        self._session: Session | None = None
        # One call goes by one set of settings, whatever becomes of them meanwhile.
        self._settings = settings_module.current()
        self._choice: Choice | None = None
        self._started = time.monotonic()

    def flow(self) -> Translation:
        """Return the walk of this call along its way, or its refusal."""
        try:
            arguments = dict(self._arguments)
            arguments["corpAccessToken"] = checks.token(arguments["corpAccessToken"])
            arguments["corpId"] = checks.corp_id(arguments["corpId"])
            arguments["thirdTraceId"] = checks.third_trace_id(arguments["thirdTraceId"])
            if "currentOpenUserId" in arguments:
                arguments["currentOpenUserId"] = checks.acting(arguments["currentOpenUserId"])
            self._arguments = arguments
            choice = self._choice = self._chosen()
            ways = {
                "object": self._object,
                "shadow": self._shadow,
                "dry_run": self._dry_run,
                "legacy": self._legacy,
            }
            return (yield from ways[choice.mode]())
        except checks.Refused as refused:
            hint = undocumented.hint(self._undocumented, self._arguments)
            return refusal(refused.code, f"{refused.text}{hint}")

    def open_session(self) -> Session:
        """Return the session of this call; its arguments have been checked by now."""
        from shim.objectapi.session import Session  # noqa: PLC0415

        self._session = Session(
            self._settings,
            token=self._arguments["corpAccessToken"],
            corp_id=self._arguments["corpId"],
            acting=self._acting(),
            third_trace_id=self._arguments["thirdTraceId"],
        )
        return self._session

    def finish(self, answer: Answer) -> Answer:
        """Close the books: hang them on the answer and tell the log."""
        states = [outcome.state for outcome in answer.outcomes]
        if self._session is not None:
            answer.api_calls = dict(self._session.api_calls)
        self._tell_undocumented()
        if answer.dropped:
            notices.emit(
                OfflineFieldsDropped(
                    code=self._declared.code,
                    function=self._declared.name,
                    parameters=answer.dropped,
                )
            )
        choice = self._choice
        mode = self._settings.mode if choice is None else choice.mode
        notices.emit(
            OfflineCallFinished(
                **self._named,
                mode=self._declared.said(mode, self._settings),
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
        return answer

    def _tell_undocumented(self) -> None:
        """Log the names of undocumented parameters, each once for a call site."""
        new = self._site.unnamed(undocumented.names(self._undocumented))
        if not new:
            return
        missing = [name for name, value in self._arguments.items() if value is None]
        near = undocumented.resembled(new, missing).values()
        notices.emit(
            UndocumentedParametersGiven(
                **self._named,
                site=self._site.number,
                parameters=new,
                resembles=tuple(dict.fromkeys(near)),
            )
        )

    def _chosen(self) -> Choice:
        # Imported here, as all below: what makes calls is not needed before the first.
        from shim.modes.choice import Choice, choose  # noqa: PLC0415

        choice = choose(self._settings, self._declared.name, self._arguments["corpId"])
        if self._declared.falls_back(choice.mode, self._settings):
            return Choice("legacy", "no acting employee is set")
        return choice

    def _acting(self) -> str | None:
        given: str | None = self._arguments.get("currentOpenUserId")
        return given or self._settings.current_open_user_id

    def _in_a_name(self) -> Translation:
        """Walk the translation in the name of an employee, who is found out first if need be.

        Raises:
            ConfigurationError: There is nobody in whose name.
        """
        acting = self._acting()
        if acting is None:
            # What is wrong with the arguments is told first, and costs no call.
            self._keep_arguments()
            judged = begun(self._declared, self._settings, self._arguments)
            next(judged, None)
            judged.close()
            self._settings.acting_employee()
        elif acting != self._settings.current_open_user_id:
            self._settings = acting_as(self._settings, acting)
        return (yield from in_a_name(self._settings, self._opened, self._walked))

    def _opened(self) -> Session:
        return self._session or self.open_session()

    def _walked(self, now: Settings) -> Translation:
        # From here on the whole call goes by these, whatever it falls back to.
        self._settings = now
        return begun(self._declared, now, self._arguments)

    def _object(self) -> Translation:
        """Go through the object API; where that is refused as a whole, perhaps the old way."""
        now, declared = self._settings, self._declared
        if now.fallback == "none" or declared.passes_on(now):
            return (yield from self._in_a_name())
        from shim.modes.choice import Choice  # noqa: PLC0415
        from shim.modes.fallback import Watched  # noqa: PLC0415

        self._keep_arguments()
        watched = Watched()
        answer = yield from watched.walk(self._in_a_name())
        if watched.written or self._session is None or not _is_refused(answer):
            return answer
        code = answer["errorCode"]
        self._choice = Choice("legacy", f"fallback after errorCode {code}")
        notices.emit(OfflineCallFellBack(**self._named, error_code=code))
        self._session.go_on()
        return (yield from self._legacy())

    def _dry_run(self) -> Translation:
        """Go through the object API without writing."""
        from shim.modes.dry_run import DryRun  # noqa: PLC0415

        dry_run = DryRun()
        answer = yield from dry_run.walk(self._in_a_name())
        answer.plan = tuple(dry_run.plan)
        answer.outcomes = tuple(
            replace(one, state="planned") if one.state in {"changed", "accepted"} else one
            for one in answer.outcomes
        )
        return answer

    def _legacy(self) -> Translation:
        """Make the old call."""
        return (
            yield from legacy(self._declared, self._settings, self._arguments, self._undocumented)
        )

    def _shadow(self) -> Translation:
        """Make the old call, and look at what would have come of the other way."""
        from shim.modes.shadow import Shadowed, shadowed  # noqa: PLC0415
        from shim.objectapi import http  # noqa: PLC0415

        now, declared = self._settings, self._declared
        self._keep_arguments()
        second = now.shadow_against == "legacy" or declared.passes_on(now)
        if second and declared.writes:
            why = "a call that writes is not made twice"
        elif not second and self._acting() is None and not now.knows_employee:
            why = "no acting employee is set"
        else:
            why = ""
        if why:
            seen = Shadowed((yield from self._legacy()), None, why, 0.0)
        else:
            looked_at = self._legacy() if second else self._predicted()
            clock = http.clock().now
            seen = yield from shadowed(looked_at, self._legacy(), now.shadow_seconds, clock)
        self._tell(seen, "legacy" if second else "object")
        return seen.actual

    def _predicted(self) -> Translation:
        try:
            return (yield from self._in_a_name())
        except checks.Refused as refused:
            return refusal(refused.code, refused.text)

    def _tell(self, seen: Shadowed[Answer], against: Literal["object", "legacy"]) -> None:
        reason, found = seen.reason, Differences((), ())
        if _is_unanswered(seen.actual):
            reason = f"the old call ended with errorCode {seen.actual['errorCode']}"
        elif seen.predicted is not None:
            found = differences(seen.actual, seen.predicted, self._declared.answer)
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
        """See to it that the arguments can be read twice."""
        self._arguments = {
            name: checks.read(value, name) if isinstance(value, Iterator) else value
            for name, value in self._arguments.items()
        }


def _is_refused(answer: Answer) -> bool:
    """Whether the object API has nothing for this call as a whole."""
    from shim.modes.fallback import REFUSING  # noqa: PLC0415

    codes = [answer["errorCode"], *(one.error_code for one in answer.outcomes)]
    return all(code in REFUSING for code in codes)


def _is_unanswered(answer: Answer) -> bool:
    return answer["errorCode"] in PASSING or is_local(answer["traceId"])
