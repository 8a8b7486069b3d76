"""The answer is the old dict, and carries the rest along wherever it goes."""

import copy
import json
import pickle

import pytest

import shim


@pytest.fixture
def answer(tenant):
    """Return the answer of a call of which one member of two fails."""
    made = tenant(2)
    ids = [made.open_user_ids[0], "FSUID_NOBODY"]
    return shim.set_member_status_batch(made.corp_access_token, made.corp_id, ids, 1)


def test_it_is_the_documented_dict(answer):
    """Equal to it, dumped like it, four keys in their order."""
    plain = dict(answer)
    assert isinstance(answer, dict)
    assert answer == plain
    assert json.dumps(answer) == json.dumps(plain)
    assert list(answer) == ["traceId", "errorDescription", "errorMessage", "errorCode"]
    assert answer["errorMessage"].startswith("1 of 2 failed: ")


@pytest.mark.parametrize(
    "carried",
    [lambda one: pickle.loads(pickle.dumps(one)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deepcopy"],
)
def test_outcomes_come_along(answer, carried):
    """To another process, say."""
    other = carried(answer)
    assert other == answer
    assert type(other) is shim.Answer
    assert other.outcomes == answer.outcomes
    assert other.api_calls == answer.api_calls
    assert [outcome.state for outcome in other.outcomes] == ["changed", "failed"]


def test_nobodys_outcomes_are_shared():
    """What an answer without outcomes shows is not a place to put some."""
    with pytest.raises(AttributeError):
        shim.Answer().outcomes.append("x")
    with pytest.raises(TypeError):
        shim.Answer().api_calls["x"] = 1
