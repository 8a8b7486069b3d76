"""Our events as a log has them: their names and fields, and when an event is complete."""

from __future__ import annotations

import re
from datetime import date
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from shim.usage._event_fields import WRITTEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Fields: TypeAlias = dict[str, Any]
"""The fields of an event by name; a complete one has `event`, `instance`, `at` and `service`."""

NOT_ASKED: Final = frozenset(
    {
        # Missing in version 0.1.
        "service",
        # A renderer may write a flag without a value.
        "overflow",
        "dry_run",
        # Renamed since version 0.1.
        "logger",
        "disabled",
        # Long, and not used here.
        "trace_ids",
        "trace_id",
        "trace_id_count",
    }
)
"""Fields that an event may lack."""

FIELDS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(written) - NOT_ASKED for name, written in WRITTEN.items()
}
"""The fields that each event must have, beside `instance` (in version 0.1 `process`) and `at`."""

FLAGS: Final = frozenset({"overflow", "dry_run"})
"""Fields that a renderer may write as a name without a value."""

LONGEST_TEXT: Final = 10_000
MOST: Final = 10**15
_AT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(\d{1,3})\d{0,6})?(?:Z|\+00:00)"
)
# No control characters, no character that stands for others, no half of a pair.
_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\ufffd\ud800-\udfff]*")
# An encoding without some letters writes `?` in their place; we write a backslash.
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\ufffd\ud800-\udfff?\\]*")
_FORMS: Final = {
    "instance": re.compile(r"\d{1,10}-[0-9a-z]{1,12}"),
    "code": re.compile(r"[A-Z]{2,4}\d{1,4}"),
    "function": re.compile(r"[a-z_][a-z0-9_]{0,99}"),
    "caller_module": _NAME,
    "caller_function": _NAME,
    "result": re.compile(r"match|mismatch|not_compared"),
}
_NUMBERS: Final = frozenset({"caller_line", "site", "calls", "sites"})
# Fields that are checked, and are equal in all events of a call site. Others must only be present.
_FIXED: Final = frozenset(
    {
        *("code", "function", "caller_file", "caller_line", "caller_module", "caller_function"),
        *("site", "mode", "replacement", "address", "result"),
    }
)
# Number of checked combinations that are kept, so that each is checked once.
_KEPT: Final = 50_000


class IncompleteEvent(Exception):  # noqa: N818 - counted, and no error of a caller.
    """A text names an event, but a field is missing or wrong; says which."""


class _EventKind:
    """What to check in one kind of event."""

    __slots__ = ("asked", "counts", "fixed", "fixed_of", "lists", "numbers")

    def __init__(self, name: str) -> None:
        self.asked = FIELDS[name] | {"event", "instance", "at"}
        self.lists = "mismatches" in self.asked
        self.counts = "calls" in self.asked
        self.numbers = tuple(sorted(self.asked & _NUMBERS))
        # Equal in all events of a call site.
        self.fixed = tuple(sorted({"event", "service", *self.asked & _FIXED}))
        self.fixed_of: Callable[[Fields], tuple[Any, ...]] = itemgetter(*self.fixed)


_KINDS: Final = {name: _EventKind(name) for name in FIELDS}


class Checker:
    """Checks whether events are complete."""

    def __init__(self) -> None:
        self._fixed: set[tuple[Any, ...]] = set()
        self._instances: set[str] = set()
        self._days: set[str] = set()

    def whole(self, fields: Fields) -> Fields:
        """Return a complete event, with its fields in the types that shim.notices gives them.

        Args:
            fields: The fields that were found, with `event`; numbers and lists may be texts.

        Raises:
            IncompleteEvent: A field is missing or wrong.
        """
        kind = _KINDS[fields["event"]]
        if "service" not in fields or not kind.asked <= fields.keys():
            fields = _of_version_0_1(fields, kind)
        if not self._is_known(fields, kind):
            fields = self._looked_at(fields, kind)
        at = fields["at"]
        written = _AT.fullmatch(at) if isinstance(at, str) else None
        if written is None or (written[1] not in self._days and not self._is_day(written[1])):
            name = "at"
            raise _wrong(name)
        if len(at) != _AT_LENGTH or written[2] is None:
            fields = {**fields, "at": f"{at[:19]}.{written[2] or '':0<3}Z"}
        return {**fields, "mismatches": _words(fields["mismatches"])} if kind.lists else fields

    def _is_known(self, fields: Fields, kind: _EventKind) -> bool:
        """Whether all fields but time and count were checked before."""
        try:
            known = fields["instance"] in self._instances and kind.fixed_of(fields) in self._fixed
        except TypeError:
            return False
        if known and kind.counts:
            calls = fields["calls"]
            return type(calls) is int and 0 <= calls < MOST
        return known

    def _looked_at(self, fields: Fields, kind: _EventKind) -> Fields:
        fields = {**fields, **{name: _number(name, fields[name]) for name in kind.numbers}}
        for name in ("instance", *kind.fixed):
            text = fields[name]
            if name not in _NUMBERS and not _is_text(text, _FORMS.get(name, _TEXT)):
                raise _wrong(name)
        if len(self._fixed) >= _KEPT:
            self._fixed.clear()
        self._fixed.add(kind.fixed_of(fields))
        self._instances.add(fields["instance"])
        return fields

    def _is_day(self, day: str) -> bool:
        try:
            date.fromisoformat(day)
        except ValueError:
            return False
        self._days.add(day)
        return True


_AT_LENGTH: Final = len("2026-11-01T00:00:00.000Z")


def _of_version_0_1(fields: Fields, kind: _EventKind) -> Fields:
    """Return an event of version 0.1 with the fields that it lacks, others unchanged."""
    if "instance" not in fields and "process" in fields:
        fields = {"service": "", **fields, "instance": fields["process"]}
    missing = min({*kind.asked, "service"} - fields.keys(), default="")
    if missing:
        raise _wrong(missing)
    return fields


def _wrong(name: str) -> IncompleteEvent:
    msg = f"names an event, but its field {name} is missing or wrong"
    return IncompleteEvent(msg)


def _is_text(text: Any, form: re.Pattern[str]) -> bool:
    return isinstance(text, str) and len(text) <= LONGEST_TEXT and form.fullmatch(text) is not None


def _number(name: str, given: Any) -> int:
    """Return a whole number, which may be given as text."""
    if type(given) is int and 0 <= given < MOST:
        return given
    # Not more digits than a number may have, since reading a long one takes long.
    if isinstance(given, str) and re.fullmatch(r"[0-9]{1,15}", given):
        return int(given)
    raise _wrong(name)


def _words(given: Any) -> tuple[str, ...]:
    """Return a list, which may be given as text: with commas, or as repr() writes it."""
    if isinstance(given, str):
        return tuple(one for one in re.split(r"[,\s'\"()]+", given.strip("[]")) if one)
    return tuple(str(one) for one in given) if isinstance(given, (list, tuple)) else ()


def is_time(text: str) -> bool:
    """Whether a text is a time in the form of events. Its day may not exist, as 30 February."""
    return len(text) == _AT_LENGTH and _AT.fullmatch(text) is not None


def same(fields: Fields) -> tuple[Any, ...]:
    """Return what identifies an event that a line holds twice, in two forms."""
    kind = _KINDS[fields["event"]]
    numbers = tuple(fields[name] for name in kind.numbers)
    return (
        *kind.fixed_of(fields),
        fields["instance"],
        fields["at"],
        *numbers,
        fields.get("mismatches"),
    )
