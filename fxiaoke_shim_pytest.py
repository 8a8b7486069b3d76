"""A pytest plugin: a baseline of offline calls as an option, and the fixtures of `shim.testing`.

The fixtures are `fxiaoke_sandbox` and `fxiaoke_events`. The option

    pytest --fxiaoke-shim-baseline

compares the calls of the tests with `fxiaoke-shim.baseline.json`. A new call site fails the run.
Sites that are gone are removed from the file by a run that must have seen them: all tests, none
named, deselected or skipped, all passed. Calls in processes that tests start are not seen, except
in the workers of pytest-xdist.

pytest loads this module in every project whose environment has the package. So it stays outside
`shim` (a project may have a `shim` of its own), imports nothing of it until the option or a fixture
is used, and uses no feature newer than pytest 7.0 and pluggy 1.0.

PYTEST_DONT_REWRITE: with that word pytest accepts a module that was imported before it started.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from types import ModuleType

    from shim.sandbox import Sandbox
    from shim.testing import RecordedEvents
    from shim.usage import SiteKey

_OPTION = "--fxiaoke-shim-baseline"
_NAME = "fxiaoke-shim-baseline"
_OUTPUT = "fxiaoke_shim_sites"
_NOTHING = {"sites": [], "overflow": False, "deselected": 0}
# Options that leave tests out.
_PARTIAL = ("keyword", "markexpr", "lf", "deselect", "ignore", "ignore_glob", "stepwise")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("fxiaoke-shim", "fxiaoke-shim: what is left of the offline API")
    group.addoption(
        _OPTION,
        action="store_true",
        help="Fail if tests make an offline call from a site that the baseline does not know; "
        "remove sites that are gone from it.",
    )
    group.addoption(
        f"{_OPTION}-file",
        metavar="FILE",
        help="The baseline, instead of fxiaoke-shim.baseline.json.",
    )
    group.addoption(
        f"{_OPTION}-update",
        action="store_true",
        help="Add the sites that the tests call to the baseline instead of failing.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch the calls, if the option is given."""
    file, update = config.getoption(f"{_OPTION}-file"), bool(config.getoption(f"{_OPTION}-update"))
    if not config.getoption(_OPTION):
        if file or update:
            msg = f"{_OPTION}-file and {_OPTION}-update need {_OPTION}"
            raise pytest.UsageError(msg)
        return
    _refuse_third_party_shim(_OPTION)
    if hasattr(config, "workerinput"):
        config.pluginmanager.register(_Worker(config), _NAME)
    else:
        config.pluginmanager.register(_Watch(config, file, update=update), _NAME)


@pytest.fixture
def fxiaoke_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Give a pretend tenant that all offline calls of the test go to, without any waiting.

    It is a `shim.sandbox.Sandbox` with 25 members. Indirect parametrization gives other arguments:
    `@pytest.mark.parametrize("fxiaoke_sandbox", [{"profile": "hidden"}], indirect=True)`.
    """
    testing = _testing("the fixture fxiaoke_sandbox")
    with testing.sandbox(**getattr(request, "param", {})) as tenant:
        yield tenant


@pytest.fixture
def fxiaoke_events() -> Iterator[RecordedEvents]:
    """Give the list of the events of the test, which are then not logged; `of()` selects some."""
    with _testing("the fixture fxiaoke_events").recorded() as events:
        yield events


def _testing(needed_by: str) -> ModuleType:
    """Return `shim.testing`, unless `shim` is a module of the project's."""
    _refuse_third_party_shim(needed_by)
    from shim import testing

    return testing


def _refuse_third_party_shim(needed_by: str) -> None:
    """Raise UsageError if `import shim` gives a module of the project's instead of our package."""
    ours = Path(__file__).resolve().parent / "shim" / "__init__.py"
    spec = PathFinder.find_spec("shim")
    for found in (getattr(sys.modules.get("shim"), "__file__", None), spec and spec.origin):
        if found and Path(found).resolve() != ours:
            msg = (
                f"{needed_by} needs fxiaoke-shim's package `shim`, but `import shim` gives {found} "
                f"here: rename that file, or leave {needed_by} out"
            )
            raise pytest.UsageError(msg)


class _Collector:
    """Notes the call sites after each step of a test, because a test may empty the table."""

    def __init__(self) -> None:
        # Keyed; each with a line that called.
        self.sites: dict[SiteKey, str] = {}
        self.overflow = False
        self.deselected = 0
        _testing(_OPTION).before_forgetting(self.note)

    def note(self) -> None:
        from shim.notices import usage
        from shim.usage import SiteKey, place

        for one in usage():
            self.overflow |= one.overflow
            # Of no service: the program that runs tests is none, and a site that the baseline has
            # in any service is known.
            key = SiteKey(one.function, one.caller_module, one.caller_function)
            self.sites.setdefault(key, place(one.caller_file, one.caller_line))

    # Runs right after setup, call and teardown. A wrapper around them would be a newer or an older
    # kind of hook, depending on the version of pluggy.
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self) -> None:
        self.note()

    def pytest_deselected(self, items: Collection[pytest.Item]) -> None:
        self.deselected += len(items)


class _Worker(_Collector):
    """In a worker of pytest-xdist: sends the controller what it saw."""

    def __init__(self, config: pytest.Config) -> None:
        super().__init__()
        self._config: Any = config

    def pytest_sessionfinish(self) -> None:
        self.note()
        self._config.workeroutput[_OUTPUT] = {
            "sites": [[*key, where] for key, where in self.sites.items()],
            "overflow": self.overflow,
            "deselected": self.deselected,
        }


class _Watch(_Collector):
    """Compares at the end."""

    def __init__(self, config: pytest.Config, file: str | None, *, update: bool) -> None:
        from shim.usage.baseline import NAME, BaselineError, load

        super().__init__()
        self._config = config
        self._path = config.invocation_params.dir / (file or NAME)
        self._update = update
        self._ran = 0
        self._skipped = 0
        self._report: list[str] = []
        self._failed = False
        try:
            self._known = load(self._path) if self._path.exists() or not update else []
        except BaselineError as error:
            msg = f"{error} ({_OPTION}-update writes it)"
            raise pytest.UsageError(msg) from None

    def pytest_collection_finish(self) -> None:
        # Collecting puts the project's folders on the path.
        _refuse_third_party_shim(_OPTION)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._ran += report.when == "call"
        self._skipped += report.skipped

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        from shim.usage import SiteKey

        output = getattr(node, "workeroutput", {}).get(_OUTPUT, _NOTHING)
        self.overflow |= output["overflow"]
        self.deselected += output["deselected"]
        for *key, where in output["sites"]:
            self.sites.setdefault(SiteKey(*key), where)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        from shim.usage.baseline import BaselineError

        self.note()
        try:
            self._compare(session, exitstatus)
        except BaselineError as error:
            self._fail(session, [str(error)])

    def _compare(self, session: pytest.Session, exitstatus: int) -> None:
        from shim.usage.baseline import compare, named, save

        if self.overflow:
            self._fail(session, ["the table of call sites is full: some calls have no site"])
            return
        found = compare(self._known, self.sites)
        if self._update:
            # A run of some tests only adds.
            save(
                self._path,
                [*found.kept, *found.new, *(found.gone if self._why_partial() else ())],
            )
            self._report = [f"{len(found.new)} new call sites are in {self._path.name} now"]
            return
        if found.new:
            lines = [f"call sites that {self._path.name} does not know:"]
            lines += [f"  {named(key)} ({self.sites[key]})" for key in found.new]
            lines.append(f"call the object API there, or add them with {_OPTION}-update")
            self._fail(session, lines)
        elif found.gone:
            why = self._why_partial() or (exitstatus != 0 and "not all passed")
            gone = [f"  {named(key)}" for key in found.gone]
            if why:
                self._report = [f"not called, but kept, since {why}:", *gone]
            else:
                save(self._path, found.kept)
                self._report = [f"gone, and removed from {self._path.name}:", *gone]

    def _fail(self, session: pytest.Session, lines: list[str]) -> None:
        self._failed = True
        self._report = lines
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _why_partial(self) -> str:
        """Return why this run need not have seen every call, or an empty text."""
        option = self._config.option
        if option.file_or_dir:
            return "tests were named"
        if any(getattr(option, name, None) for name in _PARTIAL) or self.deselected:
            return "tests were left out"
        if not self._ran:
            # --collect-only, --fixtures, --setup-only and the like end well, too.
            return "no test was run"
        return "tests were skipped" if self._skipped else ""

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._report:
            terminalreporter.section("fxiaoke-shim baseline", red=self._failed)
            for line in self._report:
                terminalreporter.line(line)
