"""The object API's update, for employees, departments and generic objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shim.sandbox.envelope import Refused
from shim.sandbox.fields import check_place
from shim.sandbox.object_calls import (
    found,
    named,
    object_data,
    opened,
    paths,
    table_at,
    trigger,
    written,
)
from shim.sandbox.routes import ROUTES
from shim.sandbox.tenant import Update
from shim.sandbox.things import Things

if TYPE_CHECKING:
    from shim.sandbox.routes import Call

#: The kinds of fault that befall an update.
WRITTEN: Final = frozenset({"no_op", "lock"})


@ROUTES.add(*paths("update"), concerns=named, faults=WRITTEN)
def update(call: Call) -> dict[str, Any]:
    """Write the sent fields of one record; the others stay (grade C).

    Raises:
        Refused: as ``query``; 32000, 15002, 20012 for the fields; 30027 (30007 for a department)
            unknown; 20014 (20023) hidden; 50009 locked (grade C), and nothing is written.
    """
    tenant = call.tenant
    sent = object_data(opened(call))
    table = table_at(call, sent.get("dataObjectApiName"))
    flags = trigger(call, "triggerWorkFlow"), trigger(call, "triggerApprovalFlow")
    fields = written(call, table, sent)
    row = found(table, sent.get("_id"), call.now)
    if row.mark in table.hidden:
        raise Refused(table.unseen)
    if row.mark in table.locked | call.locked:
        raise Refused(tenant.profile.locked_code)
    check_place(tenant, row, fields, call.now)
    # The doubt about writes is about what the organisation keeps: people and departments.
    holds = tenant.profile.keeps_writes or isinstance(table, Things)
    applied = holds and row.mark not in call.skipped
    if applied:
        table.write(row, fields, call.now)
    done = Update(row.record_id, fields, *flags, applied=applied, api_name=table.api_name)
    tenant.updates.append(done)
    return {"dataId": row.record_id}
