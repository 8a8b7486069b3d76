"""Offline calls about preset and custom objects: the object API's own, under their old names."""

# Parameters keep the documented names, so that `f(**body)` works with the documented JSON body.
# ruff: noqa: N803, ARG001 - and those that every call has are used by `declare`.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import deprecated

from shim.offline import _records
from shim.offline._records import ANSWERS, INSTEAD, PARAMETERS, send_preset
from shim.offline.answer import Answer
from shim.offline.answers import RecordAnswer, RecordPageAnswer, SavedRecordAnswer
from shim.offline.declare import Translation, offline

if TYPE_CHECKING:
    from collections.abc import Mapping

_SOURCE = "developer.fxiaoke.com/openapi_v2, Offline API, "


@deprecated(
    "FXO011: the offline API is no longer maintained; create the record through the object API "
    "instead (fxshim explain FXO011)",
    category=None,
)
@offline(
    code="FXO011",
    title="Create Preset Object",
    paths=("/cgi/crm/v2/data/create",),
    writes=True,
    replacement="object API create",
    instead=INSTEAD["create"],
    source=_SOURCE + "Create Preset Object",
    parameters=PARAMETERS["create"],
    answer=ANSWERS["create"],
    returns=SavedRecordAnswer,
    kind="preset",
)
def create_preset_object(  # noqa: PLR0913 - as documented.
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
    triggerWorkFlow: bool | None = None,
    triggerApprovalFlow: bool | None = None,
) -> Translation:
    """Make a record: the offline call "Create Preset Object".

    Was, and is, one POST to the object API, sent as it is given, a `…__c` object to the custom
    objects' address. Now with notice, pacing, and a fresh token where one has expired and the app's
    credentials are set.

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
        The vendor's envelope and `dataId`, the new record's `_id`. `errorCode` 0, or: 10013 no
        token, 10014 no corpId, 11008 a bad currentOpenUserId, 15002 `data` without an object's
        name, 20016 an expired token, 50009 no answer, -1 no connection, others as the vendor
        answers. After -1, -2 and 50009 the record may have been made all the same, and repeating
        the call may make it twice: look for it first. `outcomes` has one entry: `accepted`, which
        is not read back, under the new `_id`, or `failed`.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Create Preset Object.
    """
    return (yield from send_preset(_records.create(data, triggerWorkFlow, triggerApprovalFlow)))


@deprecated(
    "FXO012: the offline API is no longer maintained; update the record through the object API "
    "instead (fxshim explain FXO012)",
    category=None,
)
@offline(
    code="FXO012",
    title="Update Preset Object",
    paths=("/cgi/crm/v2/data/update",),
    writes=True,
    replacement="object API update",
    instead=INSTEAD["update"],
    source=_SOURCE + "Update Preset Object",
    parameters=PARAMETERS["update"],
    answer=ANSWERS["update"],
    returns=SavedRecordAnswer,
    kind="preset",
)
def update_preset_object(  # noqa: PLR0913 - as documented.
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
    triggerWorkFlow: bool | None = None,
    triggerApprovalFlow: bool | None = None,
) -> Translation:
    """Change fields of a record: the offline call "Update Preset Object".

    Was, and is, one POST to the object API, sent as it is given, a `…__c` object to the custom
    objects' address. Now with notice, pacing, and a fresh token where one has expired and the app's
    credentials are set.

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
        The vendor's envelope and `dataId`, the record's `_id`. `errorCode` 0, or: 10013 no token,
        10014 no corpId, 11008 a bad currentOpenUserId, 15002 `data` without an object's name or
        `_id`, 20016 an expired token, 50009 no answer, -1 no connection, others as the vendor
        answers. After -1, -2 and 50009 it may have been done all the same. `outcomes` has one
        entry: `accepted`, which is not read back, or `failed`.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Update Preset Object.
    """
    return (yield from send_preset(_records.update(data, triggerWorkFlow, triggerApprovalFlow)))


@deprecated(
    "FXO013: the offline API is no longer maintained; get the record through the object API "
    "instead (fxshim explain FXO013)",
    category=None,
)
@offline(
    code="FXO013",
    title="Query Preset Object Details",
    paths=("/cgi/crm/v2/data/get",),
    writes=False,
    replacement="object API get",
    instead=INSTEAD["get"],
    source=_SOURCE + "Query Preset Object Details",
    parameters=PARAMETERS["get"],
    answer=ANSWERS["get"],
    returns=RecordAnswer,
    kind="preset",
)
def query_preset_object_details(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Read one record: the offline call "Query Preset Object Details".

    Was, and is, one POST to the object API, sent as it is given, a `…__c` object to the custom
    objects' address. Now with notice, pacing, and a fresh token where one has expired and the app's
    credentials are set.

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

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Query Preset Object Details.
    """
    return (yield from send_preset(_records.details(data)))


@deprecated(
    "FXO014: the offline API is no longer maintained; query the records through the object API "
    "instead (fxshim explain FXO014)",
    category=None,
)
@offline(
    code="FXO014",
    title="Query Preset Object List",
    paths=("/cgi/crm/v2/data/query",),
    writes=False,
    replacement="object API query",
    instead=INSTEAD["query"],
    source=_SOURCE + "Query Preset Object List",
    parameters=PARAMETERS["query"],
    answer=ANSWERS["query"],
    returns=RecordPageAnswer,
    kind="preset",
)
def query_preset_object_list(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Read a page of records: the offline call "Query Preset Object List".

    Was, and is, one POST to the object API, sent as it is given, a `…__c` object to the custom
    objects' address. Now with notice, pacing, and a fresh token where one has expired and the app's
    credentials are set.

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

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Query Preset Object List.
    """
    return (yield from send_preset(_records.listing(data)))


@deprecated(
    "FXO015: the offline API is no longer maintained; invalidate the record through the object API "
    "instead (fxshim explain FXO015)",
    category=None,
)
@offline(
    code="FXO015",
    title="Invalidate Preset Object",
    paths=("/cgi/crm/v2/data/invalid",),
    writes=True,
    replacement="object API invalid",
    instead=INSTEAD["invalid"],
    source=_SOURCE + "Invalidate Preset Object",
    parameters=PARAMETERS["invalid"],
    answer=ANSWERS["invalid"],
    returns=Answer,
    kind="preset",
)
def invalidate_preset_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Make a record invalid: the offline call "Invalidate Preset Object".

    Was, and is, one POST to the object API, sent as it is given, a `…__c` object to the custom
    objects' address. Now with notice, pacing, and a fresh token where one has expired and the app's
    credentials are set.

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

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Invalidate Preset Object.
    """
    return (yield from send_preset(_records.invalidate(data)))


@deprecated(
    "FXO016: the offline API is no longer maintained; recover the records through the object API "
    "instead (fxshim explain FXO016)",
    category=None,
)
@offline(
    code="FXO016",
    title="Recover Preset Object",
    paths=("/cgi/crm/v2/data/recover",),
    writes=True,
    replacement="object API recover",
    instead=INSTEAD["recover"],
    source=_SOURCE + "Recover Preset Object",
    parameters=PARAMETERS["recover"],
    answer=ANSWERS["recover"],
    returns=Answer,
    kind="preset",
)
def recover_preset_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Recover invalidated records: the offline call "Recover Preset Object".

    Was, and is, one POST to the object API, sent as it is given, a `…__c` object to the custom
    objects' address. Now with notice, pacing, and a fresh token where one has expired and the app's
    credentials are set.

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

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Recover Preset Object.
    """
    return (yield from send_preset(_records.recover(data)))


@deprecated(
    "FXO017: the offline API is no longer maintained; delete the records through the object API "
    "instead (fxshim explain FXO017)",
    category=None,
)
@offline(
    code="FXO017",
    title="Delete Preset Object",
    paths=("/cgi/crm/v2/data/delete",),
    writes=True,
    replacement="object API delete",
    instead=INSTEAD["delete"],
    source=_SOURCE + "Delete Preset Object",
    parameters=PARAMETERS["delete"],
    answer=ANSWERS["delete"],
    returns=Answer,
    kind="preset",
)
def delete_preset_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Delete records for good: the offline call "Delete Preset Object".

    Was, and is, one POST to the object API, sent as it is given, a `…__c` object to the custom
    objects' address. Now with notice, pacing, and a fresh token where one has expired and the app's
    credentials are set.

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

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Delete Preset Object.
    """
    return (yield from send_preset(_records.delete(data)))


@deprecated(
    "FXO018: the offline API is no longer maintained; change the owner through the object API "
    "instead (fxshim explain FXO018)",
    category=None,
)
@offline(
    code="FXO018",
    title="Change Preset Object Owner",
    paths=("/cgi/crm/v2/data/changeOwner",),
    writes=True,
    replacement="object API changeOwner",
    instead=INSTEAD["changeOwner"],
    source=_SOURCE + "Change Preset Object Owner",
    parameters=PARAMETERS["changeOwner"],
    answer=ANSWERS["changeOwner"],
    returns=Answer,
    kind="preset",
)
def change_preset_object_owner(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Translation:
    """Give records to other employees: the offline call "Change Preset Object Owner".

    Was, and is, one POST to the object API, sent as it is given, a `…__c` object to the custom
    objects' address. Now with notice, pacing, and a fresh token where one has expired and the app's
    credentials are set.

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

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Change Preset Object Owner.
    """
    return (yield from send_preset(_records.change_owner(data)))
