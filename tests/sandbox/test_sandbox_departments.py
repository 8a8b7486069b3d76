"""Departments: the seeded tree, ``DepartmentObj`` and the profiles."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shim.sandbox import PROFILES, Sandbox

DEPARTMENT = "DepartmentObj"
FIRST = 1000


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(members=6, seed=3)


@pytest.fixture
def to(sandbox: Sandbox, talk: Any) -> Any:
    return talk(sandbox)


def depth(tree: dict[int, dict[str, Any]], number: int) -> int:
    (parent,) = tree[number]["parent_id"]
    return 1 if parent == "999999" else 1 + depth(tree, int(parent))


class TestTree:
    @pytest.mark.parametrize("count", [1, 2, 3, 4, 8, 40])
    @pytest.mark.parametrize("seed", range(5))
    def test_departments_are_a_tree_of_at_least_three_levels(self, count: int, seed: int) -> None:
        """Every parent is there, no two names are alike, four departments are three deep."""
        tree = Sandbox(members=4, departments=count, seed=seed).departments()
        assert list(tree) == [*range(FIRST, FIRST + count)]
        deepest = max(depth(tree, number) for number in tree)
        assert deepest >= min(count, 3)
        assert len({each["name"] for each in tree.values()}) == count
        assert all(re.match("[\u4e00-\u9fff]+", each["name"]) for each in tree.values())
        assert {each["status"] for each in tree.values()} == {"0"}

    def test_managers_are_members(self, sandbox: Sandbox) -> None:
        """Some departments have one; a tenant without members has none."""
        heads = [each["manager_id"] for each in sandbox.departments().values()]
        assert [] in heads
        assert all(each in sandbox.open_user_ids for head in heads for each in head)
        empty = Sandbox(members=0).departments()
        assert all(each["manager_id"] == [] for each in empty.values())

    @pytest.mark.parametrize("count", [1, 2, 3, 8, 20])
    def test_people_are_in_departments_that_exist(self, count: int, talk: Any) -> None:
        """Main and vice departments, which differ; some people have a leader, never themselves."""
        sandbox = Sandbox(members=60, departments=count)
        known = {str(each) for each in sandbox.departments()}
        rows = talk(sandbox).rows(includeNull=True)
        assert all(set(row["main_department"]) <= known for row in rows)
        assert all(
            set(row["vice_departments"]) <= known - {*row["main_department"]} for row in rows
        )
        assert any(row["vice_departments"] for row in rows) is (count > 1)
        leaders = {row["user_id"]: row["leader"] for row in rows}
        assert [] in leaders.values()
        assert any(leaders.values())
        assert all(each not in leaders[each] for each in leaders)

    @pytest.mark.parametrize(
        "options",
        [
            {"departments": 0},
            {"hidden_departments": [999]},
            {"hidden_departments": 9},
            {"locked_departments": 1.5},
        ],
    )
    def test_argument_out_of_range_is_a_value_error_that_names_it(
        self, options: dict[str, Any]
    ) -> None:
        """What is out of range is a ValueError that names the argument."""
        with pytest.raises(ValueError, match=next(iter(options))):
            Sandbox(**options)

    def test_repr_shows_the_id_only(self, sandbox: Sandbox) -> None:
        """A department's repr has its id only."""
        table = sandbox._tenant.departments  # noqa: SLF001  Its repr is what is tested.
        assert (
            repr([table, table.first[0]]) == "[<DepartmentTable records=8>, <DepartmentRow 1000>]"
        )


class TestObject:
    def test_rows_have_tree_managers_and_stamps_but_no_order(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """``_id`` is the id; the tree, the managers and the stamps are there, ``order`` is not."""
        rows = to.listed(DEPARTMENT, includeNull=True)
        assert {int(row["_id"]) for row in rows} == {*sandbox.departments()}
        assert [row["_id"] for row in rows] != sorted(row["_id"] for row in rows)
        for row in rows:
            true = sandbox.departments()[int(row["_id"])]
            assert {**row, "order": true["order"]} == {**row, **true}
            assert row.keys() == {
                "_id", "name", "parent_id", "status", "manager_id", "lock_status", "create_time",
                "last_modified_time", "version",
            }  # fmt: skip

    def test_search_is_that_of_employees(self, to: Any) -> None:
        """Filters, projection, orders and keyset pages, as for employees."""
        (row,) = to.listed(DEPARTMENT, ("_id", "IN", ["1003", "77"]), fieldProjection=["_id"])
        assert row == {"_id": "1003"}
        assert [row["_id"] for row in to.listed(DEPARTMENT, ("parent_id", "EQ", ["1000"]))]
        seen: list[str] = []
        while True:
            after = [("_id", "GT", seen[-1:])] if seen else []
            by_id = [{"fieldName": "_id"}]
            page = to.listed(DEPARTMENT, *after, limit=3, orders=by_id)
            if not page:
                break
            seen += [each["_id"] for each in page]
        assert seen == [str(number) for number in range(1000, 1008)]
        info = {"filters": [{"field_name": "order", "operator": "EQ", "field_values": ["1"]}]}
        assert to.data("query", DEPARTMENT, search_query_info=info)["errorCode"] == 32000
        assert to.data("get", DEPARTMENT, objectDataId="1003")["data"]["_id"] == "1003"
        assert to.data("get", DEPARTMENT, objectDataId="999999")["data"] == {}

    def test_update_writes_the_sent_fields_and_keeps_the_rest(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """Name, parent, status, manager and custom fields; the rest stays."""
        someone = sandbox.open_user_ids[0]
        before = to.data("get", DEPARTMENT, objectDataId="1003")["data"]
        change = {
            "name": "新部门",
            "parent_id": ["1000"],
            "status": "2",
            "manager_id": [someone],
            "colour__c": "red",
        }
        assert to.edit("update", DEPARTMENT, _id="1003", **change)["dataId"] == "1003"
        after = to.data("get", DEPARTMENT, objectDataId="1003")["data"]
        assert after == {**before, **change, "version": "2"} | {
            "last_modified_time": after["last_modified_time"]
        }
        assert after["last_modified_time"] > before["last_modified_time"]
        (update,) = sandbox.updates
        assert (update.api_name, update.record_id, update.fields) == (DEPARTMENT, "1003", change)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"status": 1}, 15002),
            ({"status": "3"}, 15002),
            ({"name": ""}, 32000),
            ({"name": 5}, 32000),
            ({"parent_id": "1001"}, 32000),
            ({"parent_id": []}, 32000),
            ({"parent_id": ["1001", "1003"]}, 32000),
            ({"parent_id": [1001]}, 32000),
            ({"parent_id": ["77"]}, 32000),
            ({"parent_id": None}, 32000),
            ({"parent_id": ["1000"]}, 32000),
            ({"parent_id": ["1001"]}, 32000),
            ({"parent_id": ["1002"]}, 32000),
            ({"manager_id": "FSUID_0"}, 32000),
            ({"manager_id": [1]}, 32000),
            ({"manager_id": ["FSUID_0"]}, 20012),
            ({"order": 1}, 32000),
            ({"owner": ["FSUID_0"]}, 32000),
            ({"version": "9"}, 32000),
            ({"_id": "77"}, 30007),
            ({"_id": None}, 30007),
        ],
    )
    def test_update_refuses_wrong_forms_unknown_ids_and_a_place_below_itself(
        self, sandbox: Sandbox, to: Any, change: dict[str, Any], code: int
    ) -> None:
        """Wrong forms, unknown ids, and a place below itself: 1000 > 1001 > 1002."""
        before = sandbox.departments()
        assert to.edit("update", DEPARTMENT, **{"_id": "1000", **change})["errorCode"] == code
        assert sandbox.departments() == before

    def test_department_may_become_topmost(self, sandbox: Sandbox, to: Any) -> None:
        """999999 is the whole company, which has no row."""
        assert to.edit("update", DEPARTMENT, _id="1002", parent_id=["999999"])["errorCode"] == 0
        assert sandbox.departments()[1002]["parent_id"] == ["999999"]

    @pytest.mark.parametrize("api_name", [DEPARTMENT, "PersonnelObj"])
    def test_departments_are_not_invalidated_deleted_or_given_away(
        self, sandbox: Sandbox, to: Any, api_name: str
    ) -> None:
        """The organisation's records are not invalidated, deleted or given away."""
        for verb in ("invalid", "recover", "delete", "changeOwner"):
            assert to.data(verb, api_name)["errorCode"] == 32000
        assert len(sandbox.records(api_name)) == {DEPARTMENT: 8}.get(api_name, 6)

    @pytest.mark.parametrize("profile", PROFILES)
    def test_every_profile_but_strict_serves_departments_at_the_custom_address(
        self, profile: str, talk: Any
    ) -> None:
        """The custom address serves departments, too, unless the tenant is strict."""
        to = talk(Sandbox(profile=profile))
        answer = to.data("query", DEPARTMENT, "/cgi/crm/custom/v2/data/")
        assert answer["errorCode"] == (32000 if profile == "strict" else 0)


class TestProfiles:
    @pytest.mark.parametrize("profile", PROFILES)
    def test_profile_hidden_hides_a_fifth_and_strict_locks_a_tenth(self, profile: str) -> None:
        """One in five, one in ten, at least one; nowhere else."""
        sandbox = Sandbox(profile=profile, departments=20)
        assert len(sandbox.hidden_departments) == (4 if profile == "hidden" else 0)
        assert len(sandbox.locked_departments) == (2 if profile == "strict" else 0)
        small = Sandbox(profile=profile, departments=1)
        assert small.hidden_departments == ({1000} if profile == "hidden" else frozenset())

    def test_departments_are_hidden_and_locked_by_id_in_any_profile(self) -> None:
        """By their ids, in any profile, also after a reset."""
        sandbox = Sandbox(hidden_departments=iter([1001]), locked_departments=["1002"])
        sandbox.reset()
        assert (sandbox.hidden_departments, sandbox.locked_departments) == ({1001}, {1002})
        assert (sandbox.hidden, sandbox.locked) == (frozenset(), frozenset())

    def test_hidden_department_has_no_row_and_refuses_updates(self, talk: Any) -> None:
        """No row, empty data, and 20023 for an update."""
        sandbox = Sandbox(hidden_departments=[1003])
        to = talk(sandbox)
        assert {int(row["_id"]) for row in to.listed(DEPARTMENT)} == {*range(1000, 1008)} - {1003}
        assert to.data("get", DEPARTMENT, objectDataId="1003")["data"] == {}
        assert to.edit("update", DEPARTMENT, _id="1003", name="x")["errorCode"] == 20023

    def test_read_only_tenant_keeps_no_update_of_a_department(self, talk: Any) -> None:
        """An update answers 0 and changes nothing."""
        sandbox = Sandbox(profile="read_only")
        before, to = sandbox.records(DEPARTMENT), talk(sandbox)
        assert to.edit("update", DEPARTMENT, _id="1003", name="x")["dataId"] == "1003"
        assert sandbox.records(DEPARTMENT) == before
        assert [each.applied for each in sandbox.updates] == [False]

    def test_strict_tenant_reports_locked_and_unknown_departments(self, talk: Any) -> None:
        """Locked ones say so, unknown ones are 30007."""
        sandbox = Sandbox(profile="strict")
        to = talk(sandbox)
        (locked,) = sandbox.locked_departments
        answer = to.edit("update", DEPARTMENT, _id=str(locked), name="x")
        assert answer["errorCode"] == 50009
        row = to.data("get", DEPARTMENT, objectDataId=str(locked))["data"]
        assert row["lock_status"] == "1"
        assert to.data("get", DEPARTMENT, objectDataId="77")["errorCode"] == 30007

    def test_lagging_query_shows_a_written_department_later(self, talk: Any, time: Any) -> None:
        """Query sees a write later, get at once."""
        to = talk(Sandbox(profile="lagging", lag_seconds=3, clock=time))
        to.edit("update", DEPARTMENT, _id="1003", status="1")
        assert to.data("get", DEPARTMENT, objectDataId="1003")["data"]["status"] == "1"
        assert to.listed(DEPARTMENT, ("status", "EQ", ["1"])) == []
        time.pass_(3)
        assert len(to.listed(DEPARTMENT, ("status", "EQ", ["1"]))) == 1

    def test_profile_employee_id_changes_nothing_for_departments(self, talk: Any) -> None:
        """Nothing special."""
        to = talk(Sandbox(profile="employee_id"))
        assert to.data("get", DEPARTMENT, objectDataId="1003")["data"]["_id"] == "1003"


class TestFaults:
    def test_no_op_and_hide_rows_hit_the_named_departments_only(
        self, sandbox: Sandbox, to: Any
    ) -> None:
        """For the departments named, and for no others."""
        before = sandbox.departments()
        sandbox.add_faults(
            {"kind": "no_op", "only": ["1003"]}, {"kind": "hide_rows", "only": ["1004"]}
        )
        for each in ("1003", "1005"):
            assert to.edit("update", DEPARTMENT, _id=each, status="1")["dataId"] == each
            assert to.flat("/cgi/department/setStatus", departmentId=int(each), status=1)
            to.flat("/cgi/department/update", department={"id": int(each), "name": "新"})
        after = sandbox.departments()
        assert after[1003] == before[1003]
        assert after[1005] == {**before[1005], "status": "1", "name": "新"}
        assert {row["_id"] for row in to.listed(DEPARTMENT)} == {
            str(each) for each in sandbox.departments() if each != 1004
        }

    @pytest.mark.parametrize(("number", "code"), [(1003, 7), (1004, 0)])
    def test_error_for_one_department_hits_the_calls_about_it(
        self, sandbox: Sandbox, to: Any, number: int, code: int
    ) -> None:
        """The offline calls about it, or that would list it, meet it."""
        sandbox.add_faults({"kind": "error", "code": 7, "only": ["1003"]})
        old = "/cgi/department/"
        assert to.flat(f"{old}detail", departmentId=number)["errorCode"] == code
        assert to.flat(f"{old}update", department={"id": number})["errorCode"] == code
        assert to.flat(f"{old}setStatus", departmentId=number, status=1)["errorCode"] == code
        assert to.flat(f"{old}list")["errorCode"] == 7
        assert to.flat(f"{old}detail", departmentId=[])["errorCode"] == 11009
