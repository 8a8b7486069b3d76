"""What all calls of this process share: windows and tokens. A forked child starts anew."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from shim.objectapi.pacing import Pacer
from shim.objectapi.tokens import TokenBook

if TYPE_CHECKING:
    from shim.objectapi.session import Tenant


class Process:
    """The shared state; `http` holds the one instance."""

    def __init__(self) -> None:
        self.pacer = Pacer()
        self._books: dict[tuple[Tenant, str | None], TokenBook] = {}
        self._lock = threading.Lock()

    def tokens(self, tenant: Tenant, app_id: str | None) -> TokenBook:
        """Return the book of one tenant's tokens, as one app gets them."""
        with self._lock:
            return self._books.setdefault((tenant, app_id), TokenBook())
