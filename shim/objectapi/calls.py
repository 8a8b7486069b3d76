"""Calls and replies as values: what is asked of the object API, and what came back.

A call holds no credentials and no address; whoever sends it adds them. Neither shows its
content in a repr, since contents are people's data.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shim.objectapi.codes import PASSING, UNCERTAIN, Code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Row = Mapping[str, Any]

QUERY_LIMIT = 100
"""Rows a query may return (contract, section 3, grade A)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        path: Where it goes.
        body: What is sent beside the credentials.
        writes: It changes something; a read-only driver must refuse it.
        repeatable: Made twice, it does what it does once. There is no idempotency key (grade B).
        method: HTTP method; everything printed is a POST (grade A).
        as_given: It is an old call: made once, with credentials and nothing else added.
        aside_until: It is part of a shadow, which ends at this time of the clock: given up then,
            and of no consequence to the run it belongs to.
        finds: Makes of the vendor's reply one whose `employee` is who acts, or one that says why
            nobody was found. Such a call names no acting employee; it is made once for all callers
            of a tenant, and its reply is kept.
        by_app: It carries the app credentials in place of a token.
    """

    path: str
    body: Mapping[str, Any] = field(repr=False)
    writes: bool = False
    repeatable: bool = True
    method: str = "POST"
    as_given: bool = False
    aside_until: float | None = None
    finds: Callable[[Reply], Reply] | None = field(default=None, repr=False)
    by_app: bool = False

    def may_pass(self, code: int) -> bool:
        """Whether this call is worth making again, as it is, after it ended with `code`.

        A write that ended with 50009 is not: it may have been carried out, and a locked record
        answers with it every time (grade C). The caller has to look first.
        """
        return code in PASSING and not (self.writes and code == Code.TIMEOUT)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, whoever gave it: the vendor, or this side of the wire when nobody answered.

    Attributes:
        code: `errorCode`.
        trace_id: `traceId`; starts with `shim-` when nobody answered.
        message: What went wrong.
        body: The whole answer.
        reached: Whether the call may have reached the vendor.
        earlier_doubt: Whether an earlier attempt at the same call may have been carried out.
        lasting: Whether the same call would end in the same way, so that it is not made again.
        employee: Who acts (FSUID_…), if this answers a call that finds that out.
        planned: Whether this answers a write that a dry run did not make.
    """

    code: int
    trace_id: str
    message: str = field(default="", repr=False)
    body: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    reached: bool = True
    earlier_doubt: bool = False
    lasting: bool = False
    employee: str = ""
    planned: bool = False

    @property
    def ok(self) -> bool:
        """Whether the call succeeded; HTTP status says nothing (contract, section 1, grade B)."""
        return self.code == Code.OK

    @property
    def doubtful(self) -> bool:
        """Whether what was asked may have happened, although this says that it failed."""
        return not self.ok and (self.earlier_doubt or (self.reached and self.code in UNCERTAIN))

    @property
    def data(self) -> Mapping[str, Any]:
        """The answer's `data`; empty if there is none, and in an error, which proves nothing."""
        data = self.body.get("data") if self.ok else None
        return data if isinstance(data, Mapping) else {}

    @property
    def rows(self) -> list[Row]:
        """The rows of a query's answer. `total` is not to be trusted (grade B), so not given."""
        rows = self.data.get("dataList")
        return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


_LOCAL = "shim-"


def local_trace_id() -> str:
    """Return a unique traceId for an answer that was given on this side of the wire."""
    return f"{_LOCAL}{uuid.uuid4().hex}"


def is_local(trace_id: str) -> bool:
    """Whether a traceId is one of this side's, so that no vendor has seen it."""
    return trace_id.startswith(_LOCAL)


NOT_ATTEMPTED = "not attempted: "
"""How the text of a reply begins to a call that was not made any more, since the run is to end."""


def is_not_attempted(message: str, trace_id: str) -> bool:
    """Whether what failed with this was not even tried."""
    return message.startswith(NOT_ATTEMPTED) and is_local(trace_id)


NOTHING_SENT = "nothing was sent: "
"""How the text of a reply begins if this installation can send nothing, now or later."""


def is_nothing_sent(message: str, trace_id: str) -> bool:
    """Whether what failed with this could not be sent, whatever it was."""
    return message.startswith(NOTHING_SENT) and is_local(trace_id)


def local_reply(code: int, message: str, *, reached: bool = True, lasting: bool = False) -> Reply:
    """Return a reply that this side gives because nobody else did."""
    return Reply(code, local_trace_id(), message, reached=reached, lasting=lasting)


def query(
    api_name: str,
    *,
    filters: Sequence[tuple[str, str, Sequence[str]]],
    fields: Sequence[str],
    convert_user_id: bool,
) -> Call:
    """Return the call for up to 100 rows that pass every `(field, operator, values)` filter."""
    return Call(
        path(api_name, "query"),
        {
            "convertUserId": convert_user_id,
            "data": {
                "dataObjectApiName": api_name,
                "find_explicit_total_num": False,
                "search_query_info": {
                    "limit": QUERY_LIMIT,
                    "offset": 0,
                    "filters": [
                        {"field_name": name, "operator": operator, "field_values": list(values)}
                        for name, operator, values in filters
                    ],
                    "orders": [{"fieldName": "_id", "isAsc": True}],
                    "fieldProjection": list(fields),
                },
            },
        },
    )


def get(api_name: str, record_id: str, *, convert_user_id: bool) -> Call:
    """Return the call for one record by its `_id`."""
    return Call(
        path(api_name, "get"),
        {
            "convertUserId": convert_user_id,
            "data": {"dataObjectApiName": api_name, "objectDataId": record_id},
        },
    )


def update(  # noqa: PLR0913 - the wire has that many parts.
    api_name: str,
    record_id: str,
    values: Mapping[str, Any],
    *,
    workflow: bool,
    approval: bool,
    convert_user_id: bool,
) -> Call:
    """Return the call that sets `values` on one record; unsent fields stay (grade C).

    Both triggers default to true when left out (grade A), so they are always sent.
    """
    return Call(
        path(api_name, "update"),
        {
            "convertUserId": convert_user_id,
            "triggerWorkFlow": workflow,
            "triggerApprovalFlow": approval,
            "data": {
                "object_data": {"dataObjectApiName": api_name, "_id": record_id, **values},
            },
        },
        writes=True,
    )


def path(api_name: str, verb: str) -> str:
    """Return where an object's calls go: custom objects live beside the preset ones (grade A)."""
    kind = "custom/v2" if api_name.endswith("__c") else "v2"
    return f"/cgi/crm/{kind}/data/{verb}"
