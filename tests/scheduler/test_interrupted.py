"""Exceptions that are thrown into calls from outside leave nothing locked and nothing taken."""

import os
import subprocess
import sys

import pytest

import shim

# Calls are interrupted at random moments; then a call must work. The quota has two slots: if
# interrupted calls kept theirs, the last call would wait for ever.
BEGIN = """
import asyncio, ctypes, random, signal, sys, threading, time
import shim
seed, token, corp_id, *ids = sys.argv[1:]
print("seed", seed)
moments = random.Random(int(seed))
shim.configure(notices="ignore", quota_calls=2, quota_seconds=0.01, concurrency=4)
class Interrupted(BaseException):
    pass
def call(status):
    return shim.set_member_status_batch(token, corp_id, ids, status)["errorCode"]
"""
SIGNAL = """
def interrupt(*_):
    raise Interrupted
signal.signal(signal.SIGALRM, interrupt)
for turn in range(25):
    try:
        signal.setitimer(signal.ITIMER_REAL, moments.uniform(0.0005, 0.06))
        call(1 + turn % 2)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Interrupted:
        pass
signal.signal(signal.SIGALRM, signal.SIG_IGN)
"""
STORM = """
def interrupt(*_):
    raise Interrupted
signal.signal(signal.SIGALRM, interrupt)
for turn in range(10):
    # Again and again, also while the first is being raised.
    try:
        signal.setitimer(signal.ITIMER_REAL, moments.uniform(0.0005, 0.06), 0.002)
        call(1 + turn % 2)
    except Interrupted:
        pass
    finally:
        while True:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0)
                break
            except Interrupted:
                pass
signal.signal(signal.SIGALRM, signal.SIG_IGN)
"""
THREAD = """
def work(ended):
    try:
        for turn in range(2):
            call(1 + turn % 2)
    except Interrupted:
        pass
    ended.append(True)
for _ in range(8):
    ended = []
    thread = threading.Thread(target=work, args=(ended,))
    thread.start()
    time.sleep(moments.uniform(0.001, 0.1))
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident), ctypes.py_object(Interrupted)
    )
    thread.join()
"""
STREAM = """
for turn in range(8):
    stream = iter(
        shim.set_member_status_many(
            ids, 1 + turn % 2, corp_access_token=token, corp_id=corp_id
        )
    )
    for _ in range(moments.randrange(len(ids))):
        next(stream, None)
    stream.close()
"""
CANCEL = """
async def cancelled():
    for turn in range(20):
        task = asyncio.ensure_future(
            shim.aio.set_member_status_batch(token, corp_id, ids, 1 + turn % 2)
        )
        await asyncio.sleep(moments.uniform(0.0, 0.06))
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
    assert len(asyncio.all_tasks()) == 1
    return (await shim.aio.set_member_status_batch(token, corp_id, ids, 1))["errorCode"]
print("aio", asyncio.run(cancelled()))
"""
END = """
print("next", call(2))
until = time.monotonic() + 60
while any(one.name.startswith("fxiaoke-shim") for one in threading.enumerate()):
    assert time.monotonic() < until, threading.enumerate()
    time.sleep(0.01)
"""
KINDS = {"blocking": SIGNAL + STORM + THREAD + STREAM, "awaiting": CANCEL}
SEED = 1
POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="signal.setitimer (not on Windows)")


@POSIX
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_after_exceptions_from_outside_the_next_call_works(twisting, kind):
    """Whatever moment they come at; the threads of the calls end."""
    peer = twisting(quota_calls=0)
    made = peer.sandbox
    done = subprocess.run(
        [
            *(sys.executable, "-W", "error", "-c", BEGIN + KINDS[kind] + END),
            *(str(SEED), made.corp_access_token, made.corp_id, *made.open_user_ids),
        ],
        env={
            **os.environ,
            "FXIAOKE_SHIM_BASE_URL": shim.settings.current().base_url,
            "FXIAOKE_SHIM_CURRENT_OPEN_USER_ID": made.current_open_user_id,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "next 0" in done.stdout
    assert "unclosed <socket" not in done.stderr
    assert "unclosed transport" not in done.stderr
