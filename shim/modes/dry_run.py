"""Mode `dry_run`: reads are made, writes are planned, and later reads show them as done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shim.modes._handler import T, handled
from shim.objectapi.calls import Reply, local_trace_id
from shim.objectapi.codes import Code
from shim.offline.answer import PlannedWrite
from shim.scheduler.steps import Pause, Steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shim.objectapi.calls import Call


class DryRun:
    """Runs a translation; none of its calls that write is sent.

    Attributes:
        plan: The writes, in order.
    """

    def __init__(self) -> None:
        self.plan: list[PlannedWrite] = []
        # By object and `_id`: what the records would hold.
        self._written: dict[tuple[str, str], Mapping[str, Any]] = {}

    def run(self, translation: Steps[T]) -> Steps[T]:
        """Return what the translation returns, as far as that can be known without writing."""
        return (yield from handled(translation, self._perform))

    def _perform(self, step: Sequence[Call] | Pause) -> Steps[Sequence[Reply]]:
        if isinstance(step, Pause):
            # Nothing was written, so nothing has to show up.
            return ()
        replies = iter((yield [call for call in step if not call.writes]))
        return [
            self._planned(call) if call.writes else self._overlaid(call, next(replies))
            for call in step
        ]

    def _planned(self, call: Call) -> Reply:
        self.plan.append(PlannedWrite(call.method, call.path, call.body))
        record = _part(_part(call.body, "data"), "object_data")
        record_id = str(record.get("_id", ""))
        if record_id:
            key = str(record.get("dataObjectApiName", "")), record_id
            self._written[key] = {**self._written.get(key, {}), **record}
        # What the vendor answers to an update (grade A); a new record's `_id` is unknown.
        data = {"dataId": record_id} if record else {}
        return Reply(Code.OK, local_trace_id(), "dry run: nothing was written", data)

    def _overlaid(self, call: Call, reply: Reply) -> Reply:
        """Return a reply that shows the planned writes as done."""
        data = reply.data
        if not self._written or not data:
            return reply
        api_name = str(_part(call.body, "data").get("dataObjectApiName", ""))
        shown = {**data, **self._written_of(api_name, data)}
        if "dataList" in data:
            shown["dataList"] = [{**row, **self._written_of(api_name, row)} for row in reply.rows]
        return replace(reply, body={**reply.body, "data": shown})

    def _written_of(self, api_name: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._written.get((api_name, str(row.get("_id", ""))), {})


def _part(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = body.get(key)
    return part if isinstance(part, dict) else {}
