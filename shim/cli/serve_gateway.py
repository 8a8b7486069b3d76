"""`fxshim gateway`: reads its options and secrets, and serves."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import shim
from shim.cli._output import CommandError, complain, echo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SECRETS: Final = "FXSHIM_GATEWAY_SECRETS"
"""The environment variable with the shared secrets: `label=secret`, separated by commas."""


@dataclass(frozen=True)
class GatewayServing:
    """What the command line asks for.

    Attributes:
        listen: `HOST:PORT`.
        upstreams: Addresses; empty: the setting `base_url`.
        secrets_file: A file of lines `label=secret`.
        options: Other fields of `GatewayOptions`.
    """

    listen: str
    upstreams: Sequence[str]
    secrets_file: Path | None
    options: dict[str, Any]


def serve(serving: GatewayServing) -> None:
    """Serve until interrupted.

    Raises:
        CommandError: It cannot listen there, or a secret cannot be read.
        ConfigurationError: An option or a setting is unusable.
    """
    from shim.gateway import GatewayOptions
    from shim.gateway.listener import Listening
    from shim.settings import current

    host, port = _address(serving.listen)
    now = current()
    default = type(now).model_fields["base_url"].default
    if serving.upstreams and now.base_url == default:
        # Offline calls go where everything goes, unless a setting sends them elsewhere.
        shim.configure(base_url=serving.upstreams[0])
    options = GatewayOptions(
        upstreams=tuple(serving.upstreams),
        secrets=_secrets(serving.secrets_file),
        **serving.options,
    )

    def announce(address: str) -> None:
        if current().base_url != options.upstreams[0]:
            complain(f"warning: offline calls go to the setting base_url, {current().base_url}")
        echo(f"gateway on {address} for {', '.join(options.upstreams)}")

    _log_requests()
    try:
        Listening(options, host, port, announce).run()
    except OSError as error:
        msg = f"cannot listen on {serving.listen}: {error.strerror or type(error).__name__}"
        raise CommandError(msg) from None


def _log_requests() -> None:
    """Write the log of the gateway on stderr; the application itself configures no logging."""
    log = logging.getLogger("shim.gateway")
    log.handlers.clear()
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) >= 1 << 16:
        msg = f"--listen {listen}: should be HOST:PORT, such as 127.0.0.1:8800"
        raise CommandError(msg)
    return host.strip("[]"), int(port)


def _secrets(file: Path | None) -> dict[str, str]:
    lines = os.environ.get(SECRETS, "").split(",")
    where = SECRETS
    if file is not None:
        try:
            lines, where = file.read_text(encoding="utf-8").splitlines(), str(file)
        except (OSError, ValueError) as error:
            # Its bytes are secrets, so not the text of the error.
            msg = f"{file}: cannot be read ({type(error).__name__}); name a file of UTF-8 text"
            raise CommandError(msg) from None
    found: dict[str, str] = {}
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        label, separator, secret = line.strip().partition("=")
        if not separator or label in found:
            msg = f"{where}: each entry should be label=secret, with a label of its own"
            raise CommandError(msg)
        found[label] = secret
    return found
