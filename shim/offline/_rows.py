"""Rows of the object API: their values as the offline API had them, and all of a query's in pages.

Whatever a tenant puts into a row, none of the functions for values raises.

The offline call pages by number; the object API has no such pages. Page 1 finds the records and
keeps their ids in a snapshot, the later pages read those. So a record that is updated between two
pages is neither lost nor given twice, and only page 1 pays for finding. Ids only are kept, for a
quarter of an hour. If a page's snapshot is gone, or was made in another process, the records are
searched again.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shim._forks import ProcessLock
from shim.objectapi import calls
from shim.objectapi.codes import Code
from shim.objectapi.record_types import integer, record_id, scalar, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from shim.objectapi.calls import Reply, Row
    from shim.scheduler.steps import Steps
    from shim.settings.model import Settings

Filter = tuple[str, str, "Sequence[str]"]


MOST_PAGES = 10_000
"""A million rows; a tenant that answers with new rows for ever must end somewhere."""


def read_all(
    settings: Settings, api_name: str, *, filters: Sequence[Filter], fields: Sequence[str]
) -> Steps[tuple[list[Row], Reply]]:
    """Read every row that passes the filters, in the order of `_id`.

    Offsets end at 10,000 and shift when a row is changed; a page that begins after the last `_id`
    does neither (contract, section 3, grade A). Reading ends with an empty page, not with a short
    one: it is unknown whether rows that may not be read are replaced by others (U).

    Returns:
        The rows, each record once, and the last reply, which is not `ok` if reading was cut
        short.
    """
    rows: list[Row] = []
    seen: set[str] = set()
    after: list[Filter] = []
    for _ in range(MOST_PAGES):
        call = calls.query(
            api_name,
            filters=[*filters, *after],
            fields=("_id", *fields),
            convert_user_id=settings.convert_user_id,
        )
        (reply,) = yield [call]
        known = len(seen)
        for row in reply.rows:
            found = record_id(row)
            # A row without a usable `_id` is passed on, since leaving it out would say that it is
            # not there; but no page can begin after it.
            if row.get("_id") and found not in seen:
                rows.append(row)
            if found:
                seen.add(found)
                # The vendor's last one: how it orders ids of different lengths is unknown (U).
                after = [("_id", "GT", [found])]
        # A tenant that ignores the filter would give the same page for ever.
        if len(seen) == known:
            return rows, reply
    text = f"more than {MOST_PAGES * calls.QUERY_LIMIT} rows were answered; ask for fewer"
    return rows, calls.local_reply(Code.SYSTEM_ERROR, text)


def chunks(keys: Sequence[str], size: int = calls.QUERY_LIMIT) -> Iterator[Sequence[str]]:
    """Yield the keys in the portions that one query takes."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


LIFETIME_SECONDS = 900.0
AT_MOST = 16


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The `_id`s of what was found, in order, and when the last of it was changed (ms)."""

    record_ids: tuple[str, ...]
    last_changed: int


class Snapshots:
    """The few most recent snapshots of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = ProcessLock()
        self._held: OrderedDict[Hashable, tuple[float, Snapshot]] = OrderedDict()

    def put(self, key: Hashable, snapshot: Snapshot) -> None:
        """Keep a snapshot, and drop the oldest where there are too many."""
        with self._lock.held():
            self._held[key] = (self._clock() + LIFETIME_SECONDS, snapshot)
            self._held.move_to_end(key)
            while len(self._held) > AT_MOST:
                self._held.popitem(last=False)

    def forget(self) -> None:
        """Drop them all."""
        with self._lock.held():
            self._held.clear()

    def get(self, key: Hashable) -> Snapshot | None:
        """Return the snapshot, unless it is unknown or too old."""
        with self._lock.held():
            until, snapshot = self._held.get(key, (0.0, None))
            return snapshot if until > self._clock() else None


# Values of rows as the offline API had them.


def text(value: Any) -> str:
    """Return a text field; empty where it is none."""
    value = scalar(value)
    found = text_of(value)
    if isinstance(value, str) or found is None:
        return found or (str(value) if whole(value) else "")
    return found if whole(value) else ""


def first(value: Any) -> Any:
    """Return the first of a field's values: employees and departments come as lists (B)."""
    return next(iter(value), None) if isinstance(value, list) else value


def as_number(value: Any) -> int | None:
    """Return an id that is a string of digits as a number, or None where it is none."""
    number = None if isinstance(value, (list, float)) else integer(value)
    return None if number is None or number < 0 else number


def numbers(value: Any) -> list[int]:
    """Return department ids as numbers; DepartmentObj has them as strings (B)."""
    listed = value if isinstance(value, list) else [value]
    found = [as_number(one) for one in listed]
    return [one for one in found if one is not None]


def whole(value: Any) -> int:
    """Return a number field as a whole number, however it is written; 0 where it is none."""
    value = scalar(value)
    number = integer(value)
    if number is not None:
        return number
    if isinstance(value, float) or (isinstance(value, str) and value.isascii()):
        try:
            return integer(math.trunc(float(value))) or 0
        except (ValueError, OverflowError):
            pass
    return 0
