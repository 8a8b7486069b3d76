"""The one state both APIs work on: its records, and what was written when.

Nothing here knows of JSON bodies or error envelopes; the endpoints do. Times are seconds of the
sandbox's clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from shim.sandbox._messages import Refusal, as_list, is_name
from shim.sandbox._plan import ADMINISTRATOR_NUMBER, Plan, Some, generator, hexes, picked
from shim.sandbox._tables import DepartmentTable, GenericTable, MemberRow, MemberTable, RowTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from random import Random

#: Grade A: a token lives this long …
LIFE: Final = 7200.0
#: … and the same one is given again for this long.
SAME: Final = 6600.0


@dataclass
class _Token:
    text: str
    issued: float
    calls_left: int | None
    revoked: bool = False

    def lives(self, now: float) -> bool:
        return not self.revoked and self.calls_left != 0 and now < self.issued + LIFE


class Tokens:
    """All tokens a tenant has given out, the first of them at the start."""

    def __init__(self, seed: int, now: float, calls: int | None, *, lenient: bool) -> None:
        self._random: Random = generator(seed, "tokens")
        self._calls = calls
        self._lenient = lenient
        self._given: dict[str, _Token] = {}
        self._newest = self._give(now)

    def __repr__(self) -> str:
        return f"<Tokens given={len(self._given)}>"

    @property
    def newest(self) -> str:
        """The token given last, whether it still lives or not."""
        return self._newest.text

    def ask(self, now: float) -> tuple[str, int]:
        """Return a token that lives, and the seconds it has left.

        The newest again while it is younger than 6600 s, else a new one; the old lives on.
        """
        token = self._newest
        if not token.lives(now) or now >= token.issued + SAME:
            token = self._newest = self._give(now)
        # U: whether a repeated answer has the seconds left or 7200 again. The first is safe.
        return token.text, int(token.issued + LIFE - now)

    def use(self, text: str, now: float) -> None:
        """Spend one call of a token.

        Raises:
            Refusal: 20016, the token was never given, is too old, used up or revoked.
        """
        token = self._given.get(text)
        if token is None and self._lenient:
            return
        if token is None or not token.lives(now):
            raise Refusal(20016)
        if token.calls_left is not None:
            token.calls_left -= 1

    def revoke(self) -> None:
        """Make every token given so far useless."""
        for token in self._given.values():
            token.revoked = True

    def _give(self, now: float) -> _Token:
        token = _Token(hexes(self._random, 32), now, self._calls)
        self._given[token.text] = token
        return token


#: A lenient tenant makes no more members than this.
MEMBERS_AT_MOST: Final = 100_000
_NAMES_MEMBERS: Final = ("openUserId", "openUserIds")


def _named_members(value: object) -> Iterator[str]:
    """Yield what a body names as members; the acting employee is none."""
    if isinstance(value, list):
        for each in value:
            yield from _named_members(each)
    if not isinstance(value, dict):
        return
    for key, held in value.items():
        if key in _NAMES_MEMBERS:
            yield from (str(each) for each in as_list(held) or [held] if is_name(each))
        elif isinstance(held, (dict, list)):
            yield from _named_members(held)
    if value.get("field_name") == "user_id":
        ids = as_list(value.get("field_values")) or []
        yield from (str(each) for each in ids if is_name(each))


#: The fields that are lists of employees.
EMPLOYEE_FIELDS: Final = frozenset({"leader", "manager_id", "owner"})


@dataclass(frozen=True)
class Update:
    """One object update that was answered with 0.

    Attributes:
        record_id: The ``_id``.
        fields: What was sent to be written; not in the repr.
        trigger_work_flow: ``triggerWorkFlow``, true when left out.
        trigger_approval_flow: ``triggerApprovalFlow``, true when left out.
        applied: Whether anything was written.
        api_name: The object's ``dataObjectApiName``.
    """

    record_id: str
    fields: Mapping[str, Any] = field(repr=False)
    trigger_work_flow: bool
    trigger_approval_flow: bool
    applied: bool
    api_name: str = "PersonnelObj"


class SandboxTenant:
    """A pretend tenant. Not thread-safe: the sandbox holds its lock around every call."""

    def __init__(self, plan: Plan, now: float) -> None:
        self.plan = plan
        self.profile = plan.profile
        self.tokens = Tokens(plan.seed, now, plan.token_calls, lenient=plan.lenient)
        self.updates: list[Update] = []
        self._identify(generator(plan.seed, "tenant"))
        self.people = MemberTable(plan, generator(plan.seed, "members"))
        self.departments = DepartmentTable(plan, self.members, generator(plan.seed, "departments"))
        self._restrict(self.people, "", plan.hidden, plan.locked)
        self._restrict(
            self.departments, "_departments", plan.hidden_departments, plan.locked_departments
        )
        self._generic: dict[str, GenericTable] = {}
        self._chance = generator(plan.seed, "records")
        for api_name, count in plan.objects:
            self._stock(self.generic(api_name), count)

    def __repr__(self) -> str:
        return f"<Tenant members={len(self.members)}>"

    def _identify(self, chance: Random) -> None:
        self.ea = f"8{chance.randrange(10**5):05d}"
        self.corp_id = f"FSCID_{hexes(chance, 32)}"
        self.app_id = f"FSAID_{hexes(chance, 8)}"
        self.app_secret = hexes(chance, 32)
        self.permanent_code = hexes(chance, 32)
        self.administrator = f"FSUID_{hexes(chance, 32)}"

    def _restrict(self, table: RowTable[Any], suffix: str, hidden: Some, locked: Some) -> None:
        """Choose which records are hidden and which are locked; none is both by chance."""
        chance = generator(self.plan.seed, f"rights{suffix}")
        marks = [row.mark for row in table.first]
        table.hidden = picked(f"hidden{suffix}", hidden, self.profile.hidden_share, marks, chance)
        visible = [each for each in marks if each not in table.hidden]
        table.locked = picked(f"locked{suffix}", locked, self.profile.locked_share, visible, chance)

    def _stock(self, table: GenericTable, count: int) -> None:
        owners = [each.open_user_id for each in self.members] or [self.administrator]
        for place in range(1, count + 1):
            # Before the start, and so early that a lagging query shows it from the start.
            then = -86_400.0 * place - self.plan.index_lag
            name = f"{table.api_name} {place}"
            table.create({"name": name, "owner": [self._chance.choice(owners)]}, then)

    @property
    def members(self) -> list[MemberRow]:
        """Every employee with a row, in the order of their numbers."""
        return self.people.members

    def generic(self, api_name: str) -> GenericTable:
        """Return the records of a generic object, none if none was created."""
        if api_name not in self._generic:
            self._generic[api_name] = GenericTable(self.plan, api_name, self._chance)
        return self._generic[api_name]

    def api_names(self) -> list[str]:
        """Return the names of the objects that have records, or have had some."""
        generic = [name for name, table in self._generic.items() if table.by_record_id]
        return [self.people.api_name, self.departments.api_name, *sorted(generic)]

    def table(self, api_name: str) -> RowTable[Any]:
        """Return the records of any object."""
        for table in (self.people, self.departments):
            if api_name == table.api_name:
                return table
        return self.generic(api_name)

    def marks(self, each: str) -> bool:
        """Whether a fault can be about this: an openUserId, a department's id, a record's id."""
        return (
            each in self.people.by_open_user_id
            or each in self.departments.by_record_id
            or any(each in table.by_record_id for table in self._generic.values())
        )

    def knows(self, open_user_id: str) -> bool:
        """Whether this may act: a member, or the administrator, who has no row."""
        return (
            self.plan.lenient
            or open_user_id == self.administrator
            or open_user_id in self.people.by_open_user_id
        )

    def meet(self, body: Mapping[str, Any]) -> None:
        """Make a member of each openUserId that a call names first, if the tenant is lenient."""
        if not self.plan.lenient:
            return
        for each in dict.fromkeys(_named_members(body)):
            if len(self.members) < MEMBERS_AT_MOST and each != self.administrator:
                self.people.meet(each)

    def numbered(self, number: str) -> str | None:
        """Return the openUserId of the employee that has this number; None: there is none."""
        if number == str(ADMINISTRATOR_NUMBER):
            return self.administrator
        member = self.people.by_number.get(number)
        return member.open_user_id if member else None

    def number(self, open_user_id: str) -> str:
        """Return the number of an employee; of an unknown one the openUserId."""
        if open_user_id == self.administrator:
            return str(ADMINISTRATOR_NUMBER)
        member = self.people.by_open_user_id.get(open_user_id)
        return str(member.number) if member else open_user_id

    def with_numbers(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record that names employees by number instead of openUserId."""
        return self._renamed(record, self.number)

    def with_open_user_ids(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record that names employees by openUserId; unknown numbers stay as they are."""
        return self._renamed(record, lambda each: self.numbered(each) or each)

    def _renamed(self, record: Mapping[str, Any], rename: Callable[[str], str]) -> dict[str, Any]:
        renamed: dict[str, Any] = {}
        for name in EMPLOYEE_FIELDS & record.keys():
            if (several := as_list(record[name])) is not None:
                renamed[name] = [
                    rename(each) if isinstance(each, str) else each for each in several
                ]
        return {**record, **renamed}

    def indexed(self, now: float) -> float:
        """Return the moment whose records ``query`` sees at ``now``."""
        return now - self.plan.index_lag

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
            "openUserIds": list(self.people.by_open_user_id),
        }
