"""The departments: ``DepartmentObj``, a tree below the whole company."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shim.sandbox.record import Record, Table
from shim.sandbox.seeds import FIRST_DEPARTMENT, department_name, department_parent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from shim.sandbox.people import Member
    from shim.sandbox.plan import Plan

#: The whole company: the parent of the topmost (grade B). U: whether it has a row; here it has not.
COMPANY: Final = 999_999


class Department(Record):
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


class Departments(Table[Department]):
    """All departments; at the start each of them is enabled."""

    api_name = "DepartmentObj"
    unknown = (30007, "no such department")
    unseen = 20023

    def __init__(self, plan: Plan, members: Sequence[Member], chance: Random) -> None:
        rows: list[Department] = []
        for place in range(plan.departments):
            parent = department_parent(place, chance)
            head = [chance.choice(members).open_user_id] if members and (place + 1) % 4 else []
            start = {
                "name": department_name(place),
                "parent_id": [str(COMPANY if parent is None else rows[parent].number)],
                "status": "0",
                "manager_id": head,
            }
            rows.append(Department(FIRST_DEPARTMENT + place, start, place))
        super().__init__(plan, rows, chance.sample(rows, len(rows)))
        self.by_number = {row.number: row for row in rows}

    def fresh_id(self) -> str:
        """Return the ``_id`` of the next department."""
        return str(FIRST_DEPARTMENT + len(self.by_number))

    def create(self, fields: Mapping[str, Any], now: float) -> str:
        """Make a department, and return its ``_id``."""
        start = {"name": "", "parent_id": [str(COMPANY)], "status": "0", "manager_id": []}
        place = len(self.by_number)
        row = Department(int(self.fresh_id()), start, place, born=False)
        row.rank = place
        row.write({**self.stamps(now), **fields}, now, self.plan.index_lag)
        self.by_number[row.number] = row
        self.add(row)
        return row.record_id

    def record(self, row: Department, moment: float, *, converts: bool = True) -> dict[str, Any]:
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

    def parent(self, row: Department, now: float) -> int:
        """Return the number of the parent; ``COMPANY`` for a topmost department."""
        return int(row.written(now).get("parent_id", row.start["parent_id"])[0])

    def ancestors(self, row: Department, now: float) -> list[int]:
        """Return the numbers from the whole company down to the parent."""
        above = [self.parent(row, now)]
        while above[-1] != COMPANY:
            above.append(self.parent(self.by_number[above[-1]], now))
        return above[::-1]

    def may_move(self, row: Department, parent: int, now: float) -> bool:
        """Whether ``parent``, a department or the company, is not the department or below it."""
        if parent == COMPANY:
            return True
        return row.number not in {parent, *self.ancestors(self.by_number[parent], now)}
