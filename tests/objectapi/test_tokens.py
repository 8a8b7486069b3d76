"""An expired token is renewed once for everybody, and each call is replayed once."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import shim
from shim.objectapi import tokens
from shim.objectapi.calls import Reply
from shim.objectapi.tokens import Renewal, TokenCache

TOKEN_PATH = tokens.PATH


def credentials(made):
    return {
        "app_id": made.app_id,
        "app_secret": made.app_secret,
        "permanent_code": made.permanent_code,
    }


def call(made, token, **kwargs):
    return shim.set_member_status_batch(token, made.corp_id, made.open_user_ids, 1, **kwargs)


def acall(made, token):
    return asyncio.run(shim.aio.set_member_status_batch(token, made.corp_id, made.open_user_ids, 1))


@pytest.fixture(params=[call, acall], ids=["sync", "async"])
def door(request):
    return request.param


def test_without_app_credentials_the_error_is_the_answer(door, tenant):
    """20016 comes back, and the text says both ways out."""
    made = tenant(3)
    answer = door(made, "an-old-token")
    assert answer["errorCode"] == 20016
    assert "fresh token" in answer["errorMessage"]
    assert "app_secret" in answer["errorMessage"]
    assert {outcome.state for outcome in answer.outcomes} == {"failed"}
    assert set(made.calls()) == {"/cgi/crm/v2/data/query"}


def test_with_app_credentials_it_is_renewed_and_replayed(door, tenant):
    """One token call, one replay, and everything goes through."""
    made = tenant(3)
    shim.configure(**credentials(made))
    answer = door(made, "an-old-token")
    assert answer["errorCode"] == 0
    assert answer.api_calls[TOKEN_PATH] == 1
    assert made.calls()[TOKEN_PATH]["count"] == 1
    assert set(made.members().values()) == {"1"}


def test_a_legacy_program_that_keeps_its_old_token_costs_one_renewal(door, tenant, clock):
    """The second call with the old token starts with the fresh one."""
    made = tenant(3)
    shim.configure(**credentials(made))
    door(made, "an-old-token")
    # Until then, what was just written is confirmed by its record.
    clock.sleep(5)
    made.reset(calls_only=True)
    assert door(made, "an-old-token")["errorCode"] == 0
    assert {path: one["count"] for path, one in made.calls().items()} == {
        "/cgi/crm/v2/data/query": 1
    }


def test_tokens_that_expire_in_the_middle_of_a_run_cost_one_renewal(door, tenant):
    """A few updates are refused, one renewal serves them all."""
    made = tenant(40, concurrency=8)
    shim.configure(**credentials(made))
    made.add_faults(
        {"kind": "expire_token", "path": "/cgi/crm/v2/data/update", "after": 15, "times": 1}
    )
    answer = door(made, made.corp_access_token)
    assert answer["errorCode"] == 0
    assert made.calls()[TOKEN_PATH]["count"] == 1
    assert set(made.members().values()) == {"1"}


def test_a_refused_renewal_says_what_to_check(door, tenant):
    """Wrong app credentials: the old error, and which settings to look at."""
    made = tenant(2)
    shim.configure(**{**credentials(made), "permanent_code": "wrong"})
    answer = door(made, "an-old-token")
    assert answer["errorCode"] == 20016
    assert "refused with 20015" in answer["errorMessage"]
    assert "permanent_code" in answer["errorMessage"]


def test_a_token_lives_as_long_as_the_answer_says():
    """As the answer says, in any form of a number; 7200 s if it says nothing that can be used."""
    for said, seconds in [
        ({"expiresIn": 600}, 600),
        ({"expiresIn": "600"}, 600),
        ({"expiresIn": 600.5}, 600.5),
        ({}, 7200),
        ({"expiresIn": "soon"}, 7200),
        ({"expiresIn": True}, 7200),
        ({"expiresIn": "-1"}, 7200),
        ({"expiresIn": 0}, 7200),
        ({"expiresIn": float("nan")}, 7200),
        ({"expiresIn": 10**4000}, 7200),
        ({"expiresIn": 10**18}, 86_400),
    ]:
        body = {"corpAccessToken": "t", "corpId": "FSCID_A", **said}
        assert tokens.read(Reply(0, "E-O.t", "OK", body), "FSCID_A").seconds == seconds


@pytest.mark.parametrize("token", [None, "", 7, ["t"], "t" * 5000])
def test_a_token_that_is_none_is_not_used(token):
    """The text says so, with the call's traceId."""
    body = {"corpAccessToken": token, "corpId": "FSCID_A"}
    renewal = tokens.read(Reply(0, "E-O.t", "OK", body), "FSCID_A")
    assert renewal.token == ""
    assert "no token (traceId E-O.t)" in renewal.problem


def test_a_transport_that_breaks_in_a_renewal_is_passed_on(door, tenant):
    """To everybody who waits for it: a bug in a user's transport is the user's to see."""
    made = tenant(2)
    inner = made.transport()

    class Broken(type(inner)):
        def __init__(self):
            pass

        def handle_request(self, request):
            if request.url.path == TOKEN_PATH:
                raise LookupError(TOKEN_PATH)
            return inner.handle_request(request)

        async def handle_async_request(self, request):
            return await inner.handle_async_request(request)

    shim.configure(transport=Broken(), **credentials(made))
    with pytest.raises(LookupError):
        door(made, "an-old-token")


def test_a_renewal_that_fails_for_no_fault_of_ours_blames_no_setting():
    """-2 is the vendor's own trouble."""
    renewal = tokens.read(Reply(-2, "E-O.t", "system error"), "FSCID_A")
    assert "run again later" in renewal.problem
    assert "permanent_code" not in renewal.problem


def test_credentials_of_another_tenant_are_not_used(tenant):
    """A token of another company account must never meet this one's employees."""
    made = tenant(2)
    shim.configure(**credentials(made))
    answer = shim.set_member_status_batch("an-old-token", "FSCID_OTHER", made.open_user_ids, 1)
    assert answer["errorCode"] in {11015, 20016}
    assert set(made.members().values()) == {"0"}
    assert tokens.read(
        Reply(0, "E-O.t", "OK", {"corpAccessToken": "t", "corpId": "FSCID_A"}), "FSCID_B"
    ) == Renewal(problem="the configured app credentials belong to another corpId than this call's")


@pytest.mark.parametrize("body", [{}, {"corpAccessToken": 7}, {"corpAccessToken": ""}])
def test_a_renewal_without_a_token_is_a_failure(body):
    """Error code 0 alone is no token."""
    renewal = tokens.read(Reply(0, "E-O.t", "OK", body), "FSCID_A")
    assert not renewal.token
    assert "no token" in renewal.problem


def test_any_number_of_callers_share_one_renewal(tenant):
    """64 threads and 200 tasks with one expired token: one token call."""
    made = tenant(1, sandbox={"latency_ms": 30})
    shim.configure(**credentials(made))

    async def many():
        calls = [
            shim.aio.set_member_status_batch("old", made.corp_id, made.open_user_ids, 2)
            for _ in range(200)
        ]
        return await asyncio.gather(*calls)

    with ThreadPoolExecutor(65) as pool:
        loop = pool.submit(lambda: asyncio.run(many()))
        threads = [
            pool.submit(shim.set_member_status_batch, "old", made.corp_id, made.open_user_ids, 2)
            for _ in range(64)
        ]
        answers = [*loop.result(), *(one.result() for one in threads)]
    assert {answer["errorCode"] for answer in answers} == {0}
    assert made.calls()[TOKEN_PATH]["count"] == 1


def test_a_blocking_call_on_the_loop_of_a_waiting_one_does_not_deadlock(tenant):
    """The renewal runs in a thread of its own, so nobody waits for somebody who waits."""
    made = tenant(1, sandbox={"latency_ms": 50})
    shim.configure(**credentials(made))

    async def both():
        task = asyncio.ensure_future(
            shim.aio.set_member_status_batch("old", made.corp_id, made.open_user_ids, 2)
        )
        await asyncio.sleep(0.08)
        blocking = shim.set_member_status_batch("old", made.corp_id, made.open_user_ids, 2)
        return blocking, await task

    assert {answer["errorCode"] for answer in asyncio.run(both())} == {0}


def token_calls(made):
    """Return how many token calls there have been; one that is under way has ended by then."""
    for thread in threading.enumerate():
        if thread.name == "fxiaoke-shim-token":
            thread.join(10)
    return made.calls().get(TOKEN_PATH, {"count": 0})["count"]


class TestBeforeTheEnd:
    """A token is renewed before it ends, and nobody waits for that."""

    def test_no_call_is_refused_when_a_token_is_renewed_before_its_end(self, door, tenant, clock):
        """With 500 s left one call has it renewed; the others go on with the one or the other."""
        made = tenant(3)
        shim.configure(**credentials(made))
        assert door(made, "an-old-token")["errorCode"] == 0
        first = made.corp_access_token
        made.reset(calls_only=True)
        for number, (seconds, renewals) in enumerate([(6000, 0), (700, 1), (60, 1), (600, 1)], 1):
            clock.sleep(seconds)
            assert door(made, "an-old-token")["errorCode"] == 0
            assert token_calls(made) == renewals
            # A look-up each: none was refused, and made again.
            assert made.calls()["/cgi/crm/v2/data/query"]["count"] == number
        assert made.corp_access_token != first

    def test_no_call_waits_for_a_renewal_before_the_end(self, door, tenant, clock):
        """However long it takes."""
        made = tenant(3)
        shim.configure(**credentials(made))
        door(made, "an-old-token")
        clock.sleep(6700)
        inner, answered = made.transport(), threading.Event()

        class Slow(type(inner)):
            def handle_request(self, request):
                response = super().handle_request(request)
                assert request.url.path != TOKEN_PATH or answered.wait(60)
                return response

        shim.configure(transport=Slow(made))
        assert door(made, "an-old-token")["errorCode"] == 0
        answered.set()
        assert token_calls(made) == 2

    def test_a_vendor_that_returns_the_same_token_is_asked_once_a_minute(self, door, tenant, clock):
        """On a tenant whose clock is slow, the same one comes back for longer than we expect."""
        made = tenant(3, sandbox={"speed": 0.5})
        shim.configure(**credentials(made))
        clock.sleep(6500 / 0.5)
        door(made, "an-old-token")
        seen = []
        for _ in range(25):
            clock.sleep(10)
            assert door(made, "an-old-token")["errorCode"] == 0
            seen.append(token_calls(made))
        # With 600 s left by our clock, that is after 100 s, and then every minute.
        assert seen == [*[1] * 9, *[2] * 6, *[3] * 6, *[4] * 4]

    def test_a_vendor_that_refuses_is_asked_once_a_minute(self, door, tenant, clock):
        """Nobody needs a new one yet, and ten calls a minute are the vendor's limit."""
        made = tenant(3)
        shim.configure(**credentials(made))
        door(made, "an-old-token")
        shim.configure(permanent_code="wrong")
        clock.sleep(6700)
        seen = []
        for _ in range(9):
            clock.sleep(10)
            assert door(made, "an-old-token")["errorCode"] == 0
            seen.append(token_calls(made))
        assert seen == [2, 2, 2, 2, 2, 2, 3, 3, 3]


def test_at_most_ten_renewals_are_made_in_a_minute(tenant, clock):
    """Where every token is refused at once, the eleventh waits, whoever asks for it."""
    made = tenant(1, sandbox={"quota_calls": 1000})
    shim.configure(**credentials(made))
    made.add_faults({"kind": "expire_token", "path": "/cgi/crm/v2/data/query"})

    def work():
        for _ in range(10):
            call(made, "old")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    renewals = made.calls()[TOKEN_PATH]
    assert renewals["throttled"] == 0
    assert 10 < renewals["count"] <= 10 * (clock.now() // 60 + 1)


class TestTokenCache:
    """The bookkeeping alone."""

    def test_a_failing_renewal_raises_in_all_that_wait(self):
        """An exception in the token call is not a wait without end."""
        book, gate = TokenCache(), threading.Event()

        def fetch():
            gate.wait()
            msg = "broken"
            raise LookupError(msg)

        first = book.renew("old", time.monotonic(), fetch)
        second = book.renew("old", time.monotonic(), fetch)
        assert first is second
        gate.set()
        with pytest.raises(LookupError):
            first.result(5)
        assert book.best("old") == "old"

    def test_without_a_thread_the_caller_fetches_the_token(self, monkeypatch):
        """While the interpreter leaves, Python 3.12 and later start no thread."""

        def refuse(_thread):
            msg = "can't start new thread at interpreter shutdown"
            raise RuntimeError(msg)

        monkeypatch.setattr(threading.Thread, "start", refuse)
        book = TokenCache()
        assert book.renew("old", time.monotonic(), lambda: Renewal("new")).result(0).token == "new"

    def test_a_token_fetched_meanwhile_serves_late_callers(self):
        """Whoever was refused before the renewal ended needs no renewal of his own."""
        book, before = TokenCache(), time.monotonic()
        book.renew("old", before, lambda: Renewal("new")).result(5)
        late = book.renew("old", before, lambda: pytest.fail("a second renewal"))
        assert late.result(0).token == "new"

    def test_a_fresh_token_that_expires_in_turn_is_renewed(self):
        """It is then the stale one."""
        book = TokenCache()
        book.renew("old", time.monotonic(), lambda: Renewal("new")).result(5)
        book.renew("new", time.monotonic(), lambda: Renewal("newer")).result(5)
        assert book.best("old") == book.best("new") == "newer"
        assert book.best("unheard-of") == "unheard-of"

    def test_memory_of_expired_tokens_is_bounded(self):
        """A program that makes up tokens does not fill the memory."""
        book = TokenCache()
        for number in range(100):
            book.renew(f"t{number}", time.monotonic(), lambda: Renewal("new")).result(5)
        assert book.best("t0") == "t0"
        assert book.best("t99") == "new"

    def test_no_repr_shows_a_token(self):
        """A renewal's repr is as silent as everything else's."""
        assert "canary" not in repr(Renewal("canary"))
