"""The example files: no container runs here, so their syntax and the command in them is checked."""

import json
import re
from pathlib import Path

import pytest
import yaml

from shim.cli.app import app as command

FOLDER = Path(__file__).parents[2] / "examples" / "gateway"
KEYS = {
    "build",
    "command",
    "depends_on",
    "environment",
    "healthcheck",
    "image",
    "ports",
    "stop_grace_period",
}
INSTRUCTIONS = {
    "CMD",
    "ENTRYPOINT",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "RUN",
    "STOPSIGNAL",
    "USER",
}


@pytest.mark.usefixtures("source")
def test_compose_file_has_two_gateways_redis_and_a_sandbox():
    """It is YAML, its keys are known, and each command is one that `fxshim` has."""
    compose = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
    assert set(compose["services"]) == {"gateway-1", "gateway-2", "redis", "sandbox"}
    names = {one.name or one.callback.__name__ for one in command.registered_commands}
    for one in compose["services"].values():
        assert one.keys() <= KEYS
        assert "command" not in one or one["command"][0] in names
        assert set(one.get("depends_on", ())) <= set(compose["services"])


@pytest.mark.usefixtures("source")
def test_dockerfile_begins_with_an_image_and_runs_the_command():
    """Every instruction is known, and those in JSON form are JSON."""
    text = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    words = [line.partition(" ") for line in lines]
    assert {word for word, _, _ in words} == INSTRUCTIONS
    assert words[0][0] == "FROM"
    for word, _, rest in words:
        if word in {"ENTRYPOINT", "CMD"}:
            assert json.loads(rest)
    assert re.search(r"USER (?!root)", text)
