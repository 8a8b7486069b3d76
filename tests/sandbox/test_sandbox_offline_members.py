"""The deprecated member calls, at both their addresses."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shim.sandbox import PROFILES, Sandbox

UPDATE = "/cgi/crm/v2/data/update"
QUERY = "/cgi/crm/v2/data/query"
#: Each call's two addresses.
STATUS = ("/cgi/user/setStatus", UPDATE)
CHANGE = ("/cgi/user/update", UPDATE)
INFO = ("/cgi/user/get", QUERY)
MOBILE = ("/cgi/user/getByMobile", QUERY)
RANGE = ("/cgi/user/get/batchByUpdTime", QUERY)
ASIDE = ("account", "qq", "weixin", "hireDate", "birthDate", "startWorkDate")
SOME_FIELD = [
    "account", "name", "fullName", "position", "mobile", "email", "qq", "weixin",
    "employeeNumber", "hireDate", "birthDate", "startWorkDate", "leaderId", "gender",
]  # fmt: skip


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(members=6, seed=3)


@pytest.fixture
def to(sandbox: Sandbox, talk: Any) -> Any:
    return talk(sandbox)


class TestCredentials:
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"corpAccessToken": None, "corpId": None, "currentOpenUserId": None}, 10013),
            ({"corpId": ""}, 10014),
            ({"corpAccessToken": "never given"}, 20016),
            ({"corpId": "FSCID_0"}, 11015),
        ],
    )
    @pytest.mark.parametrize(
        ("paths", "sent"),
        [
            (STATUS, {"currentOpenUserId": "FSUID_0", "openUserId": "FSUID_0", "status": 1}),
            (CHANGE, {"user": {"openUserId": "FSUID_0"}}),
            (INFO, {"openUserId": "FSUID_0"}),
            (MOBILE, {"mobile": "1"}),
            (RANGE, {"pageSize": 1}),
        ],
    )
    def test_credentials_are_checked_before_the_member(
        self, to: Any, paths: tuple[str, ...], sent: Any, change: Any, code: int
    ) -> None:
        """Before whether the member exists, at either address."""
        for path in paths:
            assert to.flat(path, **{**sent, **change})["errorCode"] == code

    @pytest.mark.parametrize("by", ["FSUID_0", 5, [], ""])
    def test_parameter_that_no_page_prints_is_ignored(
        self, sandbox: Sandbox, to: Any, by: Any
    ) -> None:
        """``currentOpenUserId`` of these calls, and any other name."""
        one = sandbox.open_user_ids[0]
        mobile = sandbox.person(one)["phone"]
        for paths, sent in (
            (CHANGE, {"user": {"openUserId": one}}),
            (INFO, {"openUserId": one}),
            (MOBILE, {"mobile": mobile}),
            (RANGE, {"pageSize": 1}),
        ):
            for path in paths:
                answer = to.flat(path, **sent, currentOpenUserId=by, fetchChild={}, x=None)
                assert answer["errorCode"] == 0


class TestSetStatus:
    @pytest.mark.parametrize("path", STATUS)
    @pytest.mark.parametrize(("status", "state"), [(1, "1"), (2, "0"), ("1", "1"), ("2", "0")])
    def test_one_id_a_list_or_both_are_set(
        self, sandbox: Sandbox, to: Any, path: str, status: Any, state: str
    ) -> None:
        """All named members, however they are named."""
        first, second, third, *others = sandbox.open_user_ids
        by = sandbox.current_open_user_id
        for sent in (
            {"openUserId": first},
            {"openUserIds": [second, second], "openUserId": ""},
            {"openUserId": third, "openUserIds": [first]},
            {"openUserId": third, "openUserIds": None},
        ):
            answer = to.flat(path, currentOpenUserId=by, status=status, **sent)
            assert sorted(answer) == ["errorCode", "errorDescription", "errorMessage", "traceId"]
            assert answer["errorCode"] == 0
        named = [first, second, third]
        assert sandbox.members() == {**dict.fromkeys(others, "0"), **dict.fromkeys(named, state)}

    @pytest.mark.parametrize("path", STATUS)
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"currentOpenUserId": 5, "openUserId": 3, "status": 3}, 11008),
            ({"currentOpenUserId": "FSUID_0"}, 20012),
            ({"openUserId": None, "status": 3}, 10010),
            ({"openUserId": "", "openUserIds": []}, 10010),
            ({"openUserId": 3, "status": 3}, 11008),
            ({"openUserIds": "FSUID_0"}, 11008),
            ({"openUserIds": [""]}, 11008),
            ({"status": 3}, 15002),
            ({"status": True}, 15002),
            ({"openUserId": "FSUID_0"}, 20012),
        ],
    )
    def test_parameters_are_checked_in_the_documented_order(
        self, sandbox: Sandbox, to: Any, path: str, change: Any, code: int
    ) -> None:
        """Form first, in the documented order; nothing is written."""
        good = {
            "currentOpenUserId": sandbox.current_open_user_id,
            "openUserId": sandbox.open_user_ids[0],
            "status": 1,
        }
        assert to.flat(path, **{**good, **change})["errorCode"] == code
        assert set(sandbox.members().values()) == {"0"}

    def test_missing_parameter_is_like_an_empty_one(self, sandbox: Sandbox, to: Any) -> None:
        """Left out is like empty."""
        good = {"openUserId": sandbox.open_user_ids[0], "status": 1}
        for key, code in zip(good, (10010, 15002), strict=True):
            sent = {name: value for name, value in good.items() if name != key}
            assert to.flat(STATUS[0], **sent)["errorCode"] == code

    @pytest.mark.parametrize("path", STATUS)
    @pytest.mark.parametrize("by", [{}, {"currentOpenUserId": None}, {"currentOpenUserId": ""}])
    def test_the_acting_employee_may_be_left_out(
        self, sandbox: Sandbox, to: Any, path: str, by: Any
    ) -> None:
        """Public clients send the call without it."""
        one = sandbox.open_user_ids[1]
        assert to.flat(path, **by, openUserId=one, status=1)["errorCode"] == 0
        assert [*sandbox.members().values()].count("1") == 1

    def test_call_with_an_unknown_member_sets_the_known_ones(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """The known ones are set, as in a batch."""
        known = sandbox.open_user_ids[0]
        by = sandbox.current_open_user_id
        ids = ["FSUID_0", known]
        answer = to.flat(STATUS[0], currentOpenUserId=by, openUserIds=ids, status=1)
        assert answer["errorCode"] == 20012
        assert sandbox.members()[known] == "1"

    def test_acting_employee_tells_single_from_batch(self, sandbox: Sandbox, to: Any) -> None:
        """At the shared address the acting user tells the two apart."""
        ids = sandbox.open_user_ids
        sent = {"openUserIds": ids, "status": 1, "currentOpenUserId": "FSUID_0"}
        assert to.flat(UPDATE, **sent)["errorCode"] == 20012
        assert to.flat("/cgi/user/batchSetStatus", **sent)["errorCode"] == 0


class TestUpdateMember:
    @pytest.mark.parametrize("path", CHANGE)
    def test_every_field_is_written(self, sandbox: Sandbox, to: Any, path: str) -> None:
        """Those the object has go there; the six others only the offline API knows."""
        someone, leader = sandbox.open_user_ids[:2]
        before = sandbox.person(someone)
        user = {
            "openUserId": someone, "account": "a", "name": "b", "fullName": "c", "position": "d",
            "gender": "F", "mobile": "13800000000", "email": "e@example.com", "qq": "f",
            "weixin": "g", "mainDepartmentId": 1003, "attachingDepartmentIds": [1004, 1004, 1003],
            "employeeNumber": "h", "hireDate": "2026-01-02", "birthDate": "", "startWorkDate": "i",
            "leaderId": leader, "status": 1, "unknown": {},
        }  # fmt: skip
        answer = to.flat(path, user=user)
        assert sorted(answer) == ["errorCode", "errorDescription", "errorMessage", "traceId"]
        fields = {
            "name": "b", "full_name": "c", "position": "d", "sex": "F", "phone": "13800000000",
            "email": "e@example.com", "employee_number": "h", "main_department": ["1003"],
            "vice_departments": ["1004", "1004", "1003"], "leader": [leader], "version": "2",
        }  # fmt: skip
        after = sandbox.person(someone)
        aside = {name: user[name] for name in ASIDE}
        stamp = {"last_modified_time": after["last_modified_time"]}
        assert after == {**before, **fields, **aside, **stamp}
        (row,) = to.rows(("user_id", "EQ", [someone]))
        assert {**row, **fields} == row
        assert not {*ASIDE} & row.keys()

    def test_field_left_out_is_unchanged(self, sandbox: Sandbox, to: Any) -> None:
        """None counts as left out; version and time go up nevertheless."""
        someone = sandbox.open_user_ids[0]
        before = sandbox.person(someone)
        user: dict[str, Any] = {"openUserId": someone, **dict.fromkeys(SOME_FIELD)}
        assert to.flat(CHANGE[0], user=user)["errorCode"] == 0
        after = sandbox.person(someone)
        changed = {key for key in before if before[key] != after[key]}
        assert changed == {"version", "last_modified_time"}

    @pytest.mark.parametrize("path", CHANGE)
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            *(({name: 5}, 15002) for name in SOME_FIELD),
            ({"gender": "X"}, 15002),
            ({"gender": []}, 15002),
            ({"mainDepartmentId": "1003"}, 11009),
            ({"mainDepartmentId": True}, 11009),
            ({"mainDepartmentId": 77}, 30007),
            ({"attachingDepartmentIds": 1003}, 11009),
            ({"attachingDepartmentIds": ["1003"]}, 11009),
            ({"attachingDepartmentIds": [True]}, 11009),
            ({"attachingDepartmentIds": [1003, 77]}, 30007),
            ({"attachingDepartmentIds": [1003] * 501}, 15002),
            ({"attachingDepartmentIds": [1003] * 500}, 0),
            ({"leaderId": "FSUID_0"}, 20012),
            ({"openUserId": None, "name": 5}, 10010),
            ({"openUserId": ""}, 10010),
            ({"openUserId": ["x"], "name": 5}, 11008),
            ({"openUserId": "FSUID_0"}, 20012),
        ],
    )
    def test_field_of_a_wrong_form_is_refused_and_nothing_written(
        self, sandbox: Sandbox, to: Any, path: str, change: Any, code: int
    ) -> None:
        """Each field has its form; nothing is written by a bad call."""
        someone = sandbox.open_user_ids[0]
        before = sandbox.person(someone)
        user = {"openUserId": someone, "position": "x", **change}
        assert to.flat(path, user=user)["errorCode"] == code
        assert (sandbox.person(someone) == before) is (code != 0)

    @pytest.mark.parametrize("user", [None, [], "x"])
    def test_user_that_is_no_object_is_refused(self, to: Any, user: Any) -> None:
        """``user`` is an object."""
        assert to.flat(CHANGE[0], user=user)["errorCode"] == 15002


class TestInfo:
    @pytest.mark.parametrize("path", INFO)
    @pytest.mark.parametrize("detail", [None, False, True])
    def test_answer_has_the_documented_fields_in_order(
        self,
        sandbox: Sandbox,
        to: Any,
        path: str,
        detail: bool | None,  # noqa: FBT001
    ) -> None:
        """Flat, in this order, with ids as numbers and nothing empty left out."""
        someone, leader = sandbox.open_user_ids[:2]
        user = {"openUserId": someone, "mainDepartmentId": 1002, "leaderId": leader}
        user["attachingDepartmentIds"] = [1001, 1002]
        to.flat(CHANGE[0], user=user)
        true = sandbox.person(someone)
        answer = to.flat(path, openUserId=someone, showDepartmentIdsDetail=detail)
        envelope = ("traceId", "errorDescription", "errorMessage", "errorCode")
        several = {"mainDepartmentId": 1002, "attachingDepartmentIds": [1001, 1002]}
        wanted = {
            "openUserId": someone,
            "account": true["account"],
            "name": true["name"],
            "nickName": true["name"],
            "isStop": False,
            "email": true["email"],
            "mobile": true["phone"],
            "gender": true["sex"],
            "position": true["position"],
            "profileImageUrl": "",
            "departmentIds": [1002, 1001],
            **(several if detail else {}),
            "employeeNumber": true["employee_number"],
            "hireDate": true["hireDate"],
            "birthDate": true["birthDate"],
            "startWorkDate": true["startWorkDate"],
            "createTime": true["create_time"],
            "leaderId": leader,
        }
        assert list(answer) == [*envelope, *wanted]
        assert {**answer, **wanted} == answer

    def test_odd_or_empty_values_keep_the_types_of_the_answer(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """The object API writes what it likes; the offline answer keeps its types."""
        someone = sandbox.open_user_ids[0]
        odd = {"main_department": ["x", None], "vice_departments": None, "leader": [3], "name": 7}
        to.update(to.record_id(someone), status="1", profile_image="a.png", **odd)
        found = to.flat(INFO[0], openUserId=someone, showDepartmentIdsDetail=True)
        assert (found["isStop"], found["profileImageUrl"]) == (True, "a.png")
        assert (found["departmentIds"], found["mainDepartmentId"]) == ([], 0)
        assert (found["attachingDepartmentIds"], found["leaderId"], found["name"]) == ([], "", "")

    @pytest.mark.parametrize("path", INFO)
    @pytest.mark.parametrize(
        ("sent", "code"),
        [
            ({"openUserId": None}, 10010),
            ({"openUserId": ""}, 10010),
            ({"openUserId": 5}, 11008),
            ({"openUserId": "FSUID_0"}, 20012),
            ({"openUserId": "FSUID_0", "showDepartmentIdsDetail": 1}, 15002),
        ],
    )
    def test_missing_malformed_and_unknown_ids_have_a_code_each(
        self, to: Any, path: str, sent: Any, code: int
    ) -> None:
        """Missing, malformed, unknown."""
        assert to.flat(path, **sent)["errorCode"] == code

    def test_missing_id_is_refused(self, to: Any) -> None:
        """No openUserId at all."""
        assert to.flat(INFO[0])["errorCode"] == 10010

    def test_facts_look_real(self) -> None:
        """Dates are dates, and some facts are not known."""
        sandbox = Sandbox(members=200)
        people = [sandbox.person(each) for each in sandbox.open_user_ids]
        for name in ("hireDate", "birthDate", "startWorkDate"):
            dates = {each[name] for each in people}
            assert all(re.fullmatch(r"(\d{4}-\d\d-\d\d)?", date) for date in dates)
        assert "" in {each["qq"] for each in people}
        assert len({each["account"] for each in people}) == 200
        with pytest.raises(KeyError):
            sandbox.person("FSUID_0")


class TestMobile:
    @pytest.mark.parametrize("path", MOBILE)
    def test_answer_has_every_member_with_exactly_that_number(
        self, sandbox: Sandbox, to: Any, path: str
    ) -> None:
        """By ``_id``; a part of a number finds no member."""
        phone = "13800000000"
        for each in sandbox.open_user_ids[:3]:
            to.update(to.record_id(each), phone=phone, status="1", main_department=["1001"])
        to.update(to.record_id(sandbox.open_user_ids[0]), status="0", is_active=False)
        found = to.flat(path, mobile=phone)["empList"]
        ids = [to.record_id(each["openUserId"]) for each in found]
        assert ids == sorted(ids)
        assert {each["openUserId"] for each in found} == {*sandbox.open_user_ids[:3]}
        for each in found:
            true = sandbox.person(each["openUserId"])
            vice = [int(number) for number in true["vice_departments"] if number != "1001"]
            first = each["openUserId"] == sandbox.open_user_ids[0]
            assert each == {
                "openUserId": each["openUserId"],
                "name": true["name"],
                "fullName": true["full_name"],
                "mobile": phone,
                "email": true["email"],
                "account": true["account"],
                "status": "NORMAL" if first else "STOP",
                "gender": true["sex"],
                "isActive": not first,
                "mainDepartmentIds": [1001],
                "departmentIds": [1001, *vice],
            }
        answer = to.flat(path, mobile=phone[:-1])
        assert (answer["errorCode"], answer["empList"]) == (0, [])

    @pytest.mark.parametrize("mobile", [None, "", 13800000000, []])
    def test_mobile_that_is_no_string_is_refused(self, to: Any, mobile: Any) -> None:
        """A number is a string."""
        for path in MOBILE:
            assert to.flat(path, mobile=mobile)["errorCode"] == 15002
        assert to.flat(MOBILE[0])["errorCode"] == 15002


class TestRange:
    @pytest.mark.parametrize("path", RANGE)
    def test_pages_have_each_member_once(self, talk: Any, path: str) -> None:
        """With the fields of the single call, and the number of pages."""
        sandbox = Sandbox(members=45)
        to = talk(sandbox)
        seen: list[Any] = []
        for number, count in ((1, 20), (2, 20), (3, 5), (4, 0)):
            answer = to.flat(path, pageNumber=number, showDepartmentIdsDetail=True)
            assert (answer["pageNumber"], answer["pageCount"]) == (number, 3)
            assert (answer["totalCount"], len(answer["employees"])) == (45, count)
            seen += answer["employees"]
        for each in seen:
            sent = {"openUserId": each["openUserId"], "showDepartmentIdsDetail": True}
            alone = to.flat(INFO[0], **sent)
            assert list(each.items()) == list(alone.items())[4:]
        ids = [to.record_id(each["openUserId"]) for each in seen]
        assert ids == sorted(set(ids))
        assert len(to.flat(path, pageSize=1000)["employees"]) == 45

    def test_both_ends_of_the_range_are_included(self, sandbox: Sandbox, to: Any) -> None:
        """``lastChangedTime`` is the latest of the whole range, not of the page."""
        to.batch(sandbox.open_user_ids[:1], 1)
        times = sorted(
            (sandbox.person(each)["last_modified_time"], each) for each in sandbox.open_user_ids
        )
        (low, _), (high, _) = times[1], times[3]
        answer = to.flat(RANGE[0], startTime=low, endTime=high, pageSize=1)
        assert (answer["totalCount"], answer["pageCount"]) == (3, 3)
        assert answer["lastChangedTime"] == high
        assert "mainDepartmentId" not in answer["employees"][0]
        last = to.flat(RANGE[1], startTime=times[-1][0])
        assert [each["openUserId"] for each in last["employees"]] == sandbox.open_user_ids[:1]

    def test_empty_range_has_no_pages(self, to: Any) -> None:
        """No pages, and no last change."""
        answer = to.flat(RANGE[0], endTime=5, startTime=None)
        assert (answer["totalCount"], answer["pageCount"], answer["employees"]) == (0, 0, [])
        assert answer["lastChangedTime"] == 0

    @pytest.mark.parametrize("path", RANGE)
    @pytest.mark.parametrize(
        "sent",
        [
            {"startTime": "1"},
            {"startTime": True},
            {"endTime": 1.5},
            {"startTime": 5, "endTime": 5},
            {"startTime": 5, "endTime": 4},
            {"pageSize": 0},
            {"pageSize": 1001},
            {"pageSize": "20"},
            {"pageSize": True},
            {"pageNumber": 0},
            {"pageNumber": "1"},
            {"showDepartmentIdsDetail": "true"},
        ],
    )
    def test_unusable_parameters_are_15002(self, to: Any, path: str, sent: Any) -> None:
        """Everything that does not fit is 15002."""
        assert to.flat(path, **sent)["errorCode"] == 15002


class TestEverywhere:
    @pytest.mark.parametrize("profile", PROFILES)
    def test_offline_calls_ignore_permission_and_locks(self, profile: str, talk: Any) -> None:
        """They read and write every member in every profile, at once."""
        sandbox = Sandbox(members=10, profile=profile, hidden=2, locked=2)
        to = talk(sandbox)
        for each in sandbox.open_user_ids:
            user = {"openUserId": each, "position": "x"}
            assert to.flat(CHANGE[0], user=user)["errorCode"] == 0
        assert {each["position"] for each in to.flat(RANGE[0])["employees"]} == {"x"}

    @pytest.mark.parametrize(
        ("path", "sent"),
        [
            (STATUS[0], {"currentOpenUserId": "BY", "openUserId": "ID", "status": 1}),
            (CHANGE[0], {"user": {"openUserId": "ID"}}),
            (INFO[0], {"openUserId": "ID"}),
            (MOBILE[0], {"mobile": "PHONE"}),
            (RANGE[0], {"pageSize": 1000}),
        ],
    )
    def test_error_for_one_member_hits_the_calls_about_it(
        self, sandbox: Sandbox, to: Any, path: str, sent: Any
    ) -> None:
        """The calls about a member, or that would list one, meet its faults."""
        marked, other = sandbox.open_user_ids[:2]
        sandbox.add_faults({"kind": "error", "code": 7, "only": [marked]})

        def filled(value: Any, someone: str) -> Any:
            if isinstance(value, dict):
                return {key: filled(each, someone) for key, each in value.items()}
            known = {"BY": sandbox.current_open_user_id, "ID": someone}
            known["PHONE"] = sandbox.person(someone)["phone"]
            return known.get(value, value)

        assert to.flat(path, **filled(sent, marked))["errorCode"] == 7
        listing = "pageSize" in sent
        assert to.flat(path, **filled(sent, other))["errorCode"] == (7 if listing else 0)
        assert to.flat(RANGE[0], pageSize=0)["errorCode"] == 15002
        assert to.flat(INFO[0], openUserId=[])["errorCode"] == 11008

    @pytest.mark.parametrize("path", [STATUS[0], CHANGE[0]])
    def test_no_op_answers_writes_with_0_and_changes_nothing(
        self, sandbox: Sandbox, to: Any, path: str
    ) -> None:
        """Writes answer 0 and change nothing; reads go by it."""
        sandbox.add_faults({"kind": "no_op", "times": 1})
        someone = sandbox.open_user_ids[0]
        before = sandbox.person(someone)
        sent = {"openUserId": someone, "status": 1, "user": {"openUserId": someone, "qq": "new"}}
        assert to.flat(INFO[0], openUserId=someone)["errorCode"] == 0
        by = sandbox.current_open_user_id
        assert to.flat(path, currentOpenUserId=by, **sent)["errorCode"] == 0
        assert sandbox.person(someone) == before
        to.flat(path, currentOpenUserId=by, **sent)
        assert sandbox.person(someone) != before
