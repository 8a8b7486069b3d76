"""Which way a call goes: the first route that is for it, and the same way each time."""

import string
from collections import Counter
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openfeature import api
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

import shim
from shim.modes.choice import Choice, choose, outlook, share
from shim.offline import ENDPOINTS
from shim.settings.model import Route, Settings

functions = st.sampled_from(sorted(ENDPOINTS))
corp_ids = st.text(string.ascii_letters + string.digits, min_size=1, max_size=12).map(
    "FSCID_".__add__
)
FIRST = "set_member_status_batch"


def way(function=FIRST, corp_id="FSCID_A", **given_settings):
    return choose(Settings(**given_settings), function, corp_id)


class TestRoutes:
    def test_without_any_the_mode_counts(self):
        """And says so."""
        assert way() == Choice("object", "mode")
        assert way(mode="legacy") == Choice("legacy", "mode")

    def test_the_first_that_is_for_a_call_counts(self):
        """By function, by tenant, by both; what none is for goes by the mode."""
        routes = (
            Route(mode="legacy", corp_ids=("FSCID_B",), functions=(FIRST,)),
            Route(mode="shadow", functions=(FIRST,)),
            Route(mode="dry_run", corp_ids=("FSCID_B",)),
        )
        assert way(FIRST, "FSCID_B", routes=routes) == Choice("legacy", "routes.0")
        assert way(FIRST, "FSCID_A", routes=routes) == Choice("shadow", "routes.1")
        assert way("update_member", "FSCID_B", routes=routes) == Choice("dry_run", "routes.2")
        assert way("update_member", "FSCID_A", routes=routes) == Choice("object", "mode")

    @given(function=functions, corp_id=corp_ids, low=st.floats(0, 100), high=st.floats(0, 100))
    def test_a_part_stays_within_a_larger_part(self, function, corp_id, low, high):
        """Who is within 10 % is within 20 % as well: nobody flips as a part grows."""
        low, high = sorted((low, high))

        def chosen(percent):
            route = Route(mode="object", percent=percent)
            return way(function, corp_id, mode="legacy", routes=(route,)).mode

        if chosen(low) == "object":
            assert chosen(high) == "object"
        assert chosen(100) == "object"
        assert chosen(0) == "legacy"

    def test_a_part_is_as_large_as_it_says(self):
        """Of 10,000 tenants, and it is not the same tenants for each function."""
        tenants = [f"FSCID_{number}" for number in range(10_000)]
        within = {
            function: {one for one in tenants if share(function, one) < 10}
            for function in (FIRST, "update_member")
        }
        assert [800 < len(one) < 1200 for one in within.values()] == [True, True]
        assert len(within[FIRST] & within["update_member"]) < 200

    def test_each_of_several_routes_gets_the_share_it_names(self):
        """Of 10,000 pairs; a route for other functions or tenants takes nothing from them."""
        routes = (
            Route(mode="legacy", percent=50, functions=("update_member",)),
            Route(mode="legacy", percent=50, corp_ids=("FSCID_ELSEWHERE",)),
            Route(mode="object", percent=10),
            Route(mode="dry_run", percent=0),
            Route(mode="shadow", percent=10),
        )
        modes = Counter(
            way(FIRST, f"FSCID_{number}", mode="legacy", routes=routes).mode
            for number in range(10_000)
        )
        assert modes.keys() == {"object", "shadow", "legacy"}
        assert all(800 < modes[mode] < 1200 for mode in ("object", "shadow"))

    @given(
        corp_id=corp_ids,
        parts=st.lists(st.tuples(st.sampled_from(["object", "shadow"]), st.floats(0, 100))),
    )
    def test_routes_divide_the_scale_in_their_order(self, corp_id, parts):
        """A pair takes the first route whose end lies beyond it; from 100 on no route is left."""
        routes = tuple(Route(mode=mode, percent=percent) for mode, percent in parts)
        ends = accumulate(percent for _, percent in parts)
        within = (n for n, end in enumerate(ends) if share(FIRST, corp_id) < end)
        reason = way(FIRST, corp_id, mode="legacy", routes=routes).reason
        number = next(within, None)
        assert reason.split()[0] == ("mode" if number is None else f"routes.{number}")

    def test_the_hash_is_the_same_in_every_process_and_release(self):
        """Computed once, for ever: another number would move tenants to and fro."""
        assert share(FIRST, "FSCID_A") == pytest.approx(81.787718467)

    def test_the_reason_names_the_part(self):
        """And never the tenant."""
        route = Route(mode="shadow", percent=99.5)
        within = next(f"FSCID_{n}" for n in range(100) if share(FIRST, f"FSCID_{n}") < 99.5)
        assert way(corp_id=within, routes=(route,)) == Choice("shadow", "routes.0 99.5%")


class TestOutlook:
    """What a call site's notice says, which knows no tenant."""

    @pytest.mark.parametrize(
        ("routes", "expected"),
        [
            ([], "object"),
            ([{"mode": "legacy"}], "legacy"),
            ([{"mode": "legacy", "functions": ["update_member"]}], "object"),
            ([{"mode": "legacy", "percent": 10}], "routed"),
            ([{"mode": "legacy", "percent": 0}], "object"),
            ([{"mode": "legacy", "corp_ids": ["FSCID_A"]}], "routed"),
            ([{"mode": "shadow", "corp_ids": ["FSCID_A"]}, {"mode": "shadow"}], "shadow"),
            ([{"mode": "shadow", "percent": 50}] * 2, "shadow"),
            ([{"mode": "shadow", "percent": 50}, {"mode": "legacy", "percent": 49}], "routed"),
        ],
    )
    def test_outlook_is_one_mode_or_routed(self, routes, expected):
        """A way if all calls go it."""
        assert outlook(Settings(routes=routes), FIRST) == expected

    def test_outlook_with_feature_flags_is_routed(self):
        """They may say anything."""
        assert outlook(Settings(openfeature_client=api.get_client()), FIRST) == "routed"


class TestOpenFeature:
    @pytest.fixture(autouse=True)
    def _provider(self):
        yield
        api.clear_providers()

    def client(self, flags=None, provider=None):
        api.set_provider(provider or InMemoryProvider(flags or {}))
        return api.get_client()

    def test_the_flag_decides(self):
        """By function and tenant, which it gets as attributes and targeting key."""
        asked = []

        def evaluate(_flag, context):
            asked.append((context.targeting_key, dict(context.attributes)))
            return FlagResolutionDetails("shadow", reason=Reason.TARGETING_MATCH)

        flag = InMemoryFlag("on", {"on": "shadow"}, context_evaluator=evaluate)
        found = way(openfeature_client=self.client({"fxiaoke-shim-mode": flag}))
        assert found == Choice("shadow", "openfeature TARGETING_MATCH")
        assert asked == [("FSCID_A", {"function": FIRST, "corp_id": "FSCID_A"})]

    def test_its_key_is_a_setting(self):
        """Teams have names of their own."""
        client = self.client({"ours": InMemoryFlag("on", {"on": "legacy"})})
        assert way(openfeature_client=client, openfeature_flag="ours").mode == "legacy"

    def test_without_an_answer_mode_and_routes_decide(self):
        """And the reason says why."""
        client = self.client()
        assert way(openfeature_client=client, mode="shadow") == Choice(
            "shadow", "mode (openfeature: FLAG_NOT_FOUND)"
        )

    def test_an_answer_that_is_no_mode(self):
        """Is none."""
        client = self.client({"fxiaoke-shim-mode": InMemoryFlag("on", {"on": "FSCID_A"})})
        assert way(openfeature_client=client) == Choice(
            "object", "mode (openfeature: no such mode)"
        )

    def test_a_client_that_raises(self):
        """A call has its way all the same."""

        class Broken:
            def get_string_details(self, *_args):
                msg = "canary"
                raise RuntimeError(msg)

        assert way(openfeature_client=Broken()) == Choice(
            "object", "mode (openfeature: RuntimeError)"
        )

    def test_through_the_door(self, tenant, events):
        """A whole call goes by the flag."""
        made = tenant(
            2,
            openfeature_client=self.client(
                {"fxiaoke-shim-mode": InMemoryFlag("on", {"on": "legacy"})}
            ),
        )
        shim.set_member_status_batch(made.corp_access_token, made.corp_id, made.open_user_ids, 1)
        assert list(made.calls()) == ["/cgi/user/batchSetStatus"]
        called, finished = events
        assert (called.mode, finished.mode) == ("routed", "legacy")
        assert finished.reason == "openfeature STATIC"


class TestBadSettings:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('mode = "objekt"', "mode: Input should be 'object', 'shadow', 'dry_run' or 'legacy'"),
            ('[[routes]]\nmode = "x"', "routes.0.mode: Input should be"),
            ("[[routes]]\npercent = 10", "routes.0.mode: Field required"),
            ('[[routes]]\nmode = "object"\npercent = 101', "routes.0.percent: Input should be"),
            ('[[routes]]\nmode = "object"\npercent = "x"', "routes.0.percent: Input should be"),
            ('[[routes]]\nmode = "object"\npercent = nan', "routes.0.percent: "),
            (
                '[[routes]]\nmode = "object"\nfunctions = ["update_member", "set_member_stat"]',
                "routes.0.functions: no. 2 is no offline call; did you mean 'set_member_status'?",
            ),
            (
                '[[routes]]\nmode = "object"\nfunctions = ["xyzzy"]',
                "routes.0.functions: no. 1 is no offline call; `fxshim endpoints` lists them",
            ),
            ('[[routes]]\nmode = "object"\nwho = 1', "routes.0.who: Extra inputs"),
            ('openfeature_client = "x"', "openfeature_client: should be an OpenFeature client"),
        ],
    )
    def test_file_and_key_are_named(self, text, expected, tmp_path):
        """A clear error, before any call has gone anywhere."""
        (tmp_path / "fxiaoke-shim.toml").write_text(text)
        with pytest.raises(shim.ConfigurationError) as caught:
            shim.get_department_list("t", "c")
        assert "fxiaoke-shim.toml: " + expected in str(caught.value)

    def test_routes_from_the_environment(self, monkeypatch):
        """As JSON."""
        monkeypatch.setenv("FXIAOKE_SHIM_ROUTES", '[{"mode": "shadow", "percent": 5}]')
        assert shim.configure().routes == (Route(mode="shadow", percent=5),)
