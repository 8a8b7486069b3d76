"""The object API's writing side: update, create, invalid, recover, delete, changeOwner."""

from __future__ import annotations

from typing import Any, Final

from shim.sandbox._faults import NO_OP
from shim.sandbox._messages import Refusal, as_list, as_object, as_whole, invalid, is_name
from shim.sandbox._object_calls import (
    ERP,
    NEW,
    TIMES,
    check_place,
    converts_ids,
    flag,
    found,
    generic_table_at,
    named,
    names,
    object_data,
    opened,
    paths,
    table_at,
    trigger,
    written,
)
from shim.sandbox._routes import ROUTES, SandboxCall, actor, required_acting
from shim.sandbox._tables import INVALID, NORMAL, GenericRow, GenericTable
from shim.sandbox._tenant import Update

#: The kinds of fault that hit an update.
_WRITTEN: Final = frozenset({"no_op", "lock"})


@ROUTES.add(ERP, method="PUT", concerns=named, faults=_WRITTEN)
@ROUTES.add(*paths("update"), concerns=named, faults=_WRITTEN)
def update(call: SandboxCall) -> dict[str, Any]:
    """Write the sent fields of one record; the others stay (grade C).

    Raises:
        Refusal: as ``query``; 32000, 15002, 20012 for the fields; 30027 (30007 for a department)
            unknown; 20014 (20023) hidden; 50009 locked (grade C), and nothing is written.
    """
    tenant = call.tenant
    sent = object_data(opened(call))
    table = table_at(call, sent.get("dataObjectApiName"))
    flags = trigger(call, "triggerWorkFlow"), trigger(call, "triggerApprovalFlow")
    fields = written(call, table, sent)
    row = found(table, sent.get("_id"), call.now)
    if row.mark in table.hidden:
        raise Refusal(table.unseen)
    if row.mark in table.locked | call.locked:
        raise Refusal(tenant.profile.locked_code)
    check_place(tenant, row, fields, call.now)
    # The doubt about writes is about what the organisation keeps: people and departments.
    holds = tenant.profile.keeps_writes or isinstance(table, GenericTable)
    applied = holds and row.mark not in call.skipped
    if applied:
        table.write(row, fields, call.now)
    done = Update(row.record_id, fields, *flags, applied=applied, api_name=table.api_name)
    tenant.updates.append(done)
    return {"dataId": row.record_id}


_AT_CREATE: Final = frozenset({"owner", "life_status", *TIMES})


def _made(_call: SandboxCall) -> frozenset[str]:
    """Return the mark of the record that is not there yet."""
    return frozenset({NEW})


@ROUTES.add(ERP, concerns=_made, faults=NO_OP)
@ROUTES.add(*paths("create"), concerns=_made, faults=NO_OP)
def create(call: SandboxCall) -> dict[str, Any]:
    """Make a record. One of a generic object belongs to ``owner``, or the acting user (grade C).

    ``life_status`` is taken, and with ``hasSpecifyTime`` the times are as well (grade C). Null is
    left out, except in a generic object's own fields. U: which fields people and departments need;
    here it is ``name``.

    Raises:
        Refusal: as ``query``; 32000 for a field the service keeps; 15002, 20012, 32000 for a value.
    """
    tenant = call.tenant
    given = object_data(opened(call))
    table = table_at(call, given.get("dataObjectApiName"))
    optional = _AT_CREATE | {"_id"} if isinstance(table, GenericTable) else given.keys()
    sent = {
        name: value for name, value in given.items() if value is not None or name not in optional
    }
    for key in ("triggerWorkFlow", "triggerApprovalFlow"):
        trigger(call, key)
    if "_id" in sent:
        raise invalid(32000, "object_data._id", "it cannot be written")
    fields = {**written(call, table, sent, but=_AT_CREATE), **_kept(call, sent)}
    if not isinstance(table, GenericTable):
        if "name" not in fields:
            raise invalid(32000, "object_data.name", "it is missing")
        if not is_name(fields["name"]):
            raise invalid(32000, "object_data.name", "send a string that is not empty")
    elif "owner" not in fields:
        fields["owner"] = [actor(call, required_acting(call))]
    holds = tenant.profile.keeps_writes or isinstance(table, GenericTable)
    if NEW in call.skipped or not holds:
        return {"dataId": table.fresh_id()}
    return {"dataId": table.create(fields, call.now)}


def _kept(call: SandboxCall, sent: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that only create takes."""
    kept: dict[str, Any] = {}
    if "owner" in sent:
        kept["owner"] = [_owner(call, sent["owner"], "object_data.owner")]
    if "life_status" in sent:
        if not is_name(sent["life_status"]):
            raise invalid(32000, "object_data.life_status", "send a string that is not empty")
        kept["life_status"] = sent["life_status"]
    takes_times = flag(call, "hasSpecifyTime", default=False)
    for name in TIMES:
        if name in sent:
            kept[name] = as_whole(sent[name])
            if kept[name] is None or not takes_times:
                why = "send milliseconds, and hasSpecifyTime: true"
                raise invalid(32000, f"object_data.{name}", why)
    return kept


def _rows(call: SandboxCall, table: GenericTable, ids: list[str]) -> list[GenericRow]:
    """Return the records of these ids, without those that a fault skips. All must be there."""
    rows: list[GenericRow] = [found(table, each, call.now) for each in ids]
    return [row for row in rows if row.mark not in call.skipped]


def _is_invalid(table: GenericTable, row: GenericRow, now: float) -> bool:
    return bool(table.record(row, now)["life_status"] == INVALID)


@ROUTES.add(f"{ERP}/invalid", concerns=named, faults=NO_OP)
@ROUTES.add(*paths("invalid"), concerns=named, faults=NO_OP)
def invalidate(call: SandboxCall) -> dict[str, Any]:
    """Invalidate one record. U: whether it can still be read and written; here it can.

    Raises:
        Refusal: as ``query``; 30027 unknown; 32000 when it is invalid already.
    """
    data = opened(call)
    table = generic_table_at(call, data.get("dataObjectApiName"))
    if not is_name(data.get("object_data_id")):
        raise invalid(32000, "data.object_data_id", "send an _id")
    row: GenericRow = found(table, data["object_data_id"], call.now)
    if _is_invalid(table, row, call.now):
        raise invalid(32000, "data.object_data_id", "the record is invalid already")
    if row.mark not in call.skipped:
        table.write(row, {"life_status": INVALID}, call.now)
    return {}


@ROUTES.add(f"{ERP}/recover", concerns=named, faults=NO_OP)
@ROUTES.add(*paths("recover"), concerns=named, faults=NO_OP)
def recover(call: SandboxCall) -> dict[str, Any]:
    """Make records normal again. U: what a record that is normal answers; here it stays so.

    Raises:
        Refusal: as ``query``; 30027 when one is unknown: then none is recovered.
    """
    data = opened(call)
    table = generic_table_at(call, data.get("dataObjectApiName"))
    for row in _rows(call, table, names(data.get("idList"), "idList")):
        if _is_invalid(table, row, call.now):
            table.write(row, {"life_status": NORMAL}, call.now)
    return {}


@ROUTES.add(ERP, method="DELETE", concerns=named, faults=NO_OP)
@ROUTES.add(*paths("delete"), concerns=named, faults=NO_OP)
def delete(call: SandboxCall) -> dict[str, Any]:
    """Delete invalid records for good.

    Raises:
        Refusal: as ``query``; 30027 when one is unknown, 32000 when one is not invalid: then none
            is deleted.
    """
    data = opened(call)
    table = generic_table_at(call, data.get("dataObjectApiName"))
    ids = names(data.get("idList"), "idList")
    rows = _rows(call, table, ids)
    if not all(_is_invalid(table, table.by_record_id[each], call.now) for each in ids):
        raise invalid(32000, "data.idList", "only invalid records can be deleted")
    for row in rows:
        table.erase(row, call.now)
    return {}


def _owner(call: SandboxCall, value: object, name: str) -> str:
    """Return the one openUserId of an owner: a list, or the string "[FSUID_…]" (grade A).

    It may be an employee id if the call names employees so.

    Raises:
        Refusal: 32000 for another form of the parameter ``name``, 20012 for an unknown owner.
    """
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        value = [value[1:-1].strip()]
    owners = as_list(value)
    if owners is None or len(owners) != 1 or not is_name(owners[0]):
        raise invalid(32000, name, "send a list of one openUserId")
    owner = str(owners[0])
    if not converts_ids(call):
        owner = call.tenant.numbered(owner) or owner
    if not call.tenant.knows(owner):
        raise Refusal(20012, f"{name} is not found")
    return owner


@ROUTES.add(f"{ERP}/changeOwner", concerns=named, faults=NO_OP)
@ROUTES.add(*paths("changeOwner"), concerns=named, faults=NO_OP)
def change_owner(call: SandboxCall) -> dict[str, Any]:
    """Give records to other employees.

    Raises:
        Refusal: as ``query``; 32000 for the form; 30027 for an unknown record, 20012 for an
            unknown owner: then no owner is changed.
    """
    data = opened(call)
    table = generic_table_at(call, data.get("dataObjectApiName"))
    changes = [as_object(each) or {} for each in as_list(data.get("Data")) or []]
    ids = [each.get("objectDataId") for each in changes]
    if not ids or not all(map(is_name, ids)):
        raise invalid(32000, "data.Data", "send a list of objectDataId and ownerId")
    rows: list[GenericRow] = [found(table, each, call.now) for each in ids]
    owners = [_owner(call, each.get("ownerId"), "data.Data.ownerId") for each in changes]
    for row, owner in zip(rows, owners, strict=True):
        if row.mark not in call.skipped:
            table.write(row, {"owner": [owner]}, call.now)
    return {}
