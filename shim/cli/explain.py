"""`fxshim explain`: what an offline call was, what to do instead, in code, and what is lost."""

from __future__ import annotations

import difflib
import textwrap
from typing import TYPE_CHECKING, Final

from shim.cli.errors import CommandError
from shim.cli.output import width
from shim.offline import ENDPOINTS, render
from shim.offline.instead import code

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shim.offline import Endpoint

_NOT_COVERED: Final = (
    "The code leaves out what the shim does besides: the pace of the quota (100 calls of a path in "
    "20 s), new tokens, and retries. `fxshim sandbox --env` gives it a tenant to try it on."
)


def meant(names: Iterable[str]) -> list[Endpoint]:
    """Return the calls of these codes or function names, in any case, each once.

    Raises:
        CommandError: There is none of a name.
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


def text(names: Iterable[str]) -> str:
    """Return everything about some calls.

    Raises:
        CommandError: There is none of a name.
    """
    return "\n\n".join(_explained(one) for one in meant(names))


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
        "What becomes of each parameter, and of each field of the answer (->):",
        render.losses(one, width()).rstrip(),
        f"Guide: MIGRATION.md, section {one.guide}",
    ]
    return "\n\n".join(parts) + "\n"


def _wrapped(line: str) -> str:
    # A pipe gets prose that is fit for a mail, too; only tables keep one row a line there.
    return textwrap.fill(
        line, min(width() or 80, 100), subsequent_indent="  ", break_on_hyphens=False
    )
