"""Who acts, if neither the caller nor a setting says so: found out once for a tenant.

Two settings lead to an employee: `acting_mobile` through the old call that finds employees by
their number (contract, section 2, grade B), and the app credentials through the token call that
names an employee (section 1, grade A).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from shim.modes.through import through
from shim.objectapi import tokens
from shim.objectapi.calls import Call, Reply
from shim.objectapi.codes import Code
from shim.offline import checks
from shim.offline.declaration import ENDPOINTS
from shim.scheduler.steps import Pause, Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shim.objectapi.session import Session
    from shim.settings.model import Settings

T = TypeVar("T")

_BY_MOBILE: Final = "query_employee_by_mobile"
_ADVICE: Final = (
    "set current_open_user_id to the FSUID_… of an employee who may read and edit PersonnelObj"
)


def source(now: Settings) -> str:
    """Return the setting that leads to who acts: its name, or `app_credentials`."""
    if now.current_open_user_id is not None:
        return "current_open_user_id"
    return "app_credentials" if now.acting_mobile is None else "acting_mobile"


def find(now: Settings) -> Steps[Reply]:
    """Find out who acts.

    Returns:
        A reply whose `employee` is who acts; or one that is not `ok` and says what to do.
    """
    if now.acting_mobile is None:
        path, body = tokens.EMPLOYEE_PATH, {"grantType": "app_secret"}
        call = Call(path, body, finds=_by_app, by_app=True)
    else:
        path = ENDPOINTS[_BY_MOBILE].old_path(now)
        body = {"mobile": now.acting_mobile.get_secret_value()}
        call = Call(path, body, finds=partial(_by_mobile, now.by_mobile_status.enabled))
    (reply,) = yield [call]
    return reply


def in_a_name(
    now: Settings, session: Callable[[], Session], walk: Callable[[Settings], Steps[T]]
) -> Steps[T]:
    """Walk a translation with settings that say who acts; find that out first if they do not.

    If it cannot be found out, nothing else is asked for: each call of the translation gets the
    reply that says why, so that every id still ends in an outcome.

    Args:
        now: The settings, with `current_open_user_id` if who acts is known.
        session: Returns the session of the run; called after the first call.
        walk: Begins the translation.
    """
    if now.current_open_user_id is not None:
        return (yield from walk(now))
    reply = yield from find(now)
    if not reply.ok:
        return (yield from through(walk(now), partial(_unanswered, reply)))
    session().acting = reply.employee
    return (yield from walk(acting_as(now, reply.employee)))


def acting_as(now: Settings, open_user_id: str) -> Settings:
    """Return settings in which this employee acts."""
    return now.model_copy(update={"current_open_user_id": open_user_id})


def _unanswered(reply: Reply, step: Sequence[Call] | Pause) -> Steps[Sequence[Reply]]:
    yield from ()
    return () if isinstance(step, Pause) else [reply] * len(step)


def _by_mobile(enabled: str, reply: Reply) -> Reply:
    """Read who acts from the answer of Query Employee By Mobile."""
    if not reply.ok:
        return _failed("acting_mobile", reply, reply.code, reply.message)
    listed = reply.body.get("empList")
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    if len(found) > 1:
        # A number is given again to a successor; the text of enabled ones is known (B).
        found = [one for one in found if one.get("status") == enabled] or found
    if len(found) > 1:
        why = f"{len(found)} employees have this number"
        return _failed("acting_mobile", reply, Code.SYSTEM_ERROR, why)
    employee = found[0].get("openUserId") if found else None
    return _named("acting_mobile", reply, employee, "no employee has this number")


def _by_app(reply: Reply) -> Reply:
    """Read who acts from the answer of the token call."""
    if not reply.ok:
        return _failed("the app credentials", reply, reply.code, reply.message)
    return _named("the app credentials", reply, reply.body.get("openUserId"), "it names nobody")


def _named(way: str, reply: Reply, employee: Any, otherwise: str) -> Reply:
    try:
        # What else the answer holds, a token or an employee's data, is not kept.
        return Reply(Code.OK, reply.trace_id, "OK", employee=checks.open_user_id(employee))
    except checks.Refused:
        return _failed(way, reply, Code.USER_NOT_FOUND, otherwise)


def _failed(way: str, reply: Reply, code: int, why: str) -> Reply:
    message = f"the acting employee could not be found by {way}: {why}; {_ADVICE}"
    return replace(reply, code=int(code), message=message, body={})
