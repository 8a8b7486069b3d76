"""App credentials from a function, as from a vault: asked when needed, never shown."""

import asyncio
import json
import threading

import pytest
from pydantic import SecretStr

import shim
from shim.objectapi import tokens
from shim.objectapi.session import Session
from shim.objectapi.tokens import EMPLOYEE_PATH, PATH

OLD = "an-old-token"
ADVICE = "app_id, app_secret and permanent_code"


def app(made):
    return {
        "app_id": made.app_id,
        "app_secret": made.app_secret,
        "permanent_code": made.permanent_code,
    }


class Vault:
    """A function that remembers what it was asked, and where."""

    def __init__(self, *results):
        self._results = list(results)
        self.asked = []
        self.threads = set()

    def __call__(self, corp_id):
        self.asked.append(corp_id)
        self.threads.add(threading.current_thread().name)
        result = self._results[0] if len(self._results) == 1 else self._results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result


def disable(call, made, token=OLD):
    return call("set_member_status_batch", token, made.corp_id, made.open_user_ids[:2], 1)


def test_it_is_asked_when_a_token_is_needed_and_by_no_callers_thread(call, tenant):
    """Not at the first call, and never on an event loop: it may take its time."""
    made = tenant(3)
    vault = Vault(app(made))
    shim.configure(credentials=vault)
    assert disable(call, made, made.corp_access_token)["errorCode"] == 0
    assert vault.asked == []
    answer = disable(call, made)
    assert (answer["errorCode"], answer.api_calls[PATH]) == (0, 1)
    assert vault.asked == [made.corp_id]
    assert vault.threads == {"fxiaoke-shim-token"}


def test_it_is_asked_again_when_a_token_is_refused(call, tenant):
    """What it returned before may have been replaced in the vault."""
    made = tenant(3)
    vault = Vault(app(made))
    shim.configure(credentials=vault)
    for _ in range(3):
        assert disable(call, made)["errorCode"] == 0
        made.add_faults({"kind": "expire_token", "times": 1})
    assert vault.asked == [made.corp_id] * 3


def test_the_employee_of_the_token_acts(call, tenant):
    """As with credentials in the settings; both calls use what was returned once."""
    made = tenant(3, current_open_user_id=None)
    vault = Vault({**app(made), "app_secret": SecretStr(made.app_secret)})
    shim.configure(credentials=vault)
    answer = disable(call, made)
    assert answer["errorCode"] == 0
    assert {PATH, EMPLOYEE_PATH} <= made.calls().keys()
    assert len(vault.asked) == 1


def test_it_may_return_the_code_alone(call, tenant):
    """For an app of many tenants, whose id and secret are settings."""
    made = tenant(3)
    vault = Vault({"permanent_code": made.permanent_code})
    shim.configure(credentials=vault, app_id=made.app_id, app_secret=made.app_secret)
    assert disable(call, made)["errorCode"] == 0


def test_for_none_the_settings_count(call, tenant):
    """So the function needs to know only some tenants."""
    made = tenant(3)
    shim.configure(credentials=Vault(None), **app(made))
    assert disable(call, made)["errorCode"] == 0


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (None, f"returned None for this corpId, and the settings hold no {ADVICE} for it"),
        (ValueError("canary"), "raised ValueError; see its own log"),
        ("canary", "should be a mapping with app_id, app_secret, permanent_code and nothing else"),
        ({"secret": "canary"}, "should be a mapping with app_id, app_secret, permanent_code and"),
        ({7: "canary"}, "should be a mapping with app_id, app_secret, permanent_code and nothing"),
        ({}, "unusable: app_id and app_secret and permanent_code is missing"),
        ({"permanent_code": "canary"}, "unusable: app_id and app_secret is missing"),
        (
            {"app_id": "a", "app_secret": "canary", "permanent_code": None},
            "permanent_code is missing",
        ),
        (
            {"app_id": 7, "app_secret": ["canary"], "permanent_code": "c"},
            "app_id and app_secret should",
        ),
    ],
)
def test_what_is_unusable_is_an_answer_that_says_so(result, said, call, tenant):
    """The old error with a text of ours; nothing that the function returned or raised shows."""
    made = tenant(3)
    shim.configure(credentials=Vault(result))
    answer = disable(call, made)
    assert answer["errorCode"] == 20016
    assert (
        f"the function `credentials` {said}" in answer["errorMessage"]
        or said in answer["errorMessage"]
    )
    assert "canary" not in json.dumps(answer)
    assert PATH not in made.calls()


def test_what_is_unusable_finds_no_employee(call, tenant):
    """Each member ends in an outcome that says why."""
    made = tenant(3, current_open_user_id=None)
    shim.configure(credentials=Vault(None))
    answer = disable(call, made)
    assert {outcome.state for outcome in answer.outcomes} == {"failed"}
    assert "the function `credentials` returned None" in answer["errorMessage"]


def test_without_credentials_no_employee_is_found_even_with_a_token(call, tenant):
    """The token came from another function; who acts is asked for with the credentials."""
    made = tenant(3)
    shim.configure(credentials=Vault(app(made)))
    assert disable(call, made)["errorCode"] == 0
    shim.configure(credentials=Vault(None), current_open_user_id=None)
    answer = disable(call, made)
    assert "the function `credentials` returned None" in answer["errorMessage"]


def test_refused_credentials_are_forgotten(call, tenant):
    """The next call asks again, and goes through with what has been corrected meanwhile."""
    made = tenant(3, current_open_user_id=None)
    vault = Vault({**app(made), "permanent_code": "canary"}, app(made))
    shim.configure(credentials=vault)
    first, second = disable(call, made), disable(call, made)
    assert "canary" not in json.dumps(first)
    assert (first["errorCode"] != 0, second["errorCode"]) == (True, 0)
    assert len(vault.asked) == 2


def test_a_secret_that_the_vendor_repeats_is_not_shown(call, twisting):
    """As one of the settings'."""

    def twist(request, _honest):
        if request.path == PATH:
            return {"errorCode": 10006, "errorMessage": f"bad {request.body['appSecret']}"}
        return None

    made = twisting(twist)
    shim.configure(credentials=Vault({**app(made.sandbox), "app_secret": "canary-secret"}))
    answer = disable(call, made.sandbox)
    assert answer["errorCode"] == 20016
    assert "canary" not in json.dumps(answer)


def test_what_one_function_returned_is_not_used_for_another(tenant):
    """What the first one returned is not used for it."""
    made = tenant(3)
    session = Session(shim.configure(credentials=Vault({})), token="", corp_id="C", acting=None)
    vault = tokens.Vault()
    for number in range(2):
        session.settings = shim.configure(
            credentials=Vault({**app(made), "permanent_code": f"code-{number}"})
        )
        found = vault.settings(session, fresh=False)
        assert found.app_credentials["permanentCode"] == f"code-{number}"


def test_credentials_are_kept_for_a_bounded_number_of_tenants(monkeypatch):
    """The one that was not needed for longest goes first."""
    monkeypatch.setattr(tokens, "VAULT_AT_MOST", 2)
    function = Vault({"app_id": "a", "app_secret": "b", "permanent_code": "c"})
    now, vault = shim.configure(credentials=function), tokens.Vault()
    for corp_id in ("A", "B", "A", "C", "A", "B"):
        vault.settings(Session(now, token="", corp_id=corp_id, acting=None), fresh=False)
    assert function.asked == ["A", "B", "C", "B"]


def test_a_coroutine_function_is_refused():
    """It is called in a thread, where no event loop is."""

    async def credentials(corp_id):
        return await asyncio.sleep(0, corp_id)

    with pytest.raises(shim.ConfigurationError, match="should be a plain function, no `async def`"):
        shim.configure(credentials=credentials)


def test_a_stream_needs_no_token_with_it(tenant):
    """The function is asked for the credentials to fetch one with."""
    made = tenant(3)
    shim.configure(credentials=Vault(app(made)), corp_id=made.corp_id)
    states = [one.state for one in shim.set_member_status_many(made.open_user_ids[:2], 1)]
    assert states == ["changed"] * 2
