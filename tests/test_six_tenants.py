"""The ten translated calls on each of the six tenants: right for every member and department."""

import httpx
import pytest

import shim
from shim.offline import ENDPOINTS
from shim.sandbox import Sandbox

PROFILES = ["fsuid", "employee_id", "hidden", "read_only", "strict", "lagging"]
DISABLE = 1
MEMBERS, DEPARTMENTS = 12, 10


@pytest.fixture(params=PROFILES)
def made(request):
    """Return a tenant of each kind, and the shim configured for it."""
    tenant = Sandbox(
        MEMBERS,
        profile=request.param,
        seed=11,
        departments=DEPARTMENTS,
        lag_seconds=0.3,
        token_calls=20 if request.param == "strict" else None,
        quota_seconds=0.3,
    )
    shim.configure(
        base_url=tenant.base_url,
        transport=tenant.transport(),
        current_open_user_id=tenant.current_open_user_id,
        app_id=tenant.app_id,
        app_secret=tenant.app_secret,
        permanent_code=tenant.permanent_code,
        notices="log",
        quota_seconds=0.3,
        read_back_seconds=0.1 if request.param == "read_only" else 3,
    )
    return tenant


def credentials(made):
    return made.corp_access_token, made.corp_id


def old(made, name, **arguments):
    """Return what the old address answers."""
    with httpx.Client(transport=made.transport(), base_url=made.base_url) as client:
        app = {
            "appId": made.app_id,
            "appSecret": made.app_secret,
            "permanentCode": made.permanent_code,
        }
        for _ in range(2):
            token = made.corp_access_token
            body = {"corpAccessToken": token, "corpId": made.corp_id, **arguments}
            answer = client.post(ENDPOINTS[name].paths[0], json=body).json()
            if answer["errorCode"] != 20016:
                break
            client.post("/cgi/corpAccessToken/get/V2", json=app)
    assert answer["errorCode"] == 0, answer
    return answer


def same(name, ours, theirs, prefix=""):
    """Compare an answer by the loss report: exact and converted fields are as they were."""
    fates = ENDPOINTS[name].answer
    for key, value in theirs.items():
        fate = fates.get(f"{prefix}{key}")
        if key not in ours or (fate is not None and fate.kind in {"defaulted", "dropped"}):
            continue
        if key not in {"traceId", "errorMessage", "errorDescription"}:
            assert ours[key] == value, key


def cannot_write(made, *, departments=False):
    """Return whom the sandbox keeps from being written."""
    if made.profile == "read_only":
        return set(made.departments()) if departments else set(made.open_user_ids)
    if departments:
        return set(made.hidden_departments | made.locked_departments)
    return set(made.hidden | made.locked)


def check_written(answer, failing, asked):
    """Every one asked for ends in one outcome, failed exactly where nothing was written."""
    assert [outcome.open_user_id for outcome in answer.outcomes] == [str(one) for one in asked]
    failed = {one.open_user_id for one in answer.outcomes if one.state == "failed"}
    assert failed == {str(one) for one in failing & set(asked)}
    assert (answer["errorCode"] == 0) == (not failed)


@pytest.mark.parametrize("name", ["set_member_status_batch", "set_member_status"])
def test_member_status_is_reported_as_the_tenant_has_it(name, made, call):
    """What is reported is what the state shows."""
    ids = made.open_user_ids
    if name == "set_member_status":
        answer = call(name, *credentials(made), None, DISABLE, openUserIds=ids)
    else:
        answer = call(name, *credentials(made), ids, DISABLE)
    failing = cannot_write(made)
    check_written(answer, failing, ids)
    assert {one for one, status in made.members().items() if status == "0"} == failing


def test_a_member_update_is_reported_as_the_tenant_has_it(made, call):
    """For a member of each fate."""
    failing = cannot_write(made)
    for one in made.open_user_ids[:4] + sorted(failing)[:2]:
        before = made.person(one)["position"]
        user = {"openUserId": one, "position": "moved"}
        answer = call("update_member", *credentials(made), user)
        check_written(answer, failing, [one])
        assert made.person(one)["position"] == (before if one in failing else "moved")


def test_query_employee_info_by_open_user_id(made, call):
    """As the old address tells it; hidden ones fail with the permission named."""
    for one in made.open_user_ids:
        name = "query_employee_info_by_open_user_id"
        answer = call(name, *credentials(made), one, True)
        if one in made.hidden:
            assert answer["errorCode"] == 20012
            assert "read permission on PersonnelObj" in answer["errorMessage"]
        else:
            same(name, answer, old(made, name, openUserId=one, showDepartmentIdsDetail=True))


def test_query_employee_by_mobile(made, call):
    """Hidden ones are not found, and the answer says that this may be why."""
    name = "query_employee_by_mobile"
    for one in made.open_user_ids:
        mobile = made.person(one)["phone"]
        answer = call(name, *credentials(made), mobile)
        assert answer["errorCode"] == 0
        theirs = old(made, name, mobile=mobile)["empList"]
        if one in made.hidden:
            assert answer["empList"] == []
            assert "read permission on PersonnelObj" in answer["errorDescription"]
        else:
            for left, right in zip(answer["empList"], theirs, strict=True):
                same(name, left, right, "empList[].")


def test_query_updated_employee_list_by_time_range(made, call):
    """Everybody who may be seen, as the old address tells it."""
    name = "query_updated_employee_list_by_time_range"
    answer = call(name, *credentials(made), pageSize=1000)
    visible = [
        one
        for one in old(made, name, pageSize=1000)["employees"]
        if one["openUserId"] not in made.hidden
    ]
    assert answer["totalCount"] == len(visible) == MEMBERS - len(made.hidden)
    for left, right in zip(answer["employees"], visible, strict=True):
        same(name, left, right, "employees[].")


def test_get_department_list(made, call):
    """Every department that may be seen."""
    name = "get_department_list"
    answer = call(name, *credentials(made))
    assert answer["errorCode"] == 0
    visible = [
        one for one in old(made, name)["departments"] if one["id"] not in made.hidden_departments
    ]
    for left, right in zip(answer["departments"], visible, strict=True):
        same(name, left, right, "departments[].")


def test_get_department_details(made, call):
    """Hidden ones fail with the permission named; ancestors end at the first hidden one."""
    name = "get_department_details"
    for one in made.departments():
        answer = call(name, *credentials(made), None, one)
        if one in made.hidden_departments:
            assert answer["errorCode"] == 30007
            assert "read permission on DepartmentObj" in answer["errorMessage"]
            continue
        theirs = old(made, name, departmentId=one)["department"]
        ours = answer["department"]
        if made.hidden_departments.intersection(theirs["ancestors"]):
            ours = {**ours, "ancestors": theirs["ancestors"]}
        same(name, ours, theirs, "department.")


def test_a_department_update_is_reported_as_the_tenant_has_it(made, call):
    """For a department of each fate."""
    failing = cannot_write(made, departments=True)
    for one in sorted(made.departments())[:3] + sorted(failing)[:2]:
        before = made.departments()[one]["name"]
        answer = call("update_department", *credentials(made), {"id": one, "name": "改名部"})
        check_written(answer, failing, [one])
        after = made.departments()[one]["name"]
        assert after == (before if one in failing else "改名部")


def test_department_status_is_reported_as_the_tenant_has_it(made, call):
    """For a department of each fate."""
    failing = cannot_write(made, departments=True)
    for one in sorted(made.departments())[:3] + sorted(failing)[:2]:
        before = made.departments()[one]["status"]
        answer = call("set_department_status", *credentials(made), one, DISABLE)
        check_written(answer, failing, [one])
        assert made.departments()[one]["status"] == (before if one in failing else "1")
