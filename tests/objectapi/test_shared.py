"""Quota and tokens shared through a real Redis: never too many, never twice, and life without."""

import json
import subprocess
import sys
import textwrap
import threading
import time
import traceback
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import shim
from shim.notices import QuotaStoreLost, QuotaStoreRecovered
from shim.objectapi._redis_link import Link, StoreLost
from shim.objectapi._redis_store import SharedStore
from shim.objectapi._redis_tokens import Fetched
from shim.objectapi.pacing import WindowLost
from shim.settings import ConfigurationError

HOST = "open.fxiaoke.com|FSCID_1"
TOKEN = "a-token-nobody-may-see"


@pytest.fixture
def stores(one_redis):
    """Return a function that makes a store, as each process has one."""
    made = []

    def make(server=one_redis, on_loss="local", **kwargs):
        made.append(SharedStore(server.url, on_loss, **kwargs))
        return made[-1]

    yield make
    for store in made:
        store.close()


def path():
    """Return a path that no other test counts."""
    return f"/cgi/{uuid.uuid4().hex}"


def window(store, where, calls, seconds, lease=60.0):
    return store.window(HOST, where, calls, seconds, lease)


def use(one):
    """Take a slot that is free now, and give it back as answered."""
    slot = one.take()
    assert slot.wait == 0
    one.give_back(slot, used=True)


def taken(one):
    """Take a slot, however long that needs."""
    while (slot := one.take()) is None:
        time.sleep(0.002)
    return slot


def most_at_once(spans, seconds):
    """Return how many slots were busy at most, each until `seconds` after its answer."""
    # A thousandth for what separates two clocks of one machine.
    ends = [end + seconds - 0.001 for _, end in spans]
    return max(
        sum(begin <= now < end for (begin, _), end in zip(spans, ends, strict=True))
        for now, _ in spans
    )


@contextmanager
def child(code, *arguments):
    """Run a process of its own; it gets `say()` and `shared(url, on_loss)`."""
    prologue = """
    import json, sys, threading, time
    from contextlib import closing
    from shim.objectapi._redis_store import SharedStore
    from shim.objectapi._redis_tokens import Fetched

    def say(what):
        print(json.dumps(what), flush=True)

    def shared(url):
        return closing(SharedStore(url, "refuse"))
    """
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", textwrap.dedent(prologue) + textwrap.dedent(code)),
            *map(str, arguments),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def said(process):
    return json.loads(process.stdout.readline())


def begin(processes):
    """Let them all go at once, when all are ready."""
    for process in processes:
        assert said(process) == "ready"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()


class TestWindow:
    def test_the_first_calls_go_at_once_and_the_next_reserve(self, stores):
        """Two processes fill a window; whoever comes then gets the slot that is free first."""
        where = path()
        one, other = (window(stores(), where, 2, 0.4) for _ in range(2))
        first, second = one.take(), other.take()
        assert (first.wait, second.wait) == (0, 0)
        assert one.take() is None, "all under way: nobody knows yet when one comes back"
        assert other.take() is None
        one.give_back(first, used=True)
        time.sleep(0.1)
        other.give_back(second, used=True)
        waits = [one.take().wait, other.take().wait]
        assert waits == [pytest.approx(0.3, abs=0.06), pytest.approx(0.4, abs=0.06)]
        assert one.take() is None

    def test_a_slot_that_was_not_used_comes_back(self, stores):
        """At once where it was never used, else when it would have been free anyway."""
        where = path()
        one, other = (window(stores(), where, 1, 0.4) for _ in range(2))
        one.give_back(one.take(), used=False)
        use(other)
        time.sleep(0.1)
        reserved = one.take()
        assert other.take() is None
        one.give_back(reserved, used=False)
        assert other.take().wait == pytest.approx(0.3, abs=0.06)

    def test_of_two_reservations_the_first_comes_back_as_the_first(self, stores):
        """Whoever comes next is not sent to the end of the queue."""
        one = window(stores(), path(), 2, 1.0)
        use(one)
        time.sleep(0.3)
        use(one)
        first, second = one.take(), one.take()
        assert second.wait - first.wait == pytest.approx(0.3, abs=0.06)
        one.give_back(first, used=False)
        assert one.take().wait == pytest.approx(first.wait, abs=0.06)

    def test_the_lease_of_a_reservation_begins_when_it_may_be_used(self, stores):
        """Waiting in turn is no sign of death."""
        where = path()
        one, other = (window(stores(), where, 1, 0.4, 0.2) for _ in range(2))
        use(one)
        assert one.take().wait == pytest.approx(0.4, abs=0.06)
        time.sleep(0.45)
        assert other.take() is None
        time.sleep(0.2)
        assert other.take().wait == 0

    def test_windows_are_shared_by_tenant_and_path_and_quota(self, stores):
        """Nobody waits for another's window."""
        store, where = stores(), path()
        assert window(store, where, 1, 9.0).take().wait == 0
        assert window(store, where, 1, 9.0).take() is None
        assert window(store, where + "/other", 1, 9.0).take().wait == 0
        assert window(store, where, 2, 9.0).take().wait == 0
        assert store.window("else", where, 1, 9.0, 60.0).take().wait == 0

    def test_keys_are_readable_and_expire(self, stores, one_redis):
        """Both in one place of a cluster, whatever the names, and gone when they mean nothing."""
        where = path()
        one = stores().window("host|F{S}", where, 2, 3.0, 7.0)
        use(one)
        one.take()
        name = f"fxiaoke-shim:{{host|F%7BS%7D|{where}|2/3}}"
        with one_redis.client() as client:
            assert sorted(client.keys(f"*{where}*")) == [f"{name}:busy", f"{name}:free"]
            assert 6 < client.pttl(f"{name}:busy") / 1000 <= 7.1
            assert 2 < client.pttl(f"{name}:free") / 1000 <= 3.1

    @given(
        calls=st.integers(1, 3),
        takers=st.lists(
            st.lists(
                st.tuples(st.floats(0, 0.02), st.floats(0, 0.02), st.booleans()),
                min_size=1,
                max_size=4,
            ),
            min_size=2,
            max_size=6,
        ),
    )
    @hypothesis_settings(max_examples=25, deadline=None)
    def test_no_window_anywhere_holds_more_than_allowed(self, one_redis, calls, takers):
        """Whoever takes, gives back late or gives up: two processes' worth of threads."""
        seconds, where, spans = 0.05, path(), []
        with (
            closing(SharedStore(one_redis.url, "refuse")) as here,
            closing(SharedStore(one_redis.url, "refuse")) as there,
        ):
            windows = [window(store, where, calls, seconds) for store in (here, there)]

            def work(number, steps):
                one = windows[number % 2]
                for thinking, answering, gives_up in steps:
                    time.sleep(thinking)
                    slot = taken(one)
                    if gives_up:
                        time.sleep(slot.wait / 2)
                    else:
                        time.sleep(slot.wait)
                        start = time.monotonic()
                        time.sleep(answering)
                        spans.append((start, time.monotonic()))
                    one.give_back(slot, used=not gives_up)

            with ThreadPoolExecutor(len(takers)) as pool:
                list(pool.map(work, range(len(takers)), takers))
        assert not spans or most_at_once(spans, seconds) <= calls

    def test_processes_together_stay_within_the_quota(self, one_redis):
        """Three processes of four threads each, all at once."""
        calls, seconds, where = 5, 0.25, path()
        code = f"""
        with shared(sys.argv[1]) as store:
            window = store.window({HOST!r}, sys.argv[2], {calls}, {seconds}, 60.0)

            def work():
                for _ in range(2):
                    while (slot := window.take()) is None:
                        time.sleep(0.005)
                    time.sleep(slot.wait)
                    start = time.monotonic()
                    time.sleep(0.02)
                    spans.append((start, time.monotonic()))
                    window.give_back(slot, used=True)

            spans = []
            threads = [threading.Thread(target=work) for _ in range(4)]
            say("ready")
            sys.stdin.readline()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            say(spans)
        """
        with (
            child(code, one_redis.url, where) as one,
            child(code, one_redis.url, where) as two,
            child(code, one_redis.url, where) as three,
        ):
            processes = [one, two, three]
            begin(processes)
            spans = [tuple(span) for process in processes for span in said(process)]
            assert [process.wait(10) for process in processes] == [0, 0, 0]
        assert len(spans) == 24
        assert most_at_once(spans, seconds) <= calls
        whole = max(end for _, end in spans) - min(start for start, _ in spans)
        assert whole < 3, "as many as are allowed do go"

    def test_the_slots_of_a_killed_process_come_back_with_the_end_of_their_lease(
        self, stores, one_redis
    ):
        """Neither sooner nor never."""
        where = path()
        code = f"""
        with shared(sys.argv[1]) as store:
            window = store.window({HOST!r}, sys.argv[2], 2, 0.2, 1.5)
            began = time.monotonic()
            window.take()
            window.take()
            say(began)
            sys.stdin.readline()
        """
        with child(code, one_redis.url, where) as process:
            began = said(process)
            process.kill()
        one = window(stores(), where, 2, 0.2, 1.5)
        assert one.take() is None
        slot = taken(one)
        assert slot.wait == 0
        assert 1.5 <= time.monotonic() - began < 30

    def test_an_answer_that_came_after_the_lease_counts_all_the_same(self, stores):
        """Then there are more slots than there should be, and all of them have to be free."""
        where = path()
        slow, quick, third = (window(stores(), where, 1, 0.4, 0.1) for _ in range(3))
        late = slow.take()
        time.sleep(0.15)
        slot = quick.take()
        assert slot.wait == 0
        slow.give_back(late, used=True)
        assert third.take() is None, "one is under way, and the late one's is no slot to reserve"
        time.sleep(0.05)
        quick.give_back(slot, used=True)
        assert third.take().wait == pytest.approx(0.4, abs=0.06)


class TestLoss:
    def test_without_redis_each_process_goes_on_by_itself(self, stores, own_redis, events):
        """It knows what it has used; the loss is said once, and so is the recovery."""
        store = stores(own_redis, retry_seconds=0.3)
        one, other = window(store, path(), 2, 0.4), window(store, path(), 9, 0.4)
        use(one)
        use(other)
        under_way = one.take()
        own_redis.stop()
        one.give_back(under_way, used=True)
        with ThreadPoolExecutor(9) as pool:
            slots = list(pool.map(lambda _: other.take(), range(8)))
        assert [slot.wait for slot in slots] == [0] * 8
        assert 0 < one.take().wait <= 0.4, "this process has used both"
        time.sleep(0.35)
        for slot in slots:
            other.give_back(slot, used=True)
        assert events == [QuotaStoreLost("local", "ConnectionError")]

        own_redis.start()
        time.sleep(0.35)
        other.take()
        (_, recovered) = events
        assert isinstance(recovered, QuotaStoreRecovered)
        assert 0.6 < recovered.seconds < 3
        assert recovered.seconds == round(recovered.seconds, 3)

        own_redis.stop()
        other.take()
        assert [event.name for event in events] == [
            *("shim.quota_store_lost", "shim.quota_store_recovered", "shim.quota_store_lost")
        ]

    def test_what_was_used_meanwhile_is_told_when_redis_is_back(self, stores, own_redis):
        """Before anything else is asked, so that other processes wait for it."""
        store, where = stores(own_redis, retry_seconds=0.1), path()
        one = window(store, where, 3, 2.0, 60.0)
        before, unused = one.take(), one.take()
        own_redis.stop()
        meanwhile = one.take()
        one.give_back(before, used=True)
        one.give_back(meanwhile, used=True)
        one.give_back(unused, used=False)
        own_redis.start()
        time.sleep(0.15)
        assert one.take().wait == 0
        others = [window(stores(own_redis), where, 3, 2.0).take() for _ in range(3)]
        waits = [slot and slot.wait for slot in others]
        assert waits[2] is None, "three in all: one under way, two to be had later"
        assert all(1 < wait < 2 for wait in waits[:2])

    def test_a_redis_that_comes_back_empty_costs_nobody_the_own_past(self, stores, own_redis):
        """A process that has used up the quota waits, though Redis has forgotten why."""
        one = window(stores(own_redis), path(), 1, 2.0)
        use(one)
        own_redis.stop()
        own_redis.start()
        assert 1 < one.take().wait <= 2

    def test_what_redis_no_longer_counts_is_not_told(self, stores, own_redis):
        """A long loss does not pile up work for the recovery."""
        one = window(stores(own_redis, retry_seconds=0.4), path(), 5, 0.01, 0.01)
        own_redis.stop()
        for _ in range(20):
            slot = one.take()
            time.sleep(slot.wait + 0.01)
            one.give_back(slot, used=True)
        assert len(one._unreported) < 5  # noqa: SLF001 - memory shows nowhere else.

    def test_refuse_says_what_to_do(self, stores, own_redis, events):
        """No slot without Redis; the error is the one that pacing knows."""
        one = window(stores(own_redis, "refuse", retry_seconds=0.4), path(), 3, 9.0)
        slot = one.take()
        own_redis.stop()
        for _ in range(50):
            with pytest.raises(WindowLost) as caught:
                one.take()
        assert len(one._unreported) < 5, "refusals do not pile up"  # noqa: SLF001
        one.give_back(slot, used=True)
        text = str(caught.value)
        assert "127.0.0.1" in text
        assert "fix redis_url" in text
        assert 'on_quota_store_loss = "local"' in text
        assert events == [QuotaStoreLost("refuse", "ConnectionError")]
        own_redis.start()
        time.sleep(0.45)
        assert [one.take().wait, one.take().wait] == [0, 0], "what was refused holds no slot"
        assert [event.name for event in events][1:] == ["shim.quota_store_recovered"]

    @pytest.mark.parametrize("on_loss", ["local", "refuse"])
    def test_down_from_the_start_is_a_loss_like_another(self, on_loss, stores, own_redis, events):
        """Nothing is asked of Redis before the first call, and nothing but an event differs."""
        own_redis.stop()
        store = stores(own_redis, on_loss)
        one = window(store, path(), 2, 0.2)
        assert events == []
        if on_loss == "local":
            use(one)
        else:
            with pytest.raises(StoreLost):
                one.take()
        assert events == [QuotaStoreLost(on_loss, "ConnectionError")]

    def test_a_redis_that_hangs_is_waited_for_once_and_a_second_at_most(
        self, stores, own_redis, events
    ):
        """The others go on meanwhile; the slot that it gave to nobody comes back, and in time."""
        store, where = stores(own_redis, retry_seconds=1.2), path()
        one, other = window(store, where, 1, 4.0), window(store, path(), 1, 4.0)
        use(window(stores(own_redis), where, 1, 4.0))
        use(window(store, path(), 1, 4.0))
        own_redis.pause()
        began = time.monotonic()
        slot = one.take()
        waited = time.monotonic() - began
        assert 0.9 < waited < 30
        began = time.monotonic()
        assert other.take().wait == 0
        assert time.monotonic() - began < waited / 3, "left alone for a while"
        own_redis.resume()
        one.give_back(slot, used=False)
        time.sleep(1.25)
        assert 0 < one.take().wait < 4, "another process has used it"
        assert [event.name for event in events] == [
            *("shim.quota_store_lost", "shim.quota_store_recovered")
        ]
        assert events[0].reason == "TimeoutError"

    def test_one_looks_again_and_the_others_go_on_meanwhile(self, own_redis):
        """Not even those wait who come while the look takes its time."""

        def fail():
            raise OSError

        def look():
            with pytest.raises(StoreLost) as caught:
                link.ask(str)
            assert not caught.value.sent
            return "back"

        with closing(Link(own_redis.url, "local", 0.3)) as link:
            with pytest.raises(StoreLost):
                link.ask(fail)
            time.sleep(0.35)
            assert link.ask(look) == "back"
            assert link.ask(str) == ""

    def test_whoever_asked_in_an_earlier_chapter_has_no_say(self, own_redis, events):
        """An answer or a failure that comes late neither ends a loss nor begins one."""
        link = Link(own_redis.url, "local", 0.0)

        def fail():
            raise OSError

        def lose():
            with pytest.raises(StoreLost):
                link.ask(fail)
            return "answered before, heard after"

        def recover():
            return link.ask(lambda: "back")

        def recover_and_fail():
            recover()
            fail()

        with closing(link):
            assert link.ask(lose) == "answered before, heard after"
            assert [event.name for event in events] == ["shim.quota_store_lost"]
            lose()
            with pytest.raises(StoreLost):
                link.ask(recover_and_fail)
            assert [event.name for event in events] == [
                *("shim.quota_store_lost", "shim.quota_store_recovered")
            ]
            lose()
            assert link.ask(recover) == "back"
            assert len(events) == 4


class TestTokens:
    def test_one_renewal_serves_all_processes(self, stores, one_redis, tmp_path):
        """20 threads here and two processes elsewhere, all with the one expired token."""
        tenant, calls = path(), tmp_path / "calls"
        code = f"""
        def renew():
            open(sys.argv[3], "a").write("child\\n")
            time.sleep(0.3)
            return Fetched({TOKEN!r}, 7200.0)

        with shared(sys.argv[1]) as store:
            say("ready")
            sys.stdin.readline()
            fetched = store.tokens.fetch(sys.argv[2], "stale", renew)
            say([fetched.token, fetched.seconds_left])
        """

        def renew():
            with calls.open("a") as file:
                file.write("parent\n")
            time.sleep(0.3)
            return Fetched(TOKEN, 7200.0)

        store = stores()
        with (
            child(code, one_redis.url, tenant, calls) as one,
            child(code, one_redis.url, tenant, calls) as two,
            ThreadPoolExecutor(20) as pool,
        ):
            begin([one, two])
            here = [pool.submit(store.tokens.fetch, tenant, "stale", renew) for _ in range(20)]
            found = [future.result() for future in here] + [Fetched(*said(p)) for p in (one, two)]
        assert {fetched.token for fetched in found} == {TOKEN}
        assert all(7190 < fetched.seconds_left <= 7200 for fetched in found)
        assert len(calls.read_text().split()) == 1

    def test_a_stored_token_that_will_do_is_taken(self, stores):
        """Not the stale one, though, and none that is about to expire."""
        tenant, tokens = path(), stores().tokens
        given = iter([Fetched("one", 7200.0), Fetched("two", 61.0), Fetched("three", 60.0)])

        def renew():
            return next(given)

        assert tokens.fetch(tenant, "", renew).token == "one"
        assert tokens.fetch(tenant, "", renew).token == "one"
        assert tokens.fetch(tenant, "one", renew).token == "two"
        time.sleep(1.1)
        assert tokens.fetch(tenant, "one", renew).token == "three"
        assert tokens.fetch(tenant, "three", lambda: Fetched("four", 99.0)).token == "four"

    def test_tokens_and_locks_expire(self, stores, one_redis):
        """A token lives in Redis as long as it lives; a lock is gone with its renewal."""
        tenant = path()

        def renew():
            with one_redis.client() as client:
                assert 100 < client.ttl(f"fxiaoke-shim:{{{tenant}}}:token-lock") <= 120
            return Fetched(TOKEN, 500.0)

        stores().tokens.fetch(tenant, "stale", renew)
        with one_redis.client() as client:
            assert client.keys(f"*{tenant}*") == [f"fxiaoke-shim:{{{tenant}}}:token"]
            assert 490 < client.ttl(f"fxiaoke-shim:{{{tenant}}}:token") <= 500

    def test_when_a_renewal_fails_the_next_in_line_tries(self, stores):
        """Each says its own reason; an exception is passed on, and leaves no lock behind."""
        tenant, tokens = path(), stores().tokens

        def broken():
            raise ZeroDivisionError

        assert tokens.fetch(tenant, "stale", lambda: None) is None
        with pytest.raises(ZeroDivisionError):
            tokens.fetch(tenant, "stale", broken)
        assert tokens.fetch(tenant, "stale", lambda: Fetched(TOKEN, 99.0)).token == TOKEN

    def test_the_lock_of_a_process_that_dies_ends(self, stores, one_redis):
        """Whoever waits makes the renewal then."""
        tenant = path()
        code = """
        def renew():
            say("renewing")
            sys.stdin.readline()

        with shared(sys.argv[1]) as store:
            store.tokens.fetch(sys.argv[2], "stale", renew, lock_seconds=1.0)
        """
        with child(code, one_redis.url, tenant) as process:
            assert said(process) == "renewing"
            began = time.monotonic()
            process.kill()
        fetched = stores().tokens.fetch(tenant, "stale", lambda: Fetched(TOKEN, 99.0))
        assert fetched.token == TOKEN
        assert 0.7 < time.monotonic() - began < 30

    def test_a_renewal_that_outlived_its_lock_leaves_the_next_ones_alone(self, stores, one_redis):
        """The lock belongs to whoever took it last."""
        tenant, tokens = path(), stores().tokens
        first_began, second_began, first_ended = (threading.Event() for _ in range(3))

        def slow():
            first_began.set()
            assert second_began.wait(5)

        def second():
            second_began.set()
            assert first_ended.wait(5)
            with one_redis.client() as client:
                assert client.exists(f"fxiaoke-shim:{{{tenant}}}:token-lock")
            return Fetched(TOKEN, 99.0)

        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(tokens.fetch, tenant, "stale", slow, lock_seconds=0.1)
            assert first_began.wait(5)
            other = pool.submit(tokens.fetch, tenant, "stale", second)
            assert first.result(5) is None
            first_ended.set()
            assert other.result(5).token == TOKEN

    def test_without_redis_each_process_renews_for_itself(self, stores, own_redis):
        """Or none does, where that was asked for; a token that was got is kept in any case."""
        local, refuse = stores(own_redis), stores(own_redis, "refuse")

        def renew():
            own_redis.stop()
            return Fetched(TOKEN, 7200.0)

        assert refuse.tokens.fetch("tenant", "stale", renew).token == TOKEN
        with pytest.raises(StoreLost):
            refuse.tokens.fetch("tenant", "stale", renew)
        assert local.tokens.fetch("tenant", "stale", renew).token == TOKEN


class TestSecrets:
    def test_neither_password_nor_token_shows_anywhere(self, stores, own_redis, events):
        """Not in texts, events, reprs or names of keys."""
        store = stores(own_redis, "refuse", retry_seconds=0.0)
        one = window(store, path(), 2, 9.0)
        fetched = store.tokens.fetch("tenant", "stale", lambda: Fetched(TOKEN, 99.0))
        slot = one.take()
        with own_redis.client() as client:
            keys = client.keys()
        own_redis.stop()
        texts = []
        for question in (one.take, lambda: store.tokens.fetch("tenant", TOKEN, lambda: None)):
            with pytest.raises(StoreLost) as caught:
                question()
            texts += [repr(caught.value), *traceback.format_exception(caught.value)]
        own_redis.start()
        one.give_back(slot, used=True)
        shown = " ".join([*texts, *keys, *map(repr, [*events, store, one, slot, fetched])])
        assert len(events) == 2
        assert own_redis.password not in shown
        assert TOKEN not in shown

    def test_a_wrong_password_is_a_loss(self, own_redis, events):
        """The reason says so, the password stays here."""
        parts = urlsplit(own_redis.url)
        wrong = f"redis://:wr0ng@{parts.hostname}:{parts.port}"
        with (
            closing(SharedStore(wrong, "refuse")) as store,
            pytest.raises(StoreLost, match="AuthenticationError") as caught,
        ):
            window(store, path(), 1, 1.0).take()
        assert "wr0ng" not in str(caught.value)
        assert events == [QuotaStoreLost("refuse", "AuthenticationError")]


class TestInstallation:
    @pytest.mark.parametrize(
        "url",
        [
            "redis://host",
            "redis://:p%40ss@host:6379/0",
            "rediss://user:pass@10.0.0.1:6380?ssl_ca_certs=/etc/ca.pem",
            "redis://[::1]:6379",
            "unix:///run/redis.sock?db=1",
        ],
    )
    def test_addresses_that_redis_has(self, url):
        """They are secret as a whole, for they may hold a password."""
        now = shim.configure(redis_url=url, on_quota_store_loss="refuse")
        assert url in now.secrets
        assert "pass" not in repr(now)
        SharedStore(url, now.on_quota_store_loss).close()

    @pytest.mark.parametrize(
        "url",
        [
            "host:6379",
            "http://host",
            "redis://",
            "redis://:pa/55@host",
            "redis://:pa#55@host",
            "redis://:pa?55@host",
            "redis://pa55/word@host",
            "redis://host:pa55",
            "unix://pa55/word",
            "unix://:pa/55@/run/redis.sock",
        ],
    )
    def test_others_are_refused_without_being_repeated(self, url):
        """A password with special characters would be taken for another part of the address."""
        with pytest.raises(ConfigurationError, match="redis_url: should be an address") as caught:
            shim.configure(redis_url=url)
        assert "55" not in str(caught.value)

    @pytest.mark.parametrize("option", ["no_such=pa55", "socket_timeout=pa55"])
    def test_an_option_unknown_to_redis_is_refused(self, option):
        """When the store is made, not with the first call that needs it."""
        with pytest.raises(ConfigurationError, match="redis_url: has an option") as caught:
            SharedStore(f"redis://host?{option}", "local")
        assert "pa55" not in str(caught.value)

    def test_without_redis_installed_the_error_says_what_to_install(self, monkeypatch):
        """The extra, by its name."""
        monkeypatch.setitem(sys.modules, "redis", None)
        with pytest.raises(ConfigurationError, match=r"pip install 'fxiaoke-shim\[redis\]'"):
            SharedStore("redis://host", "local")

    def test_importing_loads_no_redis(self):
        """Only who makes a store pays for it."""
        code = "import shim.objectapi._redis_store, sys; sys.exit('redis' in sys.modules)"
        subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
