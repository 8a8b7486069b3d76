"""Mode `dry_run`: reads are made, writes are planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shim.objectapi.calls import Reply, local_trace_id
from shim.objectapi.codes import Code
from shim.offline.answer import PlannedWrite
from shim.scheduler.steps import Pause, Steps, T, handled

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

    def run(self, translation: Steps[T]) -> Steps[T]:
        """Return what the translation returns, as far as that can be known without writing."""
        return (yield from handled(translation, self._perform))

    def _perform(self, step: Sequence[Call] | Pause) -> Steps[Sequence[Reply]]:
        if isinstance(step, Pause):
            # Nothing was written, so there is nothing to wait for.
            return ()
        reads = [call for call in step if not call.writes]
        replies = iter((yield reads) if reads else ())
        return [self._planned(call) if call.writes else next(replies) for call in step]

    def _planned(self, call: Call) -> Reply:
        self.plan.append(PlannedWrite(call.method, call.path, call.body))
        record = _part(_part(call.body, "data"), "object_data")
        # What the vendor answers to an update (grade A); the `_id` of a new record is unknown.
        body = {"dataId": str(record.get("_id", ""))} if record else {}
        # A translation that reads back what it wrote sees `planned`, and does not.
        return Reply(Code.OK, local_trace_id(), "dry run: nothing was written", body, planned=True)


def _part(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = body.get(key)
    return part if isinstance(part, dict) else {}
