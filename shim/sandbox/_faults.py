"""Scripted faults: what a fault is, and which calls it hits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError, model_validator
from typing_extensions import Self

from shim.sandbox._plan import generator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from random import Random

Kind = Literal[
    "latency",
    "reset",
    "reset_after",
    "html_502",
    "error",
    "expire_token",
    "no_op",
    "hide_rows",
    "bad_json",
    "stall",
    "drip",
    "redirect",
    "error_with_rows",
    "other_record",
    "lock",
    "string_code",
    "big",
    "cookie",
]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
#: These take the place of the answer; a call is hit by at most one of them.
ENDINGS: Final = frozenset(
    {"reset", "reset_after", "html_502", "error", "bad_json", "redirect", "error_with_rows"}
)
#: These are about records, and make sense at some endpoints only.
OF_RECORDS: Final = frozenset({"no_op", "hide_rows", "other_record", "lock"})
#: The one for calls that write, but for updates of the object API.
NO_OP: Final = frozenset({"no_op"})
#: These send something else than what the tenant answers.
TWISTS: Final = frozenset(
    {"drip", "redirect", "error_with_rows", "other_record", "lock", "string_code", "big", "cookie"}
)
_TIMED: Final = frozenset({"latency", "stall", "drip"})
_CODED: Final = frozenset({"error", "error_with_rows"})
_MAY_APPLY: Final = frozenset({"html_502", "error", "bad_json", "redirect"})
#: Longer than any client waits.
_STALL_MS: Final = 60_000.0
_MOST_MB: Final = 1024


class FaultError(ValueError):
    """A fault cannot be read. The text names the field, and the kinds there are."""


class Fault(BaseModel):
    """One kind of fault, and the calls it hits.

    Kinds:
        latency: The answer is sent ``ms`` real milliseconds later.
        stall: The same, to test client timeouts. ``ms`` is a minute by default.
        reset: The connection breaks. Nothing is applied.
        reset_after: The call is applied, then the connection breaks before the answer.
        html_502: HTTP 502 with an HTML body.
        error: ``errorCode`` is ``code``.
        bad_json: HTTP 200 with a body that is not JSON.
        expire_token: All tokens issued so far expire, also for this call.
        no_op: A write answers 0 and changes nothing. Hits writes only.
        hide_rows: Rows are missing from a query. Hits queries of the object API and the ERP list,
            but no reads of the offline API.
        drip: The answer comes in many small pieces over ``ms`` real milliseconds.
        redirect: HTTP 302 with a ``Location`` that cannot be used.
        error_with_rows: ``errorCode`` is ``code``, beside the data of the honest answer. The call
            is done.
        other_record: Rows and ``get`` show the ``_id`` of another record. Hits queries and ``get``
            of the object API and the ERP addresses.
        lock: An update answers 50009 and changes nothing, whatever ``lock_status`` says. Hits
            updates of the object API and the ERP address.
        string_code: ``errorCode`` is a string, such as "0".
        big: The answer has ``mb`` megabytes.
        cookie: The answer sets a cookie with bytes that are not ASCII.

    Attributes:
        kind: One of the above.
        path: The exact path it hits. None: every path but ``/_sandbox/…``.
        times: Maximum number of hits. None: no limit.
        after: Number of matching calls that pass before the first hit.
        probability: Chance, 0 to 1, that a matching call is hit.
        only: openUserIds, departments' ids as strings, or generic records' ``_id``. It hits the
            calls that write, get or list one of them; ``no_op``, ``hide_rows``, ``other_record``
            and ``lock`` then do not touch the other records of the call.
        ms: Real milliseconds, for ``latency``, ``stall`` and ``drip``.
        code: Any integer, for ``error`` and ``error_with_rows``.
        mb: Megabytes, for ``big``; up to 1024.
        applied: The call is done all the same. For ``error``, ``html_502``, ``bad_json`` and
            ``redirect``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    path: Annotated[str, Field(pattern="^/")] | None = None
    times: Annotated[StrictInt, Field(ge=1)] | None = None
    after: Annotated[StrictInt, Field(ge=0)] = 0
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    only: frozenset[str] | None = None
    ms: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    code: StrictInt | None = None
    mb: Annotated[StrictInt, Field(ge=1, le=_MOST_MB)] | None = None
    applied: bool = False

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        problem = None
        if self.kind in {"latency", "drip"} and self.ms is None:
            problem = f"ms is missing: {self.kind} wants milliseconds"
        elif self.ms is not None and self.kind not in _TIMED:
            problem = "ms is for latency, stall and drip only"
        elif (self.code is None) is (self.kind in _CODED):
            problem = "code is for error and error_with_rows, which want one"
        elif (self.mb is None) is (self.kind == "big"):
            problem = "mb is for big, which wants megabytes"
        elif self.applied and self.kind not in _MAY_APPLY:
            problem = "applied is for error, html_502, bad_json and redirect only"
        if problem:
            raise ValueError(problem)
        return self

    @property
    def seconds(self) -> float:
        """What it adds to the time that the answer takes, in real seconds."""
        wait = self.ms if self.ms is not None else _STALL_MS
        return wait / 1000 if self.kind in _TIMED else 0.0


def read_faults(given: Iterable[Fault | Mapping[str, Any]]) -> list[Fault]:
    """Turn JSON objects into faults.

    Raises:
        FaultError: One of them is none.
    """
    return [_read(place, each) for place, each in enumerate(given)]


def _read(place: int, given: Fault | Mapping[str, Any]) -> Fault:
    try:
        return Fault.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join([f"faults[{place}]", *(str(step) for step in first["loc"])])
        msg = f"{where}: {first['msg']}. Known kinds: {', '.join(KINDS)}"
        raise FaultError(msg) from None


@dataclass
class _Armed:
    """A fault waiting for its calls."""

    fault: Fault
    chance: Random
    seen: int = 0
    fired: int = 0

    def fires(self) -> bool:
        """Count one matching call, and return whether the fault hits it."""
        self.seen += 1
        if self.seen <= self.fault.after or self.chance.random() >= self.fault.probability:
            return False
        self.fired += 1
        return True


class FaultScript:
    """The faults of one sandbox, in the order they were added."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._armed: list[_Armed] = []

    def add(self, faults: Iterable[Fault]) -> None:
        """Arm faults, each with a generator of its own."""
        for fault in faults:
            chance = generator(self._seed, f"fault {len(self._armed)}")
            self._armed.append(_Armed(fault, chance))

    def draw(
        self, path: str, kinds: frozenset[str], concerns: Callable[[], frozenset[str]]
    ) -> list[tuple[Fault, frozenset[str]]]:
        """Return the faults that hit one call, each with the records it is about.

        Args:
            path: Where the call arrived.
            kinds: The kinds of ``OF_RECORDS`` that make sense there.
            concerns: The marks of what the call is about; asked only if a fault depends on it.
        """
        drawn: list[tuple[Fault, frozenset[str]]] = []
        ended = False
        for armed in self._armed:
            fault = armed.fault
            if fault.path not in (None, path) or armed.fired == fault.times:
                continue
            if fault.kind in OF_RECORDS and fault.kind not in kinds:
                continue
            if ended and fault.kind in ENDINGS:
                continue
            marks = frozenset[str]()
            if fault.only is not None or fault.kind in OF_RECORDS:
                marks = concerns()
            if fault.only is not None:
                marks &= fault.only
                if not marks:
                    continue
            if armed.fires():
                ended = ended or fault.kind in ENDINGS
                drawn.append((fault, marks))
        return drawn
