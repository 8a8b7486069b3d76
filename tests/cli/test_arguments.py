"""Whatever the arguments are, the command ends with an exit code and a line, never a traceback."""

import io
import os
import sys
from pathlib import Path

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shim import cli
from shim.cli.app import app

ROOT = typer.main.get_command(app)
FILES = {
    "text": b"FSUID_1\nFSUID_2\n",
    "empty": b"",
    "nul": b"\0" * 64,
    "gzip": b"\x1f\x8b\x08torn",
    "zip": b"PK\x03\x04torn",
    "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1torn",
    "deep.json": b"[" * 100_000,
    "big.json": b'{"version":' + b"1" * 5000 + b',"sites":[]}',
    "surrogate.json": b'{"version":1,"sites":[{"function":"\\ud800","module":"m",'
    b'"qualified_name":"f"}]}',
    "not-utf8": b"\xff\xfe\xfd\n",
    "event.log": b'{"event": "shim.offline_api_called", "calls": ' + b"9" * 400 + b"}\n",
}
MISSING = (
    "fxshim: starlette.routing is not installed: pip install 'fxiaoke-shim[server]', "
    "or fxiaoke-shim[all]\n"
)
HOSTILE = st.one_of(
    st.sampled_from(
        [
            "",
            "-",
            "--",
            ".",
            "/dev/full",
            "/dev/null",
            "/proc/self/mem",
            "/no/such/file",
            "folder",
            "x" * 5000,
            "-1",
            "0",
            "1e400",
            "nan",
            "-inf",
            "9" * 5000,
            "٣",
            "9999-12-31",
            "0001-01-01",
            "rot13",
            "undefined",
            "[a",
            "**/*",
            "\udcff",
            "离职",
            "a\nb",
            "=",
            "disable",
            "FXO001",
            *FILES,
        ]
    ),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8),
    st.integers().map(str),
    st.floats().map(str),
)


def commands(command, words=()):
    """Return all commands there are, each with the words that call it."""
    children = getattr(command, "commands", None)
    if children is None:
        return [(words, command)]
    return [one for name, child in children.items() for one in commands(child, (*words, name))]


@st.composite
def arguments(draw):
    """Return a command line: a command, some of its options, some values."""
    words, command = draw(st.sampled_from(commands(ROOT)))
    given = [*words]
    options = [one for one in command.params if one.param_type_name == "option"]
    for option in draw(st.lists(st.sampled_from(options), max_size=4)) if options else []:
        name = draw(st.sampled_from([*option.opts, *option.secondary_opts]))
        given += [name] if option.is_flag else [f"{name}={draw(HOSTILE)}"]
    given += draw(st.lists(st.sampled_from(sorted(FILES)) | HOSTILE, max_size=3))
    if words[0] in {"usage", "baseline"}:
        # A log that never ends is read for ever, as by any filter.
        given = [one for one in given if one != "/dev/full"]
    if words == ("sandbox",):
        # What can be served is to end at once.
        given[1:1] = ["--minutes=0"]
        given = [one for one in given if not one.startswith(("--minutes=", "--env"))] + [
            "--minutes=0"
        ]
    if words == ("gateway",):
        # An address of no machine, so that nothing is served.
        given = [one for one in given if not one.startswith("--listen")]
        given[1:1] = ["--listen=192.0.2.1:1"]
    if words == ("run",):
        # Whatever was drawn as a program is not run; a folder cannot be.
        given = [one for one in given if one.startswith("--") and one != "--"]
        given += ["--", "./folder"]
    return given


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Go to a folder of hostile files, where nothing says how to reach a tenant."""
    (tmp_path / "folder").mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(monkeypatch, *given):
    """Run the command in this process; return its exit code and what it wrote on stderr."""
    out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO(), errors="replace")
    with monkeypatch.context() as patched:
        patched.setattr(sys, "argv", ["fxshim", *given])
        patched.setattr(sys, "stdout", out)
        patched.setattr(sys, "stderr", err)
        patched.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"x\n"))))
        with pytest.raises(SystemExit) as ended:
            cli.main()
    err.flush()
    return ended.value.code, err.buffer.getvalue().decode()


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(given=arguments())
def test_any_arguments_end_in_an_exit_code(folder, monkeypatch, given):
    """0, 1, 2, 126 or 130; what went wrong is a line or two."""
    del folder
    if "demo" in given[:1] and not given[1:]:
        return  # It starts processes, and has tests of its own.
    # stdin of the process itself is what `members -` reads.
    spare = os.dup(0)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    try:
        code, said = run(monkeypatch, *given)
    finally:
        os.dup2(spare, 0)
        os.close(spare)
    assert code in {0, 1, 2, 126, 130}, (given, said)
    assert "Traceback" not in said
    if code == 2:
        # A line before it may warn of lines that were skipped.
        assert 1 <= said.count("\n") <= 3, (given, said)


class TestGuard:
    """The message and exit code of each kind of exception."""

    def judged(self, monkeypatch, error, **env):
        def fail(**_options):
            raise error

        monkeypatch.setattr("shim.cli.app.app", fail)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        return run(monkeypatch)

    @pytest.mark.parametrize(
        ("error", "code", "text"),
        [
            (KeyboardInterrupt(), 130, ""),
            (typer.Abort(), 130, "fxshim: interrupted\n"),
            (OSError(5, "Input/output error", "x"), 2, "fxshim: x: Input/output error\n"),
            (OSError("odd"), 2, "fxshim: OSError\n"),
            (
                ModuleNotFoundError("no", name="starlette.routing"),
                2,
                MISSING,
            ),
        ],
    )
    def test_what_is_expected_is_one_line(self, monkeypatch, error, code, text):
        """It says what is wrong."""
        assert self.judged(monkeypatch, error) == (code, text)

    def test_a_defect_has_a_code_of_its_own(self, monkeypatch):
        """And keeps the exception's text, which may hold ids, to itself."""
        code, said = self.judged(monkeypatch, KeyError("FSUID_SECRET"))
        assert code == 70
        assert said.startswith("fxshim: a defect of fxshim: KeyError at test_arguments.py:")
        assert "FXSHIM_TRACEBACK=1" in said
        assert "FSUID_SECRET" not in said

    def test_a_traceback_can_be_had(self, monkeypatch):
        """For a bug report."""
        with pytest.raises(KeyError):
            self.with_traceback(monkeypatch)

    def with_traceback(self, monkeypatch):
        def fail(**_options):
            raise KeyError

        monkeypatch.setattr("shim.cli.app.app", fail)
        monkeypatch.setenv("FXSHIM_TRACEBACK", "1")
        cli.main()
