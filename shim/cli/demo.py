"""`fxshim demo`: one legacy script, run with its old client and with one import line changed.

Everything shown is what happened: the script runs twice as a process of its own against a
sandbox on loopback, and the tables come from the sandbox's state and from what the script wrote.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from rich.box import ASCII, ROUNDED
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

import shim
from shim.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCRIPT = "hr_departures.py"
OLD_IMPORT = "from our_fxiaoke import set_member_status_batch"
NEW_IMPORT = "from shim import set_member_status_batch"
_STATUS = {"0": "enabled", "1": "disabled"}


@dataclass(frozen=True)
class Scene:
    """Who is in it: leavers and returners by id, and the leaver whom permission hides."""

    tenant: Sandbox
    leavers: Sequence[str]
    returners: Sequence[str]
    hidden: str

    def role(self, open_user_id: str) -> str:
        """Return what the HR job wants of a member."""
        if open_user_id == self.hidden:
            return "leaver, hidden"
        if open_user_id in self.leavers:
            return "leaver"
        return "returner" if open_user_id in self.returners else ""


@dataclass(frozen=True)
class Run:
    """What one run of the script did and wrote."""

    title: str
    exit_code: int
    answers: Sequence[str]
    log: Sequence[str]
    warning: Sequence[str]
    members: Mapping[str, str]
    calls: Mapping[str, int]


def show() -> int:
    """Run both and show them side by side; return 0 where both did what the demo promises."""
    console = Console()
    scene = _scene()
    with scene.tenant.serve() as base_url, tempfile.TemporaryDirectory() as folder:
        before = _members(base_url)
        runs = [
            _run(scene, base_url, Path(folder), "before: the old client", OLD_IMPORT),
            _run(scene, base_url, Path(folder), "after: one import line changed", NEW_IMPORT),
        ]
    for part in _parts(scene, before, runs, plain=not console.is_terminal):
        console.print(part)
    old, new = runs
    only_hidden_differs = {one for one in before if old.members[one] != new.members[one]} == {
        scene.hidden
    }
    return 0 if only_hidden_differs else 1


def _scene() -> Scene:
    ids = Sandbox(members=12, seed=7).open_user_ids
    hidden = ids[3]
    tenant = Sandbox(members=12, seed=7, hidden=[hidden])
    return Scene(tenant, leavers=ids[:5], returners=ids[5:8], hidden=hidden)


def _run(scene: Scene, base_url: str, folder: Path, title: str, import_line: str) -> Run:
    _post(base_url, "/_sandbox/reset", {})
    _disable(scene, base_url)
    _post(base_url, "/_sandbox/reset", {"calls_only": True})
    source = (_examples() / SCRIPT).read_text(encoding="utf-8")
    script = folder / SCRIPT
    script.write_text(source.replace(OLD_IMPORT, import_line), encoding="utf-8")
    who = scene.tenant.describe()
    finished = subprocess.run(  # noqa: S603 - our own example, with our own interpreter.
        [
            sys.executable,
            str(script),
            _list(folder / "leavers.csv", scene.leavers),
            _list(folder / "returners.csv", scene.returners),
        ],
        # Neither the settings of whoever looks on nor those of their project have a say here.
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if "FXIAOKE" not in name},
            "PYTHONPATH": str(_examples()),
            "FXIAOKE_URL": base_url,
            "FXIAOKE_TOKEN": str(who["corpAccessToken"]),
            "FXIAOKE_CORP_ID": str(who["corpId"]),
            "FXIAOKE_SHIM_BASE_URL": base_url,
            "FXIAOKE_SHIM_CURRENT_OPEN_USER_ID": str(who["currentOpenUserId"]),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    written = finished.stderr.replace(str(folder) + os.sep, "").splitlines()
    log = [line for line in written if line.startswith(("INFO", "WARNING", "ERROR"))]
    return Run(
        title=title,
        exit_code=finished.returncode,
        answers=finished.stdout.splitlines(),
        log=[line for line in log if not line.startswith("INFO httpx:")],
        warning=[line for line in written if line not in log],
        members=_members(base_url),
        calls={path: one["count"] for path, one in _get(base_url, "/_sandbox/calls").items()},
    )


def _examples() -> Path:
    """Return where the examples are: in the installed package, or beside it in a checkout."""
    package = Path(shim.__file__).parent
    installed = package / "_examples"
    return installed if installed.is_dir() else package.parent / "examples"


def _disable(scene: Scene, base_url: str) -> None:
    """Have the returners disabled to begin with, the old way."""
    who = scene.tenant.describe()
    _post(
        base_url,
        "/cgi/user/batchSetStatus",
        {
            "corpAccessToken": who["corpAccessToken"],
            "corpId": who["corpId"],
            "openUserIds": list(scene.returners),
            "status": 1,
        },
    )


def _list(path: Path, open_user_ids: Sequence[str]) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["openUserId"])
        writer.writerows([one] for one in open_user_ids)
    return str(path)


def _get(base_url: str, path: str) -> Any:
    return httpx.get(base_url + path, trust_env=False).json()


def _post(base_url: str, path: str, body: Mapping[str, Any]) -> None:
    httpx.post(base_url + path, json=body, trust_env=False).raise_for_status()


def _members(base_url: str) -> dict[str, str]:
    members: dict[str, str] = _get(base_url, "/_sandbox/members")
    return members


def _parts(
    scene: Scene, before: Mapping[str, str], runs: Sequence[Run], *, plain: bool
) -> list[Any]:
    old, new = runs
    box = ASCII if plain else ROUNDED
    side_by_side = Table.grid(expand=True, padding=(0, 1))
    for _ in runs:
        side_by_side.add_column(ratio=1)
    side_by_side.add_row(*(Panel(_answers(run), title=run.title, box=box) for run in runs))

    members = Table(title="Members", box=box, expand=True)
    for heading in ("openUserId", "HR says", "at first", "old client", "shim"):
        members.add_column(heading)
    for one, status in before.items():
        differs = old.members[one] != new.members[one]
        members.add_row(
            one,
            scene.role(one),
            "disabled" if one in scene.returners else _STATUS[status],
            _STATUS[old.members[one]],
            Text(_STATUS[new.members[one]], style="bold yellow" if differs else ""),
        )

    calls = Table(title="API calls made", box=box, expand=True)
    for heading in ("path", "old client", "shim"):
        calls.add_column(heading, justify="left" if heading == "path" else "right")
    for path in sorted(old.calls.keys() | new.calls.keys()):
        calls.add_row(path, str(old.calls.get(path, "")), str(new.calls.get(path, "")))

    return [
        Panel(
            Text.assemble((f"- {OLD_IMPORT}\n", "red"), (f"+ {NEW_IMPORT}", "green")),
            title=f"the whole change to {SCRIPT}",
            box=box,
        ),
        side_by_side,
        members,
        calls,
        Panel(Text("\n".join(new.warning)), title="the warning (stderr)", box=box),
        Panel(Text("\n".join(new.log)), title="the log, with the line that called", box=box),
        Text(
            "One leaver is hidden from the acting employee, who lacks the read permission on "
            "PersonnelObj: the shim says so and touches nothing else. Everybody else is as the "
            "old client left them."
        ),
    ]


def _answers(run: Run) -> Group:
    shown = [Text(json.dumps(json.loads(line), indent=2), overflow="fold") for line in run.answers]
    return Group(*shown, Text(f"exit code {run.exit_code}", style="bold"))
