"""What holds whatever is called: the tree stays a tree, and both APIs show one state."""

from __future__ import annotations

import json
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
def test_any_moves_keep_the_departments_a_tree(
    talk: Any, count: int, moves: list[tuple[bool, int, int]]
) -> None:
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


KEYS = st.sampled_from(
    [
        "data", "user", "department", "openUserId", "openUserIds", "status", "departmentId",
        "mobile", "startTime", "endTime", "pageSize", "pageNumber", "showDepartmentIdsDetail",
        "fetchChild", "currentOpenUserId", "convertUserId", "includeNull", "triggerWorkFlow",
        "hasSpecifyTime", "apiName", "appId", "grantType", "corpId",
    ]
)  # fmt: skip
INNER_KEYS = st.sampled_from(
    [
        "id", "name", "parentId", "order", "openUserId", "gender", "mainDepartmentId",
        "attachingDepartmentIds", "leaderId", "dataObjectApiName", "_id", "objectDataId", "ownerId",
        "object_data_id", "idList", "Data", "object_data", "search_query_info", "apiName", "status",
        "owner", "life_status", "create_time", "parent_id", "manager_id", "leader", "phone",
        "main_department", "limit", "offset", "filters", "orders", "fieldProjection", "field_name",
        "operator", "field_values", "fieldName", "isAsc",
    ]
)  # fmt: skip
#: Names that are there, so that a call gets further than its first check.
THERE = st.sampled_from(
    [
        "PersonnelObj", "DepartmentObj", "AccountObj", "thing__c", "1000", "1001", "999999",
        "_id", "user_id", "name", "status", "leader", "create_time", "owner", "EQ", "GT", "IN",
        "BETWEEN", "CONTAINS", "IS", "0", "1", "app_secret", "true",
    ]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(999, 1003),
    st.floats(),
    st.text(max_size=4),
    THERE,
)
INNER = st.recursive(
    SCALARS,
    lambda inside: st.one_of(
        st.lists(inside, max_size=3), st.dictionaries(INNER_KEYS | THERE, inside, max_size=4)
    ),
    max_leaves=8,
)
#: Bodies that are mostly right, so that what they hold is looked at.
OBJECT_DATA = st.dictionaries(INNER_KEYS, INNER, max_size=4).flatmap(
    lambda sent: st.sampled_from(
        [
            {**sent, "dataObjectApiName": name, **known}
            for name in ("PersonnelObj", "DepartmentObj", "AccountObj")
            for known in ({}, {"_id": "1001"}, {"name": "n"})
        ]
    )
)
DATA = st.one_of(
    INNER,
    OBJECT_DATA.map(lambda sent: {"object_data": sent}),
    st.builds(
        lambda name, search: {"dataObjectApiName": name, "search_query_info": search},
        st.sampled_from(["PersonnelObj", "DepartmentObj", "AccountObj"]),
        st.fixed_dictionaries(
            {},
            optional={
                "limit": SCALARS,
                "offset": SCALARS,
                "fieldProjection": INNER,
                "filters": st.lists(
                    st.fixed_dictionaries(
                        {"field_name": THERE, "operator": THERE}, optional={"field_values": INNER}
                    ),
                    max_size=2,
                ),
                "orders": st.lists(
                    st.fixed_dictionaries({"fieldName": THERE}, optional={"isAsc": SCALARS}),
                    max_size=2,
                ),
            },
        ),
    ),
)
HEADERS = st.dictionaries(
    st.sampled_from(["authorization", "Authorization", "x-fs-ea", "X-FS-UserId", "cookie"]),
    st.text(max_size=4) | st.sampled_from(["Bearer x", "Bearer ", "1000", "FSUID_0"]),
)
PATHS = [
    *(f"/cgi/user/{each}" for each in ("batchSetStatus", "setStatus", "update", "get")),
    *(f"/cgi/user/{each}" for each in ("getByMobile", "get/batchByUpdTime", "list", "simpleList")),
    *(f"/cgi/department/{each}" for each in ("list", "detail", "update", "setStatus")),
    *(
        f"/cgi/crm{kind}/v2/data/{each}"
        for kind in ("", "/custom")
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
    *(f"/cgi/crm/erp/data{each}" for each in ("", "/list", "/get", "/invalid", "/recover")),
    "/cgi/crm/erp/data/changeOwner",
    "/cgi/crm/v2/object/list",
    "/cgi/crm/v2/object/describe",
    "/cgi/corpAccessToken/get/V2",
    "/oauth2.0/token",
    "/cgi/no/such",
]
METHODS = st.sampled_from(["POST"] * 6 + ["PUT", "DELETE", "GET"])


def refuse_constant(text: str) -> None:
    pytest.fail(f"{text} is not JSON")


@settings(max_examples=150, deadline=None)
@given(
    path=st.sampled_from(PATHS),
    method=METHODS,
    body=st.dictionaries(KEYS, INNER, max_size=4),
    data=st.none() | DATA,
    style=st.sampled_from(["body", "headers", "none"]),
    headers=st.just({}) | HEADERS,
    profile=st.sampled_from([*PROFILES]),
)
def test_any_body_is_answered(  # noqa: PLR0913, PLR0917  The parts of a request.
    path: str,
    method: str,
    body: dict[str, Any],
    data: Any,
    style: str,
    headers: dict[str, str],
    profile: str,
) -> None:
    """Whatever is sent, with or without faults that look into it: an envelope, never a crash."""
    sandbox = Sandbox(members=2, departments=2, objects={"AccountObj": 1}, profile=profile)
    (account,) = sandbox.records("AccountObj")
    sandbox.add_faults(
        {"kind": "no_op", "only": ["1001"]},
        {"kind": "hide_rows", "only": ["1001"]},
        {"kind": "other_record", "only": [account]},
    )
    sent = {**body} if data is None else {**body, "data": data}
    if style == "body":
        by = {"currentOpenUserId": sandbox.current_open_user_id}
        token = {"corpAccessToken": sandbox.corp_access_token, "corpId": sandbox.corp_id}
        sent = {**token, **by, **sent}
    if style == "headers":
        bearer = f"Bearer {sandbox.corp_access_token}"
        credentials = {"authorization": bearer, "x-fs-ea": sandbox.ea, "x-fs-userid": "1000"}
        headers = {**credentials, **headers}
    content = json.dumps(sent).encode()
    reply = sandbox.handle(method, path, "", content, headers=headers)
    answer = json.loads(reply.body, parse_constant=refuse_constant)
    assert reply.status == 200
    assert {"traceId", "errorCode", "errorMessage", "errorDescription"} <= answer.keys()
    assert type(answer["errorCode"]) is int
    # What it has kept can be read back through both APIs.
    to_read = [
        ("/cgi/user/get/batchByUpdTime", {}),
        ("/cgi/department/list", {}),
        *(
            ("/cgi/crm/v2/data/query", {"data": {"dataObjectApiName": name}, "includeNull": True})
            for name in ("PersonnelObj", "DepartmentObj", "AccountObj")
        ),
    ]
    for address, asked in to_read:
        known = {
            "corpAccessToken": sandbox.corp_access_token,
            "corpId": sandbox.corp_id,
            "currentOpenUserId": sandbox.current_open_user_id,
        }
        content = json.dumps({**known, **asked}).encode()
        read = json.loads(sandbox.handle("POST", address, "", content).body)
        assert read["errorCode"] == 0


@settings(max_examples=100, deadline=None)
@given(
    path=st.sampled_from([*PATHS, "/_sandbox/faults", "/_sandbox/reset"]),
    body=st.binary(max_size=20) | INNER.map(lambda sent: json.dumps(sent).encode()),
)
def test_any_bytes_are_answered(path: str, body: bytes) -> None:
    """JSON that is no object, and what is no JSON."""
    reply = Sandbox(members=1).handle("POST", path, "", body)
    assert isinstance(json.loads(reply.body), dict)
    assert reply.status in ({200, 400} if path.startswith("/_sandbox") else {200})


@pytest.mark.parametrize("depth", [98, 99, 100, 101, 300, 900, 5000, 100_000])
@pytest.mark.parametrize("kind", ["[]", '{"a":'])
def test_body_of_more_than_100_levels_is_refused(talk: Any, depth: int, kind: str) -> None:
    """Up to 100 levels are kept and come back; deeper ones are refused."""
    to = talk(Sandbox(members=1))
    start, end = (kind[0], kind[-1]) if kind == "[]" else (kind, "}")
    nested = start * depth + ("" if kind == "[]" else "1") + end * depth
    place = {"dataObjectApiName": "AccountObj", "name": "NESTED"}
    body = json.dumps({**to.object, "data": {"object_data": place}}).replace('"NESTED"', nested)
    answer = to.client.post("/cgi/crm/v2/data/create", content=body).json()
    assert answer["errorCode"] == (0 if depth <= 97 else 10006)
    assert to.data("query", "AccountObj", search_query_info={})["errorCode"] == 0


def test_wide_body_is_not_a_deep_one(talk: Any) -> None:
    """However many objects and arrays stand beside each other."""
    to = talk(Sandbox(members=1))
    made = to.edit("create", "AccountObj", name="n", wide=[[{}] for _ in range(500)])
    assert made["errorCode"] == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_number_that_json_does_not_have_is_refused(talk: Any, number: str) -> None:
    """An answer could not hold it."""
    to = talk(Sandbox(members=1))
    body = json.dumps({**to.object, "x": "N"}).replace('"N"', number)
    assert to.client.post("/cgi/user/get", content=body).json()["errorCode"] == 10006


@pytest.fixture(scope="module")
def many(talk: Any) -> Any:
    return talk(Sandbox(members=12_345))


class TestMany:
    def test_sweep_by_id_gives_each_employee_once(self, many: Any) -> None:
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

    def test_offline_pages_give_each_employee_once(self, many: Any) -> None:
        """Thirteen pages of a thousand, each employee once."""
        seen: list[str] = []
        for number in range(1, 14):
            sent = {"pageSize": 1000, "pageNumber": number}
            answer = many.flat("/cgi/user/get/batchByUpdTime", **sent)
            seen += [each["openUserId"] for each in answer["employees"]]
        assert (answer["pageCount"], answer["totalCount"]) == (13, 12_345)
        assert len(seen) == len({*seen}) == 12_345
