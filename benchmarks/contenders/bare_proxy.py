"""A proxy as one would write it in a quarter of an hour: Starlette and httpx, nothing else.

python -m benchmarks.contenders.bare_proxy PORT UPSTREAM
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request


def application(upstream: str) -> Starlette:
    """Return the proxy; it reads a body whole and sends it on."""
    client = httpx.AsyncClient(
        base_url=upstream,
        limits=httpx.Limits(max_connections=400, max_keepalive_connections=400),
        timeout=30,
    )

    async def forward(request: Request) -> Response:
        headers = [(name, value) for name, value in request.headers.raw if name != b"host"]
        answer = await client.request(
            request.method, request.url.path, headers=headers, content=await request.body()
        )
        return Response(
            answer.content, answer.status_code, media_type=answer.headers.get("content-type")
        )

    return Starlette(routes=[Route("/{path:path}", forward, methods=["GET", "POST"])])


if __name__ == "__main__":
    uvicorn.run(application(sys.argv[2]), port=int(sys.argv[1]), log_level="critical")
