"""Programs that all run one task: bring members to a state, and see that they are in it.

Each is a module that loads its own library only, and is run in a process of its own (see
`benchmarks.worker`). The hand-written ones are what a careful person writes without the shim: the
same look-ups of 100, updates and read-backs, over one client. They raise at the first unexpected
answer, and have neither retries nor outcomes nor pacing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from benchmarks.tenant import Tenant


@dataclass(frozen=True)
class Task:
    """What is to be done.

    Attributes:
        tenant: The tenant.
        ids: The members.
        status: The state to bring them to: 1 disabled, 2 enabled, as in the offline API.
        at_once: How many calls may be under way. The shim reads this from its settings.
    """

    tenant: Tenant
    ids: Sequence[str]
    status: int
    at_once: int


Program: TypeAlias = Callable[[Task], None]


def see(*, right: bool) -> None:
    """Raise if a contender has not done its task: what went wrong is not worth measuring."""
    if not right:
        msg = "a contender has not done its task"
        raise RuntimeError(msg)
