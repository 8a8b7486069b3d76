"""The layers that settings come from, and what is said when one of them is unusable."""

from __future__ import annotations

import difflib
import json
import os
import reprlib
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ValidationError

from shim.settings.errors import ConfigurationError
from shim.settings.model import Settings
from shim.settings.names import CONFIG_VARIABLE, ENVIRONMENT_PREFIX, HTTP_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shim.settings.file import Table

_COMPLAINTS_AT_MOST = 5
# As JSON spells them, and as people write them in an environment.
_FLAGS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_WANTED = {bool: "true or false", int: "a whole number", float: "a number"}


class _Given(NamedTuple):
    """A value and the words for where it came from."""

    value: Any
    origin: str


def load(configured: Mapping[str, Any], table: Table) -> Settings:
    """Return the settings of all layers together.

    Args:
        configured: What `configure()` was given.
        table: What the settings file says.

    Raises:
        ConfigurationError: A layer holds something unusable.
    """
    given: dict[str, _Given] = {}
    given.update({key: _Given(value, str(table.path)) for key, value in table.values.items()})
    given.update(_from_environment())
    given.update({key: _Given(value, "configure()") for key, value in configured.items()})
    for key, (_, origin) in given.items():
        if key not in Settings.model_fields:
            msg = f"{origin}: there is no setting {reprlib.repr(key)}{_hint(key)}"
            raise ConfigurationError(msg)
    try:
        return Settings.model_validate({key: value for key, (value, _) in given.items()})
    except ValidationError as error:
        # `from None`: the chained error would show the input to whoever prints the traceback.
        raise ConfigurationError("; ".join(_complaints(error, given))) from None


def _complaints(error: ValidationError, given: Mapping[str, _Given]) -> Iterator[str]:
    items = error.errors(include_input=False, include_url=False, include_context=False)
    for item in items[:_COMPLAINTS_AT_MOST]:
        text = item["msg"].removeprefix("Value error, ")
        first, *rest = item["loc"] or ("",)
        if first:
            path = ".".join([str(first), *(_short(part) for part in rest)])
            yield f"{given[str(first)].origin}: {path}: {text}"
        else:
            yield text
    if len(items) > _COMPLAINTS_AT_MOST:
        yield f"and {len(items) - _COMPLAINTS_AT_MOST} more"


def _short(part: object) -> str:
    """Return the name of a nested setting, or its number in a list, as an error shows it."""
    return str(part) if isinstance(part, int) else reprlib.repr(str(part))[1:-1]


def _hint(key: str) -> str:
    close = difflib.get_close_matches(key.lower()[:100], Settings.model_fields, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _from_environment() -> Iterator[tuple[str, _Given]]:
    for name, text in os.environ.items():
        key = name.removeprefix(ENVIRONMENT_PREFIX)
        if name in {key, CONFIG_VARIABLE, HTTP_VARIABLE} or not text:
            continue
        # The environment is shared: what resembles no setting may well be somebody else's.
        if key.lower() not in Settings.model_fields and not _hint(key):
            continue
        origin = f"environment variable {name}"
        yield key.lower(), _Given(_parsed(origin, key.lower(), text), origin)


def _parsed(origin: str, key: str, text: str) -> Any:
    """Read `text` as a value of the setting's type."""
    default = Settings.model_fields[key].default if key in Settings.model_fields else None
    try:
        # A truth value is a number as well, so it comes first.
        if isinstance(default, bool):
            return _FLAGS[text.strip().lower()]
        if isinstance(default, (int, float)):
            return type(default)(text)
        if isinstance(default, (BaseModel, tuple, dict)):
            return json.loads(text)
    except (KeyError, ValueError, RecursionError):
        if isinstance(default, tuple):
            return tuple(part.strip() for part in text.split(","))
        wanted = _WANTED.get(type(default), "a JSON object")
        msg = f"{origin}: should be {wanted}"
        raise ConfigurationError(msg) from None
    return text
