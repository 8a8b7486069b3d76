"""What a tenant is made from: the sandbox's arguments, checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from shim.sandbox.profiles import Profile

#: What ``hidden=`` and its like take: a share, a number of records, or the records' ids.
Some = float | int | Iterable[str] | Iterable[int] | None


@dataclass(frozen=True)
class Plan:
    """What a tenant is made from; the same plan always makes the same tenant.

    Attributes:
        members: How many employees there are.
        departments: How many departments there are.
        objects: How many records each generic object starts with.
        profile: How the tenant behaves.
        seed: What all ids, names and secrets are made from.
        quota_calls: The calls a path takes in a window; 0: any number.
        quota_seconds: The window, in seconds of the sandbox's clock.
        latency: Real seconds each answer takes.
        hidden: Who has no row. None: the profile's share.
        locked: Whose record is locked. None: the profile's share.
        hidden_departments: Which departments have no row. None: the profile's share.
        locked_departments: Which departments' records are locked. None: the profile's share.
        shows_lock: Whether records show ``lock_status``.
        lag: Seconds (sandbox time) ``query`` is behind, in a profile that lags.
        token_calls: The calls a token lives for; None: any number.
        epoch: The Unix time, in seconds, of the sandbox's second 0.

    Raises:
        ValueError: One of them is out of range.
    """

    members: int
    departments: int
    objects: tuple[tuple[str, int], ...]
    profile: Profile
    seed: int
    quota_calls: int
    quota_seconds: float
    latency: float
    hidden: Some
    locked: Some
    hidden_departments: Some
    locked_departments: Some
    shows_lock: bool
    lag: float
    token_calls: int | None
    epoch: float

    def __post_init__(self) -> None:
        if min(self.members, self.quota_calls, self.latency, self.lag) < 0:
            msg = "members, quota_calls, latency_ms, lag_seconds: 0 or more"
            raise ValueError(msg)
        if self.departments < 1:
            msg = "departments: 1 or more"
            raise ValueError(msg)
        if not all(is_generic(name) and count >= 0 for name, count in self.objects):
            msg = "objects: names that end in Obj or __c, none of them people or departments"
            raise ValueError(msg)
        if self.quota_seconds <= 0:
            msg = "quota_seconds: above 0"
            raise ValueError(msg)
        if self.token_calls is not None and self.token_calls < 1:
            msg = "token_calls: 1 or more"
            raise ValueError(msg)

    @property
    def index_lag(self) -> float:
        """The seconds ``query`` is behind."""
        return self.lag if self.profile.lags else 0.0

    def milliseconds(self, now: float) -> int:
        """Return the Unix time, in milliseconds, at a second of the sandbox's clock."""
        return int((self.epoch + now) * 1000)


def is_custom(name: str) -> bool:
    """Whether an object or a field of that name is one a customer made."""
    return name.endswith("__c")


def is_generic(name: str) -> bool:
    """Whether there can be a generic object of that name."""
    if name in {"PersonnelObj", "DepartmentObj"}:
        return False
    return name.isidentifier() and (name.endswith("Obj") or is_custom(name))


def kept(some: Some) -> Some:
    """Keep ids that come from an iterator, since a reset reads them again."""
    if some is None or isinstance(some, (bool, int, float, str)):
        return some
    return frozenset(map(str, some))


def picked(
    name: str, some: Some, share: float, candidates: Sequence[str], chance: Random
) -> frozenset[str]:
    """Choose records.

    Args:
        name: What the choice is for; it opens the error texts.
        some: A float from 0 to 1 is a share (at least one record if above 0), an int a number of
            records, anything else the ids themselves. None: ``share`` decides.
        share: The profile's own share.
        candidates: Which can be chosen.
        chance: The seeded generator.

    Raises:
        ValueError: It is none of these, out of range, or names somebody who is not there.
    """
    wanted = share if some is None else some
    if isinstance(wanted, (bool, str)):
        msg = f"{name}: a share from 0.0 to 1.0, a number of records, or a list of ids"
        raise ValueError(msg)  # noqa: TRY004  One kind of error for every unusable option.
    if isinstance(wanted, float):
        if not 0 <= wanted <= 1:
            msg = f"{name}: a share lies between 0.0 and 1.0"
            raise ValueError(msg)
        wanted = max(1, round(wanted * len(candidates))) if wanted else 0
        wanted = min(wanted, len(candidates))
    if isinstance(wanted, int):
        if not 0 <= wanted <= len(candidates):
            msg = f"{name}: there are {len(candidates)} records to choose from"
            raise ValueError(msg)
        return frozenset(chance.sample(candidates, wanted))
    ids = frozenset(map(str, wanted))
    if not ids <= frozenset(candidates):
        msg = f"{name}: an id is not among the records to choose from"
        raise ValueError(msg)
    return ids
