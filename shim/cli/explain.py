"""`fxshim endpoints` and `fxshim explain`: the offline calls, as a list and one by one."""

from __future__ import annotations

import difflib
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Final

from shim.cli._output import CommandError, width
from shim.offline import ENDPOINTS
from shim.offline.instead import code

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shim.offline import Endpoint

_NOT_COVERED: Final = (
    "The code leaves out what the shim does besides: the pace of the quota (100 calls of a path in "
    "20 s), new tokens, and retries. `fxshim sandbox --env` starts a tenant to try it on."
)
_INDENT: Final = " " * 8
_NARROWEST: Final = 24
_ROOM: Final = 32
"""Characters that a sentence needs beside a name."""


def listed(names: Iterable[str]) -> str:
    """Return a list of all offline calls, or the full loss report of some.

    Args:
        names: Codes or function names, in any case; none: all calls in short.

    Raises:
        CommandError: There is no such call.
    """
    chosen = _meant(names)
    if chosen:
        return "\n".join(f"{_head(one)}{_losses(one, width())}" for one in chosen)
    return "".join(f"{_head(one)}{_hung(_in_short(one))}" for one in ENDPOINTS.values())


def explained(names: Iterable[str]) -> str:
    """Return everything about some calls.

    Args:
        names: Codes or function names, in any case.

    Raises:
        CommandError: There is no such call.
    """
    return "\n\n".join(_explained(one) for one in _meant(names))


def _meant(names: Iterable[str]) -> list[Endpoint]:
    """Return the calls of these codes or function names, in any case, each once.

    Raises:
        CommandError: There is no call of a name.
    """
    known = {key: one for one in ENDPOINTS.values() for key in (one.code.lower(), one.name)}
    found: dict[str, Endpoint] = {}
    for name in names:
        one = known.get(name.strip().lower())
        if one is None:
            raise CommandError(_unknown(name, known))
        found[one.name] = one
    return list(found.values())


def _unknown(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name.strip().lower(), known, 1)
    key = close[0] if close else ""
    hint = f"did you mean {key.upper() if key.startswith('fxo') else key}? " if key else ""
    return f"there is no offline call {name!r}; {hint}`fxshim endpoints` lists them all"


def _head(one: Endpoint) -> str:
    if width() is None:
        return f"{one.code}  {one.name}: {' | '.join(one.paths)} -> {one.replacement}\n"
    paths = _hung(" | ".join(one.paths))
    return f"{one.code}  {one.name}\n{paths}{_hung(f'-> {one.replacement}')}"


def _hung(text: str) -> str:
    """Return a text below a head, as wide as the screen; in one line if there is no screen."""
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
    """Return how many names keep their value, and which have no field."""
    fates = [*one.parameters.items(), *one.answer.items()]
    kinds = Counter(fate.kind for _, fate in fates)
    lost = [name for name, fate in fates if fate.kind in {"defaulted", "dropped"}]
    kept = f"{kinds['exact']} exact, {kinds['converted']} converted"
    return f"{kept}; without a field: {', '.join(lost)}" if lost else kept


def _losses(one: Endpoint, room: int | None) -> str:
    """Return the loss report of one call as plain text.

    Args:
        one: The call.
        room: How long a line may be; None: any length, one row a line.
    """
    named = [
        *one.parameters.items(),
        *((f"-> {name}", fate) for name, fate in one.answer.items()),
    ]
    column = max(len(name) for name, _ in named)
    rows = [(f"{name:<{column}}  ", str(fate)) for name, fate in named]
    if room is None:
        return "".join(f"{name}{fate}\n" for name, fate in rows)
    # If there is little room beside the name, the fate is written below it.
    beside = room - column - 2 >= _ROOM
    indent = " " * (column + 2 if beside else 4)
    return "".join(
        ("" if beside else f"{name.rstrip()}\n")
        + textwrap.fill(
            fate,
            max(room, _ROOM),
            initial_indent=name if beside else indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )
        + "\n"
        for name, fate in rows
    )


def _explained(one: Endpoint) -> str:
    # Annotations are kept as text, which shows quotes.
    parameters = ", ".join(str(each).replace("'", "") for each in one.signature.parameters.values())
    addresses = ", ".join(f"{each.method} {each.path}" for each in one.addresses)
    parts = [
        f"{one.code}: {one.name}",
        _wrapped(f'The offline call "{one.title}", which the vendor no longer maintains.'),
        _wrapped(f"Was posted to: {addresses}"),
        _wrapped(f"Parameters: {parameters}"),
        _wrapped(f"Instead: {one.replacement}. In code:"),
        code(one).rstrip(),
        _wrapped(_NOT_COVERED),
        "How each parameter, and each field of the answer (->), is passed on:",
        _losses(one, width()).rstrip(),
        f"Guide: MIGRATION.md, section {one.guide}",
    ]
    return "\n\n".join(parts) + "\n"


def _wrapped(line: str) -> str:
    # In a pipe, prose is wrapped as well, so that it fits into a mail; tables keep one row a line.
    return textwrap.fill(
        line, min(width() or 80, 100), subsequent_indent="  ", break_on_hyphens=False
    )
