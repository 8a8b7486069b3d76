"""What the demo promises, held against what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shim.cli.demo.runs import REWRITTEN, SCRIPT, Task, wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shim.cli.demo.runs import Run

CALLED: Final = "shim.offline_api_called"
FINISHED: Final = "shim.offline_call_finished"
SUMMARIZED: Final = "shim.offline_usage_summarized"


@dataclass(frozen=True)
class Played:
    """The four runs of the demo.

    Attributes:
        old: The script with its old client.
        new: The script with the shim.
        rewritten: The script rewritten by hand; its tenant keeps no write.
        silent: The script with the shim; its tenant keeps no write.
    """

    old: Run
    new: Run
    rewritten: Run
    silent: Run


def tasks(ordinary: str, silent: str) -> tuple[Task, Task, Task, Task]:
    """Return the tasks of the four runs, in the order of `Played`.

    Args:
        ordinary: Profile of a tenant that does as it is asked.
        silent: Profile of a tenant that answers "success" and changes nothing.
    """
    return (
        Task("old client", SCRIPT, ordinary),
        Task("with the shim", SCRIPT, ordinary, shimmed=True),
        Task("rewritten by hand", REWRITTEN, silent),
        Task("with the shim", SCRIPT, silent, shimmed=True),
    )


def changed_lines(played: Played) -> list[tuple[str, str]]:
    """Return each line of the script that the shim made differ: as it was, as it is."""
    old, new = played.old.source.splitlines(), played.new.source.splitlines()
    return [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]


def broken(played: Played) -> list[str]:
    """Return what was seen instead of what is promised; nothing if all was kept."""
    old, new, rewritten, silent = played.old, played.new, played.rewritten, played.silent
    return [
        *_changes(changed_lines(played)),
        *_exit(old, 0),
        *_exit(new, 0),
        *_members(old, wanted(old)),
        *_members(new, wanted(new)),
        *broken_log(new),
        *_exit(rewritten, 0),
        *_exit(silent, 1),
        *_members(rewritten, rewritten.before),
        *_members(silent, silent.before),
        *_refusals(silent),
    ]


def _changes(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    if len(pairs) != 1:
        yield f"{SCRIPT}: one line was to change, it was {len(pairs)}"


def _exit(run: Run, promised: int) -> Iterator[str]:
    if run.exit_code != promised:
        last = f" ({run.log[-1]})" if run.log else ""
        yield f"{_name(run)}: exit code {promised} was promised, it is {run.exit_code}{last}"


def _members(run: Run, promised: Mapping[str, str]) -> Iterator[str]:
    differ = sum(run.after[one] != promised[one] for one in promised)
    if differ:
        yield f"{_name(run)}: {differ} of {len(promised)} members are not as promised"


def broken_log(run: Run) -> Iterator[str]:
    """Yield what the log of a run with the shim lacks."""
    told = {(event["event"], event.get("caller_file")) for event in run.events}
    missing = [name for name in (CALLED, FINISHED, SUMMARIZED) if (name, SCRIPT) not in told]
    if missing:
        yield f"{_name(run)}: no {', '.join(missing)} in the log names the script"


def _refusals(run: Run) -> Iterator[str]:
    if not run.answers or any(answer["errorCode"] == 0 for answer in run.answers):
        yield f"{_name(run)}: each of its answers was to be an error"


def _name(run: Run) -> str:
    return f"{run.task.script}, {run.task.title}, tenant {run.task.profile}"
