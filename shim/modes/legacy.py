"""Mode `legacy`: the old call, to its old address, as it was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from shim import settings as settings_module
from shim.objectapi.calls import Call
from shim.objectapi.codes import Code
from shim.offline import checks
from shim.offline.answer import envelope, passed_on
from shim.scheduler.steps import Pause, Steps, handled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shim._endpoint import Address, Endpoint, Translation
    from shim.objectapi.calls import Reply
    from shim.offline.answer import Answer
    from shim.settings.model import Settings

# The first two go where every call's credentials go, the third into the address.
_APART = frozenset({"corpAccessToken", "corpId", "thirdTraceId"})


def old_address(endpoint: Endpoint, now: Settings) -> Address:
    """Return where the old call is sent; `legacy_address` decides."""
    return endpoint.addresses[0 if now.legacy_address == "original" else -1]


def legacy(
    endpoint: Endpoint,
    now: Settings,
    given: Mapping[str, Any],
    undocumented: Mapping[str, Any],
) -> Translation:
    """Make an old call once, and return what the old service answers.

    Args:
        endpoint: The call.
        now: The settings; `legacy_address` says which of its addresses.
        given: Its arguments, unchecked: the old service checks them.
        undocumented: Parameters that it does not document. They go out as well: this mode is for
            making the call as it was always made.

    Raises:
        Refused: An argument is something that JSON cannot carry.
    """
    others = _undocumented(undocumented)
    if endpoint.kind != "translated":
        return (yield from _passed_on(endpoint, now, given, others))
    documented = {
        name: checks.plain(_as_list(value, name), name)
        for name, value in given.items()
        if name not in _APART and value is not None
    }
    body = {**others, **documented}
    by = endpoint.signature.parameters.get("currentOpenUserId")
    if by is not None and by.default is Parameter.empty and now.current_open_user_id is not None:
        # None leaves it to the setting where the call cannot be without.
        body.setdefault("currentOpenUserId", now.current_open_user_id)
    address = old_address(endpoint, now)
    call = Call(address.path, body, writes=endpoint.writes, method=address.method, as_given=True)
    (reply,) = yield [call]
    return _answer(reply, endpoint)


def _undocumented(given: Mapping[str, Any]) -> dict[str, Any]:
    name = "an undocumented parameter"
    return checks.json_object({key: _as_list(value, name) for key, value in given.items()}, name)


def _passed_on(
    endpoint: Endpoint, now: Settings, given: Mapping[str, Any], others: Mapping[str, Any]
) -> Translation:
    """Make the call that the translation passes on, as an old one.

    Its body is the old one already; only where it goes may be another matter.
    """
    by = given.get("currentOpenUserId") or now.current_open_user_id
    acting = {} if by is None else {"currentOpenUserId": by}

    def handler(step: Sequence[Call] | Pause) -> Steps[Sequence[Reply]]:
        calls = () if isinstance(step, Pause) else step
        return (
            yield [
                replace(one, body={**others, **one.body, **acting}, as_given=True) for one in calls
            ]
        )

    own = now.model_copy(update={"erp": "own"})
    return (yield from handled(begun(endpoint, own, given), handler))


def begun(endpoint: Endpoint, now: Settings, given: Mapping[str, Any]) -> Translation:
    """Run a translation with these settings, whatever is in force when it begins."""
    translation = endpoint.translation(**given)
    try:
        with settings_module.pinned(now):
            step = next(translation)
        while True:
            step = translation.send((yield step))
    except StopIteration as end:
        return end.value
    finally:
        translation.close()


def _as_list(value: Any, name: str) -> Any:
    """Return any collection that is neither text nor an object as a list, as JSON has it."""
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, Mapping)):
        return checks.read(value, name)
    return value


def _answer(reply: Reply, endpoint: Endpoint) -> Answer:
    """Return what the old service answered, or in its shape what went wrong."""
    code = reply.body.get("errorCode")
    if endpoint.writes and not reply.ok and code == Code.OK:
        # Done, with something beside the envelope that cannot be read; it documents nothing there.
        return envelope(Code.OK, "OK", str(reply.body["traceId"]))
    # All four documented keys, whatever it has left out; an error's text without our secrets.
    answer = passed_on(reply)
    texts = () if reply.ok else ("errorMessage", "errorDescription")
    apart = {"traceId", "errorCode", *texts}
    answer.update({key: value for key, value in reply.body.items() if key not in apart})
    return answer
