"""The mode of a call: by the settings, always the same for the same function and tenant."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast, get_args

from shim.settings.model import Mode

if TYPE_CHECKING:
    from shim.settings.model import Route, Settings

MODES = frozenset(get_args(Mode))
ALL = 100
ROUTED = "routed"
"""What a notice says if the mode differs by tenant."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The mode of one call.

    Attributes:
        mode: The mode.
        reason: What chose it, for the log; never an id.
    """

    mode: Mode
    reason: str


def choose(now: Settings, function: str, corp_id: str) -> Choice:
    """Return the mode of a call to `function` for a tenant."""
    choice = Choice(now.mode, "mode")
    # Routes for the same calls divide the scale between them, one after the other, so that each
    # gets its own share: 10 % and 10 % are the pairs below 10, and those from 10 to 20.
    taken = 0.0
    for number, route in enumerate(now.routes):
        if not _is_for(route, function, corp_id):
            continue
        taken += route.percent
        if share(function, corp_id) < taken:
            part = f" {route.percent:g}%" if route.percent < ALL else ""
            choice = Choice(route.mode, f"routes.{number}{part}")
            break
    if now.openfeature_client is None:
        return choice
    return _flagged(now, function, corp_id, choice)


def _flagged(now: Settings, function: str, corp_id: str, default: Choice) -> Choice:
    """Return the mode that the team's feature flag says, through OpenFeature, or the default.

    The tenant is the targeting key, so that a percentage never moves it back and forth; function
    and tenant are attributes as well. Any error of the flag's provider gives the default.
    """
    from openfeature.evaluation_context import EvaluationContext  # Needs the extra.

    context = EvaluationContext(corp_id, {"function": function, "corp_id": corp_id})
    try:
        found = now.openfeature_client.get_string_details(
            now.openfeature_flag, default.mode, context
        )
    except Exception as error:  # noqa: BLE001 - third-party code may raise anything.
        return Choice(default.mode, f"{default.reason} (openfeature: {type(error).__name__})")
    if found.error_code is not None:
        return Choice(default.mode, f"{default.reason} (openfeature: {found.error_code.value})")
    if found.value not in MODES:
        return Choice(default.mode, f"{default.reason} (openfeature: no such mode)")
    return Choice(cast("Mode", found.value), f"openfeature {found.reason or 'UNKNOWN'}".strip())


def outlook(now: Settings, function: str) -> str:
    """Return the mode of all calls to `function`, or `routed` if it differs by tenant."""
    if now.openfeature_client is not None:
        return ROUTED
    possible: set[str] = set()
    taken = 0.0
    for route in now.routes:
        if route.functions and function not in route.functions:
            continue
        if route.percent:
            possible.add(route.mode)
        # Of a tenant that the route does not name, it takes nothing.
        taken += 0 if route.corp_ids else route.percent
        if taken >= ALL:
            break
    else:
        possible.add(now.mode)
    return possible.pop() if len(possible) == 1 else ROUTED


def share(function: str, corp_id: str) -> float:
    """Return where a function and a tenant stand between 0 (inclusive) and 100 (exclusive).

    By SHA-256, since Python's own `hash` of a string differs from process to process.
    """
    digest = hashlib.sha256(f"{function}\0{corp_id}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48 * 100


def _is_for(route: Route, function: str, corp_id: str) -> bool:
    return (not route.functions or function in route.functions) and (
        not route.corp_ids or corp_id in route.corp_ids
    )
