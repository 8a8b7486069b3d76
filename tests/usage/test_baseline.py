"""The ratchet: known call sites may go, none may come unseen."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shim.usage import SiteKey
from shim.usage.baseline import BaselineError, compare, load, save

FXSHIM = Path(sys.executable).with_name("fxshim")
names = st.text(min_size=1, max_size=8)
keys = st.builds(SiteKey, names, names, names)


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
            ('{"version": 3, "sites": []}', "is of version 3, and this fxshim knows"),
            ("[]", "is no baseline: it has no version"),
            ('{"version": true, "sites": []}', "is no baseline"),
            ('{"version": 0, "sites": []}', "is no baseline"),
            ('{"version": 1}', "should hold version and sites"),
            ('{"version": 1, "sites": [], "more": 1}', "and nothing else"),
            ('{"version": 1, "sites": [1]}', "site no. 1 should hold function, module, qual"),
            ('{"version": 1, "sites": [{"function": "f"}]}', "site no. 1 should hold"),
            ("<<<<<<< HEAD\n{}", "is not valid JSON at line 1; mend it"),
        ],
    )
    def test_what_is_none(self, tmp_path, text, expected):
        """Is refused, with what to do."""
        path = tmp_path / "b.json"
        path.write_text(text)
        with pytest.raises(BaselineError) as caught:
            load(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert expected in str(caught.value)

    def test_what_cannot_be_read(self, tmp_path):
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
    def test_names_of_python_310(self, known, seen, same):
        """Which has no qualified ones."""
        found = compare([SiteKey("f", "m", known)], [SiteKey("f", "m", seen)])
        assert (found.new == ()) == same
        assert (found.gone == ()) == same
        other = compare([SiteKey("f", "m", known)], [SiteKey("f", "n", seen)])
        assert other.new


def line(name, *, file="hr.py", site=1):
    return json.dumps(
        {
            "event": "shim.offline_usage_summarized",
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
            "service": "",
            "instance": "1-a",
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

    def test_write_and_check(self, log):
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

    def test_a_new_one_fails(self, log):
        """With its place and what to do; nothing is forgotten then."""
        self.run("write", log(line("a"), line("b")))
        code, out, err = self.run("check", log(line("b"), line("c")))
        assert (code, out) == (1, "")
        assert "1 call sites are not in fxiaoke-shim.baseline.json:" in err
        assert (
            "  get_department_list in hr.c (hr.py:9): instead of it DepartmentObj query, "
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
        assert "would forget get_department_list in hr.a" in out
        code, out, _ = self.run("check", log(line("b")), "--baseline", path)
        assert (code, self.kept(path)) == (0, ["b"])
        assert "forgot get_department_list in hr.a" in out
        assert self.run("check", log(line("a")), "--baseline", path)[0] == 1

    def test_logs_without_a_call(self, log):
        """Are not the end of the migration, unless somebody says so."""
        self.run("write", log(line("a")))
        code, _, err = self.run("check", log("nothing"))
        assert (code, self.kept()) == (2, ["a"])
        assert "say so with --empty" in err
        assert self.run("check", log("nothing"), "--empty")[0] == 0
        assert self.kept() == []
        assert self.run("check", log("nothing"))[0] == 0

    def test_what_cannot_be_used(self, log):
        """No baseline, no log, a full table: exit code 2."""
        assert self.run("check", log(line("a")))[2] == (
            "fxshim: fxiaoke-shim.baseline.json: there is no baseline yet; write one first\n"
        )
        code, _, err = self.run("write", "no.log")
        assert code == 2
        assert "there is no such file" in err
        code, _, err = self.run("write", log(line("", file="")))
        assert code == 2
        assert "not told apart" in err
        code, _, err = self.run("write", log(line("a"), line("b")[:70]))
        assert code == 0
        assert err.startswith("fxshim: not read: 1 lines, the first: app.log:2 names an event")
