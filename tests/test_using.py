"""`shim.using`: settings for the calls of a block, by thread and task."""

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import shim
from shim import settings
from shim.settings.names import PROCESS_WIDE

APP = {"app_id": "app", "app_secret": "secret", "permanent_code": "code"}


def test_changes_hold_inside_the_block_only():
    """The block gives the settings in force; those of the process are the same after it."""
    before = shim.configure(concurrency=3, current_open_user_id="FSUID_TOP")
    with shim.using(current_open_user_id="FSUID_IN", concurrency=2) as inside:
        assert settings.current() is inside
        assert (inside.current_open_user_id, inside.concurrency) == ("FSUID_IN", 2)
    assert settings.current() is before


def test_blocks_can_be_nested():
    """The inner one comes on top of the outer one, and both end."""
    shim.configure(concurrency=3)
    with shim.using(concurrency=2, retry_seconds=1):
        with shim.using(concurrency=1):
            now = settings.current()
            assert (now.concurrency, now.retry_seconds) == (1, 1.0)
        assert settings.current().concurrency == 2
    assert settings.current().concurrency == 3


def test_a_block_ends_when_an_error_leaves_it():
    """Whatever the error is."""
    with pytest.raises(KeyboardInterrupt), shim.using(concurrency=2):
        raise KeyboardInterrupt
    assert settings.current().concurrency == 8


def test_a_block_comes_before_the_table_of_a_tenant():
    """In nested blocks the inner one comes first."""
    shim.configure(
        current_open_user_id="FSUID_TOP",
        tenants={"FSCID_A": {"current_open_user_id": "FSUID_A", "quota_calls": 5}},
    )
    with shim.using(current_open_user_id="FSUID_OUT", retry_seconds=1):
        assert settings.current().of("FSCID_A").current_open_user_id == "FSUID_OUT"
        with shim.using(current_open_user_id="FSUID_IN"):
            now = settings.current().of("FSCID_A")
            assert (now.current_open_user_id, now.quota_calls) == ("FSUID_IN", 5)
            assert now.retry_seconds == 1.0
    assert settings.current().of("FSCID_A").current_open_user_id == "FSUID_A"


def test_a_number_replaces_the_employee_outside():
    """Else the id outside would count, and the number would be ignored."""
    shim.configure(current_open_user_id="FSUID_TOP")
    with shim.using(acting_mobile="13800000000") as inside:
        assert inside.current_open_user_id is None


def test_another_gateway_gets_no_credentials_from_outside():
    """Neither of the top level nor of a tenant's table."""
    shim.configure(current_open_user_id="FSUID_TOP", tenants={"FSCID_A": APP}, **APP)
    with shim.using(base_url="https://other.example") as inside:
        assert inside.current_open_user_id is None
        assert inside.app_credentials is None
        assert inside.of("FSCID_A").app_credentials is None
        assert inside.of("FSCID_A").base_url == "https://other.example"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"concurrency": 0}, "using(): concurrency: Input should be greater than or equal to 1"),
        ({"concurency": 1}, "using(): there is no setting 'concurency'; did you mean"),
        ({"base_url": "canary"}, "using(): base_url: should be an address"),
        ({"base_url": "http://far.example"}, "using(): base_url is plain http"),
        ({"app_id": "a"}, "using(): app credentials are incomplete: also set app_secret and"),
        ({"credentials": 7}, "using(): credentials: Input should be callable"),
        *(
            ({name: "canary"}, f"using(): {name} is a setting of the whole process; use configure")
            for name in PROCESS_WIDE
        ),
    ],
)
def test_what_is_unusable_is_refused_at_the_block(changes, said):
    """As by `configure()`, with the same texts; the block is not entered."""
    with pytest.raises(shim.ConfigurationError) as caught, shim.using(**changes):
        pytest.fail("the block was entered")
    assert said in str(caught.value)
    assert "canary" not in str(caught.value)


def test_parts_of_the_credentials_may_be_outside():
    """What fits together with the settings outside is accepted."""
    shim.configure(allow_plain_http=True, tenants={"FSCID_A": {}}, app_id="a", app_secret="b")
    with shim.using(permanent_code="c") as inside:
        assert inside.app_credentials == {"appId": "a", "appSecret": "b", "permanentCode": "c"}
    with shim.using(base_url="http://far.example") as inside:
        assert inside.base_url == "http://far.example"


def test_threads_do_not_share_a_block():
    """Each thread has its own, and a thread that has none has the settings of the process."""
    entered, done = threading.Barrier(3), threading.Barrier(3)

    def inside(number):
        with shim.using(concurrency=number):
            entered.wait(10)
            seen = settings.current().concurrency
            done.wait(10)
        return seen

    with ThreadPoolExecutor(2) as pool:
        seen = pool.map(inside, (1, 2))
        entered.wait(10)
        assert settings.current().concurrency == 8
        done.wait(10)
        assert list(seen) == [1, 2]


def test_tasks_do_not_share_a_block():
    """A task that is started in a block has it, also after the block."""

    async def seen(number):
        with shim.using(concurrency=number):
            await asyncio.sleep(0)
            await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0))
            return settings.current().concurrency

    async def main():
        with shim.using(concurrency=7):
            late = asyncio.create_task(seen_later())
        assert await asyncio.gather(seen(1), seen(2), seen(3)) == [1, 2, 3]
        assert await late == 7
        return settings.current().concurrency

    async def seen_later():
        await asyncio.sleep(0)
        return settings.current().concurrency

    assert asyncio.run(main()) == 8


def acting(made):
    """Return in whose names the object API was asked."""
    return {
        one.body["currentOpenUserId"] for one in made.requests if "currentOpenUserId" in one.body
    }


def test_a_call_in_a_block_is_made_by_its_settings(twisting, call):
    """Blocking and awaiting, through the threads and tasks that make it."""
    made = twisting()
    one, other = made.sandbox.open_user_ids[:2]
    with shim.using(current_open_user_id=one):
        answer = call(
            "set_member_status_batch",
            made.sandbox.corp_access_token,
            made.sandbox.corp_id,
            [other, *made.sandbox.open_user_ids[3:]],
            1,
        )
    assert answer["errorCode"] == 0
    assert acting(made) == {one}


def test_a_stream_keeps_the_settings_of_its_block(twisting):
    """Although it is read when the block has ended."""
    made = twisting()
    tenant = made.sandbox
    one, other = tenant.open_user_ids[:2]
    given = {"corp_access_token": tenant.corp_access_token, "corp_id": tenant.corp_id}
    with shim.using(current_open_user_id=one):
        blocking = shim.set_member_status_many([other], 1, **given)
        awaiting = shim.aio.set_member_status_many([other], 2, **given)

    async def read():
        return [outcome.state async for outcome in awaiting]

    assert [outcome.state for outcome in blocking] == ["changed"]
    assert asyncio.run(read()) == ["changed"]
    assert acting(made) == {one}


def test_pinned_settings_hold_inside():
    """What belongs together goes by the same settings, whatever is in force outside."""
    now = settings.current()
    with settings.pinned(now.model_copy(update={"mode": "dry_run"})):
        assert settings.current().mode == "dry_run"
    assert settings.current() is now


def test_block_of_a_coroutine_that_is_destroyed_in_another_context_is_no_error():
    """As by the garbage collector, or by a loop that is closed."""

    class Waiting:
        def __await__(self):
            yield

    async def calls():
        with shim.using(mode="dry_run"):
            await Waiting()

    begun = calls()
    contextvars.copy_context().run(begun.send, None)
    begun.close()
    assert settings.current().mode == "object"
