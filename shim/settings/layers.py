"""The layers that settings come from, and what is said when one of them is unusable."""

from __future__ import annotations

import difflib
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from pydantic import BaseModel, ValidationError

from shim.settings.errors import ConfigurationError
from shim.settings.model import (
    CONFIG_VARIABLE,
    ENVIRONMENT_PREFIX,
    FILE_NAME,
    HTTP_VARIABLE,
    TABLE_NAME,
    Settings,
)

if sys.version_info >= (3, 11):
    import tomllib
else:  # Python before (3, 11)
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class _Given(NamedTuple):
    """A value and the words for where it came from."""

    value: Any
    origin: str


class Files(NamedTuple):
    """Where a settings file may lie, the first that holds settings counts.

    Attributes:
        paths: Absolute, so that no later `chdir` changes where `base_url` comes from.
        explicit: Whether somebody named it, so that it has to be there.
    """

    paths: tuple[Path, ...]
    explicit: bool


def files() -> Files:
    """Return where this process has its settings file.

    The current directory only, as Python itself looks for modules. Linters look upwards as well,
    but a file further up (in `/tmp`, say) may be somebody else's.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Files((Path(named).absolute(),), explicit=True)
    return Files((Path.cwd() / FILE_NAME, Path.cwd() / "pyproject.toml"), explicit=False)


def fingerprint(where: Files) -> tuple[tuple[int, int, int] | None, ...]:
    """Return what differs after a file has been written, replaced, made or removed."""
    return tuple(map(_stamp, where.paths))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class Loaded(NamedTuple):
    """The settings, and the file that some of them are from, if any."""

    settings: Settings
    file: Path | None


def load(configured: Mapping[str, Any], where: Files) -> Loaded:
    """Return the settings of all layers together.

    Raises:
        ConfigurationError: A layer holds something unusable.
    """
    given: dict[str, _Given] = {}
    file, table = _from_files(where)
    given.update({key: _Given(value, str(file)) for key, value in table.items()})
    given.update(_from_environment())
    given.update({key: _Given(value, "configure()") for key, value in configured.items()})
    for key, (_, origin) in given.items():
        if key not in Settings.model_fields:
            msg = f"{origin}: there is no setting {key!r}{_hint(key)}"
            raise ConfigurationError(msg)
    try:
        values = {key: value for key, (value, _) in given.items()}
        return Loaded(Settings.model_validate(values), file)
    except ValidationError as error:
        # `from None`: the chained error would show the input to whoever prints the traceback.
        raise ConfigurationError("; ".join(_complaints(error, given))) from None


def _complaints(error: ValidationError, given: Mapping[str, _Given]) -> Iterator[str]:
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        text = item["msg"].removeprefix("Value error, ")
        path = ".".join(str(part) for part in item["loc"])
        if path:
            yield f"{given[str(item['loc'][0])].origin}: {path}: {text}"
        else:
            yield text


def _hint(key: str) -> str:
    close = difflib.get_close_matches(key.lower(), Settings.model_fields, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _from_environment() -> Iterator[tuple[str, _Given]]:
    for name, text in os.environ.items():
        key = name.removeprefix(ENVIRONMENT_PREFIX)
        if name in {key, CONFIG_VARIABLE, HTTP_VARIABLE} or not text:
            continue
        # The environment is shared: what resembles no setting may well be somebody else's.
        if key.lower() not in Settings.model_fields and not _hint(key):
            continue
        yield key.lower(), _Given(_parsed(name, key.lower(), text), f"environment variable {name}")


def _parsed(name: str, key: str, text: str) -> Any:
    """Read `text` as JSON where the setting is a table or a list; pydantic reads the rest."""
    default = Settings.model_fields[key].default if key in Settings.model_fields else None
    if not isinstance(default, (BaseModel, tuple, dict)):
        return text
    try:
        return json.loads(text)
    except ValueError:
        if isinstance(default, tuple):
            return tuple(part.strip() for part in text.split(","))
        msg = f"environment variable {name}: should be a JSON object"
        raise ConfigurationError(msg) from None


def _from_files(where: Files) -> tuple[Path | None, Mapping[str, Any]]:
    for path in where.paths:
        if (where.explicit or path.is_file()) and (table := _table(path)):
            return path, table
    return None, {}


def _table(path: Path) -> Mapping[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path}: cannot be read ({type(error).__name__})"
        raise ConfigurationError(msg) from None
    except ValueError as error:
        # Only the place: the error's own text may quote the line, and that may hold a secret.
        place = re.search(r"at (line \d+, column \d+|end of document)", str(error))
        msg = f"{path}: is not valid TOML at {place[1] if place else 'some place'}"
        raise ConfigurationError(msg) from None
    table: Any = document
    for name in ("tool", TABLE_NAME) if path.name == "pyproject.toml" else ():
        table = table.get(name, {})
        if not isinstance(table, dict):
            msg = f"{path}: [tool.{TABLE_NAME}] should be a table"
            raise ConfigurationError(msg)
    return cast("dict[str, Any]", table)
