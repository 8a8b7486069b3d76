"""What is measured against: a sandbox and a Redis, each a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The command that is installed beside the interpreter.
FXSHIM = str(Path(sys.executable).parent / "fxshim")
_ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Tenant:
    """A sandbox that is served, and how to log in.

    Attributes:
        base_url: Its address.
        corp_access_token: A token that does not end.
        corp_id: The company account.
        current_open_user_id: The acting employee.
        open_user_ids: All members.
        renewal: The settings with which a token is renewed.
    """

    base_url: str
    corp_access_token: str
    corp_id: str
    current_open_user_id: str
    open_user_ids: tuple[str, ...] = field(repr=False)
    renewal: dict[str, str] = field(default_factory=dict[str, str], repr=False)

    @property
    def credentials(self) -> dict[str, str]:
        """What each object-API body carries."""
        return {
            "corpAccessToken": self.corp_access_token,
            "corpId": self.corp_id,
            "currentOpenUserId": self.current_open_user_id,
        }

    def environment(self, **settings: object) -> dict[str, str]:
        """Return an environment in which the shim calls this tenant, with `settings`.

        Unless they set it, without a quota and without notices.
        """
        settings = {
            "base_url": self.base_url,
            "corp_access_token": self.corp_access_token,
            "corp_id": self.corp_id,
            "current_open_user_id": self.current_open_user_id,
            "quota_calls": 0,
            "notices": "ignore",
            **settings,
        }
        names = {f"FXIAOKE_SHIM_{name.upper()}": str(value) for name, value in settings.items()}
        return {**os.environ, **names}

    def calls(self) -> int:
        """Return how many calls have arrived so far."""
        return self._counted("count")

    def throttled(self) -> int:
        """Return how many of them were refused for the quota."""
        return self._counted("throttled")

    def _counted(self, what: str) -> int:
        # The address that the sandbox has printed.
        with urlopen(f"{self.base_url}/_sandbox/calls") as answer:  # noqa: S310
            paths = json.load(answer)
        return sum(path[what] for path in paths.values())


@contextmanager
def sandbox(members: int, **options: float) -> Iterator[Tenant]:
    """Serve a sandbox while the block lasts.

    Args:
        members: How many employees.
        options: Other options of `fxshim sandbox`, with `_` for `-`.
    """
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    command = [FXSHIM, "sandbox", f"--members={members}", *arguments]
    with _process(command, signal.SIGINT) as process:
        described = json.loads(cast("IO[bytes]", process.stdout).readline())
        yield Tenant(
            described["base_url"],
            described["corpAccessToken"],
            described["corpId"],
            described["currentOpenUserId"],
            tuple(described["openUserIds"]),
            {
                "app_id": described["appId"],
                "app_secret": described["appSecret"],
                "permanent_code": described["permanentCode"],
            },
        )


@contextmanager
def redis_server() -> Iterator[str]:
    """Serve an empty Redis while the block lasts; gives its URL."""
    program = shutil.which("redis-server")
    if program is None:
        msg = "redis-server is not on PATH: apt-get install redis-server"
        raise SystemExit(msg)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory:
        place = ["--bind", "127.0.0.1", "--port", str(port), "--dir", directory]
        with _process([program, *place, "--save", "", "--appendonly", "no"], signal.SIGTERM):
            _wait_for(port)
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _process(command: list[str], ending: signal.Signals) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - ours.
        try:
            yield process
        finally:
            process.send_signal(ending)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _ANSWER_SECONDS
    while not _listens(port):
        if time.monotonic() > deadline:
            msg = "redis-server does not answer"
            raise RuntimeError(msg)
        time.sleep(0.01)


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0
