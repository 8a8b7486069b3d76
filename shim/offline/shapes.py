"""The objects in the arguments and answers of the offline calls, as type checkers see them.

What answers hold is held against the declarations by a test, name by name.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003 - pydantic reads it.
from typing import Any

# pydantic reads typing's own TypedDict from Python 3.12 on only.
from typing_extensions import NotRequired, Required, TypedDict


class User(TypedDict, total=False):
    """`user` of Update Member; what is left out, or None, stays as it is."""

    openUserId: Required[str]
    account: str
    name: str
    fullName: str
    position: str
    gender: str
    mobile: str
    email: str
    qq: str
    weixin: str
    mainDepartmentId: int
    attachingDepartmentIds: Sequence[int]
    employeeNumber: str
    hireDate: str
    birthDate: str
    startWorkDate: str
    leaderId: str


class Department(TypedDict, total=False):
    """`department` of Update Department; what is left out, or None, stays as it is."""

    id: Required[int]
    name: str
    parentId: int
    order: int


class Envelope(TypedDict):
    """What every answer holds. The texts are no promise of the vendor's: do not branch on them."""

    traceId: str
    errorDescription: str
    errorMessage: str
    errorCode: int


class NoFacts(TypedDict):
    """What the calls that only change something answer beside the envelope."""


class Employee(TypedDict):
    """An employee, as two calls give one; times in milliseconds since 1970."""

    openUserId: str
    account: str
    name: str
    nickName: str
    isStop: bool
    email: str
    mobile: str
    gender: str
    position: str
    profileImageUrl: str
    departmentIds: list[int]
    # Only if showDepartmentIdsDetail is true.
    mainDepartmentId: NotRequired[int | None]
    attachingDepartmentIds: NotRequired[list[int]]
    employeeNumber: str
    hireDate: str
    birthDate: str
    startWorkDate: str
    createTime: int
    leaderId: str


class EmployeeByMobile(TypedDict):
    """An employee, as Query Employee By Mobile gives one; status is a text, "NORMAL" if enabled."""

    openUserId: str
    name: str
    fullName: str
    mobile: str
    email: str
    account: str
    status: str
    gender: str
    isActive: bool
    mainDepartmentIds: list[int]
    departmentIds: list[int]


class EmployeeList(TypedDict):
    """What Query Employee By Mobile answers beside the envelope."""

    empList: list[EmployeeByMobile]


class EmployeePage(TypedDict):
    """What Query Updated Employee List By Time Range answers beside the envelope."""

    pageNumber: int
    pageCount: int
    totalCount: int
    lastChangedTime: int
    employees: list[Employee]


class ListedDepartment(TypedDict):
    """A department, as Get Department List gives one."""

    id: int
    name: str
    parentId: int
    isStop: bool
    order: int


class DepartmentList(TypedDict):
    """What Get Department List answers beside the envelope."""

    departments: list[ListedDepartment]


class DepartmentDetails(TypedDict):
    """A department, as Get Department Details gives one; times in milliseconds since 1970."""

    departmentId: int
    parentDepartmentId: int
    name: str
    nameSpell: str
    departmentOrder: int
    isStop: bool
    principalId: str
    createTime: int
    updateTime: int
    ancestors: list[int]
    status: int
    description: str
    keywords: list[Any]


class OneDepartment(TypedDict):
    """What Get Department Details answers beside the envelope."""

    department: DepartmentDetails


class SavedRecord(TypedDict):
    """What the calls that make or change a preset object's record answer beside the envelope."""

    dataId: str


class Record(TypedDict):
    """What the calls that read one record answer beside the envelope."""

    data: dict[str, Any]


class RecordRows(TypedDict):
    """A page of records. Do not build on `total`: the vendor's is wrong at times."""

    dataList: list[dict[str, Any]]
    offset: int
    limit: int
    total: int


class RecordPage(TypedDict):
    """What the calls that read a page of records answer beside the envelope."""

    data: RecordRows


class ErpResult(TypedDict):
    """What ERP object calls answer beside the envelope; what `data` holds is not documented."""

    data: Any


class SavedErpRecord(TypedDict):
    """What the calls that make or change an ERP object's record answer beside the envelope."""

    data: Any
    dataId: str
