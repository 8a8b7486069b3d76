"""Notices: count who still calls the deprecated offline API, and log it.

Any package may put a door on a function (`Notice`, `noticed`, `noticed_async`), count a caller that
is no frame (`Notice.counted`), or log an event (`emit`, with events of its own). This package knows
none of the others: what it needs of the settings comes as a `NoticeContext`.

For users: `watch(client)` does the same for what other servers announce of their addresses.

A call in steady state costs well under a microsecond, and every call is counted, whatever the
action. No value of an argument is ever read, kept or logged.
"""

from __future__ import annotations

from shim.notices._doors import noticed, noticed_async
from shim.notices._events import (
    BulkRunFinished,
    DeprecatedAnswerReceived,
    DeprecatedAnswersSummarized,
    LoggerDisabled,
    NoticeEvent,
    NoticeHookFailed,
    NoticesIgnored,
    OfflineAPICalled,
    OfflineCallFellBack,
    OfflineCallFinished,
    OfflineFieldsDropped,
    OfflineUsageSummarized,
    ProcessEnded,
    ProcessStarted,
    QuotaStoreLost,
    QuotaStoreRecovered,
    SettingsFileRead,
    SettingsFileRefused,
    ShadowCompared,
    UndocumentedParametersGiven,
    name_service,
)
from shim.notices._frames import Caller
from shim.notices._hooks import (
    NoticeHook,
    NoticeHookFactory,
    emit,
    get_notice_hooks,
    is_logged,
    set_notice_hooks,
)
from shim.notices._leaving import announce, before_the_end, begin, summarize_now_and_then
from shim.notices._notice import Notice, OfflineAPIDeprecationWarning
from shim.notices._sites import (
    SITES_AT_MOST,
    NoticeAction,
    NoticeContext,
    Site,
    SiteUsage,
    forget,
    policy_changed,
    usage,
)
from shim.notices._watch import ServerDeprecationWarning, WatchPolicy, watch, watch_by

__all__ = [
    "SITES_AT_MOST",
    "BulkRunFinished",
    "Caller",
    "DeprecatedAnswerReceived",
    "DeprecatedAnswersSummarized",
    "LoggerDisabled",
    "Notice",
    "NoticeAction",
    "NoticeContext",
    "NoticeEvent",
    "NoticeHook",
    "NoticeHookFactory",
    "NoticeHookFailed",
    "NoticesIgnored",
    "OfflineAPICalled",
    "OfflineAPIDeprecationWarning",
    "OfflineCallFellBack",
    "OfflineCallFinished",
    "OfflineFieldsDropped",
    "OfflineUsageSummarized",
    "ProcessEnded",
    "ProcessStarted",
    "QuotaStoreLost",
    "QuotaStoreRecovered",
    "ServerDeprecationWarning",
    "SettingsFileRead",
    "SettingsFileRefused",
    "ShadowCompared",
    "Site",
    "SiteUsage",
    "UndocumentedParametersGiven",
    "WatchPolicy",
    "announce",
    "before_the_end",
    "begin",
    "emit",
    "forget",
    "get_notice_hooks",
    "is_logged",
    "name_service",
    "noticed",
    "noticed_async",
    "policy_changed",
    "set_notice_hooks",
    "summarize_now_and_then",
    "usage",
    "watch",
    "watch_by",
]
