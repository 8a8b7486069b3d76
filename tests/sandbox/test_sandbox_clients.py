"""What public clients send, beyond the printed samples: each of it is taken."""

from __future__ import annotations

from typing import Any

import pytest

from shim.sandbox import PROFILES, Sandbox

CUSTOM = "/cgi/crm/custom/v2/data/"
PERSON = "PersonnelObj"
DEPARTMENT = "DepartmentObj"


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(members=25, seed=7, departments=5)


@pytest.fixture
def to(sandbox: Sandbox, talk: Any) -> Any:
    return talk(sandbox)


class TestTotal:
    @pytest.mark.parametrize("profile", PROFILES)
    @pytest.mark.parametrize(
        "search",
        [{}, {"orders": [{"fieldName": "_id"}]}, {"orders": [{"fieldName": "name"}]}],
        ids=["own order", "by _id", "by name"],
    )
    def test_total_counts_all_rows_on_every_page(
        self, talk: Any, profile: str, search: dict[str, Any]
    ) -> None:
        """But in the profile whose lists come from an index: there it ends with the page."""
        to = talk(Sandbox(members=25, profile=profile, hidden=4, seed=7))
        pages = [to.query(limit=10, offset=start, **search)["data"] for start in (0, 10, 20, 30)]
        assert [len(page["dataList"]) for page in pages] == [10, 10, 1, 0]
        wanted = [10, 20, 21, 30] if profile == "lagging" else [21] * 4
        assert [page["total"] for page in pages] == wanted

    def test_total_counts_the_rows_that_the_filters_leave(self, sandbox: Sandbox, to: Any) -> None:
        """By a key and by any other field, also after a write, a create and a delete."""
        ids = sandbox.open_user_ids[:15]
        assert to.query(("user_id", "IN", ids), limit=10)["data"]["total"] == 15
        for count in range(3):
            answer = to.query(("status", "EQ", ["1"]), limit=1)["data"]
            assert answer["total"] == count
            to.update(to.record_id(ids[count]), status="1")
        to.edit("create", PERSON, name="n", status="1")
        assert to.query(("status", "EQ", ["1"]), limit=1)["data"]["total"] == 4

        def accounts() -> int:
            search = {"limit": 1}
            answer = to.data("query", "AccountObj", search_query_info=search)
            return int(answer["data"]["total"])

        assert accounts() == 0
        made = [to.edit("create", "AccountObj", name=str(each))["dataId"] for each in range(3)]
        assert accounts() == 3
        to.data("invalid", "AccountObj", object_data_id=made[0])
        to.data("delete", "AccountObj", idList=made[:1])
        assert accounts() == 2

    def test_total_counts_the_rows_after_the_last_id(self, to: Any) -> None:
        """A client that pages by ``_id`` sees it go down."""
        seen, totals = [""], []
        while page := to.query(("_id", "GT", seen[-1:]), limit=10, orders=[{"fieldName": "_id"}])[
            "data"
        ]:
            totals.append(page["total"])
            if not page["dataList"]:
                break
            seen += [row["_id"] for row in page["dataList"]]
        assert totals == [25, 15, 5, 0]

    def test_each_of_many_searches_has_its_own_total(self, to: Any) -> None:
        """Each has its own count, however many were made before."""
        ids = [row["_id"] for row in to.rows(orders=[{"fieldName": "_id"}])]
        for _ in range(2):
            for place in range(0, 25, 2):
                answer = to.query(("_id", "GTE", [ids[place]]), limit=1)["data"]
                assert answer["total"] == 25 - place

    def test_rows_that_a_fault_hides_are_not_counted(self, sandbox: Sandbox, to: Any) -> None:
        """As if they were not there."""
        sandbox.add_faults({"kind": "hide_rows", "only": sandbox.open_user_ids[:2]})
        assert to.query()["data"]["total"] == 23


class TestSearch:
    @pytest.mark.parametrize(
        ("condition", "count"),
        [
            (("create_time", "GT", [0]), 25),
            (("create_time", "GT", [0.0]), 25),
            (("create_time", "BETWEEN", [0, 1e15]), 25),
            (("create_time", "LT", [-1.5]), 0),
            (("version", "EQ", [1]), 25),
            (("version", "EQ", [1.0]), 25),
            (("status", "IN", [0, "1"]), 25),
            (("is_active", "EQ", [True]), 25),
            (("is_active", "N", [True]), 0),
            (("is_active", "EQ", [False]), 0),
        ],
    )
    def test_field_values_may_be_numbers_and_booleans(
        self, to: Any, condition: tuple[str, str, list[Any]], count: int
    ) -> None:
        """They are compared as the same text would be."""
        assert len(to.rows(condition)) == count

    @pytest.mark.parametrize(
        ("search", "limit"),
        [
            ({"limit": 30.0, "offset": 0.0}, 30),
            ({"limit": None, "offset": None}, 10),
            ({"filters": None, "orders": None, "fieldProjection": None}, 100),
            ({"filters": [], "orders": [], "fieldProjection": []}, 100),
            ({"orders": [{"fieldName": "_id", "isAsc": None}]}, 100),
            ({"unknown": None, "other": {}}, 100),
        ],
    )
    def test_floats_and_null_are_taken_as_json_libraries_send_them(
        self, to: Any, search: dict[str, Any], limit: int
    ) -> None:
        """Null is left out, and an empty projection is none: whole rows."""
        answer = to.query(**search)
        assert (answer["errorCode"], answer["data"]["limit"]) == (0, limit)
        (first, *_) = answer["data"]["dataList"]
        assert {"_id", "user_id", "status", "name"} <= first.keys()

    def test_operator_is_needs_no_values(self, to: Any) -> None:
        """``IS`` with null, or without ``field_values``."""
        for filters in (
            [{"field_name": "job_title", "operator": "IS", "field_values": None}],
            [{"field_name": "job_title", "operator": "IS"}],
        ):
            assert len(to.rows(filters=filters)) == 25

    def test_search_of_null_is_an_empty_search(self, to: Any) -> None:
        """As if it were left out."""
        assert len(to.data("query", PERSON, search_query_info=None)["data"]["dataList"]) == 10

    @pytest.mark.parametrize(
        ("search", "named"),
        [
            ({"limit": 30.5}, "search_query_info.limit"),
            ({"limit": True}, "search_query_info.limit"),
            ({"offset": "0"}, "search_query_info.offset"),
            ({"filters": [None]}, "search_query_info.filters.0"),
            ({"filters": "x"}, "search_query_info.filters"),
            ({"filters": [{"field_name": "name"}]}, "search_query_info.filters.0.operator"),
            (
                {"filters": [{"field_name": "x", "operator": "IS"}]},
                "search_query_info.filters.0.field_name",
            ),
            ({"orders": [{"fieldName": "x"}]}, "search_query_info.orders.0.fieldName"),
            ({"fieldProjection": [1]}, "search_query_info.fieldProjection.0"),
        ],
    )
    def test_refusal_names_the_parameter(self, to: Any, search: dict[str, Any], named: str) -> None:
        """In the vendor's words."""
        answer = to.query(**search)
        assert answer["errorCode"] == 32000
        assert answer["errorMessage"].startswith(f"parameter {named} is not valid: ")


class TestFlags:
    @pytest.mark.parametrize(("sent", "meant"), [("true", True), ("false", False), (None, True)])
    def test_triggers_may_be_text_or_null(
        self, sandbox: Sandbox, to: Any, sent: Any, *, meant: bool
    ) -> None:
        """At update and at create."""
        top = {"triggerWorkFlow": sent, "triggerApprovalFlow": sent}
        record_id = to.record_id(sandbox.open_user_ids[0])
        assert to.update(record_id, top, status="1")["errorCode"] == 0
        (update,) = sandbox.updates
        assert (update.trigger_work_flow, update.trigger_approval_flow) == (meant, meant)
        body = {**to.object, **top, "convertUserId": None}
        data = {"object_data": {"dataObjectApiName": "LeadsObj", "name": "n"}, "details": None}
        answer = to.post("/cgi/crm/v2/data/create", {**body, "data": data})
        assert answer["errorCode"] == 0

    def test_triggers_of_other_texts_are_refused_by_name(self, sandbox: Sandbox, to: Any) -> None:
        """By name."""
        record_id = to.record_id(sandbox.open_user_ids[0])
        answer = to.update(record_id, {"triggerWorkFlow": "yes"}, status="1")
        text = "parameter triggerWorkFlow is not valid: send true or false"
        assert (answer["errorCode"], answer["errorMessage"]) == (32000, text)


class TestCreate:
    def test_life_status_is_taken_at_create(self, sandbox: Sandbox, to: Any) -> None:
        """And kept: an invalid record can be recovered."""
        made = to.edit("create", "LeadsObj", name="n", life_status="invalid")["dataId"]
        assert sandbox.records("LeadsObj")[made]["life_status"] == "invalid"
        to.data("recover", "LeadsObj", idList=[made])
        assert sandbox.records("LeadsObj")[made]["life_status"] == "normal"

    def create(self, to: Any, top: dict[str, Any], **fields: Any) -> Any:
        data = {"object_data": {"dataObjectApiName": "LeadsObj", "name": "n", **fields}}
        return to.post("/cgi/crm/v2/data/create", {**to.object, **top, "data": data})

    def test_times_are_taken_with_has_specify_time(self, sandbox: Sandbox, to: Any) -> None:
        """In milliseconds, also written with a point."""
        times = {"create_time": 1_700_000_000_000, "last_modified_time": 1_700_000_000_001.0}
        made = self.create(to, {"hasSpecifyTime": True}, **times)["dataId"]
        record = sandbox.records("LeadsObj")[made]
        assert {name: record[name] for name in times} == times
        assert to.edit("update", "LeadsObj", _id=made, name="m")["errorCode"] == 0
        record = sandbox.records("LeadsObj")[made]
        assert record["last_modified_time"] > 1_700_000_000_001

    @pytest.mark.parametrize("top", [{}, {"hasSpecifyTime": False}, {"hasSpecifyTime": None}])
    def test_times_alone_are_refused(self, to: Any, top: dict[str, Any]) -> None:
        """The text names the field, and what is missing."""
        answer = self.create(to, top, create_time=1_700_000_000_000)
        assert answer["errorCode"] == 32000
        assert "object_data.create_time" in answer["errorMessage"]
        assert "hasSpecifyTime" in answer["errorMessage"]
        assert self.create(to, {"hasSpecifyTime": True}, create_time="x")["errorCode"] == 32000

    def test_null_is_left_out_at_create(self, sandbox: Sandbox, to: Any) -> None:
        """As libraries write a field that was not set."""
        kept = {"_id": None, "owner": None, "life_status": None, "create_time": None}
        made = to.edit("create", "LeadsObj", name="n", own__c=None, **kept)["dataId"]
        record = sandbox.records("LeadsObj")[made]
        assert (record["life_status"], record["own__c"]) == ("normal", None)
        made = to.edit("create", DEPARTMENT, name="n", parent_id=None, manager_id=None, **kept)
        assert made["errorCode"] == 0


class TestCreatePeople:
    def test_new_member_is_read_and_written_like_the_others(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """Both APIs read and write it, faults and the true state know it."""
        fields = {
            "name": "n", "full_name": "N", "phone": "13100000001", "main_department": ["1003"],
            "leader": [sandbox.open_user_ids[0]], "colour__c": "red",
        }  # fmt: skip
        record_id = to.edit("create", PERSON, **fields)["dataId"]
        assert len(record_id) == 24
        row = to.get(record_id)["data"]
        assert {key: row[key] for key in fields} == fields
        assert row["status"] == "0"
        assert row["create_time"] == row["last_modified_time"]
        one = row["user_id"]
        assert sandbox.open_user_ids[-1] == one
        assert (sandbox.members()[one], len(sandbox.members())) == ("0", 26)
        (found,) = to.flat("/cgi/user/getByMobile", mobile="13100000001")["empList"]
        assert (found["openUserId"], found["mainDepartmentIds"]) == (one, [1003])
        info = to.flat("/cgi/user/get", openUserId=one)
        assert (info["leaderId"], info["account"]) == (sandbox.open_user_ids[0], "")
        assert to.batch([one], 1)["errorCode"] == 0
        assert to.get(record_id)["data"]["status"] == "1"
        assert to.flat("/cgi/user/update", user={"openUserId": one, "qq": "1"})["errorCode"] == 0
        assert sandbox.person(one)["qq"] == "1"
        to.object["currentOpenUserId"] = one
        assert len(to.rows()) == 26
        assert len(to.rows(("user_id", "EQ", ["1026"]), convertUserId=False)) == 1
        sandbox.add_faults({"kind": "no_op", "only": [one]})
        to.batch([one], 2)
        assert sandbox.members()[one] == "1"
        sandbox.reset()
        assert len(sandbox.open_user_ids) == 25

    def test_new_department_is_read_and_written_like_the_others(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """It is in the tree, and may be a parent."""
        first = to.edit("create", DEPARTMENT, name="n", parent_id=["999999"])["dataId"]
        second = to.edit("create", DEPARTMENT, name="m", parent_id=[first])["dataId"]
        assert (first, second) == ("1005", "1006")
        detail = to.flat("/cgi/department/detail", departmentId=1006)["department"]
        assert (detail["name"], detail["ancestors"]) == ("m", [999999, 1005])
        assert sandbox.departments()[1005]["name"] == "n"
        listed = to.flat("/cgi/department/list")["departments"]
        assert [each["id"] for each in listed] == [*range(1000, 1007)]
        answer = to.edit("update", DEPARTMENT, _id=first, parent_id=[second])
        assert answer["errorCode"] == 32000
        assert to.edit("update", DEPARTMENT, _id=second, status="1")["errorCode"] == 0
        assert len(to.listed(DEPARTMENT)) == 7

    @pytest.mark.parametrize(
        ("fields", "code", "named"),
        [
            ({}, 32000, "object_data.name"),
            ({"name": ""}, 32000, "object_data.name"),
            ({"name": 7}, 32000, "object_data.name"),
            ({"name": "n", "status": 0}, 15002, "object_data.status"),
            ({"name": "n", "owner": ["FSUID_0"]}, 20012, "object_data.owner"),
            ({"name": "n", "lock_status": "1"}, 32000, "object_data.lock_status"),
            ({"name": "n", "_id": "1"}, 32000, "object_data._id"),
            ({"name": "n", "colour": 1}, 32000, "object_data"),
        ],
    )
    def test_refusal_names_the_field_and_creates_nothing(
        self, to: Any, fields: dict[str, Any], code: int, named: str
    ) -> None:
        """And nothing is made."""
        for api_name in (PERSON, DEPARTMENT):
            before = to.sandbox.records(api_name)
            answer = to.edit("create", api_name, **fields)
            assert (answer["errorCode"], named in answer["errorMessage"]) == (code, True)
            assert to.sandbox.records(api_name) == before

    @pytest.mark.parametrize("api_name", [PERSON, DEPARTMENT])
    def test_create_takes_owner_and_life_status(
        self, sandbox: Sandbox, to: Any, api_name: str
    ) -> None:
        """An owner and a life status."""
        kept = {"owner": [sandbox.open_user_ids[0]], "life_status": "normal"}
        made = to.edit("create", api_name, name="n", **kept)["dataId"]
        row = to.data("get", api_name, objectDataId=made)["data"]
        assert {key: row[key] for key in kept} == kept
        assert to.edit("update", api_name, _id=made, **kept)["errorCode"] == 32000

    @pytest.mark.parametrize("api_name", [PERSON, DEPARTMENT])
    def test_read_only_and_no_op_create_nothing(
        self, talk: Any, sandbox: Sandbox, to: Any, api_name: str
    ) -> None:
        """The answer has an ``_id``, and no such record is there."""
        sandbox.add_faults({"kind": "no_op"})
        for one in (to, talk(Sandbox(members=2, profile="read_only"))):
            before = one.sandbox.records(api_name)
            made = one.edit("create", api_name, name="n")["dataId"]
            assert made not in before
            assert one.sandbox.records(api_name) == before

    def test_new_member_of_profile_employee_id_has_its_number_as_id(self, talk: Any) -> None:
        """In the profile ``employee_id``."""
        to = talk(Sandbox(members=2, profile="employee_id"))
        assert to.edit("create", PERSON, name="n")["dataId"] == "1003"
        assert to.rows(("user_id", "EQ", ["1003"]))[0]["_id"] == "1003"

    def test_lagging_query_shows_a_new_member_later(self, talk: Any, time: Any) -> None:
        """``get`` shows it at once."""
        to = talk(Sandbox(members=2, profile="lagging", lag_seconds=3, clock=time))
        for api_name in (PERSON, DEPARTMENT):
            before = len(to.listed(api_name))
            made = to.edit("create", api_name, name="n")["dataId"]
            assert to.data("get", api_name, objectDataId=made)["data"]["name"] == "n"
            assert len(to.listed(api_name)) == before
            time.pass_(3)
            assert len(to.listed(api_name)) == before + 1


class TestEmployeeIds:
    @pytest.fixture
    def numbers(self, to: Any) -> Any:
        """Give a client whose calls name employees by number."""
        to.object["convertUserId"] = False
        return to

    def test_every_employee_field_has_numbers(self, sandbox: Sandbox, numbers: Any) -> None:
        """In rows, in ``get`` and in filters: leader, manager and owner."""
        rows = {row["user_id"]: row for row in numbers.rows()}
        led = {key: row["leader"] for key, row in rows.items() if "leader" in row}
        assert led
        assert all(len(leader) == 1 and leader[0] in rows for leader in led.values())
        (one, leader), *_ = led.items()
        assert numbers.get(rows[one]["_id"])["data"]["leader"] == leader
        found = numbers.rows(("leader", "EQ", leader))
        assert {row["user_id"] for row in found} == {
            key for key, each in led.items() if each == leader
        }
        for row in numbers.listed(DEPARTMENT):
            assert set(row.get("manager_id", [])) <= rows.keys()
        made = numbers.edit("create", "LeadsObj", name="n")["dataId"]
        (row,) = numbers.listed("LeadsObj")
        assert (row["_id"], row["owner"]) == (made, ["1000"])
        assert sandbox.records("LeadsObj")[made]["owner"] == [sandbox.current_open_user_id]

    def test_numbers_are_written_as_the_employees_they_name(
        self, sandbox: Sandbox, numbers: Any
    ) -> None:
        """At update, create and change of owner; an openUserId is taken as well (U)."""
        one, two = sandbox.open_user_ids[:2]
        answer = numbers.edit("update", DEPARTMENT, _id="1001", manager_id=["1001", two])
        assert answer["errorCode"] == 0
        assert sandbox.departments()[1001]["manager_id"] == [one, two]
        made = numbers.edit("create", "LeadsObj", name="n", owner=["1001"])["dataId"]
        assert sandbox.records("LeadsObj")[made]["owner"] == [one]
        for owner in (["1002"], [two], "[1002]"):
            change = [{"objectDataId": made, "ownerId": owner}]
            assert numbers.data("changeOwner", "LeadsObj", Data=change)["errorCode"] == 0
            assert sandbox.records("LeadsObj")[made]["owner"] == [two]
        unknown = [{"objectDataId": made, "ownerId": ["7"]}]
        assert numbers.data("changeOwner", "LeadsObj", Data=unknown)["errorCode"] == 20012
        record_id = numbers.rows(("user_id", "EQ", ["1003"]))[0]["_id"]
        assert numbers.update(record_id, leader=["1001", "7", 8])["errorCode"] == 0
        assert sandbox.person(sandbox.open_user_ids[2])["leader"] == [one, "7", 8]

    def test_employee_field_that_is_no_list_stays_as_it_is(
        self, sandbox: Sandbox, numbers: Any
    ) -> None:
        """As the tenant was given it."""
        (row,) = numbers.rows(("user_id", "EQ", ["1002"]))
        assert numbers.update(row["_id"], leader="1001")["errorCode"] == 0
        assert numbers.get(row["_id"])["data"]["leader"] == "1001"
        assert sandbox.person(sandbox.open_user_ids[1])["leader"] == "1001"


class TestCustomAddress:
    @pytest.mark.parametrize("profile", PROFILES)
    def test_every_profile_but_strict_serves_preset_objects(self, profile: str, talk: Any) -> None:
        """Every profile but ``strict``; employees are served in that one, too."""
        to = talk(Sandbox(members=2, profile=profile, objects={"LeadsObj": 1}, hidden=0))
        for api_name in ("LeadsObj", DEPARTMENT, PERSON):
            answer = to.data("query", api_name, CUSTOM)
            refused = profile == "strict" and api_name != PERSON
            assert answer["errorCode"] == (32000 if refused else 0)
            assert ("dataObjectApiName" in answer["errorMessage"]) is refused
