"""`make demo` and `make test` say in one line why they cannot be done on this machine."""

import os
import runpy
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "tools" / "venv.py"


def old_python():
    """Return a Python older than ours that starts, or None."""
    found = [shutil.which(f"python3.{minor}") for minor in (9, 8, 7, 6)]
    found += Path.home().glob(".pyenv/versions/3.[6-9].*/bin/python")
    for one in filter(None, found):
        if subprocess.run([one, "-c", ""], capture_output=True, check=False).returncode == 0:
            return one
    return None


OLD = old_python()
MAKE = shutil.which("make")


def making(folder, *, python=sys.executable, what="demo", **environment):
    """Run the script; return its exit code and the lines of stderr."""
    done = subprocess.run(
        [python, str(SCRIPT), str(folder), what],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stderr.splitlines()


def test_a_python_that_is_too_old_is_named_with_what_to_do():
    """By the version alone, whatever this test runs on."""
    why = runpy.run_path(str(SCRIPT))["why_unusable"]
    said = why((3, 9, 18), "/usr/bin/python3")
    assert said == (
        "Python 3.10 or newer is needed, and /usr/bin/python3 is Python 3.9. Name another: "
        "make demo PYTHON=python3.12"
    )
    assert why((3, 10, 0), "python3") is None
    assert why((4, 0, 0), "python3") is None


@pytest.mark.skipif(OLD is None, reason="a Python older than 3.10")
def test_the_script_starts_on_an_old_python(tmp_path):
    """And makes nothing there."""
    code, lines = making(tmp_path / "venv", python=OLD)
    assert code == 2
    assert len(lines) == 1
    assert "Python 3.10 or newer is needed" in lines[0]
    assert not (tmp_path / "venv").exists()


def test_python_without_pip_gets_advice_what_to_install(tmp_path):
    """Debian ships venv and ensurepip apart from Python."""
    (tmp_path / "ensurepip.py").write_text("raise ImportError('taken out by the distribution')")
    code, lines = making(tmp_path / "venv", PYTHONPATH=str(tmp_path))
    assert code == 2
    assert len(lines) == 1
    assert "apt-get install python3-venv" in lines[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return an environment with nothing in it but pip."""
    folder = tmp_path_factory.mktemp("made") / "venv"
    venv.create(folder, with_pip=True)
    return folder


def test_an_index_that_cannot_be_reached_is_said_in_one_line(made):
    """Not by pip's ResolutionImpossible. The next try goes on from there."""
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_RETRIES": "1",
        "PIP_FIND_LINKS": "",
    }
    for _ in range(2):
        code, lines = making(made, **nowhere)
        assert code == 2
        assert lines == [
            "make: the package index cannot be reached. Check network and proxy, then run it again."
        ]


def test_what_pip_says_of_another_failure_is_passed_on(made, tmp_path):
    """With the place of all that it wrote."""
    (tmp_path / "pip.conf").write_text("not a configuration")
    code, lines = making(made, PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))
    assert code == 2
    assert len(lines) == 1
    assert lines[0].startswith("make: pip failed: ")
    assert str(made / "install.log") in lines[0]


@pytest.mark.skipif(MAKE is None, reason="make")
def test_a_python_that_is_not_there_is_said_in_one_line(tmp_path):
    """Before anything is made."""
    done = subprocess.run(
        [MAKE, "--no-print-directory", "demo", "PYTHON=python3.99", f"VENV={tmp_path}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    said = done.stderr.splitlines()
    assert said[0] == "make: there is no python3.99; name another: make demo PYTHON=python3.12"
    assert len(said) == 2  # make's own word that its target failed.
