"""Doors look like what is behind them."""

import asyncio
import copy
import inspect
import pickle
import pydoc
import typing
import warnings

import pytest

from shim.notices import (
    Notice,
    NoticeContext,
    OfflineAPIDeprecationWarning,
    noticed,
    noticed_async,
    usage,
)

NOTICE = Notice("FXO001", "f", "r", "a", lambda: NoticeContext("log", "object"))


def plain(corpId: str, status: int = 1, **more: str) -> "dict[str, str]":  # noqa: N803
    """Set a status."""
    return {"corpId": corpId, "status": str(status), **more}


async def later(corpId: str, status: int = 1) -> "dict[str, str]":  # noqa: N803
    """Set a status, some time."""
    return {"corpId": corpId, "status": str(status)}


SIGNATURES = {"plain": inspect.signature(plain), "later": inspect.signature(later)}
HINTS = {"plain": typing.get_type_hints(plain), "later": typing.get_type_hints(later)}
plain = noticed(plain, NOTICE)
later = noticed_async(later, NOTICE)


@pytest.mark.usefixtures("events")
class TestLooks:
    @pytest.mark.parametrize(("door", "name"), [(plain, "plain"), (later, "later")])
    def test_like_the_function(self, door, name):
        """Name, documentation, annotations and signature are the function's."""
        assert (door.__name__, door.__qualname__, door.__module__) == (name, name, __name__)
        assert door.__doc__.startswith("Set a status")
        assert inspect.signature(door) == door.__signature__ == SIGNATURES[name]
        assert typing.get_type_hints(door) == HINTS[name]
        assert inspect.isfunction(door)
        assert callable(door)
        assert door.__code__.co_name
        assert name in repr(door)

    @pytest.mark.parametrize("door", [plain, later])
    def test_help_shows_a_function(self, door):
        """`help()` shows a function."""
        text = pydoc.render_doc(door, renderer=pydoc.plaintext)
        assert f"{door.__name__}(corpId: str, status: int = 1" in text
        assert "Set a status" in text

    @pytest.mark.parametrize("door", [plain, later])
    def test_door_is_pickled_by_name_and_copied_as_itself(self, door):
        """A door is pickled by name and copied as itself, as functions are."""
        assert pickle.loads(pickle.dumps(door)) is door
        assert copy.copy(door) is copy.deepcopy(door) is door

    def test_the_site_comes_before_the_arguments(self, notice):
        """For who wants to know where the call was made."""

        def where(site, corpId):  # noqa: N803
            return site.where.function.rpartition(".")[2], corpId

        async def later_where(site, corpId):  # noqa: N803
            return where(site, corpId)

        door, twin = (
            noticed(where, notice, sited=True),
            noticed_async(later_where, notice, sited=True),
        )
        name = "test_the_site_comes_before_the_arguments"
        assert [door("c") for _ in range(2)] == [(name, "c")] * 2
        assert asyncio.run(twin("d")) == (name, "d")

    def test_has_only_what_a_function_has(self):
        """Asking for what is not there is an AttributeError."""
        for door in (plain, later):
            with pytest.raises(AttributeError):
                _ = door.nothing_of_the_kind


@pytest.mark.usefixtures("events")
class TestCoroutineFunction:
    def test_frameworks_see_a_coroutine_function(self):
        """Frameworks ask, and choose how to call by the answer."""
        assert inspect.iscoroutinefunction(later)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python 3.14 deprecates asyncio's own.
            assert asyncio.iscoroutinefunction(later)
        assert not inspect.iscoroutinefunction(plain)

    def test_as_a_method(self):
        """It binds as functions do."""

        class Legacy:
            go = later

        assert Legacy.go is later
        assert inspect.iscoroutinefunction(Legacy().go)
        answer = asyncio.run(Legacy().go(2))
        assert answer["status"] == "2"

    def test_call_is_counted_before_it_is_awaited(self):
        """The count tells calls, awaited or not."""
        coroutine = later("corp")
        (site,) = usage()
        assert inspect.iscoroutine(coroutine)
        assert site.calls == 1
        assert asyncio.run(coroutine) == {"corpId": "corp", "status": "1"}

    def test_raises_where_it_is_called(self, async_door, policy):
        """An error shows at the call, and leaves no coroutine behind."""
        policy.turn("error")
        with pytest.raises(OfflineAPIDeprecationWarning):
            async_door()


@pytest.mark.usefixtures("events")
class TestCall:
    def test_passes_everything_on(self):
        """Arguments and answer go through untouched."""
        assert plain("corp", status=2, extra="x", self="y") == {
            "corpId": "corp",
            "status": "2",
            "extra": "x",
            "self": "y",
        }

    def test_one_notice_two_doors(self, door, async_door):
        """Sync and async doors share a notice."""
        door()
        asyncio.run(async_door())
        assert [site.function for site in usage()] == ["set_status", "set_status"]
