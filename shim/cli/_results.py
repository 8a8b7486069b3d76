"""The results file: a line of JSON for each member, on the disk as soon as the member ends.

So after a crash it shows what was done, and which members failed. It is the only place to which the
command writes ids.
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

    from shim.offline.answer import Outcome

Asked = Literal["disabled", "enabled"]

KEYS = frozenset({"openUserId", "asked", "state", "errorCode", "message", "traceId", "at"})

_HEAD = b'{"openUserId": '
"""The beginning of each of our lines."""
_LEFT = frozenset({"failed", NOT_ATTEMPTED})
_LONGEST_LINE = 1 << 20
_BLOCK = 1 << 16


class ResultsError(CommandError):
    """A results file cannot be used. The text names the file and says what to do."""


class ResultsFile:
    """A results file, open for appending; a context manager."""

    def __init__(self, path: Path, asked: Asked) -> None:
        """Open it, or create it for this user only; cut off a line that a crash has torn.

        Raises:
            ResultsError: It cannot be written, or is not a results file; it is unchanged then.
        """
        self._path = path
        self._asked: Asked = asked
        try:
            # Unbuffered, so that a group of lines is one write; the system appends it.
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
        """Return its status."""
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
            self._repair()
        except OSError as error:
            raise self._unwritable(error) from None

    def _repair(self) -> None:
        """Cut off a torn last line; add the line end if only that is missing."""
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
            f"{self._path} cannot be written: {error.strerror}; fix that, or name another file"
        )


def failed_ids(path: Path, asked: Asked) -> tuple[set[str], int]:
    """Return the members whose last result is that they failed, or were not attempted.

    Only lines with the same `asked` count: a member that could not be disabled must not be enabled
    now. `planned`, of a dry run, says nothing about a member.

    Returns:
        The ids, and the number of lines that could not be read.

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
    # Half a surrogate pair, which UTF-8 cannot hold, becomes its escape in JSON.
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _loaded(line: bytes) -> Any:
    """Return the value of a line of JSON, or None if it is not JSON."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _parsed(line: bytes) -> dict[str, Any] | None:
    """Return the object of one of our lines, or None if it is torn or not ours."""
    row = _loaded(line)
    ours = isinstance(row, dict) and row.keys() >= KEYS and isinstance(row["openUserId"], str)
    return row if ours else None


def _is_ours(first_line: bytes) -> bool:
    """Return whether a file with this first line is empty or ours; its only line may be torn."""
    if first_line.endswith(b"\n") or _loaded(first_line) is not None:
        return _parsed(first_line) is not None
    return first_line.startswith(_HEAD) or _HEAD.startswith(first_line)
