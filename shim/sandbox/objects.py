"""The object API's reading side: query and get, for employees, departments and generic objects."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from shim.sandbox.admission import in_headers
from shim.sandbox.envelope import Refused
from shim.sandbox.fields import fields_of
from shim.sandbox.object_calls import flag, named, opened, paths, table_at
from shim.sandbox.query import chosen, empty, parsed, sort_key
from shim.sandbox.routes import ROUTES, as_object, is_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shim.sandbox.query import Search
    from shim.sandbox.record import Record, Table
    from shim.sandbox.routes import Call


def _converts(call: Call) -> bool:
    """Whether ``user_id`` is the FSUID in this call (grade B, and the tenants differ).

    The default is false in header style, true in body style (grade B).
    """
    default = call.tenant.profile.converts_user_id and not in_headers(call)
    return flag(call, "convertUserId", default=default)


def _candidates(
    table: Table[Any], search: Search, *, converts: bool
) -> tuple[Sequence[Record], bool]:
    """Return the records worth looking at, and whether they are in the asked order already."""
    keys = table.keys(converts=converts)
    for each in search.filters:
        if each.operator in {"EQ", "IN"} and each.field_name in keys:
            index = keys[each.field_name]
            known = {index[value] for value in each.field_values if value in index}
            return sorted(known, key=lambda row: row.rank), not search.orders
    if search.by_id:
        floors = [
            each.field_values[0]
            for each in search.filters
            if (each.field_name, each.operator) == ("_id", "GT")
        ]
        return table.beyond(max(floors, default=None)), True
    return table.own_order, not search.orders


def _found(call: Call, table: Table[Any], search: Search) -> list[tuple[Record, dict[str, Any]]]:
    """Return the records of one page with all their fields, as the index has them."""
    converts = _converts(call)
    rows, in_order = _candidates(table, search, converts=converts)
    moment = call.tenant.indexed(call.now)

    def matches() -> Iterator[tuple[Record, dict[str, Any]]]:
        for row in rows:
            if row.mark not in table.hidden and row.exists(moment):
                record = table.record(row, moment, converts=converts)
                if chosen(record, search.filters):
                    yield row, record

    start, end = search.offset, search.offset + search.limit
    if in_order:
        return list(islice(matches(), start, end))
    page = list(matches())
    for order in reversed(search.orders):
        page.sort(
            key=lambda row: sort_key(row[1].get(order.field_name)), reverse=not order.ascending
        )
    return page[start:end]


def _search(table: Table[Any], data: dict[str, Any]) -> Search:
    info = as_object(data.get("search_query_info", {}))
    if info is None:
        raise Refused(32000, "search_query_info must be an object")
    return parsed(info, fields_of(table).knows)


def listed(call: Call) -> frozenset[str]:
    """Return the marks of the records a query would answer with: what its faults can be about."""
    try:
        data = as_object(call.body.get("data")) or {}
        table = table_at(call, data.get("dataObjectApiName"))
        return frozenset(row.mark for row, _ in _found(call, table, _search(table, data)))
    except Refused:
        return frozenset()


@ROUTES.add(*paths("query"), concerns=listed, faults=frozenset({"hide_rows"}))
def query(call: Call) -> dict[str, Any]:
    """One page of rows.

    Raises:
        Refused: 10013, 10014, 10010, 20016, 11015, 20012 for the credentials; 32000 for the
            search; 10013 for its offset.
    """
    data = opened(call)
    table = table_at(call, data.get("dataObjectApiName"))
    search = _search(table, data)
    info = as_object(data.get("search_query_info")) or {}
    # U: at which level includeNull is read; all three are.
    whole = any(level.get("includeNull") is True for level in (call.body, data, info))
    rows = [
        {
            name: value
            for name, value in record.items()
            if (search.projection is None or name in search.projection)
            and (whole or not empty(value))
        }
        for row, record in _found(call, table, search)
        if row.mark not in call.skipped
    ]
    # Grade B: not to be trusted. It counts as far as this page, so a client that trusts it stops.
    total = search.offset + len(rows)
    page = {"dataList": rows, "offset": search.offset, "limit": search.limit, "total": total}
    return {"data": page}


@ROUTES.add(*paths("get"), concerns=named)
def get(call: Call) -> dict[str, Any]:
    """One whole record as it is now; empty data for one that is not there or not visible.

    Raises:
        Refused: as ``query``; 30027, or 30007 for a department, for an unknown record in the
            profile ``strict``.
    """
    data = opened(call)
    table = table_at(call, data.get("dataObjectApiName"))
    converts, record_id = _converts(call), data.get("objectDataId")
    if not is_name(record_id):
        raise Refused(32000, "objectDataId is missing")
    row = table.find(record_id, call.now)
    if row is None and call.tenant.profile.names_unknown:
        raise Refused(*table.unknown)
    if row is None or row.mark in table.hidden:
        return {"data": {}}
    record = table.record(row, call.now, converts=converts)
    return {"data": {name: value for name, value in record.items() if not empty(value)}}
