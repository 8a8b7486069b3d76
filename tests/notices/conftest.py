"""A clean table, a policy to turn, and somebody who hears everything."""

import subprocess
import sys
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from shim.notices import (
    Notice,
    NoticeContext,
    forget,
    noticed,
    noticed_async,
    policy_changed,
    set_notice_hooks,
)


@dataclass
class Policy:
    """A context that can be turned in mid-test, as `shim.configure` would."""

    context: NoticeContext = field(default_factory=lambda: NoticeContext("log", "object"))

    def __call__(self):
        if self.context is None:
            msg = "unusable settings"
            raise ValueError(msg)
        return self.context

    def turn(self, action, mode="object", look_through=()):
        self.context = NoticeContext(action, mode, look_through)
        policy_changed()

    def break_(self):
        self.context = None
        policy_changed()


@pytest.fixture(autouse=True)
def clean():
    forget()
    yield
    forget()
    set_notice_hooks(None)


@pytest.fixture
def policy():
    return Policy()


@pytest.fixture
def events():
    heard = []
    set_notice_hooks([heard.append])
    return heard


@pytest.fixture
def notice(policy, events):
    """A notice whose events are heard by `events` and nobody else."""
    assert not events
    return Notice("FXO001", "set_status", "PersonnelObj update", "fxshim explain FXO001", policy)


@pytest.fixture
def door(notice):
    def set_status(token="", status=1):
        """Set a status."""
        return (token, status)

    return noticed(set_status, notice)


@pytest.fixture
def async_door(notice):
    async def set_status(token="", status=1):
        """Set a status, some time."""
        return (token, status)

    return noticed_async(set_status, notice)


@pytest.fixture
def run(tmp_path):
    """Run a program of its own; gives its return code, and what it wrote."""

    def run(program, *arguments, options=()):
        path = tmp_path / "program.py"
        path.write_text(program)
        done = subprocess.run(
            [sys.executable, *options, str(path), *arguments],
            capture_output=True,
            check=False,
            text=True,
            timeout=60,
        )
        return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr, path=path)

    return run
