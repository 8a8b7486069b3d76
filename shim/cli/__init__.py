"""The command `fxshim`. Imports its libraries when it is run, never before."""

from __future__ import annotations

import sys

_EXTRAS = {
    "typer": "cli",
    "rich": "cli",
    "jinja2": "cli",
    "starlette": "server",
    "uvicorn": "server",
}


def main() -> None:
    """Run `fxshim`; where an extra is missing, say which and how to get it."""
    try:
        from shim.cli.app import app  # noqa: PLC0415

        app()
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(str(error.name).partition(".")[0])
        if extra is None:
            raise
        sys.stderr.write(
            f"fxshim needs {error.name}, which is not installed: "
            f"pip install 'fxiaoke-shim[{extra}]', or fxiaoke-shim[all]\n"
        )
        raise SystemExit(2) from None
