# The offline calls to await; derived from the declarations by `make derived`.
# ruff: noqa: N803
from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import deprecated

from shim.bulk import aset_member_status_many
from shim.offline import Answer
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

set_member_status_many = aset_member_status_many

@deprecated(
    "FXO001: the offline API is no longer maintained; use PersonnelObj update instead"
    " (fxshim explain FXO001)"
)
async def set_member_status_batch(
    corpAccessToken: str,
    corpId: str,
    openUserIds: Sequence[str],
    status: int,
    *,
    thirdTraceId: str | None = None,
) -> Answer: ...
@deprecated(
    "FXO002: the offline API is no longer maintained; use PersonnelObj update instead"
    " (fxshim explain FXO002)"
)
async def set_member_status(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    status: int,
    openUserId: str | None = None,
    openUserIds: Sequence[str] | None = None,
    *,
    thirdTraceId: str | None = None,
) -> Answer: ...
@deprecated(
    "FXO003: the offline API is no longer maintained; use PersonnelObj update instead"
    " (fxshim explain FXO003)"
)
async def update_member(
    corpAccessToken: str,
    corpId: str,
    user: User,
    *,
    thirdTraceId: str | None = None,
) -> Answer: ...
@deprecated(
    "FXO004: the offline API is no longer maintained; use PersonnelObj query instead "
    "(fxshim explain FXO004)"
)
async def query_employee_info_by_open_user_id(
    corpAccessToken: str,
    corpId: str,
    openUserId: str,
    showDepartmentIdsDetail: bool | None = None,
    *,
    thirdTraceId: str | None = None,
) -> EmployeeAnswer: ...
@deprecated(
    "FXO005: the offline API is no longer maintained; use PersonnelObj query phone EQ"
    " instead (fxshim explain FXO005)"
)
async def query_employee_by_mobile(
    corpAccessToken: str,
    corpId: str,
    mobile: str,
    *,
    thirdTraceId: str | None = None,
) -> EmployeeListAnswer: ...
@deprecated(
    "FXO006: the offline API is no longer maintained; use PersonnelObj query "
    "last_modified_time instead (fxshim explain FXO006)"
)
async def query_updated_employee_list_by_time_range(
    corpAccessToken: str,
    corpId: str,
    startTime: int | None = None,
    endTime: int | None = None,
    pageSize: int | None = None,
    pageNumber: int | None = None,
    showDepartmentIdsDetail: bool | None = None,
    *,
    thirdTraceId: str | None = None,
) -> EmployeePageAnswer: ...
@deprecated(
    "FXO007: the offline API is no longer maintained; use DepartmentObj query instead"
    " (fxshim explain FXO007)"
)
async def get_department_list(
    corpAccessToken: str,
    corpId: str,
    *,
    thirdTraceId: str | None = None,
) -> DepartmentListAnswer: ...
@deprecated(
    "FXO008: the offline API is no longer maintained; use DepartmentObj get instead "
    "(fxshim explain FXO008)"
)
async def get_department_details(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    departmentId: int,
    *,
    thirdTraceId: str | None = None,
) -> DepartmentAnswer: ...
@deprecated(
    "FXO009: the offline API is no longer maintained; use DepartmentObj update "
    "instead (fxshim explain FXO009)"
)
async def update_department(
    corpAccessToken: str,
    corpId: str,
    department: Department,
    *,
    thirdTraceId: str | None = None,
) -> Answer: ...
@deprecated(
    "FXO010: the offline API is no longer maintained; use DepartmentObj update "
    "instead (fxshim explain FXO010)"
)
async def set_department_status(
    corpAccessToken: str,
    corpId: str,
    departmentId: int,
    status: int,
    *,
    thirdTraceId: str | None = None,
) -> Answer: ...
@deprecated(
    "FXO011: the offline API is no longer maintained; use object API create instead "
    "(fxshim explain FXO011)"
)
async def create_preset_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
    triggerWorkFlow: bool | None = None,
    triggerApprovalFlow: bool | None = None,
) -> SavedRecordAnswer: ...
@deprecated(
    "FXO012: the offline API is no longer maintained; use object API update instead "
    "(fxshim explain FXO012)"
)
async def update_preset_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
    triggerWorkFlow: bool | None = None,
    triggerApprovalFlow: bool | None = None,
) -> SavedRecordAnswer: ...
@deprecated(
    "FXO013: the offline API is no longer maintained; use object API get instead "
    "(fxshim explain FXO013)"
)
async def query_preset_object_details(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> RecordAnswer: ...
@deprecated(
    "FXO014: the offline API is no longer maintained; use object API query instead "
    "(fxshim explain FXO014)"
)
async def query_preset_object_list(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> RecordPageAnswer: ...
@deprecated(
    "FXO015: the offline API is no longer maintained; use object API invalid instead "
    "(fxshim explain FXO015)"
)
async def invalidate_preset_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Answer: ...
@deprecated(
    "FXO016: the offline API is no longer maintained; use object API recover instead "
    "(fxshim explain FXO016)"
)
async def recover_preset_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Answer: ...
@deprecated(
    "FXO017: the offline API is no longer maintained; use object API delete instead "
    "(fxshim explain FXO017)"
)
async def delete_preset_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Answer: ...
@deprecated(
    "FXO018: the offline API is no longer maintained; use object API changeOwner "
    "instead (fxshim explain FXO018)"
)
async def change_preset_object_owner(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> Answer: ...
@deprecated(
    "FXO019: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO019)"
)
async def create_erp_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
    triggerWorkFlow: bool | None = None,
    triggerApprovalFlow: bool | None = None,
) -> SavedErpRecordAnswer: ...
@deprecated(
    "FXO020: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO020)"
)
async def update_erp_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
    triggerWorkFlow: bool | None = None,
    triggerApprovalFlow: bool | None = None,
) -> SavedErpRecordAnswer: ...
@deprecated(
    "FXO021: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO021)"
)
async def query_erp_object_details(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> RecordAnswer: ...
@deprecated(
    "FXO022: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO022)"
)
async def query_erp_object_list(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> RecordPageAnswer: ...
@deprecated(
    "FXO023: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO023)"
)
async def invalidate_erp_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> ErpAnswer: ...
@deprecated(
    "FXO024: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO024)"
)
async def recover_erp_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> ErpAnswer: ...
@deprecated(
    "FXO025: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO025)"
)
async def delete_erp_object(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> ErpAnswer: ...
@deprecated(
    "FXO026: the offline API is no longer maintained, and no replacement is "
    "documented for these objects (fxshim explain FXO026)"
)
async def change_erp_object_owner(
    corpAccessToken: str,
    corpId: str,
    currentOpenUserId: str | None,
    data: Mapping[str, Any],
    *,
    thirdTraceId: str | None = None,
) -> ErpAnswer: ...
