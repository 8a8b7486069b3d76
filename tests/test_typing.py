"""What mypy and pyright say of the public API: right use passes, wrong use fails, all is struck."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import venv
import zipfile
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path

import pytest

from shim.offline import ENDPOINTS
from shim.settings.model import Settings

CALLS = ENDPOINTS.items()
ROOT = Path(__file__).parent.parent
FILES = Path(__file__).parent / "typing"

pytestmark = pytest.mark.skipif(
    find_spec("mypy") is None or find_spec("pyright") is None,
    reason="mypy and pyright (pip install --group lint)",
)


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
    # What all runs import is analysed once.
    cache = f"--cache-dir={cwd.parent.parent / 'mypy'}"
    output = run("mypy", "--strict", "--config-file=", cache, *options, file, cwd=cwd)
    found = {}
    for line, kind in re.findall(rf"^{file}:(\d+): error: .*\[([a-z-]+)\]$", output, re.MULTILINE):
        found.setdefault(int(line), set()).add(kind)
    return found


def pyright_errors(file, cwd, *, python=sys.executable, **config):
    """Return {line: rules} of what pyright reports as errors."""
    (cwd / "pyrightconfig.json").write_text(json.dumps(config))
    report = json.loads(run("pyright", "--outputjson", "--pythonpath", python, file, cwd=cwd))
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


def test_type_checkers_accept_the_documented_use(folder):
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


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return the Python of an environment that has the wheel, and this one's other packages."""
    pytest.importorskip("hatchling", reason="hatchling (pip install --group dev)")
    folder = tmp_path_factory.mktemp("installed")
    run("hatchling", "build", "--target", "wheel", "--directory", str(folder), cwd=ROOT)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=False)
    base = {"base": folder / "venv", "platbase": folder / "venv"}
    packages = Path(sysconfig.get_path("purelib", vars=base))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    # The .pth of an editable install is not followed from there.
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    return str(Path(sysconfig.get_path("scripts", vars=base)) / "python")


@pytest.mark.parametrize("version", ["3.10", "3.13"])
def test_the_installed_package_is_typed(installed, version, folder):
    """A strict program of a user's passes but for its mistakes, for every Python."""
    expected = marked("service.py", "E")
    options = ("--warn-unreachable", f"--python-executable={installed}")
    found = mypy_errors("service.py", folder, f"--python-version={version}", *options)
    assert set(found) == expected
    found = pyright_errors(
        "service.py",
        folder,
        python=installed,
        pythonVersion=version,
        typeCheckingMode="strict",
        reportDeprecated="none",
        reportUnusedExpression="none",
    )
    assert set(found) == expected


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


def test_the_document_is_typed(folder):
    """Both accept what docs/types.md shows, with the names that it begins with."""
    document = (ROOT / "docs" / "types.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    given = "corpAccessToken, corpId = str(), str()\nopenUserIds = [str()]\n"
    (folder / "document.py").write_text(given + "".join(blocks), encoding="utf-8")
    assert blocks
    assert mypy_errors("document.py", folder) == {}
    assert pyright_errors("document.py", folder) == {}


EDITED = """\
import shim
shim.configure(base_url="", mode="")
shim.get_department_list("t", "c")[""]
shim.configure(routes=[{"mode": "object", "": 1}])
shim.configure(
"""


def send(process, message):
    """Write a message of the language server's protocol."""
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    process.stdin.flush()


class Editor:
    """An editor with a file open, which asks pyright's language server."""

    def __init__(self, folder):
        self.uri = (folder / "edited.py").as_uri()
        self.requests = []
        self.ask("initialize", processId=None, rootUri=folder.as_uri(), capabilities={})
        self.tell("initialized")
        document = {"uri": self.uri, "languageId": "python", "version": 1, "text": EDITED}
        self.tell("textDocument/didOpen", textDocument=document)

    def tell(self, method, **params):
        self.requests.append({"method": method, "params": params})

    def ask(self, method, **params):
        self.tell(method, **params)
        self.requests[-1]["id"] = len(self.requests)
        return len(self.requests)

    def ask_at(self, method, line, text):
        """Ask about the place behind this text in a line; return the number of the request."""
        place = {"line": line, "character": EDITED.splitlines()[line].index(text) + len(text)}
        return self.ask(f"textDocument/{method}", textDocument={"uri": self.uri}, position=place)

    def replies(self):
        """Return what the server answers, by the number of the request."""
        folder = str(Path(sys.executable).parent)
        process = subprocess.Popen(
            [shutil.which("pyright-langserver", path=folder), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # The server looks for `python`, and reads the packages of the first.
            env={**os.environ, "PATH": os.pathsep.join([folder, os.environ["PATH"]])},
        )
        # A server that is silent is told to go, which fails the test instead of holding it.
        timer = threading.Timer(120, process.stdin.close)
        timer.daemon = True
        timer.start()
        replies = {}
        with process:
            for one in self.requests:
                send(process, one)
            wanted = {one["id"] for one in self.requests if "id" in one}
            while not wanted <= set(replies):
                head = b"".join(takewhile(bytes.strip, process.stdout))
                length = int(re.search(rb"Content-Length: (\d+)", head)[1])
                message = json.loads(process.stdout.read(length))
                if "method" not in message:
                    replies[message["id"]] = message["result"]
            send(process, {"method": "exit"})
        timer.cancel()
        return replies


def test_an_editor_completes_and_explains(tmp_path):
    """Names and values of settings, keys of routes and of answers; a setting with its text."""
    (tmp_path / "edited.py").write_text(EDITED)
    editor = Editor(tmp_path)
    explained = editor.ask_at("hover", 1, "(base_u")
    modes = editor.ask_at("completion", 1, 'mode="')
    keys = editor.ask_at("completion", 2, '["')
    of_route = editor.ask_at("completion", 3, ', "')
    names = editor.ask_at("completion", 4, "(")
    replies = editor.replies()

    def labels(number):
        return [one["label"].strip('"=') for one in replies[number]["items"]]

    assert "Address of your cloud's gateway" in replies[explained]["contents"]["value"]
    assert labels(modes) == ["object", "shadow", "dry_run", "legacy"]
    assert set(labels(keys)) == {
        one for one in ENDPOINTS["get_department_list"].answer if one.isalnum()
    }
    assert labels(of_route) == ["functions", "corp_ids", "percent"]
    assert set(labels(names)) > set(Settings.model_fields)
