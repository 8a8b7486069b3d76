"""The old answer: a dict with the documented four keys, and what they cannot say beside it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shim.objectapi.calls import local_trace_id
from shim.objectapi.codes import Code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shim.changes.outcome import Outcome
    from shim.objectapi.calls import Reply
    from shim.routing.dry_run import PlannedWrite


class Answer(dict[str, Any]):
    """The answer of an offline call, in its old shape.

    Equal to, and dumped as JSON like, the documented keys: `traceId`, `errorDescription`,
    `errorMessage`, `errorCode`. Do not branch on the texts; the vendor never promised them.

    Attributes:
        outcomes: For a call that writes, one for each id given, in the order given. None where the
            old call was made, which tells nothing of them.
        dropped: Names of parameters that were given and could not be passed on.
        plan: In a dry run, the calls that would have written, in order.
        api_calls: HTTP calls made, by path.
    """

    outcomes: tuple[Outcome, ...] = ()
    dropped: tuple[str, ...] = ()
    plan: tuple[PlannedWrite, ...] = ()
    api_calls: Mapping[str, int] = MappingProxyType({})


def envelope(code: int, text: str, trace_id: str) -> Answer:
    """Return an answer of the four documented keys, in their documented order."""
    succeeded = code == Code.OK
    return Answer(
        traceId=trace_id,
        errorDescription="success" if succeeded else text,
        errorMessage="OK" if succeeded else text,
        errorCode=int(code),
    )


def found(trace_id: str, note: str = "", **fields: Any) -> Answer:
    """Return the answer of a call that read something: the envelope, and what was read.

    A note goes where nobody branches on it: into `errorDescription`.
    """
    answer = envelope(Code.OK, "OK", trace_id)
    if note:
        answer["errorDescription"] = f"success: {note}"
    answer.update(fields)
    return answer


def passed_on(reply: Reply) -> Answer:
    """Return the answer to a reply that failed: its code, its text, its traceId."""
    return envelope(reply.code, reply.message, reply.trace_id)


def refusal(code: int, text: str) -> Answer:
    """Return the answer to arguments that are not worth a call."""
    return envelope(code, text, local_trace_id())


def summary(outcomes: Sequence[Outcome]) -> Answer:
    """Return the answer for these outcomes: the first failure's code, and a text that counts."""
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    if failed:
        first = failed[0]
        text = f"{len(failed)} of {len(outcomes)} failed: {first.message}"
        answer = envelope(first.error_code, text, first.trace_id)
    else:
        # A write's traceId says more to the vendor's support than a look-up's.
        best = next((one for one in outcomes if one.state == "changed"), outcomes[0])
        answer = envelope(Code.OK, "OK", best.trace_id)
    answer.outcomes = tuple(outcomes)
    return answer
