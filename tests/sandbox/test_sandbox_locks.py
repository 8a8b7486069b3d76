"""Locked records: what an update answers, what shows the lock, and what does not meet it."""

from __future__ import annotations

from typing import Any

import pytest

from shim.sandbox import PROFILES, Sandbox

DEPARTMENT = "DepartmentObj"


@pytest.fixture(params=PROFILES)
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Give a tenant of each kind with one member and one department locked."""
    return Sandbox(
        members=3, profile=request.param, locked=1, locked_departments=[1001], hidden=0,
        hidden_departments=0, seed=5,
    )  # fmt: skip


@pytest.fixture
def to(sandbox: Sandbox, talk: Any) -> Any:
    return talk(sandbox)


def rows(to: Any) -> dict[str, Any]:
    return {row["user_id"]: row for row in to.rows(convertUserId=True)}


def test_update_of_a_locked_record_answers_50009_and_writes_nothing(
    sandbox: Sandbox, to: Any
) -> None:
    """In every profile, for members and departments."""
    (locked,) = sandbox.locked
    record_id = rows(to)[locked]["_id"]
    before = sandbox.person(locked), sandbox.departments()
    for _ in range(2):
        assert to.update(record_id, status="1")["errorCode"] == 50009
        assert to.edit("update", DEPARTMENT, _id="1001", status="1")["errorCode"] == 50009
    assert (sandbox.person(locked), sandbox.departments()) == before
    assert sandbox.updates == []


def test_lock_status_shows_in_rows_and_get(sandbox: Sandbox, to: Any) -> None:
    """ "1" for a locked record, "0" for another; a query can ask for either."""
    found = rows(to)
    for one, row in found.items():
        status = "1" if one in sandbox.locked else "0"
        assert row["lock_status"] == status
        assert to.get(row["_id"], convertUserId=True)["data"]["lock_status"] == status
    (row,) = to.rows(("lock_status", "EQ", ["1"]), convertUserId=True)
    assert {row["user_id"]} == sandbox.locked
    listed = {row["_id"]: row["lock_status"] for row in to.listed(DEPARTMENT)}
    assert {key for key, status in listed.items() if status == "1"} == {"1001"}


def test_offline_calls_write_locked_records(sandbox: Sandbox, to: Any) -> None:
    """It sets and changes locked members and departments."""
    (locked,) = sandbox.locked
    user = {"openUserId": locked, "position": "moved"}
    assert to.batch([locked], 1)["errorCode"] == 0
    assert to.flat("/cgi/user/update", user=user)["errorCode"] == 0
    assert to.flat("/cgi/department/setStatus", departmentId=1001, status=1)["errorCode"] == 0
    person = sandbox.person(locked)
    assert (person["status"], person["position"]) == ("1", "moved")
    assert sandbox.departments()[1001]["status"] == "1"


def test_tenant_without_shows_lock_shows_no_lock_status(talk: Any) -> None:
    """Then only 50009 tells."""
    sandbox = Sandbox(members=2, locked=1, locked_departments=[1001], shows_lock=False)
    to = talk(sandbox)
    found = rows(to)
    for row in [*found.values(), *to.listed(DEPARTMENT, includeNull=True)]:
        assert "lock_status" not in row
        api_name = DEPARTMENT if len(row["_id"]) == 4 else "PersonnelObj"
        assert "lock_status" not in to.data("get", api_name, objectDataId=row["_id"])["data"]
    (locked,) = sandbox.locked
    assert to.update(found[locked]["_id"], status="1")["errorCode"] == 50009
    assert to.edit("update", DEPARTMENT, _id="1001", status="1")["errorCode"] == 50009
