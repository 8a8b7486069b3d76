"""Our events as a log has them: their names and fields, and what a whole one is.

A second writing of shim.notices._events, which a test compares with the first: logs are read on
machines that have no program to read them of.
"""

from __future__ import annotations

import re
from datetime import date
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Told: TypeAlias = dict[str, Any]
"""A whole event: `event`, `instance`, `at`, `service` and the fields that this room uses."""

_SITE: Final = "code function caller_file caller_line caller_module caller_function"
_COUNT: Final = "members changed unchanged failed planned api_calls seconds"
FIELDS: Final[Mapping[str, str]] = {
    "shim.process_started": "version",
    "shim.process_ended": "version calls sites",
    "shim.notice_hook_failed": "error",
    "shim.logger_disabled": "",
    "shim.notices_ignored": "",
    "shim.offline_api_called": f"{_SITE} replacement address site calls calls_since mode",
    "shim.offline_call_finished": f"{_SITE} mode reason site calls {_COUNT} accepted error_code",
    "shim.offline_fields_dropped": "code function parameters",
    "shim.undocumented_parameters_given": f"{_SITE} site parameters resembles",
    "shim.shadow_compared": (
        f"{_SITE} result against mismatches expected predicted_error_code reason seconds"
    ),
    "shim.offline_call_fell_back": f"{_SITE} error_code",
    "shim.settings_file_refused": "reason",
    "shim.settings_file_read": "ignored",
    "shim.offline_usage_summarized": f"{_SITE} replacement address site calls mode",
    "shim.quota_store_lost": "action reason",
    "shim.quota_store_recovered": "seconds",
    "shim.bulk_run_finished": f"status {_COUNT}",
}
"""The fields that each event must have, beside `instance` (in version 0.1 `process`) and `at`."""

NOT_ASKED: Final = frozenset(
    {
        # Version 0.1 has none.
        "service",
        # A renderer may write a flag without a value.
        "overflow",
        "dry_run",
        # One thing by two names.
        "logger",
        "disabled",
        # Long, and of no use here.
        "trace_ids",
        "trace_id",
        "trace_id_count",
    }
)
"""Fields that an event may lack."""

FLAGS: Final = frozenset({"overflow", "dry_run"})
"""Fields that a renderer may write as a word without a value."""

LONGEST_TEXT: Final = 10_000
MOST: Final = 10**15
_AT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(\d{1,3})\d{0,6})?(?:Z|\+00:00)"
)
# No control characters, no character that stands for others, no half of a pair.
_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\ufffd\ud800-\udfff]*")
# `?` is what an encoding without the letters writes in their place, a backslash what we do.
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
# What is looked at in each, and is the same in all events of a call site; the rest has to be there.
_FIXED: Final = frozenset(
    {
        *("code", "function", "caller_file", "caller_line", "caller_module", "caller_function"),
        *("site", "mode", "replacement", "address", "result"),
    }
)
# How much that was looked at is remembered, so that it is looked at once.
_KEPT: Final = 50_000


class Unreadable(Exception):  # noqa: N818 - counted, not raised to anybody.
    """Something names an event and does not tell it whole; says in a word what is wrong."""


class _Kind:
    """What to look at in one kind of event."""

    __slots__ = ("asked", "counts", "fixed", "fixed_of", "lists", "numbers")

    def __init__(self, name: str) -> None:
        self.asked = frozenset({*FIELDS[name].split(), "event", "instance", "at"})
        self.lists = "mismatches" in self.asked
        self.counts = "calls" in self.asked
        self.numbers = tuple(sorted(self.asked & _NUMBERS))
        # What a call site says again and again.
        self.fixed = tuple(sorted({"event", "service", *self.asked & _FIXED}))
        self.fixed_of: Callable[[Told], tuple[Any, ...]] = itemgetter(*self.fixed)


_KINDS: Final = {name: _Kind(name) for name in FIELDS}


class Checker:
    """Tells whole events from others."""

    def __init__(self) -> None:
        self._fixed: set[tuple[Any, ...]] = set()
        self._instances: set[str] = set()
        self._days: set[str] = set()

    def whole(self, told: Told) -> Told:
        """Return an event of which `event` is the name, with its fields as they should be.

        Args:
            told: What was found; its numbers and lists may be texts.

        Raises:
            Unreadable: A field is missing or is not what it should be.
        """
        kind = _KINDS[told["event"]]
        if "service" not in told or not kind.asked <= told.keys():
            told = _of_version_0_1(told, kind)
        if not self._is_known(told, kind):
            told = self._looked_at(told, kind)
        at = told["at"]
        written = _AT.fullmatch(at) if isinstance(at, str) else None
        if written is None or (written[1] not in self._days and not self._is_day(written[1])):
            name = "at"
            raise _wrong(name)
        if len(at) != _AT_LENGTH or written[2] is None:
            told = {**told, "at": f"{at[:19]}.{written[2] or '':0<3}Z"}
        return {**told, "mismatches": _words(told["mismatches"])} if kind.lists else told

    def _is_known(self, told: Told, kind: _Kind) -> bool:
        """Whether all of it but its time and its count was looked at before."""
        try:
            known = told["instance"] in self._instances and kind.fixed_of(told) in self._fixed
        except TypeError:
            return False
        if known and kind.counts:
            calls = told["calls"]
            return type(calls) is int and 0 <= calls < MOST
        return known

    def _looked_at(self, told: Told, kind: _Kind) -> Told:
        told = {**told, **{name: _number(name, told[name]) for name in kind.numbers}}
        for name in ("instance", *kind.fixed):
            text = told[name]
            if name not in _NUMBERS and not _is_text(text, _FORMS.get(name, _TEXT)):
                raise _wrong(name)
        if len(self._fixed) >= _KEPT:
            self._fixed.clear()
        self._fixed.add(kind.fixed_of(told))
        self._instances.add(told["instance"])
        return told

    def _is_day(self, day: str) -> bool:
        try:
            date.fromisoformat(day)
        except ValueError:
            return False
        self._days.add(day)
        return True


_AT_LENGTH: Final = len("2026-11-01T00:00:00.000Z")


def _of_version_0_1(told: Told, kind: _Kind) -> Told:
    """Return an event with what version 0.1 did not write, if it is one of that version."""
    if "instance" not in told and "process" in told:
        told = {"service": "", **told, "instance": told["process"]}
    missing = min({*kind.asked, "service"} - told.keys(), default="")
    if missing:
        raise _wrong(missing)
    return told


def _wrong(name: str) -> Unreadable:
    msg = f"names an event, but has no whole {name}"
    return Unreadable(msg)


def _is_text(text: Any, form: re.Pattern[str]) -> bool:
    return isinstance(text, str) and len(text) <= LONGEST_TEXT and form.fullmatch(text) is not None


def _number(name: str, given: Any) -> int:
    """Return a whole number that may be written as text."""
    if type(given) is int and 0 <= given < MOST:
        return given
    # No more digits than a number may have: to read a long one takes long.
    if isinstance(given, str) and re.fullmatch(r"[0-9]{1,15}", given):
        return int(given)
    raise _wrong(name)


def _words(given: Any) -> tuple[str, ...]:
    """Return a list that may be written as words between commas, or as Python shows it."""
    if isinstance(given, str):
        return tuple(one for one in re.split(r"[,\s'\"()]+", given.strip("[]")) if one)
    return tuple(str(one) for one in given) if isinstance(given, (list, tuple)) else ()


def is_time(text: str) -> bool:
    """Whether a text is a time as events have it, on a day that there may not be."""
    return len(text) == _AT_LENGTH and _AT.fullmatch(text) is not None


def same(told: Told) -> tuple[Any, ...]:
    """Return what two writings of one event have in common."""
    kind = _KINDS[told["event"]]
    numbers = tuple(told[name] for name in kind.numbers)
    return *kind.fixed_of(told), told["instance"], told["at"], *numbers, told.get("mismatches")
