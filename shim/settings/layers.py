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
else:  # pragma: no cover - Python 3.10 has no tomllib; CI runs the tests there, too.
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class _Given(NamedTuple):
    """A value and the words for where it came from."""

    value: Any
    origin: str


def load(configured: Mapping[str, Any]) -> Settings:
    """Return the settings of all layers together.

    Raises:
        ConfigurationError: A layer holds something unusable.
    """
    given: dict[str, _Given] = {}
    given.update(_from_file())
    given.update(_from_environment())
    given.update({key: _Given(value, "configure()") for key, value in configured.items()})
    for key, (_, origin) in given.items():
        if key not in Settings.model_fields:
            msg = f"{origin}: there is no setting {key!r}{_hint(key)}"
            raise ConfigurationError(msg)
    try:
        return Settings.model_validate({key: value for key, (value, _) in given.items()})
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


def _from_file() -> Iterator[tuple[str, _Given]]:
    found = _find_file()
    if found is None:
        return
    path, table = found
    for key, value in table.items():
        yield key, _Given(value, str(path))


def _find_file() -> tuple[Path, Mapping[str, Any]] | None:
    """Look in the current directory only, as Python itself does for modules.

    Linters look upwards as well, but a file further up (in `/tmp`, say) may be somebody else's, and
    `base_url` decides where tokens go.
    """
    explicit = os.environ.get(CONFIG_VARIABLE)
    if explicit:
        path = Path(explicit)
        return path, _table(path)
    for path in (Path.cwd() / FILE_NAME, Path.cwd() / "pyproject.toml"):
        if path.is_file() and (table := _table(path)):
            return path, table
    return None


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
