"""The two token interfaces: one for each style of credentials (grade A)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shim.sandbox.envelope import Refused
from shim.sandbox.routes import ROUTES

if TYPE_CHECKING:
    from shim.sandbox.routes import Call


def _check_app(call: Call) -> None:
    """Check ``appId``, ``appSecret`` and ``permanentCode``.

    Raises:
        Refused: 10006 for a wrong app, 20015 for a wrong permanent code.
    """
    tenant = call.tenant
    if call.body.get("appId") != tenant.app_id or call.body.get("appSecret") != tenant.app_secret:
        raise Refused(10006, "appId or appSecret is not valid")
    if call.body.get("permanentCode") != tenant.permanent_code:
        raise Refused(20015)


@ROUTES.add("/cgi/corpAccessToken/get/V2", is_token=True)
def corp_access_token(call: Call) -> dict[str, Any]:
    """Give a token for a body's ``corpAccessToken``; ``expiresIn`` in seconds.

    Raises:
        Refused: 10006 for a wrong app, 20015 for a wrong permanent code.
    """
    _check_app(call)
    token, seconds = call.tenant.tokens.ask(call.now)
    return {"corpAccessToken": token, "corpId": call.tenant.corp_id, "expiresIn": seconds}


@ROUTES.add("/oauth2.0/token", is_token=True)
def access_token(call: Call) -> dict[str, Any]:
    """Give a token for the header ``authorization``; ``expiresIn`` in seconds.

    ``openUserId`` is an employee that may act; U which, here the administrator. U: whether the
    token is the one of the other interface; here it is.

    Raises:
        Refused: 15002 for another ``grantType``; 10006 for a wrong app, 20015 for a wrong permanent
            code.
    """
    if call.body.get("grantType") != "app_secret":
        raise Refused(15002, "parameter grantType is not valid: send app_secret")
    _check_app(call)
    tenant = call.tenant
    token, seconds = tenant.tokens.ask(call.now)
    return {
        "accessToken": token,
        "ea": tenant.ea,
        "openUserId": tenant.administrator,
        "expiresIn": seconds,
    }
