"""Answers that no honest vendor gives, over real sockets: what is reported, and at what cost."""

import json
import logging

import pytest
from twisting import response

import shim
from shim.sandbox import Sandbox

DISABLE, ENABLE = 1, 2
CLIENT = "/cgi/user/batchSetStatus"


def credentials(peer):
    return peer.sandbox.corp_access_token, peer.sandbox.corp_id


def disable(call, peer, ids=None):
    members = peer.sandbox.open_user_ids if ids is None else ids
    return call("set_member_status_batch", *credentials(peer), members, DISABLE)


def only_true(answer, peer):
    """Check that what is reported as done is so."""
    members = peer.sandbox.members()
    for one in answer.outcomes:
        assert one.state not in {"changed", "unchanged"} or members[one.open_user_id] == "1"


def rows_of(honest):
    return honest.get("data", {}).get("dataList", [])


def with_rows(honest, rows, **envelope):
    return {**honest, "data": {"dataList": rows}, **envelope}


def test_a_truthful_peer_is_believed(call, twisting):
    """The peer of these tests answers as the sandbox does unless it is told otherwise."""
    peer = twisting()
    assert disable(call, peer)["errorCode"] == 0
    assert set(peer.sandbox.members().values()) == {"1"}
    assert peer.count("update") == 6


def failed_read_back(request, honest):
    if request.verb == "query" and request.number > 1:
        rows = [{**row, "status": "1"} for row in rows_of(honest)]
        return with_rows(honest, rows, errorCode=20014)
    return {**honest, "errorCode": 20014} if request.verb == "get" else None


def another_record(request, honest):
    if request.verb == "query" and request.number > 1:
        rows = [{**row, "_id": f"other{row['_id']}", "status": "1"} for row in rows_of(honest)]
        return with_rows(honest, rows)
    if request.verb == "get":
        return {**honest, "data": {**honest["data"], "_id": "other", "status": "1"}}
    return None


def another_member(request, honest):
    if request.verb == "query" and request.number > 1:
        return with_rows(honest, [])
    if request.verb == "get":
        return {**honest, "data": {**honest["data"], "user_id": "FSUID_OTHER", "status": "1"}}
    return None


@pytest.mark.parametrize("members", [2, 6])
@pytest.mark.parametrize("twist", [failed_read_back, another_record, another_member])
def test_a_write_that_no_answer_proves_is_no_success(twist, members, call, twisting):
    """On a tenant that answers success to an update and changes nothing."""
    made = Sandbox(members, profile="read_only", seed=3)
    peer = twisting(twist, made, read_back_seconds=0.3, retry_seconds=0)
    answer = disable(call, peer)
    assert [one.state for one in answer.outcomes] == ["failed"] * members
    assert answer["errorCode"] == 50009


def test_one_record_for_several_members_identifies_none(call, twisting):
    """Not one update goes out."""
    peer = twisting(
        lambda request, honest: (
            with_rows(honest, [{**row, "_id": "r1"} for row in rows_of(honest)])
            if request.verb == "query"
            else None
        )
    )
    answer = disable(call, peer)
    assert {(one.state, one.error_code) for one in answer.outcomes} == {("failed", -2)}
    assert peer.count("update") == 0


@pytest.mark.parametrize("depth", [90, 300, 980, 5000])
@pytest.mark.parametrize("field", ["_id", "user_id", "status", "last_modified_time"])
def test_nothing_that_nests_in_a_row_raises(depth, field, twisting):
    """Where it is read at all, it is no id, no key, no state and no time."""
    deep = b"[" * depth + b"]" * depth

    def twist(request, honest):
        if request.verb != "query":
            return None
        rows = [{**row, field: "MARK"} for row in rows_of(honest)]
        return response(json.dumps(with_rows(honest, rows)).encode().replace(b'"MARK"', deep))

    peer = twisting(twist, Sandbox(2, seed=3), read_back_seconds=0, retry_seconds=0)
    only_true(disable(lambda name, *args: getattr(shim, name)(*args), peer), peer)


def as_text(_request, honest):
    return {**honest, "errorCode": str(honest["errorCode"])}


def test_digits_in_a_text_are_an_error_code(call, twisting):
    """Of the old address as well; the answer shows an int."""
    peer = twisting(as_text)
    answer = disable(call, peer, [*peer.sandbox.open_user_ids, "FSUID_GHOST"])
    assert answer["errorCode"] == 20012
    assert set(peer.sandbox.members().values()) == {"1"}
    shim.configure(mode="legacy")
    answer = call("set_member_status_batch", *credentials(peer), peer.sandbox.open_user_ids, ENABLE)
    assert answer["errorCode"] == 0
    assert type(answer["errorCode"]) is int
    answer = call("set_member_status_batch", "wrong", peer.sandbox.corp_id, ["FSUID_A"], ENABLE)
    assert answer["errorCode"] == 20016


class TestLocked:
    """One locked record among others; the vendor answers its update with 50009 (grade C)."""

    def peer(self, twisting, *, hint, members=6):
        made = Sandbox(members, seed=3)
        locked = made.open_user_ids[0]

        def twist(request, honest):
            if request.verb == "query":
                lock = {"lock_status": "1"} if hint else {"lock_status": ""}
                return with_rows(
                    honest,
                    [{**row, **(lock if row["user_id"] == locked else {})}
                     for row in rows_of(honest)],
                )  # fmt: skip
            return None

        peer = twisting(twist, made, read_back_seconds=0.2)
        return peer, locked

    def lock(self, peer, locked):
        """Answer every update of the locked record with 50009, and do none."""
        record_id = next(
            row["_id"]
            for row in json.loads(self.asked(peer, locked))["data"]["dataList"]
        )  # fmt: skip
        inner = peer.sandbox

        class Locked:
            def __getattr__(self, name):
                return getattr(inner, name)

            def handle(self, method, path, query, content):
                body = json.loads(content)
                if path.endswith("/update") and body["data"]["object_data"]["_id"] == record_id:
                    answer = {"traceId": "E-L", "errorCode": 50009, "errorMessage": "timeout"}
                    return type("Answer", (), {"body": json.dumps(answer)})
                return inner.handle(method, path, query, content)

        peer.sandbox = Locked()
        return record_id

    def asked(self, peer, open_user_id):
        made = peer.sandbox
        search = {
            "limit": 1,
            "filters": [
                {"field_name": "user_id", "operator": "EQ", "field_values": [open_user_id]}
            ],
        }
        body = {
            "corpAccessToken": made.corp_access_token,
            "corpId": made.corp_id,
            "currentOpenUserId": made.current_open_user_id,
            "data": {"dataObjectApiName": "PersonnelObj", "search_query_info": search},
        }
        return made.handle("POST", "/cgi/crm/v2/data/query", "", json.dumps(body).encode()).body

    def updates(self, peer, record_id):
        return [
            request
            for request in peer.requests
            if request.verb == "update" and request.body["data"]["object_data"]["_id"] == record_id
        ]

    @pytest.mark.parametrize("members", [1, 6])
    @pytest.mark.parametrize(("hint", "most"), [(True, 0), (False, 2)])
    def test_a_locked_member_costs_at_most_two_updates(self, members, hint, most, call, twisting):
        """None if its lock shows; the others are changed, and the text says what to do."""
        peer, locked = self.peer(twisting, hint=hint, members=members)
        record_id = self.lock(peer, locked)
        answer = disable(call, peer)
        assert len(self.updates(peer, record_id)) == most
        assert [one.state for one in answer.outcomes] == ["failed", *["changed"] * (members - 1)]
        assert answer["errorCode"] == 50009
        assert "have it unlocked in Fxiaoke" in answer["errorMessage"]
        only_true(answer, peer)


class TestTexts:
    """What the vendor writes goes into logs and answers."""

    def twist(self, _request, honest):
        body = {
            **honest,
            "traceId": f"E-TOKEN-CANARY 张三 13800138000 {'x' * 1000}",
            "errorMessage": "bad token TOKEN-CANARY",
        }
        return response(json.dumps(body)[:-1].encode() + b',"errorDescription":"\\udfff"}')

    @pytest.mark.parametrize("mode", ["object", "legacy", "shadow"])
    def test_no_secret_no_phone_and_no_broken_text(self, mode, call, twisting, tmp_path):
        """In every mode: the log is a file in UTF-8, the answer can be sent on."""
        peer = twisting(self.twist, mode=mode)
        handler = logging.FileHandler(tmp_path / "log", encoding="utf-8")
        logger = logging.getLogger("shim")
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        try:
            made = peer.sandbox
            answer = call(
                "set_member_status_batch", "TOKEN-CANARY", made.corp_id, made.open_user_ids, 1
            )
        finally:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)
            handler.close()
        passed_on = json.dumps(answer, ensure_ascii=False).encode().decode()
        passed_on += repr([one.trace_id for one in answer.outcomes or ()])
        for text in (passed_on, (tmp_path / "log").read_text(encoding="utf-8")):
            assert "CANARY" not in text
            assert "13800138000" not in text
            assert "x" * 200 not in text
        assert len(answer["traceId"]) <= 128


@pytest.mark.parametrize("depth", [50, 200, 900])
def test_an_old_write_that_was_done_is_done_whatever_else_is_answered(depth, call, twisting):
    """In shadow mode both are compared after the write; nothing raises."""
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    content = b'{"errorCode":0,"traceId":"t","x":' + deep + b"}"
    peer = twisting(
        lambda request, _honest: response(content) if request.path == CLIENT else None,
        mode="shadow",
        retry_seconds=0,
    )
    answer = disable(call, peer)
    assert (answer["errorCode"], answer["traceId"]) == (0, "t")
    json.dumps(answer)


def test_an_old_read_of_which_a_part_cannot_be_read_is_an_error(call, twisting):
    """An answer without its documented fields would be no answer."""
    deep = b'{"a":' * 200 + b"1" + b"}" * 200
    content = b'{"errorCode":0,"traceId":"t","departments":' + deep + b"}"
    peer = twisting(lambda _request, _honest: response(content), mode="legacy")
    answer = call("get_department_list", *credentials(peer))
    assert answer["errorCode"] == -2
    assert "nests deeper" in answer["errorMessage"]
