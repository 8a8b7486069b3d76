"""A real Redis for the tests: the server that is on PATH, on a port of its own."""

import os
import shutil
import signal
import socket
import subprocess
import time

import pytest
import redis

from shim.objectapi._redis_store import SharedStore


def redis_server():
    """Return the server's path. The one place that skips for want of it."""
    found = shutil.which("redis-server")
    if found is None:
        missing = "redis-server (Debian: apt-get install redis-server)"
        # A gap that CI does not see is none that anybody sees.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return found


class RedisServer:
    """A server that can be stopped, and started again on the same port with nothing in it."""

    password = "pass-word-of-redis"

    def __init__(self, directory):
        self._program = redis_server()
        self._directory = directory
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        self._process = None

    def client(self):
        """Return a client of the tests' own."""
        return redis.Redis.from_url(self.url, decode_responses=True)

    def start(self):
        """Return when it answers."""
        self._process = subprocess.Popen(
            [
                *(self._program, "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--dir", str(self._directory)),
                *("--requirepass", self.password),
            ],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        with self.client() as client:
            while True:
                try:
                    client.ping()
                except redis.RedisError:
                    assert time.monotonic() < deadline, "redis-server does not answer"
                    time.sleep(0.01)
                else:
                    return

    def pause(self):
        """Stop answering, with connections open."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self):
        """Answer again."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self):
        """Kill it, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="session")
def one_redis(tmp_path_factory):
    """A server for all tests that leave it running."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_redis(tmp_path):
    """A server to be ill-treated; it runs already."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def stores(one_redis):
    """Return a function that makes a store, as each process has one."""
    made = []

    def make(server=one_redis, on_loss="local", **kwargs):
        made.append(SharedStore(server.url, on_loss, **kwargs))
        return made[-1]

    yield make
    for store in made:
        store.close()
