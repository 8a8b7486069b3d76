"""What becomes of each offline parameter and each answer field: the loss report's vocabulary.

Every declaration states a fate for every name; a test fails where one has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one name.

    Attributes:
        kind: `exact` (the same value), `converted` (the same fact in another form), `defaulted`
            (a stand-in, for the object API has no such fact) or `dropped`.
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
