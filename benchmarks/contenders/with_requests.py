"""The errand as most scripts do it: for one member after another a look-up, then an update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

from benchmarks.contenders import see
from benchmarks.contenders.wire import QUERY, UPDATE, look_up, rows, update

if TYPE_CHECKING:
    from benchmarks.contenders import Errand


def one_by_one(errand: Errand) -> None:
    """Run it, without reading anything back."""
    with requests.Session() as session:

        def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            found: dict[str, Any] = session.post(
                f"{errand.tenant.base_url}{path}", json=body, timeout=30
            ).json()
            return found

        for one in errand.ids:
            (row,) = rows(post(QUERY, look_up(errand, [one])))
            see(right=post(UPDATE, update(errand, row))["errorCode"] == 0)
