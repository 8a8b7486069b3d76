"""A lenient tenant: any credentials, and members that come into being when they are named."""

from __future__ import annotations

from typing import Any

import pytest

from shim.sandbox import PROFILES, Fault, Sandbox, _tenant

WHO = {"corpAccessToken": "T-of-a-real-tenant", "corpId": "FSCID_REAL"}
ACTING = {**WHO, "currentOpenUserId": "FSUID_BOSS"}


@pytest.fixture(params=PROFILES)
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return Sandbox(
        members=2, profile=request.param, seed=5, lenient=True, hidden=0, locked=0, lag_seconds=0
    )


def test_offline_calls_take_any_credentials_and_any_member(sandbox: Sandbox, talk: Any) -> None:
    """A batch of unknown ids is written, and read back by the other API."""
    to = talk(sandbox)
    ids = ["FSUID_ONE", "FSUID_TWO"]
    answer = to.post("/cgi/user/batchSetStatus", {**WHO, "openUserIds": ids, "status": 1})
    assert answer["errorCode"] == 0
    assert [sandbox.members()[each] for each in ids] == ["1", "1"]
    seen = to.post("/cgi/user/get", {**WHO, "openUserId": "FSUID_THREE"})
    assert (seen["errorCode"], seen["isStop"], seen["openUserId"]) == (0, False, "FSUID_THREE")
    filters = [{"field_name": "user_id", "operator": "IN", "field_values": [*ids, "FSUID_FOUR"]}]
    data = {"dataObjectApiName": "PersonnelObj", "search_query_info": {"filters": filters}}
    found = to.post("/cgi/crm/v2/data/query", {**ACTING, "convertUserId": True, "data": data})
    rows = {row["user_id"]: row["status"] for row in found["data"]["dataList"]}
    assert rows == {"FSUID_ONE": "1", "FSUID_TWO": "1", "FSUID_FOUR": "0"}


def test_the_acting_employee_becomes_no_member(sandbox: Sandbox, talk: Any) -> None:
    """Neither one of a real tenant, nor the sandbox's own administrator."""
    to = talk(sandbox)
    for acting in ("FSUID_BOSS", sandbox.current_open_user_id):
        body = {**WHO, "currentOpenUserId": acting, "openUserId": "FSUID_ONE", "status": 2}
        assert to.post("/cgi/user/setStatus", body)["errorCode"] == 0
        to.post("/cgi/user/get", {**WHO, "openUserId": sandbox.current_open_user_id})
    assert len(sandbox.members()) == 3


def test_the_token_interface_takes_any_app(sandbox: Sandbox, talk: Any) -> None:
    """The app of a real tenant, too."""
    answer = talk(sandbox).token(appId="FSAID_REAL", appSecret="s", permanentCode="p")
    assert (answer["errorCode"], answer["corpId"]) == (0, sandbox.corp_id)


def test_values_that_are_no_ids_are_refused_as_ever(sandbox: Sandbox, talk: Any) -> None:
    """A number, an object, an empty text: no member is made of them."""
    to = talk(sandbox)
    for value, code in ((7, 11008), ({"a": [1]}, 11008), ("", 10010), (None, 10010)):
        assert to.post("/cgi/user/get", {**WHO, "openUserId": value})["errorCode"] == code
    assert len(sandbox.members()) == 2


def test_number_of_members_has_a_bound(
    sandbox: Sandbox, talk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond it an unknown member is unknown."""
    monkeypatch.setattr(_tenant, "MEMBERS_AT_MOST", 3)
    to = talk(sandbox)
    codes = [
        to.post("/cgi/user/get", {**WHO, "openUserId": f"FSUID_{each}"})["errorCode"]
        for each in ("A", "B", "A")
    ]
    assert codes == [0, 20012, 0]


def test_expired_token_of_its_own_is_refused(talk: Any) -> None:
    """So that faults do what they say."""
    sandbox = Sandbox(members=1, lenient=True)
    sandbox.add_faults(Fault(kind="expire_token", times=1))
    assert talk(sandbox).post("/cgi/department/list", talk(sandbox).offline)["errorCode"] == 20016


def test_tenant_that_is_not_lenient_makes_no_member(talk: Any) -> None:
    """Nor does it take a corpId of another tenant."""
    to = talk(Sandbox(members=1))
    assert to.post("/cgi/user/get", {**to.offline, "openUserId": "FSUID_X"})["errorCode"] == 20012
    assert to.post("/cgi/department/list", {**to.offline, "corpId": "F"})["errorCode"] == 11015


def test_who_a_member_is_does_not_depend_on_the_order(talk: Any) -> None:
    """Calls that run at the same time name members in any order. One number may be two ids'."""
    twins = ["plumless", "buckeroo"]  # The same CRC-32.
    seen = []
    for ids in (["FSUID_A", "FSUID_B"], ["FSUID_B", "FSUID_A"]):
        sandbox = Sandbox(members=1, lenient=True)
        to = talk(sandbox)
        for each in (*ids, *twins):
            to.post("/cgi/user/get", {**WHO, "openUserId": each})
        seen.append([{**sandbox.person(each), "_id": ""} for each in sorted(ids)])
        assert len({sandbox.person(each)["employee_number"] for each in (*ids, *twins)}) == 4
    assert seen[0] == seen[1]
