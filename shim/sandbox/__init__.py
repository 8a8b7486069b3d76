"""A pretend Fxiaoke tenant for tests, demos and trials: both APIs over one state.

It imports nothing of the rest of the package. One state is served in three ways::

    sandbox = Sandbox(members=250, profile="hidden", seed=7)
    httpx.Client(transport=sandbox.transport())     # no network
    sandbox.app()                                   # any ASGI server (extra ``server``)
    with sandbox.serve() as base_url: ...           # a real socket (extra ``server``)

``run`` serves it until interrupted. Comments grade what is known of the real service: A, printed on
an official page; B, two or more independent sources agree; C, one source, or inferred; U, unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.sandbox._faults import KINDS, Fault, FaultError
from shim.sandbox._messages import SandboxReply
from shim.sandbox._plan import PROFILES, ProfileName, TenantProfile
from shim.sandbox._sandbox import Sandbox
from shim.sandbox._tenant import Update
from shim.sandbox._transport import SandboxTransport

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "KINDS",
    "PROFILES",
    "Fault",
    "FaultError",
    "Profile",
    "ProfileName",
    "Reply",
    "Sandbox",
    "SandboxTransport",
    "Update",
    "run",
]

#: Their names for users. Elsewhere in the package, other classes have these names.
Profile = TenantProfile
Reply = SandboxReply


def run(
    sandbox: Sandbox,
    host: str = "127.0.0.1",
    port: int = 0,
    on_ready: Callable[[str], None] | None = None,
    seconds: float | None = None,
) -> None:
    """Serve a sandbox until interrupted (Ctrl-C, SIGINT), or for some time. Needs ``server``.

    Args:
        sandbox: What to serve.
        host: Where to listen.
        port: 0 lets the system choose.
        on_ready: Called with the address, ``http://127.0.0.1:…``, once it is served.
        seconds: How long to serve; None: until interrupted.

    Raises:
        OSError: The address is taken.
    """
    from shim.sandbox._server import run as serve_until_interrupted  # Optional extra.

    serve_until_interrupted(sandbox, host, port, on_ready, seconds)
