"""Bringing records to a state: look up, write what differs, believe it once it is read back.

Shared by all that changes members or departments. Every id ends in exactly one outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from shim.changes.outcome import Outcome, State
from shim.objectapi.codes import Code
from shim.objectapi.kinds import scalar
from shim.routing.flow import Pause, Steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shim.objectapi.calls import Reply, Row
    from shim.objectapi.kinds import Kind
    from shim.settings.model import Settings

FIRST_PAUSE_SECONDS = 0.2
PROBES = 5
"""Records read one by one to tell a read-only tenant from a slow index."""

OTHER_FORM = (
    "the tenant answered with records under ids of another form than those asked for, so none "
    "could be matched: leave convert_user_id on (convertUserId: true), or pass the ids that this "
    "tenant uses"
)
AMBIGUOUS = (
    "more than one record has this id, so none was touched: merge the records, or change the right "
    "one by hand"
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


def hidden(kind: Kind) -> str:
    """Return the text for an id without a row, which may not exist or may not be visible."""
    return (
        f"{kind.id_name} not found, or hidden: currentOpenUserId needs the read permission on "
        f"{kind.api_name}, without which records are missing from every answer"
    )


def none_seen(kind: Kind) -> str:
    """Return the note for a list that is empty, perhaps for want of a permission."""
    return (
        f"nothing found, or all of it hidden: currentOpenUserId needs the read permission on "
        f"{kind.api_name}"
    )


def set_state(
    settings: Settings,
    kind: Kind,
    keys: Sequence[str],
    wanted: Mapping[str, Any],
    *,
    dry_run: bool = False,
) -> Steps[list[Outcome]]:
    """Bring records to a state.

    Args:
        settings: Read at the start; a change meanwhile is for the next call.
        kind: Members or departments.
        keys: Whose state; duplicates are asked once and answered each.
        wanted: The fields and values that make up the state.
        dry_run: Look up only; what would be written is `planned`.

    Returns:
        An outcome for each id given, in the order given.
    """
    errand = _Errand(settings, kind, keys, wanted)
    return (yield from errand.plan(keys) if dry_run else errand.run(keys))


_Finding = Literal["holds", "refuted"]


class _Subject:
    """One id on its way to an outcome."""

    __slots__ = ("doubt", "key", "outcome", "record_id", "trace_id")

    def __init__(self, key: str) -> None:
        self.key = key
        self.record_id = ""
        self.trace_id = ""
        # The error after which the write may still have happened.
        self.doubt: Reply | None = None
        self.outcome: Outcome | None = None

    def end(self, state: State, trace_id: str, code: int = Code.OK, text: str = "OK") -> None:
        self.outcome = Outcome(self.key, state, int(code), text, trace_id)

    def fail(self, code: int, text: str, trace_id: str) -> None:
        self.end("failed", trace_id, code, text)

    def fail_written(self, text: str) -> None:
        """Fail after a write: by what went wrong with it, or else by what reading back showed."""
        if self.doubt is None:
            self.fail(Code.TIMEOUT, text, self.trace_id)
        else:
            ending = "not read back" if text is NOT_VERIFIED else "read back: not applied"
            self.fail(self.doubt.code, f"{self.doubt.message} ({ending})", self.doubt.trace_id)


class _Errand:
    """What is wanted of whom, and how far it has got."""

    def __init__(
        self, settings: Settings, kind: Kind, keys: Sequence[str], wanted: Mapping[str, Any]
    ) -> None:
        self._settings = settings
        self._kind = kind
        self._wanted = wanted
        self._subjects = {key: _Subject(key) for key in dict.fromkeys(keys)}

    def run(self, keys: Sequence[str]) -> Steps[list[Outcome]]:
        yield from self._look_up()
        yield from self._write()
        yield from self._read_back()
        yield from self._ask_the_records()
        return self._outcomes(keys)

    def plan(self, keys: Sequence[str]) -> Steps[list[Outcome]]:
        yield from self._look_up()
        for subject in self._open():
            subject.end("planned", subject.trace_id)
        return self._outcomes(keys)

    def _outcomes(self, keys: Sequence[str]) -> list[Outcome]:
        outcomes = [self._subjects[key].outcome for key in keys]
        return [one for one in outcomes if one is not None]

    def _open(self) -> list[_Subject]:
        return [one for one in self._subjects.values() if one.outcome is None]

    def _look_up(self) -> Steps[None]:
        look_ups = self._kind.find(self._settings, list(self._subjects), self._wanted)
        replies = yield [call for _, call in look_ups]
        for (keys, _), reply in zip(look_ups, replies, strict=True):
            rows = self._kind.by_key(reply.rows)
            strangers = rows.keys() - set(keys)
            for key in keys:
                subject, found = self._subjects[key], rows.get(key, [])
                if not reply.ok:
                    subject.fail(reply.code, reply.message, reply.trace_id)
                elif len(found) > 1:
                    subject.fail(Code.SYSTEM_ERROR, AMBIGUOUS, reply.trace_id)
                elif not found:
                    text = OTHER_FORM if strangers else hidden(self._kind)
                    subject.fail(self._kind.unknown, text, reply.trace_id)
                elif shows(found[0], self._wanted, empty=False):
                    subject.end("unchanged", reply.trace_id)
                else:
                    subject.record_id = str(found[0]["_id"])
                    subject.trace_id = reply.trace_id

    def _write(self) -> Steps[None]:
        waiting = self._open()
        if not waiting:
            return
        replies = yield [
            self._kind.update(self._settings, one.record_id, self._wanted) for one in waiting
        ]
        for subject, reply in zip(waiting, replies, strict=True):
            subject.trace_id = reply.trace_id
            if reply.doubtful:
                subject.doubt = reply
            elif not reply.ok:
                subject.fail(reply.code, reply.message, reply.trace_id)

    def _read_back(self) -> Steps[None]:
        """Look again until everything shows or `read_back_seconds` have been waited.

        Whether a query sees a write at once is unknown (grade U): many CRMs answer queries from
        an index that follows behind.
        """
        left, pause = self._settings.read_back_seconds, FIRST_PAUSE_SECONDS
        while waiting := [one.key for one in self._open()]:
            looks = self._kind.find(self._settings, waiting, self._wanted)
            replies = yield [call for _, call in looks]
            for reply in replies:
                for key, rows in self._kind.by_key(reply.rows).items():
                    if key in self._subjects and all(shows(row, self._wanted) for row in rows):
                        self._changed(self._subjects[key])
            if left <= 0 or not self._open() or not any(reply.reached for reply in replies):
                return
            pause = min(pause, left)
            yield Pause(pause)
            left -= pause
            pause *= 2

    def _changed(self, subject: _Subject) -> None:
        if subject.outcome is None:
            subject.end("changed", subject.trace_id)

    def _ask_the_records(self) -> Steps[None]:
        """Let `get` decide about those that no query has shown: it reads the record itself.

        Where this run has seen no write at all, the tenant is either slow or read-only, and a few
        records tell which; a `get` for every one would spend the quota on what is known already.
        """
        # Writes that went through say more about the tenant than those that may not have arrived.
        waiting = sorted(self._open(), key=lambda one: one.doubt is not None)
        outcomes = [one.outcome for one in self._subjects.values()]
        any_seen = any(one is not None and one.state == "changed" for one in outcomes)
        findings = yield from self._get_each(waiting if any_seen else waiting[:PROBES])
        if "holds" in findings:
            yield from self._get_each(self._open())
        for subject in self._open():
            subject.fail_written(NOT_SEEN if "refuted" in findings else NOT_VERIFIED)

    def _get_each(self, waiting: Sequence[_Subject]) -> Steps[set[_Finding]]:
        """Settle each of these by its record; return which findings there were."""
        findings: set[_Finding] = set()
        if not waiting:
            return findings
        replies = yield [self._kind.get(self._settings, one.record_id) for one in waiting]
        for subject, reply in zip(waiting, replies, strict=True):
            if reply.ok and reply.data and shows(reply.data, self._wanted):
                self._changed(subject)
                findings.add("holds")
            elif reply.ok and reply.data.keys() & self._wanted.keys():
                subject.fail_written(NOT_APPLIED)
                findings.add("refuted")
            else:
                subject.fail_written(NOT_VERIFIED)
        return findings


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
    """Compare as text: nobody printed that every tenant keeps to the String a select_one is."""
    seen, value = scalar(seen), scalar(value)
    if value in ("", []):
        return seen in (None, "", [])
    if isinstance(seen, bool) or isinstance(value, bool):
        return str(seen).lower() == str(value).lower()
    if isinstance(seen, list) and isinstance(value, list):
        return sorted(map(str, seen)) == sorted(map(str, value))
    return str(seen) == str(value)
