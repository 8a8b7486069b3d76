"""Parameters that a call does not document: left out, logged by name, and looked at for a typo.

The service ignores them, as public clients send them without harm (contract, section 2, grade C).
Their names may be anything, so only what could be a parameter's name is repeated.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_NAME: Final = re.compile(r"[A-Za-z_]\w{0,60}", re.ASCII)
_OTHER: Final = "*"
_NAMES_AT_MOST: Final = 20
# openUserId for openUserIds is near, currentOpenUserId is not.
_NEAR: Final = 0.75


def loggable(name: object) -> str:
    """Return a name if it is an ASCII identifier of at most 61 characters, and else `*`."""
    return name if isinstance(name, str) and _NAME.fullmatch(name) else _OTHER


def names(given: Iterable[object]) -> tuple[str, ...]:
    """Return names as they may be logged: at most 20, sorted, each once."""
    return tuple(sorted({loggable(one) for one in given}))[:_NAMES_AT_MOST]


def resembled(given: Iterable[str], missing: Collection[str]) -> dict[str, str]:
    """Return the undocumented names that resemble a documented one which was not given.

    Args:
        given: Undocumented names.
        missing: Documented names without a value.

    Returns:
        The documented name by the undocumented one. Case and underscores make no difference.
    """
    plain = {_flat(name): name for name in missing}
    found: dict[str, str] = {}
    for name in names(given):
        close = get_close_matches(_flat(name), plain, n=1, cutoff=_NEAR)
        if close:
            found[name] = plain[close[0]]
    return found


def hint(given: Iterable[str], arguments: Mapping[str, Any]) -> str:
    """Return what to add to the text of a refusal: which parameter was probably meant, or "".

    Args:
        given: Undocumented names.
        arguments: The documented parameters; those not given are None.
    """
    missing = [name for name, value in arguments.items() if value is None]
    return "".join(
        f"; {wrong} is not a parameter of this call: did you mean {right}?"
        for wrong, right in resembled(given, missing).items()
    )


def _flat(name: str) -> str:
    return name.replace("_", "").casefold()
