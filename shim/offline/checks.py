"""Arguments as the vendor would judge them, before anything is sent.

Each check returns the clean value or raises `Refused` with the code that the real service has
for it. No text repeats an argument.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, TypeVar

from shim.objectapi.codes import Code

if TYPE_CHECKING:
    from shim.settings.model import Settings

R = TypeVar("R")

_NAME: Final = re.compile(r"[A-Za-z_]\w{0,60}", re.ASCII)
_OTHER: Final = "*"
_NAMES_AT_MOST: Final = 20
# openUserId for openUserIds is near, currentOpenUserId is not.
_NEAR: Final = 0.75
_LONG = 2**63 - 1
_DEEPEST = 100
# What a double holds; Python refuses to print numbers that are much longer.
_MOST_BITS = 1024


# Separators and controls, and letters and marks that show as nothing (default ignorable).
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_IGNORABLE = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)


class Refused(Exception):  # noqa: N818 - raised to be answered, not to fail.
    """An argument will not do; becomes an answer of the old shape."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


_PLAIN = frozenset({str, int, float, bool, type(None), list, tuple, dict})


class _Unreadable:
    """Stands for an argument whose own code fails when it is looked at."""


def readable(value: Any) -> Any:
    """Return an argument in a form that runs no code of the caller's when it is checked.

    Subclasses of text, numbers, lists and objects become what they hold. Anything else stays as it
    is, unless it cannot even be asked for its type: that is no usable argument, and refused as one.
    """
    if type(value) in _PLAIN:
        return value
    try:
        for base, plain_value in _HOLDS.items():
            if issubclass(type(value), base):
                return plain_value(value)
        isinstance(value, (Iterable, Mapping, str))
    except Exception:  # noqa: BLE001 - a class of the caller's may raise anything.
        return _Unreadable()
    return value


_HOLDS: dict[type, Callable[[Any], Any]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    list: lambda value: list(list.__iter__(value)),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
}


def token(value: Any) -> str:
    """Return a usable corpAccessToken."""
    if missing(value):
        raise Refused(Code.NO_TOKEN, "corpAccessToken is missing")
    return _text(value, Code.BAD_TOKEN, "corpAccessToken is not a string")


def corp_id(value: Any) -> str:
    """Return a usable corpId."""
    if missing(value):
        raise Refused(Code.NO_CORP_ID, "corpId is missing")
    return _text(value, Code.BAD_CORP_ID, "corpId is not a string")


def open_user_ids(value: Any) -> list[str]:
    """Return the ids as a list, in the order given and with its duplicates."""
    if missing(value):
        raise Refused(Code.NO_OPEN_USER_ID, "openUserIds is missing")
    if isinstance(value, (str, bytes, bytearray, Mapping)) or not isinstance(value, Iterable):
        raise Refused(Code.BAD_OPEN_USER_ID, "openUserIds is not a list of ids")
    ids: list[str] = []
    try:
        ids.extend(_one_of_the_ids(one, place) for place, one in enumerate(value, 1))
    except Refused:
        raise
    except Exception:  # noqa: BLE001 - whatever a third-party iterator raises, it holds no ids.
        raise Refused(Code.BAD_OPEN_USER_ID, "openUserIds cannot be read to its end") from None
    if not ids:
        raise Refused(Code.NO_OPEN_USER_ID, "openUserIds is empty")
    return ids


def acting(value: Any) -> str | None:
    """Return the caller's currentOpenUserId, or None where the setting is to decide."""
    if missing(value):
        return None
    return _id(value, "currentOpenUserId", "currentOpenUserId is not a string")


def open_user_id(value: Any, name: str = "openUserId") -> str:
    """Return one usable openUserId."""
    if missing(value):
        raise Refused(Code.NO_OPEN_USER_ID, f"{name} is missing")
    return _id(value, name, f"{name} is not a string")


def invisible(value: str) -> str:
    """Return where an id holds a character that does not show, or "" if it holds none.

    Such ids come from files and chats; they look right, and no member has them. The character is
    named by its code point; the id is not repeated.
    """
    for place, one in enumerate(value, 1):
        if unicodedata.category(one) in _UNSEEN or _IGNORABLE.match(one):
            return f"U+{ord(one):04X} as character {place}, which does not show: take it out"
    return ""


def department_id(value: Any, name: str = "departmentId") -> str:
    """Return a departmentId as the object API has it, a string."""
    if not _is_int(value) or not 0 <= value <= _LONG:
        raise Refused(Code.BAD_DEPARTMENT_ID, f"{name} is missing or not a whole number")
    return str(int(value))


def department_ids(value: Any, name: str, *, most: int) -> list[str]:
    """Return departmentIds as the object API has them."""
    if not isinstance(value, (list, tuple)):
        raise Refused(Code.BAD_DEPARTMENT_ID, f"{name} is not a list")
    if len(value) > most:
        raise Refused(Code.BAD_PARAMETER, f"{name} has more than {most} entries")
    return [department_id(one, f"{name}[]") for one in value]


def table(
    value: Any, name: str, known: Collection[str], *, drop: bool = False
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what is given in a nested object; None is as good as left out.

    What is not documented is refused: the service ignores it (C), and an update that loses part of
    what it was asked to write would be a false success.

    Args:
        value: The object.
        name: Its name.
        known: The documented names.
        drop: Leave out what is not documented instead of refusing it.

    Returns:
        What is documented, and the names of what was left out.
    """
    given = {key: item for key, item in json_object(value, name).items() if item is not None}
    others = given.keys() - set(known)
    if others and not drop:
        # Not named: what is not documented may be anything, a person's data included.
        raise Refused(
            Code.BAD_PARAMETER,
            f"{name} holds something undocumented; documented are {', '.join(known)}; take it out, "
            'or set on_unmapped = "drop" to do without',
        )
    return {key: given[key] for key in given if key not in others}, logged_names(others)


def json_object(value: Any, name: str) -> dict[str, Any]:
    """Return a plain copy of a JSON object: what is checked is then what is sent.

    Refuses what JSON cannot carry, and what nests deeper than any documented body does.
    """
    if not isinstance(value, Mapping):
        raise Refused(Code.BAD_PARAMETER, f"{name} is missing or not an object")
    return _copied(_plain_object, value, name)


def text(value: Any, name: str, *, empty: bool = True) -> str:
    """Return a string parameter."""
    if not isinstance(value, str) or (not empty and not value):
        raise Refused(Code.BAD_PARAMETER, f"{name} is not a {'' if empty else 'non-empty '}string")
    return _text(value, Code.BAD_PARAMETER, f"{name} is not a string")


def whole_number(value: Any, name: str, *, least: int = 0, most: int = _LONG) -> int:
    """Return a number parameter; booleans are not numbers here."""
    if not _is_int(value) or not least <= value <= most:
        raise Refused(Code.BAD_PARAMETER, f"{name} is not a whole number from {least} to {most}")
    return int(value)


def flag(value: Any, name: str) -> bool:
    """Return a yes or no; None is no."""
    if value is not None and not isinstance(value, bool):
        raise Refused(Code.BAD_PARAMETER, f"{name} is neither true nor false")
    return bool(value)


def status(value: Any) -> int:
    """Return the offline status, 1 (disabled) or 2 (enabled); booleans are not numbers here."""
    if isinstance(value, str) and str.__str__(value) in {"1", "2"}:
        return int(value)
    if _is_int(value) and value in {1, 2}:
        return int(value)
    raise Refused(Code.BAD_PARAMETER, "status is neither 1 (disabled) nor 2 (enabled)")


def third_trace_id(value: Any) -> str | None:
    """Return the caller's thirdTraceId, or None where there is none."""
    if missing(value):
        return None
    return _text(value, Code.BAD_PARAMETER, "thirdTraceId is not a string")


def _one_of_the_ids(value: Any, place: int) -> str:
    text = "openUserIds holds something that is not an id (a non-empty string)"
    if missing(value):
        raise Refused(Code.BAD_OPEN_USER_ID, text)
    return _id(value, f"no. {place} of openUserIds", text)


def _id(value: Any, name: str, not_text: str) -> str:
    plain_id = _text(value, Code.BAD_OPEN_USER_ID, not_text)
    if found := invisible(plain_id):
        raise Refused(Code.BAD_OPEN_USER_ID, f"{name} holds {found}")
    return plain_id


def read(value: Iterable[Any], name: str) -> list[Any]:
    """Return a collection as a list."""
    try:
        return list(value)
    except Exception:  # noqa: BLE001 - whatever a third-party iterator raises.
        raise Refused(Code.BAD_PARAMETER, f"{name} cannot be read to its end") from None


def plain(value: Any, name: str) -> Any:
    """Return a plain copy of any JSON value."""
    return _copied(_plain, value, name)


def _copied(copy: Callable[[Any, str, int], R], value: Any, name: str) -> R:
    try:
        return copy(value, name, _DEEPEST)
    except Refused:
        raise
    except Exception:  # noqa: BLE001 - whatever a class of the caller's raises, it is no JSON.
        raise Refused(Code.BAD_PARAMETER, f"{name} cannot be read to its end") from None


def _plain_object(value: Mapping[Any, Any], name: str, depth: int) -> dict[str, Any]:
    return {
        _text(key, Code.BAD_PARAMETER, f"{name} holds a key that is not a string"): _plain(
            item, name, depth - 1
        )
        for key, item in value.items()
    }


def _plain(value: Any, name: str, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, Code.BAD_PARAMETER, f"{name} holds a string that cannot be sent")
    if isinstance(value, int) and value.bit_length() <= _MOST_BITS:
        return int.__int__(value)
    if isinstance(value, float) and math.isfinite(value):
        return float.__float__(value)
    if isinstance(value, Mapping) and depth:
        return _plain_object(value, name, depth)
    if isinstance(value, (list, tuple)) and depth:
        return [_plain(item, name, depth - 1) for item in value]
    raise Refused(
        Code.BAD_PARAMETER,
        f"{name} holds what JSON cannot carry: neither object, list, string, finite number, true, "
        f"false nor null, or something nested more than {_DEEPEST} deep",
    )


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def missing(value: Any) -> bool:
    """Whether nothing is given."""
    return value is None or (isinstance(value, (str, bytes)) and not value)


def missing_ids(value: Any) -> bool:
    """Whether no ids are given."""
    return missing(value) or (isinstance(value, (list, tuple)) and not value)


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


# Parameters that a call does not document: left out, logged by name, and looked at for a typo. The
# service ignores them, as public clients send them without harm (contract, section 2, grade C).
# Their names may be anything, so only what could be the name of a parameter is logged.


def loggable(name: object) -> str:
    """Return a name if it is an ASCII identifier of at most 61 characters, and else `*`."""
    return name if isinstance(name, str) and _NAME.fullmatch(name) else _OTHER


def logged_names(given: Iterable[object]) -> tuple[str, ...]:
    """Return names as they may be logged: at most 20, sorted, each once."""
    return tuple(sorted({loggable(one) for one in given}))[:_NAMES_AT_MOST]


def resembled(given: Iterable[str], missing: Collection[str]) -> dict[str, str]:
    """Return the undocumented names that resemble a documented one which was not given.

    Args:
        given: Undocumented names.
        missing: Documented names without a value.

    Returns:
        The documented name by the undocumented one. Case and underscores make no difference.
    """
    plain = {_without_case(name): name for name in missing}
    found: dict[str, str] = {}
    for name in logged_names(given):
        close = get_close_matches(_without_case(name), plain, n=1, cutoff=_NEAR)
        if close:
            found[name] = plain[close[0]]
    return found


def typo_hint(given: Iterable[str], arguments: Mapping[str, Any]) -> str:
    """Return what to add to the text of a refusal: which parameter was probably meant, or "".

    Args:
        given: Undocumented names.
        arguments: The documented parameters; those not given are None.
    """
    missing = [name for name, value in arguments.items() if value is None]
    return "".join(
        f"; {wrong} is not a parameter of this call: did you mean {right}?"
        for wrong, right in resembled(given, missing).items()
    )


def _without_case(name: str) -> str:
    return name.replace("_", "").casefold()


UNMAPPED = frozenset(
    {
        "account",
        "qq",
        "weixin",
        "attachingDepartmentIds",
        "hireDate",
        "birthDate",
        "startWorkDate",
        "department.order",
    }
)
"""Grade U: no source names a PersonnelObj or DepartmentObj field for any of these."""


def mapped(settings: Settings, given: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what can be passed on, and the names of what is dropped.

    Raises:
        Refused: Something has no field, and is not to be dropped.
    """
    lost = tuple(name for name in given if name in UNMAPPED and name not in settings.field_map)
    if lost and settings.on_unmapped == "refuse":
        raise Refused(
            Code.BAD_PARAMETER,
            f"no object field is known for {', '.join(lost)}: name yours in the setting field_map "
            '({"offline name": "field"}), or set on_unmapped = "drop" to do without',
        )
    return {name: value for name, value in given.items() if name not in lost}, lost
