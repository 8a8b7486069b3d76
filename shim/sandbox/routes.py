"""What an endpoint is, and the register they are all in.

An endpoint is one decorated function: ``Call`` in, the keys beside the envelope out.
Two may share an address as long as the shape of the body tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from shim.sandbox.envelope import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shim.sandbox.tenant import Tenant


@dataclass(frozen=True)
class Call:
    """One call that reached its endpoint.

    Attributes:
        tenant: The state to work on.
        body: The JSON object that was sent.
        now: When, in seconds of the sandbox's clock.
        skipped: The marks of records a fault keeps from being written, or from having a row.
        swapped: The marks of records that a fault shows with the ``_id`` of another.
        locked: The marks of records that a fault locks.
        path: Where it arrived.
        headers: Its headers that are credentials, with their names in lower case.
    """

    tenant: Tenant = field(repr=False)
    body: dict[str, Any] = field(repr=False)
    now: float
    skipped: frozenset[str] = frozenset()
    swapped: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    def text(self, key: str, code: int) -> str:
        """Return a string of the body that must be there and not be empty.

        Raises:
            Refused: ``code``.
        """
        value = self.body.get(key)
        if not isinstance(value, str) or not value:
            raise Refused(code)
        return value


def as_object(value: object) -> dict[str, Any] | None:
    """Return ``value`` if it is a JSON object."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def as_list(value: object) -> list[object] | None:
    """Return ``value`` if it is a JSON array."""
    return cast("list[object]", value) if isinstance(value, list) else None


def as_whole(value: object) -> int | None:
    """Return ``value`` if it is a JSON number without a fraction: 30, and 30.0 as well.

    Some JSON libraries write every number with a point (grade C: that the service takes it).
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def is_name(value: object) -> bool:
    """Whether ``value`` is a string with something in it."""
    return isinstance(value, str) and value != ""


def _nobody(_call: Call) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True)
class Endpoint:
    """One interface of the vendor's.

    Attributes:
        answer: Does the call; returns the keys beside the envelope, or raises ``Refused``.
        paths: Its addresses.
        accepts: Whether a body is meant for it, where the address is shared. None: every body
            that is not meant for another.
        method: The HTTP method it answers.
        concerns: The marks of the records a call is about, for faults that apply to some only.
        faults: The kinds of fault that only make sense here and at endpoints like it.
        is_token: It is the token interface, which has a quota of its own.
    """

    answer: Callable[[Call], dict[str, Any]]
    paths: tuple[str, ...]
    accepts: Callable[[dict[str, Any]], bool] | None = None
    method: str = "POST"
    concerns: Callable[[Call], frozenset[str]] = _nobody
    faults: frozenset[str] = frozenset()
    is_token: bool = False


class Routes:
    """The register of endpoints; of those at one address the first that accepts is taken."""

    def __init__(self) -> None:
        self._at: dict[tuple[str, str], list[Endpoint]] = {}

    def add(
        self, *paths: str, **traits: Any
    ) -> Callable[[Callable[[Call], dict[str, Any]]], Callable[[Call], dict[str, Any]]]:
        """Register the decorated function; ``traits`` are the fields of ``Endpoint``."""

        def register(
            answer: Callable[[Call], dict[str, Any]],
        ) -> Callable[[Call], dict[str, Any]]:
            endpoint = Endpoint(answer, paths, **traits)
            for path in paths:
                there = self._at.setdefault((endpoint.method, path), [])
                there.append(endpoint)
                # Whatever order the modules are imported in, the undemanding come last.
                there.sort(key=lambda each: each.accepts is None)
            return answer

        return register

    def has(self, path: str, method: str = "POST") -> bool:
        """Whether anything is at this address."""
        return (method, path) in self._at

    def find(self, path: str, body: dict[str, Any], method: str = "POST") -> Endpoint:
        """Return the endpoint a call is for.

        Raises:
            Refused: 10006, there is none.
        """
        for endpoint in self._at.get((method, path), ()):
            if endpoint.accepts is None or endpoint.accepts(body):
                return endpoint
        raise Refused(10006)


#: All there are. The modules that fill it are imported by ``exchange``.
ROUTES = Routes()
