"""Calls and endpoints, the register of all endpoints, and who may make a call.

An endpoint is one decorated function: it takes a ``SandboxCall`` and returns the keys beside
the envelope. Two may share an address if the shape of the body tells which one is meant.

A request has one of two styles of credentials (grade A). Body style: ``corpAccessToken``,
``corpId`` and ``currentOpenUserId`` (grades A and B). Header style: ``authorization: Bearer …``,
``x-fs-ea`` and ``x-fs-userid``, an employee id such as "1000" (grade A). Each style has an endpoint
that gives tokens; both are here.

U: the codes of the header style, here those of the same fault in the body style. U: whether a
token of one style is good in the other, here it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from shim.sandbox._messages import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shim.sandbox._tenant import SandboxTenant


@dataclass(frozen=True)
class SandboxCall:
    """One call that reached its endpoint.

    Attributes:
        tenant: The state to work on.
        body: The JSON object that was sent.
        now: When, in seconds of the sandbox's clock.
        skipped: The marks of records a fault keeps from being written, or from having a row.
        swapped: The marks of records that a fault shows with the ``_id`` of another.
        locked: The marks of records that a fault locks.
        path: Where it arrived.
        headers: Its headers that are credentials, with their names in lower case.
    """

    tenant: SandboxTenant = field(repr=False)
    body: dict[str, Any] = field(repr=False)
    now: float
    skipped: frozenset[str] = frozenset()
    swapped: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    def text(self, key: str, code: int) -> str:
        """Return a string of the body that must be there and not be empty.

        Raises:
            Refusal: ``code``.
        """
        value = self.body.get(key)
        if not isinstance(value, str) or not value:
            raise Refusal(code)
        return value


def _no_records(_call: SandboxCall) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True)
class SandboxEndpoint:
    """One interface of the vendor's.

    Attributes:
        answer: Does the call; returns the keys beside the envelope, or raises ``Refusal``.
        paths: Its addresses.
        accepts: Whether a body is meant for it, if the address is shared. None: every body
            that no other endpoint accepts.
        method: The HTTP method it answers.
        concerns: The marks of the records a call is about, for faults that apply to some only.
        faults: The kinds of fault that only make sense here and at endpoints like it.
        is_token: It is the token interface, which has a quota of its own.
    """

    answer: Callable[[SandboxCall], dict[str, Any]]
    paths: tuple[str, ...]
    accepts: Callable[[dict[str, Any]], bool] | None = None
    method: str = "POST"
    concerns: Callable[[SandboxCall], frozenset[str]] = _no_records
    faults: frozenset[str] = frozenset()
    is_token: bool = False


class Routes:
    """The register of endpoints; of those at one address the first that accepts is taken."""

    def __init__(self) -> None:
        self._at: dict[tuple[str, str], list[SandboxEndpoint]] = {}

    def add(
        self, *paths: str, **traits: Any
    ) -> Callable[
        [Callable[[SandboxCall], dict[str, Any]]], Callable[[SandboxCall], dict[str, Any]]
    ]:
        """Register the decorated function; ``traits`` are the fields of ``SandboxEndpoint``."""

        def register(
            answer: Callable[[SandboxCall], dict[str, Any]],
        ) -> Callable[[SandboxCall], dict[str, Any]]:
            endpoint = SandboxEndpoint(answer, paths, **traits)
            for path in paths:
                there = self._at.setdefault((endpoint.method, path), [])
                there.append(endpoint)
                # In whatever order the modules are imported, those that accept any body come last.
                there.sort(key=lambda each: each.accepts is None)
            return answer

        return register

    def has(self, path: str, method: str = "POST") -> bool:
        """Whether anything is at this address."""
        return (method, path) in self._at

    def find(self, path: str, body: dict[str, Any], method: str = "POST") -> SandboxEndpoint:
        """Return the endpoint a call is for.

        Raises:
            Refusal: 10006, there is none.
        """
        for endpoint in self._at.get((method, path), ()):
            if endpoint.accepts is None or endpoint.accepts(body):
                return endpoint
        raise Refusal(10006)


#: All endpoints. ``_dispatch`` imports the modules that fill it.
ROUTES = Routes()
_BEARER: Final = "bearer "
_IN_BODY: Final = ("corpAccessToken", "corpId", "currentOpenUserId")
#: The headers that are credentials.
HEADERS: Final = ("authorization", "x-fs-ea", "x-fs-userid")


def in_headers(call: SandboxCall) -> bool:
    """Whether a call has credentials in headers. Other schemes than Bearer are ignored."""
    return (
        "x-fs-ea" in call.headers
        or "x-fs-userid" in call.headers
        or call.headers.get("authorization", "").lower().startswith(_BEARER)
    )


def credentials(call: SandboxCall) -> tuple[str, str]:
    """Return the token, and the tenant's id: the ``corpId``, or the ``ea`` of the headers.

    Raises:
        Refusal: 10013 and 10014, one is missing; 32000, the styles are mixed.
    """
    if not in_headers(call):
        return call.text("corpAccessToken", 10013), call.text("corpId", 10014)
    for name in _IN_BODY:
        if call.body.get(name) is not None:
            msg = f"parameter {name} is not valid beside authorization, x-fs-ea and x-fs-userid"
            raise Refusal(32000, msg)
    given = call.headers.get("authorization", "")
    token = given[len(_BEARER) :].strip() if given.lower().startswith(_BEARER) else ""
    if not token:
        raise Refusal(10013, "authorization is missing: send Bearer and the accessToken")
    if not call.headers.get("x-fs-ea"):
        raise Refusal(10014, "x-fs-ea is missing")
    return token, call.headers["x-fs-ea"]


def acting(call: SandboxCall, *, printed: bool = False) -> str | None:
    """Return the acting employee as it was sent, if it was; "" counts as left out (U).

    Args:
        call: The call.
        printed: Its page prints ``currentOpenUserId``. Other calls ignore it (grade C).

    Raises:
        Refusal: 11008, it is there and no string.
    """
    if in_headers(call):
        return call.headers.get("x-fs-userid") or None
    if not printed:
        return None
    by = call.body.get("currentOpenUserId")
    if by is not None and not isinstance(by, str):
        raise Refusal(11008, "currentOpenUserId is not valid")
    return by or None


def required_acting(call: SandboxCall) -> str:
    """Return the acting employee as it was sent, for a call that needs one.

    Raises:
        Refusal: 10010, it is missing.
    """
    if not in_headers(call):
        return call.text("currentOpenUserId", 10010)
    by = acting(call)
    if by is None:
        raise Refusal(10010, "x-fs-userid is missing")
    return by


def actor(call: SandboxCall, by: str) -> str:
    """Return the openUserId of the acting employee.

    Raises:
        Refusal: 20012, there is no such employee.
    """
    if not in_headers(call):
        if not call.tenant.knows(by):
            raise Refusal(20012, "currentOpenUserId is not found")
        return by
    open_user_id = call.tenant.numbered(by)
    if open_user_id is None and not call.tenant.profile.checks_headers and call.tenant.knows(by):
        return by
    if open_user_id is None:
        msg = "x-fs-userid is not found: send an employee id such as 1000, not an openUserId"
        raise Refusal(20012, msg)
    return open_user_id


def enter(call: SandboxCall, by: str | None = None) -> None:
    """Check credentials that have the right form. Spends one call of the token.

    Args:
        call: The call.
        by: The acting employee as it was sent, if there is one.

    Raises:
        Refusal: 20016, 11015 or 20012, in this order.
    """
    token, tenant_id = credentials(call)
    call.tenant.tokens.use(token, call.now)
    if in_headers(call):
        if call.tenant.profile.checks_headers and tenant_id != call.tenant.ea:
            raise Refusal(11015, "x-fs-ea is not valid")
    elif tenant_id != call.tenant.corp_id and not call.tenant.plan.lenient:
        raise Refusal(11015)
    if by is not None:
        actor(call, by)


def _check_app(call: SandboxCall) -> None:
    """Check ``appId``, ``appSecret`` and ``permanentCode``.

    Raises:
        Refusal: 10006 for a wrong app, 20015 for a wrong permanent code.
    """
    tenant = call.tenant
    if tenant.plan.lenient:
        return
    if call.body.get("appId") != tenant.app_id or call.body.get("appSecret") != tenant.app_secret:
        raise Refusal(10006, "appId or appSecret is not valid")
    if call.body.get("permanentCode") != tenant.permanent_code:
        raise Refusal(20015)


@ROUTES.add("/cgi/corpAccessToken/get/V2", is_token=True)
def corp_access_token(call: SandboxCall) -> dict[str, Any]:
    """Give a token for a body's ``corpAccessToken``; ``expiresIn`` in seconds.

    Raises:
        Refusal: 10006 for a wrong app, 20015 for a wrong permanent code.
    """
    _check_app(call)
    token, seconds = call.tenant.tokens.ask(call.now)
    return {"corpAccessToken": token, "corpId": call.tenant.corp_id, "expiresIn": seconds}


@ROUTES.add("/oauth2.0/token", is_token=True)
def access_token(call: SandboxCall) -> dict[str, Any]:
    """Give a token for the header ``authorization``; ``expiresIn`` in seconds.

    ``openUserId`` is an employee that may act; U which, here the administrator. U: whether the
    token is the one of the other interface; here it is.

    Raises:
        Refusal: 15002 for another ``grantType``; 10006 for a wrong app, 20015 for a wrong permanent
            code.
    """
    if call.body.get("grantType") != "app_secret":
        raise Refusal(15002, "parameter grantType is not valid: send app_secret")
    _check_app(call)
    tenant = call.tenant
    token, seconds = tenant.tokens.ask(call.now)
    return {
        "accessToken": token,
        "ea": tenant.ea,
        "openUserId": tenant.administrator,
        "expiresIn": seconds,
    }
