"""The small versions of the long runs of `make chaos`, as programs of their own."""

import subprocess
import sys
from pathlib import Path


def program(name, *options):
    """Run one of the scripts beside this file; return its exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-W", "error", Path(__file__).with_name(name), *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout


def test_no_fault_and_no_twisted_answer_loses_or_repeats_a_write():
    """Each way once: nothing lost, false, done twice or without a bound. A line names its seed."""
    sizes = ("--members", 40, "--seeds", 12, "--at-once", 4, "--each", 3)
    code, said = program("run.py", *sizes, "--hurry")
    assert (code, said.count("\n")) == (0, 12), said


def test_a_run_after_a_kill_does_exactly_the_rest():
    """The next run does the rest, and no more than that."""
    code, said = program("kill.py", "--members", 250, "--kills", 4)
    assert code == 0, said
    assert "Warning" not in said
