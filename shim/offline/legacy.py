"""The old way: the old call, to its old address, as it was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from shim import settings as settings_module
from shim.modes.through import through
from shim.objectapi.calls import Call
from shim.objectapi.codes import Code
from shim.offline import checks
from shim.offline.answer import envelope, passed_on
from shim.scheduler.steps import Pause, Steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shim.objectapi.calls import Reply
    from shim.offline.answer import Answer
    from shim.offline.declaration import Declaration, Translation
    from shim.settings.model import Settings

# The first two go where every call's credentials go, the third into the address.
_APART = frozenset({"corpAccessToken", "corpId", "thirdTraceId"})


def legacy(
    declared: Declaration,
    now: Settings,
    given: Mapping[str, Any],
    undocumented: Mapping[str, Any],
) -> Translation:
    """Make an old call once, and return what the old service answers.

    Args:
        declared: Which one.
        now: The settings; `legacy_address` says which of its addresses.
        given: Its arguments, unjudged: that is the old service's business.
        undocumented: Parameters that it does not document. They go out as well: this mode is for
            making the call as it was always made.

    Raises:
        Refused: An argument is something that JSON cannot carry.
    """
    others = _undocumented(undocumented)
    if declared.kind != "translated":
        return (yield from _passed_on(declared, now, given, others))
    documented = {
        name: checks.plain(_listed(value, name), name)
        for name, value in given.items()
        if name not in _APART and value is not None
    }
    body = {**others, **documented}
    by = declared.signature.parameters.get("currentOpenUserId")
    if by is not None and by.default is Parameter.empty and now.current_open_user_id is not None:
        # None leaves it to the setting where the call cannot be without.
        body.setdefault("currentOpenUserId", now.current_open_user_id)
    call = Call(
        declared.old_path(now), body, writes=declared.writes, method=declared.method, as_given=True
    )
    (reply,) = yield [call]
    return _answer(reply, declared)


def _undocumented(given: Mapping[str, Any]) -> dict[str, Any]:
    name = "an undocumented parameter"
    return checks.json_object({key: _listed(value, name) for key, value in given.items()}, name)


def _passed_on(
    declared: Declaration, now: Settings, given: Mapping[str, Any], others: Mapping[str, Any]
) -> Translation:
    """Make the call that the translation passes on, as an old one.

    Its body is the old one already; only where it goes may be another matter.
    """
    by = given.get("currentOpenUserId") or now.current_open_user_id
    acting = {} if by is None else {"currentOpenUserId": by}

    def hands(step: Sequence[Call] | Pause) -> Steps[Sequence[Reply]]:
        calls = () if isinstance(step, Pause) else step
        return (
            yield [
                replace(one, body={**others, **one.body, **acting}, as_given=True) for one in calls
            ]
        )

    own = now.model_copy(update={"erp": "own"})
    return (yield from through(begun(declared, own, given), hands))


def begun(declared: Declaration, now: Settings, given: Mapping[str, Any]) -> Translation:
    """Walk a translation that goes by these settings, whatever is in force when it begins."""
    flow = declared.translation(**given)
    try:
        with settings_module.pinned(now):
            step = next(flow)
        while True:
            step = flow.send((yield step))
    except StopIteration as end:
        answer: Answer = end.value
        return answer
    finally:
        flow.close()


def _listed(value: Any, name: str) -> Any:
    """Return any collection that is neither text nor an object as a list, as JSON has it."""
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, Mapping)):
        return checks.read(value, name)
    return value


def _answer(reply: Reply, declared: Declaration) -> Answer:
    """Return what the old service answered, or in its shape what went wrong on the way."""
    said = reply.body.get("errorCode")
    if declared.writes and not reply.ok and said == Code.OK:
        # Done, with something beside the envelope that cannot be read; it documents nothing there.
        return envelope(Code.OK, "OK", str(reply.body["traceId"]))
    # All four documented keys, whatever it has left out; an error's text without our secrets.
    answer = passed_on(reply)
    texts = () if reply.ok else ("errorMessage", "errorDescription")
    apart = {"traceId", "errorCode", *texts}
    answer.update({key: value for key, value in reply.body.items() if key not in apart})
    return answer
