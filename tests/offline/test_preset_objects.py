"""The eight calls about preset objects: what is refused, what is sent, what is answered."""

import asyncio
import json
from collections.abc import Mapping
from enum import Enum, IntEnum

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import shim
from shim.objectapi.calls import Reply
from shim.offline import ENDPOINTS

KEYS = ["traceId", "errorDescription", "errorMessage", "errorCode"]
CORP = ("token-of-a-test", "FSCID_TEST", None)
ACCOUNT = {"dataObjectApiName": "AccountObj"}
OWNERS = [{"objectDataId": "r1", "ownerId": ["FSUID_A"]}]
GOOD = {
    "create_preset_object": {"object_data": {**ACCOUNT, "name": "A"}},
    "update_preset_object": {"object_data": {**ACCOUNT, "_id": "r1", "name": "A"}},
    "query_preset_object_details": {**ACCOUNT, "objectDataId": "r1"},
    "query_preset_object_list": {**ACCOUNT, "search_query_info": {"limit": 100, "offset": 0}},
    "invalidate_preset_object": {**ACCOUNT, "object_data_id": "r1"},
    "recover_preset_object": {**ACCOUNT, "idList": ["r1", "r2", "r1"]},
    "delete_preset_object": {**ACCOUNT, "idList": ["r1"]},
    "change_preset_object_owner": {**ACCOUNT, "Data": OWNERS},
}
VERBS = dict(
    zip(
        GOOD,
        ["create", "update", "get", "query", "invalid", "recover", "delete", "changeOwner"],
        strict=True,
    )
)
WRITES = [name for name in GOOD if not name.startswith("query")]


class Walk:
    """One translation, fed by hand."""

    def __init__(self, name, data, **options):
        self.flow = ENDPOINTS[name].translation(*CORP, data, **options)
        (self.call,) = next(self.flow)

    def feed(self, reply):
        with pytest.raises(StopIteration) as end:
            self.flow.send([reply])
        return end.value.value


def replied(code=0, text="OK", **fields):
    """Return the reply that the vendor's envelope with these fields becomes."""
    body = {
        "traceId": "E-O.1",
        "errorDescription": "success" if code == 0 else "raw",
        "errorMessage": text,
        "errorCode": code,
        **fields,
    }
    return Reply(code, "E-O.1", text, body)


@pytest.fixture(params=["sync", "async"])
def call(request):
    """Return a function that calls one by name, blocking or awaiting."""

    def blocking(name, *args, **kwargs):
        return getattr(shim, name)(*args, **kwargs)

    def awaiting(name, *args, **kwargs):
        return asyncio.run(getattr(shim.aio, name)(*args, **kwargs))

    return blocking if request.param == "sync" else awaiting


class TestWhatIsSent:
    """The caller's own body, to the object's address."""

    @pytest.mark.parametrize("name", GOOD)
    @pytest.mark.parametrize("wrap", [lambda data: data, lambda data: {"data": data}])
    def test_the_body_as_it_is(self, name, wrap):
        """Given bare, or within the documented body; nothing beside it."""
        walk = Walk(name, wrap(GOOD[name]))
        assert walk.call.path == f"/cgi/crm/v2/data/{VERBS[name]}"
        assert walk.call.method == "POST"
        assert walk.call.writes is (name in WRITES)
        assert walk.call.body == {"data": GOOD[name]}

    @pytest.mark.parametrize("name", GOOD)
    def test_custom_objects_have_another_address(self, name):
        """`…__c` names go to the custom objects' path."""
        data = json.loads(json.dumps(GOOD[name]).replace("AccountObj", "plan__c"))
        assert Walk(name, data).call.path == f"/cgi/crm/custom/v2/data/{VERBS[name]}"

    @pytest.mark.parametrize("name", ["create_preset_object", "update_preset_object"])
    @pytest.mark.parametrize("workflow", [None, True, False])
    @pytest.mark.parametrize("approval", [None, True, False])
    def test_triggers_are_sent_if_given(self, name, workflow, approval):
        """At the top level; left out, the vendor's default stands."""
        walk = Walk(name, GOOD[name], triggerWorkFlow=workflow, triggerApprovalFlow=approval)
        wanted = {"triggerWorkFlow": workflow, "triggerApprovalFlow": approval}
        sent = {key: value for key, value in wanted.items() if value is not None}
        assert walk.call.body == {**sent, "data": GOOD[name]}

    @pytest.mark.parametrize("key", ["Data", "data"])
    @pytest.mark.parametrize(
        ("owner", "sent"),
        [
            (["FSUID_A"], ["FSUID_A"]),
            (("FSUID_A", "FSUID_B"), ["FSUID_A", "FSUID_B"]),
            ("[FSUID_A]", ["FSUID_A"]),
            ("[ FSUID_A , FSUID_B ]", ["FSUID_A", "FSUID_B"]),
            ('["FSUID_A"]', ["FSUID_A"]),
        ],
    )
    def test_the_spellings_of_an_owner(self, key, owner, sent):
        """A list or the printed string, under either name; always a list under `Data`."""
        data = {**ACCOUNT, key: [{"objectDataId": "r1", "ownerId": owner, "other": 1}]}
        walk = Walk("change_preset_object_owner", data)
        change = {"objectDataId": "r1", "ownerId": sent, "other": 1}
        assert walk.call.body == {"data": {**ACCOUNT, "Data": [change]}}

    def test_the_callers_objects_stay_as_they_are(self):
        """A translation works on a copy."""
        data = {**ACCOUNT, "data": [{"objectDataId": "r1", "ownerId": "[FSUID_A]"}]}
        before = json.dumps(data)
        Walk("change_preset_object_owner", data)
        assert json.dumps(data) == before

    def test_the_objects_name_beside_object_data(self):
        """Taken for the address, and left to the vendor to judge."""
        data = {"dataObjectApiName": "plan__c", "object_data": {"name": "A"}}
        walk = Walk("create_preset_object", data)
        assert walk.call.path == "/cgi/crm/custom/v2/data/create"
        assert walk.call.body == {"data": data}

    @pytest.mark.parametrize(
        "search",
        [
            None,
            {},
            {"limit": 1, "offset": 10_000},
            {"limit": 100, "offset": 10_000},
            {"limit": None, "offset": 7},
            {"limit": 30, "offset": None},
        ],
    )
    def test_pages_that_there_are(self, search):
        """Up to the vendor's limits; what is left out is its to fill in."""
        data = {**ACCOUNT, "search_query_info": search}
        assert Walk("query_preset_object_list", data).call.body == {"data": data}

    def test_plain_values_are_sent(self):
        """Subclasses of JSON's types go out as what they hold."""

        class Shade(str, Enum):
            RED = "red"

        class Level(IntEnum):
            ONE = 1

        class Amount(float):
            pass

        class Lazy(Mapping):
            def __getitem__(self, key):
                return {"deep": None}[key]

            def __iter__(self):
                return iter(["deep"])

            def __len__(self):
                return 1

        record = {
            **ACCOUNT,
            Shade.RED: Shade.RED,
            "level": Level.ONE,
            "amount": Amount(1.5),
            "yes": True,
            "pair": (1, "two"),
            "lazy": Lazy(),
        }
        sent = Walk("create_preset_object", {"object_data": record}).call.body
        record = sent["data"]["object_data"]
        assert record == {
            **ACCOUNT,
            "red": "red",
            "level": 1,
            "amount": 1.5,
            "yes": True,
            "pair": [1, "two"],
            "lazy": {"deep": None},
        }
        assert [type(value) for value in record.values()] == [
            str, str, int, float, bool, list, dict,
        ]  # fmt: skip


def circular():
    data = {**ACCOUNT}
    data["object_data"] = data
    return data


def deep(levels):
    value = 0
    for _ in range(levels):
        value = [value]
    return value


class Broken(Mapping):
    """Cannot be read."""

    def __getitem__(self, key):
        raise OSError

    def __iter__(self):
        raise OSError

    def __len__(self):
        return 1


def record(**fields):
    return {"object_data": {**ACCOUNT, "_id": "r1", **fields}}


def search(**info):
    return {**ACCOUNT, "search_query_info": info}


def owned(*changes):
    return {**ACCOUNT, "Data": list(changes)}


BAD = [
    *((name, data) for name in GOOD for data in (None, {}, [], "data", 7)),
    *((name, {"data": data}) for name in GOOD for data in ({}, 1, None)),
    *(
        (name, json.loads(json.dumps(GOOD[name]).replace('"AccountObj"', bad)))
        for name in GOOD
        for bad in ('""', "null", "7", '["AccountObj"]')
    ),
    *(
        (name, {key: value for key, value in GOOD[name].items() if key in ACCOUNT})
        for name in GOOD
        if name != "query_preset_object_list"
    ),
    ("create_preset_object", {"object_data": [ACCOUNT]}),
    ("update_preset_object", {"object_data": {**ACCOUNT}}),
    ("update_preset_object", record(_id="")),
    ("update_preset_object", record(_id=7)),
    ("query_preset_object_details", {**ACCOUNT, "objectDataId": 7}),
    ("invalidate_preset_object", {**ACCOUNT, "object_data_id": ["r1"]}),
    *(
        (name, {**ACCOUNT, "idList": bad})
        for name in ("recover_preset_object", "delete_preset_object")
        for bad in ([], "r1", [""], ["r1", None], [7], {"r1": 1})
    ),
    ("change_preset_object_owner", owned()),
    ("change_preset_object_owner", owned("r1")),
    ("change_preset_object_owner", {**ACCOUNT, "Data": OWNERS[0]}),
    ("change_preset_object_owner", owned({"objectDataId": "r1"})),
    ("change_preset_object_owner", owned({"ownerId": ["FSUID_A"]})),
    *(
        ("change_preset_object_owner", owned({"objectDataId": "r1", "ownerId": bad}))
        for bad in ("FSUID_A", "", "[", "[]", [], [""], [7], {"FSUID_A": 1}, None)
    ),
    ("query_preset_object_list", {**ACCOUNT, "search_query_info": []}),
    *(
        ("query_preset_object_list", search(limit=bad))
        for bad in (101, 0, -1, "100", 10.0, True, [])
    ),
    *(
        ("query_preset_object_list", search(limit=100, offset=bad))
        for bad in (50, 10_100, -100, "100", 0.0, False)
    ),
    ("query_preset_object_list", search(offset=10_001)),
    *(
        ("create_preset_object", bad)
        for bad in (
            record(x=float("nan")),
            record(x=float("inf")),
            record(x=b"x"),
            record(x={"x"}),
            record(x=object()),
            record(x="\ud800"),
            record(x=10**5000),
            record(x=deep(100)),
            record(**{"\ud800": 1}),
            {"object_data": {**ACCOUNT, 7: 1}},
            {"object_data": Broken()},
            circular(),
            Broken(),
        )
    ),
]


@pytest.mark.parametrize(("name", "data"), BAD)
def test_bad_data_is_answered_here(name, data, call, tenant):
    """15002 with a traceId of our own, no outcome and no HTTP call."""
    made = tenant(1)
    answer = call(name, made.corp_access_token, made.corp_id, None, data)
    assert answer["errorCode"] == 15002
    assert list(answer) == KEYS
    assert answer["traceId"].startswith("shim-")
    assert "data" in answer["errorMessage"]
    assert answer.outcomes == ()
    assert made.calls() == {}


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"corpAccessToken": None}, 10013),
        ({"corpAccessToken": 7}, 11014),
        ({"corpId": ""}, 10014),
        ({"corpId": 7}, 11015),
        ({"currentOpenUserId": 7}, 11008),
        ({"thirdTraceId": 7}, 15002),
    ],
)
def test_bad_credentials_are_answered_here(name, changes, code, call, tenant):
    """As with every offline call."""
    made = tenant(1)
    body = {
        "corpAccessToken": made.corp_access_token,
        "corpId": made.corp_id,
        "currentOpenUserId": None,
        "data": GOOD[name],
    }
    assert call(name, **{**body, **changes})["errorCode"] == code
    assert made.calls() == {}


@pytest.mark.parametrize("name", ["create_preset_object", "update_preset_object"])
@pytest.mark.parametrize("key", ["triggerWorkFlow", "triggerApprovalFlow"])
@pytest.mark.parametrize("bad", [0, "false", []])
def test_bad_triggers_are_answered_here(name, key, bad, call, tenant):
    """They are true, false or left out."""
    made = tenant(1)
    answer = call(name, made.corp_access_token, made.corp_id, None, GOOD[name], **{key: bad})
    assert answer["errorCode"] == 15002
    assert key in answer["errorMessage"]
    assert made.calls() == {}


@pytest.mark.parametrize("page", [{"limit": 101}, {"limit": 100, "offset": 10_100}])
def test_a_page_too_far_says_how_to_go_on(page, tenant):
    """By keyset instead of by offset."""
    made = tenant(1)
    answer = shim.query_preset_object_list(
        made.corp_access_token, made.corp_id, None, search(**page)
    )
    assert "order by _id" in answer["errorMessage"]
    assert "_id GT" in answer["errorMessage"]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
    | st.sets(st.integers())
    | st.sampled_from(["AccountObj", "[FSUID_A]", "r1", 100]),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(
                [
                    "data",
                    "Data",
                    "dataObjectApiName",
                    "object_data",
                    "_id",
                    "objectDataId",
                    "object_data_id",
                    "idList",
                    "ownerId",
                    "search_query_info",
                    "limit",
                    "offset",
                ],
                inner,
            ),
        )
    ),
    max_leaves=12,
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(list(GOOD)), ANYTHING, ANYTHING)
def test_anything_at_all_gives_an_old_shape_answer(tenant, name, data, acting):
    """Never an exception, and nothing that JSON could not carry."""
    made = tenant(1)
    answer = getattr(shim, name)(made.corp_access_token, made.corp_id, acting, data)
    assert list(answer)[:4] == KEYS
    assert set(answer) <= {*KEYS, "data", "dataId"}
    assert isinstance(answer["errorCode"], int)
    json.dumps(answer)
    if answer["traceId"].startswith("shim-"):
        assert made.calls() == {}


class TestTheAnswer:
    """The vendor's own, and an outcome for every record of a write."""

    @pytest.mark.parametrize("name", GOOD)
    @pytest.mark.parametrize(
        "fields", [{}, {"data": {"_id": "r1"}}, {"dataId": "r1"}, {"data": None, "dataId": "r1"}]
    )
    def test_answer_has_the_vendors_envelope_and_data_only(self, name, fields):
        """Envelope and data as the vendor sent them, and nothing else of its body."""
        texts = {"errorDescription": "成功", "errorMessage": "fine"}
        answer = Walk(name, GOOD[name]).feed(replied(**fields, **texts, extra=1))
        assert answer == {"traceId": "E-O.1", **texts, "errorCode": 0, **fields}
        assert list(answer)[:4] == KEYS

    def test_an_update_that_names_another_record_is_no_success(self):
        """The text says to read the record; a number is the same id as its text."""
        name = "update_preset_object"
        answer = Walk(name, GOOD[name]).feed(replied(dataId="r9"))
        assert list(answer) == KEYS
        assert answer["errorCode"] == -2
        assert "read the record before you repeat the call" in answer["errorMessage"]
        assert [(one.open_user_id, one.state) for one in answer.outcomes] == [("r1", "failed")]

    @pytest.mark.parametrize("made", [None, "", ["r9"], {"a": 1}, True, "x" * 129])
    def test_a_data_id_that_is_none_names_no_record(self, made):
        """The answer keeps it; the outcome has no id."""
        name = "create_preset_object"
        answer = Walk(name, GOOD[name]).feed(replied(dataId=made))
        assert answer["dataId"] == made
        assert [one.open_user_id for one in answer.outcomes] == [""]

    def test_success_without_texts(self):
        """The documented ones stand in."""
        reply = Reply(0, "E-O.1", "errorCode 0", {"errorCode": 0})
        answer = Walk("create_preset_object", GOOD["create_preset_object"]).feed(reply)
        assert answer == {
            "traceId": "E-O.1",
            "errorDescription": "success",
            "errorMessage": "OK",
            "errorCode": 0,
        }
        assert [one.open_user_id for one in answer.outcomes] == [""]

    @pytest.mark.parametrize("name", GOOD)
    def test_failure_has_the_vendors_code_and_text_without_secrets(self, name):
        """The vendor's code and text, the latter without secrets; its data, if it sent any."""
        answer = Walk(name, GOOD[name]).feed(replied(32000, "no such field", data={"why": 1}))
        assert answer == {
            "traceId": "E-O.1",
            "errorDescription": "no such field",
            "errorMessage": "no such field",
            "errorCode": 32000,
            "data": {"why": 1},
        }
        assert {one.state for one in answer.outcomes} == ({"failed"} if name in WRITES else set())

    @pytest.mark.parametrize(
        ("name", "ids"),
        [
            ("create_preset_object", ["r9"]),
            ("update_preset_object", ["r1"]),
            ("query_preset_object_details", []),
            ("query_preset_object_list", []),
            ("invalidate_preset_object", ["r1"]),
            ("recover_preset_object", ["r1", "r2", "r1"]),
            ("delete_preset_object", ["r1"]),
            ("change_preset_object_owner", ["r1"]),
        ],
    )
    def test_record_is_accepted_or_failed_and_never_read_back(self, name, ids):
        """Accepted, for nobody has read them back; failed with code, text and traceId."""
        made = "r9" if name == "create_preset_object" else "r1"
        fine = Walk(name, GOOD[name]).feed(replied(dataId=made)).outcomes
        assert [(one.open_user_id, one.state, one.error_code) for one in fine] == [
            (one, "accepted", 0) for one in ids
        ]
        assert {(one.message, one.trace_id) for one in fine} <= {("OK", "E-O.1")}
        lost = Walk(name, GOOD[name]).feed(replied(32000, "locked")).outcomes
        assert [
            (one.open_user_id, one.state, one.error_code, one.message, one.trace_id) for one in lost
        ] == [(one.replace("r9", ""), "failed", 32000, "locked", "E-O.1") for one in ids]

    @pytest.mark.parametrize("code", [-1, -2, 50009])
    @pytest.mark.parametrize("name", GOOD)
    def test_write_without_an_answer_says_that_it_may_have_happened(self, name, code):
        """What may have happened says so, a creation that it must not be repeated blindly."""
        answer = Walk(name, GOOD[name]).feed(Reply(code, "shim-1", "no answer"))
        assert answer["errorCode"] == code
        assert answer["traceId"] == "shim-1"
        assert list(answer) == KEYS
        text = answer["errorMessage"]
        assert text.startswith("no answer")
        assert answer["errorDescription"] == text
        assert {one.message for one in answer.outcomes} == ({text} if name in WRITES else set())
        assert ("all the same" in text) is (name in WRITES)
        assert ("twice" in text) is (name == "create_preset_object")


class TestDeclarations:
    """What each says about itself."""

    def test_codes_and_order(self):
        """FXO011 to FXO018, as the vendor's menu has them."""
        declared = [ENDPOINTS[name] for name in GOOD]
        assert [one.code for one in declared] == [f"FXO{number:03}" for number in range(11, 19)]
        places = [list(ENDPOINTS).index(name) for name in GOOD]
        assert places == list(range(places[0], places[0] + 8))

    @pytest.mark.parametrize("name", GOOD)
    def test_every_name_has_a_fate(self, name):
        """Those of the signature, and what the good bodies hold below them."""
        endpoint = ENDPOINTS[name]
        assert set(getattr(shim, endpoint.name).__annotations__) - {"return"} <= set(
            endpoint.parameters
        )
        assert {f"data.{key}" for key in GOOD[name]} <= set(endpoint.parameters)
        assert set(KEYS) <= set(endpoint.answer)
        assert endpoint.paths == (f"/cgi/crm/v2/data/{VERBS[name]}",)
        assert endpoint.title in getattr(shim, endpoint.name).__doc__


class TestAgainstTheSandbox:
    """Through the real doors, over one tenant."""

    def test_a_records_life(self, call, tenant):
        """Made, changed, read, listed, given away, invalidated, recovered, deleted."""
        made = tenant(2)

        def do(verb, **data):
            name = f"{verb}_preset_object" if "{}" not in verb else verb.format("preset_object")
            answer = call(name, made.corp_access_token, made.corp_id, None, {**data})
            assert answer["errorCode"] == 0, answer
            assert answer["traceId"].startswith("E-O.")
            assert sum(answer.api_calls.values()) == 1
            return answer

        first = do("create", object_data={**ACCOUNT, "name": "A", "amount": 7})
        record_id = first["dataId"]
        assert [(one.open_user_id, one.state) for one in first.outcomes] == [
            (record_id, "accepted")
        ]
        changed = do("update", data={"object_data": {**ACCOUNT, "_id": record_id, "name": "B"}})
        assert changed["dataId"] == record_id

        def read():
            return do("query_{}_details", **ACCOUNT, objectDataId=record_id)["data"]

        assert (read()["name"], read()["amount"]) == ("B", 7)
        (row,) = do("query_{}_list", **ACCOUNT, search_query_info={"limit": 100})["data"][
            "dataList"
        ]
        assert row["_id"] == record_id

        new = made.open_user_ids[1]
        change = {"objectDataId": record_id, "ownerId": f"[{new}]"}
        do("change_{}_owner", **ACCOUNT, data=[change])
        assert read()["owner"] == [new]

        do("invalidate", **ACCOUNT, object_data_id=record_id)
        assert read()["life_status"] == "invalid"
        do("recover", **ACCOUNT, idList=[record_id])
        assert read()["life_status"] == "normal"
        do("invalidate", data={**ACCOUNT, "object_data_id": record_id})
        gone = do("delete", **ACCOUNT, idList=[record_id])
        assert [one.open_user_id for one in gone.outcomes] == [record_id]
        assert read() == {}

    @pytest.mark.parametrize("name", ["AccountObj", "plan__c"])
    def test_preset_and_custom_objects(self, name, call, tenant):
        """Each at its own address."""
        made = tenant(1)
        data = {"object_data": {"dataObjectApiName": name, "name": "A"}}
        answer = call("create_preset_object", made.corp_access_token, made.corp_id, None, data)
        assert answer["errorCode"] == 0
        kind = "custom/v2" if name == "plan__c" else "v2"
        assert made.calls() == {f"/cgi/crm/{kind}/data/create": {"count": 1, "throttled": 0}}

    def test_the_vendors_refusal(self, call, tenant, events):
        """Its code, its text, its traceId, in answer, outcome and log."""
        made = tenant(1)
        data = {**ACCOUNT, "idList": ["unknown"]}
        answer = call("delete_preset_object", made.corp_access_token, made.corp_id, None, data)
        (outcome,) = answer.outcomes
        assert answer["errorCode"] == outcome.error_code != 0
        assert outcome.state == "failed"
        assert outcome.open_user_id == "unknown"
        assert outcome.trace_id == answer["traceId"]
        assert answer["traceId"].startswith("E-O.")
        finished = events[-1]
        assert (finished.mode, finished.members, finished.failed) == ("object", 1, 1)
        assert finished.error_code == answer["errorCode"]

    def test_a_creation_whose_answer_is_lost(self, call, tenant):
        """It happened, nobody knows, and it is not repeated."""
        made = tenant(1)
        made.add_faults({"kind": "reset_after", "path": "/cgi/crm/v2/data/create"})
        answer = call(
            "create_preset_object",
            made.corp_access_token,
            made.corp_id,
            None,
            GOOD["create_preset_object"],
        )
        assert answer["errorCode"] == -1
        assert "look for it before you repeat" in answer["errorMessage"]
        assert made.calls()["/cgi/crm/v2/data/create"]["count"] == 1
        (outcome,) = answer.outcomes
        assert (outcome.open_user_id, outcome.state) == ("", "failed")

    def test_an_expired_token(self, call, tenant):
        """Renewed once, replayed once."""
        made = tenant(1)
        app = {name: getattr(made, name) for name in ("app_id", "app_secret", "permanent_code")}
        shim.configure(**app)
        made.add_faults({"kind": "expire_token", "times": 1})
        answer = call(
            "create_preset_object",
            made.corp_access_token,
            made.corp_id,
            None,
            GOOD["create_preset_object"],
        )
        assert answer["errorCode"] == 0
        assert made.calls()["/cgi/crm/v2/data/create"]["count"] == 2

    def test_callers_employee_owns_the_new_record(self, call, tenant):
        """The caller's currentOpenUserId owns what it makes."""
        made = tenant(2)
        acting = made.open_user_ids[1]
        token, corp_id = made.corp_access_token, made.corp_id
        data = GOOD["create_preset_object"]
        record_id = call("create_preset_object", token, corp_id, acting, data)["dataId"]
        read = {**ACCOUNT, "objectDataId": record_id}
        answer = call("query_preset_object_details", token, corp_id, None, read)
        assert answer["data"]["owner"] == [acting]
