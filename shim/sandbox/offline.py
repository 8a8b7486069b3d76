"""The deprecated API: flat bodies, codes of its own. What its calls have in common.

It is the path the old programs work on, so it knows neither the read permission of the objects
nor ``read_only`` (grade U) nor locked records (grade C).

Every call looks at the form of all its parameters first, in the documented order, then at token,
corpId and acting user, then at whether what it names exists. U: the real order. Parameters that a
page does not print are ignored, whatever they hold (grade C).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shim.sandbox.envelope import invalid
from shim.sandbox.routes import as_object, as_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.sandbox.routes import Call

#: Where today's pages print the members' and departments' calls, with the same flat body (grade A).
UPDATE: Final = "/cgi/crm/v2/data/update"
QUERY: Final = "/cgi/crm/v2/data/query"

#: Kinds of fault that befall the calls that write.
NO_OP: Final = frozenset({"no_op"})

#: Offline status -> the objects' status (grade B): value and type both change.
_STATUS: Final[dict[int | str | None, str]] = {1: "1", 2: "0", "1": "1", "2": "0"}

#: What a query body holds when it asks for nothing in particular. Public clients add the last.
BARE: Final = frozenset(
    {"corpAccessToken", "corpId", "thirdTraceId", "currentOpenUserId", "fetchChild"}
)


def flat(*keys: str, without: str = "data") -> Callable[[dict[str, Any]], bool]:
    """Return what recognises a flat body that has all of ``keys``, and not ``without``."""

    def accepts(body: dict[str, Any]) -> bool:
        return "data" not in body and without not in body and all(key in body for key in keys)

    return accepts


def whole(value: object, code: int, name: str) -> int:
    """Return an integer; 30.0 is one.

    Raises:
        Refused: ``code``, the parameter ``name`` is something else.
    """
    number = as_whole(value)
    if number is None:
        raise invalid(code, name, "send a whole number")
    return number


def sent(call: Call, key: str) -> dict[str, Any]:
    """Return the object a call wraps its parameters in.

    Raises:
        Refused: 15002, there is none.
    """
    value = as_object(call.body.get(key))
    if value is None:
        raise invalid(15002, key, "send an object")
    return value


def new_status(call: Call) -> str:
    """Return the status to set, in the objects' code.

    Raises:
        Refused: 15002, it is neither 1 nor 2.
    """
    given = call.body.get("status")
    asked = given if isinstance(given, str) else as_whole(given)
    if asked not in _STATUS:
        raise invalid(15002, "status", "send 1 (disabled) or 2 (enabled)")
    return _STATUS[asked]
