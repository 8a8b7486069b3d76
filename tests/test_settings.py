"""Settings: three layers, later wins; what is unusable is named and never repeated."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import shim
from shim import settings

PLACES = ["file", "environment", "configure"]


def give(place, monkeypatch, tmp_path, **values):
    """Set string values in one of the three layers."""
    if place == "file":
        lines = [f"{key} = {value!r}" for key, value in values.items()]
        (tmp_path / "fxiaoke-shim.toml").write_text("\n".join(lines))
    elif place == "environment":
        for key, value in values.items():
            monkeypatch.setenv(f"FXIAOKE_SHIM_{key.upper()}", value)
    else:
        shim.configure(**values)


def test_the_defaults_are_those_of_the_documentation():
    """The public cloud, triggers off, warn and log."""
    now = settings.current()
    assert now.base_url == "https://open.fxiaoke.com"
    assert (now.triggers.workflow, now.triggers.approval) == (False, False)
    assert (now.notices, now.concurrency) == ("warn", 8)
    assert (now.quota_calls, now.quota_seconds) == (100, 20.0)
    assert now.status_values.disabled == {"status": "1"}
    assert now.status_values.enabled == {"status": "0"}
    assert now.app_credentials is None


@pytest.mark.parametrize("place", PLACES)
def test_each_place_is_read(place, monkeypatch, tmp_path):
    """What is set in one place alone is in force."""
    give(place, monkeypatch, tmp_path, current_open_user_id="FSUID_X")
    assert settings.current().current_open_user_id == "FSUID_X"


def test_configure_overrides_the_environment_which_overrides_the_file(monkeypatch, tmp_path):
    """file < environment < configure()."""
    give("file", monkeypatch, tmp_path, app_id="f", app_secret="f", permanent_code="f")
    give("environment", monkeypatch, tmp_path, app_secret="e", permanent_code="e")
    give("configure", monkeypatch, tmp_path, permanent_code="c")
    assert settings.current().app_credentials == {
        "appId": "f",
        "appSecret": "e",
        "permanentCode": "c",
    }


def test_files_of_the_current_directory_and_no_other(monkeypatch, tmp_path):
    """fxiaoke-shim.toml before pyproject.toml; one further up may be somebody else's."""
    (tmp_path / "pyproject.toml").write_text("[tool.fxiaoke-shim]\nconcurrency = 3\n")
    assert settings.current().concurrency == 3
    (tmp_path / "fxiaoke-shim.toml").write_text("concurrency = 4\n")
    settings.reset()
    assert settings.current().concurrency == 4
    below = tmp_path / "jobs"
    below.mkdir()
    (below / "pyproject.toml").write_text("[tool.black]\nline-length = 90\n")
    monkeypatch.chdir(below)
    settings.reset()
    assert settings.current().concurrency == 8


def test_a_file_named_by_the_environment_is_read(monkeypatch, tmp_path):
    """FXIAOKE_SHIM_CONFIG names the file; one that is missing is an error, not a default."""
    path = tmp_path / "elsewhere.toml"
    monkeypatch.setenv("FXIAOKE_SHIM_CONFIG", str(path))
    with pytest.raises(shim.ConfigurationError, match=r"elsewhere\.toml: cannot be read"):
        settings.current()
    path.write_text("[triggers]\nworkflow = true\n")
    assert settings.current().triggers.workflow


def test_tables_and_lists_are_read_from_the_environment(monkeypatch):
    """Tables are JSON; a list may be JSON or words between commas; empty is unset."""
    monkeypatch.setenv("FXIAOKE_SHIM_TRIGGERS", '{"approval": true}')
    monkeypatch.setenv("FXIAOKE_SHIM_LOOK_THROUGH", "tenacity, our.wrappers")
    monkeypatch.setenv("FXIAOKE_SHIM_CONCURRENCY", "2")
    monkeypatch.setenv("FXIAOKE_SHIM_NOTICES", "")
    now = settings.current()
    assert now.triggers.approval
    assert now.look_through == ("tenacity", "our.wrappers")
    assert (now.concurrency, now.notices) == (2, "warn")


def test_configure_adds_up_and_reset_forgets():
    """Two calls, both in force; after reset() none."""
    shim.configure(concurrency=2)
    shim.configure(notices="log")
    assert (settings.current().concurrency, settings.current().notices) == (2, "log")
    settings.reset()
    assert (settings.current().concurrency, settings.current().notices) == (8, "warn")


def test_a_refused_configure_changes_nothing():
    """All or nothing."""
    shim.configure(concurrency=2)
    with pytest.raises(shim.ConfigurationError):
        shim.configure(concurrency=3, notices="loud")
    assert settings.current().concurrency == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"concurency": 3}, "did you mean 'concurrency'"),
        ({"xyzzy": 3}, "configure(): there is no setting 'xyzzy'"),
        ({"notices": "loud"}, "configure(): notices:"),
        ({"concurrency": 0}, "configure(): concurrency:"),
        ({"status_values": {"disabled": {}}}, "status_values.disabled"),
        ({"base_url": "open.fxiaoke.com"}, "https://open.fxiaoke.com"),
        ({"base_url": "https://open.fxiaoke.com:https"}, "base_url: the port should be"),
        ({"base_url": "https://www.fxiaoke.com"}, "web site, not the gateway"),
        ({"base_url": "https://user:pass@open.fxiaoke.com"}, "credentials have settings"),
        ({"base_url": "http://open.fxiaoke.com"}, "allow_plain_http"),
        ({"app_id": "FSAID_1"}, "also set app_secret and permanent_code"),
        ({"transport": "https"}, "handle_request"),
    ],
)
def test_unusable_values_say_where_and_what(values, expected):
    """The layer, the key, and what it should be."""
    with pytest.raises(shim.ConfigurationError) as caught:
        shim.configure(**values)
    assert expected in str(caught.value)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:1"])
def test_plain_http_to_this_machine_is_accepted(address):
    """The sandbox and a local gateway need no certificate."""
    assert shim.configure(base_url=address).base_url == address


def test_plain_http_to_another_machine_needs_allow_plain_http():
    """With allow_plain_http it is the operator's decision. A trailing slash does not matter."""
    made = shim.configure(base_url="http://gateway.internal/", allow_plain_http=True)
    assert made.base_url == "http://gateway.internal"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("fxiaoke-shim.toml", "app_secret = canary-1\n", "line 1, column"),
        ("fxiaoke-shim.toml", "app_secret = 'canary-1", "is not valid TOML"),
        ("fxiaoke-shim.toml", "[app_secret]\ncanary-1 = 1\n", "app_secret"),
        ("pyproject.toml", "[tool]\nfxiaoke-shim = 'canary-1'\n", "should be a table"),
        ("pyproject.toml", "tool = 'canary-1' # fxiaoke-shim\n", "should be a table"),
    ],
)
def test_broken_files_are_named_and_not_quoted(name, text, expected, tmp_path):
    """A broken line may hold the secret, so only its place is told."""
    (tmp_path / name).write_text(text)
    with pytest.raises(shim.ConfigurationError) as caught:
        settings.current()
    assert name in str(caught.value)
    assert expected in str(caught.value)
    assert "canary-1" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_table_in_the_environment_has_to_be_json(monkeypatch):
    """The variable is named, its text is not."""
    monkeypatch.setenv("FXIAOKE_SHIM_STATUS_VALUES", "canary-1")
    with pytest.raises(shim.ConfigurationError, match="FXIAOKE_SHIM_STATUS_VALUES") as caught:
        settings.current()
    assert "canary-1" not in str(caught.value)


def test_unknown_names_in_the_environment_are_reported(monkeypatch):
    """A typing error must not be a setting that silently does nothing."""
    monkeypatch.setenv("FXIAOKE_SHIM_CURENT_OPEN_USER_ID", "canary-1")
    with pytest.raises(shim.ConfigurationError, match="did you mean 'current_open_user_id'"):
        settings.current()


def test_a_variable_that_resembles_no_setting_is_ignored(monkeypatch):
    """The environment is shared; a file and configure() are ours alone, and strict."""
    monkeypatch.setenv("FXIAOKE_SHIM_XYZZY", "1")
    assert settings.current().concurrency == 8


def test_the_variable_of_the_http_library_is_no_setting(monkeypatch):
    """FXIAOKE_SHIM_HTTP is read elsewhere, and in no layer a setting or nearly one."""
    monkeypatch.setenv("FXIAOKE_SHIM_HTTP", "httpx")
    assert settings.current().concurrency == 8
    with pytest.raises(shim.ConfigurationError, match=r"there is no setting 'http'$"):
        shim.configure(http="httpx2")


def test_secrets_are_not_shown():
    """Neither the settings' repr nor their dump as JSON holds one."""
    made = shim.configure(
        app_id="FSAID_1",
        app_secret="canary-1",
        permanent_code="canary-2",
        corp_access_token="canary-3",
    )
    assert "canary" not in repr(made) + str(made) + made.model_dump_json(exclude={"transport"})


def test_the_first_call_of_many_threads_loads_once(tmp_path):
    """current() is the same object for everybody."""
    (tmp_path / "fxiaoke-shim.toml").write_text("concurrency = 5\n")
    with ThreadPoolExecutor(8) as pool:
        assert len({id(one) for one in pool.map(lambda _: settings.current(), range(64))}) == 1


def test_what_configure_returns_shows_only_what_was_set(tenant):
    """At a prompt, one line instead of every default; secrets stay hidden."""
    tenant(notices="ignore", corp_access_token="canary")
    shown = repr(shim.configure())
    assert "notices='ignore'" in shown
    assert "read_back_seconds" not in shown
    assert "canary" not in shown
