"""The pytest option and the fixtures, in real runs of small projects."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

# `make test-plugin` names the Python of an environment with another pytest.
PYTHON = os.environ.get("PYTEST_PLUGIN_PYTHON", sys.executable)
CODE = """
import asyncio
import shim
from shim.sandbox import Sandbox

tenant = Sandbox(2, seed=1)
shim.configure(
    base_url=tenant.base_url,
    transport=tenant.transport(),
    current_open_user_id=tenant.current_open_user_id,
    notices="log",
)
args = (tenant.corp_access_token, tenant.corp_id)

def departments():
    return shim.get_department_list(*args)

class People:
    def one(self):
        return shim.query_employee_info_by_open_user_id(*args, tenant.open_user_ids[0])

    async def later(self):
        return await shim.aio.query_employee_by_mobile(*args, "13800000000")
"""
TESTS = """
import asyncio
import pytest
import hr
from shim import notices

@pytest.fixture(autouse=True)
def clean():
    yield
    notices.forget()

def test_departments():
    assert hr.departments()["errorCode"] == 0

def test_one():
    assert hr.People().one()["errorCode"] == 0

def test_later():
    asyncio.run(hr.People().later())
"""
LIST = {
    "function": "get_department_list",
    "module": "hr",
    "qualified_name": "departments",
    "service": "",
}
# Of the Python that the plugin is tested on, which may be another.
FULL_NAMES = (
    subprocess.run(
        [PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False
    ).returncode
    == 0
)
ONE = {
    "function": "query_employee_info_by_open_user_id",
    "module": "hr",
    "qualified_name": "People.one" if FULL_NAMES else "one",
    "service": "",
}
LATER = {
    "function": "query_employee_by_mobile",
    "module": "hr",
    "qualified_name": "People.later" if FULL_NAMES else "later",
    "service": "",
}
ALL = [LIST, LATER, ONE]


class Project:
    def __init__(self, path):
        self.path = path
        self.file = path / "fxiaoke-shim.baseline.json"
        (path / "hr.py").write_text(CODE)
        (path / "test_hr.py").write_text(TESTS)
        (path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")

    def keep(self, *sites, version=2):
        self.file.write_text(json.dumps({"version": version, "sites": list(sites)}))

    def kept(self):
        return json.loads(self.file.read_text())["sites"]

    def run(self, *arguments, option="--fxiaoke-shim-baseline", how=("-m", "pytest"), **env):
        done = subprocess.run(
            [
                PYTHON,
                *("-W", "error", *how, "-p", "no:cacheprovider"),
                # Plugins of these tests, half a second each.
                *("-p", "no:hypothesispytest", "-p", "no:anyio", "-p", "no:randomly"),
                *([option] if option else []),
                *arguments,
            ],
            cwd=self.path,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


class TestWholeRuns:
    def test_a_run_with_known_sites_only_passes(self, project):
        """Nothing to say; tests that empty the table hide nothing."""
        project.keep(*ALL)
        code, said = project.run()
        assert (code, project.kept()) == (0, ALL), said
        assert "fxiaoke-shim baseline" not in said

    @pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
    def test_a_new_site_fails_the_run(self, project, workers):
        """And is named with its line; the file stays as it is."""
        project.keep(LIST, LATER, {**ONE, "qualified_name": "People.gone"})
        code, said = project.run(*workers)
        assert code == 1
        assert f"query_employee_info_by_open_user_id in hr.{ONE['qualified_name']} (" in said
        assert re.search(r"hr\.py:\d+\)", said)
        assert "or add them with --fxiaoke-shim-baseline-update" in said
        assert len(project.kept()) == 3

    def test_a_site_that_is_gone_is_removed(self, project):
        """If the run must have seen it."""
        other = {**LIST, "qualified_name": "others"}
        project.keep(*ALL, other)
        code, said = project.run()
        assert (code, project.kept()) == (0, ALL)
        assert "gone, and removed from fxiaoke-shim.baseline.json:" in said
        assert "get_department_list in hr.others" in said

    @pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
    def test_a_baseline_from_logs_has_services(self, project, workers):
        """The program that runs the tests is none: a site is known in whatever service it is."""
        of_services = [
            {**LIST, "service": "hr-sync"},
            {**LIST, "service": "portal"},
            {**LATER, "service": "hr-sync"},
            {**ONE, "service": "portal"},
        ]
        project.keep(*of_services)
        code, said = project.run(*workers)
        assert (code, project.kept()) == (0, of_services), said
        other = {**LIST, "qualified_name": "others", "service": "portal"}
        project.keep(*of_services[1:], other)
        code, said = project.run(*workers)
        assert (code, project.kept()) == (0, of_services[1:]), said
        assert "get_department_list in hr.others of portal" in said

    def test_an_update_keeps_the_services_that_are_known(self, project):
        """What it adds has none."""
        project.keep({**LIST, "service": "hr-sync"})
        assert project.run("--fxiaoke-shim-baseline-update")[0] == 0
        assert project.kept() == [{**LIST, "service": "hr-sync"}, LATER, ONE]

    def test_a_baseline_of_version_1_is_read(self, project):
        """It knows no services, so its sites are known in all of them."""
        sites = [{key: one[key] for key in one if key != "service"} for one in ALL]
        project.keep(*sites, version=1)
        code, said = project.run()
        assert (code, project.kept()) == (0, sites), said

    def test_an_update_adds_every_site_of_the_run(self, project):
        """The first baseline, or a deliberate step back."""
        code, said = project.run("--fxiaoke-shim-baseline-update")
        assert (code, project.kept()) == (0, ALL)
        assert "3 new call sites are in fxiaoke-shim.baseline.json now" in said


class TestPartialRuns:
    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (["test_hr.py"], "tests were named"),
            (["-k", "one"], "tests were left out"),
            (["-k", "one", "-n", "1"], "tests were left out"),
            (["--collect-only"], "no test was run"),
            (["--fixtures"], "no test was run"),
            (["--setup-only"], "no test was run"),
        ],
    )
    def test_a_partial_run_removes_no_site(self, project, arguments, why):
        """A test that was left out may call."""
        project.keep(*ALL, {**LIST, "qualified_name": "others"})
        code, said = project.run(*arguments)
        assert (code, len(project.kept())) == (0, 4), said
        if "--fixtures" not in arguments:
            assert f"not called, but kept, since {why}:" in said

    def test_a_run_in_which_a_worker_leaves_tests_out_removes_no_site(self, project):
        """The controller of pytest-xdist does not hear of it."""
        project.keep(*ALL, {**LIST, "qualified_name": "others"})
        (project.path / "conftest.py").write_text(
            "def pytest_collection_modifyitems(config, items):\n"
            "    config.hook.pytest_deselected(items=[items.pop()])\n"
        )
        code, said = project.run("-n", "1")
        assert (code, len(project.kept())) == (0, 4), said
        assert "since tests were left out:" in said

    def test_a_run_with_skipped_or_failed_tests_removes_no_site(self, project):
        """They might have called."""
        project.keep(*ALL, {**LIST, "qualified_name": "others"})
        more = project.path / "test_more.py"
        more.write_text("import pytest\ndef test(): pytest.skip('no redis')\n")
        assert "since tests were skipped" in project.run()[1]
        more.write_text("def test(): assert 0\n")
        code, said = project.run()
        assert code == 1
        assert "since not all passed" in said
        assert len(project.kept()) == 4

    def test_a_partial_run_fails_on_a_new_site(self, project):
        """An update by one adds sites and removes none."""
        project.keep(LIST)
        assert project.run("-k", "one")[0] == 1
        assert project.run("-k", "one", "--fxiaoke-shim-baseline-update")[0] == 0
        assert project.kept() == [LIST, ONE]


class TestBadBaselines:
    def test_a_missing_baseline_is_refused(self, project):
        """The message says how to write one."""
        code, said = project.run()
        assert code == 4
        assert "there is no baseline yet" in said
        assert "(--fxiaoke-shim-baseline-update writes it)" in said

    def test_a_baseline_of_a_newer_version_is_refused(self, project):
        """The message names both versions."""
        project.keep(version=3)
        code, said = project.run()
        assert code == 4
        assert "has version 3, and this fxshim reads versions up to 2" in said

    def test_a_baseline_that_cannot_be_written_fails_the_run(self, project):
        """The update was not made."""
        file = project.path / "no" / "such.json"
        code, said = project.run(
            "--fxiaoke-shim-baseline-update", f"--fxiaoke-shim-baseline-file={file}"
        )
        assert code == 1
        assert "such.json: cannot be written" in said

    def test_a_full_table_of_sites_fails_the_run(self, project):
        """It hides sites. A run that failed for another reason keeps its exit code."""
        project.keep(*ALL)
        (project.path / "conftest.py").write_text(
            "import shim.notices._sites as sites\nsites.SITES_AT_MOST = 0\n"
        )
        code, said = project.run()
        assert code == 1
        assert "the table of call sites is full" in said
        (project.path / "test_more.py").write_text("def test(): raise KeyboardInterrupt\n")
        assert project.run()[0] == 2


def test_an_update_without_the_baseline_option_is_refused(project):
    """There is no file to update then."""
    code, said = project.run("--fxiaoke-shim-baseline-update", option=None)
    assert code == 4
    assert "--fxiaoke-shim-baseline-update need --fxiaoke-shim-baseline" in said


def test_without_the_option_nothing_happens(project):
    """To those who only have the package installed."""
    code, said = project.run(option=None)
    assert code == 0, said
    assert "baseline" not in said


class TestProjectWithAShimOfItsOwn:
    """The name is a common one."""

    @pytest.fixture(params=["shim.py", "shim/__init__.py"])
    def clash(self, tmp_path, request):
        project = Project(tmp_path)
        (tmp_path / "hr.py").unlink()
        (tmp_path / "test_hr.py").write_text("import shim\ndef test(): assert shim.VALUE == 1\n")
        (tmp_path / "pytest.ini").unlink()
        file = tmp_path / request.param
        file.parent.mkdir(exist_ok=True)
        file.write_text("VALUE = 1\n")
        return project

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--strict-config", "--strict-markers", "-W", "error"),
            ("--import-mode=importlib",),
            ("-p", "fxiaoke_shim_pytest"),
            ("-p", "no:fxiaoke_shim_pytest"),
        ],
        ids=" ".join,
    )
    def test_a_project_with_a_shim_of_its_own_runs_as_without_the_package(self, clash, arguments):
        """Nothing of ours is imported."""
        code, said = clash.run(*arguments, option=None)
        assert code == 0, said

    def test_a_project_with_a_shim_of_its_own_may_switch_plugins_off(self, clash):
        """Whether pytest looks for plugins or not."""
        code, said = clash.run(option=None, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
        assert code == 0, said

    @pytest.mark.parametrize(
        "how",
        [
            ("-m", "pytest"),
            # As the command `pytest`: the folder is on the path not before the tests are collected.
            ("-c", "import sys; sys.path.remove(''); import pytest; sys.exit(pytest.main())"),
        ],
        ids=["python -m pytest", "pytest"],
    )
    def test_option_is_refused_in_one_line(self, clash, how):
        """Since calls of another module cannot be compared."""
        clash.keep()
        code, said = clash.run(how=how)
        assert code == 4
        (line,) = [line for line in said.splitlines() if line.startswith("ERROR")]
        assert re.search(r"`import shim` gives .*shim.*: rename that file, or leave", line)
        assert "Traceback" not in said


FIXTURES = """
import asyncio
import pytest
import shim
from shim import notices, settings

def disable(tenant):
    people = tenant.open_user_ids
    return shim.set_member_status_batch(tenant.corp_access_token, tenant.corp_id, people, 1)

@pytest.fixture(autouse=True)
def no_trace():
    assert not settings.are_read()
    assert notices.usage() == ()
    assert [hook.__name__ for hook in shim.get_notice_hooks()] == ["write"]

def test_call_goes_to_the_sandbox(fxiaoke_sandbox):
    with pytest.warns(shim.OfflineAPIDeprecationWarning):
        assert disable(fxiaoke_sandbox)["errorCode"] == 0
    assert list(fxiaoke_sandbox.members().values()) == ["1"] * 25

def test_settings_and_state_are_new(fxiaoke_sandbox):
    assert set(fxiaoke_sandbox.members().values()) == {"0"}
    shim.configure(notices="log", mode="dry_run")
    assert len(disable(fxiaoke_sandbox).plan) == 25

@pytest.mark.parametrize(
    "fxiaoke_sandbox", [{"members": 3}, {"members": 5, "profile": "hidden"}], indirect=True
)
def test_arguments_come_by_indirect_parametrization(fxiaoke_sandbox):
    shim.configure(notices="log")
    expected = 20012 if fxiaoke_sandbox.hidden else 0
    assert disable(fxiaoke_sandbox)["errorCode"] == expected
    assert len(fxiaoke_sandbox.members()) in {3, 5}

@pytest.mark.parametrize("order", [1, 2])
def test_events_are_those_of_the_test(fxiaoke_events, fxiaoke_sandbox, order):
    shim.configure(notices="log")
    disable(fxiaoke_sandbox)
    assert [event.name for event in fxiaoke_events] == [
        "shim.offline_api_called", "shim.offline_call_finished",
    ]
    assert fxiaoke_events.of("shim.offline_api_called")[0].function == "set_member_status_batch"

def test_awaited_calls_go_to_the_sandbox(fxiaoke_sandbox, fxiaoke_events):
    shim.configure(notices="log")
    call = shim.aio.get_department_list(fxiaoke_sandbox.corp_access_token, fxiaoke_sandbox.corp_id)
    assert asyncio.run(call)["errorCode"] == 0
    assert len(fxiaoke_events) == 2
"""


class TestFixtures:
    @pytest.fixture
    def tests(self, project):
        (project.path / "test_hr.py").write_text(FIXTURES)
        return project

    @pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
    def test_leave_no_trace_for_the_next_test(self, tests, workers):
        """Each of these tests begins with a check of it."""
        code, said = tests.run(*workers, option=None)
        assert code == 0, said
        assert "7 passed" in said

    def test_calls_are_compared_with_the_baseline(self, tests):
        """Though each fixture forgets the call sites."""
        tests.keep()
        code, said = tests.run()
        assert code == 1
        assert "set_member_status_batch in test_hr.disable (" in said
        assert "get_department_list in test_hr.test_awaited_calls_go_to_the_sandbox (" in said

    def test_are_listed_with_what_they_give(self, tests):
        code, said = tests.run("--fixtures", option=None)
        assert code == 0
        assert re.search(r"fxiaoke_sandbox.*\n +Give a pretend tenant", said)
        assert re.search(r"fxiaoke_events.*\n +Give the list of the events", said)

    def test_examples_of_the_document_pass(self, project):
        """As a reader would put them into one file."""
        document = Path(__file__).parent.parent / "docs" / "testing.md"
        blocks = re.findall(r"```python\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
        tests = [block for block in blocks if "\ndef test_" in f"\n{block}"]
        (project.path / "test_hr.py").write_text("\n".join(tests))
        code, said = project.run(option=None, FXIAOKE_SHIM_NOTICES="log")
        assert code == 0, said
        assert f"{len(tests)} passed" in said

    @pytest.mark.parametrize("name", ["fxiaoke_sandbox", "fxiaoke_events"])
    def test_are_refused_in_a_project_with_a_shim_of_its_own(self, project, name):
        """With the reason and what to do."""
        (project.path / "shim.py").write_text("")
        (project.path / "test_hr.py").write_text(f"def test({name}): pass\n")
        code, said = project.run(option=None)
        assert code == 1
        assert f"the fixture {name} needs fxiaoke-shim's package `shim`" in said
        assert f"rename that file, or leave the fixture {name} out" in said


def test_plugin_imports_nothing_of_the_package_without_the_option(project):
    """So a run of pytest costs those who only have it installed a millisecond."""
    (project.path / "test_hr.py").write_text(
        "import sys\n"
        "def test():\n"
        "    assert 'fxiaoke_shim_pytest' in sys.modules\n"
        "    assert 'shim' not in sys.modules\n"
    )
    code, said = project.run(option=None)
    assert code == 0, said


def test_a_package_imported_before_pytest_causes_no_warning(project):
    """pytest warns of modules whose asserts it cannot rewrite; here warnings are errors."""
    how = ("-c", "import shim, fxiaoke_shim_pytest, pytest; raise SystemExit(pytest.main())")
    code, said = project.run("-W", "error", option=None, how=how)
    assert code == 0, said


def test_a_log_stream_that_pytest_has_closed_causes_no_error(project):
    """The last summary of the process finds what `logging` was set up with under capture."""
    (project.path / "hr.py").write_text(
        CODE + "import logging\nlogging.basicConfig(level=logging.INFO, force=True)\n"
    )
    for arguments in ((), ("--capture=sys",)):
        code, said = project.run(*arguments, option=None)
        assert code == 0, said
        assert "Logging error" not in said
