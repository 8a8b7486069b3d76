"""The file is turned under load: the way changes within a second, no call is lost or mixed up."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import shim
from shim import settings
from shim.objectapi.clock import SkippingClock
from shim.sandbox import Sandbox

QUERY, UPDATE, GET = (f"/cgi/crm/v2/data/{verb}" for verb in ("query", "update", "get"))
OLD = "/cgi/user/batchSetStatus"
SENT = {
    "object": {QUERY, UPDATE, GET},
    "legacy": {OLD},
    "shadow": {QUERY, GET, OLD},
    "dry_run": {QUERY, GET},
}
TURNS = ("object", "legacy", "shadow", "dry_run", "object")
THREADS, MEMBERS_EACH = 8, 5
CALLS_PER_TURN = 60


class Load:
    """Threads that call without a pause.

    Attributes:
        turned: How often the file has been turned, and read.
        finished: Of each call, `turned` before it and after it, and its event.
    """

    def __init__(self, made):
        self.turned = 0
        self.finished = []
        self._made = made
        self._running = True
        self._here = threading.local()

    def hear(self, event):
        """Note the end of a call, in the thread that made it."""
        if event.name == "shim.offline_call_finished":
            self.finished.append((self._here.begun, self.turned, event))

    def work(self, number):
        """Disable and enable members that no other thread touches; return the answers."""
        made, answers = self._made, []
        mine = made.open_user_ids[number::THREADS]
        while self._running:
            member, times = len(answers) % MEMBERS_EACH, len(answers) // MEMBERS_EACH
            self._here.begun = self.turned
            answers.append(
                shim.set_member_status_batch(
                    made.corp_access_token, made.corp_id, [mine[member]], 1 + times % 2
                )
            )
        return answers

    def hold(self):
        """Wait until so many calls have begun and ended since the last turn."""
        until = time.monotonic() + 60
        while sum(begun == self.turned for begun, _, _ in list(self.finished)) < CALLS_PER_TURN:
            assert time.monotonic() < until
            time.sleep(0.01)

    def stop(self):
        """Have the calls under way be the last."""
        self._running = False


def test_four_modes_under_load(tmp_path):
    """Each call goes one way from its beginning to its end, and is counted once."""
    made = Sandbox(THREADS * MEMBERS_EACH, seed=1)
    looks = SkippingClock()

    def turn(mode):
        beside = tmp_path / "beside"
        beside.write_text(
            f'mode = "{mode}"\nnotices = "log"\nquota_calls = 0\nread_back_seconds = 0\n'
            f'current_open_user_id = "{made.current_open_user_id}"\n'
        )
        beside.replace(tmp_path / "fxiaoke-shim.toml")

    turn(TURNS[0])
    settings.reset(looks.now)
    shim.configure(base_url=made.base_url, transport=made.transport())
    load = Load(made)
    shim.set_notice_hooks([load.hear])
    with ThreadPoolExecutor(THREADS) as pool:
        jobs = [pool.submit(load.work, number) for number in range(THREADS)]
        try:
            load.hold()
            for mode in TURNS[1:]:
                turn(mode)
                # Half a second by the clock: it has to look the same twice.
                for _ in range(2):
                    looks.sleep(settings.LOOK_SECONDS)
                    settings.current()
                load.turned += 1
                load.hold()
        finally:
            load.stop()
        answers = [one for job in jobs for one in job.result()]

    # No call begins the way of before; one that is under way may be of either side of a turn.
    for begun, ended, event in load.finished:
        assert event.mode in TURNS[begun : ended + 2]
    for number, mode in enumerate(TURNS):
        modes = {event.mode for begun, ended, event in load.finished if begun == ended == number}
        assert mode in modes
        assert modes <= {mode, *TURNS[number + 1 : number + 2]}
    # None lost: each was answered with success, and counted once.
    assert {answer["errorCode"] for answer in answers} == {0}
    assert len(load.finished) == len(answers)
    # None mixed: what a call sent is what its way sends.
    for _, _, event in load.finished:
        assert set(event.api_calls) <= SENT[event.mode]
        assert (OLD in event.api_calls) == (event.mode in {"legacy", "shadow"})
