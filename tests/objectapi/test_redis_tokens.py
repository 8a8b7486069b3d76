"""Tokens shared through a real Redis: never renewed twice, never shown; and its installation."""

import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from redis_stores import begin, child, path, said, window

import shim
from shim.notices import QuotaStoreLost
from shim.objectapi._redis_link import StoreLost
from shim.objectapi._redis_store import SharedStore
from shim.objectapi._redis_tokens import Fetched
from shim.settings import ConfigurationError

TOKEN = "a-token-nobody-may-see"


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

    def test_if_a_renewal_fails_the_next_process_tries(self, stores):
        """Each says its own reason; an exception is passed on, and leaves no lock behind."""
        tenant, tokens = path(), stores().tokens

        def broken():
            raise ZeroDivisionError

        assert tokens.fetch(tenant, "stale", lambda: None) is None
        with pytest.raises(ZeroDivisionError):
            tokens.fetch(tenant, "stale", broken)
        assert tokens.fetch(tenant, "stale", lambda: Fetched(TOKEN, 99.0)).token == TOKEN

    def test_the_lock_of_a_process_that_dies_ends_in_time(self, stores, one_redis):
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

    def test_a_renewal_that_outlived_its_lock_does_not_end_the_next_lock(self, stores, one_redis):
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
    def test_addresses_of_redis_are_accepted(self, url):
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
    def test_other_addresses_are_refused_without_being_repeated(self, url):
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
