"""`fxshim endpoints`: the declarations, as a table or as what is derived from them."""

from __future__ import annotations

from shim.offline import ENDPOINTS, render


def text(form: str) -> str:
    """Return the endpoints as `table`, `markdown` or `stub`."""
    if form == "stub":
        return render.stub()
    if form == "markdown":
        return render.table()
    width = max(len(name) for name in ENDPOINTS)
    return "".join(
        f"{one.code}  {one.name:<{width}}  {' | '.join(one.paths)}  ->  {one.replacement}\n"
        for one in ENDPOINTS.values()
    )
