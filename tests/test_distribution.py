"""The sdist and the wheel: what they hold, and that what they say of themselves is true."""

import hashlib
import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def build(target):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(target)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(target.glob("*.whl")), next(target.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def built(tmp_path_factory, source):
    assert source == ROOT
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def metadata(built):
    with zipfile.ZipFile(built[0]) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(wheel.read(name))


def test_wheel_holds_what_users_need_and_no_tests(built):
    """Types, the migration guide, the examples of the demo, the pytest plugin."""
    with zipfile.ZipFile(built[0]) as wheel:
        names = set(wheel.namelist())
    examples = {f"shim/_examples/{file.name}" for file in (ROOT / "examples").glob("*.py")}
    assert names >= examples | {
        "shim/py.typed",
        "shim/aio.pyi",
        "shim/MIGRATION.md",
        "fxiaoke_shim_pytest.py",
    }
    roots = {name.partition("/")[0] for name in names}
    assert {root for root in roots if not root.endswith(".dist-info")} == {
        "shim",
        "fxiaoke_shim_pytest.py",
    }


def test_sdist_holds_what_its_tests_read(built):
    """Every file beside the package that is under the folders of the project."""
    with tarfile.open(built[1]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    wanted = {
        str(file.relative_to(ROOT))
        for folder in ("tests", "docs", "examples", "benchmarks", "shim", ".ci", ".github")
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    wanted |= {file.name for file in ROOT.glob("*.md")}
    wanted |= {"conftest.py", "Makefile", "constraints.txt", "pyproject.toml", ".gitignore"}
    wanted.add(".pre-commit-config.yaml")
    assert wanted <= names


def test_two_builds_are_equal(built, tmp_path):
    """To the byte."""
    digests = [
        [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
        for files in (built, build(tmp_path))
    ]
    assert digests[0] == digests[1]


def test_metadata_names_no_address(metadata):
    """The project has no public address."""
    assert not {"Home-page", "Project-URL", "Download-URL"} & set(metadata.keys())


def test_long_description_has_no_link_that_an_index_cannot_follow(metadata):
    """It shows README.md alone: links to other files and pictures are dropped, code is kept."""
    text = metadata.get_payload(decode=True).decode()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert FENCE.findall(text) == FENCE.findall(readme)
    links = re.findall(r"\]\(([^)]*)\)", FENCE.sub("", text))
    assert [link for link in links if not link.startswith("https://")] == []
    assert not re.search(r"(?:href|src)=", FENCE.sub("", text))
    assert not re.search(r"^\[[^\]]+\]: (?!https://)", text, re.MULTILINE)


def test_metadata_is_for_the_pythons_that_are_supported(metadata):
    """3.10 to 3.14."""
    assert metadata["Requires-Python"] == ">=3.10"
    classifiers = metadata.get_all("Classifier")
    for minor in range(10, 15):
        assert f"Programming Language :: Python :: 3.{minor}" in classifiers
    assert metadata["License-Expression"] == "MIT"
