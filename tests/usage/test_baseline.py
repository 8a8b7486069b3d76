"""The ratchet: known call sites may go, none may come unseen."""

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shim.usage import SiteKey
from shim.usage.baseline import BaselineError, compare, load, save

FXSHIM = Path(sys.executable).with_name("fxshim")
names = st.text(min_size=1, max_size=8)
keys = st.builds(SiteKey, names, names, names, names | st.just(""))
alike = st.builds(
    SiteKey,
    st.sampled_from("fg"),
    st.just("m"),
    st.sampled_from(["go", "A.go", "B.go", "A.b.go", "stop", "A.", ""]),
    st.sampled_from(["", "hr", "portal"]),
)


class TestFile:
    @given(sites=st.sets(keys, max_size=6))
    def test_what_is_saved_is_loaded(self, sites, tmp_path_factory):
        """Sorted, a site a line, whatever they are called."""
        path = tmp_path_factory.mktemp("b") / "b.json"
        save(path, sites)
        assert load(path) == sorted(sites)
        assert len(path.read_text(encoding="utf-8").split('{"function"')) == len(sites) + 1

    def test_the_same_sites_make_the_same_file(self, tmp_path):
        """So that a commit shows only what has changed."""
        one, two = tmp_path / "1", tmp_path / "2"
        sites = [SiteKey("f", "m", "q"), SiteKey("a", "m", "q"), SiteKey("f", "m", "q")]
        save(one, sites)
        save(two, sites[::-1])
        assert one.read_bytes() == two.read_bytes()
        assert one.read_text().endswith("]\n}\n")

    def test_a_name_that_no_utf_8_can_hold(self, tmp_path):
        """As a file name may be, from a log: it is found again."""
        path, sites = tmp_path / "b.json", [SiteKey("f", "m\ud800", "q\u202e\x9b", "hr")]
        save(path, sites)
        assert load(path) == sites
        assert path.read_text(encoding="utf-8").isascii()

    def test_permissions_and_links_stay(self, tmp_path):
        """A file that others may read stays so; a link still leads to it."""
        path, link = tmp_path / "b.json", tmp_path / "link.json"
        save(path, [])
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        path.chmod(0o600)
        link.symlink_to(path)
        save(link, [SiteKey("f", "m", "q")])
        assert link.is_symlink()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(load(path)) == 1
        assert sorted(one.name for one in tmp_path.iterdir()) == ["b.json", "link.json"]

    def test_what_cannot_be_written_loses_nothing(self, tmp_path):
        """And says so."""
        with pytest.raises(BaselineError, match=r"no/b\.json: cannot be written"):
            save(tmp_path / "no" / "b.json", [])

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('{"version": 3, "sites": []}', "has version 3, and this fxshim reads"),
            ("[]", "is not a baseline: it has no version"),
            ('{"version": true, "sites": []}', "is not a baseline"),
            ('{"version": 0, "sites": []}', "is not a baseline"),
            ('{"version": 1}', "should hold version and sites"),
            ('{"version": 1, "sites": [], "more": 1}', "and nothing else"),
            ('{"version": 1, "sites": [1]}', "site no. 1 should hold function, module, qual"),
            ("<<<<<<< HEAD\n{}", "is not valid JSON at line 1; fix it"),
        ],
    )
    def test_file_that_is_no_baseline_is_refused(self, tmp_path, text, expected):
        """Is refused, with what to do."""
        path = tmp_path / "b.json"
        path.write_text(text)
        with pytest.raises(BaselineError) as caught:
            load(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert expected in str(caught.value)

    def test_missing_or_unreadable_baseline_is_refused(self, tmp_path):
        """None there, a directory, no text."""
        with pytest.raises(BaselineError, match="there is no baseline yet"):
            load(tmp_path / "b.json")
        with pytest.raises(BaselineError, match="cannot be read"):
            load(tmp_path)
        (tmp_path / "b.json").write_bytes(b"\xff")
        with pytest.raises(BaselineError, match="cannot be read"):
            load(tmp_path / "b.json")


class TestCompare:
    @given(known=st.sets(keys), seen=st.sets(keys))
    def test_each_is_new_gone_or_kept(self, known, seen):
        """Nothing is lost, and the same on both sides is kept."""
        found = compare(known, seen)
        assert sorted([*found.kept, *found.gone]) == sorted(known)
        assert set(found.new) <= seen
        assert known & seen <= set(found.kept)
        again = compare(found.kept, seen - set(found.new))
        assert (again.new, again.gone) == ((), ())

    @pytest.mark.parametrize(
        ("known", "seen", "same"),
        [
            ("Sync.push", "push", True),
            ("push", "Sync.push", True),
            ("outer.<locals>.inner", "inner", True),
            ("Sync.push", "Other.push", False),
            ("Sync.push", "pull", False),
        ],
    )
    def test_names_without_a_dot_match_qualified_names(self, known, seen, same):
        """Which has no qualified ones."""
        found = compare([SiteKey("f", "m", known)], [SiteKey("f", "m", seen)])
        assert (found.new == ()) == same
        assert (found.gone == ()) == same
        other = compare([SiteKey("f", "m", known)], [SiteKey("f", "n", seen)])
        assert other.new

    @given(known=st.sets(alike, max_size=9), seen=st.sets(alike, max_size=9))
    def test_two_are_one_by_names_and_service(self, known, seen):
        """As a comparison of each with each says."""
        found = compare(known, seen)
        assert found.new == tuple(
            one for one in sorted(seen) if not any(same(one, other) for other in known)
        )
        assert found.gone == tuple(
            one for one in sorted(known) if not any(same(one, other) for other in seen)
        )

    def test_ten_thousand_sites_take_no_time_of_their_own(self):
        """A comparison of each with each takes minutes."""
        one = [SiteKey("f", "m", f"C{number}.go", "hr") for number in range(10_000)]
        two = [SiteKey("f", "m", f"D{number}.go", "hr") for number in range(10_000)]
        began = time.process_time()
        found = compare(one, [*two, one[0]])
        assert time.process_time() - began < 5
        assert (len(found.new), len(found.gone), len(found.kept)) == (10_000, 9_999, 1)


def same(one, other):
    """Whether two are one: short names and missing services match any."""
    names, services = {one[2], other[2]}, {one.service, other.service}
    short = any("." not in name for name in names)
    return (
        one[:2] == other[:2]
        and (len(services) == 1 or "" in services)
        and (len(names) == 1 or (short and len({name.split(".")[-1] for name in names}) == 1))
    )


def line(name, *, file="hr.py", site=1, service="", event="shim.offline_usage_summarized"):
    return json.dumps(
        {
            "event": event,
            "error": "KeyError",
            "version": "1",
            "service": service,
            "code": "FXO007",
            "function": "get_department_list",
            "replacement": "DepartmentObj query",
            "address": "fxshim explain FXO007",
            "caller_file": file,
            "caller_line": 9,
            "caller_module": "hr" if file else "",
            "caller_function": name,
            "site": site,
            "calls": 3,
            "mode": "object",
            "overflow": not file,
            "instance": f"1-a{service}",
            "at": "2026-11-01T00:00:00.000Z",
        }
    )


class TestCommand:
    @pytest.fixture
    def log(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

        def log(*lines):
            (tmp_path / "app.log").write_text("".join(f"{one}\n" for one in lines))
            return "app.log"

        return log

    @staticmethod
    def run(*arguments):
        done = subprocess.run(
            [str(FXSHIM), "baseline", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def kept(self, path="fxiaoke-shim.baseline.json"):
        return [one.qualified_name for one in load(Path(path))]

    def test_written_baseline_passes_the_check(self, log):
        """What was written passes."""
        path = log(line("a"), line("b"))
        assert self.run("write", path) == (
            0,
            "wrote fxiaoke-shim.baseline.json: 2 call sites, 2 of them new; 0 gone\n",
            "",
        )
        assert self.run("check", path) == (
            0,
            "no new call site; 2 of 2 known ones are still there\n",
            "",
        )
        assert self.run("write", log(line("b"), line("c")))[1].endswith("1 of them new; 1 gone\n")
        assert self.kept() == ["b", "c"]

    def test_new_site_fails_and_nothing_is_removed(self, log):
        """With its place and what to do; nothing is forgotten then."""
        self.run("write", log(line("a"), line("b")))
        code, out, err = self.run("check", log(line("b"), line("c")))
        assert (code, out) == (1, "")
        assert "1 call sites are not in fxiaoke-shim.baseline.json:" in err
        assert (
            "  get_department_list in hr.c (hr.py:9): write DepartmentObj query instead, "
            "see fxshim explain FXO007\n"
        ) in err
        assert "fxshim baseline write" in err
        assert self.kept() == ["a", "b"]

    def test_one_that_is_gone_is_forgotten(self, log):
        """And may not come back."""
        path = "other.json"
        self.run("write", log(line("a"), line("b")), "--baseline", path)
        code, out, _ = self.run("check", log(line("b")), "--baseline", path, "--no-shrink")
        assert (code, self.kept(path)) == (0, ["a", "b"])
        assert "would remove get_department_list in hr.a" in out
        code, out, _ = self.run("check", log(line("b")), "--baseline", path)
        assert (code, self.kept(path)) == (0, ["b"])
        assert "removed get_department_list in hr.a" in out
        assert self.run("check", log(line("a")), "--baseline", path)[0] == 1

    def test_logs_without_a_call_need_the_option_empty(self, log):
        """They do not prove the end of the migration; the option says it."""
        self.run("write", log(line("a")))
        code, _, err = self.run("check", log("nothing"))
        assert (code, self.kept()) == (2, ["a"])
        assert "use --empty" in err
        assert self.run("check", log("nothing"), "--empty")[0] == 0
        assert self.kept() == []
        assert self.run("check", log("nothing"))[0] == 0

    def test_unusable_baseline_or_log_ends_with_exit_code_2(self, log):
        """No baseline, no log, a full table: exit code 2."""
        assert self.run("check", log(line("a")))[2] == (
            "fxshim: fxiaoke-shim.baseline.json: there is no baseline yet; write one first\n"
        )
        code, _, err = self.run("write", "no.log")
        assert code == 2
        assert "there is no such file" in err
        code, _, err = self.run("write", log(line("", file="")))
        assert code == 2
        assert "counted together" in err

    @pytest.mark.parametrize("command", ["write", "check"])
    @pytest.mark.parametrize(
        ("more", "text"),
        [
            (line("b")[:70], "1 line was not read (the first: app.log:2 names an event"),
            (
                line("b", event="shim.notice_hook_failed"),
                "shim.notice_hook_failed in the log: events are missing, so a call site may",
            ),
            (line("b", event="shim.logger_disabled"), "shim.logger_disabled in the log"),
        ],
    )
    def test_logs_that_do_not_tell_all(self, log, command, more, text):
        """May lack a call site: exit code 2, and the baseline stays as it is."""
        self.run("write", log(line("a")))
        code, out, err = self.run(command, log(line("a"), more))
        assert (code, out, self.kept()) == (2, "", ["a"])
        assert err.startswith(f"fxshim: {text}")
        assert err.count("\n") == 1

    def test_two_services_with_the_same_function(self, log):
        """Are two call sites."""
        self.run("write", log(line("main", service="hr")))
        code, _, err = self.run("check", log(*(line("main", service=one) for one in ("hr", "x"))))
        assert code == 1
        assert "  get_department_list in hr.main of x (hr.py:9): " in err

    def test_a_service_that_is_not_in_the_logs_keeps_its_sites(self, log):
        """Sites are not gone if their logs were not read."""
        self.run("write", log(line("a", service="hr"), line("b", service="x")))
        for command in ("check", "write"):
            code, out, _ = self.run(command, log(line("a", service="hr")))
            assert (code, self.kept()) == (0, ["a", "b"])
            assert "kept the sites of services that are not in these logs: x\n" in out
        started = line("", service="x", event="shim.process_started")
        code, out, _ = self.run("check", log(line("", service="y", event="shim.x")), "--empty")
        assert (code, self.kept()) == (0, [])
        self.run("write", log(line("a", service="hr"), line("b", service="x")))
        code, out, _ = self.run("check", log(started), "--empty", "--no-shrink")
        assert out.count("would remove") == 1
        code, out, _ = self.run("check", log(line("a", service="hr"), started))
        assert (code, self.kept()) == (0, ["a"])
        assert "removed get_department_list in hr.b of x\n" in out

    def test_one_of_version_1_is_good_for_any_service_and_is_upgraded(self, log):
        """By `write`, which knows the services."""
        path = Path("fxiaoke-shim.baseline.json")
        sites = [{"function": "get_department_list", "module": "hr", "qualified_name": "a"}]
        path.write_text(json.dumps({"version": 1, "sites": sites}))
        given_log = log(line("a", service="hr"))
        assert self.run("check", given_log)[0] == 0
        assert json.loads(path.read_text())["version"] == 1
        assert "1 call sites, 0 of them new; 0 gone" in self.run("write", given_log)[1]
        assert json.loads(path.read_text()) == {
            "version": 2,
            "sites": [{**sites[0], "service": "hr"}],
        }

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            ("[" * 100_000, "is not valid JSON at some line; fix it"),
            ('{"version": ' + "1" * 5000 + "}", "is not valid JSON at some line"),
            (None, "cannot be read: it is not a regular file"),
        ],
        ids=["deep", "digits", "pipe"],
    )
    @pytest.mark.parametrize("command", ["write", "check"])
    def test_hostile_baselines_are_refused_in_one_line(self, log, command, content, why):
        """Are refused in one line."""
        path = Path("fxiaoke-shim.baseline.json")
        os.mkfifo(path) if content is None else path.write_text(content)
        code, out, err = self.run(command, log(line("a")))
        assert (code, out) == (2, "")
        assert err.startswith(f"fxshim: {path}: ")
        assert why in err
        assert err.count("\n") == 1

    def test_many_writers_at_once(self, log):
        """Leave one whole file, and nothing beside it."""
        path = log(*(line(f"f{number}", site=number) for number in range(300)))
        many = [subprocess.Popen([str(FXSHIM), "baseline", "write", path]) for _ in range(4)]
        assert [one.wait() for one in many] == [0] * 4
        assert len(self.kept()) == 300
        assert sorted(one.name for one in Path().iterdir()) == [
            "app.log",
            "fxiaoke-shim.baseline.json",
        ]
