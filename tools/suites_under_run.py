"""Run the test suites of two HTTP libraries with and without `fxshim run`, and compare each test.

A program without offline calls must behave the same under `fxshim run`. Nothing knows more of an
HTTP library than its own tests, so this takes those of requests and httpx, from their sdists.

    python tools/suites_under_run.py

Needs a package index. Ends with 1 if a test has another outcome under `fxshim run`.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parent.parent
SUITES = {
    "requests==2.34.2": ("pytest-httpbin", "pytest-mock", "PySocks", "trustme", "flask"),
    "httpx==0.28.1": (
        *("trio", "trustme", "uvicorn", "chardet", "cryptography", "brotli", "zstandard", "h2"),
        *("socksio", "rich", "click", "pygments"),
    ),
}


def ran(*command: str | Path, cwd: Path | None = None, check: bool = True) -> None:
    """Run a command, with its output shown."""
    subprocess.run([str(one) for one in command], cwd=cwd, check=check)


def outcomes(report: Path) -> dict[str, str]:
    """Return the outcome of each test by its name."""
    found = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it.
        name = f"{case.get('classname')}::{case.get('name')}"
        found[name] = next((one.tag for one in case if one.tag != "system-out"), "passed")
    return found


def compared(requirement: str, extra: tuple[str, ...], folder: Path) -> int:
    """Run one suite both ways; return how many tests differ."""
    ran(sys.executable, "-m", "venv", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    pip = (python, "-m", "pip", "-q", "--disable-pip-version-check")
    ran(*pip, "install", f"{ROOT}[cli,server]", "pytest<9", requirement, *extra)
    ran(*pip, "download", "--no-binary", ":all:", "--no-deps", "-d", folder, requirement)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    source = folder / sdist.name.removesuffix(".tar.gz")
    tests = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", "tests")
    found = []
    for number, before in enumerate([(), (python.with_name("fxshim"), "run", "--")]):
        report = folder / f"{number}.xml"
        ran(*before, python, *tests, f"--junitxml={report}", cwd=source, check=False)
        found.append(outcomes(report))
    plain, run = found
    differing = sorted(name for name in plain | run if plain.get(name) != run.get(name))
    for name, one in (("alone", plain), ("under fxshim run", run)):
        counts = {each: list(one.values()).count(each) for each in sorted(set(one.values()))}
        sys.stdout.write(f"{requirement} {name}: {counts}\n")
    for name in differing:
        sys.stdout.write(f"  {name}: {plain.get(name)}, then {run.get(name)}\n")
    return len(differing)


def main() -> int:
    """Compare all suites; return the exit code."""
    differing = 0
    for requirement, extra in SUITES.items():
        with tempfile.TemporaryDirectory() as folder:
            differing += compared(requirement, extra, Path(folder))
    return min(differing, 1)


if __name__ == "__main__":
    raise SystemExit(main())
