"""A forked child works, whatever the other threads of its parent were doing."""

import os
import subprocess
import sys
import textwrap

import pytest

from shim import _forks

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a system that forks")

# A child that hangs is ended by a signal, so that it does not hang the tests as well.
CHILD = """
import functools, importlib, os, pkgutil, signal, sys, threading, types, weakref
import shim

def forked(work):
    child = os.fork()
    if child == 0:
        signal.alarm(300)
        try:
            work()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]
"""


def run(code):
    """Run code in a process of its own, which may fork while it has threads.

    It is not measured: coverage has a lock of its own, which a child forked while another thread
    holds it waits for without end.
    """
    unmeasured = {
        name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        env=unmeasured,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def test_no_lock_of_the_process_is_held_in_a_child():
    """All that modules can reach are held by a thread of the parent; the child gets each one.

    The exception is what a child keeps of its parent's connections without ever using it.
    """
    found = run("""
        KINDS = (type(threading.Lock()), type(threading.RLock()), threading.Condition)

        def locks():
            seen, held = set(), {}
            todo = [
                (f"{name}.{part}", one)
                for name, module in sys.modules.items()
                if is_ours(name)
                for part, one in vars(module).items()
            ]
            while todo:
                path, one = todo.pop()
                if id(one) in seen or path.startswith("shim.objectapi.http._inherited"):
                    continue
                seen.add(id(one))
                if isinstance(one, KINDS):
                    held[path] = one
                else:
                    todo += [(f"{path}.{name}", part) for name, part in parts(one)]
            return held

        def is_ours(module):
            return str(module).partition(".")[0] == "shim"

        def parts(one):
            if isinstance(one, dict):
                return list(enumerate([*one.keys(), *one.values()]))
            if isinstance(one, (list, tuple, set, frozenset, weakref.WeakSet)):
                return list(enumerate(one))
            if isinstance(one, types.ModuleType):
                return []
            if isinstance(one, functools.cached_property):
                return [("lock", getattr(one, "lock", None))]
            if not any(is_ours(getattr(one, name, "")) for name in ("__module__", "__name__")):
                return []
            slots = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
            names = [*getattr(one, "__dict__", ()), *slots]
            cells = getattr(one, "__closure__", None) or ()
            return [
                *((name, getattr(one, name, None)) for name in names),
                *((number, cell.cell_contents) for number, cell in enumerate(cells)),
            ]

        for module in pkgutil.walk_packages(shim.__path__, "shim."):
            if module.name != "shim.__main__":
                importlib.import_module(module.name)
        shim.configure(notices="ignore", retry_seconds=0, base_url="http://127.0.0.1:1")
        ready = threading.Event()

        def hold():
            held.extend(path for path, lock in locks().items() if lock.acquire(blocking=False))
            ready.set()
            threading.Event().wait()

        def look():
            stuck = [path for path, lock in locks().items() if not lock.acquire(blocking=False)]
            assert not stuck, stuck

        def call():
            shim.configure(current_open_user_id="FSUID_A")
            assert shim.query_employee_by_mobile("T", "C", "1")["errorCode"] == -1
            assert shim.set_member_status_batch("T", "C", ["A"], 1)["errorCode"] == -1

        held = []
        threading.Thread(target=hold, daemon=True).start()
        ready.wait()
        assert held == [*locks()], set(locks()) - set(held)
        print(*held, sep="\\n")
        assert forked(look) == 0
        assert forked(call) == 0
        sys.stdout.flush()
        # An exit handler would wait for what is held.
        os._exit(0)
    """)
    # Of the settings, the notices, the snapshots, and the connections; of each call a notice's.
    assert len(found.splitlines()) > 30, found


def test_a_child_forked_during_a_reading_of_the_file_has_old_or_new_settings(tmp_path):
    """What `configure()` was given holds in it, and it follows the file from then on."""
    said = run(f"""
        os.chdir({str(tmp_path)!r})
        from pathlib import Path
        from shim import settings

        file, now, written, ended = Path("fxiaoke-shim.toml"), [0.0], [0], threading.Event()
        # Long, so that most forks are made while it is read.
        rest = "# a comment\\n" * 10_000

        def write(number):
            Path("beside").write_text(f"retry_seconds = {{number}}\\n{{rest}}")
            os.replace("beside", file)

        def keep_writing():
            while not ended.is_set():
                written[0] += 1
                write(written[0] % 3000)
                for _ in range(3):
                    now[0] += 1.0
                    settings.current()

        def child():
            first = settings.current()
            assert first.concurrency == 3
            while settings.current().retry_seconds == first.retry_seconds:
                now[0] += 1.0
            assert settings.current().concurrency == 3

        write(0)
        shim.set_notice_hooks([])
        settings.reset(lambda: now[0])
        shim.configure(concurrency=3)
        thread = threading.Thread(target=keep_writing)
        thread.start()
        states = [forked(child) for _ in range(5)]
        ended.set()
        thread.join()
        print(states)
    """)
    assert said == f"{[0] * 5}\n"


def test_a_lock_is_renewed_while_it_is_held():
    """What was acquired is released; coverage does not follow a fork."""
    lock = _forks.ProcessLock()
    with lock.held():
        held = lock.held()
        _forks.renew_locks()
        assert lock.held() is not held
        with lock.held():
            assert lock.held().acquire(blocking=False)
            lock.held().release()
