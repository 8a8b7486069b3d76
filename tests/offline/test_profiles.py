"""On each of the six tenants every member ends in the right outcome, and the state says so too."""

import asyncio

import pytest

import shim
from shim.sandbox import Sandbox

PROFILES = ["fsuid", "employee_id", "hidden", "read_only", "strict", "lagging"]
DISABLE, ENABLE = 1, 2


def call_blocking(*args):
    return shim.set_member_status_batch(*args)


def call_awaiting(*args):
    return asyncio.run(shim.aio.set_member_status_batch(*args))


@pytest.fixture(params=[call_blocking, call_awaiting], ids=["sync", "async"])
def call(request):
    return request.param


def expected_failures(made: Sandbox, ids):
    """Return who cannot be changed, from what the sandbox knows of itself."""
    if made.profile == "read_only":
        return set(ids)
    return (set(made.hidden) | set(made.locked)) & set(ids)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_member_ends_as_the_state_says(profile, call, tenant):
    """What is reported for each member is what the sandbox's state shows afterwards."""
    made = tenant(
        30,
        profile=profile,
        sandbox={"lag_seconds": 0.3, "token_calls": 25, "quota_seconds": 0.5},
        read_back_seconds=0.5 if profile == "read_only" else 5.0,
        quota_calls=100,
        quota_seconds=0.5,
        **credentials(Sandbox(30, profile=profile, seed=11)),
    )
    ids = made.open_user_ids[:20]
    answer = call(made.corp_access_token, made.corp_id, ids, DISABLE)

    failing = expected_failures(made, ids)
    assert [outcome.open_user_id for outcome in answer.outcomes] == ids
    for outcome in answer.outcomes:
        if outcome.open_user_id in failing:
            assert outcome.state == "failed", outcome.open_user_id
            assert outcome.error_code != 0
            assert made.members()[outcome.open_user_id] == "0"
        else:
            assert (outcome.state, outcome.error_code) == ("changed", 0)
            assert made.members()[outcome.open_user_id] == "1"
    untouched = set(made.open_user_ids) - set(ids)
    assert {made.members()[one] for one in untouched} == {"0"}
    assert (answer["errorCode"] == 0) == (not failing)


def credentials(made):
    return {
        "app_id": made.app_id,
        "app_secret": made.app_secret,
        "permanent_code": made.permanent_code,
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_coming_back_is_no_call_to_write(profile, call, tenant):
    """Members who are there already are unchanged and cost no write, on every tenant."""
    made = tenant(8, profile=profile, sandbox={"quota_calls": 0})
    answer = call(made.corp_access_token, made.corp_id, made.open_user_ids, ENABLE)
    hidden = set(made.hidden)
    assert {one.open_user_id for one in answer.outcomes if one.state == "failed"} == hidden
    assert {one.state for one in answer.outcomes if one.open_user_id not in hidden} == {"unchanged"}
    assert set(made.calls()) == {"/cgi/crm/v2/data/query"}


def test_hidden_says_which_permission(call, tenant):
    """A hidden member fails with a text that names the permission to give."""
    made = tenant(5, profile="hidden", sandbox={"hidden": 1.0})
    answer = call(made.corp_access_token, made.corp_id, made.open_user_ids, DISABLE)
    assert answer["errorCode"] == 20012
    assert answer["errorMessage"].startswith("5 of 5 failed")
    assert "read permission" in answer["errorMessage"]
    assert "PersonnelObj" in answer["errorMessage"]


def test_read_only_tenant_is_found_without_a_get_for_each_member(call, tenant):
    """A tenant that is simply read-only costs a few gets, not one for each member."""
    made = tenant(40, profile="read_only", read_back_seconds=0.2)
    answer = call(made.corp_access_token, made.corp_id, made.open_user_ids, DISABLE)
    assert {outcome.state for outcome in answer.outcomes} == {"failed"}
    assert answer["errorCode"] == 50009
    assert "written" in answer["errorMessage"]
    assert made.calls()["/cgi/crm/v2/data/get"]["count"] == 5


def test_an_index_slower_than_our_patience_is_no_failure(call, tenant):
    """Where queries lag longer than `read_back_seconds`, the records themselves decide."""
    made = tenant(12, profile="lagging", sandbox={"lag_seconds": 60.0}, read_back_seconds=0.1)
    answer = call(made.corp_access_token, made.corp_id, made.open_user_ids, DISABLE)
    assert answer["errorCode"] == 0
    assert set(made.members().values()) == {"1"}


def test_ids_of_another_form_are_named_as_the_cause(call, tenant):
    """Without convertUserId an employee_id tenant finds nobody, and the text says what to set."""
    made = tenant(3, profile="employee_id", convert_user_id=False)
    answer = call(made.corp_access_token, made.corp_id, made.open_user_ids, DISABLE)
    assert answer["errorCode"] == 20012
    assert set(made.members().values()) == {"0"}
