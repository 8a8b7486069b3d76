"""`--corp-id`: the command for any tenant that the settings have a table for."""

import sys

import pytest

import shim
from shim import cli
from shim.sandbox import Sandbox


@pytest.fixture
def fxshim(capsys, monkeypatch):
    """Return a function that runs the command and returns exit code, stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["fxshim", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def tenants():
    """Return two tenants at one address with a transport each; the first is that of `corp_id`."""
    made = [Sandbox(4, seed=seed) for seed in (1, 2)]
    first, second = made
    shim.configure(
        base_url=first.base_url,
        transport=first.transport(),
        corp_id=first.corp_id,
        corp_access_token=first.corp_access_token,
        current_open_user_id=first.current_open_user_id,
        quota_calls=0,
        tenants={
            second.corp_id: {
                "transport": second.transport(),
                "app_id": second.app_id,
                "app_secret": second.app_secret,
                "permanent_code": second.permanent_code,
            }
        },
    )
    return made


def test_whoami_names_the_employee_of_the_tenant(fxshim, tenants):
    """What is set for one, what its credentials say for the other."""
    first, second = tenants
    assert fxshim("whoami") == (
        0,
        f"{first.current_open_user_id} (set by current_open_user_id)\n",
        "",
    )
    code, out, _ = fxshim("whoami", "--corp-id", second.corp_id)
    assert (code, out) == (0, f"{second.current_open_user_id} (found by the app credentials)\n")


@pytest.mark.parametrize("dry_run", [False, True])
def test_members_of_the_tenant_are_changed_and_no_others(dry_run, fxshim, tenants, tmp_path):
    """The other tenant gets no call."""
    first, second = tenants
    ids = tmp_path / "ids.txt"
    ids.write_text("\n".join([second.current_open_user_id, *second.open_user_ids[2:]]))
    more = ["--dry-run"] if dry_run else []
    code, out, err = fxshim(
        "members", "disable", ids, "--quiet", "--corp-id", second.corp_id, *more
    )
    assert code == 1, (out, err)
    assert list(second.members().values()).count("1") == (0 if dry_run else 2)
    assert first.calls() == {}


def test_the_acting_employee_of_the_tenant_is_reported_first(fxshim, tenants, tmp_path):
    """The employee of its table, not that of the top level."""
    _, second = tenants
    acting = second.open_user_ids[0]
    shim.configure(tenants={second.corp_id: {"current_open_user_id": acting}})
    ids = tmp_path / "ids.txt"
    ids.write_text(acting)
    code, _, err = fxshim("members", "disable", ids, "--quiet", "--corp-id", second.corp_id)
    assert code == 1
    assert "lists the acting employee (current_open_user_id)" in err


def test_the_token_of_the_tenant_corp_id_is_sent_for_no_other(fxshim, tenants, tmp_path):
    """Without a table it would be the only one there is."""
    first, _ = tenants
    ids = tmp_path / "ids.txt"
    ids.write_text("FSUID_X")
    code, _, err = fxshim("members", "enable", ids, "--quiet", "--corp-id", "FSCID_OTHER")
    assert code == 2
    assert "there is no token" in err
    assert first.calls() == {}
