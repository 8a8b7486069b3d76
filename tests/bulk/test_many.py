"""A stream of members: every id one outcome, whatever comes, and nothing kept."""

import asyncio
import threading
import time
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shim
from shim.bulk import AsyncRun, Run
from shim.objectapi import http
from shim.objectapi.clock import Clock, SkippingClock
from shim.sandbox import Sandbox

QUERY, UPDATE = "/cgi/crm/v2/data/query", "/cgi/crm/v2/data/update"
TOKEN = "/cgi/corpAccessToken/get/V2"
DISABLE, ENABLE = 1, 2


@pytest.fixture
def made(tenant):
    """Return a function that makes a tenant whose credentials are in the settings."""

    def make(members=6, **options):
        one = tenant(members, **options)
        shim.configure(corp_access_token=one.corp_access_token, corp_id=one.corp_id)
        return one

    return make


def blocking(ids, status, **options):
    return list(shim.set_member_status_many(ids, status, **options))


def awaiting(ids, status, **options):
    async def collected():
        return [one async for one in shim.aio.set_member_status_many(ids, status, **options)]

    return asyncio.run(collected())


async def trickled(ids):
    for one in ids:
        await asyncio.sleep(0)
        yield one


def awaiting_async_ids(ids, status, **options):
    return awaiting(trickled(ids), status, **options)


@pytest.fixture(params=[blocking, awaiting, awaiting_async_ids], ids=["sync", "async", "async-ids"])
def many(request):
    return request.param


def calls(tenant):
    return {path: one["count"] for path, one in tenant.calls().items()}


class TestOutcomes:
    """Each id ends in one outcome."""

    def test_a_generator_of_ids_ends_in_outcomes(self, many, made):
        """350 ids: four look-ups, 350 updates, four read-backs, and the state says so too."""
        tenant = made(350)
        outcomes = many((one for one in tenant.open_user_ids), DISABLE)
        assert sorted(one.open_user_id for one in outcomes) == sorted(tenant.open_user_ids)
        assert {one.state for one in outcomes} == {"changed"}
        assert set(tenant.members().values()) == {"1"}
        assert calls(tenant) == {QUERY: 8, UPDATE: 350}

    def test_running_again_is_resuming(self, many, made):
        """Those already there cost no write."""
        tenant = made(250)
        many(tenant.open_user_ids[:120], DISABLE)
        tenant.reset(calls_only=True)
        outcomes = many(tenant.open_user_ids, DISABLE)
        states = {one.open_user_id: one.state for one in outcomes}
        assert {states[one] for one in tenant.open_user_ids[:120]} == {"unchanged"}
        assert {states[one] for one in tenant.open_user_ids[120:]} == {"changed"}
        assert calls(tenant)[UPDATE] == 130

    def test_no_ids_make_no_calls(self, many, made):
        """No ids, no calls, no outcomes."""
        tenant = made(2)
        assert many([], DISABLE) == []
        assert calls(tenant) == {}

    def test_what_is_no_id_fails_alone(self, many, made):
        """With the code the old call had for it; the others go through."""
        tenant = made(3)
        given_ids = [tenant.open_user_ids[0], None, 7, "", tenant.open_user_ids[1], "FSUID_NOBODY"]
        outcomes = many(given_ids, DISABLE)
        assert [(one.open_user_id, one.state, one.error_code) for one in outcomes] == [
            (tenant.open_user_ids[0], "changed", 0),
            ("", "failed", 10010),
            ("", "failed", 11008),
            ("", "failed", 10010),
            (tenant.open_user_ids[1], "changed", 0),
            ("FSUID_NOBODY", "failed", 20012),
        ]

    def test_a_dry_run_writes_nothing(self, many, made):
        """It says who would be written."""
        tenant = made(4)
        many(tenant.open_user_ids[:1], DISABLE)
        outcomes = many([*tenant.open_user_ids, "FSUID_NOBODY"], DISABLE, dry_run=True)
        assert [one.state for one in outcomes] == ["unchanged", *["planned"] * 3, "failed"]
        assert sorted(tenant.members().values()) == ["0", "0", "0", "1"]

    @pytest.mark.parametrize(
        "profile", ["fsuid", "employee_id", "hidden", "read_only", "strict", "lagging"]
    )
    def test_on_every_kind_of_tenant(self, profile, many, made):
        """What is reported for each member is what the state shows."""
        tenant = made(
            130,
            profile=profile,
            sandbox={"lag_seconds": 0.3, "quota_calls": 0},
            read_back_seconds=0.4 if profile == "read_only" else 5.0,
        )
        shim.configure(
            app_id=tenant.app_id,
            app_secret=tenant.app_secret,
            permanent_code=tenant.permanent_code,
        )
        outcomes = many(tenant.open_user_ids, DISABLE)
        reported = {one.open_user_id: "0" if one.state == "failed" else "1" for one in outcomes}
        assert len(outcomes) == 130
        assert reported == tenant.members()

    @settings(max_examples=25, deadline=None)
    @given(st.data())
    def test_every_id_in_one_outcome(self, data):
        """Any mixture of members, unknown ids, duplicates and values that are no ids."""
        tenant = Sandbox(8, seed=3, hidden=2)
        shim.configure(
            base_url=tenant.base_url,
            transport=tenant.transport(),
            current_open_user_id=tenant.current_open_user_id,
            corp_access_token=tenant.corp_access_token,
            corp_id=tenant.corp_id,
            quota_calls=0,
            concurrency=data.draw(st.integers(1, 9)),
        )
        one = st.sampled_from([*tenant.open_user_ids, "FSUID_NOBODY", "", None])
        ids = data.draw(st.lists(one, max_size=320))
        outcomes = blocking(ids, DISABLE)
        assert sorted(x.open_user_id for x in outcomes) == sorted(x or "" for x in ids)
        seen = {x.open_user_id for x in outcomes if x.state != "failed"}
        named = {x for x in ids if x in tenant.open_user_ids}
        assert seen == named - set(tenant.hidden)
        members = tenant.members()
        assert {x for x in members if members[x] == "1"} == seen


class TestTheStream:
    """When ids are read, and what happens if the loop is left."""

    def test_ids_are_read_as_they_are_needed(self, made):
        """A few look-ups ahead, not the whole file."""
        tenant = made(1)
        read = 0

        def endless():
            nonlocal read
            while True:
                read += 1
                yield tenant.open_user_ids[0]

        outcomes = shim.set_member_status_many(endless(), ENABLE)
        assert len(list(islice(outcomes, 150))) == 150
        assert read <= 100 * (shim.settings.current().concurrency + 2)
        outcomes.close()

    def test_who_leaves_early_leaves_nothing_behind(self, made):
        """Threads end with what they have under way."""
        tenant = made(300, sandbox={"latency_ms": 5})
        for _ in shim.set_member_status_many(tenant.open_user_ids, DISABLE):
            break
        deadline = time.monotonic() + 60
        while any(one.name == "fxiaoke-shim" for one in threading.enumerate()):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def test_who_leaves_early_leaves_no_task_behind(self, made):
        """Tasks are cancelled and awaited."""
        tenant = made(300, sandbox={"latency_ms": 5})

        async def job():
            outcomes = shim.aio.set_member_status_many(tenant.open_user_ids, DISABLE)
            async for _ in outcomes:
                break
            await outcomes.aclose()
            return len(asyncio.all_tasks())

        assert asyncio.run(job()) == 1

    def test_what_the_iterable_raises_comes_after_the_outcomes(self, many, made):
        """What was read before is finished; nothing is lost."""
        tenant = made(150)

        def broken():
            yield from tenant.open_user_ids[:130]
            msg = "the file has ended too soon"
            raise LookupError(msg)

        with pytest.raises(LookupError, match="too soon"):
            many(broken(), DISABLE)
        assert list(tenant.members().values()).count("1") == 130

    def test_what_will_not_pass_stops_the_run_and_everybody_is_told(self, many, made):
        """The daily quota is used up: no more calls, one outcome for each id all the same."""
        tenant = made(500, read_back_seconds=0, concurrency=8)
        tenant.add_faults({"kind": "error", "code": 30002, "path": UPDATE, "after": 50})
        outcomes = many((one for one in tenant.open_user_ids), DISABLE)
        assert len({one.open_user_id for one in outcomes}) == 500
        assert {one.error_code for one in outcomes if "not attempted" in one.message} == {30002}
        assert calls(tenant)[UPDATE] <= 50 + 8

    def test_nothing_under_way_at_a_stop_is_recursion(self, made):
        """100,000 ids that are refused without a call."""
        tenant = made(1)
        tenant.add_faults({"kind": "error", "code": 15003, "path": QUERY})
        outcomes = shim.set_member_status_many((f"FSUID_{n}" for n in range(100_000)), DISABLE)
        assert sum(one.error_code == 15003 for one in outcomes) == 100_000


class Watched(Clock):
    """The machine's clock, and what is to be done when the run begins to wait."""

    def idle(self, seconds):
        self.waits()
        return super().idle(seconds)


class TestStopping:
    """`Run.stop`: what a signal's handler calls."""

    def test_what_is_read_is_answered_and_nothing_more_is(self, made):
        """In the middle of a wait for the quota, from another thread."""
        tenant = made(400, quota_calls=40, quota_seconds=60.0)
        http.reset(clock := Watched())
        read = []

        def ids():
            for one in tenant.open_user_ids:
                read.append(one)
                yield one

        run = Run(ids(), DISABLE)
        clock.waits = run.stop
        started = time.monotonic()
        outcomes = list(run)
        assert time.monotonic() - started < 60, "it waited for the quota"
        assert sorted(one.open_user_id for one in outcomes) == sorted(read)
        told = [one for one in outcomes if one.message.startswith("not attempted")]
        assert told
        assert "run it again" in told[0].message
        assert run.tally.total == len(outcomes) == len(read)
        assert calls(tenant)[UPDATE] <= 40

    def test_an_awaiting_run_as_well(self, made):
        """From the loop itself."""
        tenant = made(400, quota_calls=40, quota_seconds=60.0)

        http.reset(clock := Watched())
        run = AsyncRun(iter(tenant.open_user_ids), DISABLE)
        clock.waits = run.stop

        async def job():
            return [one async for one in run]

        started = time.monotonic()
        outcomes = asyncio.run(job())
        assert time.monotonic() - started < 60, "it waited for the quota"
        assert outcomes
        assert any("run it again" in one.message for one in outcomes)
        assert calls(tenant)[UPDATE] <= 40

    def test_run_stopped_before_it_begins_sends_nothing(self, made):
        """Then there is nothing to do; and once is enough."""
        tenant = made(2)
        run = Run(tenant.open_user_ids, DISABLE)
        run.stop()
        run.stop()
        outcomes = list(run)
        assert {one.state for one in outcomes} <= {"failed"}
        assert calls(tenant) == {}


class TestUnusable:
    """Ids that are none."""

    def test_group_without_one_usable_id_makes_no_call(self, many, made):
        """Each of them is still one outcome, in its place."""
        tenant = made()
        outcomes = many([None, "", 7], DISABLE)
        assert [(one.state, one.error_code) for one in outcomes] == [
            ("failed", 10010),
            ("failed", 10010),
            ("failed", 11008),
        ]
        assert not tenant.calls()


class TestTelling:
    """What a run says of itself."""

    def test_run_names_what_it_waits_for_and_for_how_long(self, made):
        """The quota, and for how long."""
        tenant = made(200, quota_calls=50, quota_seconds=20.0)
        seen = []

        class Seen(SkippingClock):
            def idle(self, seconds):
                seen.append((seconds, run.waiting))
                return super().idle(seconds)

        http.reset(Seen())
        run = Run(tenant.open_user_ids, DISABLE)
        assert run.waiting is None
        assert run.remaining_seconds(1000) == 0
        assert {one.state for one in run} == {"changed"}
        assert len(seen) >= 3
        assert {waiting for _, waiting in seen} == {("quota", seconds) for seconds, _ in seen}
        assert all(0 < seconds <= 20 for seconds, _ in seen)
        assert run.remaining_seconds(1000) == 380
        assert run.api_calls == calls(tenant)

    @pytest.mark.parametrize("status", [DISABLE, ENABLE])
    def test_one_event_at_the_end(self, status, many, made, events):
        """With the counts; no id, no token."""
        tenant = made(5)
        many(tenant.open_user_ids, status)
        (event,) = [one for one in events if one.name == "shim.bulk_run_finished"]
        assert event.status == status
        assert event.members == 5
        assert event.changed == (5 if status == DISABLE else 0)
        assert event.unchanged == 5 - event.changed
        assert not {*tenant.open_user_ids, tenant.corp_access_token} & set(str(event).split("'"))

    def test_it_is_no_deprecated_call(self, many, made, events):
        """Nothing to migrate from, so no notice."""
        tenant = made(2)
        many(tenant.open_user_ids, DISABLE)
        assert {one.name for one in events} == {"shim.bulk_run_finished"}


class TestCredentials:
    """Whose members these are."""

    def test_a_token_is_fetched_where_there_is_none(self, many, tenant):
        """Once, with the app credentials."""
        made = tenant(
            150,
            app_id=Sandbox(1, seed=11).app_id,
            app_secret=Sandbox(1, seed=11).app_secret,
            permanent_code=Sandbox(1, seed=11).permanent_code,
            corp_id=Sandbox(1, seed=11).corp_id,
        )
        assert {one.state for one in many(made.open_user_ids, DISABLE)} == {"changed"}
        assert calls(made)[TOKEN] == 1

    def test_given_credentials_win_over_settings(self, many, tenant):
        """Before those of the settings."""
        made = tenant(2, corp_id="FSCID_OTHER", corp_access_token="other")
        given_ones = {"corp_id": made.corp_id, "corp_access_token": made.corp_access_token}
        assert {one.state for one in many(made.open_user_ids, DISABLE, **given_ones)} == {"changed"}

    @pytest.mark.parametrize(
        ("settings", "missing"),
        [
            ({"corp_access_token": "t"}, "corp_id"),
            ({"corp_id": "FSCID"}, "corp_access_token"),
            ({"corp_id": "FSCID", "corp_access_token": "t"}, "current_open_user_id"),
        ],
    )
    def test_what_is_missing_is_told_at_once(self, settings, missing):
        """Not at the first outcome."""
        shim.configure(**settings)
        for door in (shim.set_member_status_many, shim.aio.set_member_status_many):
            with pytest.raises(shim.ConfigurationError, match=missing):
                door([], DISABLE)

    @pytest.mark.parametrize("status", [0, 3, True, None, "disabled"])
    def test_a_status_that_is_none(self, status, made):
        """1 or 2, as in the old call."""
        made(1)
        for door in (shim.set_member_status_many, shim.aio.set_member_status_many):
            with pytest.raises(ValueError, match="status is neither 1"):
                door([], status)
