"""``POST /cgi/corpAccessToken/get/V2`` (grade A)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shim.sandbox.envelope import Refused
from shim.sandbox.routes import ROUTES

if TYPE_CHECKING:
    from shim.sandbox.routes import Call


@ROUTES.add("/cgi/corpAccessToken/get/V2", is_token=True)
def corp_access_token(call: Call) -> dict[str, Any]:
    """Give a token for ``appId``, ``appSecret`` and ``permanentCode``; ``expiresIn`` in seconds.

    Raises:
        Refused: 10006 for a wrong app, 20015 for a wrong permanent code.
    """
    tenant = call.tenant
    if call.body.get("appId") != tenant.app_id or call.body.get("appSecret") != tenant.app_secret:
        raise Refused(10006, "appId or appSecret is not valid")
    if call.body.get("permanentCode") != tenant.permanent_code:
        raise Refused(20015)
    token, seconds = tenant.tokens.ask(call.now)
    return {"corpAccessToken": token, "corpId": tenant.corp_id, "expiresIn": seconds}
