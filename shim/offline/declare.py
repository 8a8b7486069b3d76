"""One endpoint is one declaration: `@offline(…)` turns a translation into everything else.

The decorated generator is the only thing written by hand for an endpoint. From it come the
function people call, its awaitable twin, and the `Endpoint` from which tables, stubs and tools
are derived.
"""

from __future__ import annotations

import inspect
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec

from shim import notices
from shim import settings as settings_module
from shim.notices import Notice, NoticeContext, OfflineCallFinished, OfflineFieldsDropped
from shim.offline import checks
from shim.offline.answer import Answer, refusal
from shim.offline.fates import CREDENTIALS, ENVELOPE
from shim.routing.flow import Steps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from shim.objectapi.session import Session
    from shim.offline.fates import Fate
    from shim.settings.model import Settings

P = ParamSpec("P")
Translation = Steps[Answer]

_TRACE_IDS_LOGGED = 20


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One offline call: what it is, and the two functions that stand for it.

    Attributes:
        code: Stable code of its notice, `FXO001` and so on.
        name: Name of the function.
        title: Title of its page in the vendor's documentation.
        paths: Addresses it was posted to, oldest first.
        replacement: What to call instead.
        source: Where its facts come from.
        parameters: What becomes of each parameter, nested ones as `user.mobile`.
        answer: What becomes of each answer field, nested ones as `employees[].name`.
        translation: The generator that answers it.
        function: What `shim.<name>` is.
        awaitable: What `shim.aio.<name>` is.
    """

    code: str
    name: str
    title: str
    paths: tuple[str, ...]
    replacement: str
    source: str
    parameters: Mapping[str, Fate] = field(repr=False)
    answer: Mapping[str, Fate] = field(repr=False)
    translation: Callable[..., Translation] = field(repr=False)
    function: Callable[..., Answer] = field(repr=False)
    awaitable: Callable[..., Awaitable[Answer]] = field(repr=False)

    @property
    def address(self) -> str:
        """Where MIGRATION.md says how to leave this call."""
        return section(self.code)


ENDPOINTS: dict[str, Endpoint] = {}
"""Every offline call there is, by function name, in the order of their codes."""


def section(code: str) -> str:
    """Return the address of a code's section in MIGRATION.md, which the package carries."""
    return f"MIGRATION.md#{code.lower()}"


def _object_api(_settings: Settings) -> str:
    return "object"


def offline(  # noqa: PLR0913 - a declaration says everything, and says it by name.
    *,
    code: str,
    title: str,
    paths: tuple[str, ...],
    replacement: str,
    source: str,
    parameters: Mapping[str, Fate],
    answer: Mapping[str, Fate],
    mode: Callable[[Settings], str] = _object_api,
) -> Callable[[Callable[P, Translation]], Callable[P, Answer]]:
    """Declare an offline call; see `Endpoint` for the arguments.

    The fates of credentials and envelope are the same for all and need not be repeated. `mode`
    says which way the call goes under given settings, as the notices are to say it.

    The decorated function takes the documented parameters, `corpAccessToken` and `corpId` first
    and `thirdTraceId` among them, and is a translation (`shim.routing.flow`). Token, corpId,
    thirdTraceId and currentOpenUserId have been checked when it runs; it checks the rest and may
    raise `checks.Refused`.
    """

    def declare(translation: Callable[P, Translation]) -> Callable[P, Answer]:
        name = translation.__name__
        notice = Notice(code, name, replacement, section(code), partial(_notice_context, mode))
        prepare = partial(_Run, code, name, mode, translation, inspect.signature(translation))

        def function(*args: Any, **kwargs: Any) -> Answer:
            # Imported here and in `open_session`: what talks to the network is not needed before.
            from shim.routing import drivers  # noqa: PLC0415

            run = prepare(args, kwargs)
            return run.finish(drivers.walk(run.flow(), run.open_session))

        async def awaitable(*args: Any, **kwargs: Any) -> Answer:
            from shim.routing import drivers  # noqa: PLC0415

            run = prepare(args, kwargs)
            return run.finish(await drivers.awalk(run.flow(), run.open_session))

        door = notices.noticed(_dressed(function, translation), notice)
        twin = notices.noticed_async(_dressed(awaitable, translation, "shim.aio"), notice)
        ENDPOINTS[name] = Endpoint(
            code,
            name,
            title,
            paths,
            replacement,
            source,
            {**CREDENTIALS, **parameters},
            {**ENVELOPE, **answer},
            translation,
            door,
            twin,
        )
        # Whatever order the modules are imported in.
        in_order = sorted(ENDPOINTS.values(), key=lambda one: one.code)
        ENDPOINTS.clear()
        ENDPOINTS.update({one.name: one for one in in_order})
        return door

    return declare


class _Run:
    """One call on its way through: its arguments, its session, its books."""

    def __init__(  # noqa: PLR0913, PLR0917 - what `declare` knows, and what the caller gave.
        self,
        code: str,
        name: str,
        mode: Callable[[Settings], str],
        translation: Callable[..., Translation],
        signature: inspect.Signature,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> None:
        self._code = code
        self._name = name
        self._translation = translation
        # A parameter left out is a bad argument like any other, and answered as one; a name that
        # the call never had is a mistake in the program, and Python's own TypeError says so.
        given = signature.bind_partial(*args, **kwargs).arguments
        self._arguments: dict[str, Any] = {
            parameter: given.get(parameter) for parameter in signature.parameters
        }
        self._session: Session | None = None
        self._settings: Settings = settings_module.current()
        self._mode = mode(self._settings)
        self._started = time.monotonic()

    def flow(self) -> Translation:
        """Return the translation of this call, or of its refusal."""
        try:
            arguments = dict(self._arguments)
            arguments["corpAccessToken"] = checks.token(arguments["corpAccessToken"])
            arguments["corpId"] = checks.corp_id(arguments["corpId"])
            arguments["thirdTraceId"] = checks.third_trace_id(arguments["thirdTraceId"])
            if "currentOpenUserId" in arguments:
                arguments["currentOpenUserId"] = checks.acting(arguments["currentOpenUserId"])
            self._arguments = arguments
            return (yield from self._translation(**arguments))
        except checks.Refused as refused:
            return refusal(refused.code, refused.text)

    def open_session(self) -> Session:
        """Return the session of this call; its arguments have been checked by now."""
        from shim.objectapi.session import Session  # noqa: PLC0415

        self._session = Session(
            self._settings,
            token=self._arguments["corpAccessToken"],
            corp_id=self._arguments["corpId"],
            acting=self._arguments.get("currentOpenUserId"),
            third_trace_id=self._arguments["thirdTraceId"],
        )
        return self._session

    def finish(self, answer: Answer) -> Answer:
        """Close the books: hang them on the answer and tell the log."""
        states = [outcome.state for outcome in answer.outcomes]
        traces = [answer["traceId"]]
        if self._session is not None:
            answer.api_calls = dict(self._session.api_calls)
            traces += self._session.trace_ids
        if answer.dropped:
            notices.emit(
                OfflineFieldsDropped(
                    code=self._code, function=self._name, parameters=answer.dropped
                )
            )
        notices.emit(
            OfflineCallFinished(
                code=self._code,
                function=self._name,
                mode=self._mode,
                members=len(states),
                changed=states.count("changed"),
                unchanged=states.count("unchanged"),
                failed=states.count("failed"),
                accepted=states.count("accepted"),
                api_calls=dict(answer.api_calls),
                seconds=round(time.monotonic() - self._started, 3),
                error_code=answer["errorCode"],
                trace_ids=tuple(dict.fromkeys(traces))[:_TRACE_IDS_LOGGED],
            )
        )
        return answer


def _notice_context(mode: Callable[[Settings], str]) -> NoticeContext:
    settings = settings_module.current()
    return NoticeContext(
        action=settings.notices, mode=mode(settings), look_through=settings.look_through
    )


def _dressed(function: Any, translation: Callable[..., Any], module: str | None = None) -> Any:
    """Give `function` the name, the documentation and the signature of the documented call."""
    signature = inspect.signature(translation)
    function.__name__ = function.__qualname__ = translation.__name__
    function.__module__ = module or translation.__module__
    function.__doc__ = translation.__doc__
    function.__signature__ = signature.replace(return_annotation="Answer")
    function.__annotations__ = {**translation.__annotations__, "return": "Answer"}
    return function


settings_module.watch(notices.policy_changed)
