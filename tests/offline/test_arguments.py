"""Whatever is given for the documented parameters, the answer is a dict of the old shape."""

import asyncio
import json
from enum import Enum

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import shim

TOKEN, CORP, IDS = "token-of-a-test", "FSCID_TEST", ["FSUID_A"]
KEYS = ["traceId", "errorDescription", "errorMessage", "errorCode"]


class Shade(str, Enum):
    """Strings that format as something else."""

    ID = "FSUID_A"


class Failing:
    """Yields one good id, then fails."""

    def __iter__(self):
        yield "FSUID_A"
        msg = "connection to the HR database lost"
        raise RuntimeError(msg)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((None, CORP, IDS, 1), 10013),
        (("", CORP, IDS, 1), 10013),
        ((7, CORP, IDS, 1), 11014),
        ((TOKEN, None, IDS, 1), 10014),
        ((TOKEN, "", IDS, 1), 10014),
        ((TOKEN, ["FSCID"], IDS, 1), 11015),
        ((TOKEN, CORP, None, 1), 10010),
        ((TOKEN, CORP, [], 1), 10010),
        ((TOKEN, CORP, (), 1), 10010),
        ((TOKEN, CORP, "", 1), 10010),
        ((TOKEN, CORP, "FSUID_A", 1), 11008),
        ((TOKEN, CORP, b"FSUID_A", 1), 11008),
        ((TOKEN, CORP, {"FSUID_A": 1}, 1), 11008),
        ((TOKEN, CORP, 5, 1), 11008),
        ((TOKEN, CORP, ["FSUID_A", ""], 1), 11008),
        ((TOKEN, CORP, ["FSUID_A", None], 1), 11008),
        ((TOKEN, CORP, ["FSUID_A", 1000], 1), 11008),
        ((TOKEN, CORP, ["\ud800"], 1), 11008),
        ((TOKEN, CORP, Failing(), 1), 11008),
        ((TOKEN, CORP, IDS, None), 15002),
        ((TOKEN, CORP, IDS, 0), 15002),
        ((TOKEN, CORP, IDS, 3), 15002),
        ((TOKEN, CORP, IDS, True), 15002),
        ((TOKEN, CORP, IDS, 1.0), 15002),
        ((TOKEN, CORP, IDS, "disabled"), 15002),
        ((None, None, None, None), 10013),
        ((), 10013),
        ((TOKEN, CORP), 10010),
    ],
)
@pytest.mark.parametrize("awaiting", [False, True])
def test_bad_arguments_are_answered_here(arguments, code, awaiting, tenant):
    """The documented code, a traceId of our own, no outcome and no HTTP call."""
    made = tenant(1)
    if awaiting:
        answer = asyncio.run(shim.aio.set_member_status_batch(*arguments))
    else:
        answer = shim.set_member_status_batch(*arguments)
    assert answer["errorCode"] == code
    assert answer["traceId"].startswith("shim-")
    assert answer["errorMessage"] == answer["errorDescription"] != ""
    assert answer.outcomes == ()
    assert made.calls() == {}


def test_bad_arguments_need_no_acting_user():
    """Arguments are judged before the installation is."""
    assert call_logged(None, None, None, None)["errorCode"] == 10013


def call_logged(*args, **kwargs):
    shim.configure(notices="log")
    return shim.set_member_status_batch(*args, **kwargs)


def test_without_an_acting_user_good_arguments_raise():
    """A wrong installation raises and says how to mend it, in all three places."""
    with pytest.raises(shim.ConfigurationError) as caught:
        call_logged(TOKEN, CORP, IDS, 1)
    text = str(caught.value)
    assert "current_open_user_id" in text
    assert "shim.configure(" in text
    assert "FXIAOKE_SHIM_CURRENT_OPEN_USER_ID" in text
    assert "fxiaoke-shim.toml" in text


@pytest.mark.parametrize(("given_trace", "code"), [(5, 15002), ("\ud800", 15002), ("mine", 0)])
def test_third_trace_id(given_trace, code, tenant):
    """The caller's own request id has to be a string."""
    made = tenant(1)
    answer = shim.set_member_status_batch(
        made.corp_access_token, made.corp_id, made.open_user_ids, 2, thirdTraceId=given_trace
    )
    assert answer["errorCode"] == code


@pytest.mark.parametrize("status", [1, "1"])
def test_the_documented_body_as_keywords(status, tenant):
    """`f(**body)` works with the body that the documentation prints; so do digits in a string."""
    made = tenant(2)
    body = {
        "corpAccessToken": made.corp_access_token,
        "corpId": made.corp_id,
        "openUserIds": made.open_user_ids,
        "status": status,
    }
    answer = shim.set_member_status_batch(**json.loads(json.dumps(body)))
    assert answer == {
        "traceId": answer["traceId"],
        "errorDescription": "success",
        "errorMessage": "OK",
        "errorCode": 0,
    }
    assert json.loads(json.dumps(answer)) == answer
    assert list(answer) == KEYS
    assert answer["traceId"].startswith("E-O.")
    assert set(made.members().values()) == {"1"}


@pytest.mark.parametrize(
    ("ids", "code"), [(tuple, 0), (set, 0), (frozenset, 0), (iter, 0), (dict.fromkeys, 11008)]
)
def test_any_iterable_of_ids_will_do(ids, code, tenant):
    """Tuples, sets, generators: what held ids before holds ids now; a mapping is a mistake."""
    made = tenant(3)
    answer = shim.set_member_status_batch(
        made.corp_access_token, made.corp_id, ids(made.open_user_ids), 1
    )
    assert answer["errorCode"] == code


def test_string_subclasses_are_sent_as_what_they_hold(tenant):
    """An Enum member that is a string goes out as its value."""
    made = tenant(1)
    answer = shim.set_member_status_batch(made.corp_access_token, made.corp_id, [Shade.ID], 1)
    assert [outcome.open_user_id for outcome in answer.outcomes] == ["FSUID_A"]


def test_a_name_the_call_never_had_is_pythons_error(tenant):
    """A misspelt keyword must not be dropped in silence."""
    tenant(1)
    with pytest.raises(TypeError, match="openUserIDs"):
        shim.set_member_status_batch(TOKEN, CORP, openUserIDs=IDS, status=1)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
    | st.sampled_from([1, 2, "1", "2", TOKEN, CORP, "FSUID_A"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.sets(st.text()),
    max_leaves=6,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(ANYTHING, ANYTHING, ANYTHING, ANYTHING, ANYTHING))
def test_anything_at_all_gives_an_old_shape_answer(tenant, values):
    """Never an exception; and a call goes out only when every argument is worth one."""
    made = tenant(1)
    token, corp_id, ids, status, trace = values
    answer = shim.set_member_status_batch(token, corp_id, ids, status, thirdTraceId=trace)
    assert list(answer) == KEYS
    assert isinstance(answer["errorCode"], int)
    assert answer["errorCode"] != 0
    json.dumps(answer)
    if answer["errorCode"] in {10010, 10013, 10014, 11008, 11014, 11015, 15002}:
        assert made.calls() == {} or not answer["traceId"].startswith("shim-")
    if made.calls():
        assert isinstance(token, str)
        assert isinstance(corp_id, str)
        assert status in (1, 2, "1", "2")
        assert not isinstance(status, bool)
        assert all(isinstance(one, str) for one in ids)
