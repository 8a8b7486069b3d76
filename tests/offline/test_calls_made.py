"""Calls are the scarce thing: N members cost few of them, and members already there fewer."""

import asyncio

import pytest

import shim

QUERY, GET, UPDATE = (f"/cgi/crm/v2/data/{verb}" for verb in ("query", "get", "update"))


@pytest.mark.parametrize("awaiting", [False, True])
def test_250_members_of_which_200_change(awaiting, tenant):
    """3 look-ups, 200 updates, 2 read-backs; the second time 3 look-ups and nothing else."""
    made = tenant(250)
    ids = made.open_user_ids

    def call(members):
        args = (made.corp_access_token, made.corp_id, members, 1)
        if awaiting:
            return asyncio.run(shim.aio.set_member_status_batch(*args))
        return shim.set_member_status_batch(*args)

    call(ids[:50])
    made.reset(calls_only=True)
    answer = call(ids)
    assert answer.api_calls == {QUERY: 3 + 2, UPDATE: 200}
    assert {path: one["count"] for path, one in made.calls().items()} == answer.api_calls

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
    assert answer.api_calls == {QUERY: 2, UPDATE: 2}


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
