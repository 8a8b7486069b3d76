"""The deprecated department calls, at both their addresses."""

from __future__ import annotations

from typing import Any

import pytest

from shim.sandbox import PROFILES, Sandbox

OLD = "/cgi/department/"
UPDATE = "/cgi/crm/v2/data/update"
QUERY = "/cgi/crm/v2/data/query"
#: Each call's two addresses.
LIST = (f"{OLD}list", QUERY)
DETAIL = (f"{OLD}detail", QUERY)
CHANGE = (f"{OLD}update", UPDATE)
STATUS = (f"{OLD}setStatus", UPDATE)
CREDENTIALS = [
    ({"corpAccessToken": None, "corpId": None}, 10013),
    ({"corpId": ""}, 10014),
    ({"corpAccessToken": "never given"}, 20016),
    ({"corpId": "FSCID_0"}, 11015),
]


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(members=6, seed=3)


@pytest.fixture
def to(sandbox: Sandbox, talk: Any) -> Any:
    return talk(sandbox)


class TestCredentials:
    @pytest.mark.parametrize(("change", "code"), CREDENTIALS)
    @pytest.mark.parametrize(
        ("paths", "sent"),
        [
            (LIST, {}),
            (DETAIL, {"departmentId": 1}),
            (CHANGE, {"department": {"id": 1}}),
            (STATUS, {"departmentId": 1, "status": 1}),
        ],
    )
    def test_credentials_are_checked_before_the_department(
        self, to: Any, paths: tuple[str, ...], sent: Any, change: Any, code: int
    ) -> None:
        """Before whether the department exists, at either address."""
        for path in paths:
            assert to.flat(path, **{**sent, **change})["errorCode"] == code

    @pytest.mark.parametrize(("by", "code"), [("FSUID_0", 20012), (5, 11008)])
    def test_details_check_the_acting_employee_before_the_id(
        self, to: Any, by: Any, code: int
    ) -> None:
        """So it is checked there, and before the id."""
        for path in DETAIL:
            sent = {"departmentId": 1000, "currentOpenUserId": by}
            assert to.flat(path, **sent)["errorCode"] == code

    @pytest.mark.parametrize("by", ["FSUID_0", 5, [], ""])
    def test_parameter_that_no_page_prints_is_ignored(self, to: Any, by: Any) -> None:
        """``currentOpenUserId`` of the other calls, ``fetchChild`` of the list."""
        for paths, sent in (
            (LIST, {"fetchChild": True}),
            (CHANGE, {"department": {"id": 1000, "fetchChild": 1}}),
            (STATUS, {"departmentId": 1000, "status": 2, "x": None}),
        ):
            for path in paths:
                assert to.flat(path, **sent, currentOpenUserId=by)["errorCode"] == 0


class TestList:
    @pytest.mark.parametrize("path", LIST)
    def test_list_has_all_departments_but_the_deleted(
        self, sandbox: Sandbox, to: Any, path: str
    ) -> None:
        """Ids are numbers, the topmost have the parent 0."""
        to.edit("update", "DepartmentObj", _id="1003", status="2")
        to.edit("update", "DepartmentObj", _id="1004", status="1")
        answer = to.flat(path, thirdTraceId="x", currentOpenUserId=sandbox.open_user_ids[0])
        tree = sandbox.departments()
        assert answer["departments"] == [
            {
                "id": number,
                "name": each["name"],
                "parentId": int(each["parent_id"][0]) % 999_999,
                "isStop": number == 1004,
                "order": each["order"],
            }
            for number, each in tree.items()
            if number != 1003
        ]
        assert 0 in {each["parentId"] for each in answer["departments"]}

    @pytest.mark.parametrize("profile", PROFILES)
    def test_list_ignores_the_read_permission(self, profile: str, talk: Any) -> None:
        """Every department is in the list in every profile."""
        assert len(talk(Sandbox(profile=profile)).flat(LIST[0])["departments"]) == 8


class TestDetails:
    @pytest.mark.parametrize("path", DETAIL)
    def test_details_have_the_chain_of_ancestors(
        self, sandbox: Sandbox, to: Any, path: str
    ) -> None:
        """The chain of ancestors starts at the whole company."""
        true = sandbox.departments()[1002]
        record = sandbox.records("DepartmentObj")["1002"]
        assert to.flat(path, departmentId=1002)["department"] == {
            "departmentId": 1002,
            "parentDepartmentId": 1001,
            "name": true["name"],
            "nameSpell": "",
            "departmentOrder": true["order"],
            "isStop": False,
            "principalId": (true["manager_id"] or [""])[0],
            "createTime": record["create_time"],
            "updateTime": record["last_modified_time"],
            "ancestors": [999999, 1000, 1001],
            "status": 1,
            "description": "",
            "keywords": [],
        }

    def test_topmost_department_has_the_company_as_parent(self, sandbox: Sandbox, to: Any) -> None:
        """It shows the company's own id; no manager is an empty string."""
        found = to.flat(DETAIL[0], departmentId=1000)["department"]
        assert (found["parentDepartmentId"], found["ancestors"]) == (999999, [999999])
        without = next(key for key, each in sandbox.departments().items() if not each["manager_id"])
        assert to.flat(DETAIL[0], departmentId=without)["department"]["principalId"] == ""

    @pytest.mark.parametrize(
        ("status", "shown"), [("0", (1, False)), ("1", (2, True)), ("2", (3, False))]
    )
    def test_status_0_1_2_of_the_object_is_1_2_3_in_the_details(
        self, to: Any, status: str, shown: Any
    ) -> None:
        """The object's "0", "1", "2" are 1, 2, 3 here."""
        to.edit("update", "DepartmentObj", _id="1003", status=status)
        found = to.flat(DETAIL[0], departmentId=1003)["department"]
        assert (found["status"], found["isStop"]) == shown

    @pytest.mark.parametrize("path", DETAIL)
    @pytest.mark.parametrize(
        ("number", "code"), [("1003", 11009), (None, 11009), (True, 11009), (77, 30007)]
    )
    def test_bad_and_unknown_ids_have_a_code_each(
        self, to: Any, path: str, number: Any, code: int
    ) -> None:
        """Not a number, and unknown."""
        assert to.flat(path, departmentId=number)["errorCode"] == code

    def test_missing_id_is_refused(self, to: Any) -> None:
        """Left out is no department."""
        assert to.flat(DETAIL[0])["errorCode"] == 11009


class TestUpdate:
    @pytest.mark.parametrize("path", CHANGE)
    @pytest.mark.parametrize("company", [0, 999999])
    def test_update_writes_what_is_given(
        self, sandbox: Sandbox, to: Any, path: str, company: int
    ) -> None:
        """None is left out; the answer is the bare envelope; version and time go up."""
        before = sandbox.departments()
        sent = {"id": 1003, "name": None, "parentId": 1002, "order": 77}
        answer = to.flat(path, department=sent)
        assert sorted(answer) == ["errorCode", "errorDescription", "errorMessage", "traceId"]
        wanted = {**before[1003], "parent_id": ["1002"], "order": 77}
        assert sandbox.departments() == {**before, 1003: wanted}
        named = {"id": 1003, "name": "新", "parentId": company}
        to.flat(path, department=named, currentOpenUserId="")
        wanted = {**wanted, "name": "新", "parent_id": ["999999"]}
        assert sandbox.departments() == {**before, 1003: wanted}
        assert to.data("get", "DepartmentObj", objectDataId="1003")["data"]["version"] == "3"

    @pytest.mark.parametrize("path", CHANGE)
    @pytest.mark.parametrize(
        ("department", "code"),
        [
            (None, 15002),
            ([], 15002),
            ({}, 11009),
            ({"id": "1000"}, 11009),
            ({"id": True}, 11009),
            ({"id": 77}, 30007),
            ({"id": 1000, "name": ""}, 15002),
            ({"id": 1000, "name": 3}, 15002),
            ({"id": 1000, "parentId": "0"}, 11009),
            ({"id": 1000, "parentId": 77}, 30007),
            ({"id": 1000, "parentId": 1000}, 15002),
            ({"id": 1000, "parentId": 1002}, 15002),
            ({"id": 1000, "order": "1"}, 15002),
            ({"id": 1000, "order": True}, 15002),
        ],
    )
    def test_refused_update_writes_nothing(
        self, sandbox: Sandbox, to: Any, path: str, department: Any, code: int
    ) -> None:
        """Forms, unknown ids, and a place below itself; nothing is written."""
        before = sandbox.records("DepartmentObj")
        assert to.flat(path, department=department)["errorCode"] == code
        assert sandbox.records("DepartmentObj") == before

    def test_missing_department_is_refused(self, to: Any) -> None:
        """No department at all."""
        assert to.flat(CHANGE[0])["errorCode"] == 15002


class TestStatus:
    @pytest.mark.parametrize("path", STATUS)
    @pytest.mark.parametrize(("status", "state"), [(1, "1"), (2, "0"), ("1", "1"), ("2", "0")])
    def test_status_1_disables_and_2_enables(
        self, sandbox: Sandbox, to: Any, path: str, status: Any, state: str
    ) -> None:
        """1 disables, 2 enables, in every profile's state."""
        to.edit("update", "DepartmentObj", _id="1003", status="2")
        assert to.flat(path, departmentId=1003, status=status)["errorCode"] == 0
        states = {key: each["status"] for key, each in sandbox.departments().items()}
        assert states == {**dict.fromkeys(states, "0"), 1003: state}

    @pytest.mark.parametrize("path", STATUS)
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"departmentId": "1003", "status": 3}, 11009),
            ({"departmentId": None}, 11009),
            ({"status": 3}, 15002),
            ({"status": True}, 15002),
            ({"departmentId": 77}, 30007),
        ],
    )
    def test_form_is_checked_before_existence(
        self, to: Any, path: str, change: Any, code: int
    ) -> None:
        """Form first, then existence."""
        sent = {"departmentId": 1003, "status": 1, **change}
        assert to.flat(path, **sent)["errorCode"] == code

    @pytest.mark.parametrize("profile", PROFILES)
    def test_status_is_set_in_every_profile(self, profile: str, talk: Any) -> None:
        """Neither permission nor locks are anything to it."""
        sandbox = Sandbox(profile=profile, hidden_departments=[1001], locked_departments=[1002])
        to = talk(sandbox)
        for number in sandbox.departments():
            assert to.flat(STATUS[0], departmentId=number, status=1)["errorCode"] == 0
        assert {each["status"] for each in sandbox.departments().values()} == {"1"}
