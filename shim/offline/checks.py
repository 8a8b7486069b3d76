"""Arguments as the vendor would judge them, before anything is sent.

Each check returns the clean value or raises `Refused` with the code that the real service has
for it. No text repeats an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shim.objectapi.codes import Code


class Refused(Exception):  # noqa: N818 - raised to be answered, not to fail.
    """An argument will not do; becomes an answer of the old shape."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def token(value: Any) -> str:
    """Return a usable corpAccessToken."""
    if _nothing(value):
        raise Refused(Code.NO_TOKEN, "corpAccessToken is missing")
    return _text(value, Code.BAD_TOKEN, "corpAccessToken is not a string")


def corp_id(value: Any) -> str:
    """Return a usable corpId."""
    if _nothing(value):
        raise Refused(Code.NO_CORP_ID, "corpId is missing")
    return _text(value, Code.BAD_CORP_ID, "corpId is not a string")


def open_user_ids(value: Any) -> list[str]:
    """Return the ids as a list, in the order given and with its duplicates."""
    if _nothing(value):
        raise Refused(Code.NO_OPEN_USER_ID, "openUserIds is missing")
    if isinstance(value, (str, bytes, bytearray, Mapping)) or not isinstance(value, Iterable):
        raise Refused(Code.BAD_OPEN_USER_ID, "openUserIds is not a list of ids")
    ids: list[str] = []
    try:
        ids.extend(_open_user_id(one) for one in value)
    except Refused:
        raise
    except Exception:  # noqa: BLE001 - whatever a stranger's iterator raises, it holds no ids.
        raise Refused(Code.BAD_OPEN_USER_ID, "openUserIds cannot be read to its end") from None
    if not ids:
        raise Refused(Code.NO_OPEN_USER_ID, "openUserIds is empty")
    return ids


def status(value: Any) -> int:
    """Return the offline status, 1 (disabled) or 2 (enabled); booleans are not numbers here."""
    if isinstance(value, str) and str.__str__(value) in {"1", "2"}:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value in {1, 2}:
        return int(value)
    raise Refused(Code.BAD_PARAMETER, "status is neither 1 (disabled) nor 2 (enabled)")


def third_trace_id(value: Any) -> str | None:
    """Return the caller's thirdTraceId, or None where there is none."""
    if _nothing(value):
        return None
    return _text(value, Code.BAD_PARAMETER, "thirdTraceId is not a string")


def _open_user_id(value: Any) -> str:
    text = "openUserIds holds something that is not an id (a non-empty string)"
    if _nothing(value):
        raise Refused(Code.BAD_OPEN_USER_ID, text)
    return _text(value, Code.BAD_OPEN_USER_ID, text)


def _nothing(value: Any) -> bool:
    return value is None or (isinstance(value, (str, bytes)) and not value)


def _text(value: Any, code: Code, text: str) -> str:
    if not isinstance(value, str):
        raise Refused(code, text)
    # A plain str, whatever subclass came: an Enum member, say, formats as its name.
    plain = str.__str__(value)
    try:
        plain.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair; no JSON on the wire can carry it.
        raise Refused(code, f"{text}: it is not valid Unicode") from None
    return plain
