"""App credentials of a tenant: from the settings, or from the function that is `credentials`.

For `http`, `exchange` and `process`. The function may take its time, as it may ask a vault over a
network. So it is called without any lock held, and only in a thread that renews a token or finds
out who acts: never on the thread of a caller, never on an event loop.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shim.objectapi.session import Session, Tenant
    from shim.settings.model import Settings

AT_MOST = 1024
"""Tenants whose credentials are kept. The one that was not needed for longest is forgotten."""

_NONE = (
    "the function `credentials` returned None for this corpId, and the settings hold no app_id, "
    "app_secret and permanent_code for it"
)


class Vault:
    """The credentials that the function has returned, by tenant. For any number of threads."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._lock = threading.Lock()
        # With the function that they are from, for another may be configured.
        self._kept: OrderedDict[Tenant, tuple[object, Mapping[str, Any]]] = OrderedDict()

    def settings(self, session: Session, *, fresh: bool) -> Settings | str:
        """Return the session's settings with the credentials of its tenant.

        Args:
            session: Whose.
            fresh: Whether to ask the function even if what it returned before is kept.

        Returns:
            The settings; or why there are no credentials, and what to do.
        """
        now, tenant = session.settings, session.tenant
        if now.credentials is None:
            return now
        kept = None if fresh else self._known(tenant, now.credentials)
        try:
            found = now.credentials(tenant.corp_id) if kept is None else kept
        except Exception as error:  # noqa: BLE001 - foreign code; its text may hold a secret.
            return f"the function `credentials` raised {type(error).__name__}; see its own log"
        if found is None:
            return _NONE if now.app_credentials is None else now
        try:
            made = now.with_credentials(found)
        except ValueError as error:
            return f"the function `credentials` returned something unusable: {error}"
        self._keep(tenant, now.credentials, dict(found))
        return made

    def forget(self, tenant: Tenant) -> None:
        """Ask the function again when they are next needed: the vendor has refused them."""
        with self._lock:
            self._kept.pop(tenant, None)

    def _known(self, tenant: Tenant, function: object) -> Mapping[str, Any] | None:
        with self._lock:
            of, kept = self._kept.get(tenant, (None, {}))
            if of is not function:
                return None
            self._kept.move_to_end(tenant)
            return kept

    def _keep(self, tenant: Tenant, function: object, found: Mapping[str, Any]) -> None:
        with self._lock:
            self._kept[tenant] = (function, found)
            self._kept.move_to_end(tenant)
            if len(self._kept) > AT_MOST:
                self._kept.popitem(last=False)
