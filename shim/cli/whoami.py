"""`fxshim whoami`: the acting employee, and the setting that names it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shim import settings
from shim.cli._output import CommandError

if TYPE_CHECKING:
    from shim.settings.model import Settings

_FOUND_BY = {
    "current_open_user_id": "set by current_open_user_id",
    "acting_mobile": "found by acting_mobile",
    "app_credentials": "found by the app credentials",
}


def text(corp_id: str | None = None, *, as_json: bool) -> str:
    """Return the acting employee. A set id is not checked; others are looked up.

    Args:
        corp_id: The tenant; None takes the setting's.
        as_json: Whether to return a JSON object instead of a line.

    Raises:
        CommandError: It cannot be looked up.
        ConfigurationError: Nothing is set, or a setting for the call is missing.
    """
    from shim.modes.object_api import employee_source  # Loads every offline call.

    now = settings.current()
    now = now.of(corp_id or now.corp_id or "")
    employee = now.acting_employee() or _found(now, corp_id)
    source = employee_source(now)
    if as_json:
        return json.dumps({"open_user_id": employee, "source": source})
    return f"{employee} ({_FOUND_BY[source]})"


def _found(now: Settings, corp_id: str | None) -> str:
    from shim._call import open_session
    from shim.modes.object_api import find_employee
    from shim.scheduler import drivers  # Talks to the network.

    session = open_session(corp_id=corp_id)
    reply = drivers.run(find_employee(now), lambda: session)
    if not reply.ok:
        msg = f"{reply.message} (errorCode {reply.code}, traceId {reply.trace_id})"
        raise CommandError(msg)
    return reply.employee
