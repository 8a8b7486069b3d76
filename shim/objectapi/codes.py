"""The vendor's error codes that something here depends on.

Source: the official error code table, as transcribed in grade B of the contract.
"""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """`errorCode` of an answer; 0 is success."""

    OK = 0
    BUSY = -1
    SYSTEM_ERROR = -2
    UNKNOWN_PATH = 10006
    NO_OPEN_USER_ID = 10010
    NO_TOKEN = 10013
    NO_CORP_ID = 10014
    BAD_OPEN_USER_ID = 11008
    BAD_DEPARTMENT_ID = 11009
    BAD_TOKEN = 11014
    BAD_CORP_ID = 11015
    THROTTLED = 14001
    BAD_PARAMETER = 15002
    NO_ACCESS = 15003
    USER_NOT_FOUND = 20012
    MAY_NOT_READ = 20014
    TOKEN_EXPIRED = 20016
    APP_DISABLED = 20021
    APP_NOT_AUTHORISED = 20022
    DAILY_QUOTA_USED = 30002
    NO_QUOTA = 30003
    THROTTLED_TOO = 30004
    DEPARTMENT_NOT_FOUND = 30007
    BAD_PARAMETER_TOO = 32000
    TIMEOUT = 50009


TRANSIENT = frozenset({Code.BUSY, Code.TIMEOUT, Code.THROTTLED, Code.THROTTLED_TOO})
"""Transient: calls are retried after these (grade B)."""

FATAL = frozenset(
    {
        Code.DAILY_QUOTA_USED,
        Code.NO_QUOTA,
        Code.APP_DISABLED,
        Code.APP_NOT_AUTHORISED,
        Code.NO_ACCESS,
    }
)
"""Fatal for this call and all others of the same run (grade B)."""

BAD_PARAMETERS = frozenset({Code.BAD_PARAMETER, Code.BAD_PARAMETER_TOO})
"""What an unknown field, among other things, is answered with (grade C)."""

UNCERTAIN = frozenset({Code.BUSY, Code.SYSTEM_ERROR, Code.TIMEOUT})
"""After one of these a write may or may not have happened; only reading back shows which."""
