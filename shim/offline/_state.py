"""Bringing records to a state: look up, write what differs, believe it once it is read back.

Shared by all that changes members or departments. Every id ends in exactly one outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from shim.objectapi.calls import is_local
from shim.objectapi.codes import BAD_PARAMETERS, Code
from shim.objectapi.values import integer, record_id, scalar, text_of
from shim.offline.answer import Outcome, State
from shim.scheduler.steps import Pause, Steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shim.objectapi.calls import Reply, Row
    from shim.objectapi.kinds import Kind
    from shim.settings.model import Settings

FIRST_PAUSE_SECONDS = 0.2
PROBES = 5
"""Records read one by one to tell a read-only tenant from a slow index."""
FEW = 3
"""Up to this number of records are read back one by one, at once and without a query."""
CLOCK_SKEW_SECONDS = 10.0
"""How far the vendor's clock and this machine's may be apart."""
# What hints at a lock and at a recent change; both were seen on PersonnelObj (grade B), on
# DepartmentObj no source has them (C).
_LOCK, _MODIFIED = "lock_status", "last_modified_time"

OTHER_FORM = (
    "the tenant answered with records under ids of another form than those asked for, so none "
    "could be matched: leave convert_user_id on (convertUserId: true), or pass the ids that this "
    "tenant uses"
)
AMBIGUOUS = (
    "more than one record has this id, so none was touched: merge the records, or change the right "
    "one by hand"
)
SHARED = (
    "the tenant answered with one record (_id) for this id and for another, so it was not touched: "
    "look at the record in Fxiaoke, and change it by hand"
)
MAY_BE_LOCKED = (
    "the record may be locked: have it unlocked in Fxiaoke by an administrator, or by an employee "
    "who may unlock it, and call again"
)
NOT_APPLIED = (
    "written without an error, but the record reads as before: the tenant does not accept this "
    "write (people synced from the organisation may be read-only), or the acting employee may not "
    "edit the field; check its edit permission on the object, and the setting status_values"
)
NOT_SEEN = (
    "written without an error, but no query shows it, and of this call's others those read one by "
    "one had not changed either: the tenant does not accept this write (see MIGRATION.md, "
    "read-only tenants)"
)
NOT_VERIFIED = (
    "written, but it could not be read back, so whether it holds is open; call again: what is "
    "there already costs no write"
)
STILL_OPEN = (
    "written without an error, but the record does not show it; an earlier attempt at this update "
    "got no answer and may still be carried out, so whether it holds is open; call again: what is "
    "there already costs no write"
)


def hidden(kind: Kind) -> str:
    """Return the text for an id without a row, which may not exist or may not be visible."""
    return (
        f"{kind.id_name} not found, or hidden: currentOpenUserId needs the read permission on "
        f"{kind.api_name}, without which records are missing from every answer"
    )


def locked(kind: Kind) -> str:
    """Return the text for a record that is locked, and so was not written."""
    return (
        "the record is locked, so it was not written: have it unlocked in Fxiaoke by an "
        f"administrator, or by an employee who may unlock records of {kind.api_name}, and call "
        "again"
    )


def none_seen(kind: Kind) -> str:
    """Return the note for a list that is empty, perhaps for want of a permission."""
    return (
        f"nothing found, or all of it hidden: currentOpenUserId needs the read permission on "
        f"{kind.api_name}"
    )


def set_state(  # noqa: PLR0913 - what, whose, where, and how carefully.
    settings: Settings,
    kind: Kind,
    keys: Sequence[str],
    wanted: Mapping[str, Any],
    *,
    corp_id: str,
    disables: bool = False,
) -> Steps[list[Outcome]]:
    """Bring records to a state.

    Args:
        settings: Read at the start; a change meanwhile is for the next call.
        kind: Members or departments.
        keys: Whose state; duplicates are asked once and answered each.
        wanted: The fields and values that make up the state.
        corp_id: The tenant.
        disables: Whether the state is that of disabled ones, so that the setting `verify` counts.

    Returns:
        An outcome for each id given, in the order given.
    """
    doubts = _Doubts(settings, kind, corp_id, always=disables and settings.verify == "always")
    change = _Change(settings, kind, keys, wanted, doubts)
    return (yield from change.run(keys))


_Finding = Literal["", "refuted", "unreadable"]


class _Subject:
    """One id until it has an outcome.

    Attributes:
        there: The look-up showed it in the wanted state.
        locked: The look-up showed its record as locked.
        finding: What reading the record after the write has shown.
        as_before: A read-back showed the record without the wanted values.
        repeated: The update has been made twice.
        unanswered: An attempt at the update got no answer and may still be carried out.
    """

    __slots__ = (
        "as_before",
        "doubt",
        "finding",
        "key",
        "locked",
        "modified",
        "outcome",
        "record_id",
        "repeated",
        "there",
        "trace_id",
        "unanswered",
    )

    def __init__(self, key: str) -> None:
        self.key = key
        self.record_id = ""
        self.trace_id = ""
        self.there = False
        self.locked = False
        # `last_modified_time`, ms.
        self.modified: int | None = None
        # The error after which the write may still have happened.
        self.doubt: Reply | None = None
        self.finding: _Finding = ""
        self.as_before = False
        self.repeated = False
        self.unanswered = False
        self.outcome: Outcome | None = None

    def end(self, state: State, trace_id: str, code: int = Code.OK, text: str = "OK") -> None:
        self.outcome = Outcome(self.key, state, int(code), text, trace_id)

    def fail(self, code: int, text: str, trace_id: str) -> None:
        self.end("failed", trace_id, code, text)

    def fail_written(self, text: str) -> None:
        """Fail after a write: by what went wrong with it, or else by what reading back showed."""
        if self.doubt is None:
            self.fail(Code.TIMEOUT, STILL_OPEN if self.unanswered else text, self.trace_id)
            return
        if text is NOT_VERIFIED:
            ending = "not read back"
        elif self.doubt.code == Code.TIMEOUT and not is_local(self.doubt.trace_id):
            ending = f"read back: not applied; {MAY_BE_LOCKED}"
        else:
            ending = "read back: not applied"
        self.fail(self.doubt.code, f"{self.doubt.message} ({ending})", self.doubt.trace_id)

    @property
    def may_repeat(self) -> bool:
        """Whether its update ended with 50009, was not applied, and may be made once more."""
        timed_out = self.doubt is not None and self.doubt.code == Code.TIMEOUT
        return self.outcome is None and timed_out and self.as_before and not self.repeated


class _Doubts:
    """Which look-ups may be stale, so that the record itself has to be read.

    Lists come from a search index and lag behind writes (contract, section 3, grade C here).
    """

    def __init__(self, settings: Settings, kind: Kind, corp_id: str, *, always: bool) -> None:
        # Imported here: `import shim` loads no HTTP library.
        from shim.objectapi import http  # noqa: PLC0415

        self._always = always
        self._seconds = settings.read_back_seconds
        self._place = settings.base_url, corp_id, kind.api_name
        self._clock, self._recent = http.clock(), http.recent()

    def about(self, subject: _Subject) -> bool:
        """Whether a record may have changed so lately that a query does not show it yet.

        The vendor's clock and this machine's may differ; a time in the future is a recent one.
        """
        if self._always or self._recent.within((*self._place, subject.record_id), self._seconds):
            return True
        if subject.modified is None or not self._seconds:
            return False
        age = self._clock.unix() - subject.modified / 1000
        return age < self._seconds + CLOCK_SKEW_SECONDS

    def wrote(self, subject: _Subject) -> None:
        """Remember that a record may have been written now."""
        self._recent.note((*self._place, subject.record_id))


class _Change:
    """What is wanted of which records, and how far it has got."""

    def __init__(
        self,
        settings: Settings,
        kind: Kind,
        keys: Sequence[str],
        wanted: Mapping[str, Any],
        doubts: _Doubts,
    ) -> None:
        self._settings = settings
        self._kind = kind
        self._wanted = wanted
        self._doubts = doubts
        self._subjects = {key: _Subject(key) for key in dict.fromkeys(keys)}

    def run(self, keys: Sequence[str]) -> Steps[list[Outcome]]:
        yield from self._look_up()
        yield from self._read_back((yield from self._write(self._open())))
        again = [one for one in self._open() if one.may_repeat]
        for one in again:
            one.repeated = True
        yield from self._read_back((yield from self._write(again)))
        refuted = any(one.finding == "refuted" for one in self._subjects.values())
        for one in self._open():
            one.fail_written(_ENDINGS.get(one.finding, NOT_SEEN if refuted else NOT_VERIFIED))
        return self._outcomes(keys)

    def _outcomes(self, keys: Sequence[str]) -> list[Outcome]:
        outcomes = [self._subjects[key].outcome for key in keys]
        return [one for one in outcomes if one is not None]

    def _open(self) -> list[_Subject]:
        return [one for one in self._subjects.values() if one.outcome is None]

    def _look_up(self) -> Steps[None]:
        looked = yield from self._asked()
        shared = self._kind.shared(row for _, reply in looked for row in reply.rows)
        for keys, reply in looked:
            rows = self._kind.by_key(reply.rows)
            unasked = rows.keys() - set(keys)
            for key in keys:
                subject, found = self._subjects[key], rows.get(key, [])
                if not reply.ok:
                    subject.fail(reply.code, reply.message, reply.trace_id)
                elif not found:
                    text = OTHER_FORM if unasked else hidden(self._kind)
                    subject.fail(self._kind.unknown, text, reply.trace_id)
                elif len(found) > 1:
                    subject.fail(Code.SYSTEM_ERROR, AMBIGUOUS, reply.trace_id)
                elif record_id(found[0]) in shared:
                    subject.fail(Code.SYSTEM_ERROR, SHARED, reply.trace_id)
                else:
                    self._found(subject, found[0], reply)
        yield from self._settle()

    def _asked(self) -> Steps[list[tuple[Sequence[str], Reply]]]:
        """Look all up, with what hints at locks and recent changes if the tenant knows it."""
        keys = list(self._subjects)
        look_ups = self._kind.find(self._settings, keys, (*self._wanted, _LOCK, _MODIFIED))
        replies = list((yield [call for _, call in look_ups]))
        # That a tenant may refuse a field that it does not know is a guess (grade C).
        refused = [place for place, one in enumerate(replies) if one.code in BAD_PARAMETERS]
        if refused:
            plain = self._kind.find(self._settings, keys, self._wanted)
            again = yield [plain[place][1] for place in refused]
            for place, reply in zip(refused, again, strict=True):
                replies[place] = reply
        return [(chunk, reply) for (chunk, _), reply in zip(look_ups, replies, strict=True)]

    def _found(self, subject: _Subject, row: Row, reply: Reply) -> None:
        subject.record_id, subject.trace_id = record_id(row) or "", reply.trace_id
        subject.there = shows(row, self._wanted, empty=False)
        subject.locked = text_of(row.get(_LOCK)) == "1"
        subject.modified = integer(row.get(_MODIFIED))

    def _settle(self) -> Steps[None]:
        """End those that are there already, and those that are locked.

        A query may be stale, so the record decides where something hints at a recent change. If it
        cannot be read, it is written: that costs a call, and is right in both cases.
        """
        there = [one for one in self._open() if one.there]
        doubted = [one for one in there if self._doubts.about(one)]
        for one in there:
            if one not in doubted:
                one.end("unchanged", one.trace_id)
        if doubted:
            replies = yield [self._kind.get(self._settings, one.record_id) for one in doubted]
            for one, reply in zip(doubted, replies, strict=True):
                if self._seen(one, reply.data, empty=False) == "holds":
                    one.end("unchanged", reply.trace_id)
        for one in self._open():
            if one.locked:
                one.fail(Code.TIMEOUT, locked(self._kind), one.trace_id)

    def _write(self, waiting: Sequence[_Subject]) -> Steps[list[_Subject]]:
        """Send the updates, and return those that may have been carried out."""
        if not waiting:
            return []
        replies = yield [
            self._kind.update(self._settings, one.record_id, self._wanted) for one in waiting
        ]
        written = []
        for subject, reply in zip(waiting, replies, strict=True):
            if reply.planned:
                # A dry run: nothing was written, so there is nothing to read back.
                subject.end("planned", subject.trace_id)
            elif reply.ok or reply.doubtful:
                subject.trace_id = reply.trace_id
                subject.doubt = None if reply.ok else reply
                subject.unanswered = reply.earlier_doubt
                subject.finding = "" if subject.finding == "refuted" else subject.finding
                self._doubts.wrote(subject)
                written.append(subject)
            # A repeat that was not sent says nothing of the first attempt.
            elif reply.reached or not subject.repeated:
                subject.fail(reply.code, reply.message, reply.trace_id)
        return written

    def _read_back(self, written: Sequence[_Subject]) -> Steps[None]:
        """Look again until everything shows or `read_back_seconds` have been waited.

        Whether a query sees a write at once is unknown (grade U): many CRMs answer queries from
        an index that follows behind. That `get` reads the record itself is grade C, so that one
        which shows the old values is asked again as well, in case it reads a copy.
        """
        left, pause = self._settings.read_back_seconds, FIRST_PAUSE_SECONDS
        while waiting := _still_open(written):
            reached = yield from self._look(waiting)
            waiting = _still_open(written)
            # Those that a record has refuted, and whose update is to be repeated, need no patience.
            waits = any(not (one.may_repeat and one.finding == "refuted") for one in waiting)
            if left <= 0 or not waits or not reached:
                break
            pause = min(pause, left)
            yield Pause(pause)
            left -= pause
            pause *= 2
        yield from self._ask_the_records(written)

    def _look(self, waiting: Sequence[_Subject]) -> Steps[bool]:
        """Look once: by a query for many, by `get` for few; return whether anything answered.

        A `get` for each of a few has no lag, and spends as many calls of its path as the updates
        did of theirs. Those whose records cannot be read by `get` are looked for by a query.
        """
        reached = False
        if len(waiting) > FEW:
            reached = yield from self._query(waiting)
            waiting = _still_open(waiting)
            if len(waiting) > FEW:
                return reached
        readable = [one for one in waiting if one.finding != "unreadable"]
        if readable:
            reached |= yield from self._get_each(readable)
        unread = [one for one in _still_open(waiting) if one.finding == "unreadable"]
        if unread:
            reached |= yield from self._query(unread)
        return reached

    def _query(self, waiting: Sequence[_Subject]) -> Steps[bool]:
        looks = self._kind.find(self._settings, [one.key for one in waiting], self._wanted)
        replies = yield [call for _, call in looks]
        shared = self._kind.shared(row for reply in replies for row in reply.rows)
        by_key = self._kind.by_key(row for reply in replies for row in reply.rows)
        for one in waiting:
            found = by_key.get(one.key, [])
            if one.record_id in shared or len(found) != 1:
                continue
            seen = self._seen(one, found[0])
            one.as_before |= seen == "refuted"
            if seen == "holds":
                one.end("changed", one.trace_id)
        return any(reply.reached for reply in replies)

    def _ask_the_records(self, written: Sequence[_Subject]) -> Steps[None]:
        """Let `get` decide about those that no query has shown: it reads the record itself.

        Where this run has seen no write at all, the tenant is either slow or read-only, and a few
        records tell which; a `get` for every one would spend the quota on what is known already.
        """
        unasked = [one for one in _still_open(written) if not one.finding]
        # Writes that went through say more about the tenant than those that may not have arrived.
        unasked.sort(key=lambda one: one.doubt is not None)
        changed = self._changed()
        probes = unasked if changed else unasked[:PROBES]
        if probes:
            yield from self._get_each(probes)
        rest = [one for one in _still_open(unasked) if not one.finding]
        if rest and self._changed() > changed:
            yield from self._get_each(rest)

    def _changed(self) -> int:
        outcomes = [one.outcome for one in self._subjects.values()]
        return sum(one is not None and one.state == "changed" for one in outcomes)

    def _get_each(self, waiting: Sequence[_Subject]) -> Steps[bool]:
        """Read each of these records; return whether anything answered."""
        replies = yield [self._kind.get(self._settings, one.record_id) for one in waiting]
        for subject, reply in zip(waiting, replies, strict=True):
            seen = self._seen(subject, reply.data)
            if seen == "holds":
                subject.end("changed", subject.trace_id)
            else:
                subject.finding = seen
                subject.as_before |= seen == "refuted"
        return any(reply.reached for reply in replies)

    def _seen(
        self, subject: _Subject, row: Row, *, empty: bool = True
    ) -> Literal["holds", "refuted", "unreadable"]:
        """Return what a row says of a record; nothing, if it is not plainly that record's."""
        if record_id(row) != subject.record_id or not self._kind.is_of(row, subject.key):
            return "unreadable"
        if shows(row, self._wanted, empty=empty):
            return "holds"
        return "refuted" if row.keys() & self._wanted.keys() else "unreadable"


_ENDINGS: Final[Mapping[str, str]] = {"refuted": NOT_APPLIED, "unreadable": NOT_VERIFIED}


def _still_open(subjects: Sequence[_Subject]) -> list[_Subject]:
    return [one for one in subjects if one.outcome is None]


def shows(row: Row, wanted: Mapping[str, Any], *, empty: bool = True) -> bool:
    """Whether a row is in the wanted state.

    Rows leave out empty fields (grade A), so a field that is to be empty shows by its absence;
    unless `empty` is false, since a field that may not be read is absent as well.
    """
    return all(
        _same(row[name], value) if name in row else empty and value in ("", [])
        for name, value in wanted.items()
    )


def _same(seen: Any, value: Any) -> bool:
    """Compare as text: no source says that every tenant sends a select_one as a String.

    But true is "true" and never "1", and what is neither text, whole number nor boolean is
    nothing that was ever written.
    """
    seen, value = scalar(seen), scalar(value)
    if value in ("", []):
        return seen in (None, "", [])
    if isinstance(seen, list) and isinstance(value, list):
        texts = [_text(one) for one in seen]
        known = [one for one in texts if one is not None]
        return len(known) == len(texts) and sorted(known) == sorted(str(one) for one in value)
    if isinstance(seen, bool) or isinstance(value, bool):
        return (_text(seen) or "").lower() == str(value).lower()
    found = text_of(seen)
    return found is not None and found == text_of(value)


def _text(value: Any) -> str | None:
    return str(value).lower() if isinstance(value, bool) else text_of(value)
