"""An endpoint of FastAPI may return an answer and take one; its document names the keys."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI

import shim
from shim.offline import ENDPOINTS, answers


def asked(app, method, path, **options):
    """Send one request to an app; return the response."""

    async def send():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


@pytest.fixture
def made(tenant):
    return tenant(2, sandbox={"departments": 3})


def test_an_answer_is_the_json_body(made):
    """Blocking and awaiting, whatever class of answer the annotation names."""
    app = FastAPI()
    who = (made.corp_access_token, made.corp_id)

    @app.get("/one")
    def one() -> shim.Answer:
        return shim.set_member_status_batch(*who, made.open_user_ids, 1)

    @app.get("/all")
    async def everything() -> answers.DepartmentListAnswer:
        return await shim.aio.get_department_list(*who)

    @app.get("/any")
    def anything() -> shim.Answer:
        return shim.get_department_list(*who)

    assert asked(app, "GET", "/one").json()["errorMessage"] == "OK"
    assert list(asked(app, "GET", "/one").json()) == list(one())
    expected = shim.get_department_list(*who)
    assert expected["departments"]
    for path in ("/all", "/any"):
        body = asked(app, "GET", path).json()
        assert body == {**expected, "traceId": body["traceId"]}


def test_a_failure_is_a_body_too(made):
    """It has the envelope and nothing else, as the old service's had."""
    app = FastAPI()

    @app.get("/one")
    def one() -> answers.DepartmentAnswer:
        return shim.get_department_details(made.corp_access_token, made.corp_id, None, 424242)

    response = asked(app, "GET", "/one")
    assert (response.status_code, response.json()["errorCode"]) == (200, 30007)
    assert list(response.json()) == ["traceId", "errorDescription", "errorMessage", "errorCode"]


def test_an_answer_is_taken_as_a_request(made):
    """One service hands it to the next; what is none is refused."""
    app = FastAPI()

    @app.post("/codes")
    def codes(answer: answers.DepartmentListAnswer) -> list[int]:
        return [answer["errorCode"], *(one["id"] for one in answer["departments"])]

    answer = shim.get_department_list(made.corp_access_token, made.corp_id)
    ids = [one["id"] for one in answer["departments"]]
    assert asked(app, "POST", "/codes", json=answer).json() == [0, *ids]
    assert asked(app, "POST", "/codes", json={"errorCode": 0}).status_code == 422


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
def test_the_openapi_document_has_the_documented_keys(endpoint):
    """Of every call's answer, under the name of its class."""
    app = FastAPI()
    app.get("/", response_model=endpoint.returns)(lambda: None)
    document = app.openapi()
    content = document["paths"]["/"]["get"]["responses"]["200"]["content"]
    name = endpoint.returns.__name__
    assert content["application/json"]["schema"] == {"$ref": f"#/components/schemas/{name}"}
    schema = document["components"]["schemas"][name]
    assert set(schema["properties"]) == {one for one in endpoint.answer if one.isalnum()}
