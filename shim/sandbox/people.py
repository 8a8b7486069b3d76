"""The employees: ``PersonnelObj``, and what only the offline API knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shim.sandbox.record import Record, Table
from shim.sandbox.seeds import FIRST_NUMBER, aside, blank_person, hexes, leader_place, person

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from shim.sandbox.plan import Plan


class Member(Record):
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


class People(Table[Member]):
    """All employees with a row; the administrator has none."""

    api_name = "PersonnelObj"
    unknown = (30027, "no such employee")

    def __init__(self, plan: Plan, chance: Random) -> None:
        self.plan = plan
        self._chance = chance
        numbers = range(FIRST_NUMBER, FIRST_NUMBER + plan.members)
        self.members = [Member(number, *self._fresh_ids(number)) for number in numbers]
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
        row = Member(number, *self._fresh_ids(number), seeded=False)
        row.rank = self._chance.random() * len(self.members)
        row.write({**self.stamps(now), **fields}, now, self.plan.index_lag)
        self.members.append(row)
        self.by_open_user_id[row.open_user_id] = row
        self.by_number[str(number)] = row
        self.add(row)
        return row.record_id

    def keys(self, *, converts: bool) -> dict[str, Mapping[str, Member]]:
        """``_id``, and ``user_id`` in the form the call asks for."""
        by_user_id = self.by_open_user_id if converts else self.by_number
        return {"_id": self.by_record_id, "user_id": by_user_id}

    def record(self, row: Member, moment: float, *, converts: bool = True) -> dict[str, Any]:
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
        above = [] if leader is None else [self.members[leader].open_user_id]
        return {**person(seed, number, self.plan.departments), "leader": above}

    def _created(self, row: Member) -> int:
        return self.plan.milliseconds(-86_400 * (row.number % 900 + 1))

    def modified(self, row: Member, now: float) -> int:
        """Return ``last_modified_time`` without making the rest of the record."""
        return int(row.written(now).get("last_modified_time", self._created(row)))

    def facts(self, row: Member) -> dict[str, str]:
        """Return what ``PersonnelObj`` has no field for, by the offline API's names."""
        known = aside(self.plan.seed, row.number)
        return {**(known if row.seeded else dict.fromkeys(known, "")), **row.facts}

    def states(self, now: float) -> dict[str, str]:
        """Return the true ``status`` of every member: ``{open_user_id: "0" | "1"}``."""
        return {
            each.open_user_id: str(each.written(now).get("status", "0")) for each in self.members
        }
