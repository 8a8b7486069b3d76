"""`fxshim whoami`, run as the command is run."""

import json
import sys

import pytest

import shim
from shim import cli
from shim.sandbox import Sandbox

PHONE = "13700000001"


@pytest.fixture
def whoami(capsys, monkeypatch):
    """Return a function that runs the command and returns exit code, stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["fxshim", "whoami", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return run


@pytest.fixture
def made():
    """Return a tenant with an employee who has a known number, and that employee."""
    tenant = Sandbox(3, seed=5)
    employee = tenant.open_user_ids[1]
    user = {"openUserId": employee, "mobile": PHONE}
    body = {"corpAccessToken": tenant.corp_access_token, "corpId": tenant.corp_id, "user": user}
    tenant.handle("POST", "/cgi/user/update", "", json.dumps(body).encode())
    shim.configure(
        base_url=tenant.base_url,
        transport=tenant.transport(),
        corp_id=tenant.corp_id,
        corp_access_token=tenant.corp_access_token,
    )
    return tenant, employee


def app(tenant):
    return {
        "app_id": tenant.app_id,
        "app_secret": tenant.app_secret,
        "permanent_code": tenant.permanent_code,
    }


def test_what_is_set_is_printed_without_a_call(whoami, made):
    """It works without a token, too."""
    tenant, _ = made
    shim.configure(current_open_user_id="FSUID_ME", corp_id=None, corp_access_token=None)
    assert whoami() == (0, "FSUID_ME (set by current_open_user_id)\n", "")
    assert "/cgi/user/getByMobile" not in tenant.calls()


def test_employee_found_by_mobile_is_printed_without_the_number(whoami, made):
    """The number is a secret, the id is what was asked for."""
    _, employee = made
    shim.configure(acting_mobile=PHONE)
    assert whoami() == (0, f"{employee} (found by acting_mobile)\n", "")


def test_found_by_the_app_credentials(whoami, made):
    """As JSON for programs."""
    tenant, _ = made
    shim.configure(corp_access_token=None, **app(tenant))
    code, out, err = whoami("--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "open_user_id": tenant.current_open_user_id,
        "source": "app_credentials",
    }


def test_no_employee_found_is_one_line_and_exit_code_2(whoami, made):
    """It says what to do, and repeats no secret."""
    tenant, _ = made
    shim.configure(acting_mobile="13999999999")
    code, out, err = whoami()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "no employee has this number" in err
    assert "13999999999" not in err
    shim.configure(acting_mobile=None, **{**app(tenant), "app_secret": "canary-secret"})
    code, out, err = whoami()
    assert (code, out) == (2, "")
    assert "canary" not in err


def test_nothing_set_names_all_three_ways(whoami, made):
    """A wrong installation, as for every command."""
    assert made
    code, out, err = whoami()
    assert (code, out) == (2, "")
    for word in ("current_open_user_id", "acting_mobile", "app_id"):
        assert word in err
