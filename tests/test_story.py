"""A service leaves the offline API step by step, and the document tells how it really went."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def story():
    """Return the program that plays the story."""
    spec = importlib.util.spec_from_file_location("story", ROOT / "docs" / "story.py")
    module = sys.modules["story"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def known(text):
    """Return the story as Python 3.10 tells it, which knows no qualified names."""
    return text.replace("Directory.", "") if sys.version_info < (3, 11) else text


def test_the_story_is_what_happens(story):
    """From legacy to ready to remove, line by line as MIGRATION.md has it (`make derived`).

    On the way it checks itself: the file is turned without a restart; the rewritten service does
    the same work, and calls the offline API no more.
    """
    told = story.play()
    document = (ROOT / "MIGRATION.md").read_text(encoding="utf-8")
    written = re.search(r"<!-- story -->\n(.*)<!-- /story -->\n", document, re.DOTALL)[1]
    assert known(told) == known(written)
    assert told.count("ready to remove (") == 3
    assert next(one for one in told.splitlines() if "result=mismatch" in one).startswith("  1 x")
