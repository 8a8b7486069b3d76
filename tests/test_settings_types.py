"""The keywords of `configure()`, as type checkers know them, are those that the settings accept."""

import importlib.util
import sys
import typing
from typing import get_origin

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, TypeAdapter, ValidationError
from typing_extensions import Required, get_type_hints

import shim
from shim.settings import changes, model

# What a type cannot say: a length, a range, and what our own validators look at.
OF_VALUES = {
    "string_too_short",
    "too_short",
    "greater_than",
    "greater_than_equal",
    "less_than_equal",
    "value_error",
    "finite_number",
    "string_too_long",
}
PARTS = {
    model.Settings: "SettingsChanges",
    model.Route: "RouteTable",
    model.StatusValues: "StatusValuesTable",
    model.ByMobileStatus: "ByMobileStatusTable",
    model.Triggers: "TriggersTable",
    model.TenantSettings: "TenantSettingsTable",
}
DEFAULTS = {
    model.Route: model.Route(mode="object"),
    model.StatusValues: model.StatusValues(),
    model.ByMobileStatus: model.ByMobileStatus(),
    model.Triggers: model.Triggers(),
    model.TenantSettings: model.TenantSettings(),
}


def as_checkers_see_it():
    """Return the module with all names that it takes from others, which cost too much to import."""
    name = "changes_as_checkers_see_it"
    spec = importlib.util.spec_from_file_location(name, changes.__file__)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typing, "TYPE_CHECKING", True)
        spec.loader.exec_module(module)
    return module


SEEN = as_checkers_see_it()
HINTS = get_type_hints(SEEN.SettingsChanges)
OF_A_TENANT = get_type_hints(SEEN.TenantSettingsTable)


def values(hint):
    """Return a strategy of values that a type checker accepts for this type."""
    for part, default in DEFAULTS.items():
        st.register_type_strategy(part, st.just(default))
    st.register_type_strategy(SecretStr, st.text().map(SecretStr))
    return st.from_type(hint)


def complaints(values):
    """Return what is wrong with some settings."""
    try:
        model.Settings.model_validate(values)
    except ValidationError as error:
        return error.errors()
    return []


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_setting_is_a_keyword(part):
    """Those of its parts too; what has no default is required."""
    hints = get_type_hints(getattr(SEEN, PARTS[part]), include_extras=True)
    required = {name for name, hint in hints.items() if get_origin(hint) is Required}
    assert list(hints) == list(part.model_fields)
    assert required == {name for name, one in part.model_fields.items() if one.is_required()}


def test_only_what_may_be_anything_is_typed_so():
    """Two settings are objects of other packages."""
    anything = {name for name, hint in HINTS.items() if hint is typing.Any}
    assert anything == {"transport", "openfeature_client"}
    assert anything == {
        name
        for name, field in model.Settings.model_fields.items()
        if field.annotation is typing.Any
    }


@pytest.mark.parametrize(
    "name", [name for name in HINTS if HINTS[name] is not typing.Any and name != "tenants"]
)
def test_what_checkers_accept_is_accepted(name):
    """Any value of a keyword's type is refused for what it is at most, never for its type."""

    @hypothesis.settings(deadline=None)
    @given(values(HINTS[name]))
    def accepted(value):
        assert {one["type"] for one in complaints({name: value})} <= OF_VALUES

    accepted()


@pytest.mark.parametrize("name", [name for name in OF_A_TENANT if name != "transport"])
def test_what_checkers_accept_for_a_tenant_is_accepted(name):
    """The same holds for the values of a tenant's table."""

    @hypothesis.settings(deadline=None)
    @given(values(OF_A_TENANT[name]))
    def accepted(value):
        found = complaints({"tenants": {"FSCID_A": {name: value}}})
        assert {one["type"] for one in found} <= OF_VALUES

    accepted()


def test_what_is_in_force_may_be_given_again():
    """Checkers accept each value that the settings hold: `configure(routes=(*now.routes, …))`."""
    now = shim.configure(
        app_id="a",
        app_secret="b",
        permanent_code="c",
        routes=[{"mode": "object", "percent": 10}],
        redis_url="redis://localhost",
        look_through=["module"],
        field_map={"account": "account__c"},
    )
    TypeAdapter(SEEN.SettingsChanges).validate_python(dict(now), strict=True)
    assert shim.configure(**dict(now)) == now


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("look_through", "module"),
        ("routes", [{"percent": 10}]),
        ("routes", [{"mode": "object", "percnet": 10}]),
        ("status_values", {"disable": {}}),
        ("mode", "shadwo"),
        ("base_ulr", "https://open.fxiaoke.com"),
    ],
)
def test_what_checkers_refuse_is_refused(name, value):
    """The same mistakes are errors at run time."""
    with pytest.raises(shim.ConfigurationError):
        shim.configure(**{name: value})


def test_settings_is_the_class_for_annotations():
    """It is loaded when asked for, and no other name is made up."""
    assert shim.Settings is model.Settings
    assert isinstance(shim.configure(), shim.Settings)
    with pytest.raises(AttributeError, match="module 'shim' has no attribute 'Setings'"):
        shim.Setings  # noqa: B018
