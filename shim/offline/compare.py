"""Where two answers to one call differ: paths, never values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shim.objectapi.codes import Code
from shim.offline.undocumented import loggable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shim.offline.fates import Fate

_TEXTS: Final = frozenset({"traceId", "errorMessage", "errorDescription"})
_IDS: Final = ("openUserId", "departmentId", "id", "_id", "objectDataId")
_PATHS_AT_MOST: Final = 20
# The two APIs' words for a bad parameter.
_SAME_CODES: Final = {32000: int(Code.BAD_PARAMETER)}


@dataclass(frozen=True, slots=True)
class Differences:
    """Where two answers differ.

    Attributes:
        mismatches: Where they should not.
        expected: Where the loss report says that they do.
    """

    mismatches: tuple[str, ...]
    expected: tuple[str, ...]


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], fates: Mapping[str, Fate]
) -> Differences:
    """Compare the old answer and the new one.

    Texts and trace ids are not compared, the order of a list does not count, and what is empty is
    as good as left out. Where the error codes differ, nothing else is worth a word; nor where both
    are errors.

    Args:
        old: The old service's answer.
        new: The answer given in its place.
        fates: What becomes of each answer field.
    """
    if _code(old) != _code(new):
        return Differences(("errorCode",), ())
    if _code(new) != Code.OK:
        return Differences((), ())
    paths = dict.fromkeys(_differing(_facts(old), _facts(new), ""))
    expected = [path for path in paths if _is_lost(path, fates)]
    mismatches = [path for path in paths if path not in expected]
    return Differences(tuple(mismatches[:_PATHS_AT_MOST]), tuple(expected[:_PATHS_AT_MOST]))


def _code(answer: Mapping[str, Any]) -> Any:
    code = answer.get("errorCode")
    return _SAME_CODES.get(code, code) if isinstance(code, int) else code


def _facts(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in _TEXTS}


def _is_lost(path: str, fates: Mapping[str, Fate]) -> bool:
    # A list without ids differs as a whole: its path ends in `[]`, its fate is that of the field.
    fate = fates.get(path) or fates.get(path.removesuffix("[]"))
    if fate is not None:
        return fate.kind in {"defaulted", "dropped"}
    # What nobody documented is not promised; below a field that is passed on whole, it is.
    return not any(path.startswith((f"{name}.", f"{name}[]")) for name in fates)


def _differing(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            name = loggable(key)
            inner = f"{path}.{name}" if path else name
            yield from _differing(old.get(key), new.get(key), inner)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _differing_lists(old, new, f"{path}[]")
    elif not (_is_empty(old) and _is_empty(new)) and (old != new or type(old) is not type(new)):
        yield path


def _differing_lists(old: list[Any], new: list[Any], path: str) -> Iterator[str]:
    key = next((one for one in _IDS if _is_key(one, old) and _is_key(one, new)), None)
    if key is None:
        if sorted(map(repr, old)) != sorted(map(repr, new)):
            yield path
        return
    left = {str(one[key]): one for one in old}
    right = {str(one[key]): one for one in new}
    if left.keys() != right.keys():
        yield path
    for shared in left.keys() & right.keys():
        yield from _differing(left[shared], right[shared], path)


def _is_key(name: str, rows: list[Any]) -> bool:
    """Whether each of these rows can be told from the others by this field."""
    if not all(isinstance(row, Mapping) and row.get(name) is not None for row in rows):
        return False
    return len({str(row[name]) for row in rows}) == len(rows)


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
