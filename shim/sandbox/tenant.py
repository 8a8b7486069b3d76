"""The one state both APIs work on: who there is, what was written, and when.

Nothing here knows of JSON bodies or error envelopes; the endpoints do.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from shim.sandbox.plan import picked
from shim.sandbox.seeds import FIRST_NUMBER, generator, hexes, person
from shim.sandbox.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from shim.sandbox.plan import Plan

#: What a record says while nobody has written to it.
_UNWRITTEN: Final[Mapping[str, Any]] = {}


class Member:
    """One employee: the three ids, and every version of the record that may still be read."""

    __slots__ = ("_versions", "number", "open_user_id", "rank", "record_id")

    def __init__(self, number: int, open_user_id: str, record_id: str) -> None:
        self.number = number
        self.open_user_id = open_user_id
        self.record_id = record_id
        #: The place among the rows of a query that asks for no order.
        self.rank = 0
        self._versions: list[tuple[float, Mapping[str, Any]]] = [(-math.inf, _UNWRITTEN)]

    def __repr__(self) -> str:
        return f"<Member {self.open_user_id}>"

    def written(self, moment: float) -> Mapping[str, Any]:
        """Return the fields written up to ``moment``."""
        return next(
            (fields for when, fields in reversed(self._versions) if when <= moment), _UNWRITTEN
        )

    def write(self, fields: Mapping[str, Any], now: float, lag: float) -> None:
        """Add a version; those nobody can see any more are forgotten."""
        kept = self._versions
        while len(kept) > 1 and kept[1][0] <= now - lag:
            kept.pop(0)
        kept.append((now, {**kept[-1][1], **fields}))


@dataclass(frozen=True)
class Update:
    """One ``PersonnelObj`` update that was answered with 0.

    Attributes:
        record_id: The ``_id``.
        fields: What was sent to be written; not in the repr.
        trigger_work_flow: ``triggerWorkFlow``, true when left out.
        trigger_approval_flow: ``triggerApprovalFlow``, true when left out.
        applied: Whether anything was written.
    """

    record_id: str
    fields: Mapping[str, Any] = field(repr=False)
    trigger_work_flow: bool
    trigger_approval_flow: bool
    applied: bool


class Tenant:
    """A pretend tenant. Not thread-safe: the sandbox holds its lock around every call."""

    def __init__(self, plan: Plan, now: float) -> None:
        self.plan = plan
        self.profile = plan.profile
        self.tokens = Tokens(plan.seed, now, plan.token_calls)
        self.updates: list[Update] = []
        self._identify(generator(plan.seed, "tenant"))
        self._hire(generator(plan.seed, "members"))
        chance = generator(plan.seed, "rights")
        everyone = [member.open_user_id for member in self.members]
        self.hidden = picked("hidden", plan.hidden, plan.profile.hidden_share, everyone, chance)
        visible = [each for each in everyone if each not in self.hidden]
        self.locked = picked("locked", plan.locked, plan.profile.locked_share, visible, chance)

    def __repr__(self) -> str:
        return f"<Tenant members={len(self.members)}>"

    def _identify(self, chance: Random) -> None:
        self.ea = f"8{chance.randrange(10**5):05d}"
        self.corp_id = f"FSCID_{hexes(chance, 32)}"
        self.app_id = f"FSAID_{hexes(chance, 8)}"
        self.app_secret = hexes(chance, 32)
        self.permanent_code = hexes(chance, 32)
        self.administrator = f"FSUID_{hexes(chance, 32)}"

    def _hire(self, chance: Random) -> None:
        as_number = self.profile.numbers_as_ids
        self.members: list[Member] = []
        for number in range(FIRST_NUMBER, FIRST_NUMBER + self.plan.members):
            open_user_id = f"FSUID_{hexes(chance, 32)}"
            record_id = hexes(chance, 24).lower()
            self.members.append(
                Member(number, open_user_id, str(number) if as_number else record_id)
            )
        self.own_order: list[Member] = chance.sample(self.members, len(self.members))
        for rank, member in enumerate(self.own_order):
            member.rank = rank
        self.by_open_user_id = {each.open_user_id: each for each in self.members}
        self.by_record_id = {each.record_id: each for each in self.members}
        self.by_number = {str(each.number): each for each in self.members}
        self._sorted = sorted(self.members, key=lambda each: each.record_id)
        self._sorted_ids = [each.record_id for each in self._sorted]

    def beyond(self, record_id: str | None) -> Sequence[Member]:
        """Return the members by ascending ``_id``, from the first greater than ``record_id``."""
        start = 0 if record_id is None else bisect.bisect_right(self._sorted_ids, record_id)
        return self._sorted[start:]

    def knows(self, open_user_id: str) -> bool:
        """Whether this is an employee: a member, or the administrator, who has no row."""
        return open_user_id == self.administrator or open_user_id in self.by_open_user_id

    def user_id(self, member: Member, *, converts: bool) -> str:
        """Return ``user_id`` in the form a call asks for."""
        return member.open_user_id if converts else str(member.number)

    def record(self, member: Member, moment: float, *, converts: bool) -> dict[str, Any]:
        """Return every field of a member as it was at ``moment``, empty ones included."""
        created = int((self.plan.epoch - 86_400 * (member.number % 900 + 1)) * 1000)
        return {
            "_id": member.record_id,
            "user_id": self.user_id(member, converts=converts),
            **person(self.plan.seed, member.number),
            "lock_status": "1" if member.open_user_id in self.locked else "0",
            "create_time": created,
            "last_modified_time": created,
            "version": "1",
            **member.written(moment),
        }

    def indexed(self, now: float) -> float:
        """Return the moment whose records ``query`` sees at ``now``."""
        return now - self.plan.lag if self.profile.lags else now

    def write(self, member: Member, fields: Mapping[str, Any], now: float) -> None:
        """Write fields at ``now``; ``version`` and ``last_modified_time`` go up by themselves."""
        before = self.record(member, now, converts=True)
        fresh = max(before["last_modified_time"] + 1, int((self.plan.epoch + now) * 1000))
        stamps = {"version": str(int(before["version"]) + 1), "last_modified_time": fresh}
        member.write({**fields, **stamps}, now, self.plan.lag if self.profile.lags else 0.0)

    def states(self, now: float) -> dict[str, str]:
        """Return the true ``status`` of every member: ``{open_user_id: "0" | "1"}``."""
        return {
            each.open_user_id: str(each.written(now).get("status", "0")) for each in self.members
        }

    def described(self, base_url: str) -> dict[str, Any]:
        """Return what a client needs to know, as a JSON object."""
        return {
            "base_url": base_url,
            "corpAccessToken": self.tokens.newest,
            "corpId": self.corp_id,
            "currentOpenUserId": self.administrator,
            "appId": self.app_id,
            "appSecret": self.app_secret,
            "permanentCode": self.permanent_code,
            "openUserIds": list(self.by_open_user_id),
        }
