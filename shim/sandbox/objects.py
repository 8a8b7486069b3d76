"""The object API for ``PersonnelObj``: query, get, update."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from shim.sandbox.envelope import Refused
from shim.sandbox.query import chosen, empty, parsed, sort_key
from shim.sandbox.routes import ROUTES, admit, as_object
from shim.sandbox.tenant import Update

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shim.sandbox.query import Search
    from shim.sandbox.routes import Call
    from shim.sandbox.tenant import Member

#: Preset and custom objects have an address each (grade A).
_PREFIXES: Final = ("/cgi/crm/v2/data", "/cgi/crm/custom/v2/data")

_IDS: Final = frozenset({"_id", "dataObjectApiName"})
#: What the service keeps itself; writing it is refused (grade C).
_KEPT: Final = frozenset({"user_id", "create_time", "last_modified_time", "lock_status", "version"})
_WRITABLE: Final = frozenset(
    {
        "name", "full_name", "phone", "email", "sex", "status", "is_active", "main_department",
        "vice_departments", "leader", "employee_number", "position", "job_title", "profile_image",
        "language", "owner_department",
    }
)  # fmt: skip


def _paths(verb: str) -> tuple[str, ...]:
    return tuple(f"{prefix}/{verb}" for prefix in _PREFIXES)


def _is_custom(name: str) -> bool:
    return name.endswith("__c")


def _knows(name: str) -> bool:
    return name in _WRITABLE or name in _KEPT or name == "_id" or _is_custom(name)


def _entered(call: Call) -> dict[str, Any]:
    """Check the credentials, and return ``data``."""
    token, corp_id = call.text("corpAccessToken", 10013), call.text("corpId", 10014)
    acting = call.text("currentOpenUserId", 10010)
    data = as_object(call.body.get("data"))
    admit(call, token, corp_id, acting)
    if data is None:
        raise Refused(32000, "data is missing")
    return data


def _is_personnel(name: object) -> None:
    if name != "PersonnelObj":
        raise Refused(32000, "dataObjectApiName is not an object of this tenant")


def _converts(call: Call) -> bool:
    """Whether ``user_id`` is the FSUID in this call (grade B, and the tenants differ)."""
    value = call.body.get("convertUserId", call.tenant.profile.converts_user_id)
    if not isinstance(value, bool):
        raise Refused(32000, "convertUserId must be true or false")
    return value


def _candidates(call: Call, search: Search, *, converts: bool) -> tuple[Sequence[Member], bool]:
    """Return the members worth looking at, and whether they are in the asked order already."""
    tenant = call.tenant
    by_user_id = tenant.by_open_user_id if converts else tenant.by_number
    keys = {"_id": tenant.by_record_id, "user_id": by_user_id}
    for each in search.filters:
        if each.operator in {"EQ", "IN"} and each.field_name in keys:
            index = keys[each.field_name]
            named = {index[value] for value in each.field_values if value in index}
            return sorted(named, key=lambda member: member.rank), not search.orders
    if search.by_id:
        floors = [
            each.field_values[0]
            for each in search.filters
            if (each.field_name, each.operator) == ("_id", "GT")
        ]
        return tenant.beyond(max(floors, default=None)), True
    return tenant.own_order, not search.orders


def _found(call: Call, search: Search) -> list[tuple[Member, dict[str, Any]]]:
    """Return the members of one page with their whole records, as the index has them."""
    tenant, converts = call.tenant, _converts(call)
    members, in_order = _candidates(call, search, converts=converts)
    moment = tenant.indexed(call.now)

    def matches() -> Iterator[tuple[Member, dict[str, Any]]]:
        for member in members:
            if member.open_user_id not in tenant.hidden:
                record = tenant.record(member, moment, converts=converts)
                if chosen(record, search.filters):
                    yield member, record

    start, end = search.offset, search.offset + search.limit
    if in_order:
        return list(islice(matches(), start, end))
    rows = list(matches())
    for order in reversed(search.orders):
        rows.sort(
            key=lambda row: sort_key(row[1].get(order.field_name)), reverse=not order.ascending
        )
    return rows[start:end]


def _search(data: dict[str, Any]) -> Search:
    info = as_object(data.get("search_query_info", {}))
    if info is None:
        raise Refused(32000, "search_query_info must be an object")
    return parsed(info, _knows)


def _row_of(call: Call) -> Member | None:
    """Return the member an ``update`` or ``get`` names, if there is one."""
    data = as_object(call.body.get("data")) or {}
    sent = as_object(data.get("object_data")) or {}
    record_id = sent.get("_id", data.get("objectDataId"))
    return call.tenant.by_record_id.get(record_id) if isinstance(record_id, str) else None


def _named(call: Call) -> frozenset[str]:
    member = _row_of(call)
    return frozenset({member.open_user_id} if member else ())


def _listed(call: Call) -> frozenset[str]:
    """The members a query would answer with: what its faults can be about."""
    try:
        search = _search(as_object(call.body.get("data")) or {})
        return frozenset(member.open_user_id for member, _ in _found(call, search))
    except Refused:
        return frozenset()


@ROUTES.add(*_paths("query"), concerns=_listed, faults=frozenset({"hide_rows"}))
def query(call: Call) -> dict[str, Any]:
    """One page of rows.

    Raises:
        Refused: 10013, 10014, 10010, 20016, 11015, 20012 for the credentials; 32000 for the
            search; 10013 for its offset.
    """
    data = _entered(call)
    _is_personnel(data.get("dataObjectApiName"))
    search = _search(data)
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
        for member, record in _found(call, search)
        if member.open_user_id not in call.skipped
    ]
    # Grade B: not to be trusted. It counts as far as this page, so a client that trusts it stops.
    total = search.offset + len(rows)
    page = {"dataList": rows, "offset": search.offset, "limit": search.limit, "total": total}
    return {"data": page}


@ROUTES.add(*_paths("get"), concerns=_named)
def get(call: Call) -> dict[str, Any]:
    """One whole record as it is now; empty data for one that is not there or not visible.

    Raises:
        Refused: as ``query``; 30027 for an unknown record in the profile ``strict``.
    """
    data = _entered(call)
    _is_personnel(data.get("dataObjectApiName"))
    converts, record_id = _converts(call), data.get("objectDataId")
    if not isinstance(record_id, str) or not record_id:
        raise Refused(32000, "objectDataId is missing")
    member = call.tenant.by_record_id.get(record_id)
    if member is None and call.tenant.profile.names_unknown:
        raise Refused(30027)
    if member is None or member.open_user_id in call.tenant.hidden:
        return {"data": {}}
    record = call.tenant.record(member, call.now, converts=converts)
    return {"data": {name: value for name, value in record.items() if not empty(value)}}


def _written_fields(sent: dict[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in sent.items() if name not in _IDS}
    for name in fields:
        # U: what the service does with a field it does not have; refusing shows a typing error.
        if name not in _WRITABLE and not _is_custom(name):
            raise Refused(32000, "object_data holds a field that cannot be written")
    if "status" in fields and fields["status"] not in ("0", "1"):
        # Grade B: a String. The offline API's int is the most common mistake.
        raise Refused(15002, 'status must be "0" or "1", a string')
    return fields


def _flag(call: Call, key: str) -> bool:
    value = call.body.get(key, True)  # Grade A: true when left out.
    if not isinstance(value, bool):
        raise Refused(32000, f"{key} must be true or false")
    return value


@ROUTES.add(*_paths("update"), concerns=_named, faults=frozenset({"no_op"}))
def update(call: Call) -> dict[str, Any]:
    """Write the sent fields of one record; the others stay (grade C).

    Raises:
        Refused: as ``query``; 32000, 15002 for the fields; 30027 unknown; 20014 hidden; 32000
            locked.
    """
    tenant = call.tenant
    sent = as_object(_entered(call).get("object_data"))
    if sent is None:
        raise Refused(32000, "object_data is missing")
    _is_personnel(sent.get("dataObjectApiName"))
    flags = _flag(call, "triggerWorkFlow"), _flag(call, "triggerApprovalFlow")
    fields = _written_fields(sent)
    member = _row_of(call)
    if member is None:
        raise Refused(30027)
    if member.open_user_id in tenant.hidden:
        raise Refused(20014)
    if member.open_user_id in tenant.locked:
        raise Refused(32000, "the record is locked")
    applied = tenant.profile.keeps_writes and member.open_user_id not in call.skipped
    if applied:
        tenant.write(member, fields, call.now)
    tenant.updates.append(Update(member.record_id, fields, *flags, applied=applied))
    return {"dataId": member.record_id}
