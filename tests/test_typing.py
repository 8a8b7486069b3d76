"""What mypy and pyright say of the public API: right use passes, wrong use fails, all is struck."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shim.offline import ENDPOINTS

CALLS = ENDPOINTS.items()
FILES = Path(__file__).parent / "typing"

mypy = pytest.importorskip("mypy", reason="the checkers come with the group dev, not with test")


def marked(file, mark):
    """Return the numbers of the lines that end in this mark."""
    lines = (FILES / file).read_text().splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith(f"# {mark}")}


def run(*command, cwd):
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, check=False
    ).stdout


def mypy_errors(file, cwd, *options):
    """Return {line: kinds} of what `mypy --strict` reports."""
    output = run("mypy", "--strict", "--config-file=", *options, file, cwd=cwd)
    found = {}
    for line, kind in re.findall(rf"^{file}:(\d+): error: .*\[([a-z-]+)\]$", output, re.MULTILINE):
        found.setdefault(int(line), set()).add(kind)
    return found


def pyright_errors(file, cwd, **config):
    """Return {line: rules} of what pyright reports as errors."""
    (cwd / "pyrightconfig.json").write_text(json.dumps(config))
    report = json.loads(
        run("pyright", "--outputjson", "--pythonpath", sys.executable, file, cwd=cwd)
    )
    found = {}
    for one in report["generalDiagnostics"]:
        if one["severity"] == "error":
            line = one["range"]["start"]["line"] + 1
            found.setdefault(line, set()).add(one["rule"])
    return found


@pytest.fixture
def folder(tmp_path):
    """Return a copy of the files, away from the project's own configuration."""
    return Path(shutil.copytree(FILES, tmp_path / "typing"))


def test_right_use_passes(folder):
    """Both accept the documented ways to call, blocking and awaiting."""
    assert mypy_errors("accepted.py", folder) == {}
    assert pyright_errors("accepted.py", folder) == {}


def test_wrong_types_are_rejected(folder):
    """Both reject each marked line and no other."""
    expected = marked("rejected.py", "E")
    assert set(mypy_errors("rejected.py", folder)) == expected
    assert set(pyright_errors("rejected.py", folder)) == expected


@pytest.mark.parametrize("file", ["accepted.py", "rejected.py"])
def test_every_function_is_tried(file):
    """Blocking and awaitable, of all that are declared."""
    text = (FILES / file).read_text()
    for name in ENDPOINTS:
        assert f" shim.{name}(" in text
        assert f"await aio.{name}(" in text


EVERY_KEY = """\
from collections.abc import Awaitable, Callable
from typing import TypeVar
import shim
A = TypeVar("A")
def made(function: Callable[..., A]) -> A: raise NotImplementedError
def awaited(function: Callable[..., Awaitable[A]]) -> A: raise NotImplementedError
"""


def test_an_answer_has_the_keys_of_its_call_and_no_others(folder):
    """Both accept each declared field of each call, and reject those of the other calls."""
    declared = {name: {one for one in each.answer if one.isalnum()} for name, each in CALLS}
    every_key = sorted(set().union(*declared.values()))
    lines = EVERY_KEY.splitlines()
    wrong = set()
    for name, keys in declared.items():
        for number, value in enumerate((f"made(shim.{name})", f"awaited(shim.aio.{name})")):
            lines.append(f"{name}{number} = {value}")
            for key in every_key:
                lines += [f'{name}{number}["{key}"]', f'{name}{number}.get("{key}")']
                wrong |= set() if key in keys else {len(lines) - 1, len(lines)}
    (folder / "every.py").write_text("\n".join([*lines, ""]))
    assert set(mypy_errors("every.py", folder)) == wrong
    assert set(pyright_errors("every.py", folder, reportUnusedExpression="none")) == wrong


def test_every_function_is_struck_through(folder):
    """PEP 702, for each declared call and its awaitable twin."""
    names = [f"{module}.{name}" for name in ENDPOINTS for module in ("shim", "shim.aio")]
    (folder / "every.py").write_text("\n".join(["import shim", *names, ""]))
    lines = set(range(2, 2 + len(names)))
    found = mypy_errors("every.py", folder, "--enable-error-code", "deprecated")
    assert found == {line: {"deprecated"} for line in lines}
    found = pyright_errors(
        "every.py", folder, reportDeprecated="error", reportUnusedExpression="none"
    )
    assert found == {line: {"reportDeprecated"} for line in lines}


def test_every_use_is_struck_through(folder):
    """PEP 702: both report each use as deprecated, of the blocking and of the awaitable twin."""
    expected = marked("deprecated.py", "D")
    found = mypy_errors("deprecated.py", folder, "--enable-error-code", "deprecated")
    assert found == {line: {"deprecated"} for line in expected}
    found = pyright_errors("deprecated.py", folder, reportDeprecated="error")
    assert found == {line: {"reportDeprecated"} for line in expected}
