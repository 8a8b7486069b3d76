"""Callers of every kind: threads, forked workers, event loops of all sorts, trio; none hangs.

Most of it are programs of their own, under -W error: what a caller leaves behind at the exit shows,
and one that hangs is ended, with its threads' stacks in what it says.
"""

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

import shim
from shim.sandbox import Sandbox

HANGS_AFTER_SECONDS = 60

PRELUDE = f"""
import asyncio, faulthandler, gc, multiprocessing, os, signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
import shim

faulthandler.dump_traceback_later({HANGS_AFTER_SECONDS}, exit=True)
CORP, *IDS = sys.argv[1:]

def call(status, token="an-old-token"):
    answer = shim.set_member_status_batch(token, CORP, IDS, status)
    assert answer["errorCode"] == 0, answer

async def acall(status, token="an-old-token"):
    answer = await shim.aio.set_member_status_batch(token, CORP, IDS, status)
    assert answer["errorCode"] == 0, answer

def alone():
    return [one.name for one in threading.enumerate()] == ["MainThread"]
"""


def ran(code, *arguments, options=(), env=None):
    """Run a program of its own, and assert that it says nothing but `done`."""
    done = subprocess.run(
        [
            *(sys.executable, "-W", "error", *options, "-c"),
            PRELUDE + textwrap.dedent(code) + "\nprint('done')\n",
            *arguments,
        ],
        env={
            **os.environ,
            "FXIAOKE_SHIM_QUOTA_CALLS": "0",
            "FXIAOKE_SHIM_NOTICES": "ignore",
            **(env or {}),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * HANGS_AFTER_SECONDS,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


@pytest.fixture(scope="module")
def served():
    """Return a tenant on a socket, and its address."""
    made = Sandbox(3, seed=5)
    with made.serve() as base_url:
        yield made, base_url


@pytest.fixture
def program(served):
    """Return a function that runs a program against that tenant; it disables all in the end."""
    made, base_url = served

    def run(code, *options, env=None):
        made.reset()
        env = {
            **(env or {}),
            "FXIAOKE_SHIM_BASE_URL": base_url,
            "FXIAOKE_SHIM_CURRENT_OPEN_USER_ID": made.current_open_user_id,
            "FXIAOKE_SHIM_APP_ID": made.app_id,
            "FXIAOKE_SHIM_APP_SECRET": made.app_secret,
            "FXIAOKE_SHIM_PERMANENT_CODE": made.permanent_code,
        }
        ran(code, made.corp_id, *made.open_user_ids, options=options, env=env)
        assert set(made.members().values()) == {"1"}

    return run


def test_64_threads_at_once(program):
    """All begin together with a token that has expired; afterwards no thread of ours is left."""
    program("""
        together = threading.Barrier(64)

        def work(_):
            together.wait()
            call(1)

        with ThreadPoolExecutor(64) as pool:
            list(pool.map(work, range(64)))
        for thread in threading.enumerate():
            assert thread is threading.main_thread() or thread.join(20) or not thread.is_alive()
    """)


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="os.fork (not on Windows)")


@needs_fork
class TestForks:
    """gunicorn's prefork, Celery's, and multiprocessing's are one thing: os.fork after an import,
    and maybe after calls.
    """

    def test_workers_forked_after_a_call(self, program):
        """Four at once, each by the blocking and by the awaiting door, and then the parent again.

        A process that forks with threads alive is warned by Python 3.12 and later, which -W error
        would turn against us: a call leaves none.
        """
        program("""
            def work(number):
                for _ in range(3):
                    call(1)
                    asyncio.run(acall(1))

            call(1)
            asyncio.run(acall(1))
            until = time.monotonic() + 20
            while not alone() and time.monotonic() < until:
                time.sleep(0.01)  # The thread of the renewal may be ending still.
            workers = [
                multiprocessing.get_context("fork").Process(target=work, args=(number,))
                for number in range(4)
            ]
            for worker in workers:
                worker.start()
            call(1)
            for worker in workers:
                worker.join(40)
            assert [worker.exitcode for worker in workers] == [0] * 4
            call(1)
            asyncio.run(acall(1))
        """)

    def test_forked_while_other_threads_are_calling(self, program):
        """Whatever lock of ours a thread of the parent holds just then, the child's calls work.

        Python warns of it since 3.12, and it is done all the same: this program does not want to
        hear of it. One call has ended before: while the first imports what it needs, it holds the
        import system's locks, which no child ever gets back.
        """
        program(
            """
            busy = True

            def work():
                while busy:
                    call(1)

            call(1)
            threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
            for thread in threads:
                thread.start()
            for _ in range(15):
                child = os.fork()
                if child == 0:
                    signal.alarm(40)
                    try:
                        call(1)
                    except BaseException:
                        os._exit(1)
                    os._exit(0)
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            busy = False
            for thread in threads:
                thread.join(40)
            """,
            "-Wignore::DeprecationWarning",
            # Not measured: a lock of coverage's own may stay locked in a child.
            env={name: "" for name in os.environ if name.startswith("COVERAGE_PROCESS_")},
        )


class TestLoops:
    def test_within_one_and_one_after_the_other(self, program):
        """Blocking, awaited, gathered, and by task, in three loops that asyncio.run makes."""
        program("""
            async def job():
                call(1)
                await acall(1)
                await asyncio.gather(*(acall(1) for _ in range(20)), asyncio.create_task(acall(1)))
                call(1)

            for _ in range(3):
                asyncio.run(job())
        """)

    def test_entered_again_for_each_cell(self, program):
        """As a notebook does: the loop is never wound up, and in between it does not run."""
        program("""
            loop = asyncio.new_event_loop()
            for _ in range(3):
                loop.run_until_complete(acall(1))
                call(1)
        """)

    @pytest.mark.parametrize("ending", ["", "loop.call_soon_threadsafe(loop.stop); thread.join(5)"])
    def test_running_for_ever_in_a_thread(self, program, ending):
        """As a notebook's server does; calls come from other threads, and blocking ones on it."""
        program(f"""
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=loop.run_forever, daemon=True)
            thread.start()

            async def blocking():
                call(1)

            for _ in range(3):
                asyncio.run_coroutine_threadsafe(acall(1), loop).result(40)
                asyncio.run_coroutine_threadsafe(blocking(), loop).result(40)
            {ending}
        """)

    def test_a_loop_closed_by_hand_leaves_nothing_behind(self, program):
        """Wound up as asyncio.run does it, it leaves nothing behind."""
        program("""
            for _ in range(3):
                loop = asyncio.new_event_loop()
                loop.run_until_complete(acall(1))
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.close()
                del loop
                gc.collect()
        """)

    @pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="/proc (on Linux)")
    def test_closed_without_winding_up(self, program):
        """The sockets are then the garbage collector's, with Python's own ResourceWarning; but a
        program that goes on so does not run out of them.
        """
        program(
            """
            for number in range(30):
                loop = asyncio.new_event_loop()
                loop.run_until_complete(acall(1 + number % 2))
                loop.close()
                gc.collect()
                assert len(os.listdir("/proc/self/fd")) < 40
            call(1)
            """,
            "-Wignore::ResourceWarning",
        )


class TestTrio:
    """Its library is told from asyncio's by sniffio, which httpx asks; the blocking door does not.

    `shim.aio` needs asyncio, which may run in a thread of trio's.
    """

    @pytest.fixture(autouse=True)
    def _trio(self):
        pytest.importorskip("trio", reason="trio (pip install --group test)")

    def test_in_its_loop_and_in_its_threads(self, program):
        """Both ways on the loop's own thread, in threads, and with a loop of asyncio's in one."""
        program("""
            import trio

            async def main():
                call(1)
                async with trio.open_nursery() as nursery:
                    for _ in range(5):
                        nursery.start_soon(trio.to_thread.run_sync, call, 1)
                        nursery.start_soon(
                            trio.to_thread.run_sync, lambda: asyncio.run(acall(1))
                        )
                call(1)

            trio.run(main)
            call(1)
            asyncio.run(acall(1))
        """)

    def test_awaited_there_it_says_what_is_missing(self, program):
        """An error at once, not a hang."""
        program("""
            import trio

            try:
                trio.run(acall, 1)
            except RuntimeError as error:
                assert "no running event loop" in str(error)
            else:
                raise AssertionError
            call(1)
        """)


def test_a_thousand_wait_for_one_renewal():
    """200 threads and 800 tasks are refused with 20016 and wait for one token call.

    Without sockets, of which a machine may not allow so many.
    """
    ran(
        """
        from shim.sandbox import Sandbox

        TOKEN, QUERY = "/cgi/corpAccessToken/get/V2", "/cgi/crm/v2/data/query"
        made = Sandbox(1)
        CORP, IDS = made.corp_id, made.open_user_ids
        inner = made.transport()

        class AllAreRefusedFirst(type(inner)):
            def handle_request(self, request):
                if request.url.path == TOKEN:
                    while made.calls()[QUERY]["count"] < 1000:
                        time.sleep(0.01)
                return super().handle_request(request)

        shim.configure(
            base_url=made.base_url, transport=AllAreRefusedFirst(made), app_id=made.app_id,
            current_open_user_id=made.current_open_user_id, app_secret=made.app_secret,
            permanent_code=made.permanent_code,
        )

        async def tasks():
            await asyncio.gather(*(acall(2) for _ in range(800)))

        with ThreadPoolExecutor(201) as pool:
            loop = pool.submit(lambda: asyncio.run(tasks()))
            for one in [loop, *(pool.submit(call, 2) for _ in range(200))]:
                one.result()
        calls = {path: one["count"] for path, one in made.calls().items()}
        assert calls == {TOKEN: 1, QUERY: 2000}
    """,
        "FSCID",
    )


def limited(job):
    """Run a job on a loop of its own; it fails where it takes too long."""

    async def watched():
        done, _ = await asyncio.wait([asyncio.ensure_future(job)], timeout=HANGS_AFTER_SECONDS)
        assert done, "it hangs"
        return done.pop().result()

    return asyncio.run(watched())


def others():
    """Return how many tasks there are beside the job's, and the one that watches it."""
    return len(asyncio.all_tasks()) - 2


@pytest.mark.usefixtures("machine_time")
class TestGivingUp:
    """Nobody is left at work, and nothing is kept from others."""

    QUOTA = {"quota_calls": 8, "quota_seconds": 0.2}  # noqa: RUF012

    @pytest.fixture
    def made(self):
        """Return a slow tenant with a quota, and the shim configured to keep to it."""
        made = Sandbox(60, seed=5, latency_ms=100, **self.QUOTA)
        shim.configure(
            base_url=made.base_url,
            transport=made.transport(),
            current_open_user_id=made.current_open_user_id,
            corp_access_token=made.corp_access_token,
            corp_id=made.corp_id,
            notices="ignore",
            **self.QUOTA,
        )
        return made

    @staticmethod
    async def nothing_is_left(made):
        """Assert that no task is, and that all slots come back: else the next call would hang."""
        assert not others()
        calling = shim.aio.set_member_status_batch(
            made.corp_access_token, made.corp_id, made.open_user_ids[:9], 2
        )
        assert (await asyncio.wait_for(calling, HANGS_AFTER_SECONDS))["errorCode"] == 0
        assert all(not one["throttled"] for one in made.calls().values())

    # While the look-up is under way, while eight updates are, and while they wait for the quota.
    @pytest.mark.parametrize("seconds", [0.05, 0.15, 0.25])
    def test_a_call_that_is_cancelled(self, made, seconds):
        """Its tasks end with it."""

        async def job():
            calling = asyncio.ensure_future(
                shim.aio.set_member_status_batch(
                    made.corp_access_token, made.corp_id, made.open_user_ids, 1
                )
            )
            await asyncio.sleep(seconds)
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
            await self.nothing_is_left(made)

        limited(job())

    @pytest.mark.parametrize("seconds", [0.05, 0.15, 0.25])
    def test_a_stream_that_is_cancelled(self, made, seconds):
        """The task that iterates over it is, and takes along what it had begun."""

        async def iterate():
            async for _ in shim.aio.set_member_status_many(made.open_user_ids, 1):
                pass

        async def job():
            iterating = asyncio.ensure_future(iterate())
            await asyncio.sleep(seconds)
            iterating.cancel()
            with pytest.raises(asyncio.CancelledError):
                await iterating
            await asyncio.sleep(0)
            await self.nothing_is_left(made)

        limited(job())

    def test_a_stream_that_is_left(self, made):
        """Python closes it soon after, where `aclosing` is not used."""
        ids = [*made.open_user_ids[:5], *["FSUID_NOBODY"] * 195, *made.open_user_ids[5:]]

        async def job():
            async for _ in shim.aio.set_member_status_many(ids, 1):
                break
            for _ in range(100):
                if others():
                    await asyncio.sleep(0.01)
            await self.nothing_is_left(made)

        limited(job())

    def test_a_blocking_stream_that_is_left(self, made):
        """Its threads end with the calls that are under way."""
        ids = [*made.open_user_ids[:5], *["FSUID_NOBODY"] * 195, *made.open_user_ids[5:]]

        def ours():
            return [one for one in threading.enumerate() if one.name == "fxiaoke-shim"]

        for _ in shim.set_member_status_many(ids, 1):
            assert ours()
            break
        until = time.monotonic() + HANGS_AFTER_SECONDS
        while ours() and time.monotonic() < until:
            time.sleep(0.01)
        assert not ours()
        limited(self.nothing_is_left(made))
