"""Reading all rows of a query, however many: keyset pages of 100."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.objectapi import calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shim.objectapi.calls import Reply, Row
    from shim.routing.flow import Steps
    from shim.settings.model import Settings

Filter = tuple[str, str, "Sequence[str]"]


def walk(
    settings: Settings, api_name: str, *, filters: Sequence[Filter], fields: Sequence[str]
) -> Steps[tuple[list[Row], Reply]]:
    """Read every row that passes the filters, in the order of `_id`.

    Offsets end at 10,000 and shift when a row is changed; a page that begins after the last `_id`
    does neither (contract, section 3, grade A). The walk ends with an empty page, not with a short
    one: nobody printed that rows which may not be read are replaced by others (U).

    Returns:
        The rows, and the last reply, which is not `ok` where the walk was cut short.
    """
    rows: list[Row] = []
    after: list[Filter] = []
    while True:
        call = calls.query(
            api_name,
            filters=[*filters, *after],
            fields=("_id", *fields),
            convert_user_id=settings.convert_user_id,
        )
        (reply,) = yield [call]
        page = [row for row in reply.rows if row.get("_id")]
        last = max((str(row["_id"]) for row in page), default="")
        # A tenant that ignores the filter would give the same page for ever.
        if not page or (after and last <= after[0][2][0]):
            return rows, reply
        rows += page
        after = [("_id", "GT", [last])]


def chunks(keys: Sequence[str], size: int = calls.QUERY_LIMIT) -> Iterator[Sequence[str]]:
    """Yield the keys in the portions that one query takes."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
