"""`fxshim endpoints`: the declarations, as a table or as what is derived from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.offline import ENDPOINTS, render

if TYPE_CHECKING:
    from pathlib import Path


def text(form: str, names: list[str]) -> str:
    """Return the endpoints as `table`, `markdown` or `stub`; a table of names is in full.

    Raises:
        KeyError: There is no such function.
    """
    if form == "stub":
        return render.stub()
    if form == "markdown":
        return render.table()
    if names:
        return "\n".join(_in_full(name) for name in names)
    width = max(len(name) for name in ENDPOINTS)
    return "".join(
        f"{one.code}  {one.name:<{width}}  {' | '.join(one.paths)}  ->  {one.replacement}\n"
        for one in ENDPOINTS.values()
    )


def _in_full(name: str) -> str:
    one = ENDPOINTS[name]
    head = f"{one.code}  {one.name}: {one.title}\n{' | '.join(one.paths)}  ->  {one.replacement}\n"
    return f"{head}{render.losses(one)}"


def derive_into(path: Path) -> None:
    """Derive anew what stands between the marks of a document."""
    path.write_text(render.put_into(path.read_text(encoding="utf-8")), encoding="utf-8")
