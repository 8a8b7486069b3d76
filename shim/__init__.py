"""Fxiaoke's deprecated offline API, called as ever and answered through the object API.

    from shim import set_member_status_batch

    answer = set_member_status_batch(corpAccessToken, corpId, openUserIds, status)

Every function takes the documented parameters and returns the documented dict; `shim.aio` has
the same functions to await. `shim.configure(...)` sets who acts and how calls are made.

Type checkers and editors read `__init__.pyi`, which `make derived` writes from the declarations.

PYTEST_DONT_REWRITE: with that word pytest accepts that a program imports this before it starts
pytest, which otherwise warns; this package brings a plugin.
"""

from __future__ import annotations

from typing import Any

from shim import aio, notices, settings
from shim._functions import function
from shim._version import __version__
from shim.bulk import set_member_status_many
from shim.notices import (
    NoticeHook,
    NoticeHookFactory,
    OfflineAPIDeprecationWarning,
    get_notice_hooks,
    set_notice_hooks,
)
from shim.offline import ENDPOINTS, Answer, Outcome, PlannedWrite
from shim.settings import ConfigurationError, configure, using

globals().update({name: function(endpoint) for name, endpoint in ENDPOINTS.items()})


def __getattr__(name: str) -> Any:
    """Return `Settings`, which needs pydantic, or the function of a call declared later."""
    if name == "Settings":
        from shim.settings.model import Settings

        return Settings
    if name not in ENDPOINTS:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return function(ENDPOINTS[name])


def _is_ignored() -> bool:
    return bool(settings.foreseen("notices") == "ignore")


def _watch_policy() -> notices.WatchPolicy:
    try:
        now = settings.current()
    except ConfigurationError:
        # Reported by the first offline call. A client of something else goes on.
        return notices.WatchPolicy()
    return notices.WatchPolicy(now.notices, now.look_through, now.summary_seconds)


notices.watch_by(_watch_policy)
# When all the rest is there, for handlers of logging may run any code.
notices.begin(__version__, _is_ignored)

__all__ = [
    "Answer",
    "ConfigurationError",
    "NoticeHook",
    "NoticeHookFactory",
    "OfflineAPIDeprecationWarning",
    "Outcome",
    "PlannedWrite",
    "Settings",  # pyright: ignore[reportUnsupportedDunderAll]
    "aio",
    "configure",
    "get_notice_hooks",
    "set_member_status_many",
    "set_notice_hooks",
    "using",
]
__all__ += list(ENDPOINTS)  # pyright: ignore[reportUnsupportedDunderAll]
