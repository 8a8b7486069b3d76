"""A Redis that holds what is not ours, or is no Redis: calls work, and wait not too long."""

import asyncio
import re
import socket
import threading
import time
import uuid
from contextlib import closing, suppress
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import shim
from shim.notices import set_notice_hooks
from shim.objectapi._redis_link import BoundedSocket, Link, StoreLost
from shim.objectapi._redis_store import SharedStore
from shim.objectapi._redis_tokens import Fetched

HOST = "open.fxiaoke.com|FSCID_1"
CALLS, SECONDS, LEASE = 3, 0.2, 30.0
HOUR = 3600.0
HANGS_AFTER_SECONDS = 60


# Names and scores as ours, nearly as ours, and not at all.
NAMES = st.one_of(
    st.binary(max_size=12),
    st.builds(
        "{:016x}-{}".format, st.integers(0, 2**64 - 1), st.integers(0, 10**12) | st.just("x")
    ),
)
SECONDS_AHEAD = st.one_of(
    st.floats(-HOUR, HOUR), st.floats(0, 0.3), st.just(1e12), st.just(-(10**12))
)
SCORES = st.one_of(SECONDS_AHEAD, st.sampled_from([float("inf"), float("-inf"), 1e300]))
TEXTS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"", b"x" * 100_000, b"\xff\xfe", b'a"\r\nX: y', b"somebody"]),
    st.builds(
        lambda name, ms: f"{name:016x}-{ms}".encode(), st.integers(0, 2**64 - 1), st.integers(0, 50)
    ),
)
CONTENTS = st.one_of(
    st.just(("nothing", None)),
    st.tuples(st.just("string"), TEXTS),
    st.tuples(st.just("list"), st.lists(TEXTS, min_size=1, max_size=3)),
    st.tuples(st.just("set"), st.lists(TEXTS, min_size=1, max_size=3)),
    st.tuples(st.just("hash"), st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=3)),
    st.tuples(st.just("zset"), st.dictionaries(NAMES, SCORES, min_size=1, max_size=8)),
    st.tuples(st.just("stream"), TEXTS),
)
LIVES = st.sampled_from([None, 0.05, HOUR])


def put(client, key, content, life):
    """Leave something at a key."""
    kind, value = content
    now = time.time()
    client.delete(key)
    if kind == "string":
        client.set(key, value)
    elif kind == "list":
        client.rpush(key, *value)
    elif kind == "set":
        client.sadd(key, *value)
    elif kind == "hash":
        client.hset(key, mapping=value)
    elif kind == "zset":
        client.zadd(key, {name: (now + ahead) * 1e6 for name, ahead in value.items()})
    elif kind == "stream":
        client.xadd(key, {"field": value})
    if life is not None:
        client.pexpire(key, round(life * 1000))


def impossible(content):
    """Move slots that look like ours to where none of ours can be."""
    kind, value = content
    if kind != "zset":
        return content
    moved = {}
    for name, ahead in value.items():
        ours = re.fullmatch(r"[0-9a-f]+-(\d{1,9})", name) if isinstance(name, str) else None
        moved[name] = int(ours[1]) / 1000 + HOUR if ours else ahead
    return kind, moved


@pytest.fixture
def heard():
    """What the store has said."""
    events = []
    set_notice_hooks([events.append])
    yield events
    set_notice_hooks(None)


class TestContent:
    """Whatever is at our keys."""

    @hypothesis_settings(max_examples=60, deadline=None)
    @given(busy=CONTENTS, free=CONTENTS, life=LIVES)
    def test_calls_get_slots_within_the_window(self, one_redis, busy, free, life):
        """As many as there are, none waits longer than the window, and the store is not lost."""
        path = f"/cgi/{uuid.uuid4().hex}"
        name = f"fxiaoke-shim:{{{HOST}|{path}|{CALLS}/{SECONDS:g}}}"
        with closing(SharedStore(one_redis.url, "refuse")) as store, one_redis.client() as client:
            put(client, f"{name}:busy", impossible(busy), life)
            put(client, f"{name}:free", free, life)
            window = store.window(HOST, path, CALLS, SECONDS, LEASE)
            slots = [window.take() for _ in range(CALLS)]
            assert None not in slots
            assert all(0 <= slot.wait <= SECONDS + 0.001 for slot in slots)
            assert window.take() is None
            for slot in slots:
                window.give_back(slot, used=True)
            assert 0 < window.take().wait <= SECONDS
            assert 0 < client.pttl(f"{name}:busy") <= (LEASE + SECONDS + 1) * 1000

    @hypothesis_settings(max_examples=60, deadline=None)
    @given(token=CONTENTS, lock=CONTENTS, life=LIVES)
    def test_token_is_renewed_or_one_that_will_do_is_taken(self, one_redis, token, lock, life):
        """Nothing is waited for longer than a lock of ours could last, and no lock is left."""
        tenant, renewed = uuid.uuid4().hex, []
        name = f"fxiaoke-shim:{{{tenant}}}"

        def renew():
            renewed.append(1)
            return Fetched("a-token", 7200.0)

        with closing(SharedStore(one_redis.url, "refuse")) as store, one_redis.client() as client:
            put(client, f"{name}:token", token, life)
            put(client, f"{name}:token-lock", lock, life)
            fetched = store.tokens.fetch(tenant, "stale", renew)
            if renewed:
                assert fetched.token == "a-token"
                assert client.get(f"{name}:token") == "a-token"
                assert client.exists(f"{name}:token-lock") == 0
            else:
                assert token == ("string", fetched.token.encode())
                assert fetched.seconds_left > 60

    def test_lock_of_a_process_that_renews_for_ever_is_waited_for_once(self, one_redis):
        """As long as a renewal may take; then this process makes its own."""
        tenant = uuid.uuid4().hex
        with closing(SharedStore(one_redis.url, "refuse")) as store, one_redis.client() as client:
            client.set(f"fxiaoke-shim:{{{tenant}}}:token-lock", "ab-60000", px=60_000)
            fetched = store.tokens.fetch(
                tenant, "stale", lambda: Fetched("a-token", 7200.0), lock_seconds=0.2
            )
        assert fetched.token == "a-token"

    @pytest.mark.parametrize("token", ["", "with space", "x" * 5000, "ümlaut", "\ud800"])
    def test_token_that_is_no_text_of_ours_is_not_shared(self, one_redis, token):
        """Others would not believe it. It is used here all the same, and can be stale."""
        tenant = uuid.uuid4().hex
        with closing(SharedStore(one_redis.url, "refuse")) as store, one_redis.client() as client:
            assert store.tokens.fetch(tenant, "", lambda: Fetched(token, 7200.0)).token == token
            assert client.keys(f"*{tenant}*") == []
            fetched = store.tokens.fetch(tenant, token, lambda: Fetched("next", 7200.0))
            assert fetched.token == "next"

    def test_calls_under_way_survive_what_is_put_beside_them(self, one_redis):
        """Our own slots are told apart from the others, and keep counting."""
        path = f"/cgi/{uuid.uuid4().hex}"
        name = f"fxiaoke-shim:{{{HOST}|{path}|{CALLS}/{SECONDS:g}}}"
        with closing(SharedStore(one_redis.url, "refuse")) as store, one_redis.client() as client:
            window, other = (store.window(HOST, path, CALLS, SECONDS, LEASE) for _ in range(2))
            held = [window.take(), window.take()]
            later = (time.time() + HOUR) * 1e6
            client.zadd(f"{name}:busy", {b"\xff": later, "0123456789abcdef-99": later})
            assert other.take().wait == pytest.approx(SECONDS, abs=0.1)
            assert other.take() is None
            for slot in held:
                window.give_back(slot, used=True)


class Impostor:
    """Whatever it is asked, it gives the same answer."""

    def __init__(self, answer, *, pause=None):
        self._answer, self._pause = answer, pause
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        with suppress(OSError), peer:
            while peer.recv(65536):
                if self._pause is None:
                    peer.sendall(self._answer)
                    continue
                for byte in self._answer * 1000:
                    peer.sendall(bytes([byte]))
                    time.sleep(self._pause)

    def close(self):
        self._listener.close()


ERRORS = [
    *(b"OOM command not allowed", b"READONLY You can't write", b"NOSCRIPT No matching script"),
    *(b"LOADING Redis is loading", b"MOVED 3999 127.0.0.1:6381", b"NOPERM no permissions"),
    *(b"WRONGTYPE Operation", b"NOAUTH Authentication required", b"BUSY running a script", b""),
]
ANSWERS = [
    *(b"-" + error + b"\r\n" for error in ERRORS),
    *(b"+OK\r\n", b":7\r\n", b":x\r\n", b"$2\r\nhi\r\n", b"*0\r\n", b"*1\r\n:1\r\n", b"?\r\n"),
    *(b"*2\r\n:-5\r\n:0\r\n", b"*2\r\n:99999999999\r\n:0\r\n", b"*2\r\n$1\r\nx\r\n:1\r\n"),
    *(b"*2\r\n$1\r\n\xff\r\n:1\r\n", b"*2\r\n:1\r\n$1\r\nx\r\n", b"*1\r\n" * 5000 + b":1\r\n"),
]


class TestImpostor:
    """Whatever is answered at that address."""

    @pytest.mark.parametrize("answer", ANSWERS)
    def test_answer_that_is_none_is_a_loss(self, answer, heard):
        """Never another exception; with `local` there is a slot all the same, and a token."""
        with closing(Impostor(answer)) as impostor:
            for on_loss in ("refuse", "local"):
                with closing(SharedStore(impostor.url, on_loss, retry_seconds=0.0)) as store:
                    window = store.window(HOST, "/p", CALLS, SECONDS, LEASE)
                    if on_loss == "refuse":
                        with pytest.raises(StoreLost):
                            window.take()
                        with pytest.raises(StoreLost):
                            store.tokens.fetch("tenant", "stale", lambda: None)
                        continue
                    slot = window.take()
                    assert slot.wait == 0
                    window.give_back(slot, used=True)
                    fetched = store.tokens.fetch("tenant", "s", lambda: Fetched("mine", 99.0))
                    assert fetched.token == "mine"
        assert {event.name for event in heard} == {"shim.quota_store_lost"}

    @pytest.mark.parametrize(
        ("answer", "pause"),
        [(b"$5\r\n", 0.02), (b"*9\r\n:1", 0.02), (b"$99999999\r\n" + b"x" * 2**21, None)],
    )
    def test_answer_without_end_is_a_loss(self, answer, pause, heard, monkeypatch):
        """One that drips, and one that is longer than any of ours."""
        monkeypatch.setattr("shim.objectapi._redis_link._QUESTION_SECONDS", 0.3)
        with (
            closing(Impostor(answer, pause=pause)) as impostor,
            closing(SharedStore(impostor.url, "local")) as store,
        ):
            assert store.window(HOST, "/p", CALLS, SECONDS, LEASE).take().wait == 0
        assert [event.name for event in heard] == ["shim.quota_store_lost"]


class TestBounds:
    """What bounds an answer, whichever parser reads it."""

    def test_question_whose_time_is_over_reads_nothing_more(self, heard, monkeypatch):
        """However soon the next byte would come."""
        monkeypatch.setattr("shim.objectapi._redis_link._QUESTION_SECONDS", 0.0)
        with (
            closing(Impostor(b"+OK\r\n")) as impostor,
            closing(SharedStore(impostor.url, "refuse")) as store,
            pytest.raises(StoreLost),
        ):
            store.window(HOST, "/p", CALLS, SECONDS, LEASE).take()
        assert [event.name for event in heard] == ["shim.quota_store_lost"]

    def test_answer_read_into_a_buffer_is_bounded_as_well(self, heard):
        """So does hiredis, the parser that the client takes where it is installed."""
        ours, theirs = socket.socketpair()
        with ours, theirs, closing(Link("redis://127.0.0.1:9", "refuse", HOUR)) as link:
            reader, buffer = BoundedSocket(ours), bytearray(4096)

            def read(size):
                while size > 0:
                    theirs.sendall(b"x" * len(buffer))
                    size -= reader.recv_into(buffer)
                return bytes(buffer)

            assert link.ask(lambda: read(500_000)) == b"x" * len(buffer)
            assert link.ask(lambda: read(600_000)) == b"x" * len(buffer)
            with pytest.raises(StoreLost):
                link.ask(lambda: read(2_000_000))
        assert [event.reason for event in heard] == ["OSError"]


class TestCall:
    """Through a public door."""

    def test_call_works_without_a_real_redis(self, tenant):
        """The quota is kept by this process then."""
        with closing(Impostor(b"*1\r\n:x\r\n")) as impostor:
            made = tenant(3, redis_url=impostor.url)
            args = (made.corp_access_token, made.corp_id, made.open_user_ids, 1)
            assert shim.set_member_status_batch(*args)["errorCode"] == 0

    @pytest.mark.parametrize("poison", ["POISON", "", "with space"])
    def test_foreign_token_is_replaced_within_the_call(self, poison, tenant, one_redis):
        """One that the vendor refuses as well; the token call is made once."""
        made = tenant(3, redis_url=one_redis.url)
        shim.configure(
            app_id=made.app_id, app_secret=made.app_secret, permanent_code=made.permanent_code
        )
        place = f"{urlsplit(made.base_url).netloc}|{made.corp_id}|{made.app_id}"
        with one_redis.client() as client:
            client.set(f"fxiaoke-shim:{{{place}}}:token", poison, px=7_000_000)
            args = ("EXPIRED", made.corp_id, made.open_user_ids, 1)
            assert shim.set_member_status_batch(*args)["errorCode"] == 0
            assert client.get(f"fxiaoke-shim:{{{place}}}:token") not in {poison, None}
            client.delete(*client.keys(f"*{made.corp_id}*"))
        assert made.calls()["/cgi/corpAccessToken/get/V2"]["count"] == 1


@pytest.mark.usefixtures("machine_time")
class TestAbandoned:
    """Streams that are left half-way."""

    @pytest.mark.parametrize("threads", [True, False])
    def test_slots_in_redis_go_back(self, threads, tenant, one_redis, monkeypatch):
        """Over the network, in a thread; without one where Python starts none any more."""
        quota = {"quota_calls": 8, "quota_seconds": 0.3}
        made = tenant(60, redis_url=one_redis.url, concurrency=8, **quota)
        shim.configure(corp_access_token=made.corp_access_token, corp_id=made.corp_id)
        start = threading.Thread.start

        def refuse(thread):
            if thread.name != "fxiaoke-shim":
                return start(thread)
            msg = "can't start new thread at interpreter shutdown"
            raise RuntimeError(msg)

        async def job():
            ids = ["FSUID_NOBODY"] * 100 + made.open_user_ids
            outcomes = shim.aio.set_member_status_many(ids, 1)
            await anext(outcomes)
            while "/cgi/crm/v2/data/update" not in made.calls():  # noqa: ASYNC110 - no event.
                await asyncio.sleep(0.001)
            if not threads:
                monkeypatch.setattr(threading.Thread, "start", refuse)

        asyncio.run(job())
        until = time.monotonic() + HANGS_AFTER_SECONDS
        with one_redis.client() as client:
            while client.keys(f"*{made.corp_id}*:busy"):
                assert time.monotonic() < until
                time.sleep(0.01)
