"""Mode `shadow`: the old call, and shadow reads of what the object API would have answered.

The translation runs with the old call in the place of its writes, so that it reads before and
after. Its own writes are never sent, and the caller always gets the old call's answer. The two
answers are compared by paths; no value of them is logged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Generic

from shim.objectapi.calls import Reply, local_trace_id
from shim.objectapi.codes import TRANSIENT, Code
from shim.offline import checks
from shim.scheduler.steps import Pause, Steps, T, handled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shim._endpoint import Fate
    from shim.objectapi.calls import Call

# A shadow read answered with one of these has seen nothing: it is transient, or a token is renewed.
_BLIND = TRANSIENT | {Code.TOKEN_EXPIRED}


@dataclass(frozen=True, slots=True)
class Shadowed(Generic[T]):
    """The results of a call and of its shadow.

    Attributes:
        actual: What the old call has returned.
        predicted: What the translation would have returned; None if it did not get that far.
        reason: Why it did not; else empty.
        seconds: How long the shadow reads took.
    """

    actual: T
    predicted: T | None
    reason: str
    seconds: float


def shadowed(
    translation: Steps[T], legacy: Steps[T], seconds: float, clock: Callable[[], float]
) -> Steps[Shadowed[T]]:
    """Make the old call, and run the translation beside it.

    Args:
        translation: What is compared; none of its calls that write is sent.
        legacy: The old call. A generator runs once, so it cannot be made twice.
        seconds: How long the shadow reads may take in all.
        clock: Gives the seconds.
    """
    shadow = _Shadow(legacy, seconds, clock)
    predicted, reason = None, ""
    try:
        predicted = yield from handled(translation, shadow.perform)
    except _Blind as blind:
        reason = str(blind)
    except Exception as error:
        # Swallow errors of the shadow. Re-raise errors of the old call.
        if shadow.begun and not shadow.made:
            raise
        reason = type(error).__name__
    yield from shadow.make()
    return Shadowed(shadow.made[0], predicted, reason, shadow.spent)


class _Blind(Exception):  # noqa: N818 - no error: the shadow has no result.
    """Nothing can be predicted; the text says why."""


class _Shadow(Generic[T]):
    def __init__(self, legacy: Steps[T], seconds: float, clock: Callable[[], float]) -> None:
        self._legacy = legacy
        self._seconds = seconds
        self._clock = clock
        self.spent = 0.0
        self.begun = False
        self.made: list[T] = []

    def make(self) -> Steps[None]:
        """Make the old call, unless it has been made."""
        if not self.begun:
            self.begun = True
            self.made.append((yield from self._legacy))

    def perform(self, step: Sequence[Call] | Pause) -> Steps[Sequence[Reply]]:
        """Perform a step of the translation, with the old call in the place of its writes."""
        if isinstance(step, Pause):
            self._seconds_left(step.seconds)
            self.spent += step.seconds
            yield step
            return ()
        if any(call.writes for call in step):
            yield from self.make()
        reads = [call for call in step if not call.writes]
        seen = iter((yield from self._read(reads)) if reads else ())
        return [Reply(Code.OK, local_trace_id()) if call.writes else next(seen) for call in step]

    def _read(self, reads: Sequence[Call]) -> Steps[Sequence[Reply]]:
        started = self._clock()
        until = started + self._seconds_left(0.0)
        replies = yield [replace(call, aside_until=until) for call in reads]
        self.spent += self._clock() - started
        for call, reply in zip(reads, replies, strict=True):
            if not reply.reached or reply.code in _BLIND:
                msg = f"errorCode {int(reply.code)} of {call.path}"
                raise _Blind(msg)
        return replies

    def _seconds_left(self, needed: float) -> float:
        left = self._seconds - self.spent - needed
        if left <= 0:
            msg = f"the shadow reads took longer than {self._seconds:g} s (shadow_seconds)"
            raise _Blind(msg)
        return left


_TEXTS: Final = frozenset({"traceId", "errorMessage", "errorDescription"})
_IDS: Final = ("openUserId", "departmentId", "id", "_id", "objectDataId")
_PATHS_AT_MOST: Final = 20
# The code of a bad parameter differs between the two APIs.
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
    as good as left out. If the error codes differ, or both are errors, nothing else is compared.

    Args:
        old: The old service's answer.
        new: The answer given in its place.
        fates: The fate of each answer field.
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
    # A field that is not documented is not promised, except below a field that is passed on whole.
    return not any(path.startswith((f"{name}.", f"{name}[]")) for name in fates)


def _differing(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            name = checks.loggable(key)
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
    """Whether each of these rows differs from the others in this field."""
    if not all(isinstance(row, Mapping) and row.get(name) is not None for row in rows):
        return False
    return len({str(row[name]) for row in rows}) == len(rows)


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
