"""`fxshim sandbox`: a pretend tenant on a socket, in the foreground or in the background."""

from __future__ import annotations

import errno
import ipaddress
import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from shim import sandbox
from shim.cli._output import CommandError, complain, echo

_BACKGROUND_SECONDS: Final = 3600.0
_IDS_SHOWN: Final = 5
# Not `-m shim`: the current folder may hold another shim.py.
_COMMAND: Final = (
    "import sys; sys.path = [one for one in sys.path if one]; from shim.cli import main; main()"
)
_OPEN: Final = (
    "warning: every machine that can reach this address can use this tenant. It holds no real "
    "data; leave out --host if only this machine needs it"
)
_VARIABLES: Final = {
    "BASE_URL": "base_url",
    "CURRENT_OPEN_USER_ID": "currentOpenUserId",
    "CORP_ID": "corpId",
    "CORP_ACCESS_TOKEN": "corpAccessToken",
    "APP_ID": "appId",
    "APP_SECRET": "appSecret",
    "PERMANENT_CODE": "permanentCode",
}


@dataclass(frozen=True)
class ServeOptions:
    """What the command line asks for.

    Attributes:
        host: Address to listen on.
        port: Port; 0 lets the system choose.
        seconds: Seconds until it ends by itself; None = never.
        tenant: The arguments of the sandbox.
    """

    host: str
    port: int
    seconds: float | None
    tenant: dict[str, Any]


def serve(options: ServeOptions) -> None:
    """Serve until interrupted; once it answers, print how to log in, as a line of JSON.

    Raises:
        CommandError: It cannot listen there.
    """
    tenant = sandbox.Sandbox(**options.tenant)

    def announce(base_url: str) -> None:
        if not _is_loopback(options.host):
            complain(_OPEN)
        echo(json.dumps({**tenant.describe(), "base_url": base_url}))

    try:
        sandbox.run(tenant, options.host, options.port, announce, options.seconds)
    except (OSError, UnicodeError) as error:
        raise CommandError(_why(options, error)) from None


def serve_in_background(options: ServeOptions) -> None:
    """Start a process that serves; print how to log in, as lines for a shell.

    Raises:
        CommandError: It did not start.
    """
    seconds = _BACKGROUND_SECONDS if options.seconds is None else options.seconds
    given = {**options.tenant, "host": options.host, "port": options.port, "minutes": seconds / 60}
    # One argument for option and value: a value may begin with a hyphen.
    arguments = [
        f"--{name.replace('_', '-')}={value}" for name, value in given.items() if value is not None
    ]
    # It gets pipes of its own, since a shell waits for all processes that hold its pipe.
    with subprocess.Popen(  # noqa: S603 - our own command, with our own interpreter.
        [sys.executable, "-c", _COMMAND, "sandbox", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as server:
        assert server.stdout is not None  # noqa: S101 - for the type checker.
        assert server.stderr is not None  # noqa: S101 - as above.
        line = server.stdout.readline()
        if not line:
            raise CommandError(server.stderr.read().removeprefix("fxshim: ").strip())
        if not _is_loopback(options.host):
            sys.stderr.write(server.stderr.readline())
        echo(_shell_lines(json.loads(line), server.pid))
        # Not waited for, since it goes on.
        server.returncode = 0


def variables(who: dict[str, Any]) -> dict[str, str]:
    """Return the environment variables of the settings that lead to a sandbox on this machine.

    Args:
        who: What the sandbox describes.
    """
    return {f"FXIAOKE_SHIM_{name}": str(who[key]) for name, key in _VARIABLES.items()}


def _shell_lines(who: dict[str, Any], pid: int) -> str:
    values = {name: str(who[key]) for name, key in _VARIABLES.items()}
    if not _is_loopback(urlsplit(values["BASE_URL"]).hostname or ""):
        # The shim sends no token over plain HTTP to another machine, unless this setting allows it.
        values["ALLOW_PLAIN_HTTP"] = "true"
    values["SANDBOX_IDS"] = " ".join(who["openUserIds"][:_IDS_SHOWN])
    values["SANDBOX_PID"] = str(pid)
    return "\n".join(
        f"export FXIAOKE_SHIM_{name}={shlex.quote(value)}" for name, value in values.items()
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _why(options: ServeOptions, error: OSError | UnicodeError) -> str:
    reason = error.errno if isinstance(error, OSError) else None
    if reason == errno.EADDRINUSE:
        return f"port {options.port} is in use: name another, or leave out --port to get a free one"
    if reason == errno.EACCES:
        return f"port {options.port} needs an administrator: take one from 1024 up"
    return (
        f"cannot listen on {options.host!r}: name an address of this machine, or leave out --host"
    )
