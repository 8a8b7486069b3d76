"""The nested objects of the offline calls, as type checkers see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from typing_extensions import Required

if TYPE_CHECKING:
    from collections.abc import Sequence


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
