"""The command, run as people run it: as a process."""

import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import httpx
import pytest

import shim
from shim.cli import serve_sandbox
from shim.offline import ENDPOINTS
from shim.sandbox import PROFILES

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

    @pytest.mark.parametrize("started", [["--host", "0.0.0.0"]], indirect=True)
    def test_others_can_be_let_in(self, started):
        """The address that is printed leads to it."""
        _, who = started
        assert "0.0.0.0" not in who["base_url"]
        answer = httpx.get(f"{who['base_url']}/_sandbox/members").json()
        assert set(answer) == set(who["openUserIds"])

    @pytest.mark.parametrize(
        "started", [["--profile", "strict", "--quota-seconds", "0"]], indirect=True
    )
    def test_a_window_of_no_length_is_no_quota(self, started):
        """Even for the tenant that has one."""
        _, who = started
        with httpx.Client() as client:
            for _ in range(120):
                client.post(who["base_url"] + "/cgi/crm/v2/data/query", json={"corpId": "x"})
        (calls,) = httpx.get(f"{who['base_url']}/_sandbox/calls").json().values()
        assert calls == {"count": 120, "throttled": 0}

    def test_sandbox_ends_after_its_minutes(self):
        """After the minutes that are given; letting others in comes with a warning."""
        done = fxshim("sandbox", "--minutes", "0.001", "--host", "0.0.0.0")
        assert done.returncode == 0
        assert done.stderr.startswith("fxshim: warning: every machine that can reach this address")
        assert json.loads(done.stdout)["base_url"].startswith("http://")

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            (["--port", "80000"], "Invalid value for '--port'"),
            (["--port", "-1"], "Invalid value for '--port'"),
            (["--host", "999.9.9.9"], "cannot listen on '999.9.9.9': name an address"),
            (["--host", "x" * 70], "cannot listen on"),
            (["--quota-seconds", "nan"], "Invalid value for '--quota-seconds'"),
            (["--quota-seconds", "inf"], "Invalid value for '--quota-seconds'"),
            (["--latency-ms", "-inf"], "Invalid value for '--latency-ms'"),
            (["--members", "1000000000"], "Invalid value for '--members'"),
        ],
    )
    @pytest.mark.parametrize("more", [[], ["--env"]])
    def test_what_cannot_be_served_is_an_error_of_two_lines(self, arguments, text, more):
        """Also where it would go to the background."""
        done = fxshim("sandbox", *arguments, *more)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"fxshim: {text}")
        assert done.stderr.count("\n") <= 2

    @pytest.mark.parametrize("more", [[], ["--env"]])
    def test_a_port_in_use_is_named(self, more):
        """With what to do."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = fxshim("sandbox", "--port", str(port), *more)
        assert done.returncode == 2
        assert done.stderr == (
            f"fxshim: port {port} is in use: name another, or leave out --port to get a free one\n"
        )

    def test_why_it_cannot_listen(self):
        """A low port needs rights; tests may have them."""
        options = serve_sandbox.ServeOptions("127.0.0.1", 80, None, {})
        denied = PermissionError(errno.EACCES, "Permission denied")
        assert "take one from 1024 up" in serve_sandbox._why(options, denied)  # noqa: SLF001
        assert serve_sandbox._is_loopback("localhost")  # noqa: SLF001
        assert not serve_sandbox._is_loopback("example.invalid")  # noqa: SLF001

    def test_an_unknown_profile_is_a_usage_error_that_names_all_profiles(self):
        """The command has a list of its own, since importing the sandbox takes time."""
        done = fxshim("sandbox", "--profile", "perfect")
        assert done.returncode == 2
        assert re.findall(r"'(\w+)'", done.stderr)[1:] == list(PROFILES)


@pytest.mark.skipif(os.name == "nt", reason="sh (not on Windows)")
class TestShell:
    """`eval "$(fxshim sandbox --env)"`: a tenant for the commands that follow."""

    def test_a_first_call_needs_nothing_else(self):
        """In a real sh: it comes back at once, and a call and the explained code reach it."""
        done = subprocess.run(
            ["/bin/sh", "-euc", SHELL],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, "PATH": f"{Path(FXSHIM).parent}:{os.environ['PATH']}"},
        )
        assert done.returncode == 0, done.stderr
        first, _, read, ended = done.stdout.splitlines()
        assert first == "2 members: 2 disabled, 0 disabled already, 0 failed"
        assert "'status': '1'" in read
        assert ended == "ended"

    def test_it_serves_this_machine_alone_without_host(self):
        """No warning, and nothing that lets tokens go over plain HTTP; it ends by itself."""
        done = fxshim("sandbox", "--env", "--minutes", "0.02")
        assert (done.returncode, done.stderr) == (0, "")
        assert "export FXIAOKE_SHIM_BASE_URL=http://127.0.0.1:" in done.stdout
        assert "PLAIN_HTTP" not in done.stdout
        pid = int(done.stdout.split("FXIAOKE_SHIM_SANDBOX_PID=")[1])
        until = time.monotonic() + 30
        while _is_running(pid):
            assert time.monotonic() < until
            time.sleep(0.1)

    def test_what_is_printed_is_safe_to_evaluate(self):
        """A shell sees each value as it is."""
        values = dict.fromkeys(serve_sandbox._VARIABLES.values(), "a'b $(c) `d`")  # noqa: SLF001
        lines = serve_sandbox._shell_lines({**values, "openUserIds": ["FSUID_1"]}, 7)  # noqa: SLF001
        script = f'{lines}\nprintf %s "$FXIAOKE_SHIM_APP_SECRET"'
        done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout == "a'b $(c) `d`"

    def test_no_variable_is_taken_for_a_setting(self, monkeypatch):
        """Those that are none resemble none."""
        monkeypatch.setenv("FXIAOKE_SHIM_SANDBOX_PID", "7")
        monkeypatch.setenv("FXIAOKE_SHIM_SANDBOX_IDS", "FSUID_1")
        shim.configure(notices="log")


def _is_running(pid):
    try:
        # A process that has ended, and was not waited for, is not running.
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


SHELL = """
eval "$(fxshim sandbox --env --minutes 1 --host 0.0.0.0 2> warned)"
grep -q warning warned
set -- $FXIAOKE_SHIM_SANDBOX_IDS
printf '%s\\n' "$1" "$2" | fxshim members disable - --quiet
fxshim explain fxo004 | sed -n '/^import/,/^print/p' | sed "s/FSUID_A/$1/" | python -
kill -INT $FXIAOKE_SHIM_SANDBOX_PID
for wait in 1 2 3 4 5 6 7 8 9; do
    kill -0 $FXIAOKE_SHIM_SANDBOX_PID 2> /dev/null || { echo ended; break; }
    sleep 1
done
"""


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


class TestEveryCommand:
    """What all of them have in common."""

    COMMANDS = (
        [],
        ["sandbox"],
        ["demo"],
        ["endpoints"],
        ["explain"],
        ["usage"],
        ["baseline"],
        ["baseline", "write"],
        ["baseline", "check"],
        ["members"],
    )

    @pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
    def test_h_prints_the_help_at_80_columns(self, command):
        """As --help is; both at 80 columns."""
        done = fxshim(*command, "-h", COLUMNS="80")
        assert done.returncode == 0
        assert "Usage: fxshim" in done.stdout
        assert done.stdout == fxshim(*command, "--help", COLUMNS="80").stdout
        assert max(map(len, done.stdout.splitlines())) <= 80

    def test_the_version_is_that_of_the_package(self):
        """One place says it."""
        assert shim.__version__ == metadata.version("fxiaoke-shim")
        assert fxshim("--version").stdout == f"fxshim {shim.__version__}\n"

    def test_it_can_be_run_as_a_module(self):
        """With the same output and the same exit codes."""
        for arguments in (["--version"], ["explain", "FXO001"], ["explain", "no"], ["no"]):
            done = subprocess.run(
                [sys.executable, "-m", "shim", *arguments],
                capture_output=True,
                text=True,
                check=False,
            )
            command = fxshim(*arguments)
            assert (done.returncode, done.stdout) == (command.returncode, command.stdout)
            assert done.stderr.replace("python -m shim", "fxshim") == command.stderr

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ("fxshim explain fxo00", "fxo001"),
            ("fxshim explain FXO00", "FXO001"),
            ("fxshim explain set_m", "set_member_status_batch"),
            ("fxshim endpoints get_dep", "get_department_list"),
            ("fxshim sandbox --profile re", "read_only"),
            ("fxshim mem", "members"),
        ],
    )
    def test_shell_completes_commands_names_codes_and_profiles(self, words, expected):
        """Commands, names, codes, profiles."""
        asked = {"_FXSHIM_COMPLETE": "complete_bash", "COMP_WORDS": words}
        done = fxshim(**asked, COMP_CWORD=str(len(words.split()) - 1))
        assert expected in done.stdout.split()

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            (["no"], "No such command 'no'\nsee: fxshim -h"),
            (["explain"], "Missing argument 'names'\nsee: fxshim explain -h"),
            (["members", "disable", "x", "--colum", "y"], "No such option"),
            (["baseline", "write", "none.log"], "none.log: there is no such file"),
            (["usage", "."], ".: cannot be read: it is a directory"),
        ],
    )
    def test_an_error_is_a_line_or_two(self, arguments, text):
        """And exit code 2."""
        done = fxshim(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"fxshim: {text}")
        assert done.stderr.count("\n") <= 2


class TestStreams:
    """stdout and stderr may be closed, full, or left by their reader."""

    @pytest.mark.parametrize("command", ["explain FXO001", "endpoints", "usage log --json"])
    def test_a_full_or_closed_stdout_is_an_error(self, command):
        """In one line, and exit code 2."""
        Path("log").write_text("x\n")
        for stream, why in (("> /dev/full", "No space left"), (">&-", "stdout is closed")):
            done = in_shell(f"{FXSHIM} {command} {stream}")
            assert done.returncode == 2
            assert why in done.stderr
            assert done.stderr.count("\n") == 1

    @pytest.mark.parametrize("command", ["explain FXO001", "endpoints", "usage log --json"])
    def test_reader_that_goes_away_changes_no_exit_code(self, command):
        """It has read enough."""
        Path("log").write_text("x\n")
        done = in_shell(f"{{ {FXSHIM} {command}; echo $? >&2; }} | true")
        assert done.stderr == "0\n"

    def test_a_closed_stderr_is_no_reason_to_fail(self):
        """What is asked is done; an error still has its exit code."""
        assert in_shell(f"{FXSHIM} --version 2>&-").stdout == f"fxshim {shim.__version__}\n"
        assert in_shell(f"{FXSHIM} explain no 2>&-").returncode == 2
        done = in_shell(f"{FXSHIM} usage - <&-")
        assert done.returncode == 2
        assert "it is closed" in done.stderr

    def test_letters_that_stdout_does_not_have(self):
        """They become question marks."""
        done = fxshim("explain", "FXO001", PYTHONIOENCODING="ascii")
        assert done.returncode == 0
        assert "user_id IN ?" in done.stdout


def in_shell(script):
    return subprocess.run(
        ["/bin/bash", "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
