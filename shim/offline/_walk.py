"""Reading all rows of a query, however many: keyset pages of 100."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.objectapi import calls
from shim.objectapi.codes import Code
from shim.objectapi.values import record_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shim.objectapi.calls import Reply, Row
    from shim.scheduler.steps import Steps
    from shim.settings.model import Settings

Filter = tuple[str, str, "Sequence[str]"]


MOST_PAGES = 10_000
"""A million rows; a tenant that answers with new rows for ever must end somewhere."""


def walk(
    settings: Settings, api_name: str, *, filters: Sequence[Filter], fields: Sequence[str]
) -> Steps[tuple[list[Row], Reply]]:
    """Read every row that passes the filters, in the order of `_id`.

    Offsets end at 10,000 and shift when a row is changed; a page that begins after the last `_id`
    does neither (contract, section 3, grade A). The walk ends with an empty page, not with a short
    one: nobody printed that rows which may not be read are replaced by others (U).

    Returns:
        The rows, each record once, and the last reply, which is not `ok` where the walk was cut
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
