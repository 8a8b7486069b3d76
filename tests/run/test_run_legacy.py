"""The seven legacy programs of `examples/legacy/`, as they are, at the sandbox's old addresses."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shim.sandbox import Sandbox

PROGRAMS = sorted((Path(__file__).parent.parent.parent / "examples" / "legacy").glob("*.py"))
IDS = [f"FSUID_{one * 32}" for one in "ABC"]


def printed(program, base_url):
    """Return what a program prints for three employees of a real tenant."""
    return run(program, [], {"FXIAOKE_URL": base_url}).stdout


def run(program, before, environment):
    """Run a program for three employees of a real tenant."""
    if program.name == "aiohttp_status.py":
        pytest.importorskip("aiohttp", reason="aiohttp")
    return subprocess.run(
        [*before, sys.executable, str(program), *IDS],
        env={
            **os.environ,
            **environment,
            "FXIAOKE_TOKEN": "0123456789ABCDEF",
            "FXIAOKE_CORP_ID": "FSCID_0123456789ABCDEF",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


def test_there_are_seven_programs():
    """One for each usual form of a client."""
    assert len(PROGRAMS) == 7


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.stem)
def test_program_runs_with_ids_of_a_real_tenant(program):
    """Against the old addresses of a lenient sandbox, and changes members there."""
    tenant = Sandbox(members=0, lenient=True)
    with tenant.serve() as base_url:
        text = printed(program, base_url)
    assert set(tenant.members()) <= set(IDS)
    assert len(tenant.members()) >= 2
    assert text
    if program.stem not in {"helper_class", "httpx_sync"}:
        assert "1" in tenant.members().values()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.stem)
def test_program_prints_the_same_under_a_rehearsal(program):
    """Its address is that of the real service; the notices name its own lines."""
    with Sandbox(lenient=True).serve() as base_url:
        expected = printed(program, base_url)
    command = [sys.executable, "-m", "shim", "run", "--sandbox", "--"]
    rehearsal = run(program, command, {})
    assert rehearsal.stdout == expected
    files = set(re.findall(r"caller_file=(\S+)", rehearsal.stderr))
    assert files == {str(program)}
    last = rehearsal.stderr.splitlines()[-1]
    assert re.fullmatch(r"fxshim: run: (\d) old calls seen, \1 translated, 1 process", last), last
