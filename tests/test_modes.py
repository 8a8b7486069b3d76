"""Four ways a call can go: what each of them sends, and what it must never send."""

import json

import pytest

import shim
from shim import settings
from shim.offline import ENDPOINTS
from shim.sandbox import Sandbox

READING = ("/query", "/get", "/list")
WRITES = [name for name, one in ENDPOINTS.items() if one.writes]
TRANSLATED = [name for name, one in ENDPOINTS.items() if one.kind == "translated"]
READS = [name for name, one in ENDPOINTS.items() if not one.writes]


class Wire:
    """Sends through another transport and keeps what went by."""

    def __init__(self, transport):
        self.sent = []
        self._transport = transport

    def _keep(self, request):
        body = json.loads(request.content)
        self.sent.append((request.method, request.url.path, body))

    def handle_request(self, request):
        self._keep(request)
        return self._transport.handle_request(request)

    async def handle_async_request(self, request):
        self._keep(request)
        return await self._transport.handle_async_request(request)

    def old(self, name):
        """Return the old calls among those sent."""
        endpoint = ENDPOINTS[name]
        return [
            body
            for method, path, body in self.sent
            if (method, path) == (endpoint.addresses[0].method, endpoint.paths[0])
        ]

    def written(self):
        """Return the object API's writes among those sent, less the credentials."""
        return [
            (method, path, without_credentials(body))
            for method, path, body in self.sent
            if path.startswith("/cgi/crm/v2/data/") and not path.endswith(READING)
        ]


def without_credentials(body):
    apart = {"corpAccessToken", "corpId", "currentOpenUserId"}
    return {key: value for key, value in body.items() if key not in apart}


def begin(mode, **changes):
    """Return a tenant, what goes over the wire to it, and its state before."""
    made = Sandbox(
        4,
        seed=5,
        departments=4,
        objects={"AccountObj": 2, "ErpOrderObj": 2},
        clock=lambda: 0.0,
    )
    wire = Wire(made.transport())
    who = {"current_open_user_id": made.current_open_user_id}
    address = {"base_url": made.base_url, "transport": wire}
    shim.configure(notices="log", quota_calls=0, mode=mode, **{**who, **address, **changes})
    return made, wire


def arguments(name, made):
    """Return arguments with which a call does something."""
    first, second = made.open_user_ids[:2]
    department = max(made.departments())
    api_name = "ErpOrderObj" if "erp" in name else "AccountObj"
    record = min(made.records(api_name))
    named = {"dataObjectApiName": api_name}
    verb = next((one for one in PER_VERB if one in name), "")
    by = made.current_open_user_id
    table = {
        "set_member_status_batch": {"openUserIds": [first, second], "status": 1},
        "set_member_status": {"currentOpenUserId": by, "status": 1, "openUserId": first},
        "update_member": {"user": {"openUserId": first, "position": "Cook", "gender": "F"}},
        "query_employee_info_by_open_user_id": {"openUserId": first},
        "query_employee_by_mobile": {"mobile": made.person(first)["phone"]},
        "query_updated_employee_list_by_time_range": {"pageSize": 3},
        "get_department_list": {},
        "get_department_details": {"currentOpenUserId": by, "departmentId": department},
        "update_department": {"department": {"id": department, "name": "Kitchen"}},
        "set_department_status": {"departmentId": department, "status": 1},
    }
    if name in table:
        return table[name]
    data = PER_VERB[verb](named, record, second)
    return {"currentOpenUserId": by, "data": data}


PER_VERB = {
    "create": lambda named, _, __: {"object_data": {**named, "name": "New"}},
    "update": lambda named, record, _: {"object_data": {**named, "_id": record, "name": "Other"}},
    "details": lambda named, record, _: {**named, "objectDataId": record},
    "list": lambda named, _, __: {**named, "search_query_info": {"limit": 10, "offset": 0}},
    "invalidate": lambda named, record, _: {**named, "object_data_id": record},
    "recover": lambda named, record, _: {**named, "idList": [record]},
    "delete": lambda named, record, _: {**named, "idList": [record]},
    "owner": lambda named, record, second: {
        **named,
        "Data": [{"objectDataId": record, "ownerId": [second]}],
    },
}


def prepare(name, made):
    """Bring a record into the state in which the call has something to do."""
    verb = name.partition("_")[0]
    if verb in {"recover", "delete"}:
        kind = "erp" if "erp" in name else "preset"
        api_name = "ErpOrderObj" if "erp" in name else "AccountObj"
        record = min(made.records(api_name))
        mode = settings.current().mode
        shim.configure(mode="object")
        door = getattr(shim, f"invalidate_{kind}_object")
        data = {"dataObjectApiName": api_name, "object_data_id": record}
        answer = door(made.corp_access_token, made.corp_id, made.current_open_user_id, data)
        assert answer["errorCode"] == 0
        shim.configure(mode=mode)


def state(made):
    return (
        {one: made.person(one) for one in made.open_user_ids},
        made.departments(),
        made.records("AccountObj"),
        made.records("ErpOrderObj"),
    )


def make(call, name, mode, **changes):
    """Make one call in one mode; return everything there is to say of it."""
    made, wire = begin(mode, **changes)
    prepare(name, made)
    wire.sent.clear()
    given = arguments(name, made)
    before = state(made)
    events = []
    shim.set_notice_hooks([events.append])
    answer = call(name, made.corp_access_token, made.corp_id, **given)
    finished = [one for one in events if one.name == "shim.offline_call_finished"]
    assert len(finished) == 1
    shadows = [one for one in events if one.name == "shim.shadow_compared"]
    return Made(made, wire, given, before, answer, finished[0], shadows)


class Made:
    def __init__(self, tenant, wire, given, before, answer, finished, shadows):  # noqa: PLR0913, PLR0917 - what there is to say.
        self.tenant, self.wire, self.given, self.before = tenant, wire, given, before
        self.answer, self.finished, self.shadows = answer, finished, shadows
        self.after = state(tenant)


def old_answer(name):
    """Return what the old service answers to the same call, and the state it leaves."""
    made, wire = begin("object")
    prepare(name, made)
    endpoint = ENDPOINTS[name]
    body = {
        "corpAccessToken": made.corp_access_token,
        "corpId": made.corp_id,
        **arguments(name, made),
    }
    import httpx  # noqa: PLC0415 - the sandbox takes the requests of either library.

    with httpx.Client(transport=Sandbox.transport(made), base_url=made.base_url) as client:
        answer = client.request(endpoint.addresses[0].method, endpoint.paths[0], json=body).json()
    assert not wire.sent or name.startswith(("recover", "delete"))
    return answer, state(made)


def facts(answer):
    return {key: value for key, value in answer.items() if key != "traceId"}


@pytest.mark.parametrize("name", ENDPOINTS)
class TestLegacy:
    def test_the_old_call_goes_to_the_old_address(self, name, call):
        """One request, with what was given and credentials; the old answer, the old effect."""
        made = make(call, name, "legacy")
        assert len(made.wire.sent) == 1
        [body] = made.wire.old(name)
        credentials = {
            "corpAccessToken": made.tenant.corp_access_token,
            "corpId": made.tenant.corp_id,
        }
        assert body == {**made.given, **credentials}
        answer, after = old_answer(name)
        assert facts(made.answer) == facts(answer)
        assert made.after == after
        assert (made.after == made.before) == (name in READS)
        assert (made.finished.mode, made.finished.reason) == ("legacy", "mode")

    def test_nothing_is_tried_again(self, name, call):
        """Not even what would pass: the old call was made once, too."""
        made, wire = begin("legacy")
        given = arguments(name, made)
        made.add_faults({"kind": "error", "code": -1, "times": 1})
        answer = call(name, made.corp_access_token, made.corp_id, **given)
        assert answer["errorCode"] == -1
        assert len(wire.sent) == 1

    def test_no_acting_employee_is_needed(self, name, call):
        """The offline API named none; where a call names one, it is the caller's."""
        made = make(call, name, "legacy", current_open_user_id=None)
        assert made.answer["errorCode"] == 0


@pytest.mark.parametrize("name", ENDPOINTS)
class TestDryRun:
    def test_nothing_is_written(self, name, call):
        """Reads are made; the plan holds what the object way then sends, word for word."""
        made = make(call, name, "dry_run")
        assert made.after == made.before
        assert all(path.endswith(READING) for _, path, _ in made.wire.sent)
        real = make(call, name, "object")
        erp = "/cgi/crm/erp/data"
        sent = [
            (method, path, without_credentials(body))
            for method, path, body in real.wire.sent
            if (path.startswith((erp, "/cgi/crm/v2/data")) and not path.endswith(READING))
        ]
        plan = [(one.method, one.path, dict(one.body)) for one in made.answer.plan]
        assert sorted(plan, key=str) == sorted(sent, key=str)
        assert bool(plan) == (name in WRITES)

    def test_the_answer_is_what_would_have_come_back(self, name, call):
        """But for what nobody can know, a new record's id; and outcomes are planned."""
        made, real = make(call, name, "dry_run"), make(call, name, "object")
        expected, answer = facts(real.answer), facts(made.answer)
        for one in (expected, answer):
            if "create" in name:
                one.pop("dataId", None)
            one.pop("data", None) if name in WRITES else None
            # A vendor's own words for a success.
            one.pop("errorMessage"), one.pop("errorDescription")
        assert answer == expected
        done = {"changed": "planned", "accepted": "planned"}
        assert [one.state for one in made.answer.outcomes] == [
            done.get(one.state, one.state) for one in real.answer.outcomes
        ]
        assert made.finished.mode == "dry_run"
        assert made.finished.planned == sum(one.state == "planned" for one in made.answer.outcomes)


@pytest.mark.parametrize("name", ENDPOINTS)
class TestShadow:
    def test_the_old_call_writes_and_the_object_api_is_read(self, name, call):
        """One old call, no write beside it; the old answer; and both ways agree."""
        made = make(call, name, "shadow")
        reads_twice = ENDPOINTS[name].kind != "translated" and name in READS
        assert len(made.wire.old(name)) == 1 + reads_twice
        others = [path for _, path, body in made.wire.sent if body not in made.wire.old(name)]
        assert all(path.endswith(READING) for path in others)
        answer, after = old_answer(name)
        assert facts(made.answer) == facts(answer)
        assert made.after == after
        [compared] = made.shadows
        if ENDPOINTS[name].kind != "translated" and name in WRITES:
            assert compared.reason == "a call that writes is not made twice"
        else:
            assert (compared.result, compared.mismatches) == ("match", ())
        assert made.finished.mode == "shadow"

    def test_control_against_control(self, name, call):
        """A read against itself; a write has no control, for it is made once."""
        made = make(call, name, "shadow", shadow_against="legacy")
        [compared] = made.shadows
        assert compared.against == "legacy"
        assert compared.result == ("not_compared" if name in WRITES else "match")
        assert len(made.wire.sent) == len(made.wire.old(name)) == (1 if name in WRITES else 2)

    def test_without_an_acting_employee(self, name, call):
        """Unless the call names one, nothing is compared; the caller does not notice."""
        made = make(call, name, "shadow", current_open_user_id=None)
        assert made.answer["errorCode"] == 0
        [compared] = made.shadows
        nameless = "currentOpenUserId" not in made.given
        assert (compared.reason == "no acting employee is set") == nameless


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "error", "code": 50009}])
@pytest.mark.parametrize("name", TRANSLATED)
def test_error_of_a_shadow_changes_no_answer(name, call, fault):
    """The object API breaks or is busy: the old call goes its way all the same."""
    made, wire = begin("shadow")
    given = arguments(name, made)
    events = []
    shim.set_notice_hooks([events.append])
    made.add_faults({**fault, "path": "/cgi/crm/v2/data/query"})
    made.add_faults({**fault, "path": "/cgi/crm/v2/data/get"})
    answer = call(name, made.corp_access_token, made.corp_id, **given)
    assert answer["errorCode"] == 0
    assert len(wire.old(name)) == 1
    [compared] = [one for one in events if one.name == "shim.shadow_compared"]
    assert compared.result == "not_compared"
    assert compared.reason.startswith("errorCode")


@pytest.mark.parametrize("name", ENDPOINTS)
def test_object_makes_no_old_call(name, call):
    """The way the package is for; ERP objects stay at their own address unless told otherwise."""
    made = make(call, name, "object", erp="preset")
    assert made.answer["errorCode"] == 0
    assert all(path.startswith("/cgi/crm/v2/data/") for _, path, _ in made.wire.sent)
    assert (made.finished.mode, made.finished.reason) == ("object", "mode")


def test_every_call_is_declared_as_what_it_does():
    """What writes, writes."""
    assert len(WRITES) + len(READS) == len(ENDPOINTS)
    reading = ("query", "get")
    assert [name for name in WRITES if name.startswith(reading)] == []
    assert [name for name in READS if not name.startswith(reading)] == []
