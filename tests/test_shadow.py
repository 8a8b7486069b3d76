"""A shadow sees what the object API would do, on every tenant, and is in nobody's way."""

import threading
import time

import pytest

import shim
from shim.modes.dry_run import DryRun
from shim.modes.object_api import Watched
from shim.modes.shadow import shadowed
from shim.objectapi.calls import Call, Reply
from shim.offline import ENDPOINTS
from shim.sandbox import PROFILES, Sandbox
from shim.scheduler.steps import Pause

QUERY = "/cgi/crm/v2/data/query"
OLD = "/cgi/user/batchSetStatus"


@pytest.fixture
def compared(events):
    """Return the one comparison that was logged."""

    def compared():
        [event] = [one for one in events if one.name == "shim.shadow_compared"]
        return event

    return compared


def disable(call, made, ids=None):
    members = made.open_user_ids if ids is None else ids
    return call("set_member_status_batch", made.corp_access_token, made.corp_id, members, 1)


@pytest.mark.parametrize("profile", PROFILES)
def test_on_each_of_the_six_tenants(profile, call, tenant, compared):
    """The old call works everywhere; the shadow says where the object API would not."""
    made = tenant(6, profile=profile, mode="shadow", sandbox={"speed": 20, "lag_seconds": 2})
    assert disable(call, made)["errorCode"] == 0
    assert {made.person(one)["status"] for one in made.open_user_ids} == {"1"}
    assert not made.updates
    event = compared()
    if profile == "hidden":
        assert (event.result, event.mismatches) == ("mismatch", ("errorCode",))
        assert event.predicted_error_code == 20012
    elif profile == "strict":
        # One record is locked, which the old address does not mind.
        assert (event.result, event.predicted_error_code) == ("mismatch", 50009)
    else:
        assert (event.result, event.predicted_error_code) == ("match", 0)


def test_the_form_of_ids_shows(call, tenant, compared):
    """A tenant with ids of another form, and a shim that does not ask for FSUIDs."""
    made = tenant(3, profile="employee_id", mode="shadow", convert_user_id=False)
    assert disable(call, made)["errorCode"] == 0
    assert compared().predicted_error_code == 20012


def test_bad_arguments_are_left_to_the_old_service(call, tenant, compared):
    """Both refuse them, each in its way."""
    made = tenant(2, mode="shadow")
    answer = disable(call, made, [])
    assert answer["errorCode"] == 10010
    assert made.calls()[OLD]["count"] == 1
    assert (compared().result, compared().predicted_error_code) == ("match", 10010)


def test_ids_from_an_iterator(call, tenant, compared):
    """Are read once, for both."""
    made = tenant(3, mode="shadow")
    assert disable(call, made, iter(made.open_user_ids))["errorCode"] == 0
    assert compared().result == "match"
    assert {made.person(one)["status"] for one in made.open_user_ids} == {"1"}


@pytest.mark.parametrize("mode", ["shadow", "legacy"])
def test_an_iterator_that_breaks(call, tenant, mode):
    """Nothing was sent, and the answer says so."""
    made = tenant(3, mode=mode)

    def broken():
        yield made.open_user_ids[0]
        msg = "canary"
        raise RuntimeError(msg)

    answer = disable(call, made, broken())
    assert answer["errorCode"] == 15002
    assert "canary" not in answer["errorMessage"]
    assert not made.calls()


@pytest.mark.parametrize("mode", ["shadow", "legacy"])
@pytest.mark.parametrize("bad", [{1: object()}, b"x", float("nan"), "\ud800"])
def test_what_json_cannot_carry_is_refused(call, tenant, mode, bad):
    """It cannot be sent."""
    made = tenant(1, mode=mode)
    answer = call("update_member", made.corp_access_token, made.corp_id, {"name": bad})
    assert answer["errorCode"] == 15002
    assert not made.calls()


def test_an_old_call_that_was_not_answered(call, tenant, compared):
    """Nothing to compare with; the answer is of the old shape."""
    made = tenant(2, mode="shadow")
    made.add_faults({"kind": "reset", "path": OLD})
    answer = disable(call, made)
    assert answer["errorCode"] == -1
    assert answer["traceId"].startswith("shim-")
    assert compared().reason == "the old call ended with errorCode -1"


def test_a_token_that_has_ended(call, tenant, compared):
    """The old call says so to its caller, who renews it as ever; the shadow saw nothing."""
    made = tenant(2, mode="shadow")
    made.add_faults({"kind": "expire_token", "times": 1})
    answer = disable(call, made)
    assert answer["errorCode"] == 20016
    assert made.calls() == {QUERY: {"count": 1, "throttled": 0}, OLD: {"count": 1, "throttled": 0}}
    assert compared().result == "not_compared"


def test_a_token_renewed_here_serves_old_calls(call, tenant):
    """A caller who left renewing to the shim can be switched back."""
    made = tenant(2)
    shim.configure(
        app_id=made.app_id, app_secret=made.app_secret, permanent_code=made.permanent_code
    )
    stale = made.corp_access_token
    made.add_faults({"kind": "expire_token", "times": 1})
    args = ("set_member_status_batch", stale, made.corp_id, made.open_user_ids)
    assert call(*args, 1)["errorCode"] == 0
    shim.configure(mode="legacy")
    assert call(*args, 2)["errorCode"] == 0


class TestTime:
    def test_a_slow_object_api_is_given_up(self, call, tenant, compared):
        """The caller waits for shadow_seconds and no longer."""
        made = tenant(2, mode="shadow", shadow_seconds=0.1, timeout_seconds=60)
        made.add_faults({"kind": "latency", "ms": 60_000, "path": QUERY})
        started = time.monotonic()
        assert disable(call, made)["errorCode"] == 0
        assert time.monotonic() - started < 60
        assert compared().result == "not_compared"

    def test_an_index_that_lags_is_not_waited_for_longer(self, call, tenant, compared, clock):
        """Nor is anything else."""
        made = tenant(
            4,
            profile="lagging",
            mode="shadow",
            shadow_seconds=0.3,
            read_back_seconds=60,
            sandbox={"lag_seconds": 60},
        )
        started = clock.now()
        assert disable(call, made)["errorCode"] == 0
        assert clock.now() - started <= 0.3
        assert compared().reason == "the shadow reads took longer than 0.3 s (shadow_seconds)"

    def test_a_full_window_is_not_waited_for(self, call, tenant, compared):
        """The quota is for those who need it."""
        made = tenant(4, mode="shadow", quota_calls=1, quota_seconds=60)
        assert disable(call, made)["errorCode"] == 0
        event = compared()
        assert (event.result, event.reason) == ("not_compared", f"errorCode 14001 of {QUERY}")

    def test_shadow_whose_slots_are_all_in_use_is_not_waited_for(self, tenant, compared):
        """Nobody knows when the first comes back."""
        made = tenant(2, mode="object", quota_calls=1, quota_seconds=60)
        inner, over = made.transport(), threading.Event()

        class Slow(type(inner)):
            def handle_request(self, request):
                response = super().handle_request(request)
                assert request.url.path != QUERY or over.wait(60)
                return response

        shim.configure(transport=Slow(made))

        def look():
            shim.query_employee_info_by_open_user_id(
                made.corp_access_token, made.corp_id, made.open_user_ids[0]
            )

        first = threading.Thread(target=look)
        first.start()
        while not made.calls():
            time.sleep(0.01)
        shim.configure(mode="shadow", shadow_seconds=0.2)
        answer = shim.set_member_status_batch(
            made.corp_access_token, made.corp_id, made.open_user_ids, 1
        )
        over.set()
        first.join()
        assert answer["errorCode"] == 0
        assert compared().reason == f"errorCode 14001 of {QUERY}"


class TestWalks:
    """The walks themselves, fed by hand: none of a translation's writes ever gets out."""

    @staticmethod
    def old():
        (reply,) = yield [Call("/old", {}, writes=True, as_given=True)]
        return reply

    @staticmethod
    def drive(flow, answers=()):
        """Walk with these replies; return what got out and what came of it."""
        got_out, replies = [], iter(answers)
        step = None
        try:
            step = next(flow)
            while True:
                got_out.extend(step)
                step = flow.send([next(replies, REPLY) for _ in step])
        except StopIteration as end:
            return got_out, end.value

    def test_each_read_and_write_of_one_step_gets_its_own_reply(self):
        """Reads and writes in one step: each gets the reply that is its own."""

        def mixed():
            first, second, third = yield [
                Call("/a", {}, writes=True),
                Call("/b", {}),
                Call("/c", {}, writes=True),
            ]
            return first.code, second.code, third.code

        got_out, seen = self.drive(shadowed(mixed(), self.old(), 5.0, float))
        assert [call.path for call in got_out] == ["/old", "/b"]
        assert seen.predicted == (0, 0, 0)
        dry = DryRun()
        got_out, codes = self.drive(dry.run(mixed()))
        assert [call.path for call in got_out] == ["/b"]
        assert [one.path for one in dry.plan] == ["/a", "/c"]
        assert codes == (0, 0, 0)

    def test_a_translation_that_writes_twice(self):
        """Two steps of writes: one old call."""

        def twice():
            yield [Call("/a", {}, writes=True)]
            yield [Call("/a", {}, writes=True)]
            return "done"

        got_out, seen = self.drive(shadowed(twice(), self.old(), 5.0, float))
        assert [call.path for call in got_out] == ["/old"]
        assert (seen.predicted, seen.reason) == ("done", "")

    def test_a_translation_that_breaks(self):
        """Before the old call or after it: the old call is made once, and its answer stands."""

        def broken(after):
            if after:
                yield [Call("/a", {}, writes=True)]
            msg = "canary"
            raise KeyError(msg)
            yield

        for after in (False, True):
            got_out, seen = self.drive(shadowed(broken(after), self.old(), 5.0, float))
            assert [call.path for call in got_out] == ["/old"]
            assert (seen.actual, seen.predicted, seen.reason) == (REPLY, None, "KeyError")

    def test_an_old_call_that_breaks(self):
        """Is the caller's business, and is not made again."""

        def writing():
            yield [Call("/a", {}, writes=True)]

        def old():
            yield [Call("/old", {}, as_given=True)]
            msg = "old"
            raise LookupError(msg)

        flow = shadowed(writing(), old(), 5.0, float)
        next(flow)
        with pytest.raises(LookupError, match="old"):
            flow.send([REPLY])

    def test_a_dry_run_has_nothing_to_wait_for(self):
        """No pause gets out either."""

        def waiting():
            assert (yield Pause(60)) == ()
            return "done"

        assert self.drive(DryRun().run(waiting())) == ([], "done")

    def test_watching_lets_everything_through(self):
        """And remembers whether anything was written."""

        def flow(writes):
            yield [Call("/a", {}, writes=writes)]
            return "done"

        for writes in (False, True):
            watched = Watched()
            got_out, result = self.drive(watched.run(flow(writes)))
            assert [call.path for call in got_out] == ["/a"]
            assert (result, watched.written) == ("done", writes)

        def pausing():
            yield Pause(1)

        assert next(Watched().run(pausing())) == Pause(1)


REPLY = Reply(0, "t")


class TestFallback:
    def way(self, call, made, name="set_member_status_batch", *args):
        given = args or (made.open_user_ids, 1)
        return call(name, made.corp_access_token, made.corp_id, *given)

    @pytest.mark.parametrize("code", [10006, 15003, 20014, 20012])
    def test_a_refusal_as_a_whole(self, call, tenant, events, code):
        """Nothing for this tenant: the old call is made, and that is logged."""
        made = tenant(3, fallback="legacy")
        made.add_faults({"kind": "error", "code": code, "path": QUERY})
        assert self.way(call, made)["errorCode"] == 0
        assert set(made.calls()) == {QUERY, OLD}
        assert {made.person(one)["status"] for one in made.open_user_ids} == {"1"}
        [fell_back] = [one for one in events if one.name == "shim.offline_call_fell_back"]
        assert (fell_back.function, fell_back.error_code) == ("set_member_status_batch", code)
        finished = events[-1]
        assert finished.mode == "legacy"
        assert finished.reason == f"fallback after errorCode {code}"

    def test_a_tenant_that_hides_all_members_gets_the_old_call(self, call, tenant):
        """What a missing read permission looks like: no error, and no rows."""
        made = tenant(3, profile="hidden", fallback="legacy", sandbox={"hidden": 3})
        assert self.way(call, made)["errorCode"] == 0
        assert {made.person(one)["status"] for one in made.open_user_ids} == {"1"}

    def test_some_hidden_is_no_refusal(self, call, tenant, events):
        """Once a write has gone out, there is no falling back."""
        made = tenant(4, profile="hidden", fallback="legacy", sandbox={"hidden": 2})
        answer = self.way(call, made)
        assert answer["errorCode"] == 20012
        assert OLD not in made.calls()
        assert events[-1].mode == "object"

    def test_refused_writes_are_no_refusal(self, call, tenant):
        """They may have been carried out."""
        made = tenant(2, fallback="legacy")
        made.add_faults({"kind": "error", "code": 15003, "path": "/cgi/crm/v2/data/update"})
        assert self.way(call, made)["errorCode"] == 15003
        assert OLD not in made.calls()

    def test_other_failures_are_none_either(self, call, tenant):
        """What passes, or is wrong with the call, would be no better the old way."""
        made = tenant(2, fallback="legacy", retry_seconds=0)
        made.add_faults({"kind": "error", "code": 50009, "path": QUERY})
        assert self.way(call, made)["errorCode"] == 50009
        assert self.way(call, made, "set_member_status_batch", [], 1)["errorCode"] == 10010
        assert OLD not in made.calls()

    def test_reads_fall_back_too(self, call, tenant):
        """One hidden employee, one list that may not be read."""
        made = tenant(2, profile="hidden", fallback="legacy", sandbox={"hidden": 2})
        who = made.open_user_ids[0]
        found = self.way(call, made, "query_employee_info_by_open_user_id", who)
        assert found["openUserId"] == who
        made.add_faults({"kind": "error", "code": 15003, "path": QUERY})
        listed = self.way(call, made, "query_updated_employee_list_by_time_range", None)
        assert listed["totalCount"] == 2

    def test_the_fallback_is_off_by_default(self, call, tenant):
        """Falling back hides that something is missing."""
        made = tenant(2, profile="hidden", sandbox={"hidden": 2})
        assert self.way(call, made)["errorCode"] == 20012
        assert OLD not in made.calls()

    def test_ids_from_an_iterator_reach_both_calls(self, call, tenant):
        """The refused one and the old one."""
        made = tenant(3, profile="hidden", fallback="legacy", sandbox={"hidden": 3})
        assert (
            self.way(call, made, "set_member_status_batch", iter(made.open_user_ids), 1)[
                "errorCode"
            ]
            == 0
        )

    def test_calls_that_are_passed_on_have_nothing_to_fall_back_to(self, call, tenant):
        """Their old call is the one that was refused."""
        made = tenant(1, fallback="legacy", sandbox={"objects": {"AccountObj": 1}})
        data = {"dataObjectApiName": "AccountObj", "objectDataId": "none"}
        made.add_faults({"kind": "error", "code": 15003})
        answer = self.way(
            call, made, "query_preset_object_details", made.current_open_user_id, data
        )
        assert answer["errorCode"] == 15003
        assert [one["count"] for one in made.calls().values()] == [1]


class TestOldAddresses:
    @pytest.mark.parametrize("name", [n for n, one in ENDPOINTS.items() if len(one.paths) > 1])
    def test_the_documented_ones(self, name, call, tenant):
        """The same flat body, where today's pages print it."""
        made = tenant(2, mode="legacy", legacy_address="documented")
        given = {"currentOpenUserId": made.current_open_user_id}
        names = ENDPOINTS[name].parameters
        answer = call(
            name,
            made.corp_access_token,
            made.corp_id,
            **{key: value for key, value in given.items() if key in names},
        )
        assert isinstance(answer["errorCode"], int)
        assert list(made.calls()) == [ENDPOINTS[name].paths[1]]

    def test_the_employee_of_the_settings_acts_if_the_old_call_needs_one(self, call, tenant):
        """If the caller names none."""
        made = tenant(2, mode="legacy")
        who = made.open_user_ids[0]
        answer = call("set_member_status", made.corp_access_token, made.corp_id, None, 1, who)
        assert answer["errorCode"] == 0
        assert made.person(who)["status"] == "1"

    def test_an_answer_that_leaves_things_out(self, call, tenant):
        """Gets what the old shape promises."""
        made = tenant(2, mode="legacy")
        made.add_faults({"kind": "html_502"})
        answer = disable(call, made)
        assert set(answer) == {"traceId", "errorDescription", "errorMessage", "errorCode"}


def test_bulk_run_writes_nothing_in_mode_dry_run(tenant, capsys):
    """It has no old call, so that the other ways do not concern it."""
    made = tenant(3, mode="dry_run")
    shim.configure(corp_access_token=made.corp_access_token, corp_id=made.corp_id)
    states = {one.state for one in shim.set_member_status_many(made.open_user_ids, 1)}
    assert states == {"planned"}
    shim.configure(mode="legacy")
    states = {one.state for one in shim.set_member_status_many(made.open_user_ids, 1)}
    assert states == {"changed"}
    route = {"mode": "dry_run", "functions": ["set_member_status_many"]}
    shim.configure(routes=[route])
    states = {one.state for one in shim.set_member_status_many(made.open_user_ids, 2)}
    assert states == {"planned"}
    assert capsys.readouterr().out == ""


def test_the_sandbox_is_what_it_was(tenant):
    """A shadow of a read leaves the tenant alone, to the byte."""
    made, twin = tenant(3, mode="shadow"), Sandbox(3, seed=11)
    args = (made.corp_access_token, made.corp_id)
    assert shim.get_department_list(*args)["errorCode"] == 0
    assert [made.person(one) for one in made.open_user_ids] == [
        twin.person(one) for one in twin.open_user_ids
    ]
