"""The results file: a line of JSON for each member, appended and on the disk as members end.

So after a crash it tells what was done, and which members have failed. It is the only place where
the command writes ids.
"""

from __future__ import annotations

import json
import os
import stat
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal

from shim.bulk import NOT_ATTEMPTED, state_of
from shim.cli._output import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from typing_extensions import Self

    from shim.changes.outcome import Outcome

Asked = Literal["disabled", "enabled"]

KEYS = frozenset({"openUserId", "asked", "state", "errorCode", "message", "traceId", "at"})

_HEAD = b'{"openUserId": '
"""How each of our lines begins."""
_LEFT = frozenset({"failed", NOT_ATTEMPTED})
_LONGEST_LINE = 1 << 20
_BLOCK = 1 << 16


class ResultsError(CommandError):
    """A results file cannot be used. Its text names the file and says what to do."""


class ResultsFile:
    """A results file, open for appending; a context manager."""

    def __init__(self, path: Path, asked: Asked) -> None:
        """Open it, or make it, for this user alone; cut off a line that a crash has torn.

        Raises:
            ResultsError: It cannot be written, or is not a results file; then it is as it was.
        """
        self._path = path
        self._asked: Asked = asked
        try:
            # Raw, so that a group of lines is one write; the system puts it at the end.
            self._file = open(path, "a+b", buffering=0, opener=_private)  # noqa: SIM115
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            self._check()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def stat(self) -> os.stat_result:
        """Return what the system knows of it."""
        return os.fstat(self._file.fileno())

    def append(self, outcomes: Iterable[Outcome]) -> None:
        """Append a line for each outcome; return when they are on the disk.

        Raises:
            ResultsError: They could not all be written.
        """
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            self._write(b"".join(_line(outcome, self._asked, now) for outcome in outcomes))
        except OSError as error:
            raise self._unwritable(error) from None

    def _write(self, data: bytes) -> None:
        while data:
            data = data[self._file.write(data) :]
        os.fsync(self._file.fileno())

    def _check(self) -> None:
        if not stat.S_ISREG(self.stat().st_mode):
            msg = f"{self._path} is not a regular file: name a new one"
            raise ResultsError(msg)
        try:
            self._file.seek(0)
            if not _is_ours(self._file.readline(_LONGEST_LINE)):
                raise _foreign(self._path)
            self._mend()
        except OSError as error:
            raise self._unwritable(error) from None

    def _mend(self) -> None:
        """Cut off what follows the last line end, unless it is whole and lacks just that."""
        size = self.stat().st_size
        end = self._end_of_last_line(size)
        self._file.seek(end)
        if _parsed(self._file.read(_LONGEST_LINE)) is not None:
            self._write(b"\n")
        elif end < size:
            self._file.truncate(end)

    def _end_of_last_line(self, size: int) -> int:
        for start in range((size - 1) // _BLOCK * _BLOCK, -1, -_BLOCK):
            self._file.seek(start)
            found = self._file.read(_BLOCK).rfind(b"\n")
            if found >= 0:
                return start + found + 1
        return 0

    def _unwritable(self, error: OSError) -> ResultsError:
        return ResultsError(
            f"{self._path} cannot be written: {error.strerror}; mend that, or name another file"
        )


def failed_ids(path: Path, asked: Asked) -> tuple[set[str], int]:
    """Return whose last word in a results file is that it failed, or was not attempted.

    Only lines that asked the same count: who could not be disabled must not be enabled for it. A
    dry run's `planned` says nothing about what became of a member.

    Returns:
        The ids, and how many lines could not be read.

    Raises:
        ResultsError: It cannot be read, or is not a results file.
    """
    failed: set[str] = set()
    unreadable = 0
    try:
        for line in _lines(path):
            known = _parsed(line)
            if known is None:
                unreadable += 1
            elif known["asked"] != asked or known["state"] == "planned":
                continue
            elif known["state"] in _LEFT:
                failed.add(known["openUserId"])
            else:
                failed.discard(known["openUserId"])
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise ResultsError(msg) from None
    return failed, unreadable


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        line = file.readline(_LONGEST_LINE)
        if not _is_ours(line):
            raise _foreign(path)
        while line:
            yield line
            line = file.readline(_LONGEST_LINE)


def _foreign(path: Path) -> ResultsError:
    return ResultsError(f"{path} is not a results file of this command: name another, or a new one")


def _line(outcome: Outcome, asked: Asked, at: str) -> bytes:
    row = {
        "openUserId": outcome.open_user_id,
        "asked": asked,
        "state": state_of(outcome),
        "errorCode": outcome.error_code,
        "message": outcome.message,
        "traceId": outcome.trace_id,
        "at": at,
    }
    # Half a surrogate pair, which has no UTF-8, becomes the escape that it has in JSON.
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _loaded(line: bytes) -> Any:
    """Return what a line of JSON holds, or None where it is none."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _parsed(line: bytes) -> dict[str, Any] | None:
    """Return what one of our lines says, or None where it is torn or not ours."""
    row = _loaded(line)
    ours = isinstance(row, dict) and row.keys() >= KEYS and isinstance(row["openUserId"], str)
    return row if ours else None


def _is_ours(first_line: bytes) -> bool:
    """Return whether a file that begins so is empty or ours; its only line may be torn."""
    if first_line.endswith(b"\n") or _loaded(first_line) is not None:
        return _parsed(first_line) is not None
    return first_line.startswith(_HEAD) or _HEAD.startswith(first_line)
