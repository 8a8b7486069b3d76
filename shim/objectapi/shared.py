"""What processes and machines share through Redis: the quota windows and the tokens.

The one door to `shared_link`, `shared_window` and `shared_tokens`. A forked child makes a store of
its own: the parent's connections are the parent's.
"""

from __future__ import annotations

from shim.objectapi.shared_link import RETRY_SECONDS, Link, OnLoss, StoreLost
from shim.objectapi.shared_tokens import Fetched, SharedTokens
from shim.objectapi.shared_window import SharedWindow

__all__ = ["Fetched", "SharedStore", "SharedTokens", "SharedWindow", "StoreLost"]


class SharedStore:
    """One Redis, as one process sees it. For any number of threads.

    Attributes:
        tokens: The shared tokens.
    """

    def __init__(self, url: str, on_loss: OnLoss, *, retry_seconds: float = RETRY_SECONDS) -> None:
        """Connect to nothing yet.

        Args:
            url: Where Redis is: the setting `redis_url`.
            on_loss: What to do without it: the setting `on_quota_store_loss`.
            retry_seconds: How long a lost store is left alone before somebody looks again.

        Raises:
            ConfigurationError: The extra `redis` is not installed, or the URL is unusable.
        """
        self._link = Link(url, on_loss, retry_seconds)
        self.tokens = SharedTokens(self._link)

    def window(
        self, host_key: str, path: str, calls: int, seconds: float, lease_seconds: float
    ) -> SharedWindow:
        """Return a window. The caller keeps it: each one has its own memory of what it used.

        Args:
            host_key: Whose window, readable and without secrets; the same in all processes.
            path: The interface that is counted.
            calls: Slots.
            seconds: How long a slot stays busy after its answer.
            lease_seconds: How long a slot may be under way before its process passes for dead:
                longer than the longest call, and `seconds` more.
        """
        name = f"{host_key}|{path}|{calls}/{seconds:g}"
        return SharedWindow(self._link, name, calls, seconds, lease_seconds)

    def close(self) -> None:
        """Close the connections. A store that is used again opens new ones."""
        self._link.close()
