"""The seven legacy programs of `examples/legacy/`, as they are, at the sandbox's old addresses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shim.sandbox import Sandbox

PROGRAMS = sorted((Path(__file__).parent.parent.parent / "examples" / "legacy").glob("*.py"))
IDS = [f"FSUID_{one * 32}" for one in "ABC"]


def printed(program, base_url):
    """Return what a program prints for three employees of a real tenant."""
    if program.name == "aiohttp_status.py":
        pytest.importorskip("aiohttp", reason="aiohttp")
    return subprocess.run(
        [sys.executable, str(program), *IDS],
        env={
            **os.environ,
            "FXIAOKE_URL": base_url,
            "FXIAOKE_TOKEN": "0123456789ABCDEF",
            "FXIAOKE_CORP_ID": "FSCID_0123456789ABCDEF",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


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
