"""What holds whatever is called: the tree stays a tree, and both APIs show one state."""

from __future__ import annotations

import time as real_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shim.sandbox import PROFILES, Sandbox

COMPANY = 999999
NUMBERS = st.integers(999, 1009)
STATUSES = {"0": 1, "1": 2, "2": 3}


def chain(tree: dict[int, dict[str, Any]], number: int) -> list[int]:
    """Return the ancestors of a department from the company down, by plain steps upward."""
    above: list[int] = []
    while number != COMPANY:
        number = int(tree[number]["parent_id"][0])
        assert number not in above
        above.insert(0, number)
    return above


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 9),
    moves=st.lists(st.tuples(st.booleans(), NUMBERS, NUMBERS | st.just(COMPANY)), max_size=25),
)
def test_any_moves_keep_a_tree(talk: Any, count: int, moves: list[tuple[bool, int, int]]) -> None:
    """Through either API: every department has a way up to the company, as its details say."""
    sandbox = Sandbox(members=1, departments=count)
    to = talk(sandbox)
    for old, number, parent in moves:
        before = sandbox.departments()
        if old:
            place = 0 if parent == COMPANY else parent
            answer = to.flat("/cgi/department/update", department={"id": number, "parentId": place})
        else:
            sent = {"_id": str(number), "parent_id": [str(parent)]}
            answer = to.edit("update", "DepartmentObj", **sent)
        after = sandbox.departments()
        known = number in before and (parent in before or parent == COMPANY)
        fine = known and number not in [*chain({**before, COMPANY: {}}, parent), parent]
        assert (answer["errorCode"] == 0) is fine
        assert (after == before) or fine
        for each in after:
            detail = to.flat("/cgi/department/detail", departmentId=each)["department"]
            assert detail["ancestors"] == chain(after, each)


ONE = st.integers(0, 3)
STEPS = st.one_of(
    st.tuples(st.just("batch"), ONE, st.sampled_from([1, 2])),
    st.tuples(st.just("mobile"), ONE, st.sampled_from(["13900000001", "13900000002"])),
    st.tuples(st.just("attach"), ONE, st.lists(st.integers(1000, 1003), max_size=3)),
    st.tuples(st.just("person"), ONE, st.sampled_from(["0", "1"])),
    st.tuples(st.just("department"), ONE, st.sampled_from(["0", "1", "2"])),
    st.tuples(st.just("rename"), ONE, st.text(min_size=1, max_size=3)),
    st.tuples(st.just("stop"), ONE, st.sampled_from([1, 2])),
)


def do(to: Any, step: tuple[str, int, Any]) -> Any:
    kind, place, value = step
    number, member = 1000 + place, to.sandbox.open_user_ids[place]
    if kind == "batch":
        return to.batch([member], value)
    if kind == "person":
        return to.update(to.record_id(member), status=value)
    if kind == "department":
        return to.edit("update", "DepartmentObj", _id=str(number), status=value)
    path, sent = {
        "mobile": ("/cgi/user/update", {"user": {"openUserId": member, "mobile": value}}),
        "attach": (
            "/cgi/user/update",
            {"user": {"openUserId": member, "attachingDepartmentIds": value}},
        ),
        "rename": ("/cgi/department/update", {"department": {"id": number, "name": value}}),
        "stop": ("/cgi/department/setStatus", {"departmentId": number, "status": value}),
    }[kind]
    return to.flat(path, **sent)


@settings(max_examples=40, deadline=None)
@given(
    profile=st.sampled_from(["fsuid", "employee_id", "read_only"]),
    steps=st.lists(STEPS, max_size=8),
)
def test_both_apis_show_one_state(
    talk: Any, profile: str, steps: list[tuple[str, int, Any]]
) -> None:
    """After any writes through either, each read of one agrees with that of the other."""
    sandbox = Sandbox(members=4, departments=4, profile=profile)
    to = talk(sandbox)
    for step in steps:
        assert do(to, step)["errorCode"] == 0
    people = {row["user_id"]: row for row in to.rows(convertUserId=True, includeNull=True)}
    changed = to.flat("/cgi/user/get/batchByUpdTime", showDepartmentIdsDetail=True)["employees"]
    assert len(changed) == len(people) == 4
    for each in changed:
        row = people[each["openUserId"]]
        assert each["isStop"] is (sandbox.members()[each["openUserId"]] == "1")
        assert each["isStop"] is (row["status"] == "1")
        assert each["mobile"] == row["phone"]
        assert [str(number) for number in each["attachingDepartmentIds"]] == row["vice_departments"]
        alike = to.flat("/cgi/user/getByMobile", mobile=row["phone"])["empList"]
        assert each["openUserId"] in {other["openUserId"] for other in alike}
    rows = {row["_id"]: row for row in to.listed("DepartmentObj")}
    listed = {each["id"]: each for each in to.flat("/cgi/department/list")["departments"]}
    assert {str(number) for number in listed} == {
        key for key, row in rows.items() if row["status"] != "2"
    }
    for key, row in rows.items():
        detail = to.flat("/cgi/department/detail", departmentId=int(key))["department"]
        assert (detail["name"], detail["status"]) == (row["name"], STATUSES[row["status"]])
        assert str(detail["parentDepartmentId"]) == row["parent_id"][0]
        assert detail["updateTime"] == row["last_modified_time"]
        if int(key) in listed:
            assert listed[int(key)]["name"] == row["name"]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=4),
    st.lists(st.integers(), max_size=2),
)
KEYS = st.sampled_from(
    ["data", "user", "department", "openUserId", "openUserIds", "status", "departmentId", "mobile",
     "startTime", "endTime", "pageSize", "pageNumber", "showDepartmentIdsDetail",
     "currentOpenUserId", "convertUserId"]
)  # fmt: skip
INNER = st.dictionaries(
    st.sampled_from(
        ["id", "name", "parentId", "order", "openUserId", "gender", "mainDepartmentId",
         "attachingDepartmentIds", "dataObjectApiName", "_id", "objectDataId", "object_data_id",
         "idList", "Data", "object_data", "search_query_info"]
    ),
    VALUES | st.just("AccountObj") | st.just("DepartmentObj"),
)  # fmt: skip
PATHS = [
    *(f"/cgi/user/{each}" for each in ("batchSetStatus", "setStatus", "update", "get")),
    *(f"/cgi/user/{each}" for each in ("getByMobile", "get/batchByUpdTime")),
    *(f"/cgi/department/{each}" for each in ("list", "detail", "update", "setStatus")),
    *(
        f"/cgi/crm/v2/data/{each}"
        for each in (
            "update",
            "query",
            "get",
            "create",
            "invalid",
            "recover",
            "delete",
            "changeOwner",
        )
    ),
]


@settings(max_examples=150, deadline=None)
@given(
    path=st.sampled_from(PATHS),
    body=st.dictionaries(KEYS, VALUES | INNER),
    profile=st.sampled_from([*PROFILES]),
)
def test_any_body_is_answered(talk: Any, path: str, body: dict[str, Any], profile: str) -> None:
    """Whatever is sent, with or without faults that look into it: an envelope, never a crash."""
    sandbox = Sandbox(members=2, departments=2, objects={"AccountObj": 1}, profile=profile)
    sandbox.add_faults({"kind": "no_op", "only": ["1001"]}, {"kind": "hide_rows", "only": ["1001"]})
    to = talk(sandbox)
    answer = to.post(path, {**to.object, **body})
    assert isinstance(answer["errorCode"], int)


@pytest.fixture(scope="module")
def many(talk: Any) -> Any:
    return talk(Sandbox(members=12_345))


class TestMany:
    def test_a_sweep_by_id(self, many: Any) -> None:
        """Keyset pages over a range of time give each employee once, and are quick."""
        start, seen = real_time.process_time(), [""]
        times = [
            ("last_modified_time", "GTE", ["0"]),
            ("last_modified_time", "LTE", ["9999999999999"]),
        ]
        while True:
            after = ("_id", "GT", seen[-1:])
            page = many.rows(*times, after, orders=[{"fieldName": "_id"}], fieldProjection=["_id"])
            if not page:
                break
            seen += [row["_id"] for row in page]
        assert seen == sorted(set(seen))
        assert len(seen[1:]) == 12_345
        assert real_time.process_time() - start < 5  # A fifth of a second; slow machines exist.

    def test_the_old_pages(self, many: Any) -> None:
        """Thirteen pages of a thousand, each employee once."""
        seen: list[str] = []
        for number in range(1, 14):
            sent = {"pageSize": 1000, "pageNumber": number}
            answer = many.flat("/cgi/user/get/batchByUpdTime", **sent)
            seen += [each["openUserId"] for each in answer["employees"]]
        assert (answer["pageCount"], answer["totalCount"]) == (13, 12_345)
        assert len(seen) == len({*seen}) == 12_345
