"""What there is to say of an offline call, and the calls that have been declared."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Literal

from shim.offline.answer import Answer
from shim.scheduler.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from shim.offline.fates import Fate
    from shim.settings.model import Settings

Translation = Steps[Answer]

NAMED_MODES = frozenset({"object", "dry_run"})
"""The modes in which an employee has to act."""


@cache
def _signature(translation: Callable[..., Translation]) -> inspect.Signature:
    # Not a cached_property: before Python 3.12 each has a lock, which a fork would inherit.
    return inspect.signature(translation)


@dataclass(frozen=True)
class Declaration:
    """One offline call.

    Attributes:
        code: Stable code of its notice, `FXO001` and so on.
        name: Name of the function.
        title: Title of its page in the vendor's documentation.
        paths: Addresses it was posted to, oldest first.
        method: HTTP method of those addresses.
        writes: It changes something.
        replacement: What to call instead.
        instead: The same in code: a call of a function in `examples/object_api.py`.
        source: Where its facts come from.
        parameters: What becomes of each parameter, nested ones as `user.mobile`.
        answer: What becomes of each answer field, nested ones as `employees[].name`.
        nameless: What happens if no acting employee is set and none can be found: the call raises
            `ConfigurationError`, or the old call is made, since programs learn by it who they are.
        kind: `translated` into other calls; `preset`: the old call is the object API's own; `erp`:
            the same, at addresses of its own, or where the setting `erp` says.
        translation: The generator that answers it.
        returns: The class of its answer.
    """

    code: str
    name: str
    title: str
    paths: tuple[str, ...]
    method: str
    writes: bool
    replacement: str
    instead: str
    source: str
    parameters: Mapping[str, Fate] = field(repr=False)
    answer: Mapping[str, Fate] = field(repr=False)
    kind: Literal["translated", "preset", "erp"]
    nameless: Literal["raise", "legacy"]
    translation: Callable[..., Translation] = field(repr=False)
    returns: type[Answer]

    @property
    def signature(self) -> inspect.Signature:
        """The documented parameters."""
        return _signature(self.translation)

    @property
    def address(self) -> str:
        """The command that says how to leave this call; notices name it."""
        return f"fxshim explain {self.code}"

    def passes_on(self, now: Settings) -> bool:
        """Whether the translation makes the old call itself."""
        return self.kind == "preset" or (self.kind == "erp" and now.erp == "own")

    def old_path(self, now: Settings) -> str:
        """Return where the old call is sent."""
        return self.paths[0 if now.legacy_address == "original" else -1]

    def falls_back(self, mode: str, now: Settings) -> bool:
        """Whether the old call is made instead, since no employee can act."""
        needed = self.nameless == "legacy" and mode in NAMED_MODES
        return needed and not now.knows_employee

    def said(self, mode: str, now: Settings) -> str:
        """Return a way as the notices say it: calls that stay at ERP addresses are old calls."""
        own = mode == "object" and self.kind == "erp" and now.erp == "own"
        return "legacy" if own or self.falls_back(mode, now) else mode


@dataclass(frozen=True)
class Endpoint(Declaration):
    """One offline call, and the two functions that stand for it.

    Attributes:
        function: What `shim.<name>` is.
        awaitable: What `shim.aio.<name>` is.
    """

    function: Callable[..., Answer] = field(repr=False)
    awaitable: Callable[..., Awaitable[Answer]] = field(repr=False)


ENDPOINTS: dict[str, Endpoint] = {}
"""Every offline call there is, by function name, in the order of their codes."""
