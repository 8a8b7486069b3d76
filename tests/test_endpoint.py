"""A new offline call costs one declaration: everything else is derived from it."""

import ast
import asyncio
import importlib.util
import inspect
from pathlib import Path

import pytest

import shim
from shim import _call, _endpoint, notices
from shim._endpoint import (
    ENDPOINTS,
    EXACT,
    Address,
    Endpoint,
    Replacement,
    converted,
    offline,
    register,
)
from shim.cli import explain
from shim.notices import Caller
from shim.objectapi.calls import query
from shim.offline.answer import Answer, found
from shim.settings import ConfigurationError

CLIENT = Caller.client("payroll", "POST /cgi/user/count")


@pytest.fixture
def count_members():
    """Declare a 27th call, and nothing else; forget it after the test."""

    @offline(
        code="FXO027",
        title="Count Members",
        addresses=(Address("/cgi/user/count"),),
        writes=False,
        replacement=Replacement("query", 'find("PersonnelObj")', object="PersonnelObj"),
        parameters={"state": EXACT},
        answer={"count": converted("rows")},
        returns=Answer,
    )
    def count_members(corpAccessToken, corpId, state: str = "", *, thirdTraceId=None):  # noqa: ARG001, N803
        """Count members: the offline call "Count Members"."""
        (reply,) = yield [query("PersonnelObj", filters=[], fields=("_id",), convert_user_id=True)]
        return found(reply.trace_id, count=len(reply.rows))

    yield count_members
    del ENDPOINTS["count_members"]


def arguments(made):
    """Return the arguments of a call for one sandbox."""
    return {"corpAccessToken": made.corp_access_token, "corpId": made.corp_id}


class TestA27thCall:
    """Declared at run time by a program; no other line is written for it."""

    def test_its_function_is_called(self, count_members, tenant):
        """With the documented signature and the mark of PEP 702."""
        made = tenant(4)
        answer = shim.count_members(**arguments(made))
        assert (answer["errorCode"], answer["count"]) == (0, 4)
        assert list(inspect.signature(shim.count_members).parameters)[2] == "state"
        assert shim.count_members.__deprecated__ == count_members.deprecation
        assert shim.count_members is shim.count_members

    def test_its_twin_is_awaited(self, count_members, tenant):
        """By the same name in `shim.aio`."""
        made = tenant(4)
        twin = getattr(shim.aio, count_members.name)
        assert asyncio.run(twin(**arguments(made)))["count"] == 4

    def test_it_is_performed_for_a_client(self, count_members, tenant, events):
        """By `perform` and `aperform`; the notice names the client."""
        made = tenant(4)
        blocking = _call.perform(count_members, CLIENT, arguments(made))
        awaited = asyncio.run(_call.aperform(count_members, CLIENT, arguments(made)))
        assert (blocking["count"], awaited["count"]) == (4, 4)
        called = [one for one in events if isinstance(one, notices.OfflineAPICalled)]
        assert [(one.caller_file, one.caller_function) for one in called] == [
            ("<payroll>", "POST /cgi/user/count")
        ]
        (usage,) = notices.usage()
        assert (usage.function, usage.calls, usage.caller_file) == ("count_members", 2, "<payroll>")

    def test_its_notice_names_the_line(self, count_members, tenant, events):
        """As that of any other call."""
        made = tenant(1)
        getattr(shim, count_members.name)(**arguments(made))
        called = next(one for one in events if isinstance(one, notices.OfflineAPICalled))
        assert (called.code, called.replacement) == ("FXO027", "PersonnelObj query")
        assert called.caller_file == __file__
        assert called.address == "fxshim explain FXO027"

    def test_the_command_lists_and_explains_it(self, count_members):
        """`fxshim endpoints` and `fxshim explain`."""
        assert "FXO027  count_members" in explain.listed([])
        explained = explain.explained(["fxo027"])
        assert count_members.title in explained
        assert 'find("PersonnelObj")' in explained

    def test_the_stubs_have_the_new_call(self, count_members):
        """Both of them: to call and to await."""
        path = Path(__file__).parent.parent / "docs" / "stubs.py"
        spec = importlib.util.spec_from_file_location("stubs", path)
        stubs = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(stubs)
        assert f"\ndef {count_members.name}(" in stubs.functions(awaitable=False)
        assert f"\nasync def {count_members.name}(" in stubs.functions(awaitable=True)

    def test_a_route_may_name_it(self, count_members, tenant):
        """The settings know every declared call."""
        made = tenant(1, routes=[{"functions": [count_members.name], "mode": "dry_run"}])
        assert shim.count_members(**arguments(made))["count"] == 1
        with pytest.raises(ConfigurationError, match=r"no\. 1 is no offline call"):
            shim.configure(routes=[{"functions": ["count_member"], "mode": "dry_run"}])


class TestRegistry:
    """What can be declared."""

    @pytest.mark.parametrize("taken", ["name", "code"])
    def test_name_and_code_are_taken_once(self, taken):
        """A second declaration of either is refused, and the first stays."""
        first = next(iter(ENDPOINTS.values()))
        other = {"name": "other", "code": "FXO999", taken: getattr(first, taken)}
        fields = {name: getattr(first, name) for name in Endpoint.__dataclass_fields__}
        before = dict(ENDPOINTS)
        with pytest.raises(ValueError, match="declared already"):
            register(Endpoint(**{**fields, **other}))
        assert before == ENDPOINTS

    @pytest.mark.parametrize("module", [shim, shim.aio])
    def test_a_name_that_is_not_declared_is_no_attribute(self, module):
        """The message names the module."""
        with pytest.raises(AttributeError, match="has no attribute 'set_members'"):
            module.set_members  # noqa: B018

    def test_the_declaration_knows_no_driver_notice_or_setting(self):
        """It is plain data: other doors read it without making calls."""
        tree = ast.parse(Path(_endpoint.__file__).read_text(encoding="utf-8"))
        imported = {one.module for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
        ours = {name for name in imported if name.startswith("shim")}
        assert ours == {"shim.scheduler.steps"}
