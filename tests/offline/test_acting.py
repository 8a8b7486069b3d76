"""Who acts: named by the caller, by a setting, or found out once for a tenant."""

import asyncio
import json
import threading
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shim
from shim.modes.object_api import employee_source
from shim.objectapi.calls import Reply
from shim.objectapi.tokens import ReplyCache
from shim.offline import ENDPOINTS
from shim.offline.checks import Refused, invisible, open_user_id
from shim.sandbox import Sandbox
from shim.settings.model import Settings

MOBILE, APP = "getByMobile", "token"
PHONE = "13700000001"
BATCH = "set_member_status_batch"


def tenant_with(phone=PHONE, **options):
    """Return a tenant, and an employee of it who has this number."""
    made = Sandbox(4, seed=5, **options)
    employee = made.open_user_ids[3]
    body = {
        "corpAccessToken": made.corp_access_token,
        "corpId": made.corp_id,
        "user": {"openUserId": employee, "mobile": phone},
    }
    made.handle("POST", "/cgi/user/update", "", json.dumps(body).encode())
    return made, employee


def by_mobile(twisting, twist=None, **changes):
    made, employee = tenant_with()
    options = {"current_open_user_id": None, "acting_mobile": PHONE, **changes}
    return twisting(twist, made, **options), employee


def by_app(twisting, twist=None, **changes):
    made = Sandbox(4, seed=5)
    options = {
        "current_open_user_id": None,
        "app_id": made.app_id,
        "app_secret": made.app_secret,
        "permanent_code": made.permanent_code,
        **changes,
    }
    return twisting(twist, made, **options), made.current_open_user_id


WAYS = pytest.mark.parametrize(("way", "verb"), [(by_mobile, MOBILE), (by_app, APP)])


def credentials(made):
    return made.corp_access_token, made.corp_id


def disable(call, peer, ids=None, **more):
    made = peer.sandbox
    return call(
        BATCH, *credentials(made), made.open_user_ids[:2] if ids is None else ids, 1, **more
    )


def named(peer, verb):
    """Return in whose names the calls of a verb came."""
    return {
        request.body.get("currentOpenUserId") for request in peer.requests if request.verb == verb
    }


class TestFound:
    """Without current_open_user_id."""

    @WAYS
    def test_asked_once_and_kept(self, way, verb, call, twisting):
        """Every later call acts in that name without asking again."""
        peer, employee = way(twisting)
        for _ in range(3):
            assert disable(call, peer)["errorCode"] == 0
        assert peer.count(verb) == 1
        assert named(peer, "query") == named(peer, "update") == {employee}

    def test_the_old_address_is_asked_without_an_employee(self, call, twisting):
        """By the body that old programs send, to the address that they use."""
        peer, _ = by_mobile(twisting)
        disable(call, peer)
        asked = peer.requests[0]
        token, corp_id = credentials(peer.sandbox)
        assert asked.path == "/cgi/user/getByMobile"
        assert asked.body == {"corpAccessToken": token, "corpId": corp_id, "mobile": PHONE}

    def test_the_documented_address_if_the_settings_say_so(self, call, twisting):
        """As for every old call."""
        peer, _ = by_mobile(twisting, legacy_address="documented")
        assert disable(call, peer)["errorCode"] == 0
        assert peer.requests[0].path == "/cgi/crm/v2/data/query"

    def test_the_token_call_gets_the_app_credentials_and_nothing_else(self, call, twisting):
        """The two styles of credentials are never mixed (A)."""
        peer, _ = by_app(twisting)
        disable(call, peer)
        made = peer.sandbox
        [asked] = [request for request in peer.requests if request.verb == APP]
        assert asked.path == "/oauth2.0/token"
        assert asked.body == {
            "appId": made.app_id,
            "appSecret": made.app_secret,
            "permanentCode": made.permanent_code,
            "grantType": "app_secret",
        }

    def test_an_employee_of_another_tenant_never_acts(self, call, twisting):
        """The other token call says of which tenant the credentials are."""
        peer, _ = by_app(twisting)
        answer = call(BATCH, "t", "FSCID_OTHER", ["FSUID_A", "FSUID_B"], 1)
        assert answer["errorCode"] == 20016
        assert "belong to another corpId" in answer["errorMessage"]
        assert [one.state for one in answer.outcomes] == ["failed", "failed"]
        assert peer.count(APP) == 0

    def test_each_tenant_has_its_own(self, call, twisting):
        """One number may be two people in two tenants."""

        def twist(request, honest):
            if request.verb == MOBILE:
                return {
                    **honest,
                    "errorCode": 0,
                    "empList": [{"openUserId": request.body["corpId"]}],
                }
            return None

        peer, _ = by_mobile(twisting, twist)
        for corp_id in ("FSCID_1", "FSCID_2", "FSCID_1"):
            call(BATCH, "t", corp_id, ["A"], 1)
        asked = [
            (one.body["corpId"], one.body["currentOpenUserId"])
            for one in peer.requests
            if one.verb == "query"
        ]
        assert set(asked) == {("FSCID_1", "FSCID_1"), ("FSCID_2", "FSCID_2")}
        assert peer.count(MOBILE) == 2

    @WAYS
    def test_threads_that_begin_together_ask_once(self, way, verb, twisting):
        """The token call must not be made twice at once (B)."""
        held = threading.Event()

        def twist(request, _honest):
            if request.verb == verb:
                held.wait(5)

        peer, employee = way(twisting, twist)
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(disable(plain, peer))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        held.set()
        for thread in threads:
            thread.join()
        assert [answer["errorCode"] for answer in answers] == [0] * 8
        assert peer.count(verb) == 1
        assert named(peer, "update") == {employee}

    def test_calls_awaited_together_ask_once(self, twisting):
        """One loop, many tasks."""
        peer, _ = by_mobile(twisting)
        made = peer.sandbox

        async def together():
            return await asyncio.gather(
                *(
                    shim.aio.set_member_status_batch(*credentials(made), [one], 1)
                    for one in made.open_user_ids[:3]
                )
            )

        assert {answer["errorCode"] for answer in asyncio.run(together())} == {0}
        assert peer.count(MOBILE) == 1

    def test_a_token_that_has_expired_is_renewed_for_it(self, call, twisting):
        """It goes the way of every call: pacing, tokens, retries."""
        made, employee = tenant_with()
        made.add_faults({"kind": "error", "code": -1, "path": "/cgi/user/getByMobile", "times": 1})
        app = {"app_id": made.app_id, "app_secret": made.app_secret}
        peer = twisting(
            None,
            made,
            current_open_user_id=None,
            acting_mobile=PHONE,
            permanent_code=made.permanent_code,
            **app,
        )
        answer = call(BATCH, "expired", made.corp_id, made.open_user_ids[:2], 1)
        assert answer["errorCode"] == 0
        assert named(peer, "update") == {employee}

    def test_a_successor_with_the_same_number_acts(self, call, twisting):
        """Of several employees, the one who is enabled."""
        listed = [
            {"openUserId": "OLD", "status": "STOP"},
            {"openUserId": "NEW", "status": "NORMAL"},
        ]
        peer, _ = by_mobile(twisting, answering(MOBILE, {"errorCode": 0, "empList": listed}))
        disable(call, peer)
        assert named(peer, "query") == {"NEW"}


def plain(name, *args, **kwargs):
    return getattr(shim, name)(*args, **kwargs)


def answering(verb, answer):
    def twist(request, _honest):
        return {"traceId": "E-O.twisted", **answer} if request.verb == verb else None

    return twist


EMPLOYEES = [{"openUserId": "A", "status": "NORMAL"}, {"openUserId": "B", "status": "NORMAL"}]


class TestNotFound:
    """An answer of the old shape that says what to do, and an outcome for every id."""

    @pytest.mark.parametrize(
        ("way", "verb", "answer", "code", "word"),
        [
            (
                by_mobile,
                MOBILE,
                {"errorCode": 0, "empList": []},
                20012,
                "no employee has this number",
            ),
            (by_mobile, MOBILE, {"errorCode": 0}, 20012, "no employee has this number"),
            (
                by_mobile,
                MOBILE,
                {"errorCode": 0, "empList": [7, {"openUserId": 7}]},
                20012,
                "no employee",
            ),
            (
                by_mobile,
                MOBILE,
                {"errorCode": 0, "empList": [{"openUserId": "A\u200b"}]},
                20012,
                "no employee",
            ),
            (
                by_mobile,
                MOBILE,
                {"errorCode": 0, "empList": EMPLOYEES},
                -2,
                "2 employees have this number",
            ),
            (
                by_mobile,
                MOBILE,
                {"errorCode": 10006, "errorMessage": "no such path"},
                10006,
                "no such path",
            ),
            (
                by_mobile,
                MOBILE,
                {"errorCode": 32000, "errorMessage": f"bad {PHONE}"},
                32000,
                "bad ***",
            ),
            (by_app, APP, {"errorCode": 0, "accessToken": "canary"}, 20012, "names no employee"),
            (by_app, APP, {"errorCode": 20015, "errorMessage": "no"}, 20015, "app credentials"),
        ],
    )
    def test_it_says_what_to_do(self, way, verb, answer, code, word, call, twisting):  # noqa: PLR0913, PLR0917
        """Nothing else is asked for, and nothing of the answer is repeated."""
        peer, _ = way(twisting, answering(verb, answer))
        ids = [*peer.sandbox.open_user_ids[:2], peer.sandbox.open_user_ids[0]]
        given = disable(call, peer, ids)
        assert given["errorCode"] == code
        assert word in given["errorMessage"]
        assert "current_open_user_id" in given["errorMessage"]
        assert [one.open_user_id for one in given.outcomes] == ids
        assert {one.state for one in given.outcomes} == {"failed"}
        assert PHONE not in str(given)
        assert "canary" not in str(given)
        assert peer.count("query") == peer.count("update") == 0

    def test_every_call_has_such_an_answer(self, call, twisting):
        """All of them, in the object API's mode."""
        peer, _ = by_mobile(twisting, answering(MOBILE, {"errorCode": 0, "empList": []}))
        given = {
            "openUserIds": ["A"],
            "openUserId": "A",
            "status": 1,
            "mobile": "1",
            "departmentId": 1001,
            "user": {"openUserId": "A", "name": "n"},
            "department": {"id": 1001, "name": "n"},
        }
        for name, endpoint in ENDPOINTS.items():
            if endpoint.kind != "translated":
                continue
            known = {key: given[key] for key in endpoint.signature.parameters if key in given}
            answer = call(name, *credentials(peer.sandbox), **known)
            assert answer["errorCode"] == 20012, name
        assert peer.count("query") == peer.count("update") == 0

    def test_a_failure_is_not_kept(self, call, twisting):
        """The next call asks again."""
        peer, employee = by_mobile(twisting)
        honest, peer.twist = peer.twist, answering(MOBILE, {"errorCode": 10006})
        assert disable(call, peer)["errorCode"] == 10006
        peer.twist = honest
        assert disable(call, peer)["errorCode"] == 0
        assert named(peer, "update") == {employee}

    def test_bad_arguments_cost_no_call(self, call, twisting):
        """They are judged first."""
        peer, _ = by_mobile(twisting)
        assert disable(call, peer, [])["errorCode"] == 10010
        assert peer.requests == []

    def test_it_falls_back_like_any_refusal(self, call, twisting):
        """The old call needs nobody."""
        twist = answering(MOBILE, {"errorCode": 0, "empList": []})
        peer, _ = by_mobile(twisting, twist, fallback="legacy")
        assert disable(call, peer)["errorCode"] == 0
        assert [request.verb for request in peer.requests] == [MOBILE, "batchSetStatus"]


class TestModes:
    """Every mode but legacy needs somebody."""

    @WAYS
    def test_a_dry_run_finds_out_and_writes_nothing(self, way, verb, call, twisting):
        """Finding out is a read."""
        peer, _ = way(twisting, mode="dry_run")
        answer = disable(call, peer)
        assert answer["errorCode"] == 0
        assert {one.state for one in answer.outcomes} == {"planned"}
        assert peer.count(verb) == 1
        assert peer.count("update") == 0

    @WAYS
    def test_a_shadow_compares_in_that_name(self, way, verb, call, twisting, events):
        """The old call goes out as it was given."""
        peer, employee = way(twisting, mode="shadow")
        assert disable(call, peer)["errorCode"] == 0
        assert peer.count(verb) == 1
        assert [one.result for one in events if one.name == "shim.shadow_compared"] == ["match"]
        assert named(peer, "query") == {employee}
        assert named(peer, "batchSetStatus") == {None}

    def test_a_shadow_waits_no_longer_than_it_may(self, call, twisting, events):
        """The old call is made all the same."""
        held = threading.Event()

        def twist(request, _honest):
            if request.verb == MOBILE:
                held.wait(10)

        peer, _ = by_mobile(twisting, twist, mode="shadow", shadow_seconds=0.05)
        answer = disable(call, peer)
        held.set()
        assert answer["errorCode"] == 0
        [compared] = [one for one in events if one.name == "shim.shadow_compared"]
        assert compared.result == "not_compared"

    def test_legacy_looks_for_no_employee(self, call, twisting):
        """The offline API named no employee."""
        peer, _ = by_mobile(twisting, mode="legacy")
        assert disable(call, peer)["errorCode"] == 0
        assert [request.verb for request in peer.requests] == ["batchSetStatus"]


class TestPrecedence:
    """The caller's word, then the settings in this order."""

    def test_the_caller_comes_first(self, call, twisting):
        """currentOpenUserId, where a call has it."""
        peer, _ = by_mobile(twisting)
        made = peer.sandbox
        name = made.current_open_user_id
        call("set_member_status", *credentials(made), name, 1, made.open_user_ids[0])
        assert named(peer, "update") == {name}
        assert peer.count(MOBILE) == 0

    def test_current_open_user_id_then_acting_mobile_then_the_app(self, call, twisting):
        """What is not needed is not asked."""
        peer, employee = by_mobile(twisting)
        made = peer.sandbox
        shim.configure(
            app_id=made.app_id, app_secret=made.app_secret, permanent_code=made.permanent_code
        )
        disable(call, peer, made.open_user_ids[:1])
        shim.configure(current_open_user_id=made.current_open_user_id)
        disable(call, peer, made.open_user_ids[1:2])
        asked = [one.body["currentOpenUserId"] for one in peer.requests if one.verb == "update"]
        assert asked == [employee, made.current_open_user_id]
        assert peer.count(APP) == 0

    def test_the_source_is_named(self):
        """For `fxshim whoami`."""
        app = {"app_id": "a", "app_secret": "s", "permanent_code": "p"}
        assert employee_source(Settings(**app)) == "app_credentials"
        assert employee_source(Settings(acting_mobile="1", **app)) == "acting_mobile"
        both = Settings(current_open_user_id="U", acting_mobile="1", **app)
        assert employee_source(both) == "current_open_user_id"


class TestNobody:
    """Nothing is set: a wrong installation, and the only thing that raises."""

    def test_error_names_all_three_settings(self, call, tenant):
        """And the places of a setting."""
        made = tenant(1, current_open_user_id=None)
        with pytest.raises(shim.ConfigurationError) as caught:
            call(BATCH, *credentials(made), made.open_user_ids, 1)
        text = str(caught.value)
        for word in ("current_open_user_id", "acting_mobile", "app_id", "FXIAOKE_SHIM_", "whoami"):
            assert word in text

    def test_the_traceback_has_two_frames_of_ours(self, tenant):
        """The caller's line is what matters."""
        made = tenant(1, current_open_user_id=None)
        with pytest.raises(shim.ConfigurationError) as caught:
            shim.set_member_status_batch(*credentials(made), made.open_user_ids, 1)
        assert len(traceback.extract_tb(caught.value.__traceback__)) <= 3
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        for function in (shim.set_member_status_many, shim.aio.set_member_status_many):
            with pytest.raises(shim.ConfigurationError, match="acting employee") as caught:
                function([], 1, corp_access_token="t", corp_id="c")
            assert len(traceback.extract_tb(caught.value.__traceback__)) <= 2

    @pytest.mark.parametrize("mode", ["object", "dry_run"])
    def test_query_employee_by_mobile_makes_the_old_call_and_logs_why(
        self, mode, call, twisting, events
    ):
        """Programs learn by it who they are."""
        made, employee = tenant_with()
        peer = twisting(None, made, current_open_user_id=None, mode=mode)
        answer = call("query_employee_by_mobile", *credentials(made), PHONE)
        assert [one["openUserId"] for one in answer["empList"]] == [employee]
        assert [request.path for request in peer.requests] == ["/cgi/user/getByMobile"]
        [finished] = [one for one in events if one.name == "shim.offline_call_finished"]
        assert (finished.mode, finished.reason) == ("legacy", "no acting employee is set")
        [called] = [one for one in events if one.name == "shim.offline_api_called"]
        assert called.mode == "legacy"

    @WAYS
    def test_it_goes_through_the_object_api_once_somebody_can_be_found(
        self, way, verb, call, twisting
    ):
        """Then nothing hinders."""
        peer, _ = way(twisting)
        assert call("query_employee_by_mobile", *credentials(peer.sandbox), PHONE)["errorCode"] == 0
        assert peer.count(verb) == 1
        assert peer.count("query") > 0


class TestSelf:
    """The acting employee is not disabled in the own name."""

    @WAYS
    def test_that_id_fails_before_anything_is_sent_for_it(self, way, verb, call, twisting):
        """However that name was found; every other id goes through."""
        peer, employee = way(twisting)
        made = peer.sandbox
        ids = [made.open_user_ids[0], employee, made.open_user_ids[1], employee]
        answer = disable(call, peer, ids)
        assert answer["errorCode"] == 15002
        assert "acting employee" in answer["errorMessage"]
        states = [one.state for one in answer.outcomes]
        assert states == ["changed", "failed", "changed", "failed"]
        assert [one.open_user_id for one in answer.outcomes] == ids
        assert employee not in str([one.body.get("data") for one in peer.requests])
        assert peer.count(verb) == 1

    def test_named_by_the_caller(self, call, tenant):
        """currentOpenUserId counts before the setting."""
        made = tenant(2)
        one, two = made.open_user_ids
        answer = call("set_member_status", *credentials(made), one, 1, None, [one, two])
        assert [outcome.state for outcome in answer.outcomes] == ["failed", "changed"]
        assert made.members() == {one: "0", two: "1"}

    def test_alone_no_call_is_made(self, call, tenant):
        """There is nothing to look up."""
        made = tenant(2)
        answer = call(BATCH, *credentials(made), [made.current_open_user_id], 1)
        assert (answer["errorCode"], made.calls()) == (15002, {})

    def test_enabling_is_no_danger(self, call, tenant):
        """Nothing changes for the calls after it."""
        made = tenant(2)
        one = made.open_user_ids[0]
        answer = call("set_member_status", *credentials(made), one, 2, one)
        assert answer["errorCode"] == 0

    def test_in_a_stream(self, twisting):
        """Of any length, in the name that was found out once."""
        peer, employee = by_mobile(twisting)
        made = peer.sandbox
        token, corp_id = credentials(made)
        ids = [*made.open_user_ids[:2], employee, 7, "F\u200b"]
        outcomes = shim.set_member_status_many(ids, 1, corp_access_token=token, corp_id=corp_id)
        states = {one.open_user_id: (one.state, one.error_code) for one in outcomes}
        assert states[employee] == ("failed", 15002)
        assert states["F\u200b"] == ("failed", 11008)
        assert [states[one] for one in ids[:2]] == [("changed", 0)] * 2
        assert peer.count(MOBILE) == 1
        many = shim.set_member_status_many(
            made.open_user_ids, 2, corp_access_token=token, corp_id=corp_id
        )
        assert {one.error_code for one in many} == {0}

    def test_a_stream_without_anybody_fails_each_id(self, twisting):
        """Every id ends in one outcome."""
        peer, _ = by_mobile(twisting, answering(MOBILE, {"errorCode": 0, "empList": []}))
        token, corp_id = credentials(peer.sandbox)
        ids = ["A", "B", "A"]
        found = list(shim.set_member_status_many(ids, 1, corp_access_token=token, corp_id=corp_id))
        assert [(one.open_user_id, one.error_code) for one in found] == [
            (one, 20012) for one in ids
        ]


UNSEEN = [
    "\u200b",
    "\ufeff",
    "\u00a0",
    "\n",
    " ",
    "\t",
    "\x00",
    "\x7f",
    "\u2028",
    "\u00ad",
    "\u3164",
    "\ufe0f",
]


class TestUnseenCharacters:
    """Ids that look right, and that no member has."""

    @pytest.mark.parametrize("unseen", UNSEEN, ids=lambda one: f"U+{ord(one):04X}")
    def test_the_call_is_refused_and_names_the_place(self, unseen, call, tenant):
        """11008 before anything is sent; the character by its code point, the id not at all."""
        made = tenant(2)
        one, two = made.open_user_ids
        answer = call(BATCH, *credentials(made), [one, f"{two}{unseen}"], 1)
        assert answer["errorCode"] == 11008
        assert "no. 2 of openUserIds" in answer["errorMessage"]
        assert f"U+{ord(unseen):04X} as character {len(two) + 1}" in answer["errorMessage"]
        assert two not in answer["errorMessage"]
        for name, arguments in (
            ("set_member_status", (None, 1, f"{unseen}{one}")),
            ("set_member_status", (f"{one}{unseen}", 1, two)),
            ("update_member", ({"openUserId": f"{one}{unseen}", "name": "n"},)),
            ("update_member", ({"openUserId": one, "leaderId": f"{two}{unseen}"},)),
            ("query_employee_info_by_open_user_id", (f"{one}{unseen}",)),
        ):
            assert call(name, *credentials(made), *arguments)["errorCode"] == 11008, name
        assert made.calls() == {}

    @given(st.text(st.characters(categories=("L", "N", "P"), max_codepoint=0xFF), min_size=1))
    def test_what_shows_is_an_id(self, text):
        """Nobody printed what ids are made of."""
        assert (open_user_id(text), invisible(text)) == (text, "")

    @given(st.text(min_size=1), st.characters(categories=("Cc", "Cf", "Zs", "Zl", "Zp")))
    def test_what_does_not_show_is_none(self, text, unseen):
        """Wherever it is."""
        with pytest.raises(Refused):
            open_user_id(text + unseen)


class TestKept:
    """Replies that are the same for all callers."""

    def test_one_success_is_kept(self):
        """Later callers get it without asking."""
        kept, asked = ReplyCache(), []

        def find():
            asked.append(1)
            return Reply(0, "E-O.1")

        assert [kept.ask("k", find).result(5).code for _ in range(3)] == [0, 0, 0]
        assert len(asked) == 1

    def test_an_exception_reaches_those_who_wait_and_is_forgotten(self):
        """A bug is to be seen, and not to stay."""
        kept = ReplyCache()

        def broken():
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            kept.ask("k", broken).result(5)
        assert kept.ask("k", lambda: Reply(0, "E-O.1")).result(5).code == 0

    def test_without_threads_the_caller_asks(self, monkeypatch):
        """At the end of the interpreter none can be started."""

        def refuse(_thread):
            msg = "can't start new thread"
            raise RuntimeError(msg)

        monkeypatch.setattr(threading.Thread, "start", refuse)
        assert ReplyCache().ask("k", lambda: Reply(0, "E-O.1")).result(0).code == 0
