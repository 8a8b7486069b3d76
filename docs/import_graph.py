"""The modules of the package and what each of them imports, read from the source.

For the picture in docs/architecture.md and for tests/test_structure.py. Reads files only, and needs
the standard library only. Every import counts: at the top of a module, in a function, and under
`if TYPE_CHECKING`.
"""

from __future__ import annotations

import ast
import textwrap
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_PICTURE_WIDTH = 84


def modules(package: Path) -> dict[str, Path]:
    """Return the modules in a package's folder, by their dotted names.

    A folder without `__init__.py` holds none: an installed package has its examples in one.
    """
    found = {}
    for path in sorted(package.rglob("*.py")):
        if not path.with_name("__init__.py").is_file():
            continue
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


def rooms(package: Path) -> dict[str, set[str]]:
    """Return the folders and files at the top of a package, and which of them each imports."""
    names = {
        name: _room(path.relative_to(package).parts) for name, path in modules(package).items()
    }
    graph: dict[str, set[str]] = {room: set() for room in names.values()}
    for name, imported_here in imports(package).items():
        graph[names[name]] |= {names[one] for one in imported_here} - {names[name]}
    return graph


def _room(parts: tuple[str, ...]) -> str:
    return parts[0] if len(parts) == 1 else f"{parts[0]}/"


def floors(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the rooms from top to bottom: each on the floor below the lowest that imports it.

    Raises:
        ValueError: There is a circle, so that none of its rooms is above the others.
    """
    for circle in circles(graph):
        msg = f"no room of a circle is above the others: {' -> '.join(circle)}"
        raise ValueError(msg)
    floor = dict.fromkeys(graph, 0)
    for _ in graph:
        for room, below in graph.items():
            for one in below:
                floor[one] = max(floor[one], floor[room] + 1)
    return [
        sorted(room for room in graph if floor[room] == number)
        for number in range(max(floor.values(), default=-1) + 1)
    ]


def picture(graph: Mapping[str, Iterable[str]]) -> str:
    """Return a drawing of the rooms, floor by floor, and what each imports."""
    width = max(map(len, graph))
    ground = f"+{'-' * (width + 2)}+"
    below = {room: number for number, floor in enumerate(floors(graph)) for room in floor}
    lines = [ground]
    for floor in floors(graph):
        for room in floor:
            # The nearest floor first.
            named = ", ".join(sorted(graph[room], key=lambda one: (below[one], one)))
            arrows = textwrap.wrap(named, _PICTURE_WIDTH - width) or [""]
            arrow = f" ---> {arrows[0]}" if arrows[0] else ""
            lines.append(f"| {room:{width}} |{arrow}")
            lines += [f"| {'':{width}} |      {more}" for more in arrows[1:]]
        lines.append(ground)
    return "\n".join([*lines, ""])
