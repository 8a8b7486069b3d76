"""One endpoint is one declaration: `@offline(…)` turns a translation into everything else.

The decorated generator is the only thing written by hand for an endpoint. From it come the
function people call, its awaitable twin, and the `Endpoint` from which tables, stubs and tools
are derived.
"""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, ParamSpec

from shim import notices
from shim import settings as settings_module
from shim.notices import Notice, NoticeContext, SettingsFileRead, SettingsFileRefused
from shim.offline.answer import A, shaped
from shim.offline.declaration import ENDPOINTS, Declaration, Endpoint, Translation
from shim.offline.fates import CREDENTIALS, ENVELOPE
from shim.offline.run import Run
from shim.scheduler.loading import load
from shim.settings import ConfigurationError
from shim.settings.names import SERVICE_AT_MOST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shim.notices import Site
    from shim.offline.fates import Fate

P = ParamSpec("P")

__all__ = ["ENDPOINTS", "Endpoint", "Translation", "offline"]


def offline(  # noqa: PLR0913 - a declaration says everything, and says it by name.
    *,
    code: str,
    title: str,
    paths: tuple[str, ...],
    writes: bool,
    replacement: str,
    instead: str,
    source: str,
    parameters: Mapping[str, Fate],
    answer: Mapping[str, Fate],
    returns: type[A],
    method: str = "POST",
    kind: Literal["translated", "preset", "erp"] = "translated",
    nameless: Literal["raise", "legacy"] = "raise",
) -> Callable[[Callable[P, Translation]], Callable[P, A]]:
    """Declare an offline call; see `Declaration` for the arguments.

    The fates of credentials and envelope are the same for all and need not be repeated.

    The decorated function takes the documented parameters, `corpAccessToken` and `corpId` first
    and `thirdTraceId` among them, and is a translation (`shim.scheduler.steps`). Token, corpId,
    thirdTraceId and currentOpenUserId have been checked when it runs; it checks the rest and may
    raise `checks.Refused`. The settings are those of its first step.
    """

    def declare(translation: Callable[P, Translation]) -> Callable[P, A]:
        declared = Declaration(
            code=code,
            name=translation.__name__,
            title=title,
            paths=paths,
            method=method,
            writes=writes,
            replacement=replacement,
            instead=instead,
            source=source,
            parameters={**CREDENTIALS, **parameters},
            answer={**ENVELOPE, **answer},
            kind=kind,
            nameless=nameless,
            translation=translation,
            returns=returns,
        )
        notice = Notice(
            code, declared.name, replacement, declared.address, partial(_context, declared)
        )

        def function(site: Site, /, *args: Any, **kwargs: Any) -> A:
            load()
            run = Run(declared, site, args, kwargs)
            # Imported here and below: what talks to the network is not needed before.
            from shim.scheduler import drivers  # noqa: PLC0415

            try:
                answer = drivers.walk(run.flow(), run.open_session)
            except ConfigurationError as error:
                # The text says it all; where in here it was found says nothing to the caller.
                raise error.with_traceback(None) from None
            return shaped(run.finish(answer), returns)

        async def awaitable(site: Site, /, *args: Any, **kwargs: Any) -> A:
            load()
            run = Run(declared, site, args, kwargs)
            from shim.scheduler import drivers  # noqa: PLC0415

            try:
                answer = await drivers.awalk(run.flow(), run.open_session)
            except ConfigurationError as error:
                raise error.with_traceback(None) from None
            return shaped(run.finish(answer), returns)

        door = notices.noticed(_dressed(function, declared), notice, sited=True)
        twin = notices.noticed_async(_dressed(awaitable, declared, "shim.aio"), notice, sited=True)
        said = {one.name: getattr(declared, one.name) for one in fields(Declaration)}
        ENDPOINTS[declared.name] = Endpoint(**said, function=door, awaitable=twin)
        # Whatever order the modules are imported in.
        in_order = sorted(ENDPOINTS.values(), key=lambda one: one.code)
        ENDPOINTS.clear()
        ENDPOINTS.update({one.name: one for one in in_order})
        settings_module.FUNCTIONS.add(declared.name)
        return door

    return declare


def _context(declared: Declaration) -> NoticeContext:
    load()
    from shim.modes.choice import outlook  # noqa: PLC0415 - needs the settings' model.

    now = settings_module.current()
    mode = declared.said(outlook(now, declared.name), now)
    return NoticeContext(action=now.notices, mode=mode, look_through=now.look_through)


def _dressed(function: Any, declared: Declaration, module: str | None = None) -> Any:
    """Give `function` the name, the documentation and the signature of the documented call."""
    translation = declared.translation
    function.__name__ = function.__qualname__ = declared.name
    function.__module__ = module or translation.__module__
    function.__doc__ = translation.__doc__
    returns = declared.returns.__name__
    function.__signature__ = declared.signature.replace(return_annotation=returns)
    function.__annotations__ = {**translation.__annotations__, "return": returns}
    return function


def _file_changed(wrong: str, ignored: tuple[str, ...]) -> None:
    notices.emit(SettingsFileRefused(reason=wrong) if wrong else SettingsFileRead(ignored=ignored))


def _service() -> str | None:
    named: object = settings_module.foreseen("service")
    # Unchecked, if no call has read the settings yet.
    return named[:SERVICE_AT_MOST].strip() if isinstance(named, str) else None


def _announce() -> None:
    # After `reset()`, the next call does.
    if settings_module.are_read():
        notices.announce()


notices.name_service(_service)
settings_module.watch(notices.policy_changed)
settings_module.watch(_announce)
settings_module.watch_file(_file_changed)
