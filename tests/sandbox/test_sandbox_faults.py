"""Scripted trouble, through the httpx transport."""

from __future__ import annotations

import time as real_time
from typing import Any

import httpx
import pytest

from shim.sandbox import KINDS, Fault, FaultError, Sandbox

QUERY = "/cgi/crm/v2/data/query"
BATCH = "/cgi/user/batchSetStatus"


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(members=4, seed=9)


@pytest.fixture
def to(sandbox: Sandbox, talk: Any) -> Any:
    return talk(sandbox)


def disabled(sandbox: Sandbox) -> list[str]:
    return [each for each, state in sandbox.members().items() if state == "1"]


class TestEndings:
    def test_reset_applies_nothing(self, sandbox: Sandbox, to: Any) -> None:
        """The connection breaks before anything happened."""
        sandbox.add_faults({"kind": "reset", "times": 1})
        with pytest.raises(httpx.ReadError):
            to.batch(sandbox.open_user_ids, 1)
        assert disabled(sandbox) == []
        assert to.batch(sandbox.open_user_ids, 1)["errorCode"] == 0

    def test_reset_after_applies_first(self, sandbox: Sandbox, to: Any) -> None:
        """The connection breaks when it has all happened."""
        sandbox.add_faults(Fault(kind="reset_after", times=1))
        with pytest.raises(httpx.ReadError):
            to.batch(sandbox.open_user_ids, 1)
        assert disabled(sandbox) == sandbox.open_user_ids

    @pytest.mark.parametrize("applied", [False, True])
    def test_html_502_is_a_gateway_page(self, sandbox: Sandbox, to: Any, applied: bool) -> None:  # noqa: FBT001
        """Nothing is applied unless ``applied`` is given."""
        sandbox.add_faults({"kind": "html_502", "applied": applied})
        body = {**to.offline, "openUserIds": sandbox.open_user_ids, "status": 1}
        response = to.client.post(BATCH, json=body)
        assert response.status_code == 502
        assert response.headers["content-type"].startswith("text/html")
        assert bool(disabled(sandbox)) is applied

    def test_bad_json_is_http_200_with_half_a_body(self, sandbox: Sandbox, to: Any) -> None:
        """HTTP 200, and the body breaks off."""
        sandbox.add_faults({"kind": "bad_json"})
        response = to.client.post(QUERY, json=to.object)
        assert response.status_code == 200
        with pytest.raises(ValueError, match="Unterminated"):
            response.json()

    @pytest.mark.parametrize("code", [-1, 14001, 30004, 50009, 20016, 424242, 0])
    def test_error_has_any_code_and_applies_nothing(
        self, sandbox: Sandbox, to: Any, code: int
    ) -> None:
        """Any code, in an envelope, with nothing applied."""
        sandbox.add_faults({"kind": "error", "code": code})
        assert to.batch(sandbox.open_user_ids, 1)["errorCode"] == code
        assert disabled(sandbox) == []

    def test_call_is_hit_by_one_ending(self, sandbox: Sandbox, to: Any) -> None:
        """The first that is due; the next waits for its own call."""
        sandbox.add_faults(
            {"kind": "error", "code": 1, "times": 1}, {"kind": "error", "code": 2, "times": 1}
        )
        codes = [to.batch(sandbox.open_user_ids, 1)["errorCode"] for _ in range(3)]
        assert codes == [1, 2, 0]


class TestTwists:
    @pytest.mark.parametrize("applied", [False, True])
    def test_redirect_cannot_be_followed(self, sandbox: Sandbox, to: Any, applied: bool) -> None:  # noqa: FBT001
        """The address cannot be used; nothing is applied unless ``applied`` is given."""
        sandbox.add_faults({"kind": "redirect", "applied": applied})
        with pytest.raises(httpx.RemoteProtocolError):
            to.batch(sandbox.open_user_ids, 1)
        assert bool(disabled(sandbox)) is applied
        reply = sandbox.handle("POST", BATCH, "", b"{}")
        assert (reply.status, dict(reply.headers)[b"location"]) == (302, b"http://[::1")

    def test_error_with_rows_has_code_and_data_and_applies_the_call(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """The honest data beside the code; a write is done."""
        rows = to.rows()
        sandbox.add_faults({"kind": "error_with_rows", "code": -2})
        answer = to.query()
        assert (answer["errorCode"], answer["data"]["dataList"]) == (-2, rows)
        answer = to.update(rows[0]["_id"], status="1")
        assert (answer["errorCode"], answer["dataId"]) == (-2, rows[0]["_id"])
        assert len(disabled(sandbox)) == 1

    def test_other_record_changes_the_id_of_these_rows_only(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """The rest of the row is honest; rows of other members are left alone."""
        ids = {each: to.record_id(each) for each in sandbox.open_user_ids}
        one, other = sandbox.open_user_ids[:2]
        sandbox.add_faults({"kind": "other_record", "only": [one], "times": 2})
        rows = {row["user_id"]: row["_id"] for row in to.rows()}
        assert rows.pop(one) in {ids[each] for each in sandbox.open_user_ids if each != one}
        assert rows == {each: ids[each] for each in sandbox.open_user_ids if each != one}
        assert to.get(ids[other])["data"]["_id"] == ids[other]
        shown = to.get(ids[one])["data"]
        assert (shown["user_id"], shown["_id"] == ids[one]) == (one, False)
        assert to.get(ids[one])["data"]["_id"] == ids[one]

    def test_other_record_of_the_only_row_has_an_id_of_no_record(self, talk: Any) -> None:
        """It gets an ``_id`` that no record has."""
        to = talk(Sandbox(members=1))
        record_id = to.record_id(to.sandbox.open_user_ids[0])
        to.sandbox.add_faults({"kind": "other_record"})
        assert to.rows()[0]["_id"] not in {record_id, ""}

    def test_lock_hits_object_updates_and_shows_in_no_field(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """Only object updates meet it, and no field shows it."""
        one, other = sandbox.open_user_ids[:2]
        ids = {each: to.record_id(each) for each in (one, other)}
        sandbox.add_faults({"kind": "lock", "only": [one]})
        assert to.update(ids[one], status="1")["errorCode"] == 50009
        assert to.update(ids[other], status="1")["errorCode"] == 0
        assert to.get(ids[one])["data"]["lock_status"] == "0"
        assert disabled(sandbox) == [other]
        assert to.batch([one], 1)["errorCode"] == 0

    def test_lock_hits_generic_records_and_departments(self, talk: Any) -> None:
        """A generic one and a department, at the ERP address as well."""
        to = talk(Sandbox(members=1, objects={"OrderObj": 1}))
        to.sandbox.add_faults({"kind": "lock"})
        (order,) = to.sandbox.records("OrderObj")
        sent = {"dataObjectApiName": "OrderObj", "_id": order, "name": "n"}
        assert to.edit("update", "OrderObj", _id=order, name="n")["errorCode"] == 50009
        assert to.edit("update", "DepartmentObj", _id="1000", name="n")["errorCode"] == 50009
        body = {**to.object, "data": {"object_data": sent}}
        answer = to.client.request("PUT", "/cgi/crm/erp/data", json=body).json()
        assert answer["errorCode"] == 50009

    def test_string_code_makes_any_error_code_a_string(self, sandbox: Sandbox, to: Any) -> None:
        """Of a success, a refusal, and another fault."""
        sandbox.add_faults({"kind": "string_code"})
        assert to.query()["errorCode"] == "0"
        assert to.query(limit=0)["errorCode"] == "32000"
        sandbox.add_faults({"kind": "error", "code": -1})
        assert to.query()["errorCode"] == "-1"

    def test_big_adds_megabytes_to_the_honest_answer(self, sandbox: Sandbox, to: Any) -> None:
        """The honest answer with so many megabytes more."""
        sandbox.add_faults({"kind": "big", "mb": 2})
        response = to.client.post(QUERY, json=to.object)
        assert len(response.content) > 2 << 20
        assert len(response.json()["departments"]) == 8

    def test_cookie_has_bytes_that_are_not_ascii(self, sandbox: Sandbox, to: Any) -> None:
        """Its bytes are neither ASCII nor UTF-8; the answer is honest."""
        sandbox.add_faults({"kind": "cookie", "path": QUERY})
        response = to.client.post(QUERY, json=to.object)
        (value,) = [each for name, each in response.headers.raw if name.lower() == b"set-cookie"]
        assert value == b"route=\xc3\xbc\xff; Path=/"
        assert response.json()["errorCode"] == 0

    def test_drip_is_late_as_a_whole_and_no_piece_is(self, to: Any) -> None:
        """No piece is late enough for the read timeout."""
        to.sandbox.add_faults({"kind": "drip", "ms": 50})
        to.client.timeout = 0.04
        start = real_time.perf_counter()
        assert to.query()["errorCode"] == 0
        assert real_time.perf_counter() - start >= 0.05

    def test_slow_drip_ends_with_the_read_timeout(self, to: Any) -> None:
        """The call is applied."""
        to.sandbox.add_faults({"kind": "drip", "ms": 3_600_000, "times": 1})
        to.client.timeout = 0.02
        with pytest.raises(httpx.ReadTimeout):
            to.batch(to.sandbox.open_user_ids, 1)
        assert disabled(to.sandbox) == to.sandbox.open_user_ids

    def test_drip_of_an_empty_answer_takes_no_time(self, to: Any) -> None:
        """There are no pieces to wait for."""
        to.sandbox.add_faults({"kind": "redirect"}, {"kind": "drip", "ms": 3_600_000})
        with pytest.raises(httpx.RemoteProtocolError):
            to.query()


class TestOthers:
    def test_expire_token_ends_all_tokens_given_so_far(self, sandbox: Sandbox, to: Any) -> None:
        """The token is useless from this call on, until a new one is asked for."""
        sandbox.add_faults({"kind": "expire_token", "after": 1, "times": 1, "path": QUERY})
        assert [to.query()["errorCode"] for _ in range(3)] == [0, 20016, 20016]
        fresh = to.token()["corpAccessToken"]
        assert fresh != to.object["corpAccessToken"]
        to.object["corpAccessToken"] = fresh
        assert to.query()["errorCode"] == 0

    def test_no_op_answers_writes_with_0_and_changes_nothing(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """Writes answer 0 and change nothing; reads are left alone."""
        someone, other = sandbox.open_user_ids[:2]
        record_id = to.record_id(someone)
        sandbox.add_faults({"kind": "no_op", "times": 2})
        assert len(to.rows()) == 4
        assert to.update(record_id, status="1")["dataId"] == record_id
        assert to.batch([someone, other], 1)["errorCode"] == 0
        assert disabled(sandbox) == []
        assert [each.applied for each in sandbox.updates] == [False]
        to.batch([someone], 1)
        assert disabled(sandbox) == [someone]

    def test_no_op_for_some_writes_the_others_of_a_batch(self, sandbox: Sandbox, to: Any) -> None:
        """The others are written."""
        spared, *others = sandbox.open_user_ids
        sandbox.add_faults({"kind": "no_op", "only": [spared]})
        to.batch(sandbox.open_user_ids, 1)
        assert disabled(sandbox) == others

    def test_hide_rows_leaves_all_or_some_rows_out(self, sandbox: Sandbox, to: Any) -> None:
        """A query leaves them out, all or some."""
        gone = sandbox.open_user_ids[1]
        sandbox.add_faults({"kind": "hide_rows", "times": 1}, {"kind": "hide_rows", "only": [gone]})
        assert to.rows() == []
        assert {row["user_id"] for row in to.rows()} == {*sandbox.open_user_ids} - {gone}
        assert to.get(to.record_id(sandbox.open_user_ids[0]))["data"]

    def test_latency_adds_to_the_latency_of_the_sandbox(self, to: Any) -> None:
        """To the latency there is anyhow."""
        to.sandbox.add_faults({"kind": "latency", "ms": 20}, {"kind": "stall", "ms": 20})
        start = real_time.perf_counter()
        assert to.query()["errorCode"] == 0
        assert real_time.perf_counter() - start >= 0.04

    def test_latency_ms_delays_every_answer(self, talk: Any) -> None:
        """``latency_ms`` holds every answer back."""
        to = talk(Sandbox(members=1, latency_ms=20))
        start = real_time.perf_counter()
        to.query()
        assert real_time.perf_counter() - start >= 0.02

    def test_stall_ends_with_the_timeout_of_the_client(self, sandbox: Sandbox, to: Any) -> None:
        """The call is applied; the client gives up after its own time."""
        sandbox.add_faults({"kind": "stall", "times": 1})
        to.client.timeout = 0.02
        with pytest.raises(httpx.ReadTimeout):
            to.batch(sandbox.open_user_ids, 1)
        assert disabled(sandbox) == sandbox.open_user_ids


class TestWhen:
    def test_fault_with_a_path_hits_this_path_only(self, sandbox: Sandbox, to: Any) -> None:
        """Another path is not hit."""
        sandbox.add_faults({"kind": "error", "code": 7, "path": QUERY})
        assert to.query()["errorCode"] == 7
        assert to.get("0" * 24)["errorCode"] == 0

    def test_fault_with_only_hits_calls_about_these_members(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """Those that name them or would list them, and no others."""
        marked, other = sandbox.open_user_ids[:2]
        ids = {each: to.record_id(each) for each in (marked, other)}
        sandbox.add_faults({"kind": "error", "code": 7, "only": [marked]})
        assert to.update(ids[marked], status="1")["errorCode"] == 7
        assert to.update(ids[other], status="1")["errorCode"] == 0
        assert to.get(ids[marked])["errorCode"] == 7
        assert to.get(ids[other])["errorCode"] == 0
        assert to.get(None)["errorCode"] == 32000
        assert to.query(("user_id", "EQ", [marked]))["errorCode"] == 7
        assert to.query(("user_id", "EQ", [other]))["errorCode"] == 0
        assert to.query(limit=0)["errorCode"] == 32000
        assert to.batch([other, marked], 1)["errorCode"] == 7
        assert to.batch([other], 1)["errorCode"] == 0
        assert to.batch(other, 1)["errorCode"] == 11008
        assert to.token()["errorCode"] == 0
        assert to.post("/cgi/nowhere", {})["errorCode"] == 10006

    def test_fault_passes_after_calls_and_hits_times_calls(self, sandbox: Sandbox, to: Any) -> None:
        """Two go by, three are hit."""
        sandbox.add_faults({"kind": "error", "code": 7, "after": 2, "times": 3})
        assert [to.query()["errorCode"] for _ in range(7)] == [0, 0, 7, 7, 7, 0, 0]

    def test_probability_is_kept_and_follows_the_seed(self, talk: Any) -> None:
        """About as often as it says, and the same again with the same seed."""
        runs = []
        for seed in (1, 1, 2):
            to = talk(Sandbox(members=1, seed=seed))
            to.sandbox.add_faults({"kind": "error", "code": 7, "probability": 0.3})
            runs.append([to.token()["errorCode"] for _ in range(300)])
        assert runs[0] == runs[1] != runs[2]
        assert 60 < runs[0].count(7) < 120

    def test_throttled_call_is_hit_by_no_fault(self, talk: Any, time: Any) -> None:
        """It never gets so far."""
        to = talk(Sandbox(members=1, quota_calls=1, clock=time))
        to.sandbox.add_faults({"kind": "error", "code": 7})
        assert [to.query()["errorCode"] for _ in range(2)] == [7, 14001]

    def test_control_requests_are_never_hit(self, sandbox: Sandbox, to: Any) -> None:
        """A test can always look."""
        sandbox.add_faults({"kind": "reset"})
        assert to.client.get("/_sandbox/members").status_code == 200


class TestReading:
    @pytest.mark.parametrize(
        ("fault", "said"),
        [
            ({}, "faults[0].kind: "),
            ({"kind": "explode"}, "faults[0].kind: "),
            ({"kind": "reset", "colour": 1}, "faults[0].colour: "),
            ({"kind": "reset", "path": "cgi"}, "faults[0].path: "),
            ({"kind": "reset", "times": 0}, "faults[0].times: "),
            ({"kind": "reset", "after": -1}, "faults[0].after: "),
            ({"kind": "reset", "probability": 1.5}, "faults[0].probability: "),
            ({"kind": "reset", "only": 3}, "faults[0].only: "),
            ({"kind": "latency"}, "ms is missing"),
            ({"kind": "latency", "ms": float("inf")}, "faults[0].ms: "),
            ({"kind": "reset", "ms": 3}, "ms is for latency, stall and drip only"),
            ({"kind": "drip"}, "ms is missing: drip wants milliseconds"),
            ({"kind": "error_with_rows"}, "code is for error and error_with_rows"),
            ({"kind": "big"}, "mb is for big"),
            ({"kind": "big", "mb": 2000}, "faults[0].mb: "),
            ({"kind": "reset", "mb": 1}, "mb is for big"),
            ({"kind": "error"}, "code is for error"),
            ({"kind": "reset", "code": 3}, "code is for error"),
            ({"kind": "error", "code": True}, "faults[0].code: "),
            ({"kind": "no_op", "applied": True}, "applied is for error"),
            ("reset", "faults[0]: "),
        ],
    )
    def test_bad_fault_is_an_error_that_names_the_field(
        self, sandbox: Sandbox, fault: Any, said: str
    ) -> None:
        """The text says which field of which fault, and what kinds there are."""
        with pytest.raises(FaultError) as caught:
            sandbox.add_faults(fault)
        assert said in str(caught.value)
        assert all(kind in str(caught.value) for kind in KINDS)

    def test_one_bad_fault_arms_none(self, sandbox: Sandbox, to: Any) -> None:
        """An unknown id in ``only`` is a bad fault, too."""
        with pytest.raises(FaultError, match=r"faults\[1\]\.only"):
            sandbox.add_faults({"kind": "reset"}, {"kind": "no_op", "only": ["FSUID_0"]})
        assert to.query()["errorCode"] == 0
