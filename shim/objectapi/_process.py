"""What all calls of this process share: quota windows, tokens, recent writes.

`http` holds the one instance. A forked child begins with a new one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from shim.objectapi.clock import MACHINE
from shim.objectapi.pacing import LocalWindow
from shim.objectapi.tokens import ReplyCache, TokenCache, Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from shim.objectapi._redis_store import SharedStore
    from shim.objectapi.clock import Clock
    from shim.objectapi.pacing import Window
    from shim.objectapi.session import Session, Tenant
    from shim.settings.model import Settings

AT_MOST = 4096
"""Records remembered. The vendor's quota allows 25 writes in 5 s; the oldest is forgotten first."""


class RecentWrites:
    """When records were last written; safe to use from any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._written: OrderedDict[Hashable, float] = OrderedDict()

    def note(self, record: Hashable) -> None:
        """Remember that a record may have been written now."""
        with self._lock:
            self._written[record] = self._clock()
            self._written.move_to_end(record)
            if len(self._written) > AT_MOST:
                self._written.popitem(last=False)

    def within(self, record: Hashable, seconds: float) -> bool:
        """Whether a record was written less than `seconds` seconds ago."""
        with self._lock:
            written = self._written.get(record)
            return written is not None and self._clock() - written < seconds


class Process:
    """The shared state; `http` holds the one instance.

    Attributes:
        clock: The clock of all waiting in this process.
        recent: The records that this process has written lately.
        kept: Replies that are the same for all calls, such as who acts for a tenant.
        vault: App credentials that a function has returned.
    """

    def __init__(self, clock: Clock = MACHINE) -> None:
        """Share nothing yet."""
        self.clock = clock
        self.recent = RecentWrites(clock.now)
        self.kept = ReplyCache()
        self.vault = Vault()
        self._windows: dict[tuple[object, ...], Window] = {}
        self._token_caches: dict[tuple[Tenant, str | None], TokenCache] = {}
        self._stores: dict[tuple[str, str], SharedStore] = {}
        self._lock = threading.RLock()

    def window(self, session: Session, path: str, calls: int, seconds: float) -> Window | None:
        """Return the window of one path of one tenant, or None if there is no pacing."""
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

    def tokens(self, tenant: Tenant, app_id: str | None) -> TokenCache:
        """Return the cache of one tenant's tokens, as one app gets them."""
        with self._lock:
            return self._token_caches.setdefault((tenant, app_id), TokenCache(self.clock.now))

    def store(self, settings: Settings) -> SharedStore | None:
        """Return what this process shares with others, or None if it shares nothing.

        Raises:
            ConfigurationError: `redis_url` is set and cannot be used.
        """
        if settings.redis_url is None:
            return None
        from shim.objectapi._redis_store import SharedStore  # An extra.

        key = (settings.redis_url.get_secret_value(), settings.on_quota_store_loss)
        with self._lock:
            if key not in self._stores:
                self._stores[key] = SharedStore(*key)
            return self._stores[key]
