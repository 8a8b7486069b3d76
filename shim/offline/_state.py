"""Setting the state of people: look up, write what differs, and believe it once it is read back.

Shared by the offline calls that set a member's status. Every id ends in exactly one outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from shim.objectapi.codes import UNCERTAIN, Code
from shim.objectapi.personnel import (
    find_people,
    get_person,
    rows_by_user,
    scalar,
    update_person,
)
from shim.offline.answer import Outcome, State
from shim.routing.flow import Pause, Steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shim.objectapi.calls import Reply, Row
    from shim.settings.model import Settings

FIRST_PAUSE_SECONDS = 0.2
PROBES = 5
"""Records read one by one to tell a read-only tenant from a slow index."""

HIDDEN = (
    "openUserId not found, or hidden: currentOpenUserId needs the read permission on PersonnelObj, "
    "without which employees are missing from every answer"
)
OTHER_FORM = (
    "the tenant answered with employees under user ids of another form than those asked for, so "
    "none could be matched: leave convert_user_id on (convertUserId: true), or pass the ids that "
    "this tenant uses"
)
AMBIGUOUS = (
    "more than one PersonnelObj record has this user id, so none was touched: merge the records, "
    "or set the status of the right one by hand"
)
NOT_APPLIED = (
    "written without an error, but the record reads as before: the tenant does not accept this "
    "write (people synced from the organisation may be read-only), or the acting employee may not "
    "edit the field; check its edit permission on PersonnelObj and the setting status_values"
)
NOT_SEEN = (
    "written without an error, but no query shows it, and of this call's other members those read "
    "one by one had not changed either: the tenant does not accept this write (see MIGRATION.md, "
    "read-only tenants)"
)
NOT_VERIFIED = (
    "written, but it could not be read back, so whether it holds is open; call again: members "
    "already there cost no write"
)


_Finding = Literal["holds", "refuted"]


class _Person:
    """One id on its way to an outcome."""

    __slots__ = ("before", "doubt", "open_user_id", "outcome", "record_id", "trace_id")

    def __init__(self, open_user_id: str) -> None:
        self.open_user_id = open_user_id
        self.record_id = ""
        self.trace_id = ""
        self.doubt: Reply | None = None
        """The error after which the write may still have happened."""
        self.outcome: Outcome | None = None

    def end(self, state: State, reply_trace_id: str, code: int = 0, text: str = "OK") -> None:
        self.outcome = Outcome(self.open_user_id, state, code, text, reply_trace_id)

    def fail(self, code: int, text: str, trace_id: str) -> None:
        self.end("failed", trace_id, code, text)


def set_state(
    settings: Settings, open_user_ids: Sequence[str], wanted: Mapping[str, Any]
) -> Steps[list[Outcome]]:
    """Bring people to a state.

    Args:
        settings: Read at the start; a change meanwhile is for the next call.
        open_user_ids: Whose state; duplicates are asked once and answered each.
        wanted: PersonnelObj fields and the values that make up the state.

    Returns:
        An outcome for each id given, in the order given.
    """
    people = {one: _Person(one) for one in dict.fromkeys(open_user_ids)}
    yield from _look_up(settings, people, wanted)
    yield from _write(settings, people, wanted)
    yield from _read_back(settings, people, wanted)
    yield from _ask_the_records(settings, people, wanted)
    return [_outcome(people[one]) for one in open_user_ids]


def _outcome(person: _Person) -> Outcome:
    assert person.outcome is not None  # noqa: S101 - every stage leaves nobody behind.
    return person.outcome


def _open(people: Mapping[str, _Person]) -> list[_Person]:
    return [person for person in people.values() if person.outcome is None]


def _look_up(
    settings: Settings, people: Mapping[str, _Person], wanted: Mapping[str, Any]
) -> Steps[None]:
    look_ups = find_people(settings, list(people), wanted)
    replies = yield [call for _, call in look_ups]
    for (ids, _), reply in zip(look_ups, replies, strict=True):
        rows = rows_by_user(reply.rows)
        strangers = rows.keys() - set(ids)
        for one in ids:
            person, found = people[one], rows.get(one, [])
            if not reply.ok:
                person.fail(reply.code, reply.message, reply.trace_id)
            elif len(found) > 1:
                person.fail(Code.SYSTEM_ERROR, AMBIGUOUS, reply.trace_id)
            elif not found:
                text = OTHER_FORM if strangers else HIDDEN
                person.fail(Code.USER_NOT_FOUND, text, reply.trace_id)
            elif _shows(found[0], wanted):
                person.end("unchanged", reply.trace_id)
            else:
                person.record_id = str(found[0]["_id"])


def _write(
    settings: Settings, people: Mapping[str, _Person], wanted: Mapping[str, Any]
) -> Steps[None]:
    waiting = _open(people)
    if not waiting:
        return
    replies = yield [update_person(settings, person.record_id, wanted) for person in waiting]
    for person, reply in zip(waiting, replies, strict=True):
        person.trace_id = reply.trace_id
        if reply.code in UNCERTAIN:
            person.doubt = reply
        elif not reply.ok:
            person.fail(reply.code, reply.message, reply.trace_id)


def _read_back(
    settings: Settings, people: Mapping[str, _Person], wanted: Mapping[str, Any]
) -> Steps[None]:
    """Look again until everything shows or `read_back_seconds` have been waited.

    Whether a query sees a write at once is unknown (grade U): many CRMs answer queries from an
    index that follows behind.
    """
    left, pause = settings.read_back_seconds, FIRST_PAUSE_SECONDS
    while waiting := {person.open_user_id: person for person in _open(people)}:
        looks = find_people(settings, list(waiting), wanted)
        replies = yield [call for _, call in looks]
        for reply in replies:
            for one, rows in rows_by_user(reply.rows).items():
                if one in waiting and all(_shows(row, wanted) for row in rows):
                    waiting[one].end("changed", waiting[one].trace_id)
        if left <= 0 or not _open(people):
            return
        pause = min(pause, left)
        yield Pause(pause)
        left -= pause
        pause *= 2


def _ask_the_records(
    settings: Settings, people: Mapping[str, _Person], wanted: Mapping[str, Any]
) -> Steps[None]:
    """Let `get` decide about those that no query has shown: it reads the record itself.

    Where this run has seen no write at all, the tenant is either slow or read-only, and a few
    records tell which; a `get` for every member would spend the quota on what is known already.
    """
    # Writes that went through say more about the tenant than those that may not have arrived.
    waiting = sorted(_open(people), key=lambda person: person.doubt is not None)
    any_seen = any(
        person.outcome is not None and person.outcome.state == "changed"
        for person in people.values()
    )
    probes = waiting if any_seen else waiting[:PROBES]
    found = yield from _get_each(settings, probes, wanted)
    if "holds" in found:
        yield from _get_each(settings, _open(people), wanted)
    for person in _open(people):
        _settle_failed(person, NOT_SEEN if "refuted" in found else NOT_VERIFIED)


def _get_each(
    settings: Settings, waiting: Sequence[_Person], wanted: Mapping[str, Any]
) -> Steps[set[_Finding]]:
    """Settle each of these by its record; return which findings there were."""
    findings: set[_Finding] = set()
    if not waiting:
        return findings
    replies = yield [get_person(settings, person.record_id) for person in waiting]
    for person, reply in zip(waiting, replies, strict=True):
        if reply.ok and _shows(reply.data, wanted):
            person.end("changed", person.trace_id)
            findings.add("holds")
        elif reply.ok and reply.data.keys() & wanted.keys():
            _settle_failed(person, NOT_APPLIED)
            findings.add("refuted")
        else:
            _settle_failed(person, NOT_VERIFIED)
    return findings


def _settle_failed(person: _Person, text: str) -> None:
    if person.doubt is None:
        person.fail(Code.TIMEOUT, text, person.trace_id)
    else:
        doubt = person.doubt
        ending = "not read back" if text is NOT_VERIFIED else "read back: not applied"
        person.fail(doubt.code, f"{doubt.message} ({ending})", doubt.trace_id)


def _shows(row: Row, wanted: Mapping[str, Any]) -> bool:
    return all(name in row and _same(row[name], value) for name, value in wanted.items())


def _same(seen: Any, value: Any) -> bool:
    """Compare as text: nobody printed that every tenant keeps to the String a select_one is."""
    seen = scalar(seen)
    if isinstance(seen, bool) or isinstance(value, bool):
        return str(seen).lower() == str(value).lower()
    return str(seen) == str(value)
