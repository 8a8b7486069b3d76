"""What may be a value: of the setting's type, finite, and text that can be sent."""

import json
import os

import hypothesis
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import shim
from shim import settings
from shim.settings.model import Settings

FLAGS = ("allow_plain_http", "convert_user_id")
NUMBERS = tuple(
    name for name, field in Settings.model_fields.items() if field.annotation in {int, float}
)
CANARIES = (
    "canary",
    ["canary"],
    {"a": "canary"},
    [{"mode": "canary"}],
    [["canary"]],
    "http://canary",
)
# What the environment can hold: bytes that are no text are kept as surrogates.
VARIABLES = st.binary(max_size=20).map(lambda text: os.fsdecode(text.replace(b"\0", b"")))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


def refused(**values):
    """Return what is said of a value."""
    with pytest.raises(shim.ConfigurationError) as caught:
        shim.configure(**values)
    return str(caught.value)


@pytest.mark.parametrize("name", NUMBERS)
def test_only_a_finite_number_is_accepted_as_a_number(name):
    """Neither a truth value nor a text, and finite: calls wait for these."""
    for value in (True, False, "1", "", None, float("nan"), float("inf"), -(10**5000), [1]):
        assert f"configure(): {name}: " in refused(**{name: value})


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_has_an_upper_bound(name):
    """Every number has a bound."""
    for value in (10**10, 10**400, 10**5000):
        assert f"configure(): {name}: " in refused(**{name: value})


@pytest.mark.parametrize("value", [8.0, 8.5])
def test_a_whole_number_with_a_point_is_refused(value):
    """`concurrency = 8.0` was meant for another setting."""
    assert "concurrency: Input should be a valid integer" in refused(concurrency=value)


def test_seconds_may_be_whole_numbers():
    """20 is 20.0, in each layer."""
    assert shim.configure(quota_seconds=20).quota_seconds == 20.0


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("value", ["yes", "off", "true", 1, 0, 1.0, None])
def test_a_truth_value_is_true_or_false(name, value):
    """In files and in `configure()`, where there is a type for it."""
    assert f"configure(): {name}: " in refused(**{name: value})


def test_a_file_is_as_strict_as_configure(tmp_path):
    """TOML has types."""
    for line in ("timeout_seconds = true", 'concurrency = "8"', 'allow_plain_http = "yes"'):
        (tmp_path / "fxiaoke-shim.toml").write_text(line)
        with pytest.raises(shim.ConfigurationError, match=line.partition(" ")[0]):
            settings.current()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("allow_plain_http", "1", True),
        ("allow_plain_http", " Yes ", True),
        ("convert_user_id", "off", False),
        ("convert_user_id", "FALSE", False),
        ("concurrency", " 12 ", 12),
        ("timeout_seconds", "2", 2.0),
        ("timeout_seconds", "2.5", 2.5),
        ("quota_seconds", "1e1", 10.0),
        ("triggers", '{"workflow": true}', {"workflow": True, "approval": False}),
        ("look_through", "[[", ("[[",)),
    ],
)
def test_the_environment_is_text_that_is_read(name, text, value, monkeypatch):
    """Truth values as people write them, numbers, and tables as JSON."""
    monkeypatch.setenv(f"FXIAOKE_SHIM_{name.upper()}", text)
    assert settings.current().model_dump(exclude={"transport"})[name] == value


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("allow_plain_http", "maybe", "should be true or false"),
        ("concurrency", "8.0", "should be a whole number"),
        ("concurrency", "true", "should be a whole number"),
        ("timeout_seconds", "soon", "should be a number"),
        ("timeout_seconds", "inf", "should be a finite number"),
        ("concurrency", "9" * 5000, "should be a whole number"),
        ("triggers", '{"workflow": 1}', "triggers.workflow: Input should be a valid boolean"),
        ("triggers", "[" * 100_000, "should be a JSON object"),
        ("status_values", '{"disabled": {"a": NaN}}', "status_values.disabled.a"),
        ("routes", '[{"mode": "object", "percent": Infinity}]', "routes.0.percent"),
        ("corp_id", "\udcff", "corp_id: Input should be a valid string"),
        ("app_secret", "\udcff", "app_secret: Input should be a valid string"),
        ("field_map", '{"qq": "\\ud800"}', "field_map.qq: Input should be a valid string"),
    ],
)
def test_the_environment_is_checked(name, text, expected, monkeypatch):
    """The variable is named."""
    variable = f"FXIAOKE_SHIM_{name.upper()}"
    monkeypatch.setenv(variable, text)
    with pytest.raises(shim.ConfigurationError) as caught:
        settings.current()
    assert f"environment variable {variable}: " in str(caught.value)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"disabled": {"status": True}}, 'write "0" or "1" with quotes'),
        ({"enabled": {"status": 0}}, 'write "0" or "1" with quotes'),
        ({"disabled": {"status": "0"}}, "should differ"),
        ({"disabled": {"is_active": False}}, "should differ"),
        ({"disabled": {"status": "1", "version": 2**53 + 1}}, "between -2**53 and 2**53"),
        ({"disabled": {"status": "1", "version": 1.0}}, "status_values.disabled.version"),
    ],
)
def test_the_two_states_of_a_member_differ(values, expected):
    """Else enabling would find everybody enabled. `status` is a text (contract, grade B)."""
    assert expected in refused(status_values=values)


def test_what_configure_was_given_may_change_later(tmp_path, clock):
    """Settings do not, nor does a reading of the file take it again."""
    settings.reset(clock.now)
    fields, modules = {"qq": "qq__c"}, (name for name in ["tenacity"])
    shim.configure(field_map=fields, look_through=modules)
    fields["qq"] = "other__c"
    (tmp_path / "fxiaoke-shim.toml").write_text('mode = "legacy"\n')
    for _ in range(3):
        clock.sleep(settings.LOOK_SECONDS)
        now = settings.current()
    assert (now.mode, now.field_map) == ("legacy", {"qq": "qq__c"})
    assert now.look_through == ("tenacity",)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_no_error_repeats_a_value(name, monkeypatch, tmp_path):
    """From no layer, and whatever the value."""
    said = []

    def told(ask, **values):
        settings.reset()
        try:
            ask(**values)
        except shim.ConfigurationError as error:
            said.append(str(error))

    path, variable = tmp_path / "fxiaoke-shim.toml", f"FXIAOKE_SHIM_{name.upper()}"
    for value in CANARIES:
        written = json.dumps(value)
        told(shim.configure, **{name: value})
        path.write_text(f"{name} = {written.replace(': ', ' = ')}")
        told(settings.current)
        path.unlink()
        monkeypatch.setenv(variable, written)
        told(settings.current)
        monkeypatch.delenv(variable)
    assert "canary" not in "".join(said)


def test_an_error_is_short_and_can_be_printed(monkeypatch):
    """Also for 1000 mistakes, for endless names, and for names that are no text."""
    said = refused(look_through=[1] * 1000)
    assert said.endswith("; and 995 more")
    assert len(refused(triggers={"x" * 10_000: 1})) < 200
    assert len(refused(**{"x" * 10_000: 1})) < 200
    monkeypatch.setenv("FXIAOKE_SHIM_NOTICE\udcff", "log")
    with pytest.raises(shim.ConfigurationError) as caught:
        settings.current()
    assert "FXIAOKE_SHIM_NOTICE\\udcff" in str(caught.value)


@hypothesis.settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from([*Settings.model_fields]), JSON, min_size=1, max_size=3))
@example({"status_values": {"disabled": {"a": 10**5000}}})
@example({"field_map": {"\ud800": "a"}})
def test_any_values_are_settings_or_an_error(values):
    """Settings can be written as JSON in UTF-8, and so be sent."""
    settings.reset()
    try:
        now = shim.configure(**values)
    except shim.ConfigurationError as error:
        str(error).encode()
        assert settings.current() == Settings()
    else:
        now.model_dump_json(exclude={"transport", "openfeature_client"})
        assert repr(now)


@hypothesis.settings(deadline=None, max_examples=60)
@given(st.text(max_size=20), JSON)
def test_any_name_is_a_setting_or_an_error(name, value):
    """Names come from a table that somebody passes on as keywords."""
    if name not in Settings.model_fields:
        assert "there is no setting" in refused(**{name: value})


@hypothesis.settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from([name.upper() for name in Settings.model_fields])
        | VARIABLES.map(str.upper),
        VARIABLES | JSON.map(lambda value: json.dumps(value).replace("\\u0000", "")),
        min_size=1,
        max_size=3,
    )
)
def test_any_environment_is_settings_or_an_error(variables):
    """Whatever bytes it holds."""
    with pytest.MonkeyPatch.context() as patch:
        for name, text in variables.items():
            patch.setenv(f"FXIAOKE_SHIM_{name.replace('=', '')}", text)
        settings.reset()
        try:
            now = settings.current()
        except shim.ConfigurationError as error:
            str(error).encode()
        else:
            assert repr(now)
            now.model_dump_json(exclude={"transport", "openfeature_client"})
