"""Runs the code blocks of the documents, in order, against a sandbox on a socket.

By language: `python` is executed; `sh` is run by a shell in a folder of the document's own; `toml`
is loaded as settings; `diff` is run as it was and as it is, and both have to do the same; `text` is
what the block before it printed, with `…` for what is left out.
"""

import contextlib
import io
import json
import logging
import os
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser

import shim
import shim.testing
from shim import settings
from shim.sandbox import Sandbox
from shim.settings import _file as file
from shim.settings import _layers as layers

ROOT = Path(__file__).parent
EXAMPLES = str(ROOT / "examples")
NOT_RUN = {
    "make": "tests/test_make.py runs it",
    "pip": "installs; tests/test_newcomer.py runs it",
    "pipx": "installs from a package index",
    "uvx": "installs from a package index",
}
"""Commands that are left out of a `sh` block, and why."""


class Block(CodeBlockParser):
    """What the parsers have in common: what a block prints is kept for the block after it."""

    def evaluate(self, example):
        example.namespace["printed"] = self.run(example) or ""


class Python(Block):
    """Python as readers would fill it in: the documents say FSUID_ADMIN for the acting employee."""

    language = "python"

    def run(self, example):
        source = filled_in(example.parsed, example.namespace)
        lines_before = example.line + example.parsed.line_offset
        return executed(source, example.namespace, example.path, lines_before)


class Diff(Block):
    """A change to code that calls the tenant on the socket: both sides have to do the same."""

    language = "diff"

    def run(self, example):
        served, lines = example.namespace["served"], example.parsed.splitlines()
        before = settings.current()
        names = ("base_url", "transport", "current_open_user_id")
        shim.configure(
            base_url=example.namespace["BASE"],
            transport=None,
            current_open_user_id=served.current_open_user_id,
        )
        ended = []
        for left_out in "+-":
            served.reset()
            namespace = {**example.namespace, **names_of(served)}
            source = "\n".join(line[1:] for line in lines if not line.startswith(left_out))
            executed(source, namespace, example.path, example.line)
            ended.append((namespace["answer"]["errorCode"], served.members()))
        shim.configure(**{name: getattr(before, name) for name in names})
        old, new = ended
        assert old == new
        assert new[0] == 0


def names_of(tenant):
    """Return what the documents call the credentials and the members of a tenant."""
    return {
        "token": tenant.corp_access_token,
        "corp_id": tenant.corp_id,
        "people": tenant.open_user_ids,
        "corpAccessToken": tenant.corp_access_token,
        "corpId": tenant.corp_id,
        "openUserIds": tenant.open_user_ids,
        "leavers": tenant.open_user_ids,
    }


class Shell(Block):
    """Commands; `fxshim sandbox` goes on until the document ends."""

    language = "sh"

    def run(self, example):
        namespace = example.namespace
        lines = [
            line
            for line in example.parsed.replace("\\\n", " ").splitlines()
            if line.partition(" ")[0] not in NOT_RUN
        ]
        environment = {**os.environ, **namespace["environment"]}
        if lines and lines[0].startswith("fxshim sandbox"):
            return in_background(lines, environment, namespace)
        done = subprocess.run(
            ["/bin/sh", "-eu", "-c", "\n".join(lines)],
            cwd=namespace["folder"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


def in_background(lines, environment, namespace):
    """Start a server that is served as long as the document lasts; return what it announces."""
    (line,) = lines
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"exec {line}"],
        cwd=namespace["folder"],
        env=environment,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )

    def end():
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)

    namespace["stack"].callback(end)
    return process.stdout.readline()


class Toml(Block):
    """Settings, loaded as a file of the name in the first line, or else of the usual name."""

    language = "toml"

    def run(self, example):
        named = re.match(r"# (\S+\.toml)$", example.parsed, re.MULTILINE)
        path = Path(example.namespace["folder"], named[1] if named else "fxiaoke-shim.toml")
        path.write_text(example.parsed, encoding="utf-8")
        where = file.Files((path,), explicit=True)
        layers.load({}, file.table(where, file.look(where)))
        path.unlink()


class Text(CodeBlockParser):
    """What the block before it printed; the story of MIGRATION.md has a test of its own."""

    language = "text"

    def evaluate(self, example):
        before = example.document.text[: example.start]
        if before.count("<!-- story -->") > before.count("<!-- /story -->"):
            return
        printed = example.namespace["printed"]
        assert is_shown_in(example.parsed, printed), printed


def is_shown_in(text, printed):
    """Whether some output holds a text, with `…` for what is left out; blanks do not count."""
    parts = (re.escape(" ".join(part.split())) for part in text.split("…"))
    return re.search(".*?".join(parts), " ".join(printed.split())) is not None


@pytest.fixture
def shown_in():
    """Return the comparison, for other tests of the documents."""
    return is_shown_in


def filled_in(source, namespace):
    """Return code with a real employee for the one that readers have to name."""
    return source.replace("FSUID_ADMIN", namespace["tenant"].current_open_user_id)


def executed(source, namespace, path, lines_before):
    """Execute code; return what it prints and logs, as a terminal would show it."""
    code = compile("\n" * lines_before + source, path, "exec", dont_inherit=True)
    screen = io.StringIO()
    handler = logging.StreamHandler(screen)
    logging.getLogger("shim").addHandler(handler)
    try:
        with contextlib.redirect_stdout(screen):
            exec(code, namespace)
    finally:
        logging.getLogger("shim").removeHandler(handler)
    return screen.getvalue()


def begin(namespace):
    """Give a document what its readers have: an old client, a token, some ids, some logs."""
    stack = namespace["stack"] = contextlib.ExitStack()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    tenant = Sandbox(5, seed=3)
    base_url = stack.enter_context(tenant.serve())
    stack.callback(start_clean)
    start_clean()
    os.environ["FXIAOKE_URL"] = base_url
    stack.callback(os.environ.pop, "FXIAOKE_URL")
    sys.path.insert(0, EXAMPLES)
    stack.callback(sys.path.remove, EXAMPLES)
    shim.configure(
        base_url=base_url, current_open_user_id=tenant.current_open_user_id, notices="log"
    )
    namespace.update(
        __name__="document",
        folder=folder,
        environment={
            "PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]]),
            "FXIAOKE_SHIM_BASE_URL": base_url,
            "FXIAOKE_SHIM_CURRENT_OPEN_USER_ID": tenant.current_open_user_id,
            "FXIAOKE_SHIM_CORP_ACCESS_TOKEN": tenant.corp_access_token,
            "FXIAOKE_SHIM_CORP_ID": tenant.corp_id,
        },
        tenant=tenant,
        served=tenant,
        BASE=base_url,
        **names_of(tenant),
    )
    write_files(folder, namespace)


def write_files(folder, namespace):
    """Write the ids and the logs that the documents' commands read."""
    ids = "\n".join(["openUserId", *namespace["leavers"]])
    (folder / "leavers.csv").write_text(ids, encoding="utf-8")
    with shim.testing.recorded() as events:
        shim.get_department_list(namespace["corpAccessToken"], namespace["corpId"])
    (folder / "logs").mkdir()
    lines = [json.dumps({"event": one.name, **one.fields()}, default=list) for one in events]
    for path in (folder / "logs" / "app.log", folder / "app.log"):
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")


def start_clean():
    """Forget settings, call sites, connections and the level of the logger."""
    shim.testing.reset()
    logging.getLogger("shim").setLevel(logging.NOTSET)


def end(namespace):
    """Stop the sandbox."""
    namespace["stack"].close()


pytest_collect_file = Sybil(
    parsers=[Python(), Diff(), Shell(), Toml(), Text()],
    patterns=["*.md"],
    excludes=["CHANGELOG.md", "benchmarks/*"],
    setup=begin,
    teardown=end,
).pytest()
