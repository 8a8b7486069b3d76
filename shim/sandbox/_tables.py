"""The records of a tenant: employees, departments, generic objects.

A row keeps every version that may still be read; a table looks rows up. Nothing here knows of
requests or of the rules that the endpoints apply.
"""

from __future__ import annotations

import abc
import bisect
import math
import zlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from shim.sandbox._plan import (
    FIRST_DEPARTMENT,
    FIRST_NUMBER,
    Plan,
    aside,
    blank_person,
    department_name,
    department_parent,
    hexes,
    leader_place,
    person,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
    from random import Random

#: The fields of a record that was not written yet.
_UNWRITTEN: Final[Mapping[str, Any]] = MappingProxyType({})
#: The fields of a record that is not there: not yet created, or deleted.
_ABSENT: Final[Mapping[str, Any]] = MappingProxyType({})
#: Beyond the numbers of all other members: the first of those made when they are named.
FIRST_MET: Final = 1_000_000
#: How many searches a table keeps the result of.
_KEPT: Final = 8


class Row:
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
        """Its name in permissions and faults."""
        return self.record_id

    def written(self, moment: float) -> Mapping[str, Any]:
        """Return the fields written up to ``moment``, or the oldest still kept."""
        kept = self._versions
        return next((fields for when, fields in reversed(kept) if when <= moment), kept[0][1])

    def exists(self, moment: float) -> bool:
        """Whether it was there at ``moment``."""
        return self.written(moment) is not _ABSENT

    def write(self, fields: Mapping[str, Any], now: float, lag: float) -> None:
        """Add a version; versions that no query can see any more are forgotten."""
        self._add({**self._versions[-1][1], **fields}, now, lag)

    def erase(self, now: float, lag: float) -> None:
        """Be no longer there from ``now`` on."""
        self._add(_ABSENT, now, lag)

    def _add(self, fields: Mapping[str, Any], now: float, lag: float) -> None:
        kept = self._versions
        while len(kept) > 1 and kept[1][0] <= now - lag:
            kept.pop(0)
        kept.append((now, fields))


R = TypeVar("R", bound=Row)


class RowTable(abc.ABC, Generic[R]):
    """All records of one object. Subclasses define the fields of a record.

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
            converts: Whether ``user_id`` is the FSUID, if the object has this field.
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


def _record_id(row: Row) -> str:
    return row.record_id


def _rank(row: Row) -> float:
    return row.rank


class MemberRow(Row):
    """One employee; rights and faults name it by its openUserId."""

    __slots__ = ("number", "open_user_id", "seeded")

    def __init__(
        self, number: int, open_user_id: str, record_id: str, *, seeded: bool = True
    ) -> None:
        super().__init__(record_id, born=seeded)
        self.number = number
        self.open_user_id = open_user_id
        #: Whether it was there from the start, with fields made from the seed.
        self.seeded = seeded

    @property
    def mark(self) -> str:
        """The openUserId."""
        return self.open_user_id


class MemberTable(RowTable[MemberRow]):
    """All employees with a row; the administrator has none."""

    api_name = "PersonnelObj"
    unknown = (30027, "no such employee")

    def __init__(self, plan: Plan, chance: Random) -> None:
        self.plan = plan
        self._chance = chance
        numbers = range(FIRST_NUMBER, FIRST_NUMBER + plan.members)
        self.members = [MemberRow(number, *self._fresh_ids(number)) for number in numbers]
        super().__init__(plan, self.members, chance.sample(self.members, len(self.members)))
        self.by_open_user_id = {each.open_user_id: each for each in self.members}
        self.by_number = {str(each.number): each for each in self.members}

    def _fresh_ids(self, number: int) -> tuple[str, str]:
        """Return an openUserId and an ``_id`` that no member has."""
        open_user_id, record_id = f"FSUID_{hexes(self._chance, 32)}", self.fresh_id()
        return open_user_id, str(number) if self.plan.profile.numbers_as_ids else record_id

    def fresh_id(self) -> str:
        """Return an ``_id`` of 24 digits that no member has."""
        return hexes(self._chance, 24).lower()

    def create(self, fields: Mapping[str, Any], now: float) -> str:
        """Make a member, and return its ``_id``; what only the offline API knows of it is empty."""
        number = FIRST_NUMBER + len(self.members)
        row = MemberRow(number, *self._fresh_ids(number), seeded=False)
        row.rank = self._chance.random() * len(self.members)
        row.write({**self.stamps(now), **fields}, now, self.plan.index_lag)
        self.members.append(row)
        self.by_open_user_id[row.open_user_id] = row
        self.by_number[str(number)] = row
        self.add(row)
        return row.record_id

    def meet(self, open_user_id: str) -> None:
        """Make a member of this openUserId, as if it had been there from the start.

        Who it is follows from the openUserId alone, in whatever order members are named.
        """
        if open_user_id in self.by_open_user_id:
            return
        number = FIRST_MET + zlib.crc32(open_user_id.encode("utf-8", "surrogatepass"))
        while str(number) in self.by_number:
            number += 1
        record_id = str(number) if self.plan.profile.numbers_as_ids else self.fresh_id()
        row = MemberRow(number, open_user_id, record_id)
        row.rank = self._chance.random() * len(self.members)
        self.members.append(row)
        self.by_open_user_id[open_user_id] = row
        self.by_number[str(number)] = row
        self.add(row)

    def keys(self, *, converts: bool) -> dict[str, Mapping[str, MemberRow]]:
        """``_id``, and ``user_id`` in the form the call asks for."""
        by_user_id = self.by_open_user_id if converts else self.by_number
        return {"_id": self.by_record_id, "user_id": by_user_id}

    def record(self, row: MemberRow, moment: float, *, converts: bool = True) -> dict[str, Any]:
        """Return every field of ``PersonnelObj``."""
        created = self._created(row)
        return {
            "_id": row.record_id,
            "user_id": row.open_user_id if converts else str(row.number),
            **(self._made(row.number) if row.seeded else blank_person()),
            **self.lock(row),
            "create_time": created,
            "last_modified_time": created,
            "version": "1",
            **row.written(moment),
        }

    def _made(self, number: int) -> dict[str, Any]:
        """Return what the seed makes of a member."""
        seed = self.plan.seed
        leader = leader_place(seed, number)
        above = (
            []
            if leader is None or leader >= self.plan.members
            else [self.members[leader].open_user_id]
        )
        return {**person(seed, number, self.plan.departments), "leader": above}

    def _created(self, row: MemberRow) -> int:
        return self.plan.milliseconds(-86_400 * (row.number % 900 + 1))

    def modified(self, row: MemberRow, now: float) -> int:
        """Return ``last_modified_time`` without making the rest of the record."""
        return int(row.written(now).get("last_modified_time", self._created(row)))

    def facts(self, row: MemberRow) -> dict[str, str]:
        """Return what ``PersonnelObj`` has no field for, by the offline API's names."""
        known = aside(self.plan.seed, row.number)
        return {**(known if row.seeded else dict.fromkeys(known, "")), **row.facts}

    def states(self, now: float) -> dict[str, str]:
        """Return the true ``status`` of every member: ``{open_user_id: "0" | "1"}``."""
        return {
            each.open_user_id: str(each.written(now).get("status", "0")) for each in self.members
        }


#: The whole company: the parent of the topmost (grade B). U: whether it has a row; here it has not.
COMPANY: Final = 999_999


class DepartmentRow(Row):
    """One department."""

    __slots__ = ("number", "start")

    def __init__(
        self, number: int, start: Mapping[str, Any], order: int, *, born: bool = True
    ) -> None:
        super().__init__(str(number), born=born)
        self.number = number
        #: The fields it starts with.
        self.start = start
        # No field of DepartmentObj is known for the place among siblings.
        self.facts = {"order": order}


class DepartmentTable(RowTable[DepartmentRow]):
    """All departments; at the start each of them is enabled."""

    api_name = "DepartmentObj"
    unknown = (30007, "no such department")
    unseen = 20023

    def __init__(self, plan: Plan, members: Sequence[MemberRow], chance: Random) -> None:
        rows: list[DepartmentRow] = []
        for place in range(plan.departments):
            parent = department_parent(place, chance)
            head = [chance.choice(members).open_user_id] if members and (place + 1) % 4 else []
            start = {
                "name": department_name(place),
                "parent_id": [str(COMPANY if parent is None else rows[parent].number)],
                "status": "0",
                "manager_id": head,
            }
            rows.append(DepartmentRow(FIRST_DEPARTMENT + place, start, place))
        super().__init__(plan, rows, chance.sample(rows, len(rows)))
        self.by_number = {row.number: row for row in rows}

    def fresh_id(self) -> str:
        """Return the ``_id`` of the next department."""
        return str(FIRST_DEPARTMENT + len(self.by_number))

    def create(self, fields: Mapping[str, Any], now: float) -> str:
        """Make a department, and return its ``_id``."""
        start = {"name": "", "parent_id": [str(COMPANY)], "status": "0", "manager_id": []}
        place = len(self.by_number)
        row = DepartmentRow(int(self.fresh_id()), start, place, born=False)
        row.rank = place
        row.write({**self.stamps(now), **fields}, now, self.plan.index_lag)
        self.by_number[row.number] = row
        self.add(row)
        return row.record_id

    def record(self, row: DepartmentRow, moment: float, *, converts: bool = True) -> dict[str, Any]:
        """Return every field of ``DepartmentObj``."""
        del converts
        created = self.plan.milliseconds(-86_400 * (1000 + row.number % 900))
        return {
            "_id": row.record_id,
            **row.start,
            **self.lock(row),
            "create_time": created,
            "last_modified_time": created,
            "version": "1",
            **row.written(moment),
        }

    def parent(self, row: DepartmentRow, now: float) -> int:
        """Return the number of the parent; ``COMPANY`` for a topmost department."""
        return int(row.written(now).get("parent_id", row.start["parent_id"])[0])

    def ancestors(self, row: DepartmentRow, now: float) -> list[int]:
        """Return the numbers from the whole company down to the parent."""
        above = [self.parent(row, now)]
        while above[-1] != COMPANY:
            above.append(self.parent(self.by_number[above[-1]], now))
        return above[::-1]

    def may_move(self, row: DepartmentRow, parent: int, now: float) -> bool:
        """Whether ``parent``, a department or the company, is not the department or below it."""
        if parent == COMPANY:
            return True
        return row.number not in {parent, *self.ancestors(self.by_number[parent], now)}


NORMAL: Final = "normal"
INVALID: Final = "invalid"


class GenericRow(Row):
    """One record of a generic object."""

    __slots__ = ()


class GenericTable(RowTable[GenericRow]):
    """All records of one generic object, which may have any field.

    Args:
        plan: The tenant's.
        api_name: The object's name.
        chance: Makes the ids, and the place of each record in the table's own order.
    """

    def __init__(self, plan: Plan, api_name: str, chance: Random) -> None:
        super().__init__(plan)
        self.api_name = api_name
        self._chance = chance

    def fresh_id(self) -> str:
        """Return an ``_id`` that no record has."""
        return hexes(self._chance, 24).lower()

    def create(self, fields: Mapping[str, Any], now: float) -> str:
        """Make a record, and return its ``_id``; ``fields`` hold the owner as well."""
        row = GenericRow(self.fresh_id(), born=False)
        row.rank = self._chance.random()
        row.write({"life_status": NORMAL, **self.stamps(now), **fields}, now, self.plan.index_lag)
        self.add(row)
        return row.record_id

    def record(self, row: GenericRow, moment: float, *, converts: bool = True) -> dict[str, Any]:
        """Return the fields that were sent, and those the service keeps."""
        del converts
        return {"_id": row.record_id, **row.written(moment)}
