"""Many tenants in one process: each call touches only the tenant that it names.

Every peer records what it is sent. Whatever the calls, threads and tasks: nothing that belongs to
one tenant (corpId, employee, secrets, any of its tokens) is ever in a request to another.
"""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shim
from shim import settings
from shim.objectapi import http
from shim.objectapi.clock import SkippingClock
from shim.objectapi.session import Tenant
from shim.objectapi.tokens import PATH as TOKEN_PATH
from shim.offline import employees
from shim.sandbox import Sandbox

MODES = ["object", "shadow", "dry_run", "legacy"]
STALE = "a-token-that-has-expired"
NAMED = {"object", "dry_run"}
BATCH, INFO = "set_member_status_batch", "query_employee_info_by_open_user_id"
MANY = "set_member_status_many"
# The members that nobody asks to change.
UNTOUCHED = 2


class Peer:
    """A tenant, and what belongs to it."""

    def __init__(self, number, clock, **options):
        self.sandbox = Sandbox(6, seed=100 + number, clock=clock.now, **options)
        self.corp_id = self.sandbox.corp_id
        self.tokens = {self.sandbox.corp_access_token}
        self.requests = []

    @property
    def app(self):
        made = self.sandbox
        return {
            "app_id": made.app_id,
            "app_secret": made.app_secret,
            "permanent_code": made.permanent_code,
        }

    @property
    def marks(self):
        """What no request to another tenant may hold."""
        made = self.sandbox
        secrets = {made.app_secret, made.permanent_code}
        return {
            self.corp_id,
            *made.open_user_ids,
            made.current_open_user_id,
            *secrets,
            *self.tokens,
        }

    def received(self, body):
        """Take a request; gives the peer's own transport."""
        self.requests.append(body)
        self.tokens.add(self.sandbox.corp_access_token)
        return self.sandbox.transport()


class Gateway:
    """A transport to the tenants of one cloud: a request goes to the one that it names."""

    def __init__(self, peers):
        self.peers = peers
        self.misrouted = []

    def _peer(self, body):
        for peer in self.peers:
            if peer.corp_id == body.get("corpId"):
                return peer
            if peer.sandbox.permanent_code == body.get("permanentCode"):
                return peer
        self.misrouted.append(body)
        pytest.fail("a request for a tenant of another gateway")

    def handle_request(self, request):
        body = json.loads(request.read())
        peer = self._peer(body)
        answer = peer.received(body).handle_request(request)
        peer.tokens.add(peer.sandbox.corp_access_token)
        return answer

    async def handle_async_request(self, request):
        body = json.loads(await request.aread())
        peer = self._peer(body)
        answer = await peer.received(body).handle_async_request(request)
        peer.tokens.add(peer.sandbox.corp_access_token)
        return answer


def check_nothing_reached_another(peers):
    """Compare each request with what belongs to the other tenants."""
    for peer in peers:
        others = {mark for other in peers if other is not peer for mark in other.marks}
        for body in peer.requests:
            text = json.dumps(body)
            assert not [mark for mark in others if mark in text]


@contextmanager
def process(clock):
    """Begin as a new process does, with the clock of the tenants."""
    settings.reset()
    http.reset(clock)
    employees.SNAPSHOTS.forget()
    shim.set_notice_hooks([lambda _event: None])
    try:
        yield
    finally:
        settings.reset()


def together(blocking, awaiting):
    """Make calls at once: functions in threads, and coroutine functions on one event loop."""

    async def gathered():
        return await asyncio.gather(*(one() for one in awaiting))

    with ThreadPoolExecutor(len(blocking) + 1) as pool:
        awaited = pool.submit(lambda: asyncio.run(gathered()))
        results = list(pool.map(lambda one: one(), blocking))
        return dict(zip([*blocking, *awaiting], [*results, *awaited.result()], strict=True))


def made(peer, name, token, *, is_async, inside):
    """Return a function that makes a call, and returns whether all of it went well."""
    tenant = peer.sandbox
    ids = tenant.open_user_ids[UNTOUCHED:]
    many = {"corp_access_token": token, "corp_id": tenant.corp_id}

    @contextmanager
    def block():
        changes = {"current_open_user_id": tenant.current_open_user_id} if inside else {}
        with shim.using(**changes):
            yield

    async def awaiting():
        with block():
            if name == MANY:
                stream = shim.aio.set_member_status_many(ids, 1, **many)
            else:
                given = (
                    (token, tenant.corp_id, ids, 1)
                    if name == BATCH
                    else (token, tenant.corp_id, ids[0])
                )
                return (await getattr(shim.aio, name)(*given))["errorCode"] == 0
        return all([one.state != "failed" async for one in stream])

    def blocking():
        with block():
            if name == MANY:
                stream = shim.set_member_status_many(ids, 1, **many)
            else:
                given = (
                    (token, tenant.corp_id, ids, 1)
                    if name == BATCH
                    else (token, tenant.corp_id, ids[0])
                )
                return getattr(shim, name)(*given)["errorCode"] == 0
        return all(one.state != "failed" for one in stream)

    return awaiting if is_async else blocking


# By tenant: whether its gateway is that of the top level, whether its employee is set, where its
# credentials are, its mode, and after how many calls its tokens end.
TENANTS = st.lists(
    st.tuples(
        st.booleans(),
        st.booleans(),
        st.sampled_from(["table", "function"]),
        st.sampled_from(MODES),
        st.sampled_from([None, 3, 5]),
    ),
    min_size=2,
    max_size=4,
)
# By call: which tenant, which call, whether it is awaited, and whether its token has expired.
CALLS = st.lists(
    st.tuples(
        st.integers(0, 11), st.sampled_from([BATCH, INFO, MANY]), st.booleans(), st.booleans()
    ),
    min_size=2,
    max_size=10,
)


@hypothesis.settings(deadline=None, max_examples=40)
@given(tenants=TENANTS, calls=CALLS, inside=st.sets(st.integers(0, 3)))
def test_no_interleaving_of_calls_reaches_another_tenant(tenants, calls, inside):
    """Threads and tasks, every mode, stale tokens, tokens that end, blocks of `using`."""
    clock = SkippingClock()
    peers = [Peer(number, clock, token_calls=one[4]) for number, one in enumerate(tenants)]
    shared = Gateway([peer for peer, one in zip(peers, tenants, strict=True) if one[0]])
    gateways, tables, vault, routes = [shared], {}, {}, []
    for peer, (is_shared, is_named, source, mode, _) in zip(peers, tenants, strict=True):
        table = tables[peer.corp_id] = {}
        if not is_shared:
            gateways.append(Gateway([peer]))
            table["base_url"] = f"https://{len(gateways)}.example"
            table["transport"] = gateways[-1]
        if is_named:
            table["current_open_user_id"] = peer.sandbox.current_open_user_id
        if source == "table" or not is_named:
            table.update(peer.app)
        else:
            vault[peer.corp_id] = peer.app
        routes.append({"mode": mode, "corp_ids": [peer.corp_id]})
    with process(clock):
        shim.configure(
            transport=shared,
            tenants=tables,
            credentials=vault.get,
            routes=routes,
            notices="log",
            quota_calls=0,
        )
        blocking, awaiting, sure = [], [], {}
        for number, name, is_async, is_stale in calls:
            which = number % len(peers)
            peer, (*_, mode, token_calls) = peers[which], tenants[which]
            token = STALE if is_stale else peer.sandbox.corp_access_token
            call = made(peer, name, token, is_async=is_async, inside=which in inside)
            (awaiting if is_async else blocking).append(call)
            # The old call is made once, with the token as given.
            sure[call] = token_calls is None and (name == MANY or not is_stale or mode in NAMED)
        went_well = together(blocking, awaiting)
    assert not any(one.misrouted for one in gateways)
    check_nothing_reached_another(peers)
    assert all(went_well[call] for call in sure if sure[call])
    for which, peer in enumerate(peers):
        asked = any(number % len(peers) == which and name != INFO for number, name, *_ in calls)
        disabled = {one for one, status in peer.sandbox.members().items() if status == "1"}
        assert not disabled & set(peer.sandbox.open_user_ids[:UNTOUCHED])
        assert not disabled or (asked and tenants[which][3] != "dry_run")


@pytest.mark.parametrize("mode", MODES)
def test_two_tenants_on_two_sockets_in_each_mode(mode, twisting, call):
    """Both are answered as if each had a process of its own, with its own employee and fields."""
    one, other = twisting(), twisting(sandbox=Sandbox(6, seed=77))
    shim.configure(base_url="https://unused.example", current_open_user_id="FSUID_TOP", mode=mode)
    shim.configure(
        tenants={
            peer.sandbox.corp_id: {
                "base_url": peer.base_url,
                "current_open_user_id": peer.sandbox.current_open_user_id,
            }
            for peer in (one, other)
        }
    )
    for peer in (one, other, one, other):
        tenant = peer.sandbox
        credentials = tenant.corp_access_token, tenant.corp_id
        assert call(BATCH, *credentials, tenant.open_user_ids[2:4], 1)["errorCode"] == 0
        assert call(INFO, *credentials, tenant.open_user_ids[0])["errorCode"] == 0
    for peer, stranger in ((one, other), (other, one)):
        disabled = 0 if mode == "dry_run" else 2
        assert list(peer.sandbox.members().values()).count("1") == disabled
        text = json.dumps([request.body for request in peer.requests])
        for mark in ("FSUID_TOP", stranger.sandbox.corp_id, *stranger.sandbox.open_user_ids):
            assert mark not in text


@pytest.mark.parametrize("mode", ["object", "dry_run", "shadow"])
def test_both_tenants_renew_their_tokens(mode, twisting, call):
    """Each token is of the tenant that it is used for, while both renew again and again."""
    peers = [twisting(sandbox=Sandbox(30, seed=seed, token_calls=12)) for seed in (5, 6)]
    shim.configure(mode=mode, base_url="https://unused.example", current_open_user_id=None)
    shim.configure(
        tenants={
            peer.sandbox.corp_id: {
                "base_url": peer.base_url,
                "app_id": peer.sandbox.app_id,
                "app_secret": peer.sandbox.app_secret,
                "permanent_code": peer.sandbox.permanent_code,
            }
            for peer in peers
        }
    )

    def run(peer):
        tenant = peer.sandbox
        for status in (1, 2):
            token = tenant.corp_access_token
            answer = call(BATCH, token, tenant.corp_id, tenant.open_user_ids[2:12], status)
            assert mode == "shadow" or answer["errorCode"] == 0, answer
        return {one.body["corpAccessToken"] for one in peer.requests if "corpId" in one.body}

    with ThreadPoolExecutor(2) as pool:
        tokens = list(pool.map(run, peers))
    assert not tokens[0] & tokens[1]
    for peer in peers:
        assert {one.body.get("corpId", peer.sandbox.corp_id) for one in peer.requests} == {
            peer.sandbox.corp_id
        }
        assert mode == "shadow" or TOKEN_PATH in peer.sandbox.calls()


def test_streams_of_two_tenants_run_at_once(twisting):
    """Each with its own token, taken in turns."""
    peers = [twisting(sandbox=Sandbox(8, seed=seed)) for seed in (5, 6)]
    shim.configure(base_url="https://unused.example", current_open_user_id=None)
    shim.configure(
        tenants={
            peer.sandbox.corp_id: {
                "base_url": peer.base_url,
                "current_open_user_id": peer.sandbox.current_open_user_id,
                "corp_access_token": peer.sandbox.corp_access_token,
            }
            for peer in peers
        }
    )
    streams = [
        shim.set_member_status_many(peer.sandbox.open_user_ids[2:], 1, corp_id=peer.sandbox.corp_id)
        for peer in peers
    ]
    states = [outcome.state for pair in zip(*streams, strict=True) for outcome in pair]
    assert states == ["changed"] * 12


def test_a_quota_is_that_of_the_tenant():
    """A full window of one tenant holds up no other, at the same address too."""
    clock = http.clock()
    peers = [Peer(number, clock) for number in range(2)]
    shim.configure(
        transport=Gateway(peers),
        notices="log",
        quota_calls=100,
        quota_seconds=1000,
        tenants={
            peer.corp_id: {
                "current_open_user_id": peer.sandbox.current_open_user_id,
                "quota_calls": quota,
            }
            for peer, quota in zip(peers, (1, 100), strict=True)
        },
    )

    def ask(peer):
        tenant, before = peer.sandbox, clock.now()
        answer = shim.query_employee_info_by_open_user_id(
            tenant.corp_access_token, tenant.corp_id, tenant.open_user_ids[0]
        )
        assert answer["errorCode"] == 0
        return clock.now() - before

    assert [ask(peers[0]), ask(peers[1]), ask(peers[1])] == [0, 0, 0]
    assert ask(peers[0]) >= 1000


def test_two_gateways_at_one_host_share_nothing_in_redis():
    """Their addresses differ in the path only, for example behind a proxy; a scheme is none."""
    keys = {
        Tenant(f"https://gateway.example{path}", corp_id).key
        for path in ("", "/live", "/test")
        for corp_id in ("FSCID_A", "FSCID_B")
    }
    assert len(keys) == 6
    assert "gateway.example|FSCID_A" in keys


def test_a_missing_employee_names_the_table(tenant, call):
    """The call of the tenant that has a table; for others the top level is named."""
    one = tenant(3, current_open_user_id=None)
    shim.configure(tenants={one.corp_id: {}, "FSCID_OTHER": {}})
    for corp_id, place in [
        (one.corp_id, rf"below \[tenants\.{one.corp_id}\] in fxiaoke-shim.toml"),
        ("FSCID_NONE", r"current_open_user_id in fxiaoke-shim.toml"),
    ]:
        with pytest.raises(shim.ConfigurationError, match=place):
            call(BATCH, one.corp_access_token, corp_id, one.open_user_ids, 1)
