"""`fxshim sandbox`: one JSON line on stdout, then a tenant on loopback until interrupted."""

from __future__ import annotations

import json
from typing import Any

import typer

from shim.sandbox import Sandbox, run


def serve(*, port: int, **options: Any) -> None:
    """Serve a sandbox made with `options`; announce it when it answers."""
    tenant = Sandbox(**options)

    def announce(base_url: str) -> None:
        typer.echo(json.dumps({**tenant.describe(), "base_url": base_url}))

    run(tenant, port=port, on_ready=announce)
