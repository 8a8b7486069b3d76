"""The demo: what it shows is what happened, and it says so where that is not what it promises."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from shim.cli.demo import Stage, command, show
from shim.cli.demo._page import page
from shim.cli.demo._runs import Played, broken, examples, groups, play, tasks

BIN = Path(sys.executable).parent
FXSHIM = str(BIN / "fxshim")
ON_PATH = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
PARTS = (
    "1. Change one import line",
    "- from our_fxiaoke import set_member_status_batch",
    "+ from shim import set_member_status_batch",
    "5 leavers",
    "exit code",
    "2. The log names the line",
    "hr_departures.py:33 apply() called set_member_status_batch (FXO001)",
    "demo --log",
    '3. A tenant that answers "success" and changes nothing',
    "leavers: 5 done",
    "0 of 8 members changed",
    "Why: ",
    "4. Next",
)


def demo(*arguments, stdout=subprocess.PIPE, cwd=None, **env):
    environment = {name: text for name, text in os.environ.items() if name != "COLUMNS"}
    return subprocess.run(
        [FXSHIM, "demo", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
        timeout=120,
        cwd=cwd,
        env={**environment, **ON_PATH, **env},
    )


@pytest.fixture(scope="module")
def piped():
    return demo(COLUMNS="80")


@pytest.fixture(scope="module")
def played():
    return Played(*play(tasks("fsuid", "read_only"), examples(), 60))


@pytest.fixture
def own(tmp_path):
    """Return a copy of the examples, to be changed."""
    return Path(shutil.copytree(examples(), tmp_path / "examples"))


def printed(played, width=80):
    console = Console(width=width, highlight=False, markup=False)
    with console.capture() as captured:
        for part in page(played, "fxshim"):
            console.print(part, crop=False)
    return captured.get()


class TestPage:
    """What a pipe gets."""

    def test_it_has_at_most_45_lines_of_80_columns_in_ascii(self, piped):
        """No colours, no spaces at the end of a line, nothing on stderr."""
        assert (piped.returncode, piped.stderr) == (0, "")
        lines = piped.stdout.splitlines()
        assert len(lines) <= 45
        assert all(len(line) <= 80 and line == line.rstrip() for line in lines)
        assert piped.stdout.isascii()
        assert "\x1b" not in piped.stdout

    def test_its_parts_come_in_order(self, piped):
        """Each after the one before."""
        at = -1
        for part in PARTS:
            at = piped.stdout.index(part, at + 1)

    def test_it_holds_no_id_token_or_trace(self, piped):
        """Nor the folder that the scripts ran in."""
        assert not re.search(r"FS[UC]ID_|E-O\.|fxshim-demo-|token", piped.stdout)

    def test_it_ends_with_three_commands_that_run_as_printed(self, piped):
        """One after the other, in a shell."""
        commands = re.findall(r"^    (.*fxshim.*)$", piped.stdout, re.MULTILINE)
        assert commands == [
            'eval "$(fxshim sandbox --env)"',
            "fxshim explain FXO001",
            "fxshim demo --log | fxshim usage -",
        ]
        done = subprocess.run(
            ["/bin/sh", "-euc", "\n".join([*commands, "kill $FXIAOKE_SHIM_SANDBOX_PID"])],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, **ON_PATH},
        )
        assert done.returncode == 0, done.stderr
        assert "set_people(" in done.stdout
        assert "hr_departures.py:33" in done.stdout

    @pytest.mark.parametrize("width", [1, 20, 40, 60, 80, 120])
    def test_any_width_holds_the_same_words(self, played, width):
        """None is lost where lines are broken; a table becomes a list."""
        text = printed(played, width)
        for word in ("leavers", "disabled", "50009", "FXO001", "explain"):
            assert word in (text if width >= 20 else text.replace("\n", "").replace(" ", ""))

    def test_a_wide_terminal_gets_colours_and_80_columns(self):
        """It shows what a narrower one shows."""
        shown = demo(COLUMNS="200", FORCE_COLOR="1", TERM="xterm-256color").stdout
        assert "\x1b[32m" in shown
        plain = re.sub(r"\x1b\[[\d;]*m", "", shown)
        assert max(map(len, plain.splitlines())) <= 80


class TestTruth:
    """The page against the sandboxes."""

    def test_the_script_ends_alike_with_either_client(self, played):
        """Both exit with 0; every row of the table is the state of that sandbox."""
        assert (played.old.exit_code, played.new.exit_code) == (0, 0)
        assert played.old.tenant.members() == played.new.tenant.members()
        text = printed(played)
        name = {"0": "enabled", "1": "disabled"}
        for group, ids in groups(played.new.tenant).items():
            row = re.search(rf"{len(ids)} {group} +(\w+) +(\w+) +(\w+) +(\w+)", text)
            after = {name[played.new.tenant.members()[one]] for one in ids}
            assert {row[2]} == {row[3]} == after
            assert row[4] == "same"

    def test_only_the_shim_tells_that_nothing_changed(self, played):
        """The rewrite logs success and exits with 0."""
        assert played.rewritten.after == played.rewritten.before
        assert played.silent.after == played.silent.before
        assert played.rewritten.exit_code == 0
        assert played.rewritten.said == ["leavers: 5 done", "returners: 3 done"]
        assert played.silent.exit_code == 1
        assert [answer["errorCode"] for answer in played.silent.answers] == [50009, 50009]

    def test_the_rewrite_works_where_writes_hold(self):
        """It is no strawman."""
        rewritten = tasks("fsuid", "fsuid")[2]
        (run,) = play([rewritten], examples(), 60)
        assert run.exit_code == 0
        by_group = groups(run.tenant)
        assert {run.after[one] for one in by_group["leavers"]} == {"1"}
        assert {run.after[one] for one in by_group["returners"]} == {"0"}

    def test_the_log_is_shown_whole_on_demand(self):
        """Its lines are the shim's, unbroken."""
        done = demo("--log", COLUMNS="40")
        assert done.returncode == 0
        started, *lines, ended = done.stdout.splitlines()
        assert len(lines) == 4
        assert all("event=shim.offline_" in line for line in lines)
        assert "event=shim.process_started" in started
        assert "event=shim.process_ended" in ended


class TestBrokenPromises:
    """Exit code 1, and what was seen instead."""

    def test_tenants_that_act_otherwise_are_noticed(self, capfd):
        """The page is shown all the same, with what differs."""
        assert show(stage=Stage(ordinary="hidden", silent="fsuid")) == 1
        shown, said = capfd.readouterr()
        assert "4. Next" in shown
        assert "DIFFERENT" in shown
        assert "with the shim, tenant hidden: exit code 0 was promised, it is 1" in said
        assert "rewritten by hand, tenant fsuid: 8 of 12 members are not as promised" in said

    def test_a_script_that_does_nothing_is_noticed(self, own, capfd):
        """No line changed, no log, no answers."""
        (own / "hr_departures.py").write_text("import sys\nprint('no JSON')\nsys.exit('broken')\n")
        stage = Stage(own)
        assert show(stage=stage) == 1
        said = capfd.readouterr().err
        assert "one line was to change, it was 0" in said
        assert "exit code 0 was promised, it is 1 (broken)" in said
        assert "each of its answers was to be an error" in said
        assert "shim.offline_api_called" in said
        assert show(log=True, stage=stage) == 1

    def test_a_script_that_hangs_is_killed(self, own, capfd):
        """After the time that it has."""
        (own / "hr_departures.py").write_text("import time\ntime.sleep(600)\n")
        assert show(log=True, stage=Stage(own, seconds=0.5)) == 1
        assert "not as promised" in capfd.readouterr().err

    def test_a_missing_script_is_one_line(self, tmp_path, capfd):
        """Exit code 2."""
        assert show(stage=Stage(tmp_path)) == 2
        assert len(capfd.readouterr().err.splitlines()) == 1

    def test_nothing_is_broken_by_default(self, played):
        """As the command's exit code says."""
        assert broken(played) == []


class TestSurroundings:
    """Whatever the reader's machine is like."""

    def test_its_settings_do_not_reach_the_scripts(self, tmp_path):
        """Nor proxies, warnings filters, an empty PATH and home, a stdout without unicode."""
        done = demo(
            cwd="/",
            HOME=str(tmp_path),
            PATH="",
            HTTP_PROXY="http://127.0.0.1:9",
            PYTHONPATH=str(tmp_path),
            PYTHONWARNINGS="error",
            PYTHONIOENCODING="ascii",
            FORCE_COLOR="1",
            NO_COLOR="1",
            FXIAOKE_SHIM_MODE="legacy",
            FXIAOKE_SHIM_NOTICES="error",
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "\x1b[3" not in done.stdout

    def test_a_full_stdout_is_one_line(self):
        """And exit code 2."""
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            done = demo(stdout=full)
        assert done.returncode == 2
        assert done.stderr == "fxshim: stdout cannot be written: No space left on device\n"

    def test_a_closed_stdout_is_one_line(self):
        """Before anything is run."""
        done = subprocess.run(
            ["/bin/sh", "-c", f"'{FXSHIM}' demo >&-"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert done.stderr == "fxshim: stdout is closed; the demo has nothing to print on\n"

    def test_an_interruption_ends_it(self, own):
        """Exit code 130 and one line; the script itself sends the signal."""
        (own / "hr_departures.py").write_text(
            f"import os, time\nos.kill(os.getppid(), {int(signal.SIGINT)})\ntime.sleep(600)\n"
        )
        program = (
            "import sys, pathlib; from shim.cli.demo import Stage, show; "
            "sys.exit(show(log=True, stage=Stage(pathlib.Path(sys.argv[1]))))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(own)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stdout) == (130, "")
        assert done.stderr == "fxshim: interrupted\n"


class TestCommand:
    """How the reader calls `fxshim`."""

    @pytest.fixture
    def program(self, tmp_path, monkeypatch):
        path = tmp_path / "a b" / "fxshim"
        path.parent.mkdir()
        path.touch(mode=0o755)
        monkeypatch.setenv("HOME", "/nowhere")
        monkeypatch.chdir("/dev")
        return path

    def test_its_name_is_enough_where_path_has_it(self, program, monkeypatch):
        """Even below the current directory."""
        monkeypatch.setenv("PATH", str(program.parent))
        assert command(str(program)) == "fxshim"

    def test_else_it_is_the_shortest_path(self, program, monkeypatch):
        """From the current directory, from home, from the root; quoted for a shell."""
        assert command(str(program)) == f"'{program}'"
        monkeypatch.setenv("HOME", str(program.parent.parent))
        assert command(str(program)) == "~/'a b/fxshim'"
        monkeypatch.chdir(program.parent)
        assert command(str(program)) == "./fxshim"

    def test_a_module_is_called_as_one(self, program):
        """With this interpreter."""
        assert command("/x/shim/__main__.py").endswith(" -m shim")
        assert program.exists()
