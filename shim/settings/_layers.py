"""The layers that settings come from, and the errors if one of them is unusable."""

from __future__ import annotations

import difflib
import json
import os
import reprlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ValidationError

from shim.settings.errors import ConfigurationError
from shim.settings.model import PARTS_ONLY, Settings, TenantSettings, shown
from shim.settings.names import (
    CONFIG_VARIABLE,
    ENVIRONMENT_PREFIX,
    HTTP_VARIABLE,
    PROCESS_WIDE,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shim.settings._file import Table

_COMPLAINTS_AT_MOST = 5
# As JSON spells them, and as people write them in an environment.
_FLAGS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_WANTED = {bool: "true or false", int: "a whole number", float: "a number"}


_TENANTS = "tenants"
_TENANT_PREFIX = f"{ENVIRONMENT_PREFIX}TENANTS__"


class _Given(NamedTuple):
    """A value and the words for where it came from."""

    value: Any
    origin: str


def load(configured: Mapping[str, Any], table: Table) -> Settings:
    """Return the settings of all layers together.

    A later layer replaces the whole value of a setting; only the tables of `tenants` are put
    together, value by value, so that the secrets of a tenant need not be where the rest is.

    Args:
        configured: What `configure()` was given.
        table: What the settings file says.

    Raises:
        ConfigurationError: A layer holds something unusable.
    """
    layers = (
        [(key, _Given(value, str(table.path))) for key, value in table.values.items()],
        _from_environment(),
        [(key, _Given(value, "configure()")) for key, value in configured.items()],
    )
    given: dict[str, _Given] = {}
    tenants: list[_Given] = []
    for key, one in (each for layer in layers for each in layer):
        given[key] = one
        if key == _TENANTS:
            tenants.append(one)
    _refuse_unknown(given)
    origins: dict[tuple[object, ...], str] = {}
    if tenants:
        whole = joined([one.value for one in tenants])
        given[_TENANTS] = given[_TENANTS]._replace(value=whole)
        for one in tenants:
            origins.update(dict.fromkeys(_places(one.value), one.origin))
    try:
        return Settings.model_validate({key: value for key, (value, _) in given.items()})
    except ValidationError as error:
        # `from None`: the chained error would show the input in a traceback.
        raise ConfigurationError("; ".join(_complaints(error, given, origins))) from None


def inside(now: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return the settings inside a `using` block.

    Args:
        now: The settings around it.
        changes: What `using()` was given.

    Raises:
        ConfigurationError: A name or a value is unusable, or the setting is the whole process'.
    """
    given = {key: _Given(value, "using()") for key, value in changes.items()}
    _refuse_unknown(given)
    for key in PROCESS_WIDE:
        if key in given:
            msg = f"using(): {key} is a setting of the whole process; use configure()"
            raise ConfigurationError(msg)
    try:
        checked = Settings.model_validate(dict(changes), context=PARTS_ONLY)
    except ValidationError as error:
        raise ConfigurationError("; ".join(_complaints(error, given, {}))) from None
    made = now.inside({key: getattr(checked, key) for key in changes})
    try:
        made.check_top_level()
    except ValueError as error:
        msg = f"using(): {error}"
        raise ConfigurationError(msg) from None
    return made


def as_validated(configured: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Return what `configure()` was given, as `settings` has it.

    What was given may be a list or a table that changes later. Of `tenants`, only the values that
    were given: the others belong to the file or the environment.
    """
    kept = {name: getattr(settings, name) for name in configured}
    if _TENANTS in kept:
        kept[_TENANTS] = {
            corp_id: {key: getattr(settings.tenants[corp_id], key) for key in _values(table) or ()}
            for corp_id, table in configured[_TENANTS].items()
        }
    return kept


def joined(layers: Iterable[Any]) -> Any:
    """Return the `tenants` of several layers as one; of each value the last counts.

    What is no table stays as it is, for the model to refuse.
    """
    whole: dict[Any, Any] = {}
    for layer in layers:
        if not isinstance(layer, Mapping):
            return layer
        for corp_id, table in layer.items():
            values = _values(table)
            if values is None or not isinstance(whole.get(corp_id, {}), dict):
                whole[corp_id] = table
            else:
                whole[corp_id] = {**whole.get(corp_id, {}), **values}
    return whole


def _values(table: Any) -> dict[Any, Any] | None:
    if isinstance(table, TenantSettings):
        return table.given
    return dict(table) if isinstance(table, Mapping) else None


def _places(tenants: Any) -> Iterator[tuple[object, ...]]:
    """Yield where the values of a layer's `tenants` are, as pydantic says it."""
    yield (_TENANTS,)
    for corp_id, table in tenants.items() if isinstance(tenants, Mapping) else ():
        yield (_TENANTS, corp_id)
        yield from ((_TENANTS, corp_id, key) for key in _values(table) or ())


def _refuse_unknown(given: Mapping[str, _Given]) -> None:
    for key, (_, origin) in given.items():
        if key not in Settings.model_fields:
            msg = f"{origin}: there is no setting {reprlib.repr(key)}{_hint(key)}"
            raise ConfigurationError(msg)


def _complaints(
    error: ValidationError, given: Mapping[str, _Given], origins: Mapping[tuple[object, ...], str]
) -> Iterator[str]:
    """Yield what is wrong.

    Args:
        error: Pydantic's.
        given: The settings, by name.
        origins: Where single values of `tenants` come from.
    """
    items = error.errors(include_input=False, include_url=False, include_context=False)
    for item in items[:_COMPLAINTS_AT_MOST]:
        text = item["msg"].removeprefix("Value error, ")
        first, *rest = item["loc"] or ("",)
        if first:
            path = ".".join([str(first), *(_short(part) for part in rest)])
            places = (item["loc"][:length] for length in (3, 2, 1))
            origin = next(
                (origins[place] for place in places if place in origins), given[str(first)].origin
            )
            yield f"{origin}: {path}: {text}"
        else:
            yield text
    if len(items) > _COMPLAINTS_AT_MOST:
        yield f"and {len(items) - _COMPLAINTS_AT_MOST} more"


def _short(part: object) -> str:
    """Return the name of a nested setting, or its number in a list, as an error shows it."""
    return str(part) if isinstance(part, int) else shown(str(part))


def _hint(key: str) -> str:
    close = difflib.get_close_matches(key.lower()[:100], Settings.model_fields, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _from_environment() -> Iterator[tuple[str, _Given]]:
    # In order, so that a single value of a tenant comes after all tenants as JSON.
    for name, text in sorted(os.environ.items()):
        key = name.removeprefix(ENVIRONMENT_PREFIX)
        if name in {key, CONFIG_VARIABLE, HTTP_VARIABLE} or not text:
            continue
        if name.startswith(_TENANT_PREFIX):
            origin = f"environment variable {name}"
            yield _TENANTS, _Given(_of_tenant(origin, name, text), origin)
            continue
        # The environment is shared: what resembles no setting may belong to another program.
        if key.lower() not in Settings.model_fields and not _hint(key):
            continue
        origin = f"environment variable {name}"
        yield key.lower(), _Given(_parsed(origin, key.lower(), text), origin)


def _of_tenant(origin: str, name: str, text: str) -> Any:
    """Read one value of a tenant's table: FXIAOKE_SHIM_TENANTS__FSCID_X__APP_SECRET."""
    corp_id, _, field = name.removeprefix(_TENANT_PREFIX).rpartition("__")
    key = field.lower()
    if not corp_id or key not in TenantSettings.model_fields:
        msg = (
            f"{origin}: should be named {_TENANT_PREFIX}<corpId>__<SETTING>, with one of these "
            f"settings: {', '.join(TenantSettings.model_fields)}"
        )
        raise ConfigurationError(msg)
    # The types are those of the top level, whose defaults show them.
    return {corp_id: {key: _parsed(origin, key, text)}}


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
