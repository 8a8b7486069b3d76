"""Quota, the life of tokens, counts, and the clock they go by."""

from __future__ import annotations

import threading
from typing import Any

from shim.sandbox import Sandbox

QUERY = "/cgi/crm/v2/data/query"
TOKEN = "/cgi/corpAccessToken/get/V2"


class TestQuota:
    def test_each_path_has_a_sliding_window(self, talk: Any, time: Any) -> None:
        """Over it is 14001; another path is not concerned; a refused call takes no slot."""
        sandbox = Sandbox(members=1, quota_calls=2, quota_seconds=10, clock=time)
        to = talk(sandbox)
        codes = []
        for wait in (0, 6, 0, 3.9, 0.1, 0, 5.9, 0.1):
            time.pass_(wait)
            codes.append(to.query()["errorCode"])
        assert codes == [0, 0, 14001, 14001, 0, 14001, 14001, 0]
        assert to.get("0" * 24)["errorCode"] == 0
        assert sandbox.calls() == {
            QUERY: {"count": 8, "throttled": 4},
            "/cgi/crm/v2/data/get": {"count": 1, "throttled": 0},
        }

    def test_speed_shortens_the_window(self, talk: Any, time: Any) -> None:
        """At speed 10 a window of 20 s is over in 2."""
        to = talk(Sandbox(members=1, quota_calls=1, speed=10, clock=time))
        codes = []
        for wait in (0, 1.9, 0.1):
            time.pass_(wait)
            codes.append(to.query()["errorCode"])
        assert codes == [0, 14001, 0]

    def test_nothing_is_throttled_by_default(self, talk: Any, time: Any) -> None:
        """Without a quota nothing is throttled, the token interface included."""
        to = talk(Sandbox(members=1, clock=time))
        assert {to.token()["errorCode"] for _ in range(30)} == {0}
        assert {to.query()["errorCode"] for _ in range(120)} == {0}

    def test_token_interface_gives_ten_tokens_a_minute(self, talk: Any, time: Any) -> None:
        """The token interface has a window of its own as soon as there is a quota."""
        to = talk(Sandbox(members=1, quota_calls=100, clock=time))
        codes = [to.token()["errorCode"] for _ in range(12)]
        assert codes == [0] * 10 + [14001] * 2
        time.pass_(60)
        assert to.token()["errorCode"] == 0


class TestTokens:
    def test_tokens_live_7200_seconds_and_overlap(self, talk: Any, time: Any) -> None:
        """The same within 6600 s; then a new one while the old lives on to 7200."""
        sandbox = Sandbox(members=1, clock=time)
        to = talk(sandbox)
        first = to.token()
        assert first["expiresIn"] == 7200
        time.pass_(6599)
        again = to.token()
        assert (again["corpAccessToken"], again["expiresIn"]) == (first["corpAccessToken"], 601)
        time.pass_(1)
        second = to.token()
        assert second["corpAccessToken"] != first["corpAccessToken"]
        assert second["expiresIn"] == 7200
        time.pass_(599)
        assert to.query()["errorCode"] == 0
        time.pass_(1)
        assert to.query()["errorCode"] == 20016
        assert to.batch(sandbox.open_user_ids, 1)["errorCode"] == 20016
        to.object["corpAccessToken"] = second["corpAccessToken"]
        assert to.query()["errorCode"] == 0


class TestCounts:
    def test_counts_are_exact_under_threads(self, talk: Any) -> None:
        """Eight threads, each call counted once and each write kept."""
        sandbox = Sandbox(members=8)
        ids = sandbox.open_user_ids

        def work(mine: str) -> None:
            to = talk(sandbox)
            for _ in range(50):
                to.batch([mine], 1)
                to.query(("user_id", "EQ", [mine]))

        threads = [threading.Thread(target=work, args=(each,)) for each in ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sandbox.calls() == {
            "/cgi/user/batchSetStatus": {"count": 400, "throttled": 0},
            QUERY: {"count": 400, "throttled": 0},
        }
        assert {row["version"] for row in talk(sandbox).rows()} == {"51"}

    def test_refused_calls_are_counted(self, talk: Any) -> None:
        """Unknown paths and refused calls, too."""
        sandbox = Sandbox(members=1)
        to = talk(sandbox)
        to.post("/cgi/nowhere", {})
        to.client.get(TOKEN)
        assert sandbox.calls() == {
            "/cgi/nowhere": {"count": 1, "throttled": 0},
            TOKEN: {"count": 1, "throttled": 0},
        }


class TestReset:
    def test_reset_brings_everything_back_to_the_start(self, talk: Any, time: Any) -> None:
        """State, tokens, counts, faults, windows, updates; the secrets stay the same."""
        sandbox = Sandbox(members=3, quota_calls=2, clock=time)
        start, to = sandbox.describe(), talk(sandbox)
        rows = to.rows()
        to.update(rows[0]["_id"], status="1")
        sandbox.add_faults({"kind": "expire_token", "times": 1}, {"kind": "html_502"})
        to.client.post(QUERY)
        to.client.post(QUERY)
        sandbox.reset()
        assert (sandbox.describe(), sandbox.calls(), sandbox.updates) == (start, {}, [])
        assert to.rows() == rows

    def test_reset_of_the_counts_keeps_the_state(self, talk: Any, time: Any) -> None:
        """The state stays, and so do the windows."""
        sandbox = Sandbox(members=1, quota_calls=1, clock=time)
        to = talk(sandbox)
        to.batch(sandbox.open_user_ids, 1)
        sandbox.reset(calls_only=True)
        assert sandbox.calls() == {}
        assert set(sandbox.members().values()) == {"1"}
        assert to.batch(sandbox.open_user_ids, 2)["errorCode"] == 14001
        assert sandbox.calls() == {"/cgi/user/batchSetStatus": {"count": 1, "throttled": 1}}
