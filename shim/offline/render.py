"""The declarations as text for others to read: type stubs for checkers, tables for people."""

from __future__ import annotations

import inspect
import textwrap
from typing import TYPE_CHECKING

from shim.offline.declare import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shim.offline.declare import Endpoint

_STUB_HEAD = """\
# The offline calls to await; derived from the declarations by `make derived`.
# ruff: noqa: N803
from collections.abc import Sequence

from typing_extensions import deprecated

from shim.offline import Answer
"""


def stub() -> str:
    """Return `shim/aio.pyi`: what mypy and pyright need to see an awaitable twin as deprecated."""
    return _STUB_HEAD + "".join(_stub_of(endpoint) for endpoint in ENDPOINTS.values())


def _stub_of(endpoint: Endpoint) -> str:
    function = endpoint.function
    signature = inspect.signature(endpoint.translation)
    lines = [f"    {parameter}," for parameter in _parameters(signature)]
    message = str(getattr(function, "__deprecated__", ""))
    words = textwrap.wrap(message, 80, drop_whitespace=False)
    return "\n".join(
        [
            "",
            "@deprecated(",
            *(f'    "{part}"' for part in words),
            ")",
            f"async def {endpoint.name}(",
            *lines,
            ") -> Answer: ...",
            "",
        ]
    )


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    keyword_only = False
    for parameter in signature.parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            yield "*"
        default = "" if parameter.default is inspect.Parameter.empty else " = ..."
        yield f"{parameter.name}: {parameter.annotation}{default}"


def table() -> str:
    """Return the table of MIGRATION.md, in Markdown."""
    rows = [
        "| code | function | was posted to | replacement |",
        "| --- | --- | --- | --- |",
        *(
            f"| [{one.code}](#{one.code.lower()}) | `{one.name}` "
            f"| {'<br>'.join(f'`{path}`' for path in one.paths)} | {one.replacement} |"
            for one in ENDPOINTS.values()
        ),
    ]
    return "\n".join(rows) + "\n"
