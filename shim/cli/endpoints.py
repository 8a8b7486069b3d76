"""`fxshim endpoints`: the declarations, as a table or as what is derived from them."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Final

from shim.cli.errors import CommandError
from shim.cli.explain import meant
from shim.cli.output import width
from shim.offline import ENDPOINTS, render

if TYPE_CHECKING:
    from pathlib import Path

    from shim.offline import Endpoint

_INDENT: Final = " " * 8
_NARROWEST: Final = 24


def text(form: str, names: list[str]) -> str:
    """Return the endpoints as `table` or `markdown`; a table of names is in full.

    Raises:
        CommandError: There is no such call.
    """
    chosen = meant(names)
    if form == "markdown":
        return render.table()
    if chosen:
        return "\n".join(_in_full(one) for one in chosen)
    return "".join(f"{_head(one)}{_hung(_in_short(one))}" for one in ENDPOINTS.values())


def _head(one: Endpoint) -> str:
    if width() is None:
        return f"{one.code}  {one.name}: {' | '.join(one.paths)} -> {one.replacement}\n"
    paths = _hung(" | ".join(one.paths))
    return f"{one.code}  {one.name}\n{paths}{_hung(f'-> {one.replacement}')}"


def _hung(text: str) -> str:
    """Return a text below a head, as wide as the screen; in one line where there is none."""
    room = width()
    if room is None:
        return f"{_INDENT}{text}\n"
    filled = textwrap.fill(
        text,
        max(room, _NARROWEST),
        initial_indent=_INDENT,
        subsequent_indent=_INDENT,
        break_on_hyphens=False,
    )
    return f"{filled}\n"


def _in_short(one: Endpoint) -> str:
    """Return how many names keep their value, and which have none to give."""
    fates = [*one.parameters.items(), *one.answer.items()]
    kinds = Counter(fate.kind for _, fate in fates)
    lost = [name for name, fate in fates if fate.kind in {"defaulted", "dropped"}]
    kept = f"{kinds['exact']} exact, {kinds['converted']} converted"
    return f"{kept}; without a field: {', '.join(lost)}" if lost else kept


def _in_full(one: Endpoint) -> str:
    return f"{_head(one)}{render.losses(one, width())}"


def derive_into(path: Path) -> None:
    """Derive again what stands between the marks of a document.

    Raises:
        CommandError: It has no marks, or is no text.
    """
    try:
        document = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        document = ""
    if render.BEGIN not in document or render.END not in document:
        marks = f"{render.BEGIN.strip()} and {render.END.strip()}"
        msg = f"{path} has no lines {marks}: put them where the table should be"
        raise CommandError(msg)
    path.write_text(render.put_into(document), encoding="utf-8")
