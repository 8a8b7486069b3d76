"""Names that the settings and their users agree on, without the model, which is slow to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

ENVIRONMENT_PREFIX = "FXIAOKE_SHIM_"
# The two variables that are no settings: the first names the file, the second the HTTP library.
CONFIG_VARIABLE = f"{ENVIRONMENT_PREFIX}CONFIG"
HTTP_VARIABLE = f"{ENVIRONMENT_PREFIX}HTTP"
FILE_NAME = "fxiaoke-shim.toml"
TABLE_NAME = "fxiaoke-shim"
SERVICE_AT_MOST = 100
"""Characters of the name of a service."""
PROCESS_WIDE = (
    "service",
    "notices",
    "look_through",
    "summary_seconds",
    "redis_url",
    "on_quota_store_loss",
    "tenants",
)
"""Settings of a whole process, which no `using` block changes: what is logged and shared, and the
tables of `tenants`, which such a block comes before."""
FUNCTIONS: list[Collection[str]] = []
"""Collections of the names that routes may name. The owners of functions append theirs; what a
collection gets later counts as well."""
