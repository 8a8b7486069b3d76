"""The files that tools of a repository read: hooks, workflow, issue forms."""

import os
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
HOOKS = ROOT / ".pre-commit-config.yaml"
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
FILES = [HOOKS, WORKFLOW, *FORMS]


def parsed(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_yaml_and_names_no_address(path):
    """Nothing is fetched from a host that a checkout does not have anyway."""
    assert isinstance(parsed(path), dict)
    assert "://" not in path.read_text(encoding="utf-8")


def test_hooks_run_the_linters_of_the_virtual_environment():
    """Local ones only, each of which `make lint` runs as well."""
    (repository,) = parsed(HOOKS)["repos"]
    assert repository["repo"] == "local"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        tool, *options = hook["entry"].removeprefix(".venv/bin/").split()
        command = " ".join([f"$(BIN)/{tool}", *(one for one in options if one[0] != "-")])
        assert command in makefile, command


def test_contributing_says_how_to_use_the_hooks():
    """In one line."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert re.search(r"^.*pre-commit install.*$", text, re.MULTILINE)


def test_contributing_says_what_the_version_number_covers():
    """And that everything else is private."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## What the version number covers\n")[2].partition("\n## ")[0]
    for name in ("`shim`", "`shim.aio`", "`shim.sandbox`", "`fxshim`", "settings", "events"):
        assert name in section, name
    assert "Everything else is private" in section


def test_workflow_calls_the_checks_and_nothing_else():
    """So that they can be run, and changed, without the workflow."""
    (job,) = parsed(WORKFLOW)["jobs"].values()
    checkout, checks = job["steps"]
    assert set(checkout) == {"uses"}
    assert checks == {"run": ".ci/run"}
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
class TestIssueForms:
    """What each of them has."""

    def test_warns_before_the_first_question(self, path):
        """No secret, and no person's data, gets into an issue."""
        first, *_ = parsed(path)["body"]
        assert first["type"] == "markdown"
        text = " ".join(first["attributes"]["value"].split())
        for word in ("Never post", "token", "secret", "phone number", "name"):
            assert word in text

    def test_asks_for_the_version_and_needs_an_answer_to_all(self, path):
        """Few questions, each under an id of its own."""
        form = parsed(path)
        assert form["name"]
        assert form["description"]
        questions = form["body"][1:]
        names = [question["id"] for question in questions]
        assert names[0] == "version"
        assert len(set(names)) == len(names) <= 6
        for question in questions:
            assert question["attributes"]["label"]
            assert question["validations"] == {"required": True}
            assert not re.search(r"\btoken|secret|phone", str(question))


def test_no_document_has_the_marks_of_a_merge_conflict():
    """As Markdown and TOML they would go unseen."""
    folders = (ROOT, ROOT / "docs", ROOT / "benchmarks", ROOT / "examples")
    files = [path for each in folders for path in each.glob("*.*") if path.is_file()]
    assert len(files) > 20
    marks = re.compile(r"^(<{7} |={7}$|>{7} )", re.MULTILINE)
    texts = [one for one in files if one.suffix in {".md", ".toml", ".txt", ".py", ".yaml"}]
    assert [one.name for one in texts if marks.search(one.read_text(encoding="utf-8"))] == []
