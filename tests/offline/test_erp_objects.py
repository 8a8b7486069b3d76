"""The eight calls about ERP objects: two ways to go, and what both have in common."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import shim
from shim.objectapi.calls import Reply
from shim.offline import ENDPOINTS

KEYS = ["traceId", "errorDescription", "errorMessage", "errorCode"]
OWN = "/cgi/crm/erp/data"
ORDER = {"dataObjectApiName": "ErpOrderObj"}
GOOD = {
    "create_erp_object": {"object_data": {**ORDER, "name": "A"}},
    "update_erp_object": {"object_data": {**ORDER, "_id": "r1", "name": "A"}},
    "query_erp_object_details": {**ORDER, "objectDataId": "r1"},
    "query_erp_object_list": {**ORDER, "search_query_info": {"limit": 100, "offset": 0}},
    "invalidate_erp_object": {**ORDER, "object_data_id": "r1"},
    "recover_erp_object": {**ORDER, "idList": ["r1"]},
    "delete_erp_object": {**ORDER, "idList": ["r1"]},
    "change_erp_object_owner": {
        **ORDER,
        "Data": [{"objectDataId": "r1", "ownerId": ["FSUID_A"]}],
    },
}
ADDRESSES = {
    "create_erp_object": ("POST", OWN, "create"),
    "update_erp_object": ("PUT", OWN, "update"),
    "query_erp_object_details": ("POST", f"{OWN}/get", "get"),
    "query_erp_object_list": ("POST", f"{OWN}/list", "query"),
    "invalidate_erp_object": ("POST", f"{OWN}/invalid", "invalid"),
    "recover_erp_object": ("POST", f"{OWN}/recover", "recover"),
    "delete_erp_object": ("DELETE", OWN, "delete"),
    "change_erp_object_owner": ("POST", f"{OWN}/changeOwner", "changeOwner"),
}


@pytest.fixture(params=["sync", "async"])
def call(request):
    """Return a function that calls one by name, blocking or awaiting."""

    def blocking(name, *args, **kwargs):
        return getattr(shim, name)(*args, **kwargs)

    def awaiting(name, *args, **kwargs):
        return asyncio.run(getattr(shim.aio, name)(*args, **kwargs))

    return blocking if request.param == "sync" else awaiting


def walk(name, data, **options):
    """Return a translation and the call it begins with."""
    flow = ENDPOINTS[name].translation("token", "FSCID_TEST", None, data, **options)
    (sent,) = next(flow)
    return flow, sent


@pytest.mark.parametrize("name", GOOD)
class TestBothWays:
    """The setting `erp` decides where a call goes, and nothing else about it."""

    @pytest.mark.parametrize("data", [lambda data: data, lambda data: {"data": data}])
    def test_its_own_address(self, name, data):
        """By default: the printed address with the printed or assumed method, body as it is."""
        _, sent = walk(name, data(GOOD[name]))
        assert (sent.method, sent.path) == ADDRESSES[name][:2]
        assert sent.writes is ("query" not in name)
        assert sent.body == {"data": GOOD[name]}

    @pytest.mark.parametrize(
        ("object_name", "kind"), [("ErpOrderObj", "v2"), ("order__c", "custom/v2")]
    )
    def test_the_preset_objects_address(self, name, object_name, kind):
        """Opted in to: what the preset object call would send."""
        shim.configure(erp="preset")
        data = json.loads(json.dumps(GOOD[name]).replace("ErpOrderObj", object_name))
        _, sent = walk(name, data)
        verb = ADDRESSES[name][2]
        assert (sent.method, sent.path) == ("POST", f"/cgi/crm/{kind}/data/{verb}")
        assert sent.writes is ("query" not in name)
        assert sent.body == {"data": data}

    @pytest.mark.parametrize("erp", ["own", "preset"])
    def test_the_log_says_which(self, name, erp, tenant, events):
        """In the notice and in the event at the end."""
        made = tenant(1, erp=erp)
        function = getattr(shim, name)
        answer = function(made.corp_access_token, made.corp_id, None, GOOD[name])
        assert answer["traceId"].startswith("E-O.")
        first, last = events
        assert first.mode == last.mode == {"own": "legacy", "preset": "object"}[erp]
        assert "ERP objects is unknown" in first.replacement
        path = f"/cgi/crm/v2/data/{ADDRESSES[name][2]}" if erp == "preset" else ADDRESSES[name][1]
        assert list(answer.api_calls) == [path]

    @pytest.mark.parametrize("erp", ["own", "preset"])
    @pytest.mark.parametrize(
        "spoil",
        [
            lambda _: None,
            lambda _: "data",
            lambda _: {"data": {}},
            lambda data: json.loads(json.dumps(data).replace('"ErpOrderObj"', "null")),
            lambda data: {**data, "x": float("nan")},
        ],
    )
    def test_bad_data_is_answered_here(self, name, erp, spoil, call, tenant):
        """15002 and no call, whichever way it would have gone."""
        made = tenant(1, erp=erp)
        answer = call(name, made.corp_access_token, made.corp_id, None, spoil(GOOD[name]))
        assert answer["errorCode"] == 15002
        assert list(answer) == KEYS
        assert answer.outcomes == ()
        assert made.calls() == {}

    def test_the_answer_has_what_the_vendor_sent(self, name):
        """The printed answer is errorCode, errorMessage and data; the envelope is completed."""
        flow, _ = walk(name, GOOD[name])
        body = {"errorCode": 0, "errorMessage": "ok", "data": {"x": 1}}
        with pytest.raises(StopIteration) as end:
            flow.send([Reply(0, "shim-1", "ok", body)])
        assert end.value.value == {"traceId": "shim-1", "errorDescription": "success", **body}

    def test_declaration(self, name):
        """Each parameter and answer field has a fate; the text says that nothing is named."""
        endpoint = ENDPOINTS[name]
        assert endpoint.paths == (ADDRESSES[name][1],)
        assert set(getattr(shim, endpoint.name).__annotations__) - {"return"} <= set(
            endpoint.parameters
        )
        assert {f"data.{key}" for key in GOOD[name]} <= set(endpoint.parameters)
        assert {*KEYS, "data"} <= set(endpoint.answer)
        assert "no replacement is documented" in getattr(shim, endpoint.name).__deprecated__
        assert endpoint.title in getattr(shim, endpoint.name).__doc__


def test_codes_and_order():
    """FXO019 to FXO026, as the vendor's menu has them."""
    declared = [ENDPOINTS[name] for name in GOOD]
    assert [one.code for one in declared] == [f"FXO{number:03}" for number in range(19, 27)]
    places = [list(ENDPOINTS).index(name) for name in GOOD]
    assert places == list(range(places[0], places[0] + 8))


@pytest.mark.parametrize("name", ["create_erp_object", "update_erp_object"])
def test_triggers_are_sent_at_the_top_level_if_given(name):
    """At the top level, if they are given."""
    _, sent = walk(name, GOOD[name], triggerWorkFlow=False, triggerApprovalFlow=True)
    assert sent.body == {
        "triggerWorkFlow": False,
        "triggerApprovalFlow": True,
        "data": GOOD[name],
    }


@pytest.mark.parametrize("erp", ["own", "preset"])
class TestAgainstTheSandbox:
    """Through the real doors, over one tenant, either way."""

    def test_a_records_life(self, erp, call, tenant):
        """Made, changed, read, listed, given away, invalidated, recovered, deleted."""
        made = tenant(2, erp=erp)

        def do(name, **data):
            answer = call(name, made.corp_access_token, made.corp_id, None, data)
            assert answer["errorCode"] == 0, answer
            return answer

        first = do("create_erp_object", object_data={**ORDER, "name": "A", "amount": 7})
        record_id = first["dataId"]
        assert [(one.open_user_id, one.state) for one in first.outcomes] == [
            (record_id, "accepted")
        ]
        do("update_erp_object", object_data={**ORDER, "_id": record_id, "name": "B"})

        def read():
            return do("query_erp_object_details", **ORDER, objectDataId=record_id)["data"]

        assert (read()["name"], read()["amount"]) == ("B", 7)
        page = do("query_erp_object_list", **ORDER, search_query_info={"limit": 10})["data"]
        assert [row["_id"] for row in page["dataList"]] == [record_id]
        new = made.open_user_ids[1]
        change = {"objectDataId": record_id, "ownerId": f"[{new}]"}
        do("change_erp_object_owner", **ORDER, data=[change])
        assert read()["owner"] == [new]
        do("invalidate_erp_object", **ORDER, object_data_id=record_id)
        assert read()["life_status"] == "invalid"
        do("recover_erp_object", **ORDER, idList=[record_id])
        assert read()["life_status"] == "normal"
        do("invalidate_erp_object", **ORDER, object_data_id=record_id)
        do("delete_erp_object", **ORDER, idList=[record_id])
        assert read() == {}

    def test_a_creation_whose_answer_is_lost(self, erp, call, tenant):
        """It happened, nobody knows, and it is not repeated."""
        made = tenant(1, erp=erp)
        made.add_faults({"kind": "reset_after"})
        answer = call(
            "create_erp_object",
            made.corp_access_token,
            made.corp_id,
            None,
            GOOD["create_erp_object"],
        )
        assert answer["errorCode"] == -1
        assert "look for it before you repeat" in answer["errorMessage"]
        assert [one.state for one in answer.outcomes] == ["failed"]
        assert len(made.records("ErpOrderObj")) == 1


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(list(GOOD)), st.sampled_from(["own", "preset"]), ANYTHING, ANYTHING)
def test_anything_at_all_gives_an_old_shape_answer(tenant, name, erp, one, other):
    """Never an exception, among good data or in its place."""
    made = tenant(1, erp=erp)
    for data in (one, {**GOOD[name], "other": other}):
        answer = getattr(shim, name)(made.corp_access_token, made.corp_id, None, data)
        assert list(answer)[:4] == KEYS
        assert set(answer) <= {*KEYS, "data", "dataId"}
        json.dumps(answer)
