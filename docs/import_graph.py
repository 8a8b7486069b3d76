"""The modules of the package and what each of them imports, read from the source.

For the picture in docs/architecture.md and for tests/test_structure.py. Reads files only, and needs
the standard library only. Every import counts: at the top of a module, in a function, and under
`if TYPE_CHECKING`.
"""

from __future__ import annotations

import ast
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


def modules(package: Path) -> dict[str, Path]:
    """Return the modules in a package's folder, by their dotted names."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = [package.name, *path.relative_to(package).with_suffix("").parts]
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts)] = path
    return found


def imports(package: Path) -> dict[str, set[str]]:
    """Return which modules of a package each of its modules imports.

    `from package.a import b` is an import of the module `package.a.b` if there is one, and of
    `package.a` if not.
    """
    known = modules(package)
    return {
        name: set(imported(path.read_text(encoding="utf-8"), known, name, path)) - {name}
        for name, path in known.items()
    }


def imported(
    source: str, known: Iterable[str], name: str = "", path: Path | None = None
) -> Iterator[str]:
    """Yield the modules among `known` that a source imports.

    Args:
        source: The text of a module.
        known: Dotted names.
        name: The module's own name, for relative imports.
        path: Its file; that of a package is named `__init__.py`.
    """
    names = set(known)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name in names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = node.level - (path is not None and path.name == "__init__.py")
                parent = name.split(".")[: -up or None]
                base = ".".join([*parent, base] if base else parent)
            for one in node.names:
                if f"{base}.{one.name}" in names:
                    yield f"{base}.{one.name}"
                elif base in names:
                    yield base


def shortest_circle(graph: Mapping[str, Iterable[str]], start: str) -> list[str]:
    """Return the shortest path from a module back to itself; empty if there is none."""
    before: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for there in sorted(graph[here]):
            if there == start:
                path = [start, here]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return path[::-1]
            if there not in before:
                before[there] = here
                waiting.append(there)
    return []


def circles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the shortest circle through each module that is in one, each circle once."""
    found: dict[frozenset[str], list[str]] = {}
    for name in sorted(graph):
        circle = shortest_circle(graph, name)
        if circle:
            found.setdefault(frozenset(circle), circle)
    return sorted(found.values(), key=len)
