"""A pretend Fxiaoke tenant for tests, demos and trials: both APIs over one state.

Anybody may call it; it knows nothing of the rest of the package. Three doors lead to one state::

    sandbox = Sandbox(members=250, profile="hidden", seed=7)
    httpx.Client(transport=sandbox.transport())     # no network
    sandbox.app()                                   # any ASGI server (extra ``server``)
    with sandbox.serve() as base_url: ...           # a real socket (extra ``server``)

``run`` serves it until interrupted. What it does rests on ``contract.md``: where a fact has the
grade C or U, the code says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.sandbox.envelope import Reply
from shim.sandbox.faults import KINDS, Fault, FaultError
from shim.sandbox.profiles import PROFILES, Profile, ProfileName
from shim.sandbox.sandbox import Sandbox
from shim.sandbox.tenant import Update
from shim.sandbox.transport import SandboxTransport

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
    from shim.sandbox.server import run as serve_until_interrupted  # Optional extra.

    serve_until_interrupted(sandbox, host, port, on_ready, seconds)
