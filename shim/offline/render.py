"""The declarations as text: tables for documents and for the command."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from shim._endpoint import ENDPOINTS

if TYPE_CHECKING:
    from shim._endpoint import Endpoint

_ROOM = 32
"""Characters that a sentence needs beside a name."""


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
    guide = endpoint.guide
    return "\n".join(
        [
            f'<a id="{endpoint.code.lower()}"></a>',
            f"### {endpoint.code}: {endpoint.name}",
            "",
            f"*{endpoint.title}*. Instead: {endpoint.replacement}. Guide: [{guide}](#{guide}).",
            f"Code to write instead: `{endpoint.advice}`.",
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
    """Return a document with what stands between its marks derived again."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"
