"""The command, run as people run it: as a process."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

import shim
from shim.cli.endpoints import text
from shim.offline import ENDPOINTS, render

FXSHIM = str(Path(sys.executable).parent / "fxshim")


def fxshim(*args, **env):
    return subprocess.run(
        [FXSHIM, *args],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **env},
    )


class TestSandbox:
    """`fxshim sandbox`: one JSON line, then a tenant."""

    @pytest.fixture
    def started(self, request):
        process = subprocess.Popen(
            [FXSHIM, "sandbox", "--port", "0", *request.param], stdout=subprocess.PIPE, text=True
        )
        yield process, json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "", "one line and no other"
        process.stdout.close()
        assert process.wait(10) == 0

    @pytest.mark.parametrize(
        "started", [["--members", "250", "--profile", "fsuid", "--seed", "7"]], indirect=True
    )
    def test_a_program_can_log_in_with_its_first_line(self, started):
        """All keys are there, and a call through the shim does what its state says."""
        _, who = started
        assert list(who) == [
            "base_url",
            "corpAccessToken",
            "corpId",
            "currentOpenUserId",
            "appId",
            "appSecret",
            "permanentCode",
            "openUserIds",
        ]
        assert who["base_url"].startswith("http://127.0.0.1:")
        assert len(set(who["openUserIds"])) == 250
        members = httpx.get(f"{who['base_url']}/_sandbox/members").json()
        assert members == dict.fromkeys(who["openUserIds"], "0")
        shim.configure(
            base_url=who["base_url"], current_open_user_id=who["currentOpenUserId"], notices="log"
        )
        leavers = who["openUserIds"][:30]
        done = shim.set_member_status_batch(who["corpAccessToken"], who["corpId"], leavers, 1)
        assert done["errorCode"] == 0
        members = httpx.get(f"{who['base_url']}/_sandbox/members").json()
        assert {one for one, status in members.items() if status == "1"} == set(leavers)

    @pytest.mark.parametrize(
        "started",
        [["--quota-calls", "2", "--quota-seconds", "60", "--latency-ms", "1"]],
        indirect=True,
    )
    def test_its_options_reach_the_tenant(self, started):
        """A quota of two: the third call is throttled."""
        _, who = started
        for _ in range(3):
            httpx.post(who["base_url"] + "/cgi/crm/v2/data/query", json={"corpId": "x"})
        calls = httpx.get(f"{who['base_url']}/_sandbox/calls").json()
        assert calls == {"/cgi/crm/v2/data/query": {"count": 3, "throttled": 1}}

    def test_an_unknown_profile_is_a_usage_error(self):
        """Exit code 2, and the known ones are named."""
        done = fxshim("sandbox", "--profile", "perfect")
        assert done.returncode == 2
        assert "read_only" in done.stderr


class TestDemo:
    """`fxshim demo`: both runs side by side."""

    def test_it_shows_what_it_promises(self):
        """In a pipe: plain text, with both answers, the warning, the log and the failure."""
        done = fxshim("demo", COLUMNS="200", FXIAOKE_SHIM_NOTICES="error")
        assert (done.returncode, done.stderr) == (0, "")
        shown = done.stdout
        assert "\x1b" not in shown
        assert "from our_fxiaoke import set_member_status_batch" in shown
        assert "from shim import set_member_status_batch" in shown
        assert shown.count('"errorCode": 0') == 3
        assert '"errorCode": 20012' in shown
        assert "read permission on PersonnelObj" in shown
        assert "hr_departures.py:33: OfflineAPIDeprecationWarning: FXO001" in shown
        for event in ("api_called", "call_finished", "usage_summarized"):
            assert f"event=shim.offline_{event}" in shown
        assert "/cgi/user/batchSetStatus" in shown

    def test_in_a_terminal_it_has_frames_and_colours(self):
        """rich takes the terminal's word for it."""
        done = fxshim("demo", FORCE_COLOR="1", COLUMNS="120", TERM="xterm-256color")
        assert done.returncode == 0
        assert "\x1b[" in done.stdout
        assert "╭" in done.stdout


class TestEndpoints:
    """`fxshim endpoints`: what is derived from the declarations."""

    def test_the_table_has_every_call(self):
        """With its code, addresses and replacement."""
        shown = fxshim("endpoints").stdout
        assert "without a field: user.account, user.qq" in shown
        for endpoint in ENDPOINTS.values():
            assert endpoint.code in shown
            assert endpoint.name in shown
            assert endpoint.paths[0] in shown

    def test_the_other_forms(self):
        """Markdown for MIGRATION.md, a stub for the checkers."""
        assert text("markdown", []) == render.table()
        assert text("stub", []) == render.stub()

    def test_one_in_full_is_its_loss_report(self):
        """Every parameter and every answer field; an unknown name is a usage error."""
        shown = fxshim("endpoints", "update_member").stdout
        for name in ENDPOINTS["update_member"].parameters:
            assert name in shown
        assert fxshim("endpoints", "fxo003").stdout == shown
        unknown = fxshim("endpoints", "updateMember")
        assert unknown.returncode == 2
        assert unknown.stderr == (
            "fxshim: there is no offline call 'updateMember'; did you mean update_member? "
            "`fxshim endpoints` lists them all\n"
        )

    def test_a_document_is_derived_anew_between_its_marks(self, tmp_path):
        """What stands around them stays."""
        path = tmp_path / "doc.md"
        path.write_text(f"before\n{render.BEGIN}old\n{render.END}after\n")
        fxshim("endpoints", "--into", str(path))
        assert path.read_text() == f"before\n{render.BEGIN}{render.table()}{render.END}after\n"

    @pytest.mark.parametrize("content", [b"no marks", b"\xff\xfe"])
    def test_a_document_without_marks_stays_as_it_is(self, tmp_path, content):
        """One line says what it lacks."""
        path = tmp_path / "doc.md"
        path.write_bytes(content)
        done = fxshim("endpoints", "--into", str(path))
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "put them where the table should be" in done.stderr
        assert path.read_bytes() == content


def test_without_its_extra_it_says_what_to_install(tmp_path):
    """No traceback: the missing package, and the line that installs it."""
    (tmp_path / "typer.py").write_text("raise ModuleNotFoundError('no typer here', name='typer')\n")
    done = fxshim("demo", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "pip install 'fxiaoke-shim[cli]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_missing_module_is_not_blamed_on_an_extra(tmp_path):
    """Then it is a broken installation: a line names it, and says how to get the traceback."""
    (tmp_path / "typer.py").write_text("import no_such_module_anywhere\n")
    done = fxshim("demo", PYTHONPATH=str(tmp_path))
    assert done.returncode == 70
    assert done.stderr == (
        "fxshim: a defect of fxshim: ModuleNotFoundError (no_such_module_anywhere) at typer.py:1\n"
        "FXSHIM_TRACEBACK=1 before the command shows the traceback; please report it\n"
    )
    done = fxshim("demo", PYTHONPATH=str(tmp_path), FXSHIM_TRACEBACK="1")
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):")
