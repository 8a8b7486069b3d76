"""`fxshim explain`: what a call was, and code that does the same without the shim."""

import contextlib
import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from shim.offline import ENDPOINTS
from shim.offline.instead import code
from shim.sandbox import Sandbox

FXSHIM = str(Path(sys.executable).parent / "fxshim")
PROMOTED = {"position": "Engineer"}


def fxshim(*args, **env):
    return subprocess.run(
        [FXSHIM, *args],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **env},
    )


@pytest.fixture(scope="module")
def served():
    """Serve one tenant to all samples."""
    tenant = Sandbox(4, seed=5, objects={"AccountObj": 1})
    with tenant.serve() as base_url:
        yield tenant, base_url


@pytest.fixture
def sample(served, monkeypatch):
    """Return a function that runs a call's code as a reader would; gives the tenant and `print`."""
    tenant, base_url = served
    tenant.reset()
    monkeypatch.setenv("FXIAOKE_SHIM_BASE_URL", base_url)
    monkeypatch.setenv("FXIAOKE_SHIM_CORP_ACCESS_TOKEN", tenant.corp_access_token)
    monkeypatch.setenv("FXIAOKE_SHIM_CORP_ID", tenant.corp_id)
    monkeypatch.setenv("FXIAOKE_SHIM_CURRENT_OPEN_USER_ID", tenant.current_open_user_id)
    (record,) = tenant.records("AccountObj")
    one, other = tenant.open_user_ids[:2]
    filled = {
        "FSUID_A": one,
        "FSUID_B": other,
        "RECORD_A": record,
        "13800000000": str(tenant.person(one)["phone"]),
        '"1001"': f'"{next(iter(tenant.departments()))}"',
    }

    def run(name):
        source = code(ENDPOINTS[name])
        for placeholder, value in filled.items():
            source = source.replace(placeholder, value)
        shown = io.StringIO()
        space = {}
        with contextlib.redirect_stdout(shown):
            exec(compile(source, name, "exec"), space)
        space["CLIENT"].close()
        return tenant, shown.getvalue()

    run.one, run.other, run.record = one, other, record
    return run


class TestCode:
    """The code that is printed runs, and does what the offline call did."""

    def test_members_are_disabled_and_enabled(self, sample):
        """Two, then one; none is left."""
        tenant, shown = sample("set_member_status_batch")
        assert shown == "[]\n"
        assert {one for one, status in tenant.members().items() if status == "1"} == {
            sample.one,
            sample.other,
        }
        tenant, shown = sample("set_member_status")
        assert shown == "[]\n"
        assert tenant.members()[sample.one] == "0"
        assert tenant.members()[sample.other] == "1"

    def test_code_to_change_a_member_works(self, sample):
        """And the change is seen."""
        tenant, shown = sample("update_member")
        assert shown == "[]\n"
        assert tenant.person(sample.one)["position"] == "Engineer"

    @pytest.mark.parametrize(
        "name",
        [
            "query_employee_info_by_open_user_id",
            "query_employee_by_mobile",
            "query_updated_employee_list_by_time_range",
        ],
    )
    def test_code_to_read_members_works(self, sample, name):
        """By id, phone and time."""
        _, shown = sample(name)
        assert sample.one in shown

    def test_departments_are_read_and_changed(self, sample):
        """All, one, its name, its status."""
        tenant, shown = sample("get_department_list")
        assert all(one["name"] in shown for one in tenant.departments().values())
        first = next(iter(tenant.departments()))
        _, shown = sample("get_department_details")
        assert tenant.departments()[first]["name"] in shown
        assert sample("update_department")[1] == "True\n"
        assert sample("set_department_status")[1] == "True\n"
        now = tenant.departments()[first]
        assert (now["name"], now["status"]) == ("Sales", "1")

    @pytest.mark.parametrize("kind", ["preset", "erp"])
    def test_records_are_made_changed_and_deleted(self, sample, kind):
        """A life of a record; both kinds of call have the same replacement."""
        tenant, shown = sample(f"create_{kind}_object")
        assert shown.strip() in tenant.records("AccountObj")
        sample(f"update_{kind}_object")
        assert tenant.records("AccountObj")[sample.record]["name"] == "B"
        _, shown = sample(f"query_{kind}_object_details")
        assert sample.record in shown
        _, shown = sample(f"query_{kind}_object_list")
        assert "'name': 'A'" in shown
        sample(f"change_{kind}_object_owner")
        assert tenant.records("AccountObj")[sample.record]["owner"] == [sample.one]
        sample(f"invalidate_{kind}_object")
        sample(f"recover_{kind}_object")
        sample(f"invalidate_{kind}_object")
        assert sample.record in tenant.records("AccountObj")
        sample(f"delete_{kind}_object")
        assert sample.record not in tenant.records("AccountObj")

    def test_a_tenant_that_ignores_writes_is_found_out(self, monkeypatch):
        """It answers success; the code says whom it did not reach."""
        tenant = Sandbox(3, seed=5, profile="read_only")
        with tenant.serve() as base_url:
            monkeypatch.setenv("FXIAOKE_SHIM_BASE_URL", base_url)
            monkeypatch.setenv("FXIAOKE_SHIM_CORP_ACCESS_TOKEN", tenant.corp_access_token)
            monkeypatch.setenv("FXIAOKE_SHIM_CORP_ID", tenant.corp_id)
            monkeypatch.setenv("FXIAOKE_SHIM_CURRENT_OPEN_USER_ID", tenant.current_open_user_id)
            source = code(ENDPOINTS["set_member_status"])
            source = source.replace("FSUID_A", tenant.open_user_ids[0]).replace('"0"', '"1"')
            done = subprocess.run(
                [sys.executable, "-c", source], capture_output=True, text=True, check=True
            )
        assert done.stdout == f"{tenant.open_user_ids[:1]}\n"

    @pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
    def test_code_fits_80_columns_and_has_no_unused_part(self, endpoint):
        """80 columns, and it has no part that nothing uses."""
        lines = code(endpoint).splitlines()
        assert max(map(len, lines)) <= 80
        for name in ("find", "people", "update", "differs", "get"):
            if f"def {name}(" in code(endpoint):
                assert code(endpoint).count(f"{name}(") > 1


class TestText:
    """What is printed around it."""

    def test_one_is_explained_by_code_or_name_in_any_case(self):
        """Title, addresses, parameters, code, loss report."""
        endpoint = ENDPOINTS["update_member"]
        shown = fxshim("explain", "fxo003")
        assert (shown.returncode, shown.stderr) == (0, "")
        assert fxshim("explain", "Update_Member").stdout == shown.stdout
        for part in (
            "FXO003: update_member\n",
            '"Update Member"',
            "POST /cgi/user/update, POST /cgi/crm/v2/data/update",
            "user: User",
            "Instead: PersonnelObj update",
            code(endpoint).rstrip(),
            "`fxshim sandbox --env`",
        ):
            assert part in shown.stdout
        for name, fate in endpoint.parameters.items():
            assert any(
                line.startswith(name) and line.endswith(str(fate))
                for line in shown.stdout.splitlines()
            )
        assert "\x1b" not in shown.stdout

    def test_several_are_explained_once_each(self):
        """In the order given."""
        shown = fxshim("explain", "FXO007", "fxo001", "get_department_list").stdout
        heads = [line for line in shown.splitlines() if line.startswith("FXO0")]
        assert heads == ["FXO007: get_department_list", "FXO001: set_member_status_batch"]

    @pytest.mark.parametrize(
        ("name", "hint"),
        [("FXO0007", "did you mean FXO007? "), ("update_membr", "did you mean update_member? ")],
    )
    def test_a_near_miss_is_guessed(self, name, hint):
        """Exit code 2, one line."""
        done = fxshim("explain", name)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"fxshim: there is no offline call '{name}'; {hint}`fxshim endpoints` lists them all\n"
        )

    def test_another_name_is_an_error_of_one_line(self):
        """Nothing is guessed."""
        done = fxshim("explain", "qqqq")
        assert done.returncode == 2
        assert done.stderr == (
            "fxshim: there is no offline call 'qqqq'; `fxshim endpoints` lists them all\n"
        )

    @pytest.mark.parametrize("columns", [80, 40])
    def test_a_terminal_gets_no_longer_lines_than_it_has(self, columns):
        """A long reason is wrapped beside its name, or below it where there is no room."""
        shown = in_terminal(columns, "endpoints", "FXO006")
        assert "showDepartmentIdsDetail" in shown
        table = shown.splitlines()[1:]
        longest = max(len(line) for line in table)
        assert longest <= columns


def in_terminal(columns, *args):
    """Run the command on a terminal; return what it shows."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [FXSHIM, *args],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm"},
    ):
        os.close(slave)
        shown = b""
        # EIO: the command has ended and closed its side.
        with contextlib.suppress(OSError):
            while block := os.read(master, 1 << 16):
                shown += block
        os.close(master)
    return shown.decode()
