"""What all records have in common: their versions in time, and the tables they are looked up in."""

from __future__ import annotations

import abc
import bisect
import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from shim.sandbox.plan import Plan

#: What a record says while nobody has written to it.
_UNWRITTEN: Final[Mapping[str, Any]] = MappingProxyType({})
#: What a record says while it is not there: not yet created, or deleted.
_ABSENT: Final[Mapping[str, Any]] = MappingProxyType({})

#: How many searches a table keeps the result of.
_KEPT: Final = 8


class Record:
    """One record: every version that may still be read, and what only the offline API knows.

    Args:
        record_id: The ``_id``.
        born: Whether it has been there from the start.
    """

    __slots__ = ("_versions", "facts", "rank", "record_id")

    def __init__(self, record_id: str, *, born: bool = True) -> None:
        self.record_id = record_id
        #: The place among the rows of a query that asks for no order.
        self.rank = 0.0
        #: Values no field of the object API holds, as they were written last.
        self.facts: Mapping[str, Any] = _UNWRITTEN
        first = _UNWRITTEN if born else _ABSENT
        self._versions: list[tuple[float, Mapping[str, Any]]] = [(-math.inf, first)]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.mark}>"

    @property
    def mark(self) -> str:
        """What rights and faults call it."""
        return self.record_id

    def written(self, moment: float) -> Mapping[str, Any]:
        """Return the fields written up to ``moment``, or the oldest still kept."""
        kept = self._versions
        return next((fields for when, fields in reversed(kept) if when <= moment), kept[0][1])

    def exists(self, moment: float) -> bool:
        """Whether it was there at ``moment``."""
        return self.written(moment) is not _ABSENT

    def write(self, fields: Mapping[str, Any], now: float, lag: float) -> None:
        """Add a version; those nobody can see any more are forgotten."""
        self._add({**self._versions[-1][1], **fields}, now, lag)

    def erase(self, now: float, lag: float) -> None:
        """Be no longer there from ``now`` on."""
        self._add(_ABSENT, now, lag)

    def _add(self, fields: Mapping[str, Any], now: float, lag: float) -> None:
        kept = self._versions
        while len(kept) > 1 and kept[1][0] <= now - lag:
            kept.pop(0)
        kept.append((now, fields))


R = TypeVar("R", bound=Record)


class Table(abc.ABC, Generic[R]):
    """All records of one object. Subclasses say what a record's fields are.

    Attributes:
        api_name: The object's ``dataObjectApiName``.
        unknown: The code and text for a record that is not there.
        unseen: The code for writing a record without read permission.
        hidden: The marks of records without read permission.
        locked: The marks of records that are locked.
        first: The records it started with, in the order they were made.
        own_order: The records in the order of a query that asks for none.
    """

    api_name: str
    unknown: tuple[int, str] = (30027, "no such record")
    unseen = 20014

    def __init__(self, plan: Plan, rows: Sequence[R] = (), own_order: Sequence[R] = ()) -> None:
        self.plan = plan
        self.first = rows
        self.hidden = frozenset[str]()
        self.locked = frozenset[str]()
        self.by_record_id = {row.record_id: row for row in rows}
        self.own_order = list(own_order)
        for rank, row in enumerate(own_order):
            row.rank = rank
        self._sorted = sorted(rows, key=_record_id)
        self._kept: dict[Hashable, list[str]] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} records={len(self.own_order)}>"

    def add(self, row: R) -> None:
        """Take a new record in; ``rank`` says where it stands in the table's own order."""
        self.by_record_id[row.record_id] = row
        self._kept.clear()
        bisect.insort(self.own_order, row, key=_rank)
        bisect.insort(self._sorted, row, key=_record_id)

    def beyond(self, record_id: str | None) -> Sequence[R]:
        """Return the records by ascending ``_id``, from the first greater than ``record_id``."""
        if record_id is None:
            return self._sorted
        return self._sorted[bisect.bisect_right(self._sorted, record_id, key=_record_id) :]

    def find(self, record_id: object, now: float) -> R | None:
        """Return the record of that ``_id``, if there is one now."""
        row = self.by_record_id.get(record_id) if isinstance(record_id, str) else None
        return row if row and row.exists(now) else None

    def keys(self, *, converts: bool) -> dict[str, Mapping[str, R]]:
        """Return the fields a record can be looked up by."""
        del converts
        return {"_id": self.by_record_id}

    @abc.abstractmethod
    def fresh_id(self) -> str:
        """Return an ``_id`` that no record has."""
        ...

    @abc.abstractmethod
    def create(self, fields: Mapping[str, Any], now: float) -> str:
        """Make a record at ``now``, and return its ``_id``.

        Args:
            fields: What was sent; it replaces what the service would set.
            now: When, in seconds of the sandbox's clock.
        """
        ...

    def stamps(self, now: float) -> dict[str, Any]:
        """Return what the service keeps of a record that is made at ``now``."""
        stamp = self.plan.milliseconds(now)
        return {"create_time": stamp, "last_modified_time": stamp, "version": "1"}

    @abc.abstractmethod
    def record(self, row: R, moment: float, *, converts: bool = True) -> dict[str, Any]:
        """Return every field of a record as it was at ``moment``, empty ones included.

        Args:
            row: The record.
            moment: When, in seconds of the sandbox's clock.
            converts: Whether ``user_id`` is the FSUID, where there is one.
        """
        ...

    def kept(self, key: Hashable, made: Callable[[], list[str]]) -> list[str]:
        """Return what ``made`` gave for ``key`` since the last change of any record."""
        if key not in self._kept:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[key] = made()
        return self._kept[key]

    def erase(self, row: R, now: float) -> None:
        """Delete a record; a lagging query goes on showing it for a while."""
        self._kept.clear()
        row.erase(now, self.plan.index_lag)

    def lock(self, row: R) -> dict[str, str]:
        """Return the field ``lock_status``, unless the tenant does not show it."""
        if not self.plan.shows_lock:
            return {}
        return {"lock_status": "1" if row.mark in self.locked else "0"}

    def records(self, now: float) -> Iterator[tuple[R, dict[str, Any]]]:
        """Return every record there is now with its fields, by ascending ``_id``."""
        return ((row, self.record(row, now)) for row in self._sorted if row.exists(now))

    def write(
        self,
        row: R,
        fields: Mapping[str, Any],
        now: float,
        facts: Mapping[str, Any] = _UNWRITTEN,
    ) -> None:
        """Write at ``now``; ``version`` and ``last_modified_time`` go up by themselves."""
        before = self.record(row, now)
        fresh = max(before["last_modified_time"] + 1, self.plan.milliseconds(now))
        stamps = {"version": str(int(before["version"]) + 1), "last_modified_time": fresh}
        self._kept.clear()
        row.write({**fields, **stamps}, now, self.plan.index_lag)
        if facts:
            row.facts = {**row.facts, **facts}


def _record_id(row: Record) -> str:
    return row.record_id


def _rank(row: Record) -> float:
    return row.rank
