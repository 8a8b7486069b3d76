"""The surface: what is public, what it costs to import, what is derived from what."""

import importlib.util
import inspect
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import shim
from shim.offline import ENDPOINTS, shapes


def python(code, *options):
    """Run code in a clean interpreter; return what it wrote."""
    done = subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout, done.stderr


def test_the_public_names_are_exactly_these():
    """Adding or removing one is a decision, not an accident."""
    assert sorted(shim.__all__) == sorted(
        [
            *ENDPOINTS,
            "Answer",
            "ConfigurationError",
            "NoticeHook",
            "NoticeHookFactory",
            "OfflineAPIDeprecationWarning",
            "Outcome",
            "PlannedWrite",
            "Settings",
            "aio",
            "configure",
            "get_notice_hooks",
            "set_member_status_many",
            "set_notice_hooks",
            "using",
        ]
    )
    assert sorted(shim.aio.__all__) == sorted([*ENDPOINTS, "set_member_status_many"])


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
class TestEndpoint:
    """What every declared call has."""

    def test_both_doors_have_the_documented_signature(self, endpoint):
        """Same parameters, same text; only one of them is a coroutine function."""
        blocking, awaiting = getattr(shim, endpoint.name), getattr(shim.aio, endpoint.name)
        assert list(inspect.signature(blocking).parameters)[:2] == ["corpAccessToken", "corpId"]
        assert inspect.signature(blocking) == inspect.signature(awaiting)
        assert inspect.getdoc(blocking) == inspect.getdoc(awaiting)
        assert not inspect.iscoroutinefunction(blocking)
        assert inspect.iscoroutinefunction(awaiting)

    def test_it_pickles_by_name(self, endpoint):
        """So that process pools can be given it."""
        for door in (getattr(shim, endpoint.name), getattr(shim.aio, endpoint.name)):
            assert pickle.loads(pickle.dumps(door)) is door

    def test_it_is_marked_as_deprecated(self, endpoint):
        """PEP 702's attribute carries the code and the address that the notice has."""
        message = getattr(shim, endpoint.name).__deprecated__
        assert message.startswith(f"{endpoint.code}: ")
        assert endpoint.advice in message
        assert getattr(shim.aio, endpoint.name).__deprecated__ == message


def test_every_call_has_a_code_of_its_own():
    """A code names one call for ever."""
    codes = [endpoint.code for endpoint in ENDPOINTS.values()]
    assert len(set(codes)) == len(codes)


@pytest.fixture(scope="module")
def stubs():
    """Return the program that writes what only type checkers read."""
    path = Path(__file__).parent.parent / "docs" / "stubs.py"
    spec = importlib.util.spec_from_file_location("stubs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def unformatted(text):
    """Return code without what a formatter decides."""
    return re.sub(r",(?=[)\]])|[()]", "", "".join(text.split())).replace('""', "")


def test_the_stubs_are_derived(stubs):
    """`make derived` has been run since the declarations and the shapes changed."""
    shim_folder = Path(shim.__file__).parent
    for file, derived in (
        ("__init__.pyi", stubs.functions(awaitable=False)),
        ("aio.pyi", stubs.functions(awaitable=True)),
        ("offline/answers.pyi", stubs.answers_stub()),
        ("settings/changes.py", stubs.changes()),
        ("usage/_event_fields.py", stubs.event_fields()),
    ):
        text = (shim_folder / file).read_text(encoding="utf-8")
        assert unformatted(text) == unformatted(derived), file


def test_importing_loads_no_extra_and_configures_nothing():
    """No server, no CLI, no Redis; nothing printed, warned of or configured, under -W error."""
    code = (
        "import json, sys, logging, threading\n"
        "import httpx, pydantic, structlog\n"
        "before = set(sys.modules)\n"
        "import shim\n"
        "print(json.dumps([sorted(set(sys.modules) - before), structlog.is_configured(),"
        " len(logging.getLogger().handlers), threading.active_count()]))"
    )
    out, err = python(code, "-W", "error")
    modules, configured, handlers, threads = json.loads(out)
    assert err == ""
    assert not configured
    assert (handlers, threads) == (0, 1)
    unwanted = {"typer", "rich", "starlette", "uvicorn", "redis", "libcst", "tomllib", "tomli"}
    assert unwanted.isdisjoint(modules)
    assert not [name for name in modules if name.startswith(("shim.cli", "shim.sandbox"))]


def test_help_lists_each_call_with_its_parameters():
    """help(shim) and help(shim.aio) list the functions with their parameters."""
    out, _ = python("import shim; help(shim); help(shim.aio)")
    listed = r"^    (async )?set_member_status_batch\(\s*corpAccessToken"
    assert len(re.findall(listed, out, re.MULTILINE)) == 2
    assert "Set Member Status (Batch)" in out


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
class TestLossReport:
    """Every parameter and every field has a fate."""

    def test_every_parameter_has_one(self, endpoint):
        """Nested ones too, as far as their object is typed."""
        parameters = inspect.signature(endpoint.translation).parameters
        assert set(parameters) <= set(endpoint.parameters)
        for name, shape in (("user", shapes.User), ("department", shapes.Department)):
            if name in parameters:
                nested = {f"{name}.{field}" for field in shape.__annotations__}
                assert nested <= set(endpoint.parameters)
        outer = {name.partition(".")[0].partition("[")[0] for name in endpoint.parameters}
        assert outer <= set(parameters), "a fate for a parameter that is not there"

    def test_every_fate_but_exact_says_how(self, endpoint):
        """In words, and fit for a table."""
        for fate in (*endpoint.parameters.values(), *endpoint.answer.values()):
            assert (fate.kind == "exact") or fate.how
            assert "|" not in fate.how

    def test_the_docstring_tells_what_there_is_to_know(self, endpoint):
        """What it was and does, every parameter, what comes back, what is raised, the source."""
        text = inspect.getdoc(getattr(shim, endpoint.name))
        arguments = text.partition("Args:")[2].partition("Returns:")[0]
        for name in inspect.signature(endpoint.translation).parameters:
            assert f"{name}:" in arguments, name
        for word in ("Returns:", "Raises:", "ConfigurationError", "Source:"):
            assert word in text, word
        assert re.search(r"^Was.*(\bNow\b|, and is,)", text, re.MULTILINE | re.DOTALL)
        assert f'"{endpoint.title}"' in text
