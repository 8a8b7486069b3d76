"""The OpenAPI document of a gateway, derived from the declarations."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from shim._endpoint import ENDPOINTS, Translation
from shim._version import __version__

if TYPE_CHECKING:
    from shim._endpoint import Endpoint
    from shim.gateway._options import GatewayOptions

# The modules of the translations import these for type checkers only.
_TYPES: Final = {"Mapping": Mapping, "Sequence": Sequence, "Translation": Translation}


def document(options: GatewayOptions) -> dict[str, Any]:
    """Return the document: every address of an offline call, with the calls that it may be."""
    paths: dict[str, dict[str, Any]] = {}
    for path, method in dict.fromkeys(
        (one.path, one.method.lower())
        for endpoint in ENDPOINTS.values()
        for one in endpoint.addresses
    ):
        here = [
            endpoint
            for endpoint in ENDPOINTS.values()
            if any((one.path, one.method.lower()) == (path, method) for one in endpoint.addresses)
        ]
        paths.setdefault(path, {})[method] = _operation(path, method, here)
    made: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Fxiaoke's offline API, answered by a gateway", "version": __version__},
        "paths": paths,
    }
    if options.secrets:
        made["components"] = {
            "securitySchemes": {
                "secret": {"type": "apiKey", "in": "header", "name": options.secret_header}
            }
        }
        made["security"] = [{"secret": []}]
    return made


def _operation(path: str, method: str, here: list[Endpoint]) -> dict[str, Any]:
    bodies = [_body(one) for one in here]
    refused = {"description": "Refused by the gateway.", "content": _json(_envelope())}
    return {
        "operationId": f"{method}_{path.strip('/').replace('/', '_')}",
        "summary": "; ".join(one.title for one in here),
        "deprecated": True,
        "requestBody": {
            "required": True,
            "content": _json(bodies[0] if len(bodies) == 1 else {"anyOf": bodies}),
        },
        "responses": {
            "200": {
                "description": "The old answer; only errorCode says whether it succeeded.",
                "content": {"application/json": {"schema": _envelope()}},
            },
            "4XX": refused,
        },
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _envelope() -> dict[str, Any]:
    from shim.offline.answer import Answer

    return _schema(Answer)


def _body(endpoint: Endpoint) -> dict[str, Any]:
    declared = inspect.signature(endpoint.translation, locals=_TYPES, eval_str=True).parameters
    return {
        "type": "object",
        "title": endpoint.title,
        "properties": {name: _schema(one.annotation) for name, one in declared.items()},
        "required": [name for name, one in declared.items() if one.default is one.empty],
    }


@cache
def _schema(of: Any) -> dict[str, Any]:
    return TypeAdapter[Any](of).json_schema()
