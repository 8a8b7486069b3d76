"""The token interface, the object API and the offline call, in the default profile."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shim.sandbox import Sandbox

OLD = "/cgi/user/batchSetStatus"
UPDATE = "/cgi/crm/v2/data/update"
QUERY = "/cgi/crm/v2/data/query"


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(members=5, seed=3)


@pytest.fixture
def to(sandbox: Sandbox, talk: Any) -> Any:
    return talk(sandbox)


def without(body: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in keys}


class TestEnvelope:
    def test_every_answer_has_the_four_keys_and_its_own_trace(self, to: Any) -> None:
        """Success, refusal and unknown paths are one shape under HTTP 200."""
        answers = [to.batch([], 1), to.token(), to.post("/cgi/nowhere", {}), to.query()]
        for answer in answers:
            assert {"traceId", "errorCode", "errorMessage", "errorDescription"} <= answer.keys()
            assert answer["traceId"].startswith("E-O.8")
            assert ".1000-" in answer["traceId"]
        assert len({answer["traceId"] for answer in answers}) == len(answers)

    @pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 200_000, b"1"])
    def test_body_that_is_no_object_is_10006(self, to: Any, body: bytes) -> None:
        """It is 10006 in an envelope, like an unknown path."""
        assert to.client.post(QUERY, content=body).json()["errorCode"] == 10006

    def test_empty_body_is_12004(self, to: Any) -> None:
        """An empty body has a code of its own."""
        assert to.client.post(QUERY, content=b" ").json()["errorCode"] == 12004

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_other_methods_than_post_get_an_envelope(self, to: Any, method: str) -> None:
        """Other methods get an envelope too, under HTTP 200."""
        response = to.client.request(method, QUERY)
        assert (response.status_code, response.json()["errorCode"]) == (200, 10006)

    def test_unknown_path_is_10006(self, to: Any) -> None:
        """It is 10006 whatever is sent there."""
        assert to.client.post("/cgi/nowhere", content=b"").json()["errorCode"] == 10006


class TestToken:
    def test_token_asked_for_soon_again_is_the_same(self, sandbox: Sandbox, to: Any) -> None:
        """Asked again soon, the same token comes back."""
        answer = to.token()
        assert answer["corpAccessToken"] == sandbox.corp_access_token
        assert answer["corpId"] == sandbox.corp_id
        assert 7190 <= answer["expiresIn"] <= 7200

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"appId": "FSAID_0"}, 10006),
            ({"appSecret": None}, 10006),
            ({"permanentCode": "0"}, 20015),
        ],
    )
    def test_wrong_app_and_wrong_permanent_code_have_a_code_each(
        self, to: Any, change: dict[str, Any], code: int
    ) -> None:
        """A wrong app and a wrong permanent code have a code each."""
        assert to.token(**change)["errorCode"] == code


class TestObjectCredentials:
    @pytest.mark.parametrize("verb", ["query", "get", "update"])
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"corpAccessToken": None, "corpId": None}, 10013),
            ({"corpAccessToken": 7}, 10013),
            ({"corpAccessToken": "never given"}, 20016),
            ({"corpId": ""}, 10014),
            ({"corpId": "FSCID_0"}, 11015),
            ({"currentOpenUserId": None}, 10010),
            ({"currentOpenUserId": "FSUID_0"}, 20012),
        ],
    )
    def test_missing_and_wrong_credentials_have_a_code_each(
        self, to: Any, verb: str, change: dict[str, Any], code: int
    ) -> None:
        """Missing and wrong have a code each."""
        body = {**to.object, **change, "data": {}}
        assert to.post(f"/cgi/crm/v2/data/{verb}", body)["errorCode"] == code

    def test_any_employee_may_act(self, sandbox: Sandbox, to: Any) -> None:
        """The acting user is any employee of the tenant."""
        to.object["currentOpenUserId"] = sandbox.open_user_ids[0]
        assert len(to.rows()) == 5


class TestQuery:
    def test_query_by_user_id_gives_the_rows_of_these_members(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """``user_id IN`` finds rows by FSUID; ``_id`` has 24 hexadecimal digits."""
        wanted = sandbox.open_user_ids[:2]
        answer = to.query(("user_id", "IN", [*wanted, "FSUID_0"]))
        assert answer["data"].keys() == {"dataList", "offset", "limit", "total"}
        rows = answer["data"]["dataList"]
        assert {row["user_id"] for row in rows} == set(wanted)
        assert all(len(row["_id"]) == 24 and int(row["_id"], 16) for row in rows)

    def test_custom_address_gives_the_same_rows(self, to: Any) -> None:
        """Both addresses of an object verb lead to the same rows."""
        body = {**to.object, "data": {"dataObjectApiName": "PersonnelObj"}}
        answers = [to.post(f"/cgi/crm{way}/v2/data/query", body) for way in ("", "/custom")]
        assert answers[0]["data"] == answers[1]["data"]

    def test_rows_come_in_an_order_of_their_own(self) -> None:
        """Neither the members' order nor that of their ids."""
        sandbox = Sandbox(members=50)
        reply = httpx.Client(transport=sandbox.transport(), base_url=sandbox.base_url).post(
            QUERY,
            json={
                "corpAccessToken": sandbox.corp_access_token,
                "corpId": sandbox.corp_id,
                "currentOpenUserId": sandbox.current_open_user_id,
                "data": {"dataObjectApiName": "PersonnelObj", "search_query_info": {"limit": 50}},
            },
        )
        rows = reply.json()["data"]["dataList"]
        ids = [row["user_id"] for row in rows]
        assert ids != sandbox.open_user_ids
        assert sorted(ids) == sorted(sandbox.open_user_ids)
        assert [row["_id"] for row in rows] != sorted(row["_id"] for row in rows)

    def test_rows_have_the_projected_fields_that_are_not_empty(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """Only asked fields; empty ones left out, unless includeNull is sent at any level."""
        mine = ("user_id", "EQ", sandbox.open_user_ids[:1])
        fields = ["status", "job_title", "profile_image", "leader"]
        assert to.rows(mine, fieldProjection=fields) == [{"status": "0"}]
        whole: dict[str, Any] = {
            "status": "0",
            "job_title": "",
            "profile_image": None,
            "leader": [],
        }
        assert to.rows(mine, fieldProjection=fields, includeNull=True) == [whole]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"limit": 101}, 32000),
            ({"limit": 0}, 32000),
            ({"limit": "10"}, 32000),
            ({"limit": 3, "offset": 4}, 10013),
            ({"limit": 100, "offset": 10_100}, 10013),
            ({"offset": -100}, 10013),
            ({"limit": 100, "offset": 10_000}, 0),
            ({"filters": [{"field_name": "status", "operator": "EQ"}]}, 32000),
            ({"orders": [{"fieldName": "nothing"}]}, 32000),
            ({"orders": [{"field_name": "_id"}]}, 32000),
        ],
    )
    def test_limit_and_offset_are_checked(self, to: Any, change: dict[str, Any], code: int) -> None:
        """Limits are the documented ones; a bad offset has the code of a missing token."""
        assert to.query(**change)["errorCode"] == code

    @pytest.mark.parametrize(
        "values",
        ["0", [], ["0", "1"], [None], [[]], None, {"0": 1}],
        ids=["text", "none", "two", "null inside", "list", "null", "object"],
    )
    def test_field_values_that_are_no_list_are_refused(self, to: Any, values: Any) -> None:
        """Anything else is refused, and no value is repeated in the text."""
        assert to.query(("status", "EQ", values))["errorCode"] == 32000

    def test_unknown_operators_fields_and_objects_are_refused(self, to: Any) -> None:
        """Operators, fields and objects that are not there are refused."""
        assert to.query(("status", "LIKES", ["0"]))["errorCode"] == 32000
        assert to.query(("colour", "EQ", ["0"]))["errorCode"] == 32000
        assert to.query(("colour__c", "EQ", ["0"]))["data"]["dataList"] == []
        wrong: dict[str, Any] = {"dataObjectApiName": "PersonnelObj", "search_query_info": []}
        datas: list[Any] = [wrong, {"dataObjectApiName": "Account"}, {}, None, []]
        for data in datas:
            assert to.post(QUERY, {**to.object, "data": data})["errorCode"] == 32000

    def test_convert_user_id_must_be_a_boolean(self, to: Any) -> None:
        """``"true"`` is not ``true``."""
        assert to.query(convertUserId="true")["errorCode"] == 32000

    def test_convert_user_id_false_gives_numbers(self, to: Any) -> None:
        """Sent as false, ``user_id`` is the employee number here too."""
        assert {row["user_id"] for row in to.rows(convertUserId=False)} == {
            str(number) for number in range(1001, 1006)
        }

    def test_paging_by_id_gives_each_row_once(self, talk: Any) -> None:
        """Deep paging: order by ``_id``, filter ``_id`` GT the last."""
        to = talk(Sandbox(members=45))
        seen: list[str] = []
        while True:
            after = [("_id", "GT", seen[-1:])] if seen else []
            page = to.rows(*after, limit=10, orders=[{"fieldName": "_id", "isAsc": True}])
            if not page:
                break
            seen += [row["_id"] for row in page]
        assert len(seen) == 45
        assert seen == sorted(set(seen))

    def test_paging_by_offset_gives_each_row_once(self, talk: Any) -> None:
        """Without an order, too."""
        to = talk(Sandbox(members=25))
        pages = [to.query(limit=10, offset=offset)["data"] for offset in (0, 10, 20, 30)]
        assert [len(page["dataList"]) for page in pages] == [10, 10, 5, 0]
        assert len({row["_id"] for page in pages for row in page["dataList"]}) == 25
        assert [page["total"] for page in pages] == [25] * 4


class TestGetAndUpdate:
    def test_update_writes_the_sent_fields_and_keeps_the_rest(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """Sent fields change, the others stay, version and time go up."""
        someone = sandbox.open_user_ids[1]
        record_id = to.record_id(someone)
        before = to.get(record_id)["data"]
        answer = to.update(record_id, status="1", position="顾问", colour__c="red")
        assert answer["dataId"] == record_id
        after = to.get(record_id)["data"]
        assert before["last_modified_time"] < after["last_modified_time"]
        changed = {"status": "1", "position": "顾问", "colour__c": "red", "version": "2"}
        assert after == {
            **before,
            **changed,
            "last_modified_time": after["last_modified_time"],
        }
        assert to.rows(("colour__c", "EQ", ["red"])) == [after]
        assert sandbox.members() == {
            each: "1" if each == someone else "0" for each in sandbox.open_user_ids
        }

    def test_two_writes_at_one_moment_are_two_versions(self, talk: Any, time: Any) -> None:
        """The time of change goes up even when the clock does not."""
        to = talk(Sandbox(members=1, clock=time))
        record_id = to.record_id(to.sandbox.open_user_ids[0])
        times = []
        for _ in range(3):
            to.update(record_id, status="1")
            times.append(to.get(record_id)["data"]["last_modified_time"])
        assert times == sorted(set(times))
        assert to.get(record_id)["data"]["version"] == "4"

    def test_updates_show_the_triggers(self, sandbox: Sandbox, to: Any) -> None:
        """Both are true when left out."""
        record_id = to.record_id(sandbox.open_user_ids[0])
        to.update(record_id, status="1")
        to.update(record_id, {"triggerWorkFlow": False, "triggerApprovalFlow": False}, status="0")
        first, second = sandbox.updates
        assert (first.trigger_work_flow, first.trigger_approval_flow) == (True, True)
        assert (second.trigger_work_flow, second.trigger_approval_flow) == (False, False)
        assert (second.record_id, second.fields, second.applied) == (
            record_id,
            {"status": "0"},
            True,
        )

    @pytest.mark.parametrize("status", [1, 0, True, None, "2", "", ["1"], {}])
    def test_status_that_is_no_string_is_refused(
        self, sandbox: Sandbox, to: Any, status: Any
    ) -> None:
        """An int is refused: value and type both matter."""
        record_id = to.record_id(sandbox.open_user_ids[0])
        assert to.update(record_id, status=status)["errorCode"] == 15002
        assert set(sandbox.members().values()) == {"0"}
        assert sandbox.updates == []

    def test_update_refuses_unknown_records_and_fields(self, sandbox: Sandbox, to: Any) -> None:
        """Unknown records, kept or unknown fields, no data, flags that are no flags."""
        record_id = to.record_id(sandbox.open_user_ids[0])
        assert to.update("0" * 24, status="1")["errorCode"] == 30027
        assert to.update(None, status="1")["errorCode"] == 30027
        assert to.update(record_id, version="9")["errorCode"] == 32000
        assert to.update(record_id, account="x")["errorCode"] == 32000
        assert to.update(record_id, {"triggerWorkFlow": 1})["errorCode"] == 32000
        assert to.update(record_id, dataObjectApiName="User")["errorCode"] == 32000
        assert to.post(UPDATE, {**to.object, "data": {}})["errorCode"] == 32000
        assert to.post(UPDATE, {**to.object, "status": 1})["errorCode"] == 32000

    def test_get_of_an_unknown_record_is_empty_and_without_id_refused(self, to: Any) -> None:
        """An unknown record is empty data; no id at all is an error."""
        assert to.get("0" * 24)["data"] == {}
        assert to.get(None)["errorCode"] == 32000


class TestOfflineBatch:
    @pytest.mark.parametrize("path", [OLD, UPDATE])
    @pytest.mark.parametrize(("status", "state"), [(1, "1"), (2, "0"), ("1", "1"), (2.0, "0")])
    def test_batch_sets_every_named_member(
        self, sandbox: Sandbox, to: Any, path: str, status: Any, state: str
    ) -> None:
        """At both addresses; 1 disables, 2 enables; the answer is the bare envelope."""
        first, second, *others = sandbox.open_user_ids
        to.batch([first], 1)
        answer = to.batch([first, second, second], status, path)
        assert answer == {
            "traceId": answer["traceId"],
            "errorDescription": "success",
            "errorMessage": "OK",
            "errorCode": 0,
        }
        assert sandbox.members() == {first: state, second: state, **dict.fromkeys(others, "0")}

    @pytest.mark.parametrize("path", [OLD, UPDATE])
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"corpAccessToken": "", "corpId": "", "openUserIds": [], "status": 3}, 10013),
            ({"corpAccessToken": None}, 10013),
            ({"corpAccessToken": 5}, 10013),
            ({"corpAccessToken": "never given"}, 20016),
            ({"corpId": None, "openUserIds": [], "status": 3}, 10014),
            ({"corpId": "FSCID_0"}, 11015),
            ({"openUserIds": [], "status": 3}, 10010),
            ({"openUserIds": None}, 10010),
            ({"openUserIds": ""}, 10010),
            ({"openUserIds": "FSUID_0", "status": 3}, 11008),
            ({"openUserIds": {"a": 1}}, 11008),
            ({"openUserIds": [""]}, 11008),
            ({"openUserIds": [1]}, 11008),
            ({"status": 0}, 15002),
            ({"status": 3}, 15002),
            ({"status": True}, 15002),
            ({"status": 1.5}, 15002),
            ({"status": "01"}, 15002),
            ({"status": [1]}, 15002),
            ({"status": None}, 15002),
        ],
    )
    def test_parameters_are_checked_in_the_documented_order(
        self, sandbox: Sandbox, to: Any, path: str, change: dict[str, Any], code: int
    ) -> None:
        """Parameters are checked in the documented order, then who asks; nothing is written."""
        good = {**to.offline, "openUserIds": sandbox.open_user_ids, "status": 1}
        assert to.post(path, {**good, **change})["errorCode"] == code
        assert set(sandbox.members().values()) == {"0"}

    def test_missing_parameter_is_like_an_empty_one(self, sandbox: Sandbox, to: Any) -> None:
        """Left out is like empty."""
        good = {**to.offline, "openUserIds": sandbox.open_user_ids, "status": 1}
        codes = [to.post(OLD, without(good, key))["errorCode"] for key in good]
        assert codes == [10013, 10014, 10010, 15002]

    def test_batch_with_an_unknown_member_sets_the_known_ones(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """The known ones are set, and the answer is 20012."""
        known = sandbox.open_user_ids[0]
        assert to.batch(["FSUID_0", known], 1)["errorCode"] == 20012
        assert sandbox.members()[known] == "1"

    def test_administrator_may_act_and_has_no_row(self, sandbox: Sandbox, to: Any) -> None:
        """It may act, and has no row and no state."""
        assert sandbox.current_open_user_id not in sandbox.open_user_ids
        assert to.batch([sandbox.current_open_user_id], 1)["errorCode"] == 20012
