"""What every test gets: a clock that is put forward, no settings, no call sites of others.

If the shim would wait with nothing under way (for the quota, a retry, a read-back), its clock is
put forward instead; the sandboxes of `tenant` use the same clock. Tests of real waiting, and of
what processes share, ask for `machine_time`.

Every run ends with a line that says what was skipped and what it needs.
"""

import asyncio
import collections
import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from twisting import TwistingPeer

import shim
import shim.testing
from shim import notices
from shim.objectapi import http
from shim.objectapi.clock import MACHINE, SkippingClock
from shim.sandbox import Sandbox
from shim.settings.names import ENVIRONMENT_PREFIX, HTTP_VARIABLE

# Files that take long and hold few tests. Begun last, one would keep one worker busy alone.
SLOW = (
    "test_typing.py",
    "test_pytest_plugin.py",
    "test_chaos.py",
    "test_members.py",
    "test_demo.py",
)
_skipped = collections.Counter()

# A process logs once that it has the shim; it is not to be among the first test's events.
shim.set_notice_hooks([lambda _event: None])
notices.announce()
shim.set_notice_hooks(None)


def pytest_collection_modifyitems(items):
    """Begin with the slow files."""
    items.sort(key=lambda item: item.path.name not in SLOW)


def pytest_runtest_logreport(report):
    """Count skipped tests by their reason; with pytest-xdist in the process that reports."""
    if report.skipped and isinstance(report.longrepr, tuple):
        _skipped[report.longrepr[2].removeprefix("Skipped: ")] += 1


def pytest_unconfigure(config):
    """Print the line, after pytest's own last."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    lacking = "; ".join(f"{reason}: {count}" for reason, count in sorted(_skipped.items()))
    told = f"Skipped, as they need {lacking}" if lacking else "Nothing was skipped"
    config.get_terminal_writer().line(f"{told}.")


@pytest.fixture
def clock(request):
    """Return the clock that the shim and the sandboxes of this test go by."""
    return MACHINE if "machine_time" in request.fixturenames else SkippingClock()


@pytest.fixture
def machine_time():
    """Have waiting take its time."""


@pytest.fixture(autouse=True)
def _clean_slate(monkeypatch, tmp_path, clock):
    for name in list(os.environ):
        # The HTTP library has been chosen by now, and processes of their own are to choose it too.
        if name.startswith(ENVIRONMENT_PREFIX) and name != HTTP_VARIABLE:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    shim.testing.reset()
    http.reset(clock)
    yield
    shim.testing.reset()


@pytest.fixture(scope="session")
def source():
    """Return the project's folder; skip if it has no package to build (`make test-wheel`)."""
    pytest.importorskip("hatchling", reason="hatchling")
    root = Path(__file__).parent.parent
    if not (root / "shim").is_dir():
        pytest.skip("the package's own source")
    return root


@pytest.fixture
def tenant(clock):
    """Return a function that makes a sandbox and configures the shim to talk to it."""

    def make(members=6, *, profile="fsuid", sandbox=None, **changes):
        made = Sandbox(members, profile=profile, seed=11, **{"clock": clock.now, **(sandbox or {})})
        use(made, **changes)
        return made

    return make


def use(made, **changes):
    """Configure the shim for one sandbox, without waiting for a quota that is not enforced."""
    defaults = {
        "base_url": made.base_url,
        "transport": made.transport(),
        "current_open_user_id": made.current_open_user_id,
        "notices": "log",
        "quota_calls": 0,
    }
    return shim.configure(**{**defaults, **changes})


@pytest.fixture
def twisting():
    """Return a function that starts a `TwistingPeer` and configures the shim to talk to it."""
    with ExitStack() as peers:

        def start(twist=None, sandbox=None, **changes):
            peer = peers.enter_context(TwistingPeer(twist, sandbox))
            use(peer.sandbox, **{"base_url": peer.base_url, "transport": None, **changes})
            return peer

        yield start


@pytest.fixture
def events():
    """Collect what the library would log."""
    with shim.testing.recorded() as seen:
        yield seen


@pytest.fixture(params=["sync", "async"])
def call(request):
    """Return a function that calls one by name, blocking or awaiting: each test runs both ways."""

    def blocking(name, *args, **kwargs):
        return getattr(shim, name)(*args, **kwargs)

    def awaiting(name, *args, **kwargs):
        return asyncio.run(getattr(shim.aio, name)(*args, **kwargs))

    return blocking if request.param == "sync" else awaiting
