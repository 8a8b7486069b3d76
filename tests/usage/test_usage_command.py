"""`fxshim usage`: its tables, options and errors."""

import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from usage_logs import as_json, at, called, compared, finished, summarized, write

from shim.notices._events import ProcessStarted
from shim.offline import ENDPOINTS

FXSHIM = Path(sys.executable).with_name("fxshim")


def run(*arguments, stdin=""):
    return subprocess.run(
        [str(FXSHIM), "usage", *map(str, arguments)],
        capture_output=True,
        text=True,
        input=stdin,
        check=False,
        encoding="utf-8",
    )


class TestCommand:
    @pytest.fixture
    def log(self, tmp_path):
        now = datetime.now(timezone.utc)
        days = [f"{now - timedelta(days=day):%Y-%m-%d} 10:00:00 x" for day in range(40)]
        events = [
            called(1),
            finished(2),
            finished(2, mode="shadow"),
            compared("mismatch", ("errorCode",)),
            summarized(1234, second=5),
            summarized(3, function="update_member", code="FXO003", caller_module="b", site=2),
            summarized(1, caller_file="", caller_module="", caller_function="", site=3),
        ]
        return write(tmp_path / "a.log", [*map(as_json, events), *days])

    def test_table_by_site_has_most_calls_first(self, log):
        """A line a site, those with the most calls first."""
        done = run(log)
        assert (done.returncode, done.stderr) == (0, "")
        head, _no_end, titles, first, *_ = done.stdout.splitlines()
        assert head.startswith("1 log, 47 lines, 7 events of 1 process, 2026-")
        assert titles.split()[:4] == ["site", "service", "function", "calls"]
        assert first.startswith("hr.go (hr.py:7)")
        assert "1,234" in first
        assert "100.0% of 1" in first
        assert "(sites counted together)" in done.stdout

    @pytest.mark.parametrize(
        ("by", "expected"),
        [
            ("function", "set_member_status_batch  "),
            ("module", "(sites counted together)"),
            ("day", "2026-11-01"),
        ],
    )
    def test_table_adds_up_by_the_option(self, log, by, expected):
        """Added up by what is asked for."""
        done = run(log, "--by", by)
        assert done.returncode == 0
        assert expected in done.stdout

    def test_since_prints_a_verdict_for_each_function_and_site(self, log):
        """A verdict for each function, and for each site."""
        today = (datetime.now(timezone.utc) - datetime(2026, 11, 1, tzinfo=timezone.utc)).days
        started = ProcessStarted(version="1", service="hr-sync", instance="2-b", at=at(today))
        with Path(log).open("a", encoding="utf-8") as out:
            out.write(as_json(started))
        done = run(log, "--since", "2w")
        assert "set_member_status_batch in hr.go (hr.py:7)" in done.stdout
        assert done.stdout.count("never called in these logs") == 24

    def test_as_of_judges_by_another_day(self, log):
        """Judged on another day than today."""
        done = run(log, "--since", "30d", "--as-of", "2030-01-01")
        assert done.returncode == 0
        assert " d  " in done.stdout

    def test_json_has_everything(self, log):
        """Everything, for other programs."""
        data = json.loads(run(log, "--json").stdout)
        assert data["version"] == 2
        assert len(data["functions"]) == len(ENDPOINTS)
        assert data["functions"][0]["calls"] == 1235
        assert {one["calls"] for one in data["sites"]} == {1234, 3, 1}
        assert sum(one["calls"] for one in data["days"]) == 1238

    def test_stdin_is_read(self, log):
        """As a filter."""
        done = run("-", stdin=Path(log).read_text(encoding="utf-8"))
        assert "hr.go (hr.py:7)" in done.stdout

    def test_html_writes_the_report_and_says_so(self, log, tmp_path):
        """A page, and word of it."""
        page = tmp_path / "report.html"
        done = run(log, "--html", page)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == f"fxshim: wrote {page}\n"
        assert page.read_text(encoding="utf-8").startswith("<!doctype html>")

    def test_logs_without_an_event_of_the_shim_are_questioned(self, tmp_path):
        """Says what may be the matter."""
        done = run(write(tmp_path / "a.log", ["x"]))
        assert done.returncode == 0
        assert "these logs have no event of the shim" in done.stdout

    def test_skipped_lines_are_told(self, tmp_path):
        """With the place of the first."""
        path = write(tmp_path / "a.log", [as_json(called())[:80]])
        assert f"not known: 1 line was not read (the first: {path}:1 " in run(path).stdout

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            (["no.log"], "fxshim: no.log: there is no such file"),
            (["--as-of", "today"], "fxshim: --as-of is not a day: write 2026-11-26"),
            (["--as-of", "0001-01-01"], "fxshim: --as-of is not a day: write 2026-11-26"),
            (["--since", "soon"], "fxshim: --since is neither days nor weeks: write 30d, or 4w"),
            (["--html", "/no/such/dir/x.html"], "fxshim: /no/such/dir/x.html: cannot be written"),
        ],
    )
    def test_wrong_options_are_one_line_and_exit_code_2(self, log, arguments, text):
        """A clear word, and exit code 2."""
        given = arguments if arguments == ["no.log"] else [log, *arguments]
        done = run(*given)
        assert done.returncode == 2
        assert done.stderr.startswith(text)
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("by", ["site", "function", "module", "day"])
    def test_no_line_is_wider_than_the_screen(self, log, monkeypatch, capsys, by):
        """No line is longer than the screen is wide."""
        from shim.cli import usage as command  # noqa: PLC0415 - the command's own module.

        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        for columns, since in ((80, None), (80, "30d"), (40, None)):
            monkeypatch.setenv("COLUMNS", str(columns))
            assert command.show(command.UsageOptions((log,), by, since, 0)) == 0
            shown = capsys.readouterr().out
            assert max(map(len, shown.splitlines())) <= columns
            assert "1,234" in shown or by != "site" or since
