"""The six tenants."""

from __future__ import annotations

from typing import Any

import pytest

from shim.sandbox import PROFILES, Sandbox


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_starts_enabled_and_takes_the_offline_call(profile: str, talk: Any) -> None:
    """The batch call disables every member."""
    sandbox = Sandbox(members=20, profile=profile, seed=5)
    assert set(sandbox.members().values()) == {"0"}
    assert talk(sandbox).batch(sandbox.open_user_ids, 1)["errorCode"] == 0
    assert set(sandbox.members().values()) == {"1"}
    assert bool(sandbox.hidden) is (profile == "hidden")
    assert bool(sandbox.locked) is (profile == "strict")


class TestEmployeeId:
    def test_user_id_is_a_number_unless_asked(self, talk: Any) -> None:
        """Rows and filters use the form the call asks for; ``_id`` is the number."""
        sandbox = Sandbox(members=3, profile="employee_id")
        to = talk(sandbox)
        someone = sandbox.open_user_ids[1]
        assert to.rows(("user_id", "EQ", [someone])) == []
        (row,) = to.rows(("user_id", "IN", ["1002"]))
        assert (row["_id"], row["user_id"]) == ("1002", "1002")
        assert to.rows(("user_id", "EQ", ["1002"]), convertUserId=True) == []
        (row,) = to.rows(("user_id", "EQ", [someone]), convertUserId=True)
        assert (row["_id"], row["user_id"]) == ("1002", someone)
        assert to.get("1002")["data"]["user_id"] == "1002"
        assert to.get("1002", convertUserId=True)["data"]["user_id"] == someone
        assert to.update("1002", status="1")["dataId"] == "1002"
        assert sandbox.members()[someone] == "1"


class TestHidden:
    def test_hidden_members_have_no_row(self, talk: Any) -> None:
        """Missing from query and get with errorCode 0; updating one is 20014."""
        sandbox = Sandbox(members=25, profile="hidden", seed=2)
        to = talk(sandbox)
        assert len(sandbox.hidden) == 5
        seen = {row["user_id"] for row in to.rows()}
        assert seen == set(sandbox.open_user_ids) - sandbox.hidden
        open_twin = talk(Sandbox(members=25, seed=2))
        unseen = open_twin.record_id(next(iter(sandbox.hidden)))
        answer = to.get(unseen)
        assert (answer["errorCode"], answer["data"]) == (0, {})
        assert to.update(unseen, status="1")["errorCode"] == 20014
        assert set(sandbox.members().values()) == {"0"}
        assert sandbox.updates == []

    @pytest.mark.parametrize(
        ("members", "some", "count"),
        [(1, None, 1), (25, 1.0, 25), (25, 0.0, 0), (25, 0.01, 1), (25, 7, 7), (25, 0, 0)],
    )
    def test_hidden_takes_a_share_or_a_number(self, members: int, some: Any, count: int) -> None:
        """A share, at least one of it, or a number."""
        assert len(Sandbox(members, profile="hidden", hidden=some).hidden) == count

    def test_hidden_takes_ids_in_any_profile(self) -> None:
        """Named members, in any profile; an iterator outlives a reset."""
        twin = Sandbox(members=6)
        wanted = twin.open_user_ids[1:3]
        sandbox = Sandbox(members=6, profile="lagging", hidden=iter(wanted))
        sandbox.reset()
        assert sandbox.hidden == frozenset(wanted)

    def test_tenant_without_members_hides_none(self) -> None:
        """Also with a share."""
        assert Sandbox(members=0, profile="hidden").hidden == frozenset()


class TestReadOnly:
    def test_update_changes_nothing(self, talk: Any) -> None:
        """It answers 0 and the record stays as it was, version included."""
        sandbox = Sandbox(members=2, profile="read_only")
        to = talk(sandbox)
        record_id = to.record_id(sandbox.open_user_ids[0])
        before = to.get(record_id)["data"]
        answer = to.update(record_id, status="1")
        assert (answer["errorCode"], answer["dataId"]) == (0, record_id)
        assert to.get(record_id)["data"] == before
        assert [each.applied for each in sandbox.updates] == [False]
        assert to.update(record_id, status=1)["errorCode"] == 15002


class TestStrict:
    def test_locked_and_unknown_records_are_errors(self, talk: Any) -> None:
        """One record in ten is locked and says so; an unknown one is 30027."""
        sandbox = Sandbox(members=20, profile="strict")
        to = talk(sandbox)
        rows = {row["user_id"]: row for row in to.rows()}
        assert {each for each, row in rows.items() if row["lock_status"] == "1"} == sandbox.locked
        assert len(sandbox.locked) == 2
        for each in sandbox.locked:
            answer = to.update(rows[each]["_id"], status="1")
            assert answer["errorCode"] == 50009
            assert to.get(rows[each]["_id"])["data"] == rows[each]
        assert to.update("0" * 24, status="1")["errorCode"] == 30027
        assert to.get("0" * 24)["errorCode"] == 30027
        assert set(sandbox.members().values()) == {"0"}

    def test_token_lives_for_token_calls(self, talk: Any) -> None:
        """Then it is 20016, and the token interface gives a fresh one."""
        sandbox = Sandbox(members=1, profile="strict", token_calls=3)
        to = talk(sandbox)
        assert [to.query()["errorCode"] for _ in range(4)] == [0, 0, 0, 20016]
        old = sandbox.corp_access_token
        fresh = to.token()["corpAccessToken"]
        assert fresh == sandbox.corp_access_token != old
        to.object["corpAccessToken"] = fresh
        assert to.query()["errorCode"] == 0

    def test_token_lives_for_sixty_calls_by_default(self, talk: Any) -> None:
        """By default, and offline calls spend them as well."""
        to = talk(Sandbox(members=1, profile="strict"))
        codes = [to.batch(to.sandbox.open_user_ids, 1)["errorCode"] for _ in range(61)]
        assert codes == [0] * 60 + [20016]

    @pytest.mark.parametrize(("asked", "taken"), [(None, 100), (0, 130), (5, 5)])
    def test_quota_is_100_calls_in_20_seconds_by_default(
        self, talk: Any, time: Any, asked: int | None, taken: int
    ) -> None:
        """100 calls in 20 s, unless it is asked for something else."""
        sandbox = Sandbox(1, profile="strict", token_calls=999, quota_calls=asked, clock=time)
        to = talk(sandbox)
        codes = [to.query()["errorCode"] for _ in range(130)]
        assert (codes.count(0), codes.count(14001)) == (taken, 130 - taken)


class TestLagging:
    def test_query_sees_a_write_later_and_get_at_once(self, talk: Any, time: Any) -> None:
        """The index is behind in rows and in filters, for both APIs' writes."""
        sandbox = Sandbox(members=2, profile="lagging", lag_seconds=3, clock=time)
        to = talk(sandbox)
        first, second = sandbox.open_user_ids
        record_id = to.record_id(first)
        to.update(record_id, status="1")
        to.batch([second], 1)
        assert set(sandbox.members().values()) == {"1"}
        assert to.get(record_id)["data"]["status"] == "1"
        time.pass_(2.9)
        assert {row["status"] for row in to.rows()} == {"0"}
        assert to.rows(("status", "EQ", ["1"])) == []
        time.pass_(0.2)
        assert {row["status"] for row in to.rows()} == {"1"}
        assert len(to.rows(("status", "EQ", ["1"]))) == 2

    def test_query_sees_several_writes_one_after_the_other(self, talk: Any, time: Any) -> None:
        """Several writes on their way into the index come out one after the other."""
        to = talk(Sandbox(members=1, profile="lagging", clock=time))
        record_id = to.record_id(to.sandbox.open_user_ids[0])
        seen = []
        for version in range(8):
            to.update(record_id, position=str(version))
            time.pass_(0.5)
            seen.append(to.rows()[0]["version"])
        assert seen == ["1", "1", "2", "3", "4", "5", "6", "7"]

    def test_other_profiles_do_not_lag(self, talk: Any, time: Any) -> None:
        """Elsewhere ``lag_seconds`` means nothing."""
        to = talk(Sandbox(members=1, lag_seconds=99, clock=time))
        to.batch(to.sandbox.open_user_ids, 1)
        assert to.rows()[0]["status"] == "1"
