"""Calls are the scarce thing: N members cost few of them, and members already there fewer."""

import asyncio

import pytest

import shim

QUERY, GET, UPDATE = (f"/cgi/crm/v2/data/{verb}" for verb in ("query", "get", "update"))


@pytest.mark.parametrize("awaiting", [False, True])
def test_250_members_of_which_200_change(awaiting, tenant, clock):
    """3 look-ups, 200 updates, 2 read-backs; the second time 3 look-ups and nothing else.

    Once `read_back_seconds` are over, that is: until then, a query may show an older state.
    """
    made = tenant(250)
    ids = made.open_user_ids

    def call(members):
        args = (made.corp_access_token, made.corp_id, members, 1)
        if awaiting:
            return asyncio.run(shim.aio.set_member_status_batch(*args))
        return shim.set_member_status_batch(*args)

    call(ids[:50])
    clock.sleep(5)
    made.reset(calls_only=True)
    answer = call(ids)
    assert answer.api_calls == {QUERY: 3 + 2, UPDATE: 200}
    assert {path: one["count"] for path, one in made.calls().items()} == answer.api_calls

    clock.sleep(5)
    made.reset(calls_only=True)
    again = call(ids)
    assert again["errorCode"] == 0
    assert {path: one["count"] for path, one in made.calls().items()} == {QUERY: 3}
    assert {outcome.state for outcome in again.outcomes} == {"unchanged"}


def test_duplicates_are_asked_once_and_answered_each(tenant):
    """Three times the same id is one update and three outcomes."""
    made = tenant(2)
    one, two = made.open_user_ids
    answer = shim.set_member_status_batch(
        made.corp_access_token, made.corp_id, [one, two, one, one], 1
    )
    assert [outcome.open_user_id for outcome in answer.outcomes] == [one, two, one, one]
    assert answer.api_calls == {QUERY: 1, UPDATE: 2, GET: 2}


@pytest.mark.parametrize(("members", "read_back"), [(1, {GET: 1}), (3, {GET: 3}), (4, {QUERY: 1})])
def test_up_to_three_are_read_back_one_by_one(members, read_back, tenant):
    """So a loop of single calls spends one call of each path a member, as the old call did."""
    made = tenant(members)
    answer = shim.set_member_status_batch(
        made.corp_access_token, made.corp_id, made.open_user_ids, 1
    )
    assert answer["errorCode"] == 0
    expected = {QUERY: 1, UPDATE: members, GET: 0}
    for path, count in read_back.items():
        expected[path] += count
    assert answer.api_calls == {path: count for path, count in expected.items() if count}


def test_what_was_just_written_is_confirmed_by_its_record(tenant):
    """A query right after a write may be stale; only those written are asked for."""
    made = tenant(20)
    ids = made.open_user_ids
    shim.set_member_status_batch(made.corp_access_token, made.corp_id, ids[:5], 1)
    answer = shim.set_member_status_batch(made.corp_access_token, made.corp_id, ids[:5], 1)
    assert {one.state for one in answer.outcomes} == {"unchanged"}
    assert answer.api_calls == {QUERY: 1, GET: 5}
    answer = shim.set_member_status_batch(made.corp_access_token, made.corp_id, ids[5:], 2)
    assert answer.api_calls == {QUERY: 1}


def test_what_somebody_else_has_just_changed_is_confirmed_by_its_record(tenant, clock):
    """By the record's own last_modified_time."""
    made = tenant(20, sandbox={"epoch": clock.unix()})
    # The old address, as another program would use it.
    shim.configure(mode="legacy")
    shim.set_member_status_batch(made.corp_access_token, made.corp_id, made.open_user_ids[:2], 1)
    shim.configure(mode="object")
    answer = shim.set_member_status_batch(
        made.corp_access_token, made.corp_id, made.open_user_ids, 1
    )
    assert answer.api_calls == {QUERY: 2, UPDATE: 18, GET: 2}


def test_always_verifying_costs_a_call_for_each_that_is_there(tenant, clock):
    """And only to disable."""
    made = tenant(5, verify="always")
    token, corp_id, ids = made.corp_access_token, made.corp_id, made.open_user_ids
    answer = shim.set_member_status_batch(token, corp_id, ids, 2)
    assert answer.api_calls == {QUERY: 1}
    shim.set_member_status_batch(token, corp_id, ids, 1)
    clock.sleep(60)
    answer = shim.set_member_status_batch(token, corp_id, ids, 1)
    assert answer.api_calls == {QUERY: 1, GET: 5}


def test_a_stale_look_up_is_no_success(tenant, clock):
    """On a tenant whose queries lag: disabled and enabled again, then to be disabled."""
    made = tenant(2, profile="lagging", sandbox={"lag_seconds": 3.0})
    token, corp_id = made.corp_access_token, made.corp_id
    one = made.open_user_ids[:1]
    for status in (1, 2, 1, 2, 2, 1):
        answer = shim.set_member_status_batch(token, corp_id, one, status)
        assert answer["errorCode"] == 0
        assert made.members()[one[0]] == {1: "1", 2: "0"}[status]
        clock.sleep(0.5)


def test_workflows_stay_off_unless_asked_for(tenant):
    """The offline call never started a workflow, so neither trigger is sent as true."""
    made = tenant(2)
    first, second = made.open_user_ids
    shim.set_member_status_batch(made.corp_access_token, made.corp_id, [first], 1)
    shim.configure(triggers={"workflow": True, "approval": True})
    shim.set_member_status_batch(made.corp_access_token, made.corp_id, [second], 1)
    assert [(one.trigger_work_flow, one.trigger_approval_flow) for one in made.updates] == [
        (False, False),
        (True, True),
    ]


def test_status_values_say_what_is_written(tenant):
    """A tenant that wants is_active flipped as well gets both fields, and both are read back."""
    made = tenant(
        1,
        status_values={
            "disabled": {"status": "1", "is_active": False},
            "enabled": {"status": "0", "is_active": True},
        },
    )
    answer = shim.set_member_status_batch(
        made.corp_access_token, made.corp_id, made.open_user_ids, 1
    )
    assert answer["errorCode"] == 0
    assert [dict(one.fields) for one in made.updates] == [{"status": "1", "is_active": False}]
