"""The OpenAPI document says what each call takes, as its function is annotated."""

import asyncio
import json

import pytest
from gateway_requests import requested

from shim._endpoint import ENDPOINTS
from shim.gateway import app

UPSTREAM = ["http://127.0.0.1:9"]
SECRET = "a-secret-of-sixteen"
TEXT = {"type": "string"}


def document(**options):
    """Return the document that a gateway serves."""
    headers = [(b"x-fxshim-secret", SECRET.encode())]
    gateway = app(upstreams=UPSTREAM, **options)
    sent = requested(gateway, "GET", "/openapi.json", b"", headers=headers)
    status, headers, body = asyncio.run(sent)
    assert (status, headers[b"content-type"]) == (200, b"application/json")
    return json.loads(body)


def bodies():
    """Return the schema of each call's body, by the call's title."""
    found = {}
    for operations in document()["paths"].values():
        for operation in operations.values():
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            found.update({one["title"]: one for one in schema.get("anyOf", [schema])})
    return found


def test_every_call_is_there_with_its_parameters_and_those_that_it_needs():
    """None is left out, and what has no default is required."""
    found = bodies()
    assert found.keys() == {one.title for one in ENDPOINTS.values()}
    for endpoint in ENDPOINTS.values():
        parameters = endpoint.signature.parameters
        body = found[endpoint.title]
        assert list(body["properties"]) == list(parameters)
        assert body["required"] == [n for n, one in parameters.items() if one.default is one.empty]


@pytest.mark.parametrize(
    ("function", "parameter", "schema"),
    [
        ("set_member_status_batch", "corpId", TEXT),
        ("set_member_status_batch", "status", {"type": "integer"}),
        ("set_member_status_batch", "openUserIds", {"type": "array", "items": TEXT}),
        ("set_member_status", "openUserId", {"anyOf": [TEXT, {"type": "null"}]}),
        ("create_preset_object", "data", {"type": "object", "additionalProperties": True}),
        (
            "create_preset_object",
            "triggerWorkFlow",
            {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        ),
    ],
)
def test_type_of_a_parameter_is_that_of_its_annotation(function, parameter, schema):
    """One for each kind of annotation."""
    assert bodies()[ENDPOINTS[function].title]["properties"][parameter] == schema


def test_member_to_update_has_the_types_of_its_fields():
    """An argument that is an object says what is in it."""
    user = bodies()[ENDPOINTS["update_member"].title]["properties"]["user"]
    assert (user["type"], user["required"]) == ("object", ["openUserId"])
    assert user["properties"]["mainDepartmentId"]["type"] == "integer"
    assert user["properties"]["attachingDepartmentIds"]["items"] == {"type": "integer"}


def test_document_names_the_header_of_the_secret_but_no_secret():
    """Only if there is one: a client that is generated from the document knows to send it."""
    made = document(secrets={"hr": SECRET}, secret_header="X-Fxshim-Secret")
    assert made["security"] == [{"secret": []}]
    scheme = {"type": "apiKey", "in": "header", "name": "X-Fxshim-Secret"}
    assert made["components"]["securitySchemes"] == {"secret": scheme}
    assert SECRET not in json.dumps(made)
    assert "security" not in document()
