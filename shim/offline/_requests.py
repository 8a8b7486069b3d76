"""The requests of calls about preset and ERP objects: a caller's `data`, checked, or refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from shim.objectapi.calls import QUERY_LIMIT
from shim.objectapi.codes import Code
from shim.offline import checks
from shim.offline.checks import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping


Verb = Literal["create", "update", "get", "query", "invalid", "recover", "delete", "changeOwner"]

_MOST_OFFSET: Final = 10_000
_READ_ON: Final = (
    "to read on, leave offset at 0, order by _id ascending and filter _id GT the last one seen"
)


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """A request about records, checked.

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


def create(data: Any, workflow: Any, approval: Any) -> RecordRequest:
    """Return the call that makes a record."""
    inner = _opened(data)
    _, api_name = _object_data(inner)
    return RecordRequest(
        "create", api_name, {**_triggers(workflow, approval), "data": inner}, ("",)
    )


def update(data: Any, workflow: Any, approval: Any) -> RecordRequest:
    """Return the call that changes the fields sent of one record."""
    inner = _opened(data)
    record, api_name = _object_data(inner)
    body = {**_triggers(workflow, approval), "data": inner}
    return RecordRequest("update", api_name, body, (_named(record, "_id", "data.object_data"),))


def details(data: Any) -> RecordRequest:
    """Return the call that reads one record."""
    inner = _opened(data)
    _named(inner, "objectDataId")
    return RecordRequest("get", _object(inner), {"data": inner})


def listing(data: Any) -> RecordRequest:
    """Return the call that reads a page of records."""
    inner = _opened(data)
    _check_page(inner.get("search_query_info"))
    return RecordRequest("query", _object(inner), {"data": inner})


def invalidate(data: Any) -> RecordRequest:
    """Return the call that makes one record invalid."""
    inner = _opened(data)
    return RecordRequest(
        "invalid", _object(inner), {"data": inner}, (_named(inner, "object_data_id"),)
    )


def recover(data: Any) -> RecordRequest:
    """Return the call that makes invalid records normal again."""
    return _by_ids("recover", data)


def delete(data: Any) -> RecordRequest:
    """Return the call that deletes invalid records."""
    return _by_ids("delete", data)


def change_owner(data: Any) -> RecordRequest:
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
    return RecordRequest("changeOwner", _object(inner), {"data": {**others, "Data": changes}}, ids)


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


def _by_ids(verb: Verb, data: Any) -> RecordRequest:
    inner = _opened(data)
    given = inner.get("idList")
    if not isinstance(given, list) or not given:
        raise Refused(Code.BAD_PARAMETER, "data.idList is missing or not a list of ids")
    ids = tuple(checks.text(one, "data.idList[]", empty=False) for one in given)
    return RecordRequest(verb, _object(inner), {"data": inner}, ids)


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
