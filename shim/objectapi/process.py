"""What all calls of this process share: windows and tokens. A forked child starts anew."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from shim.objectapi.clock import MACHINE
from shim.objectapi.kept import Kept
from shim.objectapi.pacing import LocalWindow
from shim.objectapi.recent import RecentWrites
from shim.objectapi.tokens import TokenBook

if TYPE_CHECKING:
    from shim.objectapi.clock import Clock
    from shim.objectapi.pacing import Window
    from shim.objectapi.session import Session, Tenant
    from shim.objectapi.shared import SharedStore
    from shim.settings.model import Settings


class Process:
    """The shared state; `http` holds the one instance.

    Attributes:
        clock: What all waiting in this process goes by.
        recent: The records that this process has written lately.
        kept: Replies that are the same for all calls, such as who acts for a tenant.
    """

    def __init__(self, clock: Clock = MACHINE) -> None:
        """Share nothing yet."""
        self.clock = clock
        self.recent = RecentWrites(clock.now)
        self.kept = Kept()
        self._windows: dict[tuple[object, ...], Window] = {}
        self._books: dict[tuple[Tenant, str | None], TokenBook] = {}
        self._stores: dict[tuple[str, str], SharedStore] = {}
        self._lock = threading.RLock()

    def window(self, session: Session, path: str, calls: int, seconds: float) -> Window | None:
        """Return the window of one path of one tenant, or None where nothing is to be paced."""
        if not calls or not seconds:
            return None
        store = self.store(session.settings)
        key = (store, session.tenant, path, calls, seconds)
        # As long as a call may wait to begin, and as long as it may take.
        lease = 2 * session.settings.timeout_seconds + seconds
        with self._lock:
            window = self._windows.get(key)
            if window is None:
                window = self._windows[key] = (
                    store.window(session.tenant.key, path, calls, seconds, lease)
                    if store
                    else LocalWindow(calls, seconds, self.clock.now, lease)
                )
            # The timeout may have been changed since.
            window.lease_seconds = max(window.lease_seconds, lease)
            return window

    def tokens(self, tenant: Tenant, app_id: str | None) -> TokenBook:
        """Return the book of one tenant's tokens, as one app gets them."""
        with self._lock:
            return self._books.setdefault((tenant, app_id), TokenBook(self.clock.now))

    def store(self, settings: Settings) -> SharedStore | None:
        """Return what this process shares with others, or None where it is alone.

        Raises:
            ConfigurationError: `redis_url` is set and cannot be used.
        """
        if settings.redis_url is None:
            return None
        from shim.objectapi.shared import SharedStore  # An extra.

        key = (settings.redis_url.get_secret_value(), settings.on_quota_store_loss)
        with self._lock:
            if key not in self._stores:
                self._stores[key] = SharedStore(*key)
            return self._stores[key]
