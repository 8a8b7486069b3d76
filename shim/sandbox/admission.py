"""Who makes a call: the credentials in the body or in headers, and whether they are good.

Body style: ``corpAccessToken``, ``corpId`` and ``currentOpenUserId`` (grades A and B).
Header style: ``authorization: Bearer …``, ``x-fs-ea`` and ``x-fs-userid``, an employee id such as
"1000" (grade A). A request has one of the two styles (grade A).

U: the codes of the header style, here those of the same fault in the body style. U: whether a
token of one style is good in the other, here it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shim.sandbox.envelope import Refused

if TYPE_CHECKING:
    from shim.sandbox.routes import Call

_BEARER: Final = "bearer "
_IN_BODY: Final = ("corpAccessToken", "corpId", "currentOpenUserId")

#: The headers that are credentials.
HEADERS: Final = ("authorization", "x-fs-ea", "x-fs-userid")


def in_headers(call: Call) -> bool:
    """Whether a call has credentials in headers. Other schemes than Bearer are not looked at."""
    return (
        "x-fs-ea" in call.headers
        or "x-fs-userid" in call.headers
        or call.headers.get("authorization", "").lower().startswith(_BEARER)
    )


def credentials(call: Call) -> tuple[str, str]:
    """Return the token, and the tenant's id: the ``corpId``, or the ``ea`` of the headers.

    Raises:
        Refused: 10013 and 10014, one is missing; 32000, the styles are mixed.
    """
    if not in_headers(call):
        return call.text("corpAccessToken", 10013), call.text("corpId", 10014)
    for name in _IN_BODY:
        if call.body.get(name) is not None:
            msg = f"parameter {name} is not valid beside authorization, x-fs-ea and x-fs-userid"
            raise Refused(32000, msg)
    given = call.headers.get("authorization", "")
    token = given[len(_BEARER) :].strip() if given.lower().startswith(_BEARER) else ""
    if not token:
        raise Refused(10013, "authorization is missing: send Bearer and the accessToken")
    if not call.headers.get("x-fs-ea"):
        raise Refused(10014, "x-fs-ea is missing")
    return token, call.headers["x-fs-ea"]


def acting(call: Call, *, printed: bool = False) -> str | None:
    """Return the acting employee as it was sent, where it may be left out; "" is left out, too (U).

    Args:
        call: The call.
        printed: Its page prints ``currentOpenUserId``. Other calls do not look at it (grade C).

    Raises:
        Refused: 11008, it is there and no string.
    """
    if in_headers(call):
        return call.headers.get("x-fs-userid") or None
    if not printed:
        return None
    by = call.body.get("currentOpenUserId")
    if by is not None and not isinstance(by, str):
        raise Refused(11008, "currentOpenUserId is not valid")
    return by or None


def required_acting(call: Call) -> str:
    """Return the acting employee as it was sent, for a call that needs one.

    Raises:
        Refused: 10010, it is missing.
    """
    if not in_headers(call):
        return call.text("currentOpenUserId", 10010)
    by = acting(call)
    if by is None:
        raise Refused(10010, "x-fs-userid is missing")
    return by


def actor(call: Call, by: str) -> str:
    """Return the openUserId of the acting employee.

    Raises:
        Refused: 20012, there is no such employee.
    """
    if not in_headers(call):
        if not call.tenant.knows(by):
            raise Refused(20012, "currentOpenUserId is not found")
        return by
    open_user_id = call.tenant.numbered(by)
    if open_user_id is None and not call.tenant.profile.checks_headers and call.tenant.knows(by):
        return by
    if open_user_id is None:
        msg = "x-fs-userid is not found: send an employee id such as 1000, not an openUserId"
        raise Refused(20012, msg)
    return open_user_id


def enter(call: Call, by: str | None = None) -> None:
    """Let a call in whose credentials have the right form. Spends one call of the token.

    Args:
        call: The call.
        by: The acting employee as it was sent, if there is one.

    Raises:
        Refused: 20016, 11015 or 20012, in this order.
    """
    token, tenant_id = credentials(call)
    call.tenant.tokens.use(token, call.now)
    if in_headers(call):
        if call.tenant.profile.checks_headers and tenant_id != call.tenant.ea:
            raise Refused(11015, "x-fs-ea is not valid")
    elif tenant_id != call.tenant.corp_id:
        raise Refused(11015)
    if by is not None:
        actor(call, by)
