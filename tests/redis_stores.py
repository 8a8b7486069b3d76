"""Windows of a shared store, and processes of their own that use it."""

import json
import subprocess
import sys
import textwrap
import time
import uuid
from contextlib import contextmanager

HOST = "open.fxiaoke.com|FSCID_1"


def path():
    """Return a path that no other test counts."""
    return f"/cgi/{uuid.uuid4().hex}"


def window(store, where, calls, seconds, lease=60.0):
    return store.window(HOST, where, calls, seconds, lease)


def use(one):
    """Take a slot that is free now, and give it back as answered."""
    slot = one.take()
    assert slot.wait == 0
    one.give_back(slot, used=True)


def taken(one):
    """Take a slot, however long that needs."""
    while (slot := one.take()) is None:
        time.sleep(0.002)
    return slot


def most_at_once(spans, seconds):
    """Return how many slots were busy at most, each until `seconds` after its answer."""
    # A thousandth for what separates two clocks of one machine.
    ends = [end + seconds - 0.001 for _, end in spans]
    return max(
        sum(begin <= now < end for (begin, _), end in zip(spans, ends, strict=True))
        for now, _ in spans
    )


@contextmanager
def child(code, *arguments):
    """Run a process of its own; it gets `say()` and `shared(url, on_loss)`."""
    prologue = """
    import json, sys, threading, time
    from contextlib import closing
    from shim.objectapi._redis_store import SharedStore
    from shim.objectapi._redis_tokens import Fetched

    def say(what):
        print(json.dumps(what), flush=True)

    def shared(url):
        return closing(SharedStore(url, "refuse"))
    """
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", textwrap.dedent(prologue) + textwrap.dedent(code)),
            *map(str, arguments),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def said(process):
    return json.loads(process.stdout.readline())


def begin(processes):
    """Let them all go at once, when all are ready."""
    for process in processes:
        assert said(process) == "ready"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
