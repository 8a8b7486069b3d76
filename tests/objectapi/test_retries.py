"""What fails in passing is tried again; what will not pass stops the run; nothing happens twice."""

import socket

import pytest

import shim
from shim.objectapi import tokens

QUERY, UPDATE, GET = (f"/cgi/crm/v2/data/{verb}" for verb in ("query", "update", "get"))
CREATE = "/cgi/crm/v2/data/create"


def credentials(made):
    return made.corp_access_token, made.corp_id


TRANSIENT = [
    {"kind": "error", "code": -1},
    {"kind": "error", "code": 50009},
    {"kind": "error", "code": 14001},
    {"kind": "error", "code": 30004},
    {"kind": "html_502"},
    {"kind": "bad_json"},
    {"kind": "reset"},
    {"kind": "reset_after"},
]


@pytest.mark.parametrize("path", [QUERY, UPDATE])
@pytest.mark.parametrize("fault", TRANSIENT, ids=lambda one: f"{one['kind']}{one.get('code', '')}")
def test_transient_errors_are_retried_until_they_end(fault, path, call, tenant):
    """Two times each, at each kind of call: everybody ends as asked."""
    made = tenant(3)
    made.add_faults({**fault, "path": path, "times": 2})
    answer = call("set_member_status_batch", *credentials(made), made.open_user_ids, 1)
    assert answer["errorCode"] == 0, answer
    assert set(made.members().values()) == {"1"}


@pytest.mark.usefixtures("machine_time")
def test_a_renewal_is_retried_like_any_call(call, tenant):
    """The token call fails in passing like any other; here the wait takes its time."""
    made = tenant(2)
    shim.configure(
        app_id=made.app_id, app_secret=made.app_secret, permanent_code=made.permanent_code
    )
    made.add_faults({"kind": "html_502", "path": tokens.PATH, "times": 1})
    answer = call("set_member_status_batch", "old", made.corp_id, made.open_user_ids, 1)
    assert answer["errorCode"] == 0


@pytest.mark.parametrize("retry_seconds", [0, 60])
def test_retries_end_after_retry_seconds(retry_seconds, call, tenant, clock):
    """Then the last error is the answer."""
    made = tenant(1, retry_seconds=retry_seconds)
    made.add_faults({"kind": "error", "code": 14001, "path": QUERY})
    started = clock.now()
    answer = call("set_member_status_batch", *credentials(made), made.open_user_ids, 1)
    assert answer["errorCode"] == 14001
    # Between two looks there are eight seconds at the most.
    assert max(retry_seconds - 8, 0) <= clock.now() - started <= retry_seconds
    assert (made.calls()[QUERY]["count"] > 1) == (retry_seconds > 0)


@pytest.mark.parametrize("code", [30002, 30003, 20021, 20022, 15003])
def test_a_fatal_code_stops_the_run(code, call, tenant):
    """The rest is reported as not attempted, with the cause, and nothing more is sent."""
    made = tenant(60, concurrency=2, read_back_seconds=0)
    made.add_faults({"kind": "error", "code": code, "path": UPDATE, "after": 10})
    answer = call("set_member_status_batch", *credentials(made), made.open_user_ids, 1)
    assert made.calls()[UPDATE]["count"] <= 12
    failed = [outcome for outcome in answer.outcomes if outcome.state == "failed"]
    assert len(failed) == 60
    rest = [outcome for outcome in failed if outcome.message.startswith("not attempted")]
    assert len(rest) >= 48
    assert {outcome.error_code for outcome in rest} == {code}
    assert f"errorCode {code}" in rest[0].message
    # Ten were written; that they hold could not be read back, and the text says just that.
    assert sorted(made.members().values()).count("1") == 10
    unread = [outcome for outcome in failed if "could not be read back" in outcome.message]
    assert {outcome.open_user_id for outcome in unread} == {
        one for one, status in made.members().items() if status == "1"
    }


def test_a_dead_host_is_given_up_after_dead_host_seconds(call, tenant, clock):
    """Not after a minute for each member, but once for all."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    made = tenant(1)
    shim.configure(base_url=f"http://127.0.0.1:{port}", transport=None, dead_host_seconds=20)
    started = clock.now()
    ids = [f"U{number}" for number in range(1000)]
    answer = call("set_member_status_batch", *credentials(made), ids, 1)
    # Each call looks every eight seconds at least.
    assert 20 <= clock.now() - started <= 28
    assert answer["errorCode"] == -1
    assert {outcome.state for outcome in answer.outcomes} == {"failed"}


def test_a_lost_answer_before_a_refusal_is_read_back(call, tenant):
    """The first attempt was carried out; that later ones were throttled does not undo it."""
    made = tenant(1, retry_seconds=0.6)
    made.add_faults(
        {"kind": "reset_after", "path": UPDATE, "times": 1},
        {"kind": "error", "code": 14001, "path": UPDATE},
    )
    answer = call("set_member_status_batch", *credentials(made), made.open_user_ids, 1)
    assert answer["errorCode"] == 0
    assert [outcome.state for outcome in answer.outcomes] == ["changed"]


class TestCreating:
    """Making a record twice is worse than not making it: there is no idempotency key."""

    DATA = {"object_data": {"dataObjectApiName": "AccountObj", "name": "n"}}  # noqa: RUF012

    def test_a_create_that_may_have_happened_is_not_retried(self, call, tenant):
        """And the text says to look before repeating it."""
        made = tenant(1)
        made.add_faults({"kind": "reset_after", "path": CREATE, "times": 1})
        answer = call("create_preset_object", *credentials(made), None, self.DATA)
        assert answer["errorCode"] == -1
        assert "look for it before you repeat" in answer["errorMessage"]
        assert len(made.records("AccountObj")) == 1
        assert made.calls()[CREATE]["count"] == 1

    def test_a_create_that_certainly_did_not_happen_is_retried(self, call, tenant):
        """A throttled call was not carried out."""
        made = tenant(1)
        made.add_faults({"kind": "error", "code": 14001, "path": CREATE, "times": 2})
        answer = call("create_preset_object", *credentials(made), None, self.DATA)
        assert answer["errorCode"] == 0
        assert len(made.records("AccountObj")) == 1
