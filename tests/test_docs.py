"""The documents hold what they say: the tables are derived, the log lines are those of the demo."""

import json
import re
from pathlib import Path

import pytest

from shim.notices import NoticeEvent
from shim.offline import ENDPOINTS, render
from shim.settings.model import Settings

ROOT = Path(__file__).parent.parent
MIGRATION = (ROOT / "MIGRATION.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_calls_is_derived():
    """`fxshim endpoints --format markdown` printed it."""
    between = re.search(r"<!-- endpoints -->\n(.*)<!-- /endpoints -->", MIGRATION, re.DOTALL)
    assert between[1] == render.table()


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
def test_every_call_has_a_section(endpoint):
    """What `fxshim explain` names beside the code is there."""
    anchor = endpoint.code.lower()
    assert f'<a id="{anchor}"></a>\n### {endpoint.code}: {endpoint.name}\n' in MIGRATION


def test_every_setting_is_in_the_readme():
    """With a row of its own, or in the row of its kin."""
    table = README.partition("| setting |")[2].partition("\n\n")[0]
    first_cells = " ".join(line.split("|")[1] for line in table.splitlines() if "|" in line[:1])
    assert set(re.findall(r"`(\w+)`", first_cells)) == set(Settings.model_fields)


def kinds():
    """Return the product's kinds of event; other tests make more."""
    return [one for one in NoticeEvent.__subclasses__() if one.__module__ == NoticeEvent.__module__]


def test_the_log_lines_have_the_events_fields():
    """Each line of the first screen is an event with its fields, in their order."""
    block = re.search(r"```text\n(event=.*?)```", README, re.DOTALL)[1]
    events = {event.name: event for event in kinds()}
    for line in block.splitlines():
        keys = re.findall(r'(?:^| )(\w+)=(?:"[^"]*"|\S*)', line)
        event = events[re.match(r"event=(\S+)", line)[1]]
        assert keys == ["event", *event.field_names()]


def test_every_event_is_in_the_readme():
    """With its level."""
    for event in kinds():
        assert f"| `{event.name}` | {event.level} |" in README


def test_the_defaults_in_the_readme_are_those_of_the_settings():
    """Where a row shows one as JSON."""
    for row in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (`[^|]*`) \|", README, re.MULTILINE):
        names = re.findall(r"`(\w+)`", row[0])
        shown = re.findall(r"`([^`]+)`", row[1])
        if names[0] not in Settings.model_fields or len(names) != len(shown):
            continue
        for name, text in zip(names, shown, strict=True):
            default = Settings.model_fields[name].default
            plain = default.model_dump() if hasattr(default, "model_dump") else default
            plain = list(plain) if isinstance(plain, tuple) else plain
            if text != "()":
                assert name == "base_url" or json.loads(text) == plain, name


def test_links_lead_somewhere():
    """Relative ones, to files of this repository."""
    for target in re.findall(r"\]\(([^)#:]+)\)", README + MIGRATION):
        assert (ROOT / target).is_file()
