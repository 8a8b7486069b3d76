"""Mode `object`: the acting employee of a translation, and the fallback to the old call.

If neither the caller nor a setting names the acting employee, it is found once for a tenant. Two
settings lead to an employee: `acting_mobile` through the old call that finds employees by their
number (contract, section 2, grade B), and the app credentials through the token call that names an
employee (section 1, grade A).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from shim._endpoint import ENDPOINTS
from shim.modes.legacy import old_address
from shim.objectapi import tokens
from shim.objectapi.calls import Call, Reply
from shim.objectapi.codes import Code
from shim.offline import checks
from shim.scheduler.steps import Pause, Steps, T, handled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shim.objectapi.session import Session
    from shim.settings.model import Settings

REFUSING = frozenset(
    {
        Code.UNKNOWN_PATH,
        Code.NO_ACCESS,
        Code.MAY_NOT_READ,
        Code.USER_NOT_FOUND,
        Code.DEPARTMENT_NOT_FOUND,
    }
)
"""Codes of a call for which the object API has nothing in this tenant. The last two stand for
records that do not exist or are hidden, which cannot be told apart (grade A)."""


class Watched:
    """Runs a translation and notes whether anything was written.

    Attributes:
        written: Whether a call that writes was sent, with whatever result.
    """

    def __init__(self) -> None:
        self.written = False

    def run(self, translation: Steps[T]) -> Steps[T]:
        """Return what the translation returns."""
        return (yield from handled(translation, self._perform))

    def _perform(self, step: Sequence[Call] | Pause) -> Steps[Sequence[Reply]]:
        if not isinstance(step, Pause) and any(call.writes for call in step):
            self.written = True
        return (yield step)


_BY_MOBILE: Final = "query_employee_by_mobile"
_ADVICE: Final = (
    "set current_open_user_id to the FSUID_… of an employee who may read and edit PersonnelObj"
)


def employee_source(now: Settings) -> str:
    """Return the setting that names or leads to the acting employee, or `app_credentials`."""
    if now.current_open_user_id is not None:
        return "current_open_user_id"
    return "app_credentials" if now.acting_mobile is None else "acting_mobile"


def find_employee(now: Settings) -> Steps[Reply]:
    """Find the acting employee.

    Returns:
        A reply whose `employee` is the acting employee; or one that is not `ok`, with advice.
    """
    if now.acting_mobile is None:
        path, body = tokens.EMPLOYEE_PATH, {"grantType": "app_secret"}
        call = Call(path, body, finds=_by_app, by_app=True)
    else:
        path = old_address(ENDPOINTS[_BY_MOBILE], now).path
        body = {"mobile": now.acting_mobile.get_secret_value()}
        call = Call(path, body, finds=partial(_by_mobile, now.by_mobile_status.enabled))
    (reply,) = yield [call]
    return reply


def with_employee(
    now: Settings, session: Callable[[], Session], begin: Callable[[Settings], Steps[T]]
) -> Steps[T]:
    """Run a translation with settings that name the acting employee; find it first if they do not.

    If it cannot be found, no other call is made: each call of the translation gets the reply that
    says why, so that every id still ends in an outcome.

    Args:
        now: The settings, with `current_open_user_id` if the acting employee is known.
        session: Returns the session of the run; called after the first call.
        begin: Begins the translation.
    """
    if now.current_open_user_id is not None:
        return (yield from begin(now))
    reply = yield from find_employee(now)
    if not reply.ok:
        return (yield from handled(begin(now), partial(_unanswered, reply)))
    session().acting = reply.employee
    return (yield from begin(acting_as(now, reply.employee)))


def acting_as(now: Settings, open_user_id: str) -> Settings:
    """Return settings in which this employee acts."""
    return now.model_copy(update={"current_open_user_id": open_user_id})


def _unanswered(reply: Reply, step: Sequence[Call] | Pause) -> Steps[Sequence[Reply]]:
    yield from ()
    return () if isinstance(step, Pause) else [reply] * len(step)


def _by_mobile(enabled: str, reply: Reply) -> Reply:
    """Read the acting employee from the answer of Query Employee By Mobile."""
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
    """Read the acting employee from the answer of the token call."""
    if not reply.ok:
        return _failed("the app credentials", reply, reply.code, reply.message)
    return _named(
        "the app credentials", reply, reply.body.get("openUserId"), "it names no employee"
    )


def _named(setting: str, reply: Reply, employee: Any, otherwise: str) -> Reply:
    try:
        # What else the answer holds, a token or an employee's data, is not kept.
        return Reply(Code.OK, reply.trace_id, "OK", employee=checks.open_user_id(employee))
    except checks.Refused:
        return _failed(setting, reply, Code.USER_NOT_FOUND, otherwise)


def _failed(setting: str, reply: Reply, code: int, why: str) -> Reply:
    message = f"the acting employee could not be found by {setting}: {why}; {_ADVICE}"
    return replace(reply, code=int(code), message=message, body={})
