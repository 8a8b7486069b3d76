"""A pytest option: fail where the tests make an offline call that the baseline does not know.

    pytest --fxiaoke-shim-baseline

compares what the tests really called with `fxiaoke-shim.baseline.json`. A new call site fails the
run. Sites that are gone are taken out of the file by a run that must have seen them: all tests,
none named, deselected or skipped, all passed. Calls in processes that tests start are not seen, but
for the workers of pytest-xdist.

Loaded in every run of whoever has the package, so nothing is imported before the option is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shim.usage.model import SiteKey

_OPTION = "--fxiaoke-shim-baseline"
_NAME = "fxiaoke-shim-baseline"
_OUTPUT = "fxiaoke_shim_sites"
# Options that leave tests out.
_PARTIAL = ("keyword", "markexpr", "lf", "deselect", "ignore", "ignore_glob", "stepwise")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("fxiaoke-shim", "fxiaoke-shim: what is left of the offline API")
    group.addoption(
        _OPTION,
        action="store_true",
        help="Fail where tests make an offline call from a site that the baseline does not know; "
        "take out those that are gone.",
    )
    group.addoption(
        f"{_OPTION}-file",
        metavar="FILE",
        help="The baseline, instead of fxiaoke-shim.baseline.json.",
    )
    group.addoption(
        f"{_OPTION}-update",
        action="store_true",
        help="Take the sites that the tests call into the baseline instead.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch, if that is asked for."""
    file, update = config.getoption(f"{_OPTION}-file"), bool(config.getoption(f"{_OPTION}-update"))
    if not config.getoption(_OPTION):
        if file or update:
            msg = f"{_OPTION}-file and {_OPTION}-update need {_OPTION}"
            raise pytest.UsageError(msg)
        return
    if hasattr(config, "workerinput"):
        config.pluginmanager.register(_Worker(config), _NAME)
    else:
        config.pluginmanager.register(_Watch(config, file, update=update), _NAME)


class _Collector:
    """Notes the call sites after each test, for a test may empty the table."""

    def __init__(self) -> None:
        # Keyed; each with a line that called.
        self.sites: dict[SiteKey, str] = {}
        self.untold = False

    def note(self) -> None:
        from shim.notices import usage  # noqa: PLC0415
        from shim.usage.model import SiteKey, place  # noqa: PLC0415

        for one in usage():
            self.untold |= one.overflow
            key = SiteKey(one.function, one.caller_module, one.caller_function)
            self.sites.setdefault(key, place(one.caller_file, one.caller_line))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Any:
        try:
            return (yield)
        finally:
            self.note()


class _Worker(_Collector):
    """In a worker of pytest-xdist: hands over what it saw."""

    def __init__(self, config: pytest.Config) -> None:
        super().__init__()
        self._config: Any = config

    def pytest_sessionfinish(self) -> None:
        self.note()
        sites = [[*key, where] for key, where in self.sites.items()]
        self._config.workeroutput[_OUTPUT] = {"sites": sites, "untold": self.untold}


class _Watch(_Collector):
    """Compares at the end."""

    def __init__(self, config: pytest.Config, file: str | None, *, update: bool) -> None:
        from shim.usage.baseline import NAME, BaselineError, load  # noqa: PLC0415

        super().__init__()
        self._config = config
        self._path = config.invocation_params.dir / (file or NAME)
        self._update = update
        self._skipped = 0
        self._deselected = 0
        self._said: list[str] = []
        self._failed = False
        try:
            self._known = load(self._path) if self._path.exists() or not update else []
        except BaselineError as error:
            msg = f"{error} ({_OPTION}-update writes it)"
            raise pytest.UsageError(msg) from None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._skipped += report.skipped

    def pytest_deselected(self, items: Iterable[pytest.Item]) -> None:
        self._deselected += len(list(items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        from shim.usage.model import SiteKey  # noqa: PLC0415

        output = getattr(node, "workeroutput", {}).get(_OUTPUT, {"sites": [], "untold": False})
        self.untold |= output["untold"]
        for *key, where in output["sites"]:
            self.sites.setdefault(SiteKey(*key), where)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        from shim.usage.baseline import BaselineError  # noqa: PLC0415

        self.note()
        try:
            self._compare(session, exitstatus)
        except BaselineError as error:
            self._fail(session, [str(error)])

    def _compare(self, session: pytest.Session, exitstatus: int) -> None:
        from shim.usage.baseline import compare, save  # noqa: PLC0415

        if self.untold:
            self._fail(session, ["some calls were not told apart: the table of call sites is full"])
            return
        found = compare(self._known, self.sites)
        if self._update:
            # A run of some tests only adds.
            save(
                self._path,
                [*found.kept, *found.new, *(found.gone if self._why_partial() else ())],
            )
            self._said = [f"{len(found.new)} new call sites are in {self._path.name} now"]
            return
        if found.new:
            lines = [f"call sites that {self._path.name} does not know:"]
            lines += [f"  {_name(key)} ({self.sites[key]})" for key in found.new]
            lines.append(f"call the object API there, or take them in with {_OPTION}-update")
            self._fail(session, lines)
        elif found.gone:
            why = self._why_partial() or (exitstatus != 0 and "not all passed")
            gone = [f"  {_name(key)}" for key in found.gone]
            if why:
                self._said = [f"not called, but kept, since {why}:", *gone]
            else:
                save(self._path, found.kept)
                self._said = [f"gone, and taken out of {self._path.name}:", *gone]

    def _fail(self, session: pytest.Session, lines: list[str]) -> None:
        self._failed = True
        self._said = lines
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _why_partial(self) -> str:
        """Return why this run need not have seen every call, or an empty text."""
        option = self._config.option
        if self._config.args_source is pytest.Config.ArgsSource.ARGS:
            return "tests were named"
        if any(getattr(option, name, None) for name in _PARTIAL) or self._deselected:
            return "tests were left out"
        return "tests were skipped" if self._skipped else ""

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._said:
            terminalreporter.section("fxiaoke-shim baseline", red=self._failed)
            for line in self._said:
                terminalreporter.line(line)


def _name(key: SiteKey) -> str:
    return f"{key.function} in {'.'.join(filter(None, key[1:]))}"
