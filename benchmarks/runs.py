"""Counts the files and the Python calls of one offline call and of one command, warm.

    python benchmarks/runs.py ROOT {batch|members}

`structure` runs it in a process of its own, so that ROOT may be another checkout. Printed as JSON.
Only frames of `ROOT/shim` count, and none of `shim/sandbox`: the pretend tenant stands for the
vendor. Comprehensions do not count, since Python 3.12 and later make no frame for most of them. A
generator that goes on counts as a call, since the profiler reports it as one.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

MEMBERS = 5
DISABLED, ENABLED = 1, 2
LAST = 2
"""The run that counts: the first has imported everything, the second has undone the first."""
_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})


class Counter:
    """Counts the frames of a package while `counting` is true.

    Attributes:
        counting: Whether frames count now. Set before the first call of a run, the profiler is
            in threads that live longer than one call as well.
        entered: The file of each frame that was entered, relative to the checkout. A list, because
            threads append to it without a lock.
    """

    def __init__(self, root: Path) -> None:
        self._package = f"{root / 'shim'}{os.sep}"
        self._sandbox = f"{root / 'shim' / 'sandbox'}{os.sep}"
        self._root = root
        self.counting = False
        self.entered: list[str] = []

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        """Take an event of the profiler."""
        if event != "call" or not self.counting:
            return
        code = frame.f_code
        if code.co_name in _COMPREHENSIONS:
            return
        file = code.co_filename
        if file.startswith(self._package) and not file.startswith(self._sandbox):
            self.entered.append(os.path.relpath(file, self._root))


@contextlib.contextmanager
def _profiled(counter: Counter) -> Iterator[None]:
    threading.setprofile(counter)
    sys.setprofile(counter)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def _tenant() -> Any:
    """Return a sandbox in this process, with the shim configured to talk to it."""
    import shim  # noqa: PLC0415 - of the checkout that was named.
    from shim.sandbox import Sandbox  # noqa: PLC0415

    tenant = Sandbox(MEMBERS, seed=1)
    shim.configure(
        base_url=tenant.base_url,
        transport=tenant.transport(),
        current_open_user_id=tenant.current_open_user_id,
        corp_id=tenant.corp_id,
        corp_access_token=tenant.corp_access_token,
        quota_calls=0,
        notices="ignore",
    )
    return tenant


def batch(counted: Callable[[], None]) -> None:
    """Disable all members by one call, after a call that has enabled them."""
    import shim  # noqa: PLC0415

    tenant = _tenant()
    for turn, status in enumerate((DISABLED, ENABLED, DISABLED)):
        if turn == LAST:
            counted()
        answer = shim.set_member_status_batch(
            tenant.corp_access_token, tenant.corp_id, tenant.open_user_ids, status
        )
        _require(answer["errorCode"] == 0, str(answer))


def members(counted: Callable[[], None]) -> None:
    """Disable all members of a file by the command, after one that has enabled them."""
    from shim.cli import main  # noqa: PLC0415

    tenant = _tenant()
    with tempfile.TemporaryDirectory() as folder:
        ids = Path(folder, "leavers.csv")
        ids.write_text("\n".join(["openUserId", *tenant.open_user_ids]), encoding="utf-8")
        for turn, action in enumerate(("disable", "enable", "disable")):
            sys.argv = ["fxshim", "members", action, str(ids), "--quiet"]
            if turn == LAST:
                counted()
            with contextlib.redirect_stdout(io.StringIO()) as screen:
                code = _exit_code(main)
            _require(code == 0, screen.getvalue())


def _exit_code(main: Callable[[], None]) -> object:
    try:
        main()
    except SystemExit as ended:
        return ended.code
    return 0


def _require(done: bool, text: str) -> None:  # noqa: FBT001
    if not done:
        raise SystemExit(text)


RUNS = {"batch": batch, "members": members}


def main(root: str, name: str) -> None:
    """Make a run and print what it touched."""
    place = Path(root).resolve()
    # Instead of the folder of this script; comes before an installed `shim`.
    sys.path[0] = str(place)
    counter = Counter(place)

    def counted() -> None:
        counter.counting = True

    with _profiled(counter):
        RUNS[name](counted)
        counter.counting = False
    touched = {"calls": len(counter.entered), "files": sorted(set(counter.entered))}
    sys.stdout.write(json.dumps(touched) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
