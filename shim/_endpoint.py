"""An offline call as plain data, and the registry of all of them.

`@offline(…)` turns a translation (a generator without I/O) into an `Endpoint` and registers it.
Everything else is derived from there: the function and its awaitable twin, addresses to recognise,
stubs, tables, notices. This module imports no notices, settings or drivers.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from shim.scheduler.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

Translation: TypeAlias = Steps[Any]
"""What an offline call does: a generator that yields object-API calls and returns the answer."""


@dataclass(frozen=True, slots=True)
class Fate:
    """How one parameter or answer field is passed on.

    Attributes:
        kind: `exact` (the same value), `converted` (the same fact in another form), `defaulted`
            (a stand-in, since the object API has no such fact) or `dropped`.
        how: In words, with the contract's grade where it is not sure; empty for `exact`.
    """

    kind: Literal["exact", "converted", "defaulted", "dropped"]
    how: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.how}" if self.how else self.kind


EXACT: Final = Fate("exact")


def converted(how: str) -> Fate:
    """Return the fate of a fact that takes another form."""
    return Fate("converted", how)


def defaulted(how: str) -> Fate:
    """Return the fate of a field that gets a stand-in."""
    return Fate("defaulted", how)


def dropped(how: str) -> Fate:
    """Return the fate of a name that leads nowhere."""
    return Fate("dropped", how)


CREDENTIALS: Final = {
    "corpAccessToken": converted("replaced by a fresh token once it has expired, if it can be"),
    "corpId": EXACT,
    "thirdTraceId": converted("the first request's; the others get it with -2, -3 … appended"),
}
"""The parameters that every call has."""

ENVELOPE: Final = {
    "traceId": converted("that of the API call which decided; `shim-…` where none did"),
    "errorDescription": converted("on failure the same text as errorMessage; on success may note"),
    "errorMessage": converted("on failure how many failed and why the first did"),
    "errorCode": converted("the first failure's"),
}
"""The answer fields that every call has."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address that an offline call is posted to.

    Attributes:
        path: Its path.
        method: The HTTP method.
        body: `flat`: the parameters are top-level keys; at a path that object calls have as well,
            there is no key `data`. `data`: the body has the key `data`.
        marks: The sets of keys that tell a body from those of other calls at this path; one of them
            is enough. Empty if no other call has the path.
        only: Whether a body with other keys than the marks and those of every call is no such call.
    """

    path: str
    method: str = "POST"
    body: Literal["flat", "data"] = "flat"
    marks: tuple[frozenset[str], ...] = ()
    only: bool = False

    def marked_keys(self, body: Collection[str]) -> int | None:
        """Return how many keys mark a body as this call's; None if it is not this call.

        Of the calls at one path, a body is that of the one with the most.

        Args:
            body: Its keys.
        """
        if self.body == "flat" and not self.marks:
            return 0
        if ("data" in body) != (self.body == "data"):
            return None
        if not self.marks:
            return 0
        if self.only:
            keys = frozenset(body) - CREDENTIALS.keys() - {"currentOpenUserId"}
            return 0 if keys in self.marks else None
        found = [len(mark) for mark in self.marks if mark <= frozenset(body)]
        return max(found, default=None)


def shared(path: str, *marks: Collection[str], only: bool = False) -> Address:
    """Return an address with a flat body at a path that calls of the object API have, too.

    Args:
        path: The path.
        *marks: Sets of keys; a body with one of them is this call's.
        only: Whether it may have no others.
    """
    return Address(path, marks=tuple(map(frozenset, marks)), only=only)


@dataclass(frozen=True, slots=True)
class Replacement:
    """What to call instead of an offline call.

    Attributes:
        operation: The object API's operation: update, query, get, …
        code: The same in code: a call of a function in `examples/object_api.py`.
        object: The object's API name; None if the caller names it.
        detail: What else to say of the operation, such as the field of a query.
        documented: Whether the vendor names this replacement.
    """

    operation: str
    code: str
    object: str | None = None
    detail: str = ""
    documented: bool = True

    def __str__(self) -> str:
        text = f"{self.object or 'object API'} {self.operation}"
        return f"{text} {self.detail}" if self.detail else text


# Compared and hashed by identity: the registry has each once.
@dataclass(frozen=True, eq=False)
class Endpoint:
    """One offline call.

    Attributes:
        name: Name of its function.
        code: Stable code of its notice, `FXO001` and so on.
        title: Title of its page in the vendor's documentation.
        addresses: Where it was posted to, oldest first.
        writes: Whether it changes something.
        replacement: What to call instead.
        parameters: The fate of each parameter, nested ones as `user.mobile`. Their types are in
            `signature`.
        answer: The fate of each answer field, nested ones as `employees[].name`.
        returns: The class of its answer.
        translation: The generator that answers it. Takes the documented parameters by name.
        kind: `translated` into other calls; `preset`: the old call is the object API's own; `erp`:
            the same, at addresses of its own, or at the object API's if the setting `erp` says so.
        without_employee: What happens if no acting employee is set and none can be found: the call
            raises ConfigurationError, or the old call is made, since programs learn by it who they
            are.
    """

    name: str
    code: str
    title: str
    addresses: tuple[Address, ...]
    writes: bool
    replacement: Replacement
    parameters: Mapping[str, Fate] = field(repr=False)
    answer: Mapping[str, Fate] = field(repr=False)
    returns: type[Any] = field(repr=False)
    translation: Callable[..., Translation] = field(repr=False)
    kind: Literal["translated", "preset", "erp"] = "translated"
    without_employee: Literal["raise", "legacy"] = "raise"

    @property
    def signature(self) -> inspect.Signature:
        """The documented parameters, with the class of the answer as the returned type."""
        return _signature(self)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of its addresses, oldest first."""
        return tuple(dict.fromkeys(one.path for one in self.addresses))

    @property
    def advice(self) -> str:
        """The command that says how to replace this call; notices name it."""
        return f"fxshim explain {self.code}"

    @property
    def deprecation(self) -> str:
        """The message that type checkers and editors show (PEP 702)."""
        left = f"{self.code}: the offline API is no longer maintained"
        if self.replacement.documented:
            return f"{left}; use {self.replacement} instead ({self.advice})"
        return f"{left}, and no replacement is documented for these objects ({self.advice})"

    @property
    def guide(self) -> str:
        """The section of MIGRATION.md."""
        module = self.translation.__module__.rpartition(".")[2]
        return module if self.kind == "translated" else f"{self.kind}_objects"


@cache
def _signature(endpoint: Endpoint) -> inspect.Signature:
    # Not a cached_property: before Python 3.12 each has a lock, which a fork would inherit.
    signature = inspect.signature(endpoint.translation)
    return signature.replace(return_annotation=endpoint.returns.__name__)


ENDPOINTS: dict[str, Endpoint] = {}
"""Every offline call, by function name, in the order of their codes."""


def register(endpoint: Endpoint) -> Endpoint:
    """Add an endpoint to `ENDPOINTS`, and return it.

    Raises:
        ValueError: Its name or its code is taken.
    """
    if any(endpoint.name == one.name or endpoint.code == one.code for one in ENDPOINTS.values()):
        msg = f"{endpoint.name} ({endpoint.code}) is declared already: name and code must be new"
        raise ValueError(msg)
    # In the order of the codes, whatever order the modules are imported in.
    in_order = sorted([*ENDPOINTS.values(), endpoint], key=lambda one: one.code)
    ENDPOINTS[endpoint.name] = endpoint
    for one in in_order:
        ENDPOINTS[one.name] = ENDPOINTS.pop(one.name)
    return endpoint


def offline(  # noqa: PLR0913 - a declaration says everything, and says it by name.
    *,
    code: str,
    title: str,
    addresses: tuple[Address, ...],
    writes: bool,
    replacement: Replacement,
    parameters: Mapping[str, Fate],
    answer: Mapping[str, Fate],
    returns: type[Any],
    kind: Literal["translated", "preset", "erp"] = "translated",
    without_employee: Literal["raise", "legacy"] = "raise",
) -> Callable[[Callable[..., Translation]], Endpoint]:
    """Declare an offline call; see `Endpoint` for the arguments.

    The fates of credentials and envelope are the same for all and need not be repeated.

    The decorated function takes the documented parameters, `corpAccessToken` and `corpId` first
    and `thirdTraceId` among them, and is a translation. Token, corpId, thirdTraceId and
    currentOpenUserId have been checked when it runs; it checks the rest and may raise
    `checks.Refused`. `settings.current()` returns its tenant's settings up to its first step.
    """

    def declare(translation: Callable[..., Translation]) -> Endpoint:
        return register(
            Endpoint(
                name=translation.__name__,
                code=code,
                title=title,
                addresses=addresses,
                writes=writes,
                replacement=replacement,
                parameters={**CREDENTIALS, **parameters},
                answer={**ENVELOPE, **answer},
                returns=returns,
                translation=translation,
                kind=kind,
                without_employee=without_employee,
            )
        )

    return declare
