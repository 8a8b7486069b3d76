"""Whatever is given for the documented parameters, the answer is a dict of the old shape."""

import asyncio
import json
from enum import Enum

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import shim
from shim.offline import ENDPOINTS

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


class TestUndocumentedParameters:
    """The service ignores what it does not document (C), so `f(**body)` must not fail on it."""

    def test_ignored_and_logged_once_for_a_call_site(self, call, twisting, events):
        """By name, with the line that gave them; never a value, and not with each call."""
        peer = twisting()
        body = {**credentials(peer.sandbox), "currentOpenUserId": "canary", "fetchChild": True}
        answers = [call("get_department_list", **body) for _ in range(3)]
        assert {one["errorCode"] for one in answers} == {0}
        assert "canary" not in str(bodies(peer))
        assert "fetchChild" not in str(bodies(peer))
        [event] = named(events)
        assert event.parameters == ("currentOpenUserId", "fetchChild")
        assert event.resembles == ()
        assert (event.code, event.function) == ("FXO007", "get_department_list")
        assert event.caller_line > 0
        assert "canary" not in repr(events)

    def test_another_name_at_the_same_site_is_logged_as_well(self, tenant, events):
        """Each name once."""
        made = tenant(1)
        for extra in ("a", "b", "a"):
            shim.get_department_list(**credentials(made), **{extra: 1})
        assert [event.parameters for event in named(events)] == [("a",), ("b",)]

    def test_names_are_bounded_in_number_length_and_alphabet(self, tenant, events):
        """A name may be anything, a phone or a secret included."""
        made = tenant(1)
        odd = {"13912345678": 1, "x" * 62: 1, "name with spaces": 1, "钟": 1, "": 1, "\ud800": 1}
        shim.get_department_list(**credentials(made), **odd)
        [event] = named(events)
        assert event.parameters == ("*",)
        for start in range(0, 400, 50):
            extras = {f"extra_{number:03}": 1 for number in range(start, start + 50)}
            shim.get_department_list(**credentials(made), **extras)
        assert all(len(event.parameters) <= 20 for event in named(events))

    def test_one_site_keeps_at_most_100_names(self, tenant, events):
        """What a site remembers has a bound."""
        made = tenant(1)
        for number in range(130):
            shim.get_department_list(**credentials(made), **{f"extra_{number:03}": 1})
        assert len(named(events)) == 100

    def test_the_old_call_gets_them_as_before(self, call, twisting):
        """The mode legacy makes the call as the program always made it."""
        peer = twisting(mode="legacy")
        known = credentials(peer.sandbox)
        extra = {"fetchChild": True, "ids": iter([1, 2])}
        assert call("get_department_list", **known, **extra)["errorCode"] == 0
        assert bodies(peer) == [{**known, "fetchChild": True, "ids": [1, 2]}]

    def test_calls_about_records_get_them_as_well(self, call, twisting):
        """Their translation makes the old call itself."""
        peer = twisting(mode="legacy")
        given = {**credentials(peer.sandbox), "data": ACCOUNTS, "extra": 1}
        given["currentOpenUserId"] = peer.sandbox.current_open_user_id
        call("query_preset_object_list", **given)
        assert bodies(peer) == [given]

    @pytest.mark.parametrize(
        "extra", [{"x": object()}, {"x": {1}}, {"\ud800": 1}, {"x": Failing()}]
    )
    def test_the_old_call_is_not_made_with_what_json_cannot_carry(self, extra, call, tenant):
        """A set becomes a list, as for documented parameters; the rest is refused."""
        made = tenant(1, mode="legacy")
        answer = call("get_department_list", **credentials(made), **extra)
        assert answer["errorCode"] == (0 if extra == {"x": {1}} else 15002)

    @pytest.mark.parametrize("wrong", ["openUserIDs", "open_user_ids", "openUserId", "OPENUSERIDS"])
    def test_a_near_miss_is_named_if_a_parameter_is_missing(self, wrong, call, tenant, events):
        """In the answer's text and in the event."""
        made = tenant(1)
        given = {**credentials(made), wrong: ["FSUID_A"], "status": 1}
        answer = call("set_member_status_batch", **given)
        assert answer["errorCode"] == 10010
        assert f"{wrong} is not a parameter of this call" in answer["errorMessage"]
        assert "did you mean openUserIds?" in answer["errorMessage"]
        assert made.calls() == {}
        assert [event.resembles for event in named(events)] == [("openUserIds",)]

    def test_nothing_is_suggested_for_what_resembles_nothing(self, tenant):
        """currentOpenUserId is a parameter of other calls, not a typing error."""
        made = tenant(1)
        given = {**credentials(made), "currentOpenUserId": "FSUID_A", "status": 1}
        answer = shim.set_member_status_batch(**given)
        assert answer["errorMessage"] == "openUserIds is missing"

    def test_credentials_have_near_misses_too(self, tenant):
        """The token is checked first."""
        made = tenant(1)
        answer = shim.get_department_list(corp_access_token="canary", corpId=made.corp_id)
        assert answer["errorCode"] == 10013
        assert "did you mean corpAccessToken?" in answer["errorMessage"]
        assert "canary" not in answer["errorMessage"]

    def test_too_many_arguments_are_still_a_type_error(self, call, tenant):
        """By place nothing can be ignored: which one it was cannot be told."""
        made = tenant(1)
        with pytest.raises(TypeError, match="positional"):
            call("get_department_list", made.corp_access_token, made.corp_id, 1)
        with pytest.raises(TypeError, match="multiple values"):
            call("get_department_list", made.corp_access_token, made.corp_id, corpId="x")


def credentials(made):
    return {"corpAccessToken": made.corp_access_token, "corpId": made.corp_id}


def bodies(peer):
    """Return the bodies of all calls that a peer got."""
    return [request.body for request in peer.requests]


def named(events):
    return [event for event in events if event.name == "shim.undocumented_parameters_given"]


ACCOUNTS = {"dataObjectApiName": "AccountObj", "search_query_info": {"limit": 1, "offset": 0}}


class Hostile:
    """Raises when it is asked for anything."""

    def __getattribute__(self, name):
        raise RuntimeError(name)


class HostileText(str):
    """A string whose methods raise."""

    __slots__ = ()

    def __len__(self):
        raise RuntimeError

    def __eq__(self, other):
        raise RuntimeError

    __hash__ = None


class HostileNumber(int):
    """A number that cannot be compared."""

    def __eq__(self, other):
        raise RuntimeError

    __hash__ = None


class HostileList(list):
    """A list that cannot be read by its own methods."""

    def __iter__(self):
        raise RuntimeError

    def __bool__(self):
        raise RuntimeError


class HostileDict(dict):
    """An object that cannot be read by its own methods."""

    def items(self):
        raise RuntimeError


def hostile():
    """Return arguments whose own code raises."""
    return [
        Hostile(),
        [Hostile()],
        {"name": Hostile()},
        HostileText("1"),
        [HostileText("1")],
        HostileNumber(1),
        HostileList(["a"]),
        HostileDict(a=1),
    ]


@pytest.mark.parametrize("mode", ["object", "shadow", "dry_run", "legacy"])
@pytest.mark.parametrize("name", ["set_member_status", "update_member", "query_preset_object_list"])
def test_arguments_that_raise_when_looked_at_are_bad_arguments(name, mode, call, tenant):
    """An answer of the old shape, for every parameter and in every mode."""
    made = tenant(1, mode=mode)
    for value in hostile():
        for parameter in ENDPOINTS[name].signature.parameters:
            answer = call(name, **{**credentials(made), parameter: value})
            assert isinstance(answer["errorCode"], int)


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


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
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
