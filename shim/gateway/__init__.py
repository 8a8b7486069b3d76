"""The gateway: answers offline calls of programs in any language, and passes the rest on.

`app()` is an ASGI application; the command `fxshim gateway` serves it. Needs the extra `gateway`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.gateway._options import GatewayOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from shim.gateway._application import Gateway
    from shim.gateway._options import GatewayChanges

__all__ = ["GatewayOptions", "app"]


def app(options: GatewayOptions | None = None, /, **given: Unpack[GatewayChanges]) -> Gateway:
    """Return the ASGI application.

    Args:
        options: The options; None: those given by keyword, and the defaults.
        **given: The fields of `GatewayOptions`.

    Raises:
        ConfigurationError: An option, a setting or the environment is unusable.
        TypeError: Both options and keywords are given.
    """
    from shim.gateway._application import Gateway

    if options is not None and given:
        msg = "app(): give options or keywords, not both"
        raise TypeError(msg)
    return Gateway(options or GatewayOptions(**given))
