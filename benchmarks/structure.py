"""How the package is cut: modules, lines, functions, and the files that two runs pass through.

    python -m benchmarks structure
    python -m benchmarks.structure --root PATH      another checkout, such as an older commit

Lines of code are those that hold more than blanks, a comment or a docstring. Files that `make
derived` writes are counted apart. A function's lines are those from `def` to its end. The two runs
are in `runs`: each is warm and counted three times, and the smallest figures are taken, because a
busy machine only adds to them.

The goals are those of the redrawing that began after commit 841ef31; `BEFORE` has the figures of
that commit, by this program.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import statistics
import subprocess
import sys
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.rows import Row, show
from benchmarks.runs import MEMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
RUNS = Path(__file__).with_name("runs.py")
REPEATS = 3
MODULES_GOAL, LINES_GOAL, FILES_GOAL = 100, 16_500, 20
BATCH = f"a batch call of {MEMBERS} members"
COMMAND = f"fxshim members, {MEMBERS} members"
BEFORE = {
    "modules": 174,
    "lines": 27_071,
    "lines of code": 16_941,
    "derived files": 3,
    "derived lines": 843,
    "functions": 1_586,
    "lines of a function, median": 7,
    "lines of a function, 95th percentile": 27,
    f"{BATCH}: files": 43,
    f"{BATCH}: Python calls": 1_317,
    f"{COMMAND}: files": 44,
    f"{COMMAND}: Python calls": 1_489,
}
"""What `measure` found at commit 841ef31, by the text of the row."""
_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True)
class Module:
    """A file of the package.

    Attributes:
        path: Its file.
        text: Its source.
        is_derived: Whether `make derived` writes it.
    """

    path: Path
    text: str
    is_derived: bool

    @property
    def lines(self) -> int:
        """All lines."""
        return len(self.text.splitlines())


def modules(root: Path) -> list[Module]:
    """Return the modules and stubs of a checkout."""
    found = []
    for path in sorted((root / "shim").rglob("*.py*")):
        if path.suffix in {".py", ".pyi"}:
            text = path.read_text(encoding="utf-8")
            # Such a file says so in its first line.
            first = text.partition("\n")[0]
            found.append(Module(path, text, "by `make derived`" in first))
    return found


def code_lines(text: str) -> int:
    """Return the number of lines that hold more than blanks, a comment or a docstring."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - set(_docstring_lines(text)))


def _docstring_lines(text: str) -> Iterator[int]:
    """Yield the lines of strings that stand alone: docstrings, and texts below a constant."""
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


def function_lines(text: str) -> Iterator[int]:
    """Yield the number of lines of each function, methods and nested ones included."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield (node.end_lineno or node.lineno) - node.lineno + 1


def touched(root: Path, name: str) -> tuple[int, int]:
    """Return how many files and how many calls a run passes through."""
    runs = []
    for _ in range(REPEATS):
        done = subprocess.run(  # noqa: S603 - our own interpreter.
            [sys.executable, str(RUNS), str(root), name],
            capture_output=True,
            text=True,
            check=True,
        )
        found = json.loads(done.stdout.splitlines()[-1])
        runs.append((len(found["files"]), int(found["calls"])))
    return min(files for files, _ in runs), min(calls for _, calls in runs)


def measure(root: Path = ROOT) -> list[Row]:
    """Measure a checkout."""
    everything = modules(root)
    ours = [one for one in everything if not one.is_derived]
    derived = [one for one in everything if one.is_derived]
    functions = sorted(length for one in ours for length in function_lines(one.text))
    batch_files, batch_calls = touched(root, "batch")
    members_files, members_calls = touched(root, "members")
    return [
        _row("modules", len(ours), MODULES_GOAL),
        _row("lines", sum(one.lines for one in ours), LINES_GOAL),
        _row("lines of code", sum(code_lines(one.text) for one in ours)),
        _row("derived files", len(derived)),
        _row("derived lines", sum(one.lines for one in derived)),
        _row("functions", len(functions)),
        _row("lines of a function, median", int(statistics.median_low(functions)), no_worse=True),
        _row("lines of a function, 95th percentile", _p95(functions), no_worse=True),
        _row(f"{BATCH}: files", batch_files, FILES_GOAL),
        _row(f"{BATCH}: Python calls", batch_calls),
        _row(f"{COMMAND}: files", members_files),
        _row(f"{COMMAND}: Python calls", members_calls),
    ]


def _p95(ordered: list[int]) -> int:
    return ordered[int(len(ordered) * 0.95)]


def _row(what: str, value: int, goal: int | None = None, *, no_worse: bool = False) -> Row:
    before = BEFORE.get(what)
    text = what if before is None else f"{what} (before: {before:,})"
    return Row(text, value, "", at_most=before if no_worse else goal)


def main(arguments: list[str]) -> int:
    """Measure the checkout that is named; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.structure")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to measure")
    root: Path = parser.parse_args(arguments).root
    return show(lambda: measure(root))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
