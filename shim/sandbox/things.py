"""Generic objects: accounts, orders, custom objects, whatever a tenant keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shim.sandbox.record import Record, Table
from shim.sandbox.seeds import hexes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from shim.sandbox.plan import Plan

NORMAL: Final = "normal"
INVALID: Final = "invalid"


class Thing(Record):
    """One record of a generic object."""

    __slots__ = ()


class Things(Table[Thing]):
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
        """Return an ``_id`` nobody has."""
        return hexes(self._chance, 24).lower()

    def create(self, fields: Mapping[str, Any], now: float) -> str:
        """Make a record, and return its ``_id``; ``fields`` hold the owner as well."""
        row = Thing(self.fresh_id(), born=False)
        row.rank = self._chance.random()
        row.write({"life_status": NORMAL, **self.stamps(now), **fields}, now, self.plan.index_lag)
        self.add(row)
        return row.record_id

    def record(self, row: Thing, moment: float, *, converts: bool = True) -> dict[str, Any]:
        """Return the fields that were sent, and those the service keeps."""
        del converts
        return {"_id": row.record_id, **row.written(moment)}
