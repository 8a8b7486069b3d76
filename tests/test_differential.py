"""The strongest test: an old call at its old address, and the same call through the shim.

Two sandboxes made alike get the same call, one each way. They end in the same state and give the
same answer, but for what the loss report states.
"""

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pydantic import TypeAdapter

import shim
from shim import settings as shim_settings
from shim.objectapi import http
from shim.offline import ENDPOINTS, employees
from shim.sandbox import Sandbox

# What the loss report says of every write: one that would change nothing is not made.
NOT_COMPARED = {"version", "last_modified_time"}
OFFLINE_ONLY = {"account", "qq", "weixin", "hireDate", "birthDate", "startWorkDate", "order"}
# Every answer has the types that its class promises.
TYPED = {name: TypeAdapter(endpoint.returns) for name, endpoint in ENDPOINTS.items()}
JUNK = st.sampled_from([None, "", 7, 1.5, True, "x", [], [""], [7], {}])


class Pair:
    """Two tenants made alike, and the two ways to call them."""

    def __init__(self, seed, members=5, departments=4, **configured):
        def make():
            return Sandbox(
                members,
                seed=seed,
                departments=departments,
                objects={"AccountObj": 2, "ErpOrderObj": 2},
                # Time stands still, so that both write the same times.
                clock=lambda: 0.0,
            )

        self.old, self.new = make(), make()
        self.client = httpx.Client(transport=self.old.transport(), base_url=self.old.base_url)
        shim_settings.reset()
        http.reset()
        employees.SNAPSHOTS.forget()
        shim.configure(
            base_url=self.new.base_url,
            transport=self.new.transport(),
            current_open_user_id=self.new.current_open_user_id,
            notices="ignore",
            quota_calls=0,
            read_back_seconds=0,
            on_unmapped="drop",
            # The sandbox's own name; the vendor's is unknown (U).
            field_map={"attachingDepartmentIds": "vice_departments"},
            **configured,
        )

    def call(self, name, arguments, path=None):
        """Make one call both ways; return both answers."""
        given = {key: value for key, value in arguments.items() if value is not None}
        old = self.client.request(
            ENDPOINTS[name].addresses[0].method,
            path or ENDPOINTS[name].paths[0],
            json={
                "corpAccessToken": self.old.corp_access_token,
                "corpId": self.old.corp_id,
                **given,
            },
        ).json()
        new = getattr(shim, name)(self.new.corp_access_token, self.new.corp_id, **given)
        for answer in (old, dict(new)):
            TYPED[name].validate_python(answer, strict=True)
        return old, new

    def check(self, name, old, new, ignored=frozenset()):
        """Compare two answers by the loss report of the call."""
        assert code(new) == code(old), (
            name,
            old["errorMessage"],
            new["errorMessage"],
        )
        fates = ENDPOINTS[name].answer
        if old["errorCode"] == 0:
            compare(visible(old, fates), visible(new, fates), fates, "", ignored)
        self.check_state()

    def check_state(self):
        """Compare everything there is."""
        assert state(self.new) == state(self.old)


def code(answer):
    """Return the errorCode; 15002 and 32000 are the two APIs' words for a bad parameter."""
    return {32000: 15002}.get(answer["errorCode"], answer["errorCode"])


def visible(answer, fates):
    """Return the fields beyond the envelope, each of which must have a fate."""
    beyond = {
        name: value
        for name, value in answer.items()
        if name not in {"traceId", "errorMessage", "errorDescription", "errorCode"}
    }
    assert set(beyond) <= set(fates), "an answer field without a fate"
    return beyond


def compare(old, new, fates, prefix, ignored):
    """Compare field by field; one that is defaulted or dropped may differ."""
    assert set(old) == set(new), prefix
    for key, value in old.items():
        name = f"{prefix}{key}"
        fate = fates.get(name)
        if name in ignored or (fate is not None and fate.kind in {"defaulted", "dropped"}):
            continue
        nested = [one for one in fates if one.startswith((f"{name}.", f"{name}[]."))]
        if nested and isinstance(value, list):
            assert len(value) == len(new[key]), name
            for left, right in zip(value, new[key], strict=True):
                compare(left, right, fates, f"{name}[].", ignored)
        elif nested and isinstance(value, dict):
            compare(value, new[key], fates, f"{name}.", ignored)
        else:
            assert fate is not None, f"{name} has no fate"
            assert plain(new[key]) == plain(value), name


def plain(value):
    """Return a value without what differs where a needless write was not made."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if key not in NOT_COMPARED}
    return [plain(one) for one in value] if isinstance(value, list) else value


def state(made):
    """Return all that both APIs share."""
    hidden = NOT_COMPARED | OFFLINE_ONLY
    everything = {
        "people": {one: made.person(one) for one in made.open_user_ids},
        "departments": made.departments(),
        "AccountObj": made.records("AccountObj"),
        "ErpOrderObj": made.records("ErpOrderObj"),
    }
    return {
        kind: {
            key: {name: value for name, value in record.items() if name not in hidden}
            for key, record in records.items()
        }
        for kind, records in everything.items()
    }


def arguments(name, pair):
    """Return a strategy of arguments for one call, good ones mostly."""
    people = st.sampled_from(pair.old.open_user_ids)
    anybody = people | st.just("FSUID_NOBODY")
    department = st.sampled_from(sorted(pair.old.departments()))
    any_department = department | st.just(424242)
    status = st.sampled_from([1, 2, 1, 2, "1", 3, True, None])
    acting = st.just(pair.old.current_open_user_id)
    text = st.text("abc 中", max_size=4)
    detail = st.sampled_from([None, True, False, 1])
    ms = st.none() | st.integers(0, 2_000_000_000_000)
    api_name = "ErpOrderObj" if "erp" in name else "AccountObj"
    records = sorted(pair.old.records(api_name))
    record = st.sampled_from([*records, "no-such-record"])
    known = st.fixed_dictionaries
    name_of_object = {"dataObjectApiName": st.just(api_name)}
    user = known(
        {"openUserId": anybody},
        optional={
            "account": text,
            "name": text,
            "fullName": text,
            "position": text,
            "gender": st.sampled_from(["M", "F", "X"]),
            "mobile": st.just("13800000000"),
            "email": text,
            "qq": text,
            # One that does not exist is the object API's to judge, see the loss report.
            "mainDepartmentId": department | st.sampled_from(["", 1.5, True, "x", [], {}]),
            "attachingDepartmentIds": st.lists(department, max_size=3, unique=True),
            "employeeNumber": text,
            "hireDate": st.just("2020-01-01"),
            "leaderId": people,
        },
    )
    changes = known(
        {"id": any_department | JUNK},
        optional={"name": text, "parentId": department | st.just(0), "order": st.integers(0, 9)},
    )
    fields = known({}, optional={"name": text, "remark": text})
    many = st.lists(record, min_size=1, max_size=3, unique=True)
    erp_or_preset = {
        "create": fields.map(lambda some: {"object_data": {**some, "dataObjectApiName": api_name}}),
        "update": st.builds(
            lambda some, one: {"object_data": {**some, "dataObjectApiName": api_name, "_id": one}},
            fields,
            record,
        ),
        "details": known({**name_of_object, "objectDataId": record}),
        "list": known(
            {
                **name_of_object,
                "search_query_info": known(
                    {
                        "limit": st.sampled_from([1, 10, 100]),
                        "offset": st.just(0),
                        "filters": st.just([]),
                        "orders": st.just([{"fieldName": "_id", "isAsc": True}]),
                    }
                ),
            }
        ),
        "invalidate": known({**name_of_object, "object_data_id": record}),
        "recover": known({**name_of_object, "idList": many}),
        "delete": known({**name_of_object, "idList": many}),
        "owner": known(
            {
                **name_of_object,
                "Data": st.lists(
                    known(
                        {
                            "objectDataId": record,
                            "ownerId": people.map(lambda one: [one]) | people.map("[{}]".format),
                        }
                    ),
                    min_size=1,
                    max_size=2,
                ),
            }
        ),
    }
    return {
        "set_member_status_batch": lambda: known(
            {"openUserIds": st.lists(anybody, max_size=6) | JUNK, "status": status | JUNK}
        ),
        "set_member_status": lambda: known(
            {
                "currentOpenUserId": acting,
                "status": status,
                "openUserId": st.none() | anybody,
                "openUserIds": st.none() | st.lists(anybody, max_size=3) | JUNK,
            }
        ),
        "update_member": lambda: known({"user": user}),
        "query_employee_info_by_open_user_id": lambda: known(
            {"openUserId": anybody | JUNK, "showDepartmentIdsDetail": detail}
        ),
        "query_employee_by_mobile": lambda: known(
            {
                "mobile": JUNK
                | st.sampled_from([pair.old.person(one)["phone"] for one in pair.old.open_user_ids])
            }
        ),
        "query_updated_employee_list_by_time_range": lambda: known(
            {
                "startTime": ms,
                "endTime": ms,
                "pageSize": st.none() | st.integers(0, 7) | JUNK,
                "pageNumber": st.none() | st.integers(0, 4),
                "showDepartmentIdsDetail": detail,
            }
        ),
        "get_department_list": lambda: known({}),
        "get_department_details": lambda: known(
            {"currentOpenUserId": acting, "departmentId": any_department | JUNK}
        ),
        "update_department": lambda: known({"department": changes}),
        "set_department_status": lambda: known(
            {"departmentId": any_department | JUNK, "status": status}
        ),
    }.get(
        name,
        lambda: known({"currentOpenUserId": acting, "data": erp_or_preset[verb_of(name)]}),
    )()


def verb_of(name):
    """Return what a preset or ERP call does."""
    if name.startswith("query"):
        return name.rpartition("_")[2]
    return "owner" if name.startswith("change") else name.partition("_")[0]


QUIET = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
QUICK = settings(QUIET, max_examples=6)


@pytest.mark.parametrize("name", ENDPOINTS)
@QUIET
@given(
    data=st.data(), seed=st.integers(0), members=st.integers(1, 8), departments=st.integers(1, 8)
)
def test_old_call_and_shim_leave_the_same_state(name, data, seed, members, departments):
    """Same state, same answer, but for what the loss report states."""
    pair = Pair(seed, members, departments)
    given_arguments = data.draw(arguments(name, pair))
    old, new = pair.call(name, given_arguments)
    pair.check(name, old, new)


@pytest.mark.parametrize("name", [name for name in ENDPOINTS if "erp" in name])
@QUIET
@given(data=st.data(), seed=st.integers(0, 2))
def test_erp_calls_over_the_preset_path_end_alike(name, data, seed):
    """With erp = "preset" the objects are reached the other way, with the same outcome."""
    pair = Pair(seed, erp="preset")
    given_arguments = data.draw(arguments(name, pair))
    old, new = pair.call(name, given_arguments)
    pair.check(name, old, new)


@pytest.mark.parametrize("mode", ["legacy", "shadow"])
@pytest.mark.parametrize("name", ENDPOINTS)
@QUICK
@given(data=st.data(), seed=st.integers(0, 2))
def test_mode_legacy_is_the_old_call(name, mode, data, seed):
    """Same state and the very same answer, whatever was given; a shadow changes nothing of it."""
    pair = Pair(seed, mode=mode)
    given_arguments = data.draw(arguments(name, pair))
    old, new = pair.call(name, given_arguments)
    assert code(new) == code(old)
    if old["errorCode"] == 0:
        assert {**new, "traceId": ""} == {**old, "traceId": ""}
    pair.check_state()
    assert not pair.new.updates or ENDPOINTS[name].kind != "translated"


@pytest.mark.parametrize("name", ENDPOINTS)
@QUICK
@given(data=st.data(), seed=st.integers(0, 2))
def test_a_dry_run_changes_nothing_and_foretells_the_answer(name, data, seed):
    """Two tenants made alike: one gets the dry run, then both get the real call."""
    pair = Pair(seed, mode="dry_run")
    given_arguments = data.draw(arguments(name, pair))
    before = state(pair.new)
    _, foretold = pair.call(name, given_arguments)
    assert state(pair.new) == before
    shim.configure(mode="object")
    real = getattr(shim, name)(
        pair.new.corp_access_token,
        pair.new.corp_id,
        **{key: value for key, value in given_arguments.items() if value is not None},
    )
    # That the vendor will refuse a write, nobody can know who has not sent it.
    if real["errorCode"] == 0 or not foretold.plan:
        assert code(foretold) == code(real)


class Mixed(RuleBasedStateMachine):
    """Any calls in any order keep two tenants alike."""

    @initialize(seed=st.integers(0, 5))
    def begin(self, seed):
        self.pair = Pair(seed)

    @rule(data=st.data(), name=st.sampled_from(sorted(ENDPOINTS)))
    def call(self, data, name):
        given_arguments = data.draw(arguments(name, self.pair), label=name)
        if name == "query_updated_employee_list_by_time_range":
            # Needless writes are not made, so records differ in when they were last modified.
            given_arguments |= {"startTime": None, "endTime": None, "pageNumber": 1}
        old, new = self.pair.call(name, given_arguments)
        self.pair.check(name, old, new, ignored={"lastChangedTime", "department.updateTime"})

    @invariant()
    def alike(self):
        if hasattr(self, "pair"):
            self.pair.check_state()


TestMixed = Mixed.TestCase
TestMixed.settings = settings(
    max_examples=30, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
