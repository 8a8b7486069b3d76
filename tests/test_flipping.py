"""The file is turned under load: the way changes within a second, no call is lost or mixed up."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import shim
from shim.sandbox import Sandbox

QUERY, UPDATE = "/cgi/crm/v2/data/query", "/cgi/crm/v2/data/update"
OLD = "/cgi/user/batchSetStatus"
SENT = {
    "object": {QUERY, UPDATE},
    "legacy": {OLD},
    "shadow": {QUERY, OLD},
    "dry_run": {QUERY},
}
CALLS_PER_SECOND = 200
HOLD_SECONDS = 1.2


def test_four_modes_under_200_calls_a_second(tmp_path):
    """Each call goes one way from its beginning to its end, and is counted once."""
    file = tmp_path / "fxiaoke-shim.toml"
    made = Sandbox(40, seed=1)

    def turn(mode):
        beside = tmp_path / "beside"
        beside.write_text(
            f'mode = "{mode}"\nnotices = "log"\nquota_calls = 0\nread_back_seconds = 0\n'
            f'current_open_user_id = "{made.current_open_user_id}"\n'
        )
        beside.replace(file)
        return time.monotonic()

    finished, lock = [], threading.Lock()

    def hear(event):
        if event.name == "shim.offline_call_finished":
            with lock:
                finished.append((time.monotonic(), event))

    turn("object")
    shim.configure(base_url=made.base_url, transport=made.transport())
    shim.set_notice_hooks([hear])
    args = (made.corp_access_token, made.corp_id)
    start, running = time.monotonic(), True
    numbers = itertools.count()

    def work():
        """Make calls at the pace, each member disabled and enabled in turn."""
        made_here = []
        while running:
            number = next(numbers)
            time.sleep(max(start + number / CALLS_PER_SECOND - time.monotonic(), 0))
            # No two calls under way are about one member.
            member = made.open_user_ids[number % 40]
            answer = shim.set_member_status_batch(*args, [member], 1 + number // 40 % 2)
            made_here.append((number, answer))
        return made_here

    turns = [(start, "object")]
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(work) for _ in range(8)]
        for mode in ("legacy", "shadow", "dry_run", "object"):
            time.sleep(HOLD_SECONDS)
            turns.append((turn(mode), mode))
        time.sleep(HOLD_SECONDS)
        running = False
        answers = [one for job in jobs for one in job.result()]
    ended = time.monotonic()

    # None lost: every number was answered with success, and told once.
    assert sorted(number for number, _ in answers) == list(range(len(answers)))
    assert {answer["errorCode"] for _, answer in answers} == {0}
    assert len(finished) == len(answers)
    assert len(answers) > 0.5 * CALLS_PER_SECOND * (ended - start)
    # None mixed: what a call sent is what its way sends.
    for _, event in finished:
        assert set(event.api_calls) <= SENT[event.mode]
        assert (OLD in event.api_calls) == (event.mode in {"legacy", "shadow"})
    # Within a second of each turn, no call begins the way of before.
    for (turned, mode), (next_turn, _) in zip(turns, [*turns[1:], (ended, "")], strict=True):
        modes = {event.mode for at, event in finished if turned + 1.0 <= at < next_turn}
        assert modes == {mode}
