"""The tables of `tenants`: what they override, what falls back, and where they come from."""

import pytest

import shim
from shim import settings
from shim.settings.model import Settings, StatusValues, TenantSettings

OTHER_CLOUD = "https://open-hwcloud.fxiaoke.com"
APP = {"app_id": "app", "app_secret": "app-secret", "permanent_code": "code"}
IDENTITY = {
    "current_open_user_id": "FSUID_TOP",
    "acting_mobile": "13800000000",
    "corp_access_token": "token",
    **APP,
}


def of(table, tenant="FSCID_A", **top):
    """Return the settings of a tenant that has this table."""
    return Settings(tenants={"FSCID_A": TenantSettings(**table)}, **top).of(tenant)


def identity(now):
    """Return who acts and by which credentials, as far as that is set."""
    values = {name: getattr(now, name) for name in IDENTITY}
    return {
        name: value if isinstance(value, str) else value.get_secret_value()
        for name, value in values.items()
        if value is not None
    }


def without(*names):
    return {name: value for name, value in IDENTITY.items() if name not in names}


class TestWhatIsInForce:
    """A value of the table comes first; the others are those of the top level, if they can be."""

    def test_each_value_of_a_table_overrides_the_top_level(self):
        """All that may differ by tenant."""
        table = {
            "base_url": OTHER_CLOUD,
            "current_open_user_id": "FSUID_A",
            "acting_mobile": "13900000000",
            "corp_access_token": "token-a",
            "app_id": "app-a",
            "app_secret": "secret-a",
            "permanent_code": "code-a",
            "status_values": StatusValues(disabled={"status": "1", "is_active": False}),
            "field_map": {"qq": "qq_a__c"},
            "quota_calls": 1000,
            "quota_seconds": 10.0,
        }
        now = of(table, **IDENTITY, field_map={"weixin": "weixin__c"})
        assert now.base_url == OTHER_CLOUD
        assert now.app_credentials == {
            "appId": "app-a",
            "appSecret": "secret-a",
            "permanentCode": "code-a",
        }
        assert identity(now).items() >= {
            ("current_open_user_id", "FSUID_A"),
            ("acting_mobile", "13900000000"),
            ("corp_access_token", "token-a"),
        }
        assert now.status_values.disabled == {"status": "1", "is_active": False}
        assert now.field_map == {"qq": "qq_a__c"}
        assert (now.quota_calls, now.quota_seconds) == (1000, 10.0)
        assert {*TenantSettings.model_fields} == {*table, "transport"}

    def test_a_value_that_the_table_leaves_out_is_that_of_the_top_level(self):
        """Also one that is None."""
        now = of(
            {"quota_calls": 5, "field_map": None}, **IDENTITY, concurrency=3, field_map={"qq": "q"}
        )
        assert identity(now) == IDENTITY
        assert (now.quota_calls, now.concurrency, now.field_map) == (5, 3, {"qq": "q"})
        assert now.corp_id == "FSCID_A"

    def test_a_tenant_without_a_table_has_the_settings_themselves(self):
        """So the usual call costs a look into a dict."""
        top = Settings(tenants={"FSCID_A": TenantSettings(quota_calls=5)}, **IDENTITY)
        assert top.of("FSCID_B") is top

    def test_the_settings_of_a_tenant_are_made_once(self):
        """They are one value, as all settings are; asking again changes nothing."""
        top = Settings(tenants={"FSCID_A": TenantSettings(quota_calls=5)}, **IDENTITY)
        other = top.model_copy()
        assert top.of("FSCID_A") is top.of("FSCID_A")
        assert top.of("FSCID_A").of("FSCID_A") is top.of("FSCID_A")
        assert top == other
        assert top != top.of("FSCID_A")

    def test_a_copy_has_tenants_of_its_own(self):
        """Nothing that was made for the original shows in it."""
        top = Settings(tenants={"FSCID_A": TenantSettings(quota_calls=5)}, **IDENTITY)
        assert top.of("FSCID_A").concurrency == 8
        assert top.model_copy(update={"concurrency": 3}).of("FSCID_A").concurrency == 3


class TestWhatStaysWithItsOwner:
    """An employee and credentials go to no other gateway, and with no code of another tenant."""

    @pytest.mark.parametrize("place", [{"base_url": OTHER_CLOUD}, {"transport": "own"}])
    def test_another_gateway_gets_nothing_of_the_top_level(self, place):
        """Neither who acts nor a secret."""
        if "transport" in place:
            place = {"transport": type("Own", (), {"handle_request": None})()}
        assert identity(of(place, **IDENTITY)) == {}

    def test_the_same_address_is_no_other_gateway(self):
        """In whatever spelling."""
        now = of({"base_url": "https://OPEN.fxiaoke.com:443/"}, **IDENTITY)
        assert identity(now) == IDENTITY

    def test_an_own_employee_replaces_both_settings_of_the_top_level(self):
        """Else `acting_mobile` of the table would never count beside the id of the top level."""
        for own in ({"current_open_user_id": "FSUID_A"}, {"acting_mobile": "13900000000"}):
            now = of(own, **IDENTITY)
            assert identity(now) == {**without("current_open_user_id", "acting_mobile"), **own}

    def test_an_own_permanent_code_goes_with_the_app_of_the_top_level(self):
        """As for an app of many tenants; its employee is not the top level's."""
        now = of({"permanent_code": "code-a"}, **IDENTITY)
        assert identity(now) == {
            "app_id": "app",
            "app_secret": "app-secret",
            "permanent_code": "code-a",
        }

    def test_an_own_app_needs_a_secret_and_a_code_of_its_own(self):
        """The others belong to another app."""
        for own, missing in [
            ({"app_id": "a"}, "app_secret and permanent_code"),
            ({"app_secret": "a"}, "app_id and permanent_code"),
            ({"app_id": "a", "app_secret": "a"}, "permanent_code"),
            ({"base_url": OTHER_CLOUD, "permanent_code": "a"}, "app_id and app_secret"),
        ]:
            with pytest.raises(
                ValueError, match=f"FSCID_A: .* incomplete: also set {missing} there"
            ):
                of(own, **IDENTITY)

    def test_the_top_level_may_hold_an_app_without_a_code(self):
        """If each tenant has given it one; else it is incomplete, as before."""
        app = {"app_id": "app", "app_secret": "secret"}
        assert of({"permanent_code": "code-a"}, **app).app_credentials is not None
        assert of({"permanent_code": "code-a"}, "FSCID_B", **app).app_credentials is None
        with pytest.raises(ValueError, match="also set permanent_code"):
            Settings(**app)
        with pytest.raises(ValueError, match="also set app_secret"):
            of({"permanent_code": "c"}, app_id="app", permanent_code="code")

    def test_code_and_token_of_the_tenant_corp_id_are_no_others(self):
        """If the top level says whose they are, other tables do not take them."""
        top = {"corp_id": "FSCID_TOP", **IDENTITY}
        assert identity(of({"quota_calls": 5}, **top)) == without(
            "permanent_code", "corp_access_token"
        )
        top["corp_id"] = "FSCID_A"
        assert identity(of({"quota_calls": 5}, **top)) == IDENTITY

    def test_a_missing_employee_names_the_table_to_write(self):
        """With each way to write it."""
        now = of({"base_url": OTHER_CLOUD}, **IDENTITY)
        with pytest.raises(shim.ConfigurationError) as caught:
            now.acting_employee()
        text = str(caught.value)
        assert text.startswith("no acting employee is set for the tenant FSCID_A. ")
        assert 'shim.configure(tenants={"FSCID_A": {"current_open_user_id": "FSUID_…"}})' in text
        assert "FXIAOKE_SHIM_TENANTS__FSCID_A__CURRENT_OPEN_USER_ID" in text
        assert "below [tenants.FSCID_A] in fxiaoke-shim.toml" in text
        assert "[tool.fxiaoke-shim.tenants.FSCID_A] of pyproject.toml" in text


class TestLayers:
    """The tables of all layers are put together; of each value the last layer's counts."""

    def test_a_table_may_come_from_all_layers(self, tmp_path, monkeypatch):
        """Secrets need not be in a file."""
        (tmp_path / "fxiaoke-shim.toml").write_text(
            '[tenants.FSCID_A]\nbase_url = "https://open-hwcloud.fxiaoke.com"\napp_id = "file"\n'
            'app_secret = "file"\npermanent_code = "file"\nquota_calls = 1\n'
            '[tenants.FSCID_B]\ncurrent_open_user_id = "FSUID_B"\n'
        )
        monkeypatch.setenv(
            "FXIAOKE_SHIM_TENANTS", '{"FSCID_A": {"app_secret": "json", "quota_calls": 2}}'
        )
        monkeypatch.setenv("FXIAOKE_SHIM_TENANTS__FSCID_A__APP_SECRET", "variable")
        monkeypatch.setenv("FXIAOKE_SHIM_TENANTS__FSCID_C__QUOTA_CALLS", "4")
        shim.configure(tenants={"FSCID_A": {"permanent_code": "code"}})
        now = settings.current()
        assert now.of("FSCID_A").app_credentials == {
            "appId": "file",
            "appSecret": "variable",
            "permanentCode": "code",
        }
        assert now.of("FSCID_A").base_url == OTHER_CLOUD
        assert now.of("FSCID_A").quota_calls == 2
        assert now.of("FSCID_B").current_open_user_id == "FSUID_B"
        assert now.of("FSCID_C").quota_calls == 4

    def test_calls_of_configure_add_up(self):
        """Tenant by tenant, value by value; what was given is kept as it was."""
        table = {"field_map": {"qq": "a__c"}}
        shim.configure(tenants={"FSCID_A": table})
        table["field_map"]["qq"] = "changed__c"
        shim.configure(
            tenants={"FSCID_A": TenantSettings(quota_calls=5), "FSCID_B": {"quota_calls": 6}}
        )
        now = shim.configure(concurrency=3)
        assert (now.of("FSCID_A").field_map, now.of("FSCID_A").quota_calls) == ({"qq": "a__c"}, 5)
        assert now.of("FSCID_B").quota_calls == 6

    def test_a_layer_below_shows_through_after_configure(self, monkeypatch):
        """`configure()` keeps only what it was given itself."""
        monkeypatch.setenv("FXIAOKE_SHIM_TENANTS__FSCID_A__QUOTA_CALLS", "4")
        shim.configure(tenants={"FSCID_A": {"quota_seconds": 5}})
        monkeypatch.setenv("FXIAOKE_SHIM_TENANTS__FSCID_A__QUOTA_CALLS", "7")
        now = shim.configure(concurrency=3).of("FSCID_A")
        assert (now.quota_calls, now.quota_seconds) == (7, 5.0)

    @pytest.mark.parametrize(
        ("tenants", "said"),
        [
            ({"FSCID_A": {"quota_calls": -1}}, "configure(): tenants.FSCID_A.quota_calls: "),
            ({"FSCID_A": {"mode": "legacy"}}, "configure(): tenants.FSCID_A.mode: "),
            ({"FSCID_A": 7}, "configure(): tenants.FSCID_A: "),
            ({"FSCID_F": 7}, "configure(): tenants.FSCID_F: "),
            ({"FSCID_A": {"base_url": "canary"}}, "configure(): tenants.FSCID_A.base_url: "),
            ({"FSCID_A": {"transport": "canary"}}, "configure(): tenants.FSCID_A.transport: "),
            ({"FSCID_A": {7: 8}}, "configure(): tenants.FSCID_A.7"),
            (["canary"], "configure(): tenants: "),
            (None, "configure(): tenants: "),
            (
                {"FSCID_A": {"base_url": "http://far.example"}},
                "tenants.FSCID_A.base_url is plain http",
            ),
        ],
    )
    def test_what_is_unusable_is_named_with_its_layer(self, tenants, said, tmp_path):
        """The layer that gave this value, not the last one that gave a table."""
        (tmp_path / "fxiaoke-shim.toml").write_text("[tenants.FSCID_F]\nquota_calls = 1\n")
        settings.current()
        with pytest.raises(shim.ConfigurationError) as caught:
            shim.configure(tenants=tenants)
        assert said in str(caught.value)
        assert "canary" not in str(caught.value)

    def test_the_file_is_named_for_its_own_values(self, tmp_path):
        """Although `configure()` gave another value of the same table."""
        (tmp_path / "fxiaoke-shim.toml").write_text("[tenants.FSCID_A]\nquota_calls = -1\n")
        with pytest.raises(shim.ConfigurationError, match=r"fxiaoke-shim.toml: tenants.FSCID_A"):
            shim.configure(tenants={"FSCID_A": {"quota_seconds": 5}})

    @pytest.mark.parametrize(
        ("name", "text", "said"),
        [
            ("FSCID_A__APP_SECRT", "x", "with one of these settings: base_url, "),
            ("APP_SECRET", "x", "should be named FXIAOKE_SHIM_TENANTS__<corpId>__<SETTING>"),
            ("FSCID_A__QUOTA_CALLS", "many", "should be a whole number"),
            ("FSCID_A__FIELD_MAP", "{", "should be a JSON object"),
            ("FSCID_A__TRANSPORT", "x", "tenants.FSCID_A.transport"),
        ],
    )
    def test_a_variable_that_cannot_be_read_is_named(self, name, text, said, monkeypatch):
        """The variable, and what it should be."""
        monkeypatch.setenv(f"FXIAOKE_SHIM_TENANTS__{name}", text)
        with pytest.raises(shim.ConfigurationError) as caught:
            settings.current()
        assert f"environment variable FXIAOKE_SHIM_TENANTS__{name}: " in str(caught.value)
        assert said in str(caught.value)

    def test_no_secret_shows_in_a_repr(self):
        """Neither of a table nor of the settings around it."""
        now = shim.configure(tenants={"FSCID_A": {**APP, "app_secret": "canary"}})
        assert "canary" not in f"{now!r} {now.of('FSCID_A')!r} {now.tenants['FSCID_A']!r}"
        assert "canary" in now.of("FSCID_A").secrets


class TestChangingFile:
    """A file that no one named does not change where the tokens of a tenant go."""

    FIRST = '[tenants.FSCID_A]\nbase_url = "https://a.example"\nquota_calls = 1\n'

    @pytest.fixture
    def changed(self, tmp_path):
        """Return a function that writes the file, and returns the settings that follow from it."""
        ticks = iter(range(100_000))
        settings.reset(lambda: float(next(ticks)))
        path = tmp_path / "fxiaoke-shim.toml"

        def write(text):
            path.write_text(text)
            for _ in range(3):
                now = settings.current()
            return now

        return write

    def test_other_values_of_a_table_follow_the_file(self, changed):
        """It is a switch, for tenants too."""
        changed(self.FIRST)
        assert changed(self.FIRST.replace("= 1", "= 25")).of("FSCID_A").quota_calls == 25

    @pytest.mark.parametrize(
        "second",
        [
            FIRST.replace("a.example", "evil.example").replace("= 1", "= 25"),
            '[tenants.FSCID_A]\nquota_calls = 25\ncurrent_open_user_id = "FSUID_X"\n',
            "concurrency = 3\n",
            "concurrency = 3\ntenants = {}\n",
        ],
        ids=["another", "none", "no table", "no tables"],
    )
    def test_a_table_whose_address_differs_stays_as_it_was(self, second, changed, events):
        """As a whole: its other values may be meant for the other address."""
        changed(self.FIRST)
        now = changed(second).of("FSCID_A")
        assert (now.base_url, now.quota_calls) == ("https://a.example", 1)
        assert now.current_open_user_id is None
        ignored = [one.ignored for one in events if one.name == "shim.settings_file_read"]
        assert ignored == [("tenants.base_url",)]

    def test_a_new_table_with_an_address_is_ignored(self, changed):
        """One without is in force at once."""
        changed(self.FIRST)
        now = changed(
            f'{self.FIRST}[tenants.FSCID_B]\nbase_url = "https://b.example"\n'
            "[tenants.FSCID_C]\nquota_calls = 3\n"
        )
        assert now.of("FSCID_B") is now
        assert now.of("FSCID_C").quota_calls == 3

    def test_a_table_without_an_address_may_go(self, changed):
        """Its calls went to the top level's address anyway."""
        changed("concurrency = 3\n[tenants.FSCID_A]\nquota_calls = 1\n")
        now = changed("concurrency = 3\n")
        assert now.of("FSCID_A") is now

    def test_tenants_that_are_no_table_are_refused_as_ever(self, changed, events):
        """What was read before stays in force."""
        changed("concurrency = 3\n")
        assert changed("tenants = 7\n").concurrency == 3
        assert changed("[tenants]\nFSCID_A = 7\n").concurrency == 3
        refused = [one.reason for one in events if one.name == "shim.settings_file_refused"]
        assert [text.partition("fxiaoke-shim.toml: ")[2] for text in refused] == [
            "tenants: Input should be a valid dictionary",
            "tenants.FSCID_A: Input should be a valid dictionary or instance of TenantSettings",
        ]

    def test_a_named_file_may_change_where_tokens_go(self, changed, tmp_path, monkeypatch):
        """Whoever named it trusts it."""
        monkeypatch.setenv("FXIAOKE_SHIM_CONFIG", str(tmp_path / "fxiaoke-shim.toml"))
        changed(self.FIRST)
        now = changed(self.FIRST.replace("a.example", "other.example")).of("FSCID_A")
        assert now.base_url == "https://other.example"
