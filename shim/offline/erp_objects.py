"""Offline calls about ERP objects, which have addresses of their own and no named replacement."""

# Parameters keep the documented names, so that `f(**body)` works with the documented JSON body.
# ruff: noqa: N803, ARG001 - and those that every call has are used by `declare`.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import deprecated

from shim.offline import _records
from shim.offline._records import ERP_ANSWERS, ERP_CALLS, INSTEAD, PARAMETERS, send_erp
from shim.offline.answers import ErpAnswer, RecordAnswer, RecordPageAnswer, SavedErpRecordAnswer
from shim.offline.declare import Translation, offline

if TYPE_CHECKING:
    from collections.abc import Mapping

_SOURCE = "developer.fxiaoke.com/openapi_v2, Offline API, "


def _replacement(verb: str) -> str:
    # No page names one (A), and whether this one takes ERP objects is unknown (U).
    return f"object API {verb} (whether it takes ERP objects is unknown)"


@deprecated(
    "FXO019: the offline API is no longer maintained, and no replacement is documented for ERP "
    "objects (fxshim explain FXO019)",
    category=None,
)
@offline(
    code="FXO019",
    title="Create Erp Object",
    paths=(ERP_CALLS["create"][1],),
    method=ERP_CALLS["create"][0],
    writes=True,
    replacement=_replacement("create"),
    instead=INSTEAD["create"],
    source=_SOURCE + "Create Erp Object",
    parameters=PARAMETERS["create"],
    answer=ERP_ANSWERS["create"],
    returns=SavedErpRecordAnswer,
    kind="erp",
)
def create_erp_object(  # noqa: PLR0913 - as documented.
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
    triggerWorkFlow: bool | None = None,
    triggerApprovalFlow: bool | None = None,
) -> Translation:
    """Make a record: the offline call "Create Erp Object".

    Was, and is, one POST to the ERP objects' own address (that it is a POST is assumed). Now with
    notice, pacing, and a fresh token where one has expired and the app's credentials are set. With
    the setting `erp` at "preset" it goes where `create_preset_object` goes.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        currentOpenUserId: The acting employee, FSUID_…; None leaves it to the setting
            `current_open_user_id`.
        data: `object_data` with `dataObjectApiName` and the new record's fields; `details` and
            `optionInfo` if wanted. The documented body, {"data": {…}}, will do as well.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.
        triggerWorkFlow: Whether workflows start; None sends nothing, and the vendor starts them.
        triggerApprovalFlow: Whether approvals start; None sends nothing, and the vendor starts
            them.

    Returns:
        The vendor's envelope and `data` or `dataId`, as it sends them (where the new `_id` stands
        is not printed). `errorCode` 0, or: 10013 no token, 10014 no corpId, 11008 a bad
        currentOpenUserId, 15002 `data` without an object's name, 20016 an expired token, 50009 no
        answer, -1 no connection, others as the vendor answers. After -1, -2 and 50009 the record
        may have been made all the same, and repeating the call may make it twice: look for it
        first. `outcomes` has one entry: `accepted`, which is not read back, under the new `_id`, or
        `failed`.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Create Erp Object.
    """
    return (yield from send_erp(_records.create(data, triggerWorkFlow, triggerApprovalFlow)))


@deprecated(
    "FXO020: the offline API is no longer maintained, and no replacement is documented for ERP "
    "objects (fxshim explain FXO020)",
    category=None,
)
@offline(
    code="FXO020",
    title="Update Erp Object",
    paths=(ERP_CALLS["update"][1],),
    method=ERP_CALLS["update"][0],
    writes=True,
    replacement=_replacement("update"),
    instead=INSTEAD["update"],
    source=_SOURCE + "Update Erp Object",
    parameters=PARAMETERS["update"],
    answer=ERP_ANSWERS["update"],
    returns=SavedErpRecordAnswer,
    kind="erp",
)
def update_erp_object(  # noqa: PLR0913 - as documented.
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
    triggerWorkFlow: bool | None = None,
    triggerApprovalFlow: bool | None = None,
) -> Translation:
    """Change fields of a record: the offline call "Update Erp Object".

    Was, and is, one call to the ERP objects' own address, a PUT (assumed: the pages have lost the
    method). Now with notice, pacing, and a fresh token where one has expired and the app's
    credentials are set. With the setting `erp` at "preset" it goes where `update_preset_object`
    goes.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        currentOpenUserId: The acting employee, FSUID_…; None leaves it to the setting
            `current_open_user_id`.
        data: `object_data` with `dataObjectApiName`, `_id` and the fields to change, of which those
            left out stay; `details` and `optionInfo` if wanted. The documented body, {"data": {…}},
            will do as well.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.
        triggerWorkFlow: Whether workflows start; None sends nothing, and the vendor starts them.
        triggerApprovalFlow: Whether approvals start; None sends nothing, and the vendor starts
            them.

    Returns:
        The vendor's envelope and `data` or `dataId`, as it sends them. `errorCode` 0, or: 10013 no
        token, 10014 no corpId, 11008 a bad currentOpenUserId, 15002 `data` without an object's name
        or `_id`, 20016 an expired token, 50009 no answer, -1 no connection, others as the vendor
        answers. After -1, -2 and 50009 it may have been done all the same. `outcomes` has one
        entry: `accepted`, which is not read back, or `failed`.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Update Erp Object.
    """
    return (yield from send_erp(_records.update(data, triggerWorkFlow, triggerApprovalFlow)))


@deprecated(
    "FXO021: the offline API is no longer maintained, and no replacement is documented for ERP "
    "objects (fxshim explain FXO021)",
    category=None,
)
@offline(
    code="FXO021",
    title="Query Erp Object Details",
    paths=(ERP_CALLS["get"][1],),
    method=ERP_CALLS["get"][0],
    writes=False,
    replacement=_replacement("get"),
    instead=INSTEAD["get"],
    source=_SOURCE + "Query Erp Object Details",
    parameters=PARAMETERS["get"],
    answer=ERP_ANSWERS["get"],
    returns=RecordAnswer,
    kind="erp",
)
def query_erp_object_details(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Read one record: the offline call "Query Erp Object Details".

    Was, and is, one POST to an address that no page prints; /cgi/crm/erp/data/get is assumed. Now
    with notice, pacing, and a fresh token where one has expired and the app's credentials are set.
    With the setting `erp` at "preset" it goes where `query_preset_object_details` goes.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        currentOpenUserId: The acting employee, FSUID_…; None leaves it to the setting
            `current_open_user_id`.
        data: `dataObjectApiName` and `objectDataId`. The documented body, {"data": {…}}, will do as
            well.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The vendor's envelope and `data`, the record. A record that the acting employee may not read
        can be missing from it, with an `errorCode` of 0. `errorCode` 0, or: 10013 no token, 10014
        no corpId, 11008 a bad currentOpenUserId, 15002 `data` without an object's name or
        `objectDataId`, 20016 an expired token, 50009 no answer, -1 no connection, others as the
        vendor answers.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Query Erp Object Details.
    """
    return (yield from send_erp(_records.details(data)))


@deprecated(
    "FXO022: the offline API is no longer maintained, and no replacement is documented for ERP "
    "objects (fxshim explain FXO022)",
    category=None,
)
@offline(
    code="FXO022",
    title="Query Erp Object List",
    paths=(ERP_CALLS["query"][1],),
    method=ERP_CALLS["query"][0],
    writes=False,
    replacement=_replacement("query"),
    instead=INSTEAD["query"],
    source=_SOURCE + "Query Erp Object List",
    parameters=PARAMETERS["query"],
    answer=ERP_ANSWERS["query"],
    returns=RecordPageAnswer,
    kind="erp",
)
def query_erp_object_list(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Read a page of records: the offline call "Query Erp Object List".

    Was, and is, one POST to the ERP objects' own address. Now with notice, pacing, and a fresh
    token where one has expired and the app's credentials are set. With the setting `erp` at
    "preset" it goes where `query_preset_object_list` goes.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        currentOpenUserId: The acting employee, FSUID_…; None leaves it to the setting
            `current_open_user_id`.
        data: `dataObjectApiName` and `search_query_info`: limit up to 100, offset a multiple of it
            up to 10,000, filters, orders, fieldProjection. The documented body, {"data": {…}}, will
            do as well.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The vendor's envelope and `data`: dataList, offset, limit, and a total that is not to be
        trusted. Records that the acting employee may not read are missing, with an `errorCode` of
        0. `errorCode` 0, or: 10013 no token, 10014 no corpId, 11008 a bad currentOpenUserId, 15002
        `data` without an object's name, or a page that there is not (what to do instead is in the
        text), 20016 an expired token, 50009 no answer, -1 no connection, others as the vendor
        answers.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Query Erp Object List.
    """
    return (yield from send_erp(_records.listing(data)))


@deprecated(
    "FXO023: the offline API is no longer maintained, and no replacement is documented for ERP "
    "objects (fxshim explain FXO023)",
    category=None,
)
@offline(
    code="FXO023",
    title="Invalidate Erp Object",
    paths=(ERP_CALLS["invalid"][1],),
    method=ERP_CALLS["invalid"][0],
    writes=True,
    replacement=_replacement("invalid"),
    instead=INSTEAD["invalid"],
    source=_SOURCE + "Invalidate Erp Object",
    parameters=PARAMETERS["invalid"],
    answer=ERP_ANSWERS["invalid"],
    returns=ErpAnswer,
    kind="erp",
)
def invalidate_erp_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Make a record invalid: the offline call "Invalidate Erp Object".

    Was, and is, one POST to the ERP objects' own address. Now with notice, pacing, and a fresh
    token where one has expired and the app's credentials are set. With the setting `erp` at
    "preset" it goes where `invalidate_preset_object` goes.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        currentOpenUserId: The acting employee, FSUID_…; None leaves it to the setting
            `current_open_user_id`.
        data: `dataObjectApiName` and `object_data_id`. The documented body, {"data": {…}}, will do
            as well.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The vendor's envelope. `errorCode` 0, or: 10013 no token, 10014 no corpId, 11008 a bad
        currentOpenUserId, 15002 `data` without an object's name or `object_data_id`, 20016 an
        expired token, 50009 no answer, -1 no connection, others as the vendor answers. After -1, -2
        and 50009 it may have been done all the same. `outcomes` has one entry: `accepted`, which is
        not read back, or `failed`.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Invalidate Erp Object.
    """
    return (yield from send_erp(_records.invalidate(data)))


@deprecated(
    "FXO024: the offline API is no longer maintained, and no replacement is documented for ERP "
    "objects (fxshim explain FXO024)",
    category=None,
)
@offline(
    code="FXO024",
    title="Recover Erp Object",
    paths=(ERP_CALLS["recover"][1],),
    method=ERP_CALLS["recover"][0],
    writes=True,
    replacement=_replacement("recover"),
    instead=INSTEAD["recover"],
    source=_SOURCE + "Recover Erp Object",
    parameters=PARAMETERS["recover"],
    answer=ERP_ANSWERS["recover"],
    returns=ErpAnswer,
    kind="erp",
)
def recover_erp_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Recover invalidated records: the offline call "Recover Erp Object".

    Was, and is, one POST to an address that no page prints; /cgi/crm/erp/data/recover is assumed.
    Now with notice, pacing, and a fresh token where one has expired and the app's credentials are
    set. With the setting `erp` at "preset" it goes where `recover_preset_object` goes.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        currentOpenUserId: The acting employee, FSUID_…; None leaves it to the setting
            `current_open_user_id`.
        data: `dataObjectApiName` and `idList`, a list of `_id`. The documented body, {"data": {…}},
            will do as well.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The vendor's envelope. `errorCode` 0, or: 10013 no token, 10014 no corpId, 11008 a bad
        currentOpenUserId, 15002 `data` without an object's name or ids, 20016 an expired token,
        50009 no answer, -1 no connection, others as the vendor answers. After -1, -2 and 50009 it
        may have been done all the same. `outcomes` has one entry for each record, in the order
        given: `accepted`, which is not read back, or `failed`. What a call answers of which only a
        part succeeds is unknown.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Recover Erp Object.
    """
    return (yield from send_erp(_records.recover(data)))


@deprecated(
    "FXO025: the offline API is no longer maintained, and no replacement is documented for ERP "
    "objects (fxshim explain FXO025)",
    category=None,
)
@offline(
    code="FXO025",
    title="Delete Erp Object",
    paths=(ERP_CALLS["delete"][1],),
    method=ERP_CALLS["delete"][0],
    writes=True,
    replacement=_replacement("delete"),
    instead=INSTEAD["delete"],
    source=_SOURCE + "Delete Erp Object",
    parameters=PARAMETERS["delete"],
    answer=ERP_ANSWERS["delete"],
    returns=ErpAnswer,
    kind="erp",
)
def delete_erp_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Delete records for good: the offline call "Delete Erp Object".

    Was, and is, one call to the ERP objects' own address, a DELETE (assumed: the pages have lost
    the method). Now with notice, pacing, and a fresh token where one has expired and the app's
    credentials are set. With the setting `erp` at "preset" it goes where `delete_preset_object`
    goes.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        currentOpenUserId: The acting employee, FSUID_…; None leaves it to the setting
            `current_open_user_id`.
        data: `dataObjectApiName` and `idList`, a list of `_id`. The documented body, {"data": {…}},
            will do as well.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The vendor's envelope. `errorCode` 0, or: 10013 no token, 10014 no corpId, 11008 a bad
        currentOpenUserId, 15002 `data` without an object's name or ids, 20016 an expired token,
        50009 no answer, -1 no connection, others as the vendor answers. After -1, -2 and 50009 it
        may have been done all the same. `outcomes` has one entry for each record, in the order
        given: `accepted`, which is not read back, or `failed`. What a call answers of which only a
        part succeeds is unknown.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Delete Erp Object.
    """
    return (yield from send_erp(_records.delete(data)))


@deprecated(
    "FXO026: the offline API is no longer maintained, and no replacement is documented for ERP "
    "objects (fxshim explain FXO026)",
    category=None,
)
@offline(
    code="FXO026",
    title="Change Erp Object Owner",
    paths=(ERP_CALLS["changeOwner"][1],),
    method=ERP_CALLS["changeOwner"][0],
    writes=True,
    replacement=_replacement("changeOwner"),
    instead=INSTEAD["changeOwner"],
    source=_SOURCE + "Change Erp Object Owner",
    parameters=PARAMETERS["changeOwner"],
    answer=ERP_ANSWERS["changeOwner"],
    returns=ErpAnswer,
    kind="erp",
)
def change_erp_object_owner(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Give records to other employees: the offline call "Change Erp Object Owner".

    Was, and is, one POST to the ERP objects' own address. Now with notice, pacing, and a fresh
    token where one has expired and the app's credentials are set. With the setting `erp` at
    "preset" it goes where `change_preset_object_owner` goes.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        currentOpenUserId: The acting employee, FSUID_…; None leaves it to the setting
            `current_open_user_id`.
        data: `dataObjectApiName` and `Data`, a list of `objectDataId` and `ownerId`: the new owner
            as ["FSUID_…"] or, as one page prints it, "[FSUID_…]". The list may be called `data` as
            well. The documented body, {"data": {…}}, will do as well.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The vendor's envelope. `errorCode` 0, or: 10013 no token, 10014 no corpId, 11008 a bad
        currentOpenUserId, 15002 `data` without an object's name, or a change without record or
        owner, 20016 an expired token, 50009 no answer, -1 no connection, others as the vendor
        answers. After -1, -2 and 50009 it may have been done all the same. `outcomes` has one entry
        for each record, in the order given: `accepted`, which is not read back, or `failed`. What a
        call answers of which only a part succeeds is unknown.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Change Erp Object Owner.
    """
    return (yield from send_erp(_records.change_owner(data)))
