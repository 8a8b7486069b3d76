"""Which way a call goes: by the settings, always the same for the same function and tenant."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from shim.settings.model import Mode

if TYPE_CHECKING:
    from shim.settings.model import Route, Settings

MODES = frozenset(get_args(Mode))
ALL = 100
ROUTED = "routed"
"""What a notice says where the way differs by tenant."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The way of one call.

    Attributes:
        mode: The way.
        reason: What chose it, for the log; never an id.
    """

    mode: Mode
    reason: str


def choose(now: Settings, function: str, corp_id: str) -> Choice:
    """Return the way of a call to `function` for a tenant."""
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
    from shim.modes.flags import ask  # noqa: PLC0415 - needs the extra.

    return ask(now, function, corp_id, choice)


def outlook(now: Settings, function: str) -> str:
    """Return the way of all calls to `function`, or `routed` where it differs by tenant."""
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
