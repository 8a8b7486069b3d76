"""`fxshim usage` at its edges: services, options for CI, other forms, streams and hostile names."""

import csv
import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
import unicodedata
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shim.cli._usage_tables import Days, Rate, Rows
from shim.offline import ENDPOINTS
from shim.usage import read_usage
from shim.usage.figures import as_json, figures
from shim.usage.safe import in_json, one_line, plain, write_whole
from shim.usage.verdict import Judge

FXSHIM = Path(sys.executable).with_name("fxshim")
NOW = datetime(2026, 11, 26, 12, tzinfo=timezone.utc)
HOSTILE = "\x1b]0;title\x07\x1b[2J\x9b31m\u202eabc\u2028d\x7f"
COMMON = {
    "code": "FXO001",
    "function": "set_member_status_batch",
    "replacement": "PersonnelObj update",
    "address": "fxshim explain FXO001",
    "caller_file": "hr.py",
    "caller_line": 7,
    "caller_module": "hr",
    "caller_function": "go",
    "site": 1,
    "calls": 5,
    "mode": "object",
    "overflow": False,
    "service": "hr-sync",
    "instance": "1-a",
    # Of other events than the summary; each has what it needs.
    "against": "object",
    "mismatches": [],
    "expected": [],
    "predicted_error_code": 0,
    "reason": "",
    "seconds": 0.1,
}


def event(ago, name="offline_usage_summarized", **others):
    at = f"{NOW - timedelta(days=ago):%Y-%m-%dT%H:%M:%S}.000Z"
    return json.dumps({"event": f"shim.{name}", **COMMON, "at": at, **others})


def started(ago, **others):
    return event(ago, "process_started", version="1", **others)


DAYS = [f"{NOW - timedelta(days=ago):%Y-%m-%d} 10:00:00 x" for ago in range(60, -1, -1)]
QUIET = [*DAYS, event(40), started(20, instance="2-b")]
CALLED = [*QUIET, event(2, instance="2-b")]


@pytest.fixture
def log(tmp_path, monkeypatch):
    """Return a function that writes a log and returns its name."""
    monkeypatch.chdir(tmp_path)

    def log(lines, name="app.log"):
        Path(name).write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
        return name

    return log


def run(*arguments, **options):
    return subprocess.run(
        [str(FXSHIM), "usage", "--as-of", "2026-11-26", *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
        **options,
    )


def in_shell(script):
    done = subprocess.run(["/bin/bash", "-c", script], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


class TestHead:
    @pytest.mark.parametrize(
        ("lines", "text"),
        [
            (QUIET, "ready 1 of 1 that were called; 25 never called"),
            (CALLED, "ready 0 of 1 that were called; 25 never called"),
            ([*QUIET, event(3)[:99]], "ready 0 of 1 that were called; 25 not seen"),
            ([event(3)], "ready 0 of 1 that were called; 25 not seen"),
        ],
    )
    def test_counts_what_is_ready(self, log, lines, text):
        """Of what was called; that something was never called is no success, and may be unknown."""
        assert text in run(log(lines), "--since", "30d").stdout.splitlines()

    def test_says_what_is_missing(self, log):
        """Each reason with what to do, and which counts are not whole."""
        more = [event(2, "notice_hook_failed", error="X"), event(3)[:99]]
        out = run(
            log([*QUIET, *more, event(40, service="portal", instance="3-c")]), "--since", "30d"
        ).stdout
        assert "not known: 1 line was not read (the first: app.log:65 " in out
        assert "not known: shim.notice_hook_failed in the log of hr-sync: events are missing" in out
        assert "not known: no process of portal was seen in these 30 days; give its logs" in out
        assert "3 of 3 processes logged no end: still running, or killed; calls since their" in out

    def test_a_service_that_is_switched_off(self, log):
        """Is named by an option."""
        path = log([*QUIET, event(40, service="portal", instance="3-c")])
        asked = (path, "--since", "30d", "--fail-unless-ready")
        assert run(*asked).returncode == 1
        assert run(*asked, "--gone", "portal").returncode == 0

    def test_head_says_whether_calls_end_by_the_target(self, log):
        """If a day is given by which there should be no call."""
        falls = [event(ago, calls=500 - ago * ago // 2) for ago in range(30, 0, -1)]
        done = run(log([*DAYS, *falls]), "--target", "2027-03-31")
        (line,) = [one for one in done.stdout.splitlines() if "2027-03-31" in one]
        assert line.startswith("on course for 2027-03-31: ")
        data = json.loads(run("app.log", "--target", "2026-11-20", "--json").stdout)
        assert data["target"]["on_course"] is False
        assert json.loads(run("app.log", "--json").stdout)["target"] is None


class TestServices:
    def test_same_site_of_two_services_has_two_rows(self, log):
        """And two with the same site are two rows."""
        path = log([event(3), event(4, service="portal", instance="2-b")])
        lines = run(path).stdout.splitlines()
        assert [one.split()[:3] for one in lines if one.startswith("hr.go")] == [
            ["hr.go", "(hr.py:7)", "hr-sync"],
            ["hr.go", "(hr.py:7)", "portal"],
        ]

    def test_services_without_calls_are_listed(self, log):
        """Also those that call nothing, and that of version 0.1."""
        old = {"service": None, "instance": None, "process": "3-c"}
        nameless = json.loads(event(9, **old))
        nameless = {name: value for name, value in nameless.items() if value is not None}
        path = log([event(3), started(2, service="portal"), json.dumps(nameless)])
        table = [" ".join(one.split()) for one in run(path, "--by", "service").stdout.splitlines()]
        assert table[-3:] == [
            "(not known) 1 1 5 1 1 2026-11-17 2026-11-17",
            "hr-sync 1 1 5 1 1 2026-11-23 2026-11-23",
            "portal 0 0 0 1 1 2026-11-24 2026-11-24",
        ] or table[-1].startswith("portal 0 0 0")


class TestExitCodes:
    @pytest.mark.parametrize(
        ("lines", "options", "code", "text"),
        [
            (QUIET, ["--fail-on-calls"], 1, "--fail-on-calls: 1 function called"),
            (QUIET, ["--fail-on-calls", "--since", "30d"], 0, ""),
            (CALLED, ["--fail-on-calls", "--since", "30d"], 1, "batch: called 2 days ago at hr.py"),
            ([started(3)], ["--fail-on-calls"], 0, ""),
            (["x"], ["--fail-on-calls"], 2, "no process with the shim is in these logs"),
            ([started(3), event(2)[:99]], ["--fail-on-calls"], 2, "1 line was not read"),
            (
                [started(3), event(2, "logger_disabled", logger="shim")],
                ["--fail-on-calls"],
                2,
                "shim.logger_disabled",
            ),
            (
                [started(3)],
                ["--fail-on-calls", "--since", "30d"],
                2,
                "not yet: no log for 29 of 30 days",
            ),
            (QUIET, ["--fail-unless-ready"], 0, ""),
            (
                CALLED,
                ["--fail-unless-ready"],
                1,
                "batch: called 2 days ago at hr.py:7 (and 1 more)",
            ),
            ([*QUIET, event(3)[:99]], ["--fail-unless-ready"], 1, "1 line was not read"),
            (["x"], ["--fail-unless-ready"], 1, "not yet: the log covers none of the 30 days"),
            (CALLED, ["--fail-on-calls", "--fail-unless-ready"], 1, "--fail-on-calls: "),
        ],
    )
    def test_fail_options_give_1_or_2_and_say_why(self, log, lines, options, code, text):
        """1: not as asked; 2: not known. Stderr says why."""
        done = run(log(lines), *options)
        assert (done.returncode, done.stderr[:14]) == (code, "fxshim: --fail" if text else "")
        assert text in done.stderr

    @pytest.mark.parametrize("form", [(), ("--json",), ("--csv",)], ids=" ".join)
    def test_what_is_asked_is_printed_all_the_same(self, log, form):
        """In whatever form."""
        path = log(CALLED)
        done = run(path, *form, "--fail-on-calls")
        assert (done.returncode, done.stdout) == (1, run(path, *form).stdout)

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            (["--target", "soon"], "fxshim: --target is not a day: write 2026-11-26"),
            (["--json", "--csv"], "fxshim: Invalid value: --json and --csv exclude each other"),
        ],
    )
    def test_options_that_cannot_be(self, log, arguments, text):
        """In one line."""
        done = run(log(QUIET), *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(text)


class TestCSV:
    @pytest.mark.parametrize("by", ["site", "function", "module", "service", "day", None])
    def test_is_the_table_that_is_asked_for(self, log, by):
        """RFC 4180, with plain numbers; a hostile name is no formula and no control sequence."""
        lines = [*CALLED, event(5, caller_module="=cmd|' /C calc'!A0", calls=1234, site=2)]
        other = {"caller_module": "a\u202eb", "service": "@SUM(1)", "caller_function": "-f"}
        lines.append(event(6, **other, site=3))
        lines.append(event(6, function="update_member", site=4))
        lines.append(event(6, "shadow_compared", result="mismatch", mismatches=[], site=3))
        asked = ["--since", "30d"]
        done = subprocess.run(
            [str(FXSHIM), "usage", log(lines), "--csv", *(["--by", by] if by else asked)],
            capture_output=True,
            check=True,
        )
        text = done.stdout.decode()
        assert text.count("\r\n") == text.count("\n")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len({len(row) for row in rows}) == 1
        assert len(rows) > 2
        cells = {cell for row in rows for cell in row}
        assert not [one for one in cells if one.startswith(("=", "+", "-", "@"))]
        assert not [one for one in text if unicodedata.category(one) == "Cc" and one not in "\r\n"]
        assert "\u202e" not in text
        if by in {"site", "function"}:
            assert "1234" in cells or "1249" in cells
            assert "1.0" in cells
        if by is None:
            assert rows[0] == ["what", "service", "quiet", "state", "verdict"]
            assert {row[3] for row in rows[1:]} <= {"called", "not_known", "ready", "never_called"}

    def test_says_on_stderr_what_is_missing(self, log):
        """The table has no place for it."""
        done = run(log([*CALLED, event(3)[:99]]), "--csv")
        assert "fxshim: not known: 1 line was not read" in done.stderr

    @given(st.lists(st.tuples(st.text(), st.integers(), st.floats(0, 99)), max_size=5))
    def test_what_is_written_is_read(self, given_rows):
        """Any text is one cell; what begins like a formula gets an apostrophe."""
        table = Rows("text", "calls", "quiet", "mismatches", "none")
        for text, number, days in given_rows:
            table.add(text, number, Days(days), Rate(1, 4), None)
        read = csv.reader(io.StringIO("".join(table.csv()), newline=""))
        assert next(read) == ["text", "calls", "quiet", "mismatches", "none"]
        for (text, number, days), row in zip(given_rows, read, strict=True):
            assert row[0].removeprefix("'") == one_line(text).removeprefix("'")
            assert not row[0].lstrip().startswith(("=", "+", "-", "@"))
            assert row[1:] == [str(number), str(days), "0.25", ""]


class TestJSON:
    @settings(max_examples=50)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(st.characters()),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
        )
    )
    def test_json_keeps_hostile_letters_as_escapes(self, value):
        """Also with letters that no terminal should see and that no UTF-8 can hold."""
        data = {"one": value, "rows": [value, value], "none": []}
        text = "".join(as_json(data))
        assert json.loads(text) == json.loads(json.dumps(data))
        assert plain(text) == text

    def test_each_row_of_a_list_is_one_line(self, log):
        """So that grep has something to go by, and nothing is built as a whole."""
        text = run(log(CALLED), "--json").stdout
        assert (
            len([one for one in text.splitlines() if one.startswith('{"function": ')])
            == len(ENDPOINTS) + 1
        )

    def test_ten_thousand_sites_cost_what_they_are(self, log):
        """A site costs no more beside many, of one function with calls that have no site too."""

        def seconds(count):
            lines = [event(3, caller_function=f"f{n}", site=n) for n in range(count)]
            lines.append(event(3, caller_file="", caller_function="", site=count))
            usage = read_usage([log(lines)], now=NOW)
            began = time.process_time()
            data = figures(usage, Judge(usage, 30), {})
            assert len("".join(as_json(data)).splitlines()) > count
            return time.process_time() - began

        seconds(10)
        assert seconds(10_000) < 30 * max(seconds(1000), 0.01)


class TestStreams:
    @pytest.mark.parametrize(
        ("form", "option", "code"),
        [
            ("", "", 0),
            ("--json", "--fail-on-calls", 1),
            ("--csv", "", 0),
            ("--since 30d", "--fail-on-calls", 1),
        ],
    )
    def test_a_reader_that_has_gone_changes_no_exit_code(self, log, form, option, code):
        """Neither at once nor after a part."""
        path = log([event(3, caller_function=f"f{n}", site=n) for n in range(3000)])
        for reader in ("true", "head -c 1"):
            script = f"{FXSHIM} usage {path} {form} {option} | {reader}; echo ${{PIPESTATUS[0]}}"
            _, out, err = in_shell(script)
            assert out.splitlines()[-1].endswith(str(code))
            assert "Traceback" not in err

    def test_nor_that_of_a_baseline(self, log):
        """1 means new call sites."""
        path = log(CALLED)
        script = (
            f"{FXSHIM} baseline write {path} >/dev/null;"
            f"{FXSHIM} baseline check {path} | true; echo ${{PIPESTATUS[0]}}"
        )
        assert in_shell(script)[1] == "0\n"

    @pytest.mark.parametrize("words", ["--help", "usage --help", "--version"])
    def test_nor_is_help_that_is_not_read_a_finding(self, words):
        """0, or what a shell has for SIGPIPE."""
        _, out, _ = in_shell(f"{{ sleep 1; {FXSHIM} {words}; }} | true; echo ${{PIPESTATUS[0]}}")
        assert out in {"0\n", "141\n"}

    @pytest.mark.parametrize("stream", [">&-", "> /dev/full"])
    @pytest.mark.parametrize("form", ["", "--json", "--csv"])
    def test_a_stdout_that_cannot_be_written(self, log, stream, form):
        """Is said on stderr; exit code 2."""
        code, _, err = in_shell(f"{FXSHIM} usage {log(CALLED)} {form} {stream}")
        assert (code, err.count("\n")) == (2, 1)
        assert err.startswith("fxshim: stdout ")

    @pytest.mark.parametrize("stream", ["2>&-", "2> /dev/full"])
    def test_a_stderr_that_cannot_be_written(self, log, stream):
        """Loses nothing: what is wrong is said on stdout."""
        path = log(CALLED)
        Path("empty.json").write_text('{"version": 2, "sites": []}', encoding="utf-8")
        code, out, _ = in_shell(f"{FXSHIM} usage no.log {stream}")
        assert (code, out[:30]) == (2, "fxshim: no.log: there is no su")
        code, out, _ = in_shell(f"{FXSHIM} baseline check {path} --baseline empty.json {stream}")
        assert code == 1
        assert "set_member_status_batch in hr.go of hr-sync" in out
        code, out, _ = in_shell(f"{FXSHIM} usage {path} --html r.html --json {stream}")
        assert (code, out[0], out[-2]) == (0, "{", "}")

    def test_what_a_library_left_in_a_stream_changes_no_exit_code(self):
        """As it does if Python finds it at the end."""
        script = "import sys; from shim.cli import _output; sys.stdout.write('x')"
        for end in ("", "; _output.flush()"):
            code, _, _ = in_shell(
                f'unset PYTHONUNBUFFERED; {sys.executable} -c "{script}{end}" > /dev/full'
            )
            assert (code == 0) == bool(end)

    def test_closed_stdout_and_stderr_leave_the_exit_code(self, log):
        """Leave the exit code."""
        assert in_shell(f"{FXSHIM} usage no.log >&- 2>&-") == (2, "", "")
        assert in_shell(f"{FXSHIM} usage {log(CALLED)} > /dev/full 2> /dev/full")[0] == 2


@contextmanager
def files_of_at_most(count):
    """Have no file of this process grow beyond `count` bytes, as a full disk would."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        signal.signal(signal.SIGXFSZ, before)


class TestReportFile:
    @pytest.mark.parametrize("link", ["itself", "symbolic", "hard", "stdin"])
    def test_is_never_one_of_the_logs(self, log, link):
        """By whatever name."""
        path, page = log(CALLED), "page.html"
        before = Path(path).read_bytes()
        if link == "symbolic":
            Path(page).symlink_to(path)
        elif link == "hard":
            os.link(path, page)
        else:
            page = path
        with Path(path).open("rb") as opened:
            done = run("-" if link == "stdin" else path, "--html", page, stdin=opened)
        assert (done.returncode, Path(path).read_bytes()) == (2, before)
        assert done.stderr == f"fxshim: {page} is one of the logs: name another file for --html\n"

    def test_report_is_written_to_regular_files_only(self, log):
        """A pipe would be waited for."""
        path = log(CALLED)
        os.mkfifo("pipe")
        Path("folder").mkdir()
        for name in ("pipe", "folder", "/dev/null"):
            done = run(path, "--html", name, timeout=30)
            assert done.returncode == 2
            assert done.stderr == f"fxshim: {name}: cannot be written (it is not a regular file)\n"

    def test_is_written_whole_or_not_at_all(self, log):
        """On a full disk what was there stays, and nothing is left beside it."""
        log(CALLED)
        page = Path("page.html")
        write_whole(page, "old")
        with files_of_at_most(4096), pytest.raises(OSError, match="File too large"):
            write_whole(page, "new" * 5000)
        assert page.read_text(encoding="utf-8") == "old"
        assert sorted(one.name for one in Path().iterdir()) == ["app.log", "page.html"]
        assert run("app.log", "--html", "page.html").returncode == 0
        assert page.read_text(encoding="utf-8").endswith("</html>\n")

    def test_what_is_no_file_is_not_replaced(self, log):
        """Though it came in between."""
        log(CALLED)
        with pytest.raises(OSError, match="not a regular file"):
            write_whole(Path("/dev/null"), "x")


texts = st.text(st.characters() | st.sampled_from(HOSTILE))


class TestHostileNames:
    @given(texts)
    def test_no_text_has_what_a_terminal_obeys(self, text):
        """And what is harmless stays."""
        for made in (plain(text), one_line(text), in_json(text)):
            obeyed = {"Cc", "Cs", "Zl", "Zp"}
            left = {one for one in made if unicodedata.category(one) in obeyed} - {"\n", "\t"}
            assert left == set()
            assert not {"BDI", "RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI", "PDF", "PDI"} & {
                unicodedata.bidirectional(one) for one in made
            }
        assert "\n" not in one_line(text)
        if text.isascii() and text.isprintable():
            assert plain(text) == one_line(text) == in_json(text) == text

    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            ("--by", "function"),
            ("--by", "module"),
            ("--by", "service"),
            ("--since", "30d", "--fail-unless-ready"),
            ("--json",),
            ("--csv",),
        ],
        ids=" ".join,
    )
    def test_hostile_letters_in_any_field_are_escaped(self, log, arguments):
        """In whatever field of an event they are."""
        named = ("function", "caller_module", "caller_function", "caller_file", "mode", "code")
        named += ("replacement", "address", "instance", "service")
        names = (HOSTILE, f"a\n{HOSTILE}", "\ud800\x9b2J")
        pairs = [(field, name) for field in named for name in names]
        events = [event(3, **{field: name, "site": n}) for n, (field, name) in enumerate(pairs)]
        done = run(log(events), *arguments)
        assert done.stdout
        assert not set(done.stdout + done.stderr) & set("\x1b\x07\x9b\u202e\u2028\x7f")

    def test_hostile_letters_in_file_names_are_escaped(self, tmp_path):
        """In an error as well."""
        done = run(str(tmp_path / HOSTILE))
        assert done.returncode == 2
        assert "\\x1b]0;title\\x07\\x1b[2J\\x9b31m\\u202eabc d\\x7f: there is no" in done.stderr
