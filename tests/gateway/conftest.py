"""A gateway on a socket, in a thread of the test, in front of a sandbox on another."""

import threading
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from shim.gateway import GatewayOptions
from shim.gateway.listener import Listening


@contextmanager
def running(options):
    """Serve a gateway while the block lasts."""
    found, ready = [], threading.Event()

    def announce(address):
        found.append(address)
        ready.set()

    listening = Listening(options, "127.0.0.1", 0, announce)
    thread = threading.Thread(target=listening.run, daemon=True)
    thread.start()
    assert ready.wait(30)
    listening.address = found[0]
    try:
        yield listening
    finally:
        listening.stop()
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture
def start():
    """Return a function that starts a gateway and gives it and a client."""
    with ExitStack() as stack:

        def begin(**options):
            listening = stack.enter_context(running(GatewayOptions(**options)))
            client = stack.enter_context(httpx.Client(base_url=listening.address, timeout=30))
            return listening, client

        yield begin


@pytest.fixture
def upstream(tenant):
    """Return a sandbox on a socket, which the shim is configured for, and its address."""
    with ExitStack() as stack:

        def begin(members=6, **changes):
            made = tenant(members, **changes)
            address = stack.enter_context(made.serve())
            return made, address

        yield begin
