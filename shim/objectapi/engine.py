"""The HTTP library: httpx, or its successor where `FXIAOKE_SHIM_HTTP=httpx2` asks for it.

Read once, at the first call: a process speaks through one of them. The rest of the package says
`from shim.objectapi.engine import httpx, httpcore` and cannot tell which it has got. `httpcore` is
the part of the library that makes connections; `httpx` is needed for a user's own transport, and
for reading addresses.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shim.settings import ConfigurationError
from shim.settings.names import HTTP_VARIABLE as VARIABLE

if TYPE_CHECKING:
    import httpcore
    import httpx
else:
    name = os.environ.get(VARIABLE) or "httpx"
    if name == "httpx2":
        try:
            import httpcore2 as httpcore
            import httpx2 as httpx
        except ModuleNotFoundError:
            msg = (
                f"{VARIABLE} asks for httpx2, which is not installed: pip install httpx2 "
                "(Python 3.11 or later)"
            )
            raise ConfigurationError(msg) from None
    elif name == "httpx":
        import httpcore
        import httpx
    else:
        msg = f"{VARIABLE}: should be httpx or httpx2"
        raise ConfigurationError(msg)

__all__ = ["VARIABLE", "httpcore", "httpx"]
