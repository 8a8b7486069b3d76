"""The sixteen offline calls about preset objects and ERP objects: eight verbs of two kinds.

Their bodies are the object API's already, so nothing is translated: a call is checked
(`_requests`), sent, and answered as the vendor answers. What differs between the calls is in two
tables, the verbs and the kinds; titles, addresses, methods, replacements, losses and documentation
derive from them. The records are not looked at before or after.
"""

# Parameters keep the documented names, so that `f(**body)` works with the documented JSON body.
# ruff: noqa: N803, ARG001 - and those that every call has are used by `shim._call`.

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from shim import settings
from shim._endpoint import EXACT, Address, Fate, Replacement, converted, offline
from shim.objectapi.calls import Call, Reply, path
from shim.objectapi.codes import Code
from shim.objectapi.record_types import record_id
from shim.offline import _requests
from shim.offline.answer import Answer, Outcome, envelope
from shim.offline.answers import (
    ErpAnswer,
    RecordAnswer,
    RecordPageAnswer,
    SavedErpRecordAnswer,
    SavedRecordAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shim._endpoint import Endpoint, Translation
    from shim.offline._requests import RecordRequest, Verb
    from shim.offline.answer import State
    from shim.scheduler.steps import Steps

_FACTS: Final = ("data", "dataId")


@dataclass(frozen=True)
class _Verb:
    """What the two calls of one verb have in common.

    Attributes:
        title: Title of the call, with `{}` for the kind of object.
        name: Name of the function, likewise.
        request: Checks the arguments and returns what to send.
        code: The call of `examples/object_api.py` to write instead.
        summary: The first sentence of the documentation.
        data: What the parameter `data` holds.
        refused: What 15002 stands for.
        parameters: The fates of its parameters.
        answer: The fates of its answer fields.
        result: What the answer holds beside the envelope, as documented for preset objects.
        erp_result: The same for ERP objects.
        outcomes: What its outcomes are; empty if it only reads.
        returns: The class of a preset object's answer.
        erp_returns: The class of an ERP object's answer.
    """

    title: str
    name: str
    request: Callable[..., RecordRequest]
    code: str
    summary: str
    data: str
    refused: str
    parameters: Mapping[str, Fate]
    answer: Mapping[str, Fate]
    result: str = "The vendor's envelope."
    erp_result: str = "The vendor's envelope."
    outcomes: str = ""
    returns: type[Answer] = Answer
    erp_returns: type[Answer] = ErpAnswer


@dataclass(frozen=True)
class _Kind:
    """What the eight calls of one kind of object have in common.

    Attributes:
        word: The kind in titles.
        first_code: The number of its first notice code.
        detail: What to add to the replacement.
        send: Sends a request.
    """

    word: str
    first_code: int
    detail: str
    send: Callable[[RecordRequest], Steps[Answer]]


# ERP objects: three calls share one printed address, and their methods are lost in the vendor's
# pages, so that POST, PUT and DELETE are assumed (C). /list, /invalid and /changeOwner are printed
# (A); /get and /recover are guesses after them (U).
_ERP: Final = "/cgi/crm/erp/data"
_ERP_ADDRESSES: Final[Mapping[Verb, Address]] = {
    "create": Address(_ERP, body="data"),
    "update": Address(_ERP, "PUT", body="data"),
    "get": Address(f"{_ERP}/get", body="data"),
    "query": Address(f"{_ERP}/list", body="data"),
    "invalid": Address(f"{_ERP}/invalid", body="data"),
    "recover": Address(f"{_ERP}/recover", body="data"),
    "delete": Address(_ERP, "DELETE", body="data"),
    "changeOwner": Address(f"{_ERP}/changeOwner", body="data"),
}
_ASSUMED_METHOD: Final = {
    "create": "one POST to the ERP objects' own address (that it is a POST is assumed)",
    "update": "one call to the ERP objects' own address, a PUT (assumed: the pages have lost the "
    "method)",
    "delete": "one call to the ERP objects' own address, a DELETE (assumed: the pages have lost "
    "the method)",
    "get": f"one POST to an address that no page prints; {_ERP}/get is assumed",
    "recover": f"one POST to an address that no page prints; {_ERP}/recover is assumed",
}


def _send_preset(request: RecordRequest) -> Steps[Answer]:
    """Send a request to the object API."""
    return (yield from _sent(request, Address(path(request.api_name, request.verb))))


def _send_erp(request: RecordRequest) -> Steps[Answer]:
    """Send a request for an ERP object to its own address, or where the setting `erp` says."""
    if settings.current().erp == "preset":
        # Whether the object API takes ERP objects is unknown (U); hence a setting.
        return (yield from _send_preset(request))
    return (yield from _sent(request, _ERP_ADDRESSES[request.verb]))


def _sent(request: RecordRequest, address: Address) -> Steps[Answer]:
    (reply,) = yield [
        Call(
            address.path,
            request.body,
            writes=request.writes,
            repeatable=not request.writes,
            method=address.method,
        )
    ]
    preset = address.path == path(request.api_name, request.verb)
    if preset and request.verb == "update" and _made(reply) not in {"", *request.ids}:
        # What an ERP object's `dataId` names is unknown (U).
        reply = Reply(Code.SYSTEM_ERROR, reply.trace_id, _OTHER_RECORD)
    text = reply.message + _doubt(request, reply)
    answer = envelope(reply.code, text, reply.trace_id)
    texts = ("errorDescription", "errorMessage") if reply.ok else ()
    answer.update({key: reply.body[key] for key in (*texts, *_FACTS) if key in reply.body})
    state: State = "failed"
    if reply.ok:
        state = "planned" if reply.planned else "accepted"
    answer.outcomes = tuple(
        Outcome(
            one or _made(reply),
            state,
            int(reply.code),
            "OK" if reply.ok else text,
            reply.trace_id,
        )
        for one in request.ids
    )
    return answer


_OTHER_RECORD: Final = "the vendor's answer names another record than the one that was sent"


def _made(reply: Reply) -> str:
    """Return the `_id` of a new record; where an ERP object's answer has it is unknown (U)."""
    return record_id({"_id": reply.body.get("dataId")}) or ""


def _doubt(request: RecordRequest, reply: Reply) -> str:
    """Return what to add to the text of a write that may have happened although it failed."""
    if not request.writes or not reply.doubtful:
        return ""
    if request.verb == "create":
        return (
            "; the record may have been made all the same: look for it before you repeat the call, "
            "for the API has no idempotency key, and a repeat may make it twice"
        )
    return "; it may have been done all the same: read the record before you repeat the call"


# The fates of parameters and answer fields. The bodies are the object API's, so that most stay.

_DATA: Final = {
    "currentOpenUserId": EXACT,
    "data": converted('as it is; {"data": {…}}, the documented body, is sent as its content'),
}
_NAMED: Final = {**_DATA, "data.dataObjectApiName": EXACT}
_TRIGGER: Final = converted(
    "sent if given; left out otherwise, so that the vendor's default, true (A), still holds"
)
_SAVED: Final = {
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
_PAGE: Final = "data.search_query_info"
_ENVELOPE: Final = {
    "traceId": converted("the vendor's; `shim-…` where none answered, or none was asked"),
    "errorDescription": converted("the vendor's; on failure the same text as errorMessage"),
    "errorMessage": converted("the vendor's, secrets masked; says when a write is in doubt"),
    "errorCode": converted("the vendor's; 15002 for what is refused here, unsent"),
}
_DATA_ID: Final = {**_ENVELOPE, "dataId": EXACT}

_ONE: Final = "`outcomes` has one entry: `accepted`, which is not read back, or `failed`."
_EACH: Final = (
    "`outcomes` has one entry for each record, in the order given: `accepted`, which is not read "
    "back, or `failed`. What a call answers of which only a part succeeds is unknown."
)
_HIDDEN: Final = (
    "The vendor's envelope and `data`, the record. A record that the acting employee may not read "
    "can be missing from it, with an `errorCode` of 0."
)
_HIDDEN_ROWS: Final = (
    "The vendor's envelope and `data`: dataList, offset, limit, and a total that is not to be "
    "trusted. Records that the acting employee may not read are missing, with an `errorCode` of 0."
)

_VERBS: Final[Mapping[Verb, _Verb]] = {
    "create": _Verb(
        "Create {} Object",
        "create_{}_object",
        _requests.create,
        'create("AccountObj", {"name": "A"})',
        "Make a record",
        "`object_data` with `dataObjectApiName` and the new record's fields; `details` and "
        "`optionInfo` if wanted.",
        "`data` without an object's name",
        _SAVED,
        _DATA_ID,
        "The vendor's envelope and `dataId`, the new record's `_id`.",
        "The vendor's envelope and `data` or `dataId`, as it sends them (where the new `_id` "
        "stands is not printed).",
        "`outcomes` has one entry: `accepted`, which is not read back, under the new `_id`, or "
        "`failed`.",
        SavedRecordAnswer,
        SavedErpRecordAnswer,
    ),
    "update": _Verb(
        "Update {} Object",
        "update_{}_object",
        _requests.update,
        'update("AccountObj", "RECORD_A", {"name": "B"})',
        "Change fields of a record",
        "`object_data` with `dataObjectApiName`, `_id` and the fields to change, of which those "
        "left out stay; `details` and `optionInfo` if wanted.",
        "`data` without an object's name or `_id`",
        {**_SAVED, "data.object_data._id": EXACT},
        _DATA_ID,
        "The vendor's envelope and `dataId`, the record's `_id`.",
        "The vendor's envelope and `data` or `dataId`, as it sends them.",
        _ONE,
        SavedRecordAnswer,
        SavedErpRecordAnswer,
    ),
    "get": _Verb(
        "Query {} Object Details",
        "query_{}_object_details",
        _requests.details,
        'get("AccountObj", "RECORD_A")',
        "Read one record",
        "`dataObjectApiName` and `objectDataId`.",
        "`data` without an object's name or `objectDataId`",
        {**_NAMED, "data.objectDataId": EXACT},
        {**_ENVELOPE, "data": EXACT},
        _HIDDEN,
        _HIDDEN,
        returns=RecordAnswer,
        erp_returns=RecordAnswer,
    ),
    "query": _Verb(
        "Query {} Object List",
        "query_{}_object_list",
        _requests.listing,
        'find("AccountObj", ("name", "EQ", ["A"]))',
        "Read a page of records",
        "`dataObjectApiName` and `search_query_info`: limit up to 100, offset a multiple of it up "
        "to 10,000, filters, orders, fieldProjection.",
        "`data` without an object's name, or a page that does not exist (what to do instead is in "
        "the text)",
        {
            **_NAMED,
            "data.find_explicit_total_num": EXACT,
            _PAGE: EXACT,
            **{
                f"{_PAGE}.{name}": EXACT
                for name in ("limit", "offset", "filters", "orders", "fieldProjection")
            },
        },
        {
            **_ENVELOPE,
            "data": EXACT,
            **{f"data.{name}": EXACT for name in ("dataList", "offset", "limit", "total")},
        },
        _HIDDEN_ROWS,
        _HIDDEN_ROWS,
        returns=RecordPageAnswer,
        erp_returns=RecordPageAnswer,
    ),
    "invalid": _Verb(
        "Invalidate {} Object",
        "invalidate_{}_object",
        _requests.invalidate,
        'invalidate("AccountObj", "RECORD_A")',
        "Make a record invalid",
        "`dataObjectApiName` and `object_data_id`.",
        "`data` without an object's name or `object_data_id`",
        {**_NAMED, "data.object_data_id": EXACT},
        _ENVELOPE,
        outcomes=_ONE,
    ),
    "recover": _Verb(
        "Recover {} Object",
        "recover_{}_object",
        _requests.recover,
        'recover("AccountObj", ["RECORD_A"])',
        "Recover invalidated records",
        "`dataObjectApiName` and `idList`, a list of `_id`.",
        "`data` without an object's name or ids",
        {**_NAMED, "data.idList": EXACT},
        _ENVELOPE,
        outcomes=_EACH,
    ),
    "delete": _Verb(
        "Delete {} Object",
        "delete_{}_object",
        _requests.delete,
        'delete("AccountObj", ["RECORD_A"])',
        "Delete records for good",
        "`dataObjectApiName` and `idList`, a list of `_id`.",
        "`data` without an object's name or ids",
        {**_NAMED, "data.idList": EXACT},
        _ENVELOPE,
        outcomes=_EACH,
    ),
    "changeOwner": _Verb(
        "Change {} Object Owner",
        "change_{}_object_owner",
        _requests.change_owner,
        'change_owner("AccountObj", "RECORD_A", "FSUID_A")',
        "Give records to other employees",
        "`dataObjectApiName` and `Data`, a list of `objectDataId` and `ownerId`: the new owner as "
        '["FSUID_…"] or, as one page prints it, "[FSUID_…]". The list may be called `data` as '
        "well.",
        "`data` without an object's name, or a change without record or owner",
        {
            **_NAMED,
            "data.Data": converted("also taken as `data`; sent as `Data` (A)"),
            "data.Data[].objectDataId": EXACT,
            "data.Data[].ownerId": converted('also taken as "[FSUID_…]"; sent as a list (A)'),
        },
        _ENVELOPE,
        outcomes=_EACH,
    ),
}

_KINDS: Final[Mapping[Literal["preset", "erp"], _Kind]] = {
    "preset": _Kind("Preset", 11, "", _send_preset),
    # No page names a replacement (A), and whether this one takes ERP objects is unknown (U).
    "erp": _Kind("Erp", 19, "(whether it takes ERP objects is unknown)", _send_erp),
}


def _documentation(kind: Literal["preset", "erp"], verb: Verb) -> str:
    """Return the docstring of a call."""
    one, title = _VERBS[verb], _VERBS[verb].title.format(_KINDS[kind].word)
    news = (
        "Now with notice, pacing, and a fresh token where one has expired and the app's "
        "credentials are set."
    )
    if kind == "preset":
        was = (
            "Was, and is, one POST to the object API, sent as it is given, a `…__c` object to the "
            f"custom objects' address. {news}"
        )
    else:
        at = _ASSUMED_METHOD.get(verb, "one POST to the ERP objects' own address")
        twin = one.name.format("preset")
        was = (
            f"Was, and is, {at}. {news} With the setting `erp` at "
            f'"preset" it goes where `{twin}` goes.'
        )
    doubt = "After -1, -2 and 50009 it may have been done all the same."
    if verb == "create":
        doubt = (
            "After -1, -2 and 50009 the record may have been made all the same, and repeating the "
            "call may make it twice: look for it first."
        )
    returns = (
        f"{one.result if kind == 'preset' else one.erp_result} `errorCode` 0, or: 10013 no token, "
        f"10014 no corpId, 11008 a bad currentOpenUserId, 15002 {one.refused}, 20016 an expired "
        "token, 50009 no answer, -1 no connection, others as the vendor answers."
        f"{f' {doubt} {one.outcomes}' if one.outcomes else ''}"
    )
    trigger = "Whether {} start; None sends nothing, and the vendor starts them."
    arguments = {
        "corpAccessToken": "Enterprise access token.",
        "corpId": "Company account, FSCID_….",
        "currentOpenUserId": "The acting employee, FSUID_…; None leaves it to the setting "
        "`current_open_user_id`.",
        "data": f'{one.data} The documented body, {{"data": {{…}}}}, will do as well.',
        "thirdTraceId": "Your own id for the request, to find it again at the vendor's support.",
    }
    if verb in {"create", "update"}:
        arguments["triggerWorkFlow"] = trigger.format("workflows")
        arguments["triggerApprovalFlow"] = trigger.format("approvals")
    raised = {
        "ConfigurationError": "No acting employee is given, set or can be found, or a setting is "
        "unusable.",
        "OfflineAPIDeprecationWarning": 'The setting `notices` is "error".',
    }
    return "\n".join(
        [
            f'{one.summary}: the offline call "{title}".',
            "",
            _filled(was, 4),
            "",
            "    Args:",
            *(_entry(name, text) for name, text in arguments.items()),
            "",
            "    Returns:",
            _filled(returns, 8),
            "",
            "    Raises:",
            *(_entry(name, text) for name, text in raised.items()),
            "",
            f"    Source: developer.fxiaoke.com/openapi_v2, Offline API, {title}.",
            "    ",
        ]
    )


def _filled(text: str, indent: int) -> str:
    space = " " * indent
    return textwrap.fill(
        text,
        100,
        initial_indent=space,
        subsequent_indent=space,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _entry(name: str, text: str) -> str:
    return textwrap.fill(
        f"{name}: {text}",
        100,
        initial_indent=" " * 8,
        subsequent_indent=" " * 12,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _translation(kind: Literal["preset", "erp"], verb: Verb) -> Callable[..., Translation]:
    """Return the translation of a call, with its documented parameters."""
    request, send = _VERBS[verb].request, _KINDS[kind].send

    def named(
        corpAccessToken: str,
        corpId: str,
        currentOpenUserId: str | None,
        data: Mapping[str, Any],
        *,
        thirdTraceId: str | None = None,
    ) -> Translation:
        return (yield from send(request(data)))

    def saved(  # noqa: PLR0913 - as documented.
        corpAccessToken: str,
        corpId: str,
        currentOpenUserId: str | None,
        data: Mapping[str, Any],
        *,
        thirdTraceId: str | None = None,
        triggerWorkFlow: bool | None = None,
        triggerApprovalFlow: bool | None = None,
    ) -> Translation:
        return (yield from send(request(data, triggerWorkFlow, triggerApprovalFlow)))

    made: Any = saved if verb in {"create", "update"} else named
    made.__name__ = made.__qualname__ = _VERBS[verb].name.format(kind)
    made.__doc__ = _documentation(kind, verb)
    return made  # type: ignore[no-any-return]


def _declared(kind: Literal["preset", "erp"], number: int, verb: Verb) -> Endpoint:
    one, of = _VERBS[verb], _KINDS[kind]
    preset = kind == "preset"
    # The page of an ERP object prints `data` for each verb.
    answer = one.answer if preset else {**one.answer, "data": EXACT}
    return offline(
        code=f"FXO{of.first_code + number:03}",
        title=one.title.format(of.word),
        addresses=(Address(path("…Obj", verb), body="data") if preset else _ERP_ADDRESSES[verb],),
        writes=verb not in {"get", "query"},
        replacement=Replacement(verb, one.code, detail=of.detail, documented=preset),
        parameters=one.parameters,
        answer=answer,
        returns=one.returns if preset else one.erp_returns,
        kind=kind,
    )(_translation(kind, verb))


for _kind in _KINDS:
    for _number, _name in enumerate(_VERBS):
        _declared(_kind, _number, _name)
