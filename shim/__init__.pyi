# The package, for type checkers; derived from the declarations by `make derived`.
# ruff: noqa: N803
from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import deprecated

from shim import aio
from shim.bulk import set_member_status_many
from shim.notices import (
    NoticeHook,
    NoticeHookFactory,
    OfflineAPIDeprecationWarning,
    get_notice_hooks,
    set_notice_hooks,
)
from shim.offline import Answer, Outcome, PlannedWrite
from shim.offline.answers import (
    DepartmentAnswer,
    DepartmentListAnswer,
    EmployeeAnswer,
    EmployeeListAnswer,
    EmployeePageAnswer,
    ErpAnswer,
    RecordAnswer,
    RecordPageAnswer,
    SavedErpRecordAnswer,
    SavedRecordAnswer,
)
from shim.offline.shapes import Department, User
from shim.settings import ConfigurationError, configure, using
from shim.settings.model import Settings

__version__: str
__all__ = [
    "Answer",
    "ConfigurationError",
    "NoticeHook",
    "NoticeHookFactory",
    "OfflineAPIDeprecationWarning",
    "Outcome",
    "PlannedWrite",
    "Settings",
    "aio",
    "change_erp_object_owner",
    "change_preset_object_owner",
    "configure",
    "create_erp_object",
    "create_preset_object",
    "delete_erp_object",
    "delete_preset_object",
    "get_department_details",
    "get_department_list",
    "get_notice_hooks",
    "invalidate_erp_object",
    "invalidate_preset_object",
    "query_employee_by_mobile",
    "query_employee_info_by_open_user_id",
    "query_erp_object_details",
    "query_erp_object_list",
    "query_preset_object_details",
    "query_preset_object_list",
    "query_updated_employee_list_by_time_range",
    "recover_erp_object",
    "recover_preset_object",
    "set_department_status",
    "set_member_status",
    "set_member_status_batch",
    "set_member_status_many",
    "set_notice_hooks",
    "update_department",
    "update_erp_object",
    "update_member",
    "update_preset_object",
    "using",
]

@deprecated(
    "FXO001: the offline API is no longer maintained; use PersonnelObj update instead"
    " (fxshim explain FXO001)"
)
def set_member_status_batch(
    corpAccessToken: str,
    corpId: str,
    openUserIds: Sequence[str],
    status: int,
    *,
    thirdTraceId: str | None = None,
) -> Answer:
    """Disable or enable members: the offline call "Set Member Status (Batch)".

    Was one POST that the vendor no longer maintains. Now looks the members up in PersonnelObj
    (100 a call), updates those whose status differs, and reads them back: an `errorCode` of 0
    means that every member named has been seen in the asked state.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        openUserIds: Members, FSUID_…; duplicates are asked once and answered each.
        status: 1 disables, 2 enables.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The documented four keys. `errorCode` 0, or the first failure's code: 10013 no token,
        10014 no corpId, 10010 no ids, 11008 a bad id, 15002 a bad status or the acting employee,
        who is not disabled, 20012 a member that does not exist or is hidden from the acting
        employee, 20016 an expired token, 50009 a write that does not show or an answer that does
        not come, -1 no connection. `outcomes` has one entry for each member, in the order given.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Set Member Status Batch.
    """

@deprecated(
    "FXO002: the offline API is no longer maintained; use PersonnelObj update instead"
    " (fxshim explain FXO002)"
)
def set_member_status(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    status: int,
    openUserId: str | None = None,
    openUserIds: Sequence[str] | None = None,
    *,
    thirdTraceId: str | None = None,
) -> Answer:
    """Disable or enable one member or several: the offline call "Set Member Status".

    Was one POST that the vendor no longer maintains. Now does what `set_member_status_batch`
    does, in the name of `currentOpenUserId`.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        currentOpenUserId: The acting employee, FSUID_…; None leaves it to the setting
            `current_open_user_id`.
        status: 1 disables, 2 enables.
        openUserId: A member, FSUID_….
        openUserIds: Several members. One of the two has to be given; if both are, all are set.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The documented four keys, with the error codes and outcomes of `set_member_status_batch`.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Set Member Status.
    """

@deprecated(
    "FXO003: the offline API is no longer maintained; use PersonnelObj update instead"
    " (fxshim explain FXO003)"
)
def update_member(
    corpAccessToken: str,
    corpId: str,
    user: User,
    *,
    thirdTraceId: str | None = None,
) -> Answer:
    """Change a member's data: the offline call "Update Member".

    Was one POST that the vendor no longer maintains. Now looks the member up in PersonnelObj,
    updates the fields given if any of them differs, and reads them back.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        user: `openUserId` and what is to change; what is left out, or None, stays. account, qq,
            weixin, attachingDepartmentIds, hireDate, birthDate and startWorkDate have no known
            PersonnelObj field: they are refused unless the setting `field_map` names yours, or
            dropped and logged where `on_unmapped` is "drop". The same goes for names that are not
            documented, except that `field_map` has no place for them.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The documented four keys. `errorCode` 0, or: 10013 no token, 10014 no corpId, 10010 no
        openUserId, 11008 a bad one, 11009 a bad department id, 15002 anything else that is wrong
        in `user`, 20012 a member that does not exist or is hidden, 50009 a write that does not
        show, others as the vendor answers. `outcomes` has one entry, `dropped` the names dropped.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Update Member.
    """

@deprecated(
    "FXO004: the offline API is no longer maintained; use PersonnelObj query instead "
    "(fxshim explain FXO004)"
)
def query_employee_info_by_open_user_id(
    corpAccessToken: str,
    corpId: str,
    openUserId: str,
    showDepartmentIdsDetail: bool | None = None,
    *,
    thirdTraceId: str | None = None,
) -> EmployeeAnswer:
    """Read one employee: the offline call "Query Employee Info By OpenUserId".

    Was one POST that the vendor no longer maintains. Now one PersonnelObj query.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        openUserId: The employee, FSUID_….
        showDepartmentIdsDetail: Whether to give mainDepartmentId and attachingDepartmentIds too.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The envelope and, flat beside it, openUserId, account, name, nickName, isStop, email,
        mobile, gender, position, profileImageUrl, departmentIds (numbers), employeeNumber,
        hireDate, birthDate, startWorkDate, createTime (ms), leaderId. `errorCode` 0, or: 10013 no
        token, 10014 no corpId, 10010 no openUserId, 11008 a bad one, 15002 a bad
        showDepartmentIdsDetail, 20012 an employee that does not exist or is hidden from
        `current_open_user_id`, 20016 an expired token, 50009 no answer, -1 no connection.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Query Employee Info By OpenUserId.
    """

@deprecated(
    "FXO005: the offline API is no longer maintained; use PersonnelObj query phone EQ"
    " instead (fxshim explain FXO005)"
)
def query_employee_by_mobile(
    corpAccessToken: str,
    corpId: str,
    mobile: str,
    *,
    thirdTraceId: str | None = None,
) -> EmployeeListAnswer:
    """Find employees by mobile number: the offline call "Query Employee By Mobile".

    Was one POST that the vendor no longer maintains. Now a PersonnelObj query on `phone`. Programs
    learn by this call which employee they are: if no acting employee is set and none can be found,
    the old call is made, and the log says why.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        mobile: The number, exactly as it is kept.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The envelope and `empList`, a list of openUserId, name, fullName, mobile, email, account,
        status ("NORMAL" if enabled, B; "STOP" if disabled, U: a guess, see the setting
        `by_mobile_status`), gender, isActive, mainDepartmentIds, departmentIds (numbers).
        Where it is empty, `errorDescription` says that employees may be hidden. `errorCode` 0, or:
        10013 no token, 10014 no corpId, 15002 no mobile, 20016 an expired token, 50009 no answer,
        -1 no connection.

    Raises:
        ConfigurationError: A setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Query Employee By Mobile.
    """

@deprecated(
    "FXO006: the offline API is no longer maintained; use PersonnelObj query "
    "last_modified_time instead (fxshim explain FXO006)"
)
def query_updated_employee_list_by_time_range(
    corpAccessToken: str,
    corpId: str,
    startTime: int | None = None,
    endTime: int | None = None,
    pageSize: int | None = None,
    pageNumber: int | None = None,
    showDepartmentIdsDetail: bool | None = None,
    *,
    thirdTraceId: str | None = None,
) -> EmployeePageAnswer:
    """List employees changed in a time range: "Query Updated Employee List By Time Range".

    Was one POST that the vendor no longer maintains. Now PersonnelObj queries of 100 rows: page 1
    finds all records of the range, and the later pages read just theirs, so that every employee is
    given once even if one is updated between two pages.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        startTime: Changed at or after, ms since 1970; None for any time.
        endTime: Changed at or before, ms since 1970, later than startTime; None for any time.
        pageSize: Employees a page, 1 to 1000; None for 20.
        pageNumber: From 1; None for 1.
        showDepartmentIdsDetail: Whether to give mainDepartmentId and attachingDepartmentIds too.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The envelope, pageNumber, pageCount, totalCount, lastChangedTime (ms) and `employees`, each
        as `query_employee_info_by_open_user_id` gives one. Where there is none, `errorDescription`
        says that employees may be hidden. `errorCode` 0, or: 10013 no token, 10014 no corpId,
        15002 a bad time, page size or page number, 20016 an expired token, 50009 no answer, -1 no
        connection.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Query Updated Employee List By Time
        Range.
    """

@deprecated(
    "FXO007: the offline API is no longer maintained; use DepartmentObj query instead"
    " (fxshim explain FXO007)"
)
def get_department_list(
    corpAccessToken: str,
    corpId: str,
    *,
    thirdTraceId: str | None = None,
) -> DepartmentListAnswer:
    """List all departments: the offline call "Get Department List".

    Was one POST that the vendor no longer maintains. Now DepartmentObj queries of 100 rows.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The envelope and `departments`, a list by ascending id of id (number), name, parentId (0
        below the whole company), isStop, order (0 unless the setting `field_map` names a field for
        `department.order`). Where it is empty, `errorDescription` says that departments may be
        hidden. `errorCode` 0, or: 10013 no token, 10014 no corpId, 20016 an expired token, 50009
        no answer, -1 no connection, -2 department ids that are not numbers, others as the vendor
        answers.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Get Department List.
    """

@deprecated(
    "FXO008: the offline API is no longer maintained; use DepartmentObj get instead "
    "(fxshim explain FXO008)"
)
def get_department_details(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    departmentId: int,
    *,
    thirdTraceId: str | None = None,
) -> DepartmentAnswer:
    """Read one department: the offline call "Get Department Details".

    Was one POST that the vendor no longer maintains. Now one DepartmentObj get, and one more for
    each department above.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        currentOpenUserId: The acting employee, FSUID_…; None leaves it to the setting
            `current_open_user_id`.
        departmentId: The department.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The envelope and `department`: departmentId, parentDepartmentId (999999 for the whole
        company), name, nameSpell (always ""), departmentOrder (0 unless the setting `field_map`
        names a field for `department.order`), isStop, principalId (FSUID_… or ""), createTime and
        updateTime (ms), ancestors (numbers, from 999999 down to the parent, or from the first
        hidden one down), status (1 normal, 2 disabled, 3 deleted), description (always ""),
        keywords (always []). `errorCode` 0, or: 10013 no token, 10014 no corpId, 11008 a bad
        currentOpenUserId, 11009 a bad departmentId, 30007 a department that does not exist or is
        hidden, 20016 an expired token, 50009 no answer, -1 no connection, -2 another record
        than the one asked for, or parents whose ids are not numbers, others as the vendor answers.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Get Department Details.
    """

@deprecated(
    "FXO009: the offline API is no longer maintained; use DepartmentObj update "
    "instead (fxshim explain FXO009)"
)
def update_department(
    corpAccessToken: str,
    corpId: str,
    department: Department,
    *,
    thirdTraceId: str | None = None,
) -> Answer:
    """Change a department's data: the offline call "Update Department".

    Was one POST that the vendor no longer maintains. Now looks the department up in
    DepartmentObj, updates the fields given if any of them differs, and reads them back.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        department: `id` and what is to change; what is left out, or None, stays. A `parentId` of 0
            (or 999999) is the whole company. `order` has no known DepartmentObj field: it is
            refused unless the setting `field_map` names yours for `department.order`, or dropped
            and logged where `on_unmapped` is "drop". So are names that are not documented, except
            that `field_map` has no place for them.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The documented four keys. `errorCode` 0, or: 10013 no token, 10014 no corpId, 11009 a bad
        id or parentId, 15002 anything else that is wrong in `department`, 30007 a department that
        does not exist or is hidden from `current_open_user_id`, 20016 an expired token, 50009 a
        write that does not show or an answer that does not come, -1 no connection, others as the
        vendor answers. `outcomes` has one entry, `dropped` the names dropped.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Update Department.
    """

@deprecated(
    "FXO010: the offline API is no longer maintained; use DepartmentObj update "
    "instead (fxshim explain FXO010)"
)
def set_department_status(
    corpAccessToken: str,
    corpId: str,
    departmentId: int,
    status: int,
    *,
    thirdTraceId: str | None = None,
) -> Answer:
    """Disable or enable a department: the offline call "Set Department Status".

    Was one POST that the vendor no longer maintains. Now looks the department up in
    DepartmentObj, updates it if its status differs, and reads it back.

    Args:
        corpAccessToken: Enterprise access token.
        corpId: Company account, FSCID_….
        departmentId: The department.
        status: 1 disables, 2 enables.
        thirdTraceId: Your own id for the request, to find it again at the vendor's support.

    Returns:
        The documented four keys. `errorCode` 0, or: 10013 no token, 10014 no corpId, 11009 a bad
        departmentId, 15002 a bad status, 30007 a department that does not exist or is hidden from
        `current_open_user_id`, 20016 an expired token, 50009 a write that does not show or an
        answer that does not come, -1 no connection, others as the vendor answers. `outcomes` has
        one entry.

    Raises:
        ConfigurationError: No acting employee is set or can be found, or a setting is unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Set Department Status.
    """

@deprecated(
    "FXO011: the offline API is no longer maintained; use object API create instead "
    "(fxshim explain FXO011)"
)
def create_preset_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
    triggerWorkFlow: bool | None = None,
    triggerApprovalFlow: bool | None = None,
) -> SavedRecordAnswer:
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

@deprecated(
    "FXO012: the offline API is no longer maintained; use object API update instead "
    "(fxshim explain FXO012)"
)
def update_preset_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
    triggerWorkFlow: bool | None = None,
    triggerApprovalFlow: bool | None = None,
) -> SavedRecordAnswer:
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

@deprecated(
    "FXO013: the offline API is no longer maintained; use object API get instead "
    "(fxshim explain FXO013)"
)
def query_preset_object_details(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> RecordAnswer:
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

@deprecated(
    "FXO014: the offline API is no longer maintained; use object API query instead "
    "(fxshim explain FXO014)"
)
def query_preset_object_list(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> RecordPageAnswer:
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
        `data` without an object's name, or a page that does not exist (what to do instead is in the
        text), 20016 an expired token, 50009 no answer, -1 no connection, others as the vendor
        answers.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Query Preset Object List.
    """

@deprecated(
    "FXO015: the offline API is no longer maintained; use object API invalid instead "
    "(fxshim explain FXO015)"
)
def invalidate_preset_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Answer:
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

@deprecated(
    "FXO016: the offline API is no longer maintained; use object API recover instead "
    "(fxshim explain FXO016)"
)
def recover_preset_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Answer:
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

@deprecated(
    "FXO017: the offline API is no longer maintained; use object API delete instead "
    "(fxshim explain FXO017)"
)
def delete_preset_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Answer:
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

@deprecated(
    "FXO018: the offline API is no longer maintained; use object API changeOwner "
    "instead (fxshim explain FXO018)"
)
def change_preset_object_owner(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Answer:
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

@deprecated(
    "FXO019: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO019)"
)
def create_erp_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
    triggerWorkFlow: bool | None = None,
    triggerApprovalFlow: bool | None = None,
) -> SavedErpRecordAnswer:
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

@deprecated(
    "FXO020: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO020)"
)
def update_erp_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
    triggerWorkFlow: bool | None = None,
    triggerApprovalFlow: bool | None = None,
) -> SavedErpRecordAnswer:
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

@deprecated(
    "FXO021: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO021)"
)
def query_erp_object_details(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> RecordAnswer:
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

@deprecated(
    "FXO022: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO022)"
)
def query_erp_object_list(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> RecordPageAnswer:
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
        `data` without an object's name, or a page that does not exist (what to do instead is in the
        text), 20016 an expired token, 50009 no answer, -1 no connection, others as the vendor
        answers.

    Raises:
        ConfigurationError: No acting employee is given, set or can be found, or a setting is
            unusable.
        OfflineAPIDeprecationWarning: The setting `notices` is "error".

    Source: developer.fxiaoke.com/openapi_v2, Offline API, Query Erp Object List.
    """

@deprecated(
    "FXO023: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO023)"
)
def invalidate_erp_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> ErpAnswer:
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

@deprecated(
    "FXO024: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO024)"
)
def recover_erp_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> ErpAnswer:
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

@deprecated(
    "FXO025: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO025)"
)
def delete_erp_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> ErpAnswer:
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

@deprecated(
    "FXO026: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO026)"
)
def change_erp_object_owner(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> ErpAnswer:
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
