"""The declarations as text for others to read: type stubs for checkers, tables for people."""

from __future__ import annotations

import inspect
import textwrap
from typing import TYPE_CHECKING

from shim.offline.declare import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shim.offline.declare import Endpoint

_ROOM = 32
"""Characters that a sentence needs beside a name."""
_STUB_HEAD = """\
# The offline calls to await; derived from the declarations by `make derived`.
# ruff: noqa: N803
from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import deprecated

from shim.bulk import aset_member_status_many
from shim.offline import Answer
from shim.offline.answers import {answers}
from shim.offline.shapes import Department, User

set_member_status_many = aset_member_status_many
"""


def stub() -> str:
    """Return `shim/aio.pyi`: what mypy and pyright need to see an awaitable twin as deprecated."""
    answers = {one.returns.__name__ for one in ENDPOINTS.values()} - {"Answer"}
    head = _STUB_HEAD.format(answers=f"({', '.join(sorted(answers))})")
    return head + "".join(_stub_of(endpoint) for endpoint in ENDPOINTS.values())


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
            f") -> {endpoint.returns.__name__}: ...",
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
    """Return all calls as a table, and the loss report of each, in Markdown for MIGRATION.md."""
    rows = [
        "| code | function | was posted to | replacement |",
        "| --- | --- | --- | --- |",
        *(
            f"| [{one.code}](#{one.code.lower()}) | `{one.name}` "
            f"| {'<br>'.join(f'`{path}`' for path in one.paths)} | {one.replacement} |"
            for one in ENDPOINTS.values()
        ),
    ]
    return "\n".join([*rows, "", *(_section(one) for one in ENDPOINTS.values())])


def _section(endpoint: Endpoint) -> str:
    guide = endpoint.translation.__module__.rpartition(".")[2]
    return "\n".join(
        [
            f'<a id="{endpoint.code.lower()}"></a>',
            f"### {endpoint.code}: {endpoint.name}",
            "",
            f"*{endpoint.title}*. Instead: {endpoint.replacement}. Guide: [{guide}](#{guide}).",
            f"Code to write instead: `{endpoint.address}`.",
            "",
            "| parameter or answer field | what becomes of it |",
            "| --- | --- |",
            *(f"| `{name}` | {fate} |" for name, fate in endpoint.parameters.items()),
            *(f"| → `{name}` | {fate} |" for name, fate in endpoint.answer.items()),
            "",
        ]
    )


def losses(endpoint: Endpoint, width: int | None = None) -> str:
    """Return the loss report of one call as plain text.

    Args:
        endpoint: The call.
        width: How long a line may be; None for any length, a row a line.
    """
    named = [
        *endpoint.parameters.items(),
        *((f"-> {name}", fate) for name, fate in endpoint.answer.items()),
    ]
    column = max(len(name) for name, _ in named)
    rows = [(f"{name:<{column}}  ", str(fate)) for name, fate in named]
    if width is None:
        return "".join(f"{name}{fate}\n" for name, fate in rows)
    # Where little room is left beside the name, what becomes of it stands below.
    beside = width - column - 2 >= _ROOM
    indent = " " * (column + 2 if beside else 4)
    return "".join(
        ("" if beside else f"{name.rstrip()}\n")
        + textwrap.fill(
            fate,
            max(width, _ROOM),
            initial_indent=name if beside else indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )
        + "\n"
        for name, fate in rows
    )


BEGIN = "<!-- endpoints -->\n"
END = "<!-- /endpoints -->\n"


def put_into(document: str) -> str:
    """Return a document with what stands between its marks derived anew."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"
