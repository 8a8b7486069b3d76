"""What acts behind the sixteen calls about preset and ERP objects.

Their bodies are the object API's already, so nothing is translated: a call is judged, sent, and
its answer handed on. The first half of this module turns a caller's `data` into `Asked`, or
refuses it; the second sends it and reads the reply. The records are not looked at before or after.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from shim import settings
from shim.changes.outcome import Outcome
from shim.objectapi.calls import QUERY_LIMIT, Call, Reply, path
from shim.objectapi.codes import Code
from shim.objectapi.values import record_id
from shim.offline import checks
from shim.offline.answer import Answer, envelope
from shim.offline.checks import Refused
from shim.offline.fates import EXACT, Fate, converted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shim.scheduler.steps import Steps

Verb = Literal["create", "update", "get", "query", "invalid", "recover", "delete", "changeOwner"]

_FACTS: Final = ("data", "dataId")
_MOST_OFFSET: Final = 10_000
_READ_ON: Final = (
    "to read on, leave offset at 0, order by _id ascending and filter _id GT the last one seen"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A call about records that is worth sending.

    Attributes:
        verb: The object API's name for it.
        api_name: The object.
        body: All that is sent beside the credentials.
        ids: The records it changes, as given; one empty id for a record that is not there yet, and
            none where it only reads.
    """

    verb: Verb
    api_name: str
    body: Mapping[str, Any] = field(repr=False)
    ids: tuple[str, ...] = field(default=(), repr=False)

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return bool(self.ids)


def create(data: Any, workflow: Any, approval: Any) -> Asked:
    """Return the call that makes a record."""
    inner = _opened(data)
    _, api_name = _object_data(inner)
    return Asked("create", api_name, {**_triggers(workflow, approval), "data": inner}, ("",))


def update(data: Any, workflow: Any, approval: Any) -> Asked:
    """Return the call that changes the fields sent of one record."""
    inner = _opened(data)
    record, api_name = _object_data(inner)
    body = {**_triggers(workflow, approval), "data": inner}
    return Asked("update", api_name, body, (_named(record, "_id", "data.object_data"),))


def details(data: Any) -> Asked:
    """Return the call that reads one record."""
    inner = _opened(data)
    _named(inner, "objectDataId")
    return Asked("get", _object(inner), {"data": inner})


def listing(data: Any) -> Asked:
    """Return the call that reads a page of records."""
    inner = _opened(data)
    _check_page(inner.get("search_query_info"))
    return Asked("query", _object(inner), {"data": inner})


def invalidate(data: Any) -> Asked:
    """Return the call that makes one record invalid."""
    inner = _opened(data)
    return Asked("invalid", _object(inner), {"data": inner}, (_named(inner, "object_data_id"),))


def recover(data: Any) -> Asked:
    """Return the call that makes invalid records normal again."""
    return _by_ids("recover", data)


def delete(data: Any) -> Asked:
    """Return the call that deletes invalid records."""
    return _by_ids("delete", data)


def change_owner(data: Any) -> Asked:
    """Return the call that gives records to other employees.

    The vendor's pages print the list's name with a capital D, and an owner once as a list and once
    as the string "[FSUID_…]" (grade A). Either is taken; `Data` and lists are sent.
    """
    inner = _opened(data)
    spelling = "Data" if "Data" in inner else "data"
    given = inner.get(spelling)
    if not isinstance(given, list) or not given:
        raise Refused(
            Code.BAD_PARAMETER, "data.Data is missing or not a list of objectDataId and ownerId"
        )
    changes = [_change(one) for one in given]
    others = {name: value for name, value in inner.items() if name != spelling}
    ids = tuple(str(one["objectDataId"]) for one in changes)
    return Asked("changeOwner", _object(inner), {"data": {**others, "Data": changes}}, ids)


def _opened(data: Any) -> dict[str, Any]:
    """Return a copy of `data`; the documented body, `{"data": …}`, is taken for its content."""
    given = checks.json_object(data, "data")
    inner = given.get("data")
    return inner if isinstance(inner, dict) and len(given) == 1 else given


def _named(given: Mapping[str, Any], key: str, where: str = "data") -> str:
    return checks.text(given.get(key), f"{where}.{key}", empty=False)


def _object(given: Mapping[str, Any], where: str = "data") -> str:
    return _named(given, "dataObjectApiName", where)


def _object_data(inner: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the record that is sent, and the name of its object."""
    record = inner.get("object_data")
    if not isinstance(record, dict):
        raise Refused(Code.BAD_PARAMETER, "data.object_data is missing or not an object")
    # The name is documented within object_data; beside it, it is the vendor's to judge.
    beside = "dataObjectApiName" in inner and "dataObjectApiName" not in record
    return record, _object(inner) if beside else _object(record, "data.object_data")


def _by_ids(verb: Verb, data: Any) -> Asked:
    inner = _opened(data)
    given = inner.get("idList")
    if not isinstance(given, list) or not given:
        raise Refused(Code.BAD_PARAMETER, "data.idList is missing or not a list of ids")
    ids = tuple(checks.text(one, "data.idList[]", empty=False) for one in given)
    return Asked(verb, _object(inner), {"data": inner}, ids)


def _change(given: Any) -> dict[str, Any]:
    where = "data.Data[]"
    if not isinstance(given, dict):
        raise Refused(Code.BAD_PARAMETER, f"{where} is not an object")
    _named(given, "objectDataId", where)
    owners = given.get("ownerId")
    if isinstance(owners, str) and owners.startswith("[") and owners.endswith("]"):
        owners = [one.strip(" \"'") for one in owners[1:-1].split(",")]
    if not isinstance(owners, list) or not owners:
        raise Refused(Code.BAD_PARAMETER, f'{where}.ownerId is neither ["FSUID_…"] nor "[FSUID_…]"')
    return {
        **given,
        "ownerId": [checks.text(one, f"{where}.ownerId[]", empty=False) for one in owners],
    }


def _triggers(workflow: Any, approval: Any) -> dict[str, bool]:
    """Return the triggers that were given.

    Left out, the vendor starts workflows and approvals (grade A). These calls have always been the
    object API's, so the setting `triggers`, which is for calls that never started any, is not
    asked.
    """
    given = {"triggerWorkFlow": workflow, "triggerApprovalFlow": approval}
    return {name: checks.flag(value, name) for name, value in given.items() if value is not None}


def _check_page(search: Any) -> None:
    """Refuse a page that the vendor does not have (contract, section 3, grade A)."""
    where = "data.search_query_info"
    if search is None:
        return
    if not isinstance(search, dict):
        raise Refused(Code.BAD_PARAMETER, f"{where} is not an object")
    limit, offset = search.get("limit"), search.get("offset")
    if limit is not None and not _between(limit, 1, QUERY_LIMIT):
        raise Refused(
            Code.BAD_PARAMETER,
            f"{where}.limit is not a whole number from 1 to {QUERY_LIMIT}; {_READ_ON}",
        )
    # The limit when none is sent is unknown (U), and with it whose multiples will do.
    if offset is not None and not (
        _between(offset, 0, _MOST_OFFSET) and offset % (limit or 1) == 0
    ):
        raise Refused(
            Code.BAD_PARAMETER,
            f"{where}.offset is not a multiple of limit from 0 to {_MOST_OFFSET}; {_READ_ON}",
        )


def _between(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


# ERP objects: three calls share one printed address, and their methods are lost in the vendor's
# pages, so that POST, PUT and DELETE are assumed (C). /list, /invalid and /changeOwner are printed
# (A); /get and /recover are guesses after them (U).
_ERP: Final = "/cgi/crm/erp/data"
ERP_CALLS: Final[Mapping[Verb, tuple[str, str]]] = {
    "create": ("POST", _ERP),
    "update": ("PUT", _ERP),
    "delete": ("DELETE", _ERP),
    "query": ("POST", f"{_ERP}/list"),
    "get": ("POST", f"{_ERP}/get"),
    "invalid": ("POST", f"{_ERP}/invalid"),
    "recover": ("POST", f"{_ERP}/recover"),
    "changeOwner": ("POST", f"{_ERP}/changeOwner"),
}


def send_preset(asked: Asked) -> Steps[Answer]:
    """Send a call to the object API."""
    return (yield from _sent(asked, "POST", path(asked.api_name, asked.verb)))


def send_erp(asked: Asked) -> Steps[Answer]:
    """Send a call for an ERP object to its own address, or where the setting `erp` says."""
    if settings.current().erp == "preset":
        # Whether the object API takes ERP objects is unknown (U); hence a setting.
        return (yield from send_preset(asked))
    return (yield from _sent(asked, *ERP_CALLS[asked.verb]))


def _sent(asked: Asked, method: str, address: str) -> Steps[Answer]:
    (reply,) = yield [
        Call(address, asked.body, writes=asked.writes, repeatable=not asked.writes, method=method)
    ]
    preset = address == path(asked.api_name, asked.verb)
    if preset and asked.verb == "update" and _made(reply) not in {"", *asked.ids}:
        # What an ERP object's `dataId` names is unknown (U).
        reply = Reply(Code.SYSTEM_ERROR, reply.trace_id, _OTHER_RECORD)
    text = reply.message + _doubt(asked, reply)
    answer = envelope(reply.code, text, reply.trace_id)
    texts = ("errorDescription", "errorMessage") if reply.ok else ()
    answer.update({key: reply.body[key] for key in (*texts, *_FACTS) if key in reply.body})
    answer.outcomes = tuple(
        Outcome(
            one or _made(reply),
            "accepted" if reply.ok else "failed",
            int(reply.code),
            "OK" if reply.ok else text,
            reply.trace_id,
        )
        for one in asked.ids
    )
    return answer


_OTHER_RECORD: Final = "the vendor's answer names another record than the one that was sent"


def _made(reply: Reply) -> str:
    """Return the `_id` of a new record; where an ERP object's answer has it is unknown (U)."""
    return record_id({"_id": reply.body.get("dataId")}) or ""


def _doubt(asked: Asked, reply: Reply) -> str:
    """Return what to add to the text of a write that may have happened although it failed."""
    if not asked.writes or not reply.doubtful:
        return ""
    if asked.verb == "create":
        return (
            "; the record may have been made all the same: look for it before you repeat the call, "
            "for the API has no idempotency key, and a repeat may make it twice"
        )
    return "; it may have been done all the same: read the record before you repeat the call"


INSTEAD: Final[Mapping[Verb, str]] = {
    "create": 'create("AccountObj", {"name": "A"})',
    "update": 'update("AccountObj", "RECORD_A", {"name": "B"})',
    "get": 'get("AccountObj", "RECORD_A")',
    "query": 'find("AccountObj", ("name", "EQ", ["A"]))',
    "invalid": 'invalidate("AccountObj", "RECORD_A")',
    "recover": 'recover("AccountObj", ["RECORD_A"])',
    "delete": 'delete("AccountObj", ["RECORD_A"])',
    "changeOwner": 'change_owner("AccountObj", "RECORD_A", "FSUID_A")',
}
"""What to write instead, by verb: calls of `examples/object_api.py`."""

# What becomes of parameters and answer fields. The bodies are the object API's, so that most stay.

_DATA: Final = {
    "currentOpenUserId": EXACT,
    "data": converted('as it is; {"data": {…}}, the documented body, is sent as its content'),
}
_NAMED: Final = {**_DATA, "data.dataObjectApiName": EXACT}
_TRIGGER: Final = converted(
    "sent if given; left out otherwise, so that the vendor's default, true (A), still holds"
)
_SENT: Final = {
    **_DATA,
    "data.object_data": EXACT,
    "data.object_data.dataObjectApiName": EXACT,
    "data.details": EXACT,
    "data.optionInfo": EXACT,
    "data.optionInfo.skipFuncValidate": EXACT,
    "data.optionInfo.isDuplicateSearch": EXACT,
    "data.optionInfo.useValidationRule": EXACT,
    "triggerWorkFlow": _TRIGGER,
    "triggerApprovalFlow": _TRIGGER,
}
PARAMETERS: Final[Mapping[Verb, Mapping[str, Fate]]] = {
    "create": _SENT,
    "update": {**_SENT, "data.object_data._id": EXACT},
    "get": {**_NAMED, "data.objectDataId": EXACT},
    "query": {
        **_NAMED,
        "data.find_explicit_total_num": EXACT,
        "data.search_query_info": EXACT,
        "data.search_query_info.limit": EXACT,
        "data.search_query_info.offset": EXACT,
        "data.search_query_info.filters": EXACT,
        "data.search_query_info.orders": EXACT,
        "data.search_query_info.fieldProjection": EXACT,
    },
    "invalid": {**_NAMED, "data.object_data_id": EXACT},
    "recover": {**_NAMED, "data.idList": EXACT},
    "delete": {**_NAMED, "data.idList": EXACT},
    "changeOwner": {
        **_NAMED,
        "data.Data": converted("also taken as `data`; sent as `Data` (A)"),
        "data.Data[].objectDataId": EXACT,
        "data.Data[].ownerId": converted('also taken as "[FSUID_…]"; sent as a list (A)'),
    },
}
"""The fates of a call's parameters, by verb; the same for preset and ERP objects."""

_ENVELOPE: Final = {
    "traceId": converted("the vendor's; `shim-…` where none answered, or none was asked"),
    "errorDescription": converted("the vendor's; on failure the same text as errorMessage"),
    "errorMessage": converted("the vendor's, secrets masked; says when a write is in doubt"),
    "errorCode": converted("the vendor's; 15002 for what is refused here, unsent"),
}
_DATA_ID: Final = {**_ENVELOPE, "dataId": EXACT}
ANSWERS: Final[Mapping[Verb, Mapping[str, Fate]]] = {
    "create": _DATA_ID,
    "update": _DATA_ID,
    "get": {**_ENVELOPE, "data": EXACT},
    "query": {
        **_ENVELOPE,
        "data": EXACT,
        "data.dataList": EXACT,
        "data.offset": EXACT,
        "data.limit": EXACT,
        "data.total": EXACT,
    },
    "invalid": _ENVELOPE,
    "recover": _ENVELOPE,
    "delete": _ENVELOPE,
    "changeOwner": _ENVELOPE,
}
"""The fates of a preset object call's answer fields, by verb."""

ERP_ANSWERS: Final[Mapping[Verb, Mapping[str, Fate]]] = {
    verb: {**fates, "data": EXACT} for verb, fates in ANSWERS.items()
}
"""Those of an ERP object call; its page prints `data` whatever the verb."""
