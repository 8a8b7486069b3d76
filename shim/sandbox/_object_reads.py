"""The object API's reading side: query, get, the list of objects, and the fields of one.

The answer of ``describe`` is grade B as far as ``data.describe.fields.<name>`` with ``type``,
``options`` and ``is_required``. That of ``list`` is not printed (U); here an entry has the object's
name and whether the customer made it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from shim.sandbox._messages import Refusal, as_object, invalid, is_name
from shim.sandbox._object_calls import (
    ERP,
    converts_ids,
    fields_of,
    login,
    named,
    opened,
    paths,
    table_at,
)
from shim.sandbox._plan import blank_person, is_custom, is_generic
from shim.sandbox._routes import ROUTES, SandboxCall
from shim.sandbox._search import Filter, Search, chosen, empty, parsed, sort_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from shim.sandbox._tables import Row, RowTable

#: The kinds of fault that hit a query, and those that hit ``get``.
_LISTED: Final = frozenset({"hide_rows", "other_record"})
_SHOWN: Final = frozenset({"other_record"})


@dataclass(frozen=True)
class _Page:
    """One page of a query.

    Attributes:
        rows: Its records with all their fields, as the index has them.
        total: How many rows match, on this page and on the others.
    """

    rows: list[tuple[Row, dict[str, Any]]]
    total: int


def _swapped(
    call: SandboxCall, table: RowTable[Any], row: Row, record: dict[str, Any]
) -> dict[str, Any]:
    """Return a record as it is shown: a fault may give it the ``_id`` of another."""
    if row.mark not in call.swapped:
        return record
    others = (each.record_id for each in table.own_order if each is not row)
    # The only record of a table gets an _id that no record has.
    return {**record, "_id": next(others, f"{row.record_id}0")}


def _keyed(table: RowTable[Any], search: Search, *, converts: bool) -> Sequence[Row] | None:
    """Return the records that a search names by a key, in the table's own order."""
    keys = table.keys(converts=converts)
    for each in search.filters:
        if each.operator in {"EQ", "IN"} and each.field_name in keys:
            index = keys[each.field_name]
            known = {index[value] for value in each.field_values if value in index}
            return sorted(known, key=lambda row: row.rank)
    return None


def _after(search: Search) -> str | None:
    """Return the ``_id`` that all rows come after; None: there is none."""
    floors = [each.field_values[0] for each in search.filters if _is_floor(each)]
    return max(floors, default=None)


def _is_floor(each: Filter) -> bool:
    return (each.field_name, each.operator) == ("_id", "GT")


def _page(call: SandboxCall, table: RowTable[Any], search: Search) -> _Page:
    converts = converts_ids(call)
    moment = call.tenant.indexed(call.now)

    def visible(rows: Iterable[Row]) -> Iterator[Row]:
        return (row for row in rows if row.mark not in table.hidden and row.exists(moment))

    def matches(
        rows: Iterable[Row], filters: Iterable[Filter]
    ) -> Iterator[tuple[Row, dict[str, Any]]]:
        for row in visible(rows):
            record = table.record(row, moment, converts=converts)
            if not converts:
                record = call.tenant.with_numbers(record)
            if chosen(record, filters):
                yield row, record

    start, end = search.offset, search.offset + search.limit
    keyed = _keyed(table, search, converts=converts)
    if keyed is None and (search.by_id or not search.orders):
        rows = table.beyond(_after(search)) if search.by_id else table.own_order
        page = list(islice(matches(rows, search.filters), start, end))

        def matching(filters: tuple[Filter, ...]) -> list[str]:
            rows = table.beyond(None)
            # Making a record takes longer than all the rest.
            found = (row for row, _ in matches(rows, filters)) if filters else visible(rows)
            return [row.record_id for row in found]

        return _Page(page, _counted(call, table, search, matching, start + len(page)))
    everything = list(matches(table.own_order if keyed is None else keyed, search.filters))
    for order in reversed(search.orders):
        everything.sort(
            key=lambda row: sort_key(row[1].get(order.field_name)), reverse=not order.ascending
        )
    page = everything[start:end]
    trusted = call.tenant.profile.counts_total
    return _Page(page, len(everything) if trusted else start + len(page))


def _counted(
    call: SandboxCall,
    table: RowTable[Any],
    search: Search,
    matching: Callable[[tuple[Filter, ...]], list[str]],
    reached: int,
) -> int:
    """Return the number of all rows that match.

    A client that pages asks for it with every page. So the ids that match are kept until the next
    write; those after the last ``_id`` of the page before are then counted without looking again.
    """
    if not call.tenant.profile.counts_total:
        return reached
    filters = tuple(each for each in search.filters if not _is_floor(each))
    key = (filters, converts_ids(call))
    ids = table.kept(key, lambda: matching(filters))
    after = _after(search)
    return len(ids) if after is None else len(ids) - bisect_right(ids, after)


def _search(table: RowTable[Any], data: dict[str, Any]) -> Search:
    sent = data.get("search_query_info")
    info = {} if sent is None else as_object(sent)
    if info is None:
        raise invalid(32000, "search_query_info", "send an object")
    return parsed(info, fields_of(table).knows)


def _listed(call: SandboxCall) -> frozenset[str]:
    """Return the marks of the records a query would answer with: what its faults can be about."""
    try:
        data = as_object(call.body.get("data")) or {}
        table = table_at(call, data.get("dataObjectApiName"))
        return frozenset(row.mark for row, _ in _page(call, table, _search(table, data)).rows)
    except Refusal:
        return frozenset()


@ROUTES.add(f"{ERP}/list", concerns=_listed, faults=_LISTED)
@ROUTES.add(*paths("query"), concerns=_listed, faults=_LISTED)
def query(call: SandboxCall) -> dict[str, Any]:
    """One page of rows.

    Raises:
        Refusal: 10013, 10014, 10010, 20016, 11015, 20012 for the credentials; 32000 for the
            search; 10013 for its offset.
    """
    data = opened(call)
    table = table_at(call, data.get("dataObjectApiName"))
    search = _search(table, data)
    info = as_object(data.get("search_query_info")) or {}
    # U: at which level includeNull is read; all three are.
    whole = any(level.get("includeNull") is True for level in (call.body, data, info))
    page = _page(call, table, search)
    rows = [
        {
            name: value
            for name, value in _swapped(call, table, row, record).items()
            if (not search.projection or name in search.projection) and (whole or not empty(value))
        }
        for row, record in page.rows
        if row.mark not in call.skipped
    ]
    total = page.total - (len(page.rows) - len(rows))
    answer = {"dataList": rows, "offset": search.offset, "limit": search.limit, "total": total}
    return {"data": answer}


@ROUTES.add(f"{ERP}/get", concerns=named, faults=_SHOWN)
@ROUTES.add(*paths("get"), concerns=named, faults=_SHOWN)
def get(call: SandboxCall) -> dict[str, Any]:
    """One whole record as it is now; empty data for one that is not there or not visible.

    Raises:
        Refusal: as ``query``; 30027, or 30007 for a department, for an unknown record in the
            profile ``strict``.
    """
    data = opened(call)
    table = table_at(call, data.get("dataObjectApiName"))
    converts, record_id = converts_ids(call), data.get("objectDataId")
    if not is_name(record_id):
        raise invalid(32000, "data.objectDataId", "send an _id")
    row = table.find(record_id, call.now)
    if row is None and call.tenant.profile.names_unknown:
        raise Refusal(*table.unknown)
    if row is None or row.mark in table.hidden:
        return {"data": {}}
    record = table.record(row, call.now, converts=converts)
    if not converts:
        record = call.tenant.with_numbers(record)
    shown = _swapped(call, table, row, record)
    return {"data": {name: value for name, value in shown.items() if not empty(value)}}


#: The forms that values have (grade B), of fields that are neither text nor one of some values.
_TYPES: Final = {
    **dict.fromkeys(("create_time", "last_modified_time"), "date_time"),
    **dict.fromkeys(("leader", "manager_id", "owner"), "employee"),
    **dict.fromkeys(
        ("main_department", "vice_departments", "owner_department", "parent_id"), "department"
    ),
    "is_active": "true_or_false",
}
_CHOICES: Final = {
    "sex": ("M", "F"),
    "lock_status": ("0", "1"),
    "life_status": ("normal", "invalid"),
}
_STATUS: Final = {"PersonnelObj": ("0", "1"), "DepartmentObj": ("0", "1", "2")}
_STAMPS: Final = ("create_time", "last_modified_time", "version")
#: What every record has.
_FIELDS: Final = {
    "PersonnelObj": ("_id", "user_id", *blank_person(), "lock_status", *_STAMPS),
    "DepartmentObj": (
        "_id", "name", "parent_id", "status", "manager_id", "lock_status", *_STAMPS,
    ),
}  # fmt: skip
_GENERIC: Final = ("_id", "name", "owner", "life_status", *_STAMPS)


@ROUTES.add("/cgi/crm/v2/object/list")
def object_list(call: SandboxCall) -> dict[str, Any]:
    """Name the objects that have records, people and departments first.

    Raises:
        Refusal: 10013, 10014, 10010 for the credentials' form; 20016, 11015, 20012.
    """
    login(call)
    return {
        "data": {
            "objects": [
                {
                    "describeApiName": name,
                    "describeDisplayName": name,
                    "defineType": "custom" if is_custom(name) else "package",
                    "isActive": True,
                }
                for name in call.tenant.api_names()
            ]
        }
    }


@ROUTES.add("/cgi/crm/v2/object/describe")
def object_describe(call: SandboxCall) -> dict[str, Any]:
    """Describe the object ``data.apiName``. One public client sends ``apiName`` flat (grade B).

    Raises:
        Refusal: As ``object/list``; 32000, there is no such object.
    """
    login(call)
    data = as_object(call.body.get("data"))
    where = "apiName" if data is None else "data.apiName"
    name = (call.body if data is None else data).get("apiName")
    if not isinstance(name, str) or not (name in _STATUS or is_generic(name)):
        raise invalid(32000, where, "there is no such object")
    fields = {each: _described(name, each) for each in _fields(call, name)}
    return {"data": {"describe": {"api_name": name, "display_name": name, "fields": fields}}}


def _fields(call: SandboxCall, name: str) -> list[str]:
    """Return the names of the fields that every record has, or some record."""
    names = dict.fromkeys(_FIELDS.get(name, _GENERIC))
    for row in call.tenant.table(name).beyond(None):
        names.update(dict.fromkeys(row.written(call.now)))
    return [each for each in names if each != "lock_status" or call.tenant.plan.shows_lock]


def _described(api_name: str, name: str) -> dict[str, Any]:
    choices = _STATUS.get(api_name, ()) if name == "status" else _CHOICES.get(name, ())
    described: dict[str, Any] = {
        "api_name": name,
        "type": "select_one" if choices else _TYPES.get(name, "text"),
        "is_required": name == "name" and api_name in _STATUS,
    }
    if choices:
        described["options"] = [{"label": each, "value": each} for each in choices]
    return described
