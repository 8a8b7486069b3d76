"""How many calls a member costs, counted by the sandbox.

    python -m benchmarks calls

The measure is what most scripts do: for each member a look-up, then an update.
"""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.rows import Row, show
from benchmarks.tenant import sandbox
from benchmarks.worker import worker

MEMBERS = 1_000
AT_ONCE = 20
DISABLED, ENABLED = 1, 2
CHANGED_BOUND, UNCHANGED_BOUND = 0.52, 0.01
CONTENDERS = {
    "set_member_status_many": "with_shim:many",
    "set_member_status_batch": "with_shim:batch",
}


def measure() -> list[Row]:
    """Measure."""
    with sandbox(MEMBERS) as tenant, ExitStack() as stack:

        def counted(program: str) -> tuple[int, int]:
            """Return the calls that all members cost, first to be changed, then as asked."""
            one = stack.enter_context(
                worker(program, tenant, tenant.open_user_ids, AT_ONCE, tenant.environment())
            )
            start = tenant.calls()
            one.run(DISABLED)
            middle = tenant.calls()
            one.run(DISABLED)
            end = tenant.calls()
            one.run(ENABLED)
            return middle - start, end - middle

        naive, _ = counted("with_requests:one_by_one")
        rows = [Row(f"a look-up and an update for each of {MEMBERS:,} members", naive, "calls")]
        for name, program in CONTENDERS.items():
            changed, unchanged = counted(program)
            rows += [
                Row(f"{name}, all change", changed, "calls"),
                Row(f"{name}, all change, over naive", changed / naive, "x", CHANGED_BOUND),
                Row(f"{name}, none changes", unchanged, "calls"),
                Row(f"{name}, none changes, over naive", unchanged / naive, "x", UNCHANGED_BOUND),
            ]
        return rows


if __name__ == "__main__":
    raise SystemExit(show(measure))
