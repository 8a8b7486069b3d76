"""Fxiaoke's deprecated offline API, called as ever and answered through the object API.

    from shim import set_member_status_batch

    answer = set_member_status_batch(corpAccessToken, corpId, openUserIds, status)

Every function takes the documented parameters and returns the documented dict; `shim.aio` has
the same functions to await. `shim.configure(...)` sets who acts and how calls are made.
"""

from shim import aio
from shim.notices import (
    NoticeHook,
    NoticeHookFactory,
    OfflineAPIDeprecationWarning,
    get_notice_hooks,
    set_notice_hooks,
)
from shim.offline import Answer, Outcome, set_member_status_batch
from shim.settings import ConfigurationError, configure

__all__ = [
    "Answer",
    "ConfigurationError",
    "NoticeHook",
    "NoticeHookFactory",
    "OfflineAPIDeprecationWarning",
    "Outcome",
    "aio",
    "configure",
    "get_notice_hooks",
    "set_member_status_batch",
    "set_notice_hooks",
]
