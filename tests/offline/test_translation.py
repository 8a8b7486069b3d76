"""The translation alone: fed replies, no network. What a tenant may say, and what follows."""

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from shim.objectapi import http
from shim.objectapi.calls import Reply
from shim.objectapi.clock import MACHINE, SkippingClock
from shim.objectapi.kinds import PERSONNEL
from shim.objectapi.recent import AT_MOST, RecentWrites
from shim.offline import _state as state
from shim.offline._state import set_state
from shim.scheduler.steps import Pause
from shim.settings.model import Settings

WANTED = {"status": "1"}


class Walk:
    """Feeds a translation by hand, and keeps what it asked for."""

    def __init__(self, ids, **settings):
        self.flow = set_state(Settings(**settings), PERSONNEL, ids, WANTED, corp_id="FSCID_T")
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


def record(status, user="A", **fields):
    """Return a get's answer."""
    row = {"_id": f"id-{user}", "user_id": user, "status": status, **fields}
    return Reply(0, "E-O.g", "OK", {"data": row})


def four(status):
    """Return a query's answer with more people than are read back one by one."""
    return rows(*((user, status) for user in "ABCD"))


UPDATED = Reply(0, "E-O.u", "OK", {"dataId": "id"})
EMPTY = rows()


def test_look_up_update_and_read_back_in_three_steps():
    """Look up, update what differs, read back; the update's traceId is the outcome's."""
    walk = Walk(["A", "B"])
    assert walk.verbs() == ["query"]
    walk.feed(rows(("B", "1"), ("A", "0")))
    assert walk.verbs() == ["update"]
    assert walk.asked[0].writes
    assert walk.asked[0].body["data"]["object_data"]["_id"] == "id-A"
    walk.feed(UPDATED)
    assert walk.verbs() == ["get"]
    walk.feed(record("1"))
    assert walk.states() == [("changed", 0), ("unchanged", 0)]
    assert [one.trace_id for one in walk.outcomes] == ["E-O.u", "E-O.q"]


def test_two_records_for_one_user_are_both_left_alone():
    """Nobody can say which is meant, so none is written."""
    walk = Walk(["A"]).feed(rows(("A", "0"), ("A", "1")))
    assert walk.states() == [("failed", -2)]
    assert walk.outcomes[0].message == state.AMBIGUOUS


def test_rows_of_unasked_members_point_to_the_form_of_ids():
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
    walk.feed(Reply(32000, "E-O.l", "bad value"), UPDATED)
    assert [call.body["data"]["objectDataId"] for call in walk.asked] == ["id-B"]
    walk.feed(record("1", "B"))
    assert walk.states() == [("failed", 32000), ("changed", 0)]
    assert walk.outcomes[0].message == "bad value"


def test_what_is_not_asked_for_in_a_read_back_changes_nothing():
    """A tenant that answers more than was asked does not turn a refusal into a change."""
    walk = Walk("ABCDE").feed(rows(*((user, "0") for user in "ABCDE")))
    walk.feed(Reply(32000, "E-O.l", "bad value"), *[UPDATED] * 4)
    walk.feed(rows(*((user, "1") for user in "ABCDEF")))
    assert walk.states() == [("failed", 32000), *[("changed", 0)] * 4]


def test_booleans_compare_however_they_are_written():
    """is_active may come as a boolean or as its word."""
    flow = set_state(Settings(), PERSONNEL, ["A"], {"is_active": False}, corp_id="FSCID_T")
    next(flow)
    data = {"dataList": [{"_id": "1", "user_id": "A", "is_active": "false"}]}
    with pytest.raises(StopIteration) as end:
        flow.send([Reply(0, "E-O.q", "OK", {"data": data})])
    assert end.value.value[0].state == "unchanged"


@pytest.mark.parametrize(
    ("seen", "wanted", "same"),
    [
        ("1", "1", True),
        (1, "1", True),
        (1.0, "1", True),
        (["1"], "1", True),
        ("1", 1, True),
        (True, "1", False),
        ("1", True, False),
        (1, True, False),
        ("True", True, True),
        (None, "None", False),
        (None, True, False),
        (["1", "2"], "1", False),
        ({"1": 1}, "1", False),
        (float("nan"), "nan", False),
        (10**30, str(10**30), False),
        (["2", 1], ["1", "2"], True),
        (["1", None], ["1", "None"], False),
        (["1", ["2"]], ["1", "2"], True),
        ({}, ["1", "2"], False),
        (None, ["1", "2"], False),
        (None, "", True),
        ([], "", True),
        ("x", [], False),
    ],
)
def test_value_counts_only_if_it_equals_the_wanted_one(seen, wanted, same):
    """Numbers and text are the same fact in two forms; nothing else is."""
    assert state.shows({"f": seen}, {"f": wanted}) is same


class TestLookUp:
    """A member is written only if exactly one record can be his."""

    def test_two_keys_that_share_a_record_are_both_left_alone(self):
        """Their `_id` identifies neither."""
        shared = [
            {"_id": "one", "user_id": user, "status": status}
            for user, status in [("A", "0"), ("B", "1"), ("Z", "0")]
        ]
        shared.append({"_id": "id-C", "user_id": "C", "status": "1"})
        walk = Walk("ABC").feed(Reply(0, "E-O.q", "OK", {"data": {"dataList": shared}}))
        assert walk.states() == [("failed", -2), ("failed", -2), ("unchanged", 0)]
        assert walk.outcomes[0].message == state.SHARED

    def test_record_that_also_stands_beside_an_unasked_key_is_left_alone(self):
        """Nobody can say whose it is."""
        found = [{"_id": "one", "user_id": "A", "status": "1"}, {"_id": "one", "user_id": [[]]}]
        walk = Walk(["A"]).feed(Reply(0, "E-O.q", "OK", {"data": {"dataList": found}}))
        assert walk.states() == [("failed", -2)]

    @pytest.mark.parametrize("record_id", ["", None, [], ["id"], {}, True, 1.5, 10**30, "x" * 129])
    def test_a_row_without_a_usable_id_counts_as_none(self, record_id):
        """Not even where it shows the wanted state: nobody knows which record that is."""
        row = {"_id": record_id, "user_id": "A", "status": "1"}
        walk = Walk(["A"]).feed(Reply(0, "E-O.q", "OK", {"data": {"dataList": [row]}}))
        assert walk.states() == [("failed", 20012)]

    def test_a_number_is_an_id(self):
        """On some tenants `_id` is the employee number; it is sent as text."""
        row = {"_id": 1453, "user_id": "A", "status": "0"}
        walk = Walk(["A"]).feed(Reply(0, "E-O.q", "OK", {"data": {"dataList": [row]}}))
        assert walk.asked[0].body["data"]["object_data"]["_id"] == "1453"

    def test_rows_of_a_failed_look_up_are_no_rows(self):
        """An error proves nothing, whatever it holds."""
        failed = Reply(14001, "E-O.q", "throttled", rows(("A", "1")).body)
        assert Walk(["A"]).feed(failed).states() == [("failed", 14001)]

    @pytest.mark.parametrize("code", [15002, 32000])
    def test_a_tenant_that_refuses_the_extra_fields_is_asked_without_them(self, code):
        """Once, and for the refused part only."""
        ids = [f"U{number}" for number in range(101)]
        walk = Walk(ids)
        first = walk.asked[0].body["data"]["search_query_info"]["fieldProjection"]
        assert first == ["_id", "user_id", "status", "lock_status", "last_modified_time"]
        walk.feed(rows(*((one, "1") for one in ids[:100])), Reply(code, "E-O.b", "unknown field"))
        [again] = walk.asked
        assert again.body["data"]["search_query_info"]["fieldProjection"] == [
            "_id", "user_id", "status",
        ]  # fmt: skip
        walk.feed(rows(("U100", "1")))
        assert walk.states() == [("unchanged", 0)] * 101

    def test_look_up_that_is_refused_with_and_without_hints_fails_with_its_code(self):
        """It was not the extra fields."""
        refused = Reply(32000, "E-O.b", "unknown field")
        walk = Walk(["A"]).feed(refused).feed(refused)
        assert walk.states() == [("failed", 32000)]


class TestReadBack:
    """Success is errorCode 0, the `_id` that was written, and the wanted values, in one row."""

    def test_few_are_read_one_by_one_at_once(self):
        """No query and no pause: `get` has no lag."""
        walk = Walk("ABC").feed(rows(*((user, "0") for user in "ABC"))).feed(*[UPDATED] * 3)
        assert walk.verbs() == ["get"] * 3
        walk.feed(*[record("1", user) for user in "ABC"])
        assert walk.states() == [("changed", 0)] * 3

    def test_many_are_read_by_one_query(self):
        """A `get` for each would spend a call for each."""
        walk = Walk("ABCD").feed(four("0")).feed(*[UPDATED] * 4)
        assert walk.verbs() == ["query"]
        assert walk.feed(four("1")).states() == [("changed", 0)] * 4

    def test_the_few_that_a_query_does_not_show_are_read_at_once(self):
        """Waiting for an index would take longer."""
        walk = Walk("ABCD").feed(four("0")).feed(*[UPDATED] * 4)
        walk.feed(rows(("A", "1"), ("B", "0"), ("C", "1"), ("D", "1")))
        assert walk.verbs() == ["get"]
        assert walk.feed(record("1", "B")).states() == [("changed", 0)] * 4

    @pytest.mark.parametrize(
        "reply",
        [
            Reply(20014, "E-O.g", "may not read"),
            Reply(0, "E-O.g", "OK", {"data": {}}),
            Reply(0, "E-O.g", "OK", {"data": {"status": "1"}}),
            Reply(0, "E-O.g", "OK", {"data": {"_id": "id-A", "user_id": "A"}}),
            record("1", _id="id-B"),
            record("1", user_id="B"),
            record("1", user_id=[["A"]]),
            Reply(20016, "E-O.g", "expired", record("1").body),
        ],
    )
    def test_a_get_that_says_nothing_of_the_record_is_no_proof(self, reply):
        """Then a query has to show it, and is asked at once."""
        walk = Walk(["A"]).feed(rows(("A", "0"))).feed(UPDATED).feed(reply)
        assert walk.verbs() == ["query"]
        assert walk.feed(rows(("A", "1"))).states() == [("changed", 0)]

    def test_a_record_that_cannot_be_read_is_looked_for_until_the_time_is_over(self):
        """By queries only: what failed once is not asked again and again."""
        walk = Walk(["A"], read_back_seconds=0.5).feed(rows(("A", "0"))).feed(UPDATED)
        walk.feed(Reply(20014, "E-O.g", "may not read")).feed(rows(("A", "0"))).wait()
        assert walk.verbs() == ["query"]
        walk.feed(rows(("A", "0"))).wait().feed(rows(("A", "0")))
        assert walk.states() == [("failed", 50009)]
        assert walk.outcomes[0].message == state.NOT_VERIFIED

    def test_a_record_that_shows_the_old_values_is_asked_again(self):
        """That `get` has no lag is not printed; it may read a copy that follows behind."""
        walk = Walk(["A"], read_back_seconds=1.0).feed(rows(("A", "0"))).feed(UPDATED)
        for pause in (0.2, 0.4):
            assert walk.verbs() == ["get"]
            walk.feed(record("0"))
            assert walk.asked == Pause(pause)
            walk.wait()
        assert walk.feed(record("1")).states() == [("changed", 0)]

    @pytest.mark.parametrize(
        "reply",
        [
            Reply(20016, "E-O.q", "expired", four("1").body),
            rows(),
            rows(("A", "1"), ("A", "1"), ("B", "1"), ("B", "0"), ("E", "1")),
            Reply(0, "E-O.q", "OK", {"data": {"dataList": [
                {"_id": f"other-{user}", "user_id": user, "status": "1"} for user in "ABCD"
            ]}}),
            Reply(0, "E-O.q", "OK", {"data": {"dataList": [
                {"_id": f"id-{one}", "user_id": user, "status": "1"}
                for user in "ABCD" for one in "ABCD"
            ]}}),
        ],
    )  # fmt: skip
    def test_rows_that_are_not_plainly_the_written_record_are_no_proof(self, reply):
        """An error, another `_id`, two rows for one member, one `_id` for two members."""
        walk = Walk("ABCD", read_back_seconds=0).feed(four("0")).feed(*[UPDATED] * 4).feed(reply)
        assert walk.verbs() == ["get"] * 4
        walk.feed(*[record("0", user) for user in "ABCD"])
        assert walk.states() == [("failed", 50009)] * 4

    def test_a_tenant_that_cannot_be_reached_is_not_waited_for(self):
        """Nothing that was asked for has left this machine."""
        gone = Reply(-1, "shim-1", "no connection", reached=False)
        walk = Walk(["A"]).feed(rows(("A", "0"))).feed(UPDATED).feed(gone).feed(gone)
        assert walk.states() == [("failed", 50009)]

    def test_read_back_pauses_grow_and_end_with_the_budget(self):
        """0.2, 0.4 … up to read_back_seconds in all, then the records decide."""
        walk = Walk("ABCD", read_back_seconds=1.0).feed(four("0")).feed(*[UPDATED] * 4)
        while walk.verbs() == ["query"]:
            walk.feed(four("0"))
            if isinstance(walk.asked, Pause):
                walk.wait()
        assert walk.verbs() == ["get"] * 4
        assert [round(pause, 3) for pause in walk.pauses] == [0.2, 0.4, 0.4]
        walk.feed(*[record("1", user) for user in "ABCD"])
        assert walk.states() == [("changed", 0)] * 4

    def test_a_record_that_reads_as_before_was_not_applied(self):
        """Error code 0 on the update is no proof."""
        walk = Walk(["A"], read_back_seconds=0).feed(rows(("A", "0"))).feed(UPDATED)
        walk.feed(record("0"))
        assert walk.states() == [("failed", 50009)]
        assert walk.outcomes[0].message == state.NOT_APPLIED

    def test_an_attempt_without_an_answer_may_still_be_carried_out(self):
        """A later attempt ended without an error, so the tenant is not blamed."""
        walk = Walk(["A"], read_back_seconds=0).feed(rows(("A", "0")))
        walk.feed(replace(UPDATED, earlier_doubt=True)).feed(record("0"))
        assert walk.states() == [("failed", 50009)]
        assert walk.outcomes[0].message == state.STILL_OPEN


def written(count, **settings):
    """Return a walk of so many members whose writes no query shows."""
    ids = [f"U{number}" for number in range(count)]
    walk = Walk(ids, read_back_seconds=0, **settings)
    walk.feed(rows(*((one, "0") for one in ids)))
    return walk.feed(*[UPDATED] * count).feed(EMPTY)


def records(status, first, last):
    return [record(status, f"U{number}") for number in range(first, last)]


class TestProbes:
    """A few records tell a read-only tenant from a slow index."""

    def test_a_read_only_tenant_is_probed(self):
        """Five records read as before: the rest is judged with them."""
        walk = written(30)
        assert walk.verbs() == ["get"] * 5
        walk.feed(*records("0", 0, 5))
        assert walk.states() == [("failed", 50009)] * 30
        assert walk.outcomes[0].message == state.NOT_APPLIED
        assert walk.outcomes[29].message == state.NOT_SEEN

    def test_one_probe_that_holds_has_everybody_asked(self):
        """Then it is a slow index, and each record decides for itself."""
        walk = written(8)
        walk.feed(*records("0", 0, 1), *records("1", 1, 5))
        assert walk.verbs() == ["get"] * 3
        walk.feed(*records("1", 5, 7), *records("0", 7, 8))
        assert [state for state, _ in walk.states()] == ["failed", *["changed"] * 6, "failed"]

    def test_unreadable_probes_refute_no_member(self):
        """Throttled probes leave everybody open."""
        walk = written(8).feed(*[Reply(14001, "E-O.t", "throttled")] * 5)
        assert {one.message for one in walk.outcomes} == {state.NOT_VERIFIED}

    def test_where_some_writes_showed_every_other_record_is_asked(self):
        """A tenant that takes writes is not read-only; each straggler is its own case."""
        ids = [f"U{number}" for number in range(10)]
        walk = Walk(ids, read_back_seconds=0).feed(rows(*((one, "0") for one in ids)))
        walk.feed(*[UPDATED] * 10).feed(rows(("U0", "1")))
        assert walk.verbs() == ["get"] * 9
        walk.feed(*records("1", 1, 10))
        assert walk.states() == [("changed", 0)] * 10


TIMED_OUT = Reply(50009, "E-O.l", "service timeout")


class TestUnknown:
    """After an update that ended in an error that may have come too late, the caller looks."""

    @pytest.mark.parametrize("code", [-1, -2, 50009])
    def test_an_answer_lost_after_the_write_is_found_to_hold(self, code):
        """The error says nothing about the write; reading back does."""
        walk = Walk(["A"]).feed(rows(("A", "0")))
        walk.feed(Reply(code, "shim-t", "no answer within 30 s"))
        assert walk.feed(record("1")).states() == [("changed", 0)]

    @pytest.mark.parametrize("code", [-1, -2])
    def test_an_answer_lost_before_the_write_keeps_its_own_error(self, code):
        """And its text says that it was read back and is not there."""
        walk = Walk(["A"], read_back_seconds=0).feed(rows(("A", "0")))
        walk.feed(Reply(code, "shim-r", "connection broke")).feed(record("0"))
        assert walk.states() == [("failed", code)]
        assert walk.outcomes[0].message == "connection broke (read back: not applied)"

    def test_what_cannot_be_read_back_is_open_not_refuted(self):
        """A `get` that fails, or hides the field, leaves the outcome open and says so."""
        walk = Walk(["A", "B"], read_back_seconds=0).feed(rows(("A", "0"), ("B", "0")))
        walk.feed(UPDATED, TIMED_OUT)
        walk.feed(Reply(14001, "E-O.t", "throttled"), Reply(0, "E-O.g", "OK", {"data": None}))
        walk.feed(EMPTY)
        assert walk.states() == [("failed", 50009), ("failed", 50009)]
        assert walk.outcomes[0].message == state.NOT_VERIFIED
        assert walk.outcomes[1].message == "service timeout (not read back)"

    def test_50009_that_was_not_applied_is_repeated_once(self):
        """At once after the look: the repeat is what is waited for."""
        walk = Walk(["A"]).feed(rows(("A", "0"))).feed(TIMED_OUT).feed(record("0"))
        assert walk.verbs() == ["update"]
        assert walk.feed(UPDATED).feed(record("1")).states() == [("changed", 0)]

    def test_a_locked_record_whose_lock_is_hidden_costs_two_updates(self):
        """And the text says what may be wrong, and what to do."""
        walk = Walk(["A"], read_back_seconds=0).feed(rows(("A", "0")))
        walk.feed(TIMED_OUT).feed(record("0")).feed(TIMED_OUT).feed(record("0"))
        assert walk.states() == [("failed", 50009)]
        assert walk.outcomes[0].message == (
            f"service timeout (read back: not applied; {state.MAY_BE_LOCKED})"
        )

    def test_a_repeat_that_is_refused_is_the_failure(self):
        """Its code and text say more."""
        walk = Walk(["A"]).feed(rows(("A", "0"))).feed(TIMED_OUT).feed(record("0"))
        walk.feed(Reply(32000, "E-O.b", "bad value"))
        assert walk.states() == [("failed", 32000)]

    def test_a_repeat_that_is_not_sent_leaves_the_first_failure(self):
        """A run that was stopped meanwhile: the member was attempted, and not applied."""
        walk = Walk(["A"]).feed(rows(("A", "0"))).feed(TIMED_OUT).feed(record("0"))
        walk.feed(Reply(-1, "shim-s", "not attempted: interrupted", reached=False))
        assert walk.states() == [("failed", 50009)]
        assert walk.outcomes[0].message.startswith("service timeout (read back: not applied")

    def test_each_of_many_repeats_is_read_again(self):
        """What was found before the repeat counts no more."""
        walk = Walk("ABCDE", read_back_seconds=0).feed(rows(*((user, "0") for user in "ABCDE")))
        walk.feed(*[TIMED_OUT] * 5).feed(rows(*((user, "0") for user in "ABCDE")))
        walk.feed(*[record("0", user) for user in "ABCDE"])
        assert walk.verbs() == ["update"] * 5
        walk.feed(*[UPDATED] * 5).feed(EMPTY)
        walk.feed(*[record("1", user) for user in "ABCDE"])
        assert walk.states() == [("changed", 0)] * 5

    def test_what_a_query_shows_as_before_is_repeated_if_no_record_can_be_read(self):
        """Only after it has been waited for: a query may be slow."""
        walk = Walk(["A"], read_back_seconds=0.2).feed(rows(("A", "0"))).feed(TIMED_OUT)
        walk.feed(Reply(20014, "E-O.g", "may not read")).feed(rows(("A", "0"))).wait()
        walk.feed(rows(("A", "0")))
        assert walk.verbs() == ["update"]
        assert walk.feed(UPDATED).verbs() == ["query"]
        assert walk.feed(rows(("A", "1"))).states() == [("changed", 0)]

    def test_what_no_read_back_shows_is_not_repeated(self):
        """Nobody knows whether it was applied."""
        walk = Walk(["A"], read_back_seconds=0).feed(rows(("A", "0"))).feed(TIMED_OUT)
        walk.feed(Reply(20014, "E-O.g", "may not read")).feed(EMPTY)
        assert walk.states() == [("failed", 50009)]

    def test_of_many_only_those_not_applied_are_repeated(self):
        """The others are read and done with."""
        walk = Walk("ABCDE", read_back_seconds=0).feed(rows(*((user, "0") for user in "ABCDE")))
        walk.feed(UPDATED, TIMED_OUT, TIMED_OUT, UPDATED, UPDATED)
        walk.feed(rows(("A", "1"), ("B", "1"), ("C", "0"), ("D", "0"), ("E", "1")))
        assert walk.verbs() == ["get"] * 2
        walk.feed(record("0", "C"), record("0", "D"))
        assert [one.body["data"]["object_data"]["_id"] for one in walk.asked] == ["id-C"]
        walk.feed(UPDATED).feed(record("1", "C"))
        assert [state for state, _ in walk.states()] == [
            "changed", "changed", "changed", "failed", "changed",
        ]  # fmt: skip
        assert walk.outcomes[3].message == state.NOT_APPLIED


def one_row(user="A", **fields):
    row = {"_id": f"id-{user}", "user_id": user, **fields}
    return Reply(0, "E-O.q", "OK", {"data": {"dataList": [row]}})


class TestLock:
    """A record that shows as locked is not written at all."""

    @pytest.mark.parametrize("lock", ["1", 1, ["1"]])
    def test_locked_fails_at_once_and_says_who_can_unlock(self, lock):
        """No update is spent on it."""
        walk = Walk(["A"]).feed(one_row(status="0", lock_status=lock))
        assert walk.states() == [("failed", 50009)]
        assert "administrator" in walk.outcomes[0].message
        assert "PersonnelObj" in walk.outcomes[0].message

    @pytest.mark.parametrize("lock", ["0", "", None, True, {}])
    def test_anything_else_is_no_lock(self, lock):
        """It is written, and what the vendor answers counts."""
        walk = Walk(["A"]).feed(one_row(status="0", lock_status=lock))
        assert walk.verbs() == ["update"]

    def test_locked_and_already_there_is_a_success(self):
        """Nothing has to be written."""
        walk = Walk(["A"]).feed(one_row(status="1", lock_status="1"))
        assert walk.states() == [("unchanged", 0)]


class TestFreshness:
    """A query may be stale, so the record decides where something hints at a recent change."""

    def changed(self, seconds_ago, **settings):
        """Return a walk whose only member shows as there, changed so many seconds ago."""
        moment = int((http.clock().unix() - seconds_ago) * 1000)
        return Walk(["A"], **settings).feed(one_row(status="1", last_modified_time=moment))

    @pytest.mark.parametrize("seconds_ago", [0, 4, 10, -1, -3600, -1e9])
    def test_a_recent_change_is_confirmed_by_the_record(self, seconds_ago):
        """A time in the future is a recent one: the clocks differ."""
        walk = self.changed(seconds_ago)
        assert walk.verbs() == ["get"]
        walk.feed(record("1"))
        assert [(one.state, one.trace_id) for one in walk.outcomes] == [("unchanged", "E-O.g")]

    @pytest.mark.parametrize("settings", [{}, {"verify": "recent"}])
    def test_an_old_change_is_believed(self, settings):
        """And costs no call."""
        assert self.changed(16, **settings).states() == [("unchanged", 0)]

    @pytest.mark.parametrize("modified", [None, "soon", [], float("nan"), True])
    def test_a_time_that_is_none_hints_at_nothing(self, modified):
        """A tenant need not tell."""
        walk = Walk(["A"]).feed(one_row(status="1", last_modified_time=modified))
        assert walk.states() == [("unchanged", 0)]

    def test_without_a_lag_nothing_is_stale(self):
        """read_back_seconds = 0 says that queries show everything at once."""
        assert self.changed(0, read_back_seconds=0).states() == [("unchanged", 0)]

    @pytest.mark.parametrize(
        "reply",
        [
            record("0"),
            record("1", _id="id-B"),
            Reply(20014, "E-O.g", "may not read"),
            Reply(0, "E-O.g", "OK", {"data": {"_id": "id-A"}}),
        ],
    )
    def test_what_the_record_does_not_confirm_is_written(self, reply):
        """Which costs a call, and is right whatever the record says."""
        walk = self.changed(1).feed(reply)
        assert walk.verbs() == ["update"]
        assert walk.feed(UPDATED).feed(record("1")).states() == [("changed", 0)]

    def test_what_this_process_has_just_written_is_confirmed(self):
        """For read_back_seconds; then the query is believed again."""
        Walk(["A"]).feed(rows(("A", "0"))).feed(UPDATED).feed(record("1"))
        http.clock().sleep(4.9)
        assert Walk(["A"]).feed(rows(("A", "1"))).verbs() == ["get"]
        http.clock().sleep(0.2)
        assert Walk(["A"]).feed(rows(("A", "1"))).states() == [("unchanged", 0)]

    def test_what_may_have_been_written_is_confirmed(self):
        """An update without an answer counts; one that was refused does not."""
        walk = Walk(["A", "B"], read_back_seconds=5).feed(rows(("A", "0"), ("B", "0")))
        walk.feed(Reply(-1, "shim-r", "broke"), Reply(32000, "E-O.b", "bad value"))
        again = Walk(["A", "B"]).feed(rows(("A", "1"), ("B", "1")))
        assert [call.body["data"]["objectDataId"] for call in again.asked] == ["id-A"]

    def test_another_tenant_is_another_matter(self):
        """The same `_id` there is another record."""
        Walk(["A"]).feed(rows(("A", "0"))).feed(UPDATED).feed(record("1"))
        other = set_state(Settings(), PERSONNEL, ["A"], WANTED, corp_id="FSCID_OTHER")
        next(other)
        with pytest.raises(StopIteration):
            other.send([rows(("A", "1"))])

    def test_always_confirms_everyone_who_is_to_be_disabled(self):
        """The setting verify; enabling is not asked for more."""
        for disables, asks in [(True, True), (False, False)]:
            flow = set_state(
                Settings(verify="always"),
                PERSONNEL,
                ["A"],
                WANTED,
                corp_id="FSCID_T",
                disables=disables,
            )
            next(flow)
            if asks:
                assert [call.path for call in flow.send([rows(("A", "1"))])] == [
                    "/cgi/crm/v2/data/get"
                ]
            else:
                with pytest.raises(StopIteration):
                    flow.send([rows(("A", "1"))])


def test_the_machines_clock_gives_the_time_that_records_carry():
    """Seconds since 1970."""
    before = time.time()
    assert before <= MACHINE.unix() <= time.time()


def test_recent_writes_are_bounded():
    """The oldest is forgotten first."""
    clock = SkippingClock()
    recent = RecentWrites(clock.now)
    for number in range(AT_MOST + 1):
        recent.note(number)
    assert not recent.within(0, 1)
    assert recent.within(1, 1)
    clock.sleep(1)
    assert not recent.within(1, 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
USERS = st.sampled_from("AAAABBCDE")
NEARLY = st.builds(
    lambda record, user, status: {"_id": f"id-{record}", "user_id": user, "status": status},
    USERS,
    USERS,
    st.sampled_from("011"),
)
VALUE = st.sampled_from(["0", "1", "A", "id-A", 1, ["A"], ["1"], True]) | JSON
FIELDS = ("_id", "user_id", "status", "lock_status", "last_modified_time")
ODD = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, VALUE)) | JSON
ROW = st.one_of(*[NEARLY] * 6, ODD)
REPLY = st.builds(
    lambda code, found, one, reached: Reply(
        code,
        "E-O.x",
        "text",
        {"data": {**one, "dataList": found} if isinstance(one, dict) else one},
        reached=reached,
    ),
    st.sampled_from([0, 0, 0, 0, 0, -1, -2, 50009, 20016, 32000]),
    st.lists(ROW, max_size=4),
    ROW,
    st.booleans(),
)


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.booleans(), st.data())
def test_no_success_without_a_row_that_proves_it(count, first_honest, data):
    """Whatever a tenant answers, a success rests on one row.

    `changed`: a reply with errorCode 0, after the update of that record, held a row with the `_id`
    that was written and the wanted values. `unchanged`: a reply with errorCode 0 did. Every id has
    one outcome; nothing raises; at most two updates a member.
    """
    ids = list("ABCDE")[:count]
    walk = Walk(ids, read_back_seconds=0)
    wrote: dict[str, int] = {}
    proofs = []  # (`_id`, whether its update had gone out before)
    while walk.asked is not None:
        asked, verbs = walk.asked, walk.verbs()
        honest = first_honest and not wrote and set(verbs) == {"query"}
        replies = (
            [rows(*((one, "0") for one in ids))]
            if honest
            else [data.draw(REPLY) for _ in asked]
        )  # fmt: skip
        for call, verb, reply in zip(asked, verbs, replies, strict=True):
            if verb == "update":
                record_id = call.body["data"]["object_data"]["_id"]
                wrote[record_id] = wrote.get(record_id, 0) + 1
                continue
            body = reply.body["data"]
            found = [body, *body["dataList"]] if isinstance(body, dict) else []
            for row in found:
                if reply.code == 0 and isinstance(row, dict) and state.shows(row, WANTED):
                    given = row.get("_id")
                    if isinstance(given, (str, int)):
                        proofs.append((str(given), str(given) in wrote))
        walk.feed(*replies)
    assert [one.open_user_id for one in walk.outcomes] == ids
    assert all(times <= 2 for times in wrote.values())
    changed = [one for one in walk.outcomes if one.state == "changed"]
    proven = {record_id for record_id, after in proofs if after}
    assert len(changed) <= len(proven & wrote.keys())
    if first_honest:
        assert {f"id-{one.open_user_id}" for one in changed} <= proven
    unchanged = [one for one in walk.outcomes if one.state == "unchanged"]
    assert len(unchanged) <= len({record_id for record_id, _ in proofs})
