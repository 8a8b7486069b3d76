"""What to write instead of an offline call: code that stands alone, cut out of one example.

The example is a program that runs; `Replacement.code` names the function of it that an offline
call becomes. Printed are that function, what it needs, and the call.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from shim._endpoint import Endpoint

_PACKAGE: Final = Path(__file__).parents[1]


def code(endpoint: Endpoint) -> str:
    """Return a program that does by the object API what an offline call did."""
    parts = _parts()
    wanted = _names(ast.parse(endpoint.replacement.code))
    while more := {name for one in wanted & parts.keys() for name in parts[one].needs} - wanted:
        wanted |= more
    # In their order in the example; one part may give several names.
    chosen = dict.fromkeys(parts[name] for name in parts if name in wanted)
    texts = [one.text if one.dense else f"\n{one.text}" for one in chosen]
    return "\n".join([*texts, f"\nprint({endpoint.replacement.code})\n"])


class _Statement:
    """A statement of the example: an import, an assignment, or a function.

    Attributes:
        text: Its source.
        needs: The names that it uses.
        dense: Whether no blank line is needed before it.
    """

    def __init__(self, node: ast.stmt, source: str) -> None:
        self.text = ast.get_source_segment(source, node) or ""
        self.needs = _names(node)
        self.dense = isinstance(node, (ast.Import, ast.ImportFrom))


@cache
def _parts() -> dict[str, _Statement]:
    """Return the statements of the example by the names that they give."""
    source = (examples() / "object_api.py").read_text(encoding="utf-8")
    parts: dict[str, _Statement] = {}
    for node in ast.parse(source).body:
        part = _Statement(node, source)
        for name in _given(node):
            parts[name] = part
    return parts


def _given(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    return [one.id for one in ast.walk(node) if isinstance(one, ast.Name) and _is_given(one)]


def _is_given(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def examples() -> Path:
    """Return where the examples are: in the installed package, or beside it in a checkout."""
    carried = _PACKAGE / "_examples"
    return carried if carried.is_dir() else _PACKAGE.parent / "examples"
