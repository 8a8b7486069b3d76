"""The translation alone: fed replies, no network. What a tenant may say, and what follows."""

from typing import Any

import pytest

from shim.changes import state
from shim.changes.state import set_state
from shim.objectapi.calls import Reply
from shim.objectapi.kinds import PERSONNEL
from shim.routing.flow import Pause
from shim.settings.model import Settings

WANTED = {"status": "1"}


class Walk:
    """Feeds a translation by hand, and keeps what it asked for."""

    def __init__(self, ids, **settings):
        self.flow = set_state(Settings(**settings), PERSONNEL, ids, WANTED)
        self.asked: Any = next(self.flow)
        self.pauses: list[float] = []
        self.outcomes: Any = None

    def feed(self, *replies):
        try:
            self.asked = self.flow.send(replies)
        except StopIteration as end:
            self.outcomes, self.asked = end.value, None
        return self

    def wait(self):
        """Let it pause."""
        assert isinstance(self.asked, Pause)
        self.pauses.append(self.asked.seconds)
        return self.feed()

    def verbs(self):
        return [call.path.rpartition("/")[2] for call in self.asked]

    def states(self):
        return [(one.state, one.error_code) for one in self.outcomes]


def rows(*people):
    """Return a query's answer with these (user_id, status) rows."""
    data = [{"_id": f"id-{user}", "user_id": user, "status": status} for user, status in people]
    return Reply(0, "E-O.q", "OK", {"data": {"dataList": data}})


def record(status):
    return Reply(0, "E-O.g", "OK", {"data": {"_id": "id-A", "status": status}})


UPDATED = Reply(0, "E-O.u", "OK", {"dataId": "id"})
EMPTY = rows()


def test_the_straight_way():
    """Look up, update what differs, read back; the update's traceId is the outcome's."""
    walk = Walk(["A", "B"])
    assert walk.verbs() == ["query"]
    walk.feed(rows(("B", "1"), ("A", "0")))
    assert walk.verbs() == ["update"]
    assert walk.asked[0].writes
    assert walk.asked[0].body["data"]["object_data"]["_id"] == "id-A"
    walk.feed(UPDATED)
    assert walk.verbs() == ["query"]
    walk.feed(rows(("A", "1")))
    assert walk.states() == [("changed", 0), ("unchanged", 0)]
    assert [one.trace_id for one in walk.outcomes] == ["E-O.u", "E-O.q"]


def test_two_records_for_one_user_are_both_left_alone():
    """Nobody can say which is meant, so none is written."""
    walk = Walk(["A"]).feed(rows(("A", "0"), ("A", "1")))
    assert walk.states() == [("failed", -2)]
    assert walk.outcomes[0].message == state.AMBIGUOUS


def test_rows_of_strangers_point_to_the_form_of_ids():
    """Rows came back, but under other ids than those asked for."""
    walk = Walk(["FSUID_A"]).feed(rows(("1453", "0")))
    assert walk.states() == [("failed", 20012)]
    assert "convertUserId" in walk.outcomes[0].message


def test_a_row_without_an_id_cannot_be_written_to():
    """It counts as no row."""
    reply = Reply(0, "E-O.q", "OK", {"data": {"dataList": [{"user_id": "A", "status": "0"}, 7]}})
    assert Walk(["A"]).feed(reply).states() == [("failed", 20012)]


def test_employee_fields_may_come_as_lists():
    """Employee fields are lists even when single; a user_id in a list is still that user."""
    reply = Reply(
        0, "E-O.q", "OK", {"data": {"dataList": [{"_id": "1", "user_id": ["A"], "status": ["1"]}]}}
    )
    assert Walk(["A"]).feed(reply).states() == [("unchanged", 0)]


def test_a_refused_look_up_fails_its_hundred_and_no_others():
    """The second hundred goes on."""
    ids = [f"U{number}" for number in range(101)]
    walk = Walk(ids)
    walk.feed(Reply(14001, "E-O.t", "throttled"), rows(("U100", "1")))
    assert walk.states() == [("failed", 14001)] * 100 + [("unchanged", 0)]


def test_a_refused_update_is_the_members_own_failure():
    """Its code and text are passed on; the others are read back."""
    walk = Walk(["A", "B"]).feed(rows(("A", "0"), ("B", "0")))
    walk.feed(Reply(32000, "E-O.l", "record is locked"), UPDATED)
    assert walk.asked[0].body["data"]["search_query_info"]["filters"][0]["field_values"] == ["B"]
    walk.feed(rows(("B", "1")))
    assert walk.states() == [("failed", 32000), ("changed", 0)]
    assert walk.outcomes[0].message == "record is locked"


def test_what_is_not_asked_for_in_a_read_back_changes_nothing():
    """A tenant that answers more than was asked does not turn a refusal into a change."""
    walk = Walk(["A", "B"]).feed(rows(("A", "0"), ("B", "0")))
    walk.feed(Reply(32000, "E-O.l", "record is locked"), UPDATED)
    walk.feed(rows(("A", "1"), ("B", "1"), ("C", "1")))
    assert walk.states() == [("failed", 32000), ("changed", 0)]


def test_an_answer_lost_after_the_write_is_found_to_hold():
    """A timeout says nothing about the write; reading back does."""
    walk = Walk(["A"]).feed(rows(("A", "0")))
    walk.feed(Reply(50009, "shim-t", "no answer within 30 s"))
    walk.feed(rows(("A", "1")))
    assert walk.states() == [("changed", 0)]


def test_an_answer_lost_before_the_write_keeps_its_own_error():
    """And its text says that it was read back and is not there."""
    walk = Walk(["A"], read_back_seconds=0).feed(rows(("A", "0")))
    walk.feed(Reply(-1, "shim-r", "connection broke"))
    walk.feed(rows(("A", "0")))
    walk.feed(record("0"))
    assert walk.states() == [("failed", -1)]
    assert walk.outcomes[0].message == "connection broke (read back: not applied)"


def test_read_back_pauses_grow_and_end_with_the_budget():
    """0.2, 0.4 … up to read_back_seconds in all, then the record decides."""
    walk = Walk(["A"], read_back_seconds=1.0).feed(rows(("A", "0"))).feed(UPDATED)
    while walk.verbs() == ["query"]:
        walk.feed(rows(("A", "0")))
        if isinstance(walk.asked, Pause):
            walk.wait()
    assert walk.verbs() == ["get"]
    assert [round(pause, 3) for pause in walk.pauses] == [0.2, 0.4, 0.4]
    walk.feed(record("1"))
    assert walk.states() == [("changed", 0)]


def test_a_record_that_reads_as_before_was_not_applied():
    """Error code 0 on the update is no proof."""
    walk = Walk(["A"], read_back_seconds=0).feed(rows(("A", "0"))).feed(UPDATED).feed(EMPTY)
    walk.feed(record("0"))
    assert walk.states() == [("failed", 50009)]
    assert walk.outcomes[0].message == state.NOT_APPLIED


def test_what_cannot_be_read_back_is_open_not_refuted():
    """A `get` that fails, or hides the field, leaves the outcome open and says so."""
    walk = Walk(["A", "B"], read_back_seconds=0).feed(rows(("A", "0"), ("B", "0")))
    walk.feed(UPDATED, Reply(50009, "shim-t", "no answer")).feed(EMPTY)
    walk.feed(Reply(14001, "E-O.t", "throttled"), Reply(0, "E-O.g", "OK", {"data": None}))
    assert walk.states() == [("failed", 50009), ("failed", 50009)]
    assert walk.outcomes[0].message == state.NOT_VERIFIED
    assert walk.outcomes[1].message == "no answer (not read back)"


def written(count, **settings):
    """Return a walk of so many members whose writes no query shows."""
    ids = [f"U{number}" for number in range(count)]
    walk = Walk(ids, read_back_seconds=0, **settings)
    walk.feed(rows(*((one, "0") for one in ids)))
    return walk.feed(*[UPDATED] * count).feed(EMPTY)


def test_a_read_only_tenant_is_probed():
    """Five records read as before: the rest is judged with them."""
    walk = written(30)
    assert walk.verbs() == ["get"] * 5
    walk.feed(*[record("0")] * 5)
    assert walk.states() == [("failed", 50009)] * 30
    assert walk.outcomes[29].message == state.NOT_SEEN


def test_one_probe_that_holds_has_everybody_asked():
    """Then it is a slow index, and each record decides for itself."""
    walk = written(8)
    walk.feed(record("0"), *[record("1")] * 4)
    assert walk.verbs() == ["get"] * 3
    walk.feed(record("1"), record("1"), record("0"))
    assert [state for state, _ in walk.states()] == ["failed", *["changed"] * 6, "failed"]


def test_probes_that_cannot_be_read_refute_nobody():
    """Throttled probes leave everybody open."""
    walk = written(8).feed(*[Reply(14001, "E-O.t", "throttled")] * 5)
    assert {one.message for one in walk.outcomes} == {state.NOT_VERIFIED}


def test_where_some_writes_showed_every_other_record_is_asked():
    """A tenant that takes writes is not read-only; each straggler is its own case."""
    ids = [f"U{number}" for number in range(10)]
    walk = Walk(ids, read_back_seconds=0).feed(rows(*((one, "0") for one in ids)))
    walk.feed(*[UPDATED] * 10).feed(rows(("U0", "1")))
    assert walk.verbs() == ["get"] * 9
    walk.feed(*[record("1")] * 9)
    assert walk.states() == [("changed", 0)] * 10


def test_booleans_compare_however_they_are_written():
    """is_active may come as a boolean or as its word."""
    flow = set_state(Settings(), PERSONNEL, ["A"], {"is_active": False})
    next(flow)
    data = {"dataList": [{"_id": "1", "user_id": "A", "is_active": "false"}]}
    with pytest.raises(StopIteration) as end:
        flow.send([Reply(0, "E-O.q", "OK", {"data": data})])
    assert end.value.value[0].state == "unchanged"
