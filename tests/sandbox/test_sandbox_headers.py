"""The header style of credentials: the token interface, Bearer, ea and employee id."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from shim.sandbox import PROFILES, Sandbox

TOKEN = "/oauth2.0/token"
QUERY = "/cgi/crm/v2/data/query"
UPDATE = "/cgi/crm/v2/data/update"
CREATE = "/cgi/crm/v2/data/create"
MOBILE = "/cgi/user/getByMobile"
PEOPLE: dict[str, Any] = {"dataObjectApiName": "PersonnelObj"}


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(members=3, seed=3, departments=2)


@pytest.fixture
def to(sandbox: Sandbox, talk: Any) -> Any:
    return talk(sandbox)


def app(sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    sent = {
        "appId": sandbox.app_id,
        "appSecret": sandbox.app_secret,
        "permanentCode": sandbox.permanent_code,
        "grantType": "app_secret",
    }
    return {**sent, **changes}


def headers(sandbox: Sandbox, **changes: str | None) -> dict[str, str]:
    """Return good headers; ``userid`` and so on replace one of them, None leaves it out."""
    sent: dict[str, str | None] = {
        "authorization": f"Bearer {sandbox.corp_access_token}",
        "x-fs-ea": sandbox.ea,
        "x-fs-userid": "1000",
    }
    sent.update({f"x-fs-{name}" if len(name) < 7 else name: each for name, each in changes.items()})
    return {name: value for name, value in sent.items() if value is not None}


def ask(to: Any, path: str, body: Any, **changes: str | None) -> Any:
    return to.client.post(path, json=body, headers=headers(to.sandbox, **changes)).json()


class TestToken:
    def test_answer_names_ea_and_an_employee_that_may_act(self, sandbox: Sandbox, to: Any) -> None:
        """Keys beside the envelope as they are printed."""
        answer = to.post(TOKEN, app(sandbox))
        assert {key: answer[key] for key in ("errorCode", "accessToken", "ea", "openUserId")} == {
            "errorCode": 0,
            "accessToken": sandbox.corp_access_token,
            "ea": sandbox.ea,
            "openUserId": sandbox.current_open_user_id,
        }
        assert 7190 <= answer["expiresIn"] <= 7200

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"appId": "FSAID_0"}, 10006),
            ({"appSecret": None}, 10006),
            ({"permanentCode": "0"}, 20015),
            ({"grantType": None}, 15002),
            ({"grantType": ["app_secret"]}, 15002),
        ],
    )
    def test_wrong_credentials_have_the_codes_of_the_other_interface(
        self, sandbox: Sandbox, to: Any, change: dict[str, Any], code: int
    ) -> None:
        """The codes of the other token interface; the grant type is named."""
        answer = to.post(TOKEN, app(sandbox, **change))
        assert answer["errorCode"] == code
        assert ("grantType" in answer["errorMessage"]) is ("grantType" in change)

    def test_interface_has_its_own_window_of_ten_tokens_a_minute(
        self, talk: Any, time: Any
    ) -> None:
        """The window of the other token interface is one of its own."""
        to = talk(Sandbox(members=1, quota_calls=100, clock=time))
        codes = [to.post(TOKEN, app(to.sandbox))["errorCode"] for _ in range(11)]
        assert codes == [0] * 10 + [14001]
        assert to.token()["errorCode"] == 0


class TestHeaders:
    def test_object_calls_take_credentials_in_headers(self, sandbox: Sandbox, to: Any) -> None:
        """Read, create, update: without any credentials in the body."""
        (row,) = ask(to, QUERY, {"data": {**PEOPLE, "search_query_info": {"limit": 1}}})["data"][
            "dataList"
        ]
        sent = {**PEOPLE, "_id": row["_id"], "status": "1"}
        assert ask(to, UPDATE, {"data": {"object_data": sent}})["errorCode"] == 0
        assert [*sandbox.members().values()].count("1") == 1
        sent = {"dataObjectApiName": "AccountObj", "name": "n"}
        made = ask(to, CREATE, {"data": {"object_data": sent}})["dataId"]
        assert sandbox.records("AccountObj")[made]["owner"] == [sandbox.current_open_user_id]
        made = ask(to, CREATE, {"data": {"object_data": sent}}, userid="1002")["dataId"]
        assert sandbox.records("AccountObj")[made]["owner"] == [sandbox.open_user_ids[1]]

    @pytest.mark.parametrize("userid", ["1000", "1002", None])
    def test_offline_calls_take_credentials_in_headers(
        self, sandbox: Sandbox, to: Any, userid: str | None
    ) -> None:
        """With an acting employee or without one."""
        one = sandbox.open_user_ids[0]
        mobile = sandbox.person(one)["phone"]
        (found,) = ask(to, MOBILE, {"mobile": mobile}, userid=userid)["empList"]
        assert found["openUserId"] == one
        for path in ("/cgi/user/setStatus", UPDATE):
            sandbox.reset()
            answer = ask(to, path, {"openUserId": one, "status": 1}, userid=userid)
            assert answer["errorCode"] == 0
            assert sandbox.members()[one] == "1"
        listed = ask(to, "/cgi/department/list", {}, userid=userid)["departments"]
        assert [each["id"] for each in listed] == [1000, 1001]

    @pytest.mark.parametrize("profile", PROFILES)
    def test_user_ids_are_employee_ids_unless_asked(self, profile: str, talk: Any) -> None:
        """``convertUserId`` is false when it is left out, in each profile."""
        to = talk(Sandbox(members=3, profile=profile, hidden=0))
        data = {"data": {**PEOPLE, "search_query_info": {"limit": 100}}}
        for top, wanted in (
            ({}, {"1001", "1002", "1003"}),
            ({"convertUserId": True}, {*to.sandbox.open_user_ids}),
        ):
            rows = ask(to, QUERY, {**data, **top})["data"]["dataList"]
            assert {row["user_id"] for row in rows} == wanted

    @pytest.mark.parametrize(
        ("change", "code", "named"),
        [
            ({"authorization": None}, 10013, "authorization"),
            ({"authorization": "Bearer "}, 10013, "authorization"),
            ({"authorization": "Basic YTpi"}, 10013, "authorization"),
            ({"authorization": "Bearer never given"}, 20016, "corpAccessToken"),
            ({"ea": None}, 10014, "x-fs-ea"),
            ({"userid": None}, 10010, "x-fs-userid"),
            ({"userid": "999"}, 20012, "x-fs-userid"),
            ({"userid": "FSUID_0"}, 20012, "x-fs-userid"),
        ],
    )
    def test_missing_and_wrong_headers_have_a_code_each(
        self, to: Any, change: dict[str, str | None], code: int, named: str
    ) -> None:
        """Missing and wrong have a code each, and the text names the header."""
        answer = ask(to, QUERY, {"data": PEOPLE}, **change)
        assert (answer["errorCode"], named in answer["errorMessage"]) == (code, True)

    @pytest.mark.parametrize(("profile", "codes"), [("fsuid", [0, 0]), ("strict", [11015, 20012])])
    def test_strict_alone_wants_the_tenants_own_ea_and_an_employee_id(
        self, talk: Any, profile: str, codes: list[int]
    ) -> None:
        """Public clients send another ea, or an openUserId; what the vendor answers is unknown."""
        to = talk(Sandbox(members=3, seed=3, departments=2, profile=profile))
        other = ({"ea": "1"}, {"userid": to.object["currentOpenUserId"]})
        answers = [ask(to, QUERY, {"data": PEOPLE}, **change) for change in other]
        assert [answer["errorCode"] for answer in answers] == codes

    def test_scheme_bearer_has_no_case(self, sandbox: Sandbox, to: Any) -> None:
        """As HTTP says."""
        given = f"bearer {sandbox.corp_access_token}"
        assert ask(to, QUERY, {"data": PEOPLE}, authorization=given)["errorCode"] == 0

    @pytest.mark.parametrize("path", [QUERY, MOBILE])
    @pytest.mark.parametrize("name", ["corpAccessToken", "corpId", "currentOpenUserId"])
    def test_credentials_in_headers_and_body_together_are_refused(
        self, to: Any, path: str, name: str
    ) -> None:
        """The text names the field of the body that does not belong there."""
        answer = ask(to, path, {"data": PEOPLE, "mobile": "1", name: to.object[name]})
        assert answer["errorCode"] == 32000
        assert answer["errorMessage"].startswith(f"parameter {name} is not valid")
        assert to.object[name] not in answer["errorMessage"]
        assert ask(to, path, {"data": PEOPLE, "mobile": "1", name: None})["errorCode"] == 0

    def test_other_schemes_than_bearer_are_ignored(self, to: Any) -> None:
        """A proxy's password beside credentials in the body is no mixture."""
        sent = {"authorization": "Basic YTpi"}
        answer = to.client.post(QUERY, json={**to.object, "data": PEOPLE}, headers=sent)
        assert answer.json()["errorCode"] == 0


def test_headers_reach_the_sandbox_by_every_transport(sandbox: Sandbox) -> None:
    """Transport, awaiting transport, ASGI, socket, and ``handle`` itself."""
    body = {"data": PEOPLE}
    sent = headers(sandbox)

    async def later(transport: Any) -> Any:
        async with httpx.AsyncClient(transport=transport, base_url=sandbox.base_url) as client:
            return (await client.post(QUERY, json=body, headers=sent)).json()

    with httpx.Client(transport=sandbox.transport(), base_url=sandbox.base_url) as client:
        answers = [client.post(QUERY, json=body, headers=sent).json()]
    answers.append(asyncio.run(later(sandbox.transport())))
    answers.append(asyncio.run(later(httpx.ASGITransport(app=sandbox.app()))))
    with sandbox.serve() as url, httpx.Client(base_url=url, trust_env=False) as client:
        answers.append(client.post(QUERY, json=body, headers=sent).json())
    upper = {name.upper(): value for name, value in sent.items()}
    content = json.dumps(body).encode()
    answers.append(json.loads(sandbox.handle("POST", QUERY, "", content, headers=upper).body))
    assert [answer["errorCode"] for answer in answers] == [0] * 5
    plain = json.loads(sandbox.handle("POST", QUERY, "", content).body)
    assert plain["errorCode"] == 10013
