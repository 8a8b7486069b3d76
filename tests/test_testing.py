"""`shim.testing`, as tests of a program use it."""

import asyncio
import gc
import inspect
import logging
import subprocess
import sys
import time
import weakref

import pytest
from twisting import TwistingPeer

import shim
import shim.testing
from shim import notices, settings
from shim.objectapi import http
from shim.objectapi._connections import Connections
from shim.objectapi.clock import MACHINE
from shim.sandbox import Fault, Sandbox

APP = {"app_id": "FSAID_REAL", "app_secret": "real", "permanent_code": "real"}


def disable(tenant):
    return shim.set_member_status_batch(
        tenant.corp_access_token, tenant.corp_id, tenant.open_user_ids, 1
    )


@pytest.fixture(autouse=True)
def _only_logged(monkeypatch):
    monkeypatch.setenv("FXIAOKE_SHIM_NOTICES", "log")


def adisable(tenant):
    return shim.aio.set_member_status_batch(
        tenant.corp_access_token, tenant.corp_id, tenant.open_user_ids, 1
    )


def use(peer):
    shim.configure(base_url=peer.base_url, current_open_user_id=peer.sandbox.current_open_user_id)


def wait_until(happened):
    """The other end of a socket learns a moment later that it is closed."""
    end = time.monotonic() + 5
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def python(code):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True
    ).stdout


def test_sandboxes_leave_nothing_in_memory():
    """Clients, tokens and windows of a block go with it, so that long suites do not grow."""
    with shim.testing.sandbox(members=1) as tenant:
        disable(tenant)
        clock = weakref.ref(http.clock())
    del tenant
    gc.collect()
    assert clock() is None


class TestImport:
    def test_import_loads_neither_sandbox_nor_http_library(self):
        """They are loaded by the first sandbox, or the first call."""
        loaded = python("import shim.testing, sys; print(*sys.modules, sep='\\n')").splitlines()
        assert "shim.testing" in loaded
        assert {"shim.sandbox", "shim.objectapi.http", "httpx", "pydantic"}.isdisjoint(loaded)

    def test_reset_before_any_call_loads_nothing(self):
        code = "import shim.testing as t, sys; t.reset(); print(*sys.modules, sep='\\n')"
        assert {"shim.objectapi.http", "httpx"}.isdisjoint(python(code).splitlines())

    def test_sandbox_needs_no_extra(self):
        """No server, command or Redis is loaded for a call in the block."""
        code = (
            "import shim, shim.testing, sys\n"
            "with shim.testing.sandbox(members=1) as tenant:\n"
            "    shim.configure(notices='log')\n"
            "    shim.get_department_list(tenant.corp_access_token, tenant.corp_id)\n"
            "print(*sys.modules, sep='\\n')"
        )
        extras = {"typer", "starlette", "uvicorn", "redis", "libcst", "pytest"}
        assert extras.isdisjoint(python(code).splitlines())


class TestSandbox:
    def test_calls_of_the_block_go_to_the_sandbox(self):
        with shim.testing.sandbox(members=3) as tenant:
            assert disable(tenant)["errorCode"] == 0
            assert set(tenant.members().values()) == {"1"}

    def test_members_of_a_stream_are_those_of_the_sandbox(self):
        """`set_member_status_many` takes token and tenant from the settings."""
        with shim.testing.sandbox(members=3) as tenant:
            run = shim.set_member_status_many(tenant.open_user_ids, 1)
            assert {outcome.state for outcome in run} == {"changed"}

    def test_awaited_calls_of_the_block_go_to_the_sandbox(self):
        async def departments():
            with shim.testing.sandbox(members=3) as tenant:
                token, corp_id = tenant.corp_access_token, tenant.corp_id
                return await shim.aio.get_department_list(token, corp_id), tenant

        answer, tenant = asyncio.run(departments())
        assert len(answer["departments"]) == len(tenant.departments())

    def test_settings_are_put_back(self):
        """Those of the caller, whatever was configured in the block."""
        before = shim.configure(base_url="https://example.com", mode="legacy", notices="log")
        with shim.testing.sandbox() as tenant:
            shim.configure(mode="dry_run", concurrency=2)
            assert settings.current().base_url == tenant.base_url
            assert settings.current().mode == "dry_run"
        assert settings.current() == before

    def test_settings_of_the_block_are_not_configured_after_it(self):
        """`configure()` calls add up; those of the block do not."""
        shim.configure(notices="log")
        with shim.testing.sandbox():
            shim.configure(concurrency=2)
        assert shim.configure(service="mine").concurrency == 8

    def test_settings_are_put_back_after_an_error(self):
        def fail():
            with shim.testing.sandbox():
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert not settings.are_read()

    def test_unread_settings_are_read_after_the_block(self, monkeypatch):
        """The environment of that time counts."""
        with shim.testing.sandbox():
            assert settings.are_read()
        assert not settings.are_read()
        monkeypatch.setenv("FXIAOKE_SHIM_CONCURRENCY", "3")
        assert settings.current().concurrency == 3

    def test_settings_of_file_and_environment_hold_in_the_block(self, monkeypatch, tmp_path):
        monkeypatch.setenv("FXIAOKE_SHIM_CONCURRENCY", "3")
        (tmp_path / "fxiaoke-shim.toml").write_text('on_unmapped = "drop"\n')
        with shim.testing.sandbox():
            assert settings.current().concurrency == 3
            assert settings.current().on_unmapped == "drop"

    def test_store_and_acting_mobile_are_left_out(self, monkeypatch):
        """A test shares no quota with production, and asks nobody who acts."""
        monkeypatch.setenv("FXIAOKE_SHIM_REDIS_URL", "redis://127.0.0.1:1")
        monkeypatch.setenv("FXIAOKE_SHIM_ACTING_MOBILE", "13800000000")
        with shim.testing.sandbox(members=1) as tenant:
            now = settings.current()
            assert (now.redis_url, now.acting_mobile) == (None, None)
            assert disable(tenant)["errorCode"] == 0

    def test_unusable_settings_raise_and_change_nothing(self, monkeypatch):
        monkeypatch.setenv("FXIAOKE_SHIM_CONCURRENCY", "many")
        with pytest.raises(shim.ConfigurationError), shim.testing.sandbox():
            pass
        assert not settings.are_read()

    def test_app_credentials_are_the_sandboxes_if_there_were_any(self):
        """So a real secret goes nowhere, and a token is renewed."""
        shim.configure(**APP, notices="log")
        with shim.testing.sandbox(members=1) as tenant:
            tenant.add_faults(Fault(kind="expire_token", times=1))
            assert settings.current().app_id == tenant.app_id
            assert disable(tenant)["errorCode"] == 0
        assert settings.current().app_id == APP["app_id"]

    def test_calls_for_a_tenant_of_the_settings_go_to_the_sandbox(self):
        """Also one with an address of its own; the sandbox refuses its corpId."""
        real = {"base_url": "https://example.com", "current_open_user_id": "FSUID_REAL"}
        shim.configure(tenants={"FSCID_REAL": real}, notices="log")
        with shim.testing.sandbox(members=1) as tenant:
            token, people = tenant.corp_access_token, tenant.open_user_ids
            answer = shim.set_member_status_batch(token, "FSCID_REAL", people, 2)
            assert answer["errorCode"] == 11015
            assert sum(each["count"] for each in tenant.calls().values()) == 1

    def test_vault_is_not_asked_for_the_credentials_of_the_sandbox(self):
        asked = []
        shim.configure(credentials=asked.append, notices="log")
        with shim.testing.sandbox(members=1) as tenant:
            tenant.add_faults(Fault(kind="expire_token", times=1))
            assert disable(tenant)["errorCode"] == 0
        assert asked == []
        assert settings.current().credentials is not None

    def test_sandbox_in_a_block_of_using_is_refused(self):
        """Its settings would send calls elsewhere."""
        with shim.using(concurrency=2) as now:
            with (
                pytest.raises(RuntimeError, match=r"shim.using\(\); leave it"),
                shim.testing.sandbox(),
            ):
                pass
            assert settings.current() is now
        assert settings.current().base_url == now.base_url

    def test_using_changes_settings_in_the_block(self):
        with shim.testing.sandbox(members=2) as tenant, shim.using(mode="dry_run"):
            assert len(disable(tenant).plan) == 2

    def test_expired_token_without_app_credentials_is_20016(self):
        with shim.testing.sandbox(members=1) as tenant:
            tenant.add_faults(Fault(kind="expire_token", times=1))
            assert disable(tenant)["errorCode"] == 20016

    def test_waiting_takes_no_time(self):
        """Otherwise the test would take most of an hour."""
        with shim.testing.sandbox(members=3) as tenant:
            shim.configure(retry_seconds=3600)
            tenant.add_faults(Fault(kind="error", code=14001, times=300))
            assert disable(tenant)["errorCode"] == 0
            assert http.clock().now() > 1000

    def test_clock_given_is_that_of_the_sandbox(self):
        """And the shim goes by the machine's."""
        seconds = [5.0]
        with shim.testing.sandbox(members=1, clock=lambda: seconds[0]) as tenant:
            seconds[0] += 8000
            assert disable(tenant)["errorCode"] == 20016
            assert http.clock() is MACHINE

    def test_clock_none_is_the_one_that_skips(self):
        with shim.testing.sandbox(members=1, clock=None) as tenant:
            http.clock().sleep(8000)
            assert disable(tenant)["errorCode"] == 20016

    def test_former_clock_is_put_back(self):
        before = http.clock()
        with shim.testing.sandbox():
            assert http.clock() is not before
        assert http.clock() is before

    def test_takes_every_argument_of_a_sandbox(self):
        """By the same names, with the same defaults."""
        ours, theirs = inspect.signature(shim.testing.sandbox), inspect.signature(Sandbox)
        for name in ("members", "profile"):
            assert ours.parameters[name].default == theirs.parameters[name].default
        names = [*shim.testing.SandboxOptions.__annotations__]
        assert {"members", "profile", *names} == {*theirs.parameters}
        with shim.testing.sandbox(7, profile="strict", hidden=2, seed=4) as tenant:
            assert tenant.describe() == Sandbox(7, profile="strict", hidden=2, seed=4).describe()
            assert len(tenant.hidden) == 2

    def test_unusable_argument_changes_nothing(self):
        with pytest.raises(ValueError, match="members"), shim.testing.sandbox(-1):
            pass
        assert not settings.are_read()

    def test_call_sites_are_forgotten_at_both_ends(self):
        """The first call of a block is the first of its site: it warns each time."""
        for _ in range(2):
            with shim.testing.sandbox(members=1) as tenant:
                shim.configure(notices="warn")
                with pytest.warns(shim.OfflineAPIDeprecationWarning):
                    disable(tenant)
                disable(tenant)
        assert notices.usage() == ()

    def test_tokens_of_one_block_are_unknown_to_the_next(self):
        """The same seed gives the same ids, and a renewed token of before would not live."""
        shim.configure(**APP, notices="log")
        for _ in range(2):
            with shim.testing.sandbox(members=2, seed=3) as tenant:
                tenant.add_faults(Fault(kind="expire_token", times=1))
                assert disable(tenant)["errorCode"] == 0
                paths = tenant.calls()
                assert paths["/cgi/corpAccessToken/get/V2"]["count"] == 1
                assert set(tenant.members().values()) == {"1"}

    def test_blocks_can_be_nested(self):
        """The outer sandbox is called again after the inner block."""
        with shim.testing.sandbox(members=1, seed=1) as outer:
            with shim.testing.sandbox(members=1, seed=2) as inner:
                disable(inner)
            assert set(outer.members().values()) == {"0"}
            assert disable(outer)["errorCode"] == 0
            assert set(outer.members().values()) == {"1"}


class TestRecorded:
    def test_events_of_the_block_are_collected_and_not_logged(self, caplog):
        caplog.set_level(logging.DEBUG)
        with shim.testing.sandbox(members=1) as tenant, shim.testing.recorded() as events:
            disable(tenant)
        assert [event.name for event in events] == [
            "shim.offline_api_called",
            "shim.offline_call_finished",
        ]
        assert not [record for record in caplog.records if record.name == "shim"]

    def test_of_selects_by_name_and_by_class(self):
        with shim.testing.sandbox(members=1) as tenant, shim.testing.recorded() as events:
            disable(tenant)
        (called,) = events.of(notices.OfflineAPICalled)
        assert called.function == "set_member_status_batch"
        assert events.of("shim.offline_api_called") == [called]
        assert events.of("shim.process_started") == []

    def test_each_block_has_the_first_call_of_a_site(self):
        with shim.testing.sandbox(members=1) as tenant:
            for _ in range(2):
                with shim.testing.recorded() as events:
                    disable(tenant)
                assert len(events.of(notices.OfflineAPICalled)) == 1

    @pytest.mark.parametrize("given", [(), (print,), (print, repr)], ids=len)
    def test_hooks_are_put_back(self, given):
        shim.set_notice_hooks(given)
        with shim.testing.recorded():
            assert shim.get_notice_hooks() != given
        assert shim.get_notice_hooks() == given

    def test_default_hook_is_put_back_as_the_default(self, caplog):
        """The default logs only if logging is set up; a hook that was given always counts."""
        with pytest.raises(KeyError), shim.testing.recorded():
            raise KeyError
        notices.emit(notices.LoggerDisabled(disabled="x"))
        assert [record.name for record in caplog.records] == ["shim"]

    def test_events_of_the_process_go_to_the_hooks_of_before(self):
        """They come once in a process, whichever test is first."""
        outer = []
        shim.set_notice_hooks([outer.append])
        with shim.testing.recorded() as events:
            notices.emit(notices.ProcessStarted(version="1"))
        assert events == []
        assert [event.name for event in outer] == ["shim.process_started"]

    def test_events_of_the_process_are_dropped_if_nothing_is_logged(self):
        shim.set_notice_hooks(())
        with shim.testing.recorded() as events:
            notices.emit(notices.ProcessStarted(version="1"))
        assert events == []


class TestReset:
    def test_everything_is_forgotten(self, monkeypatch):
        """Settings, hooks, call sites, tokens and clock."""
        with shim.testing.sandbox(members=1) as tenant:
            shim.set_notice_hooks(())
            disable(tenant)
            shim.testing.reset()
            assert not settings.are_read()
            assert len(shim.get_notice_hooks()) == 1
            assert notices.usage() == ()
            assert http.clock() is MACHINE
        monkeypatch.setenv("FXIAOKE_SHIM_CONCURRENCY", "3")
        assert settings.current().concurrency == 3

    def test_connections_are_closed(self):
        """A suite of many resets would run out of files."""
        with TwistingPeer() as peer:
            for _ in range(3):
                use(peer)
                disable(peer.sandbox)
                use(peer)
                asyncio.run(adisable(peer.sandbox))
                shim.testing.reset()
            wait_until(lambda: peer.open_connections == 0)

    def test_connections_of_the_parent_stay_open_in_a_forked_child(self):
        """Run in this process, since coverage loses a child that ends by `os._exit`."""
        with TwistingPeer() as peer:
            use(peer)
            disable(peer.sandbox)
            opened = peer.open_connections
            http.clear_after_fork()
            disable(peer.sandbox)
            assert peer.open_connections > opened
            http.clear_after_fork()
            http.clear_after_fork()

    def test_connections_of_a_running_loop_are_left_to_it(self):
        async def calls():
            use(peer)
            await adisable(peer.sandbox)
            shim.testing.reset()
            opened = peer.open_connections
            use(peer)
            await adisable(peer.sandbox)
            return opened

        def stores():
            gc.collect()
            return sum(type(one) is Connections for one in gc.get_objects())

        before = stores()
        with TwistingPeer() as peer:
            assert asyncio.run(calls()) > 0
            wait_until(lambda: peer.open_connections == 0)
            shim.testing.reset()
        assert stores() == before
