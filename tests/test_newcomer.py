"""A newcomer follows README.md from top to bottom, with the wheel and nothing else.

Each block is pasted in order: shell blocks into a shell, Python blocks into one interactive Python,
settings into a file. Folder, home directory and environment are empty at the start. What was typed
and what was printed is kept in `transcript.txt`.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(
    r"^```(\w+)\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
)
LEFT_OUT = {
    "uvx": "the same, by uv",
    "pipx": "the same, by pipx",
}
PASSED_ON = ("PIP_", "SSL_", "HTTP_", "HTTPS_", "NO_PROXY", "REQUESTS_")
"""Beginnings of the variables that say how to reach the package index."""
END = "<<end of the block>>"


class Stranger:
    """A new user: an empty folder, an empty home, an environment without packages."""

    def __init__(self, folder, wheel):
        self.wheel = wheel
        self.folder = folder / "folder"
        self.transcript = folder / "transcript.txt"
        self.venv = folder / "venv"
        for one in (self.folder, folder / "home"):
            one.mkdir()
        self.environment = {
            "PATH": os.pathsep.join([str(self.venv / "bin"), os.defpath]),
            "HOME": str(folder / "home"),
            "PIP_RETRIES": "1",
            **{
                name: text
                for name, text in os.environ.items()
                if name.upper().startswith(PASSED_ON)
            },
        }
        subprocess.run([sys.executable, "-m", "venv", str(self.venv)], check=True)
        self.python = None

    def shell(self, source):
        """Run each line; return what it printed."""
        printed = ""
        for line in source.splitlines():
            word = line.partition(" ")[0]
            if word in LEFT_OUT:
                self.note(f"$ {line}\n(left out: {LEFT_OUT[word]})\n")
                continue
            # The checkout is what the wheel was made of.
            typed = line.replace('".[', f'"{self.wheel}[')
            done = subprocess.run(
                ["/bin/sh", "-c", typed],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                timeout=120,
                check=False,
            )
            self.note(f"$ {line}\n{done.stdout}")
            if word == "pip" and done.returncode and "No matching distribution" in done.stdout:
                lacking("a package index")
            assert done.returncode == 0, done.stdout
            printed += done.stdout
        return printed

    def prompt(self, source):
        """Paste into the interactive Python; return what it printed."""
        if self.python is None:
            self.python = subprocess.Popen(
                [str(self.venv / "bin" / "python"), "-i", "-q", "-u"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
            )
        self.python.stdin.write(f"{source}\nprint({END!r})\n")
        self.python.stdin.flush()
        lines = []
        for line in self.python.stdout:
            lines.append(re.sub(r"^((>>>|\.\.\.) )+", "", line))
            if lines[-1].strip() == END:
                break
        printed = "".join(lines[:-1])
        self.note("".join(f">>> {line}\n" for line in source.splitlines()) + printed)
        assert "Traceback" not in printed, printed
        assert "SyntaxError" not in printed, printed
        return printed

    def save(self, source):
        """Put settings into the file that their first line names."""
        name = re.match(r"# (\S+)\n", source)[1]
        (self.folder / name).write_text(source, encoding="utf-8")
        self.note(f"(saved as {name})\n{source}")
        return ""

    def note(self, text):
        """Add to the transcript."""
        with self.transcript.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    def leave(self):
        """End the interactive Python; return its exit code."""
        rest, _ = self.python.communicate(timeout=30)
        self.note(rest)
        assert "Traceback" not in rest, rest
        return self.python.returncode


def lacking(what):
    """Skip, as the machine lacks something; with CI set, fail."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is needed")
    pytest.skip(what)


@pytest.fixture
def newcomer(tmp_path, source):
    """Return a new user who has the wheel."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "dist").iterdir()
    made = Stranger(tmp_path, wheel)
    yield made
    if made.python is not None:
        made.python.kill()
        made.python.communicate()


def test_the_readme_can_be_followed_from_top_to_bottom(newcomer, shown_in):
    """No traceback, exit codes 0, and every output that README.md shows."""
    printed, pasted = "", []
    for language, source in BLOCKS:
        if language == "text":
            assert shown_in(source, printed), printed
        elif language == "diff":
            newcomer.note(f"(read, not pasted: a change to one's own code)\n{source}")
        else:
            do = {"sh": newcomer.shell, "python": newcomer.prompt, "toml": newcomer.save}
            printed = do[language](source)
        pasted.append(language)
    assert newcomer.leave() == 0
    assert {"sh", "python", "toml", "text", "diff"} == set(pasted)
    transcript = newcomer.transcript.read_text("utf-8")
    assert "$ fxshim demo" in transcript
    assert (newcomer.folder / "fxiaoke-shim.baseline.json").is_file()
