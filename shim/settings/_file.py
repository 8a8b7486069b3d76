"""The settings file: where it is, how it looks, and what it says.

Everything that may lie at its place ends in a table of settings or in a `ConfigurationError`: other
encodings, pipes and devices, files of other users. Nothing here waits for another process, and
nothing takes longer than about a second.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from shim.settings.errors import ConfigurationError
from shim.settings.names import CONFIG_VARIABLE, FILE_NAME, TABLE_NAME

if sys.version_info >= (3, 11):
    import tomllib
else:  # Python before (3, 11)
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping

BYTES_AT_MOST = 1_000_000
"""A longer file is not read. Room for 20,000 tenants in `routes`."""
FIXED = ("allow_plain_http", "base_url", "redis_url")
"""Settings that say where tokens go. A file that was found by chance gives them at its first
reading only: a program that can write to the current directory could send the tokens elsewhere. In
the tables of `tenants` the same holds for `base_url`."""

# What the parser copies for dotted keys grows with the product of the dots in the deepest line and
# those of the whole file. This many steps take it about a second.
_STEPS_AT_MOST = 5_000_000
# A pipe without a writer then opens at once. Windows has no such pipes.
_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0)
_UTF8_MARK = b"\xef\xbb\xbf"


class Files(NamedTuple):
    """Where a settings file may be; the first that holds settings counts.

    Attributes:
        paths: Absolute, so that no later `chdir` changes where `base_url` comes from.
        explicit: Whether it was named, so that it has to be there.
    """

    paths: tuple[Path, ...]
    explicit: bool


@dataclass(frozen=True)
class Look:
    """How a path looked. Two looks are equal if nothing has changed in between.

    Attributes:
        marks: Time of the last change in ns, size in bytes, and number; empty if nothing is there.
        content: What was read; None if it was not. It may hold secrets: no repr of it.
        problem: Why it must not be used. Empty: it may be.
    """

    marks: tuple[int, ...] = ()
    content: bytes | None = field(default=None, repr=False)
    problem: str = ""


@dataclass(frozen=True)
class Table:
    """The settings of a file.

    Attributes:
        path: The file; None if none holds settings.
        values: Its settings by name. They may hold secrets: no repr of them.
    """

    path: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def with_fixed_of(self, first: Table) -> tuple[Table, tuple[str, ...]]:
        """Return this with the `FIXED` settings of `first`, and the names of those that differ.

        The table of a tenant whose `base_url` differs is left as it was as a whole: its new
        credentials may be meant for the new address only.
        """
        missing = object()
        ignored = [
            key for key in FIXED if self.values.get(key, missing) != first.values.get(key, missing)
        ]
        values = {key: value for key, value in self.values.items() if key not in FIXED}
        values.update({key: first.values[key] for key in FIXED if key in first.values})
        now, before = _tables(self.values), _tables(first.values)
        moved = [
            corp_id
            for corp_id in {**before, **now}
            if _address(now.get(corp_id)) != _address(before.get(corp_id))
        ]
        if moved:
            ignored.append("tenants.base_url")
            tenants = {key: table for key, table in now.items() if key not in moved}
            tenants.update({key: before[key] for key in moved if key in before})
            values["tenants"] = tenants
        return replace(self, values=values), tuple(ignored)


def _tables(values: Mapping[str, Any]) -> dict[str, Any]:
    found = values.get("tenants")
    return found if isinstance(found, dict) else {}


def _address(table: Any) -> Any:
    return table.get("base_url") if isinstance(table, dict) else None


def files() -> Files:
    """Return where this process has its settings file.

    The current directory only, as Python itself looks for modules. Linters look upwards as well,
    but a file further up (in `/tmp`, say) may belong to another user.

    Raises:
        ConfigurationError: The variable names a relative path, and the current directory is gone.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    try:
        if named:
            return Files((Path(named).absolute(),), explicit=True)
        here = Path.cwd()
    except OSError as error:
        if not named:
            # No directory, so no file in it.
            return Files((), explicit=False)
        msg = (
            f"environment variable {CONFIG_VARIABLE}: is a relative path, and there is no current "
            f"directory ({type(error).__name__}); write an absolute path"
        )
        raise ConfigurationError(msg) from None
    return Files((here / FILE_NAME, here / "pyproject.toml"), explicit=False)


def look(where: Files) -> tuple[Look, ...]:
    """Look at each path: what is there, and may it be used?"""
    return tuple(map(_look, where.paths))


def table(where: Files, looks: tuple[Look, ...]) -> Table:
    """Return the settings of the first file that holds some, as it was looked at.

    Raises:
        ConfigurationError: A file is unusable, or one that was named is missing.
    """
    for path, found in zip(where.paths, looks, strict=True):
        if not where.explicit and (not found.marks or _is_of_others(path, found)):
            continue
        if found.problem or found.content is None:
            msg = f"{path}: {found.problem}"
            raise ConfigurationError(msg)
        if values := _values(path, _text(path, found.content)):
            return Table(path, values)
    return Table()


def _look(path: Path) -> Look:
    marks: tuple[int, ...] = ()
    try:
        link = path.lstat()
        # From here on something is there, if only a link that leads nowhere.
        marks = (link.st_mtime_ns, link.st_size, link.st_ino)
        found = path.stat()
        marks = (found.st_mtime_ns, found.st_size, found.st_ino)
        if not stat.S_ISREG(found.st_mode):
            # Not opened: that alone may do something to a device.
            return Look(marks, problem="is no regular file (but a directory, pipe or device)")
        # If it has been replaced since, it is opened without waiting, and read up to a bound.
        with open(path, "rb", opener=_opened) as file:
            found = os.fstat(file.fileno())
            # As much as it holds, for the buffer of a read is allocated before.
            content = file.read(min(found.st_size, BYTES_AT_MOST) + 1) or b""
    except OSError as error:
        return Look(marks, problem=f"cannot be read ({type(error).__name__})")
    return Look(marks, content, _problem(link, found, content))


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | _WITHOUT_WAITING)


def _problem(link: os.stat_result, found: os.stat_result, content: bytes) -> str:
    if hasattr(os, "geteuid"):  # pragma: no branch - Windows has neither owners nor such modes.
        # The owner of a link chooses what is read.
        if not {link.st_uid, found.st_uid} <= {0, os.geteuid()}:
            return (
                "is not read, since another user owns it: give it to the user that runs this "
                "program, or to root"
            )
        if found.st_mode & stat.S_IWOTH:
            return "is not read, since any user may write to it: chmod o-w"
    if len(content) > BYTES_AT_MOST:
        return f"is not read, since it is longer than {BYTES_AT_MOST:,} bytes"
    return ""


def _is_of_others(path: Path, found: Look) -> bool:
    """Whether it is the project file of a program that does not mention us."""
    if path.name != "pyproject.toml" or found.content is None:
        return False
    # Without zero bytes, so that a file in UTF-16 that mentions us is refused.
    return TABLE_NAME.encode() not in found.content.replace(b"\0", b"")


def _text(path: Path, content: bytes) -> str:
    if b"\0" in content:
        msg = f"{path}: holds zero bytes, as files in UTF-16 do: save it as UTF-8"
        raise ConfigurationError(msg)
    try:
        return content.removeprefix(_UTF8_MARK).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    perhaps = ", but perhaps in GBK" if _is_gbk(content) else ""
    msg = f"{path}: is not in UTF-8{perhaps} (see line {line}): save it as UTF-8"
    raise ConfigurationError(msg)


def _is_gbk(content: bytes) -> bool:
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True


def _values(path: Path, text: str) -> Mapping[str, Any]:
    try:
        deepest = max(line.count(".") for line in text.split("\n"))
        if deepest * (text.count(".") + text.count("\n")) > _STEPS_AT_MOST:
            msg = f"{path}: has a line with {deepest} dots: break that line, or shorten its key"
            raise ConfigurationError(msg)
        document = tomllib.loads(text)
    except RecursionError:
        msg = f"{path}: is nested too deeply"
        raise ConfigurationError(msg) from None
    except ValueError as error:
        # Only the place: the error's own text may quote the line, and that may hold a secret.
        place = re.search(r"at (line \d+, column \d+|end of document)", str(error))
        msg = f"{path}: is not valid TOML{f' at {place[1]}' if place else ''}"
        raise ConfigurationError(msg) from None
    values: Any = document
    for name in ("tool", TABLE_NAME) if path.name == "pyproject.toml" else ():
        values = values.get(name, {})
        if not isinstance(values, dict):
            msg = f"{path}: [tool.{TABLE_NAME}] should be a table"
            raise ConfigurationError(msg)
    return cast("dict[str, Any]", values)
