"""The control surface, ``/_sandbox/…``: for tests and demos, not part of any vendor's API.

| call | answer |
| --- | --- |
| ``GET members`` | ``{open_user_id: "0" or "1"}``, the true state |
| ``GET calls`` | ``{path: {"count": n, "throttled": n}}``; control calls are not counted |
| ``GET describe`` | address, credentials and members |
| ``POST faults`` | takes a fault, a list, or ``{"faults": […]}``; ``{"added": n}`` |
| ``POST reset`` | back to the start; ``{"calls_only": true}`` only counts from zero again |

HTTP status 400 and ``{"error": text}`` for what cannot be used, 404 and 405 as usual.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from shim.sandbox.envelope import Reply, dumped
from shim.sandbox.faults import FaultError
from shim.sandbox.routes import as_object

if TYPE_CHECKING:
    from shim.sandbox.sandbox import Sandbox

PREFIX: Final = "/_sandbox/"
_METHODS: Final = {
    "members": "GET",
    "calls": "GET",
    "describe": "GET",
    "faults": "POST",
    "reset": "POST",
}


def control(sandbox: Sandbox, method: str, path: str, body: bytes, base_url: str | None) -> Reply:
    """Answer one control call; ``base_url`` is the address it came to."""
    name = path.removeprefix(PREFIX)
    if name not in _METHODS:
        return _answered({"error": f"there are {', '.join(_METHODS)}"}, 404)
    if method != _METHODS[name]:
        return _answered({"error": f"{name} wants {_METHODS[name]}"}, 405)
    if name == "members":
        return _answered(sandbox.members())
    if name == "calls":
        return _answered(sandbox.calls())
    if name == "describe":
        return _answered(sandbox.describe(base_url))
    return _told(sandbox, name, body)


def _told(sandbox: Sandbox, name: str, body: bytes) -> Reply:
    try:
        sent: object = json.loads(body) if body.strip() else None
    except (ValueError, RecursionError):
        return _answered({"error": "the body is not JSON"}, 400)
    return _faults(sandbox, sent) if name == "faults" else _reset(sandbox, sent)


def _faults(sandbox: Sandbox, sent: object) -> Reply:
    wrapped = as_object(sent)
    given = wrapped.get("faults", [wrapped]) if wrapped is not None else sent
    if not isinstance(given, list):
        return _answered({"error": "faults: send a list"}, 400)
    faults = cast("list[dict[str, Any]]", given)
    try:
        sandbox.add_faults(*faults)
    except FaultError as error:
        return _answered({"error": str(error)}, 400)
    return _answered({"added": len(faults)})


def _reset(sandbox: Sandbox, sent: object) -> Reply:
    options = {} if sent is None else as_object(sent)
    if options is None or not isinstance(options.get("calls_only", False), bool):
        return _answered({"error": "calls_only: send true or false, in an object"}, 400)
    only = options.get("calls_only", False)
    sandbox.reset(calls_only=only)
    return _answered({"reset": "calls" if only else "all"})


def _answered(answer: object, status: int = 200) -> Reply:
    return Reply(status, dumped(answer))
