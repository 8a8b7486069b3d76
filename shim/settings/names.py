"""What the layers of the settings are called. Apart from the model, which takes long to import."""

from __future__ import annotations

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
