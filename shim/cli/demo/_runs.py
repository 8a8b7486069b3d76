"""The scripts of the demo, each run as a process of its own, and what they have to do.

`play` runs them; `broken` compares what was seen with what the demo promises.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import shim
from shim.sandbox import Sandbox
from shim.usage import LineReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SCRIPT: Final = "hr_departures.py"
REWRITTEN: Final = "hr_departures_rewritten.py"
OLD_IMPORT: Final = "from our_fxiaoke import "
NEW_IMPORT: Final = "from shim import "
READ_BACK_SECONDS: Final = 0.5
"""Seconds that the shim waits for a write to show; the default is too long for a demo."""

_MEMBERS: Final = 12
_LEAVERS, _RETURNERS = slice(0, 5), slice(5, 8)
# Settings, proxies and certificates of this machine are for real tenants. PYTHONHOME stays, since
# an embedded Python does not start without it.
_NOT_FOR_SCRIPTS: Final = re.compile(
    r".*FXIAOKE.*|PYTHON(?!HOME$).*|.*_PROXY|SSL_CERT_(FILE|DIR)", re.IGNORECASE
)
_OWN_LINE: Final = re.compile(r"[A-Z]+ hr: (.*)")


def examples() -> Path:
    """Return the folder of the examples: in the installed package, or beside it in a checkout."""
    package = Path(shim.__file__).parent
    installed = package / "_examples"
    return installed if installed.is_dir() else package.parent / "examples"


@dataclass(frozen=True)
class Task:
    """A script to run.

    Attributes:
        title: Its name on the page.
        script: Name of its file among the examples.
        profile: Profile of its sandbox.
        shimmed: Whether the shim replaces its old client.
    """

    title: str
    script: str
    profile: str
    shimmed: bool = False

    def source(self, folder: Path) -> str:
        """Return the source to run."""
        source = (folder / self.script).read_text(encoding="utf-8")
        return source.replace(OLD_IMPORT, NEW_IMPORT) if self.shimmed else source


@dataclass(frozen=True)
class ScriptRun:
    """What a script has done.

    Attributes:
        task: The script.
        source: Its source, as it was run.
        tenant: Its sandbox.
        before: Members by openUserId before it ran; "0" enabled, "1" disabled.
        exit_code: Its exit code; negative if a signal ended it.
        output: Its text on stdout.
        log: Its lines on stderr.
    """

    task: Task
    source: str
    tenant: Sandbox
    before: Mapping[str, str]
    exit_code: int
    output: str = field(repr=False)
    log: Sequence[str] = field(repr=False)

    @property
    def after(self) -> dict[str, str]:
        """Members by openUserId as they are now, read from the sandbox."""
        return self.tenant.members()

    @property
    def calls(self) -> int:
        """Number of API calls that reached the sandbox."""
        return sum(one["count"] for one in self.tenant.calls().values())

    @property
    def said(self) -> list[str]:
        """The lines that the script itself logged, without the traceId."""
        own = [_OWN_LINE.fullmatch(line) for line in self.log]
        return [found[1].partition(", traceId")[0] for found in own if found]

    @property
    def answers(self) -> list[dict[str, Any]]:
        """The answers that the script printed."""
        found: list[dict[str, Any]] = []
        for line in self.output.splitlines():
            with suppress(ValueError):
                found.append(json.loads(line))
        return found

    @property
    def event_lines(self) -> list[str]:
        """The log lines of the shim."""
        return [line for line in self.log if _events(line)]

    @property
    def events(self) -> list[Mapping[str, Any]]:
        """The events in these lines."""
        return [event for line in self.log for event in _events(line)]


def _events(line: str) -> Sequence[Mapping[str, Any]]:
    return LineReader().read(line.encode())[0]


def groups(tenant: Sandbox) -> dict[str, list[str]]:
    """Return the members by what the HR job does with them."""
    ids = tenant.open_user_ids
    return {
        "leavers": ids[_LEAVERS],
        "returners": ids[_RETURNERS],
        "others": ids[_RETURNERS.stop :],
    }


def wanted(run: ScriptRun) -> dict[str, str]:
    """Return the states of the members that the HR job wants."""
    by_group = groups(run.tenant)
    disabled, enabled = by_group["leavers"], by_group["returners"]
    return {**run.before, **dict.fromkeys(disabled, "1"), **dict.fromkeys(enabled, "0")}


def play(tasks: Sequence[Task], folder: Path, seconds: float) -> list[ScriptRun]:
    """ScriptRun scripts, all at the same time; return what they did, in the given order.

    Args:
        tasks: The scripts.
        folder: Folder of the scripts.
        seconds: Seconds to wait for each; then it is killed.

    Raises:
        OSError: A script is missing, or this machine lacks disk space, loopback or processes.
    """
    with ExitStack() as stack:
        # Windows removes no file that a process has open, and a process may just have been killed.
        made = TemporaryDirectory(prefix="fxshim-demo-", ignore_cleanup_errors=True)
        room = Path(stack.enter_context(made))
        started = [
            _Started(task, folder, room / str(number), stack) for number, task in enumerate(tasks)
        ]
        return [one.finished(seconds) for one in started]


class _Started:
    """A script that runs until its stack is closed."""

    def __init__(self, task: Task, examples: Path, folder: Path, stack: ExitStack) -> None:
        self._task = task
        self._folder = folder
        self._tenant = _tenant(task.profile)
        self._before = self._tenant.members()
        shutil.copytree(examples, folder)
        self._source = task.source(folder)
        (folder / task.script).write_text(self._source, encoding="utf-8")
        by_group = groups(self._tenant)
        # Files and not pipes, so that nothing must be read while the script runs.
        output, log = (stack.enter_context((folder / name).open("wb")) for name in ("out", "log"))
        self._process = stack.enter_context(
            subprocess.Popen(  # noqa: S603 - our own example, with our own interpreter.
                [
                    sys.executable,
                    str(folder / task.script),
                    *(_list(folder, name, by_group[name]) for name in ("leavers", "returners")),
                ],
                cwd=folder,
                env=_environment(self._tenant, stack.enter_context(self._tenant.serve())),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
            )
        )
        stack.callback(self._process.kill)

    def finished(self, seconds: float) -> ScriptRun:
        """Wait for its end; return what it has done."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
        exit_code = self._process.wait()
        # The folder does not help the reader, and its name may hold the name of a person.
        log = self._text("log").replace(str(self._folder) + os.sep, "")
        return ScriptRun(
            self._task,
            self._source,
            self._tenant,
            self._before,
            exit_code,
            self._text("out"),
            log.splitlines(),
        )

    def _text(self, name: str) -> str:
        return (self._folder / name).read_text(encoding="utf-8", errors="replace")


def _tenant(profile: str) -> Sandbox:
    """Return a sandbox whose returners are disabled; all of a profile are equal."""
    tenant = Sandbox(_MEMBERS, profile=profile, seed=7)
    body = {
        "corpAccessToken": tenant.corp_access_token,
        "corpId": tenant.corp_id,
        "openUserIds": groups(tenant)["returners"],
        "status": 1,
    }
    tenant.handle("POST", "/cgi/user/batchSetStatus", "", json.dumps(body).encode())
    tenant.reset(calls_only=True)
    return tenant


def _list(folder: Path, name: str, open_user_ids: Sequence[str]) -> str:
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["openUserId"], *([one] for one in open_user_ids)])
    return str(path)


def _environment(tenant: Sandbox, base_url: str) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not _NOT_FOR_SCRIPTS.fullmatch(name)}
    return {
        **kept,
        # The script finds the same modules as this process, in the same order.
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONIOENCODING": "utf-8",
        "NO_PROXY": "*",
        "FXIAOKE_URL": base_url,
        "FXIAOKE_TOKEN": tenant.corp_access_token,
        "FXIAOKE_CORP_ID": tenant.corp_id,
        "FXIAOKE_USER": tenant.current_open_user_id,
        "FXIAOKE_SHIM_BASE_URL": base_url,
        "FXIAOKE_SHIM_CURRENT_OPEN_USER_ID": tenant.current_open_user_id,
        "FXIAOKE_SHIM_READ_BACK_SECONDS": str(READ_BACK_SECONDS),
    }


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

    old: ScriptRun
    new: ScriptRun
    rewritten: ScriptRun
    silent: ScriptRun


def tasks(ordinary: str, silent: str) -> tuple[Task, Task, Task, Task]:
    """Return the tasks of the four runs, in the order of `Played`.

    Args:
        ordinary: Profile of a tenant that works as asked.
        silent: Profile of a tenant that answers "success" and changes nothing.
    """
    return (
        Task("old client", SCRIPT, ordinary),
        Task("with the shim", SCRIPT, ordinary, shimmed=True),
        Task("rewritten by hand", REWRITTEN, silent),
        Task("with the shim", SCRIPT, silent, shimmed=True),
    )


def changed_lines(played: Played) -> list[tuple[str, str]]:
    """Return each line of the script that differs with the shim: before, after."""
    old, new = played.old.source.splitlines(), played.new.source.splitlines()
    return [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]


def broken(played: Played) -> list[str]:
    """Return each promise that was not kept, in words."""
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


def _exit(run: ScriptRun, promised: int) -> Iterator[str]:
    if run.exit_code != promised:
        last = f" ({run.log[-1]})" if run.log else ""
        yield f"{_name(run)}: exit code {promised} was promised, it is {run.exit_code}{last}"


def _members(run: ScriptRun, promised: Mapping[str, str]) -> Iterator[str]:
    differ = sum(run.after[one] != promised[one] for one in promised)
    if differ:
        yield f"{_name(run)}: {differ} of {len(promised)} members are not as promised"


def broken_log(run: ScriptRun) -> Iterator[str]:
    """Yield what is missing in the log of a run with the shim."""
    logged = {(event["event"], event.get("caller_file")) for event in run.events}
    missing = [name for name in (CALLED, FINISHED, SUMMARIZED) if (name, SCRIPT) not in logged]
    if missing:
        yield f"{_name(run)}: no {', '.join(missing)} in the log names the script"


def _refusals(run: ScriptRun) -> Iterator[str]:
    if not run.answers or any(answer["errorCode"] == 0 for answer in run.answers):
        yield f"{_name(run)}: each of its answers was to be an error"


def _name(run: ScriptRun) -> str:
    return f"{run.task.script}, {run.task.title}, tenant {run.task.profile}"
