"""Current interfaces that public clients use: members of a department, objects and their fields."""

from __future__ import annotations

from typing import Any

import pytest

from shim.sandbox import Sandbox

OBJECT = "/cgi/crm/v2/object/"
PERSON = "PersonnelObj"
DEPARTMENT = "DepartmentObj"


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(members=25, seed=7, departments=5)


@pytest.fixture
def to(sandbox: Sandbox, talk: Any) -> Any:
    return talk(sandbox)


class TestUserLists:
    @pytest.mark.parametrize("path", ["/cgi/user/list", "/cgi/user/simpleList"])
    def test_list_has_the_members_of_a_department(
        self, sandbox: Sandbox, to: Any, path: str
    ) -> None:
        """By main or attached department; with those below it if they are asked for."""
        rows = {row["user_id"]: row for row in to.rows(includeNull=True)}
        tree = sandbox.departments()
        for number in tree:
            below, before = {str(number)}, 0
            direct = set(below)
            while len(below) != before:
                before = len(below)
                below |= {str(each) for each, row in tree.items() if row["parent_id"][0] in below}
            for child, wanted in ((None, direct), (False, direct), (True, below)):
                answer = to.flat(path, departmentId=number, fetchChild=child)
                assert {each["openUserId"] for each in answer["userList"]} == {
                    one
                    for one, row in rows.items()
                    if wanted & {*row["main_department"], *row["vice_departments"]}
                }

    def test_list_of_the_company_has_every_member(self, sandbox: Sandbox, to: Any) -> None:
        """All members are below it; the id may have a point."""
        answer = to.flat("/cgi/user/list", departmentId=999999.0, fetchChild=True)
        assert [each["openUserId"] for each in answer["userList"]] == sandbox.open_user_ids
        first = answer["userList"][0]
        sent = {"openUserId": first["openUserId"], "showDepartmentIdsDetail": True}
        alone = to.flat("/cgi/user/get", **sent)
        assert {name: alone[name] for name in first} == first
        assert to.flat("/cgi/user/simpleList", departmentId=999999)["userList"] == []
        (entry, *_) = to.flat("/cgi/user/simpleList", departmentId=999999, fetchChild=True)[
            "userList"
        ]
        person = sandbox.person(sandbox.open_user_ids[0])
        assert entry == {"openUserId": sandbox.open_user_ids[0], "name": person["name"]}

    @pytest.mark.parametrize("path", ["/cgi/user/list", "/cgi/user/simpleList"])
    @pytest.mark.parametrize(
        ("sent", "code", "named"),
        [
            ({}, 11009, "departmentId"),
            ({"departmentId": "1000"}, 11009, "departmentId"),
            ({"departmentId": 7}, 30007, "department"),
            ({"departmentId": 1000, "fetchChild": "true"}, 15002, "fetchChild"),
            ({"departmentId": 1000, "corpId": "x"}, 11015, "corpId"),
        ],
    )
    def test_refusal_names_the_parameter_of_the_list(
        self, to: Any, path: str, sent: dict[str, Any], code: int, named: str
    ) -> None:
        """With the parameter's name."""
        answer = to.flat(path, **sent)
        assert (answer["errorCode"], named in answer["errorMessage"]) == (code, True)

    def test_faults_for_some_hit_the_lists_that_show_them(self, sandbox: Sandbox, to: Any) -> None:
        """``only`` hits the lists with one of them."""
        one = sandbox.open_user_ids[0]
        (main,) = sandbox.person(one)["main_department"]
        sandbox.add_faults({"kind": "error", "code": 7, "only": [one]})
        assert to.flat("/cgi/user/list", departmentId=int(main))["errorCode"] == 7
        assert to.flat("/cgi/user/list", departmentId=999999)["errorCode"] == 0
        assert to.flat("/cgi/user/list")["errorCode"] == 11009


class TestObjects:
    def test_list_names_the_objects_with_records(self, talk: Any) -> None:
        """People and departments first."""
        to = talk(Sandbox(members=1, objects={"order__c": 1, "AccountObj": 1}))
        to.data("query", "LeadsObj")
        answer = to.post(f"{OBJECT}list", to.object)
        names = [each["describeApiName"] for each in answer["data"]["objects"]]
        assert names == [PERSON, DEPARTMENT, "AccountObj", "order__c"]
        kinds = [each["defineType"] for each in answer["data"]["objects"]]
        assert kinds == ["package"] * 3 + ["custom"]
        assert to.post(f"{OBJECT}list", to.offline)["errorCode"] == 10010

    @pytest.mark.parametrize("nested", [True, False])
    def test_describe_names_every_field_of_every_row(self, to: Any, *, nested: bool) -> None:
        """Sent in ``data``, or flat as one public client does."""
        to.edit("create", "LeadsObj", name="n", amount=1, own__c="x")
        for api_name in (PERSON, DEPARTMENT, "LeadsObj"):
            to.edit("create", api_name, name="n", colour__c="red")
            sent = {"apiName": api_name}
            body = {**to.object, **({"data": sent, "includeDetail": False} if nested else sent)}
            fields = to.post(f"{OBJECT}describe", body)["data"]["describe"]["fields"]
            for row in to.listed(api_name, includeNull=True):
                assert row.keys() <= fields.keys()
            assert all(
                {"api_name", "type", "is_required"} <= each.keys() for each in fields.values()
            )

    def test_describe_has_types_and_options(self, to: Any) -> None:
        """Of the fields that clients look at."""
        body = {**to.object, "data": {"apiName": PERSON}}
        fields = to.post(f"{OBJECT}describe", body)["data"]["describe"]["fields"]
        types = {name: fields[name]["type"] for name in ("name", "leader", "is_active", "status")}
        assert types == {
            "name": "text", "leader": "employee", "is_active": "true_or_false",
            "status": "select_one",
        }  # fmt: skip
        assert [each["value"] for each in fields["status"]["options"]] == ["0", "1"]
        assert [each["value"] for each in fields["lock_status"]["options"]] == ["0", "1"]
        assert "options" not in fields["name"]
        assert [name for name, each in fields.items() if each["is_required"]] == ["name"]

    def test_tenant_that_shows_no_locks_describes_no_lock_status(self, talk: Any) -> None:
        """``lock_status`` is no field there."""
        to = talk(Sandbox(members=1, shows_lock=False))
        for api_name in (PERSON, DEPARTMENT):
            body = {**to.object, "apiName": api_name}
            answer = to.post(f"{OBJECT}describe", body)
            assert "lock_status" not in answer["data"]["describe"]["fields"]

    @pytest.mark.parametrize("sent", [{}, {"apiName": "Account"}, {"apiName": ["x"]}])
    def test_unknown_object_is_refused_by_name(self, to: Any, sent: dict[str, Any]) -> None:
        """In both forms."""
        for body, where in (({"data": sent}, "data.apiName"), (sent, "apiName")):
            answer = to.post(f"{OBJECT}describe", {**to.object, **body})
            assert answer["errorCode"] == 32000
            assert answer["errorMessage"].startswith(f"parameter {where} is not valid")
