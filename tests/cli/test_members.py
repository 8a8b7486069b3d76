"""`fxshim members`, run as people run it: as a process, against a sandbox on a socket."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from shim.cli._interruption import Interruption
from shim.sandbox import Sandbox

FXSHIM = str(Path(sys.executable).parent / "fxshim")
NAME, PHONE = "金丝雀", "13912345678"


class Command:
    """The command, with the settings for one sandbox."""

    def __init__(self, tenant, base_url):
        self.tenant = tenant
        self.env = {
            **os.environ,
            "FXIAOKE_SHIM_BASE_URL": base_url,
            "FXIAOKE_SHIM_CURRENT_OPEN_USER_ID": tenant.current_open_user_id,
            "FXIAOKE_SHIM_CORP_ACCESS_TOKEN": tenant.corp_access_token,
            "FXIAOKE_SHIM_CORP_ID": tenant.corp_id,
            "FXIAOKE_SHIM_QUOTA_CALLS": "0",
        }

    def run(self, *args, stdin="", **env):
        return subprocess.run(
            [FXSHIM, "members", *map(str, args)],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**self.env, **env},
        )

    @contextmanager
    def started(self, *args, **streams):
        """Start it; kill it at the end if it still runs."""
        everywhere = dict.fromkeys(["stdin", "stdout", "stderr"], subprocess.PIPE)
        with subprocess.Popen(
            [FXSHIM, "members", *map(str, args)],
            text=True,
            env=self.env,
            **{**everywhere, **streams},
        ) as process:
            yield process
            process.kill()

    def disabled(self):
        return {one for one, status in self.tenant.members().items() if status == "1"}


@pytest.fixture
def command():
    """Return a function that serves a sandbox and gives the command to go with it."""
    with ExitStack() as stack:

        def make(members=5, **options):
            tenant = Sandbox(members, seed=3, **options)
            return Command(tenant, stack.enter_context(tenant.serve()))

        yield make


def ids_file(ids, name="ids.csv"):
    path = Path(name).absolute()
    path.write_text("".join(f"{one},{NAME},{PHONE}\n" for one in ["openUserId", *ids]))
    return path


def rows(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


class TestOutcome:
    """The counts, results and exit code of a run."""

    def test_all_are_disabled_and_enabled_again(self, command):
        """Exit code 0, counts and calls on stdout, a line at either end on stderr."""
        one = command(130)
        members = one.tenant.open_user_ids
        done = one.run("disable", ids_file([*members, members[0]]))
        assert done.returncode == 0, done.stderr
        first, calls = done.stdout.splitlines()
        # One of them twice, perhaps before its first update has been made.
        assert re.fullmatch(r"131 members: 13[01] disabled, [01] disabled already, 0 failed", first)
        assert re.search(r"/cgi/crm/v2/data/query 4, /cgi/crm/v2/data/update 13[01]; ", calls)
        begun, ended = done.stderr.splitlines()
        assert begun == "disabling members: begun, 131 to do"
        assert re.fullmatch(
            r"disabling members: ended, 131 of 131 done, 0 failed, [\d.,]+/s", ended
        )
        assert one.disabled() == set(members)
        done = one.run("enable", "-", "--quiet", stdin="\n".join(members[:3]))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("3 members: 3 enabled, 0 enabled already, 0 failed\n")
        assert one.disabled() == set(members[3:])

    def test_acting_employee_stays_enabled_and_is_named_first(self, command):
        """One line before the run, one failure after it; the others are disabled."""
        one = command(3)
        acting, members = one.tenant.current_open_user_id, one.tenant.open_user_ids
        ids = ids_file([members[0], acting, *members[1:]])
        done = one.run("disable", ids)
        assert done.returncode == 1
        assert "lists the acting employee" in done.stderr.splitlines()[0]
        assert "4 members: 3 disabled, 0 disabled already, 1 failed" in done.stdout
        assert acting not in done.stdout + done.stderr
        assert "acting employee" not in one.run("enable", ids_file(members)).stderr

    def test_an_id_with_a_character_that_does_not_show_stops_it_first(self, command):
        """The line and the code point; nothing is sent."""
        one = command(3)
        done = one.run("disable", ids_file([*one.tenant.open_user_ids, "FSUID_\u200b1"]))
        assert (done.returncode, done.stdout) == (2, "")
        assert ", line 5: the id holds U+200B as character 7" in done.stderr
        assert one.tenant.calls() == {}

    def test_who_acts_may_be_found_by_the_app_credentials(self, command):
        """No employee and no token are set."""
        one = command(3)
        app = {
            "FXIAOKE_SHIM_APP_ID": one.tenant.app_id,
            "FXIAOKE_SHIM_APP_SECRET": one.tenant.app_secret,
            "FXIAOKE_SHIM_PERMANENT_CODE": one.tenant.permanent_code,
            "FXIAOKE_SHIM_CURRENT_OPEN_USER_ID": "",
            "FXIAOKE_SHIM_CORP_ACCESS_TOKEN": "",
        }
        done = one.run("disable", ids_file(one.tenant.open_user_ids), **app)
        assert done.returncode == 0, done.stderr
        assert one.disabled() == set(one.tenant.open_user_ids)

    def test_those_that_failed_can_be_done_alone(self, command):
        """Each is recorded; only those are tried again, in a dry run and then in a real run."""
        one = command(6, hidden=2)
        hidden = one.tenant.hidden
        ids = ids_file(one.tenant.open_user_ids)
        done = one.run("disable", ids, "--results", "out.jsonl")
        assert done.returncode == 1
        assert "6 members: 4 disabled, 0 disabled already, 2 failed\n" in done.stdout
        assert "  20012: 2, openUserId not found, or hidden: " in done.stdout
        again = "fxshim members disable --only-failed out.jsonl --results out.jsonl"
        assert done.stdout.endswith(f"for those that failed: {again}\n")
        assert "FSUID" not in done.stdout + done.stderr
        assert NAME not in Path("out.jsonl").read_text()
        results = rows("out.jsonl")
        assert {row["openUserId"] for row in results if row["state"] == "failed"} == hidden
        assert len(results) == 6

        with Path("out.jsonl").open("a") as file:
            file.write('{"openUserId": "torn')
        dry = one.run("disable", ids, *again.split()[3:], "--dry-run")
        assert "left out 1 lines" in dry.stderr
        assert "dry run, nothing was written. 2 members: 0 would be disabled" in dry.stdout
        done = one.run(*again.split()[2:])
        assert done.returncode == 1
        assert "2 members: 0 disabled, 0 disabled already, 2 failed\n" in done.stdout
        assert [row["openUserId"] in hidden for row in rows("out.jsonl")[6:]] == [True] * 4
        # A member that could not be disabled is not enabled by this.
        done = one.run("enable", "--only-failed", "out.jsonl")
        assert done.returncode == 0
        assert done.stdout.startswith("0 members: ")

    def test_a_dry_run_writes_nothing(self, command):
        """It tells what would change, and how long the quota makes it take."""
        one = command(150, hidden=1)
        seen = [who for who in one.tenant.open_user_ids if who not in one.tenant.hidden]
        one.run("disable", "-", "--quiet", stdin="\n".join(seen[:4]))
        ids = ids_file(one.tenant.open_user_ids)
        done = one.run(
            "disable", ids, "--dry-run", "--results", "out.jsonl", FXIAOKE_SHIM_QUOTA_CALLS="100"
        )
        assert done.returncode == 1
        assert done.stdout.startswith(
            "dry run, nothing was written. 150 members: 145 would be disabled, 4 are disabled "
            "already, 1 not found or hidden\n"
            "the quota makes this take at least 20 s\n"
        )
        assert done.stdout.endswith("next: the same command without --dry-run\n")
        assert one.disabled() == set(seen[:4])
        assert sum(row["state"] == "planned" for row in rows("out.jsonl")) == 145

    def test_a_dry_run_without_a_connection_says_so(self, command):
        """Nothing is known of the members, so none counts as hidden."""
        one = command(3)
        ids = ids_file(one.tenant.open_user_ids)
        one.env["FXIAOKE_SHIM_BASE_URL"] = "http://127.0.0.1:9"
        done = one.run("disable", ids, "--dry-run", FXIAOKE_SHIM_RETRY_SECONDS="0")
        assert done.returncode == 1
        lines = done.stdout.splitlines()
        assert lines[0] == (
            "dry run, nothing was written. 3 members: nothing is known of them, since there was no "
            "connection"
        )
        assert lines[2].startswith("  -1: 3, no connection to http://127.0.0.1:9 ")
        assert lines[-1] == "next: check base_url and the network, then the same command again"

    def test_environment_that_can_send_nothing_is_reported_in_one_line(self, command):
        """It is no failure of members, so there is no summary of them."""
        one = command(3)
        ids = ids_file(one.tenant.open_user_ids)
        done = one.run("disable", ids, "--quiet", HTTP_PROXY="no-scheme:x", NO_PROXY="")
        assert (done.returncode, done.stdout) == (2, "")
        [line] = done.stderr.splitlines()
        assert "nothing was sent: HTTP_PROXY " in line
        assert not one.tenant.calls()

    def test_dry_run_reports_what_it_could_not_look_up(self, command):
        """Apart from who is not found."""
        one = command(2)
        one.tenant.add_faults({"kind": "error", "code": 32000})
        done = one.run("disable", ids_file(one.tenant.open_user_ids), "--dry-run")
        assert ", 0 not found or hidden, 2 could not be looked up\n" in done.stdout

    def test_a_dry_run_that_the_vendor_ends_counts_who_is_left(self, command):
        """They are neither hidden nor failed."""
        one = command(2)
        one.tenant.add_faults({"kind": "error", "code": 30002})
        done = one.run("disable", ids_file(["FSUID_1"] * 2_000), "--dry-run")
        assert re.search(r" could not be looked up, [\d,]+ not attempted\n", done.stdout)

    def test_where_the_mode_is_dry_run_nothing_is_written_either(self, command):
        """The setting holds for this command as well."""
        one = command(3)
        done = one.run("disable", ids_file(one.tenant.open_user_ids), FXIAOKE_SHIM_MODE="dry_run")
        assert done.stdout.startswith("dry run, nothing was written. 3 members")
        assert done.stdout.endswith("the settings say dry_run (mode, or a route)\n")
        assert not one.disabled()

    def test_what_the_vendor_ends_can_be_gone_on_with(self, command):
        """The daily quota is used up: the rest is not attempted, but recorded to be done later."""
        one = command(2)
        one.tenant.add_faults({"kind": "error", "code": 30002})
        ids = ids_file(["FSUID_1"] * 2_000)
        done = one.run("disable", ids, "--results", "out.jsonl", "--quiet")
        assert done.returncode == 1
        first, failed, code, why, *_ = done.stdout.splitlines()
        counts = re.fullmatch(
            r"2,000 members: 0 disabled, 0 disabled already, "
            r"([\d,]+) failed, ([\d,]+) not attempted",
            first,
        )
        tried, left = (int(one.replace(",", "")) for one in counts.groups())
        assert tried + left == 2_000
        assert 0 < tried < left
        assert failed == "failed, by errorCode:"
        assert code.startswith(f"  30002: {counts[1]}, ")
        assert why.startswith("not attempted: ")
        states = Counter(row["state"] for row in rows("out.jsonl"))
        assert states == {"failed": tried, "not_attempted": left}
        assert "--only-failed out.jsonl" in done.stdout
        assert len(rows("out.jsonl")) == 2_000
        assert sum(calls["count"] for calls in one.tenant.calls().values()) < 20


class TestRefusal:
    """What is found before the first member is touched; exit code 2, no traceback."""

    def test_bad_line_far_down_is_found_before_the_first_call(self, command):
        """The file is read to its end first; nothing of it is repeated."""
        one = command()
        ids = ids_file([*one.tenant.open_user_ids * 100, ""])
        done = one.run("disable", ids, "--results", "out.jsonl")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"fxshim: {ids}, line 502: its column holds no id: fill it in, or remove the line\n"
        )
        assert (one.disabled(), Path("out.jsonl").exists()) == (set(), False)

    def test_missing_settings_are_named(self, command):
        """The text of the ConfigurationError."""
        done = command().run("disable", ids_file([]), FXIAOKE_SHIM_CORP_ID="")
        assert (done.returncode, done.stdout) == (2, "")
        assert "corp_id" in done.stderr
        assert "Traceback" not in done.stderr

    def test_missing_file_argument_is_refused(self, command):
        """Only --only-failed can do without."""
        done = command().run("disable")
        assert done.returncode == 2
        assert "FILE is missing" in done.stderr

    def test_results_into_the_file_of_ids_are_refused(self, command):
        """It would be read for ever; also where a results file is read by its ids."""
        one = command()
        one.run("disable", "-", "--results", "out.jsonl", stdin=one.tenant.open_user_ids[0])
        before = Path("out.jsonl").read_text()
        done = one.run("enable", "out.jsonl", "--results", "./out.jsonl")
        assert done.returncode == 2
        assert "name another for --results" in done.stderr
        assert Path("out.jsonl").read_text() == before


class TestTrouble:
    """What goes wrong in the middle."""

    def test_bad_line_on_stdin_ends_after_the_ids_before_it(self, command):
        """What came before it is done and recorded; the summary comes, then the error; code 2."""
        one = command()
        good = one.tenant.open_user_ids[:2]
        text = "\n".join([*good, f"{NAME}, {PHONE}", *one.tenant.open_user_ids[2:]])
        done = one.run("disable", "-", "--results", "out.jsonl", stdin=text)
        assert done.returncode == 2
        assert done.stdout.startswith("2 members: 2 disabled, 0 disabled already, 0 failed\n")
        assert "ended before all ids were done\nnext: run the same command again" in done.stdout
        assert "stdin, line 3: more than one id" in done.stderr.splitlines()[-1]
        assert NAME not in done.stderr
        assert {row["openUserId"] for row in rows("out.jsonl")} == set(good) == one.disabled()

    def test_full_disk_ends_the_run_and_is_reported(self, command):
        """The run ends in good order, and says that not everything is recorded; code 1."""
        one = command(3)
        path = Path("out.jsonl")
        one.run("disable", "-", "--results", path, stdin=one.tenant.open_user_ids[0])
        # Long enough that only this file meets the limit, not what measures the tests.
        path.write_text(path.read_text() * 20_000)
        limit = path.stat().st_size + 5
        full = (
            "import os, resource, sys;"
            f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
            "os.execv(sys.argv[1], sys.argv[1:])"
        )
        done = subprocess.run(
            [sys.executable, "-c", full, FXSHIM, "members", "disable", "-", "--results", path],
            input="\n".join(one.tenant.open_user_ids),
            capture_output=True,
            text=True,
            check=False,
            env=one.env,
        )
        assert done.returncode == 1
        assert done.stdout.startswith("3 members: 2 disabled, 1 disabled already, 0 failed\n")
        assert "out.jsonl cannot be written: File too large" in done.stderr.splitlines()[-1]

    def test_closed_stdout_does_not_end_the_run(self, command):
        """A closed pipe costs the summary, not the run."""
        one = command()
        with one.started("disable", "-", "--quiet") as process:
            process.stdout.close()
            process.stdin.write("\n".join(one.tenant.open_user_ids))
            process.stdin.close()
            said = process.stderr.read()
            assert process.wait(30) == 0
        assert said == ""
        assert len(one.disabled()) == 5

    def test_the_summary_goes_to_stderr_if_stdout_is_full(self, command):
        """It costs neither the run nor its exit code."""
        one = command(2)
        with (
            Path("/dev/full").open("w") as full,
            one.started(
                "disable", ids_file(one.tenant.open_user_ids), "--quiet", stdout=full
            ) as process,
        ):
            said = process.stderr.read()
            assert process.wait(30) == 0
        assert said.startswith(
            "fxshim: stdout cannot be written: No space left on device; the summary:\n"
            "2 members: 2 disabled, 0 disabled already, 0 failed\n"
        )
        assert len(one.disabled()) == 2

    def test_letters_that_the_terminal_lacks_become_question_marks(self, command):
        """They become question marks."""
        one = command(1, hidden=1)
        path = ids_file(one.tenant.open_user_ids)
        done = one.run("disable", path, "--results", f"{NAME}.jsonl", PYTHONIOENCODING="ascii")
        assert done.returncode == 1
        assert done.stdout.endswith("--results '???.jsonl'\n")


class TestInterruption:
    """Ctrl-C and SIGTERM."""

    def test_first_signal_ends_the_run_in_good_order(self, command):
        """What was written is recorded, the summary comes, and the same command finishes it."""
        one = command(250, latency_ms=25)
        ids = ids_file(one.tenant.open_user_ids)
        with one.started("disable", ids, "--results", "out.jsonl") as process:
            until = time.monotonic() + 30
            while len(one.tenant.updates) < 120 and time.monotonic() < until:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "ended before all ids were done\nnext: run the same command again" in out
        counts = re.match(
            r"250 members: (\d+) disabled, 0 disabled already, (\d+) failed, (\d+) not attempted\n",
            out,
        )
        done, failed, left = map(int, counts.groups())
        assert done + failed + left == 250
        # What failed was written, and there was no time to read it back.
        assert failed == 0 or f"  50009: {failed}, written, but it could not be read back" in out
        assert "\nnot attempted: the run was interrupted" in out
        states = Counter(row["state"] for row in rows("out.jsonl"))
        assert (states["changed"], states["failed"]) == (done, failed)
        assert 0 < states["not_attempted"] <= left
        assert "Traceback" not in err
        recorded = {row["openUserId"]: row["state"] for row in rows("out.jsonl")}
        changed = {who for who, state in recorded.items() if state == "changed"}
        assert changed <= one.disabled() <= recorded.keys()
        assert len(changed) < 250
        done = one.run("disable", ids, "--quiet")
        assert done.returncode == 0
        assert len(one.disabled()) == 250

    def test_signal_ends_waiting_for_a_pipe(self, command):
        """No other id is needed."""
        one = command()
        with one.started("disable", "-") as process:
            process.stdin.write("FSUID_1\nFSUID_2\n")
            process.stdin.flush()
            assert process.stderr.readline() == "disabling members: begun\n"
            time.sleep(0.2)  # It makes no difference, but then it waits indeed.
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 130
            assert re.match(r"[012] members: 0 disabled", process.stdout.read())
        assert one.disabled() == set()

    def test_signal_before_the_first_call_says_that_nothing_was_sent(self, command):
        """There is no run to end, and nothing to sum up."""
        one = command()
        os.mkfifo("pipe")
        with one.started("disable", "--only-failed", "pipe") as process:
            pipe = os.open("pipe", os.O_WRONLY)
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
            os.close(pipe)
            assert process.stdout.read() == ""
            assert process.stderr.read() == "fxshim: interrupted; nothing was sent\n"

    def test_second_signal_ends_the_process_at_once(self, command):
        """Calls under way, which take ten minutes, are not waited for."""
        one = command(latency_ms=600_000)
        one.env["FXIAOKE_SHIM_TIMEOUT_SECONDS"] = "600"
        with one.started("disable", ids_file(one.tenant.open_user_ids)) as process:
            process.stderr.readline()
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 130

    def test_the_handlers_that_were_there_come_back(self):
        """And in between the first signal stops, the second leaves."""
        former = signal.getsignal(signal.SIGTERM)
        stopped, left = [], []
        with Interruption(leave=left.append) as interruption:
            interruption.then(lambda: stopped.append("stop"))
            signal.raise_signal(signal.SIGTERM)
            assert interruption.happened
            assert (stopped[0], left) == ("stop", [])
            signal.raise_signal(signal.SIGINT)
        assert left == [130]
        assert signal.getsignal(signal.SIGTERM) is former


class TestProgress:
    """What is shown while it runs."""

    def test_a_terminal_gets_a_bar(self, command):
        """It shows counts and no ids."""
        one = command(120, latency_ms=5)
        master, slave = pty.openpty()
        with one.started("disable", ids_file(one.tenant.open_user_ids), stderr=slave) as process:
            os.close(slave)
            shown = b""
            while chunk := read_terminal(master):
                shown += chunk
            assert process.wait(30) == 0
        os.close(master)
        text = shown.decode()
        assert "120 of 120 done, 0 failed" in text
        assert "━" in text
        assert "FSUID" not in text
        assert text.rfind("\x1b[?25h") > text.rfind("\x1b[?25l"), "the cursor is back"


def read_terminal(master):
    """Return what has been written to a terminal; nothing once its other end is closed."""
    try:
        return os.read(master, 65_536)
    except OSError:  # So Linux tells that the other end is closed.
        return b""
