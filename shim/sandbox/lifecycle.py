"""What generic records go through: create, invalid, recover, delete, changeOwner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shim.sandbox.admission import actor, required_acting
from shim.sandbox.envelope import Refused
from shim.sandbox.fields import fields_of
from shim.sandbox.object_calls import (
    NEW,
    flag,
    found,
    named,
    names,
    object_data,
    opened,
    paths,
    things_at,
)
from shim.sandbox.routes import ROUTES, as_list, as_object, is_name
from shim.sandbox.things import INVALID, NORMAL

if TYPE_CHECKING:
    from shim.sandbox.routes import Call
    from shim.sandbox.things import Thing, Things

NO_OP: Final = frozenset({"no_op"})


def made(_call: Call) -> frozenset[str]:
    """Return the mark of the record that is not there yet."""
    return frozenset({NEW})


@ROUTES.add(*paths("create"), concerns=made, faults=NO_OP)
def create(call: Call) -> dict[str, Any]:
    """Make a record of any fields; it belongs to ``owner``, or else to the acting user (grade C).

    Raises:
        Refused: as ``query``; 32000 for a field the service keeps; 20012 for an unknown owner.
    """
    sent = object_data(opened(call))
    things = things_at(call, sent.get("dataObjectApiName"))
    for key in ("triggerWorkFlow", "triggerApprovalFlow"):
        flag(call, key)
    if "_id" in sent:
        raise Refused(32000, "object_data holds a field that cannot be written")
    others = {name: value for name, value in sent.items() if name != "owner"}
    fields = fields_of(things).sent(call.tenant, others)
    owner = actor(call, required_acting(call))
    if "owner" in sent:
        owner = _owner(call, sent["owner"])
    if NEW in call.skipped:
        return {"dataId": things.fresh_id()}
    return {"dataId": things.create(fields, owner, call.now)}


def _rows(call: Call, things: Things, ids: list[str]) -> list[Thing]:
    """Return the records of these ids, all of which must be there; spared ones are left out."""
    rows: list[Thing] = [found(things, each, call.now) for each in ids]
    return [row for row in rows if row.mark not in call.skipped]


def _is_invalid(things: Things, row: Thing, now: float) -> bool:
    return bool(things.record(row, now)["life_status"] == INVALID)


@ROUTES.add(*paths("invalid"), concerns=named, faults=NO_OP)
def invalid(call: Call) -> dict[str, Any]:
    """Invalidate one record. U: whether it can still be read and written; here it can.

    Raises:
        Refused: as ``query``; 30027 unknown; 32000 when it is invalid already.
    """
    data = opened(call)
    things = things_at(call, data.get("dataObjectApiName"))
    if not is_name(data.get("object_data_id")):
        raise Refused(32000, "object_data_id is missing")
    row: Thing = found(things, data["object_data_id"], call.now)
    if _is_invalid(things, row, call.now):
        raise Refused(32000, "the record is invalid already")
    if row.mark not in call.skipped:
        things.write(row, {"life_status": INVALID}, call.now)
    return {}


@ROUTES.add(*paths("recover"), concerns=named, faults=NO_OP)
def recover(call: Call) -> dict[str, Any]:
    """Make records normal again. U: what a record that is normal answers; here it stays so.

    Raises:
        Refused: as ``query``; 30027 when one is unknown: then none is recovered.
    """
    data = opened(call)
    things = things_at(call, data.get("dataObjectApiName"))
    for row in _rows(call, things, names(data.get("idList"), "idList")):
        if _is_invalid(things, row, call.now):
            things.write(row, {"life_status": NORMAL}, call.now)
    return {}


@ROUTES.add(*paths("delete"), concerns=named, faults=NO_OP)
def delete(call: Call) -> dict[str, Any]:
    """Delete invalid records for good.

    Raises:
        Refused: as ``query``; 30027 when one is unknown, 32000 when one is not invalid: then none
            is deleted.
    """
    data = opened(call)
    things = things_at(call, data.get("dataObjectApiName"))
    ids = names(data.get("idList"), "idList")
    rows = _rows(call, things, ids)
    if not all(_is_invalid(things, things.by_record_id[each], call.now) for each in ids):
        raise Refused(32000, "only invalid records can be deleted")
    for row in rows:
        things.erase(row, call.now)
    return {}


def _owner(call: Call, value: object) -> str:
    """Return the one openUserId of an owner: a list, or the string "[FSUID_…]" (grade A)."""
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        value = [value[1:-1].strip()]
    owners = as_list(value)
    if owners is None or len(owners) != 1 or not is_name(owners[0]):
        raise Refused(32000, "an owner is a list of one openUserId")
    if not call.tenant.knows(str(owners[0])):
        raise Refused(20012)
    return str(owners[0])


@ROUTES.add(*paths("changeOwner"), concerns=named, faults=NO_OP)
def change_owner(call: Call) -> dict[str, Any]:
    """Give records to other employees.

    Raises:
        Refused: as ``query``; 32000 for the form; 30027 for an unknown record, 20012 for an
            unknown owner: then none changes hands.
    """
    data = opened(call)
    things = things_at(call, data.get("dataObjectApiName"))
    changes = [as_object(each) or {} for each in as_list(data.get("Data")) or []]
    ids = [each.get("objectDataId") for each in changes]
    if not ids or not all(map(is_name, ids)):
        raise Refused(32000, "Data must be a list of objectDataId and ownerId")
    rows: list[Thing] = [found(things, each, call.now) for each in ids]
    owners = [_owner(call, each.get("ownerId")) for each in changes]
    for row, owner in zip(rows, owners, strict=True):
        if row.mark not in call.skipped:
            things.write(row, {"owner": [owner]}, call.now)
    return {}
