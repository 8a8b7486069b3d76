# The classes of answers, key by key; derived from shapes.py by `make derived`.
from typing import Any, Literal, TypeVar, overload

from shim.offline.answer import Answer
from shim.offline.shapes import (
    DepartmentDetails,
    Employee,
    EmployeeByMobile,
    ListedDepartment,
    RecordRows,
)

_D = TypeVar("_D")

class EmployeeAnswer(Answer):
    @overload  # type: ignore[override]
    def __getitem__(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], /
    ) -> str: ...
    @overload
    def __getitem__(self, key: Literal["errorCode"], /) -> int: ...
    @overload
    def __getitem__(
        self,
        key: Literal[
            "openUserId",
            "account",
            "name",
            "nickName",
            "email",
            "mobile",
            "gender",
            "position",
            "profileImageUrl",
            "employeeNumber",
            "hireDate",
            "birthDate",
            "startWorkDate",
            "leaderId",
        ],
        /,
    ) -> str: ...
    @overload
    def __getitem__(self, key: Literal["isStop"], /) -> bool: ...
    @overload
    def __getitem__(
        self, key: Literal["departmentIds", "attachingDepartmentIds"], /
    ) -> list[int]: ...
    @overload
    def __getitem__(self, key: Literal["mainDepartmentId"], /) -> int | None: ...
    @overload
    def __getitem__(self, key: Literal["createTime"], /) -> int: ...
    @overload  # type: ignore[override]
    def get(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], default: object = ..., /
    ) -> str: ...
    @overload
    def get(self, key: Literal["errorCode"], default: object = ..., /) -> int: ...
    @overload
    def get(
        self,
        key: Literal[
            "openUserId",
            "account",
            "name",
            "nickName",
            "email",
            "mobile",
            "gender",
            "position",
            "profileImageUrl",
            "employeeNumber",
            "hireDate",
            "birthDate",
            "startWorkDate",
            "leaderId",
        ],
        /,
    ) -> str | None: ...
    @overload
    def get(
        self,
        key: Literal[
            "openUserId",
            "account",
            "name",
            "nickName",
            "email",
            "mobile",
            "gender",
            "position",
            "profileImageUrl",
            "employeeNumber",
            "hireDate",
            "birthDate",
            "startWorkDate",
            "leaderId",
        ],
        default: _D,
        /,
    ) -> str | _D: ...
    @overload
    def get(self, key: Literal["isStop"], /) -> bool | None: ...
    @overload
    def get(self, key: Literal["isStop"], default: _D, /) -> bool | _D: ...
    @overload
    def get(
        self, key: Literal["departmentIds", "attachingDepartmentIds"], /
    ) -> list[int] | None: ...
    @overload
    def get(
        self, key: Literal["departmentIds", "attachingDepartmentIds"], default: _D, /
    ) -> list[int] | _D: ...
    @overload
    def get(self, key: Literal["mainDepartmentId"], /) -> int | None: ...
    @overload
    def get(self, key: Literal["mainDepartmentId"], default: _D, /) -> int | _D | None: ...
    @overload
    def get(self, key: Literal["createTime"], /) -> int | None: ...
    @overload
    def get(self, key: Literal["createTime"], default: _D, /) -> int | _D: ...

class EmployeeListAnswer(Answer):
    @overload  # type: ignore[override]
    def __getitem__(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], /
    ) -> str: ...
    @overload
    def __getitem__(self, key: Literal["errorCode"], /) -> int: ...
    @overload
    def __getitem__(self, key: Literal["empList"], /) -> list[EmployeeByMobile]: ...
    @overload  # type: ignore[override]
    def get(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], default: object = ..., /
    ) -> str: ...
    @overload
    def get(self, key: Literal["errorCode"], default: object = ..., /) -> int: ...
    @overload
    def get(self, key: Literal["empList"], /) -> list[EmployeeByMobile] | None: ...
    @overload
    def get(self, key: Literal["empList"], default: _D, /) -> list[EmployeeByMobile] | _D: ...

class EmployeePageAnswer(Answer):
    @overload  # type: ignore[override]
    def __getitem__(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], /
    ) -> str: ...
    @overload
    def __getitem__(self, key: Literal["errorCode"], /) -> int: ...
    @overload
    def __getitem__(
        self, key: Literal["pageNumber", "pageCount", "totalCount", "lastChangedTime"], /
    ) -> int: ...
    @overload
    def __getitem__(self, key: Literal["employees"], /) -> list[Employee]: ...
    @overload  # type: ignore[override]
    def get(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], default: object = ..., /
    ) -> str: ...
    @overload
    def get(self, key: Literal["errorCode"], default: object = ..., /) -> int: ...
    @overload
    def get(
        self, key: Literal["pageNumber", "pageCount", "totalCount", "lastChangedTime"], /
    ) -> int | None: ...
    @overload
    def get(
        self,
        key: Literal["pageNumber", "pageCount", "totalCount", "lastChangedTime"],
        default: _D,
        /,
    ) -> int | _D: ...
    @overload
    def get(self, key: Literal["employees"], /) -> list[Employee] | None: ...
    @overload
    def get(self, key: Literal["employees"], default: _D, /) -> list[Employee] | _D: ...

class DepartmentListAnswer(Answer):
    @overload  # type: ignore[override]
    def __getitem__(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], /
    ) -> str: ...
    @overload
    def __getitem__(self, key: Literal["errorCode"], /) -> int: ...
    @overload
    def __getitem__(self, key: Literal["departments"], /) -> list[ListedDepartment]: ...
    @overload  # type: ignore[override]
    def get(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], default: object = ..., /
    ) -> str: ...
    @overload
    def get(self, key: Literal["errorCode"], default: object = ..., /) -> int: ...
    @overload
    def get(self, key: Literal["departments"], /) -> list[ListedDepartment] | None: ...
    @overload
    def get(self, key: Literal["departments"], default: _D, /) -> list[ListedDepartment] | _D: ...

class DepartmentAnswer(Answer):
    @overload  # type: ignore[override]
    def __getitem__(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], /
    ) -> str: ...
    @overload
    def __getitem__(self, key: Literal["errorCode"], /) -> int: ...
    @overload
    def __getitem__(self, key: Literal["department"], /) -> DepartmentDetails: ...
    @overload  # type: ignore[override]
    def get(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], default: object = ..., /
    ) -> str: ...
    @overload
    def get(self, key: Literal["errorCode"], default: object = ..., /) -> int: ...
    @overload
    def get(self, key: Literal["department"], /) -> DepartmentDetails | None: ...
    @overload
    def get(self, key: Literal["department"], default: _D, /) -> DepartmentDetails | _D: ...

class SavedRecordAnswer(Answer):
    @overload  # type: ignore[override]
    def __getitem__(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], /
    ) -> str: ...
    @overload
    def __getitem__(self, key: Literal["errorCode"], /) -> int: ...
    @overload
    def __getitem__(self, key: Literal["dataId"], /) -> str: ...
    @overload  # type: ignore[override]
    def get(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], default: object = ..., /
    ) -> str: ...
    @overload
    def get(self, key: Literal["errorCode"], default: object = ..., /) -> int: ...
    @overload
    def get(self, key: Literal["dataId"], /) -> str | None: ...
    @overload
    def get(self, key: Literal["dataId"], default: _D, /) -> str | _D: ...

class RecordAnswer(Answer):
    @overload  # type: ignore[override]
    def __getitem__(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], /
    ) -> str: ...
    @overload
    def __getitem__(self, key: Literal["errorCode"], /) -> int: ...
    @overload
    def __getitem__(self, key: Literal["data"], /) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def get(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], default: object = ..., /
    ) -> str: ...
    @overload
    def get(self, key: Literal["errorCode"], default: object = ..., /) -> int: ...
    @overload
    def get(self, key: Literal["data"], /) -> dict[str, Any] | None: ...
    @overload
    def get(self, key: Literal["data"], default: _D, /) -> dict[str, Any] | _D: ...

class RecordPageAnswer(Answer):
    @overload  # type: ignore[override]
    def __getitem__(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], /
    ) -> str: ...
    @overload
    def __getitem__(self, key: Literal["errorCode"], /) -> int: ...
    @overload
    def __getitem__(self, key: Literal["data"], /) -> RecordRows: ...
    @overload  # type: ignore[override]
    def get(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], default: object = ..., /
    ) -> str: ...
    @overload
    def get(self, key: Literal["errorCode"], default: object = ..., /) -> int: ...
    @overload
    def get(self, key: Literal["data"], /) -> RecordRows | None: ...
    @overload
    def get(self, key: Literal["data"], default: _D, /) -> RecordRows | _D: ...

class ErpAnswer(Answer):
    @overload  # type: ignore[override]
    def __getitem__(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], /
    ) -> str: ...
    @overload
    def __getitem__(self, key: Literal["errorCode"], /) -> int: ...
    @overload
    def __getitem__(self, key: Literal["data"], /) -> Any: ...
    @overload  # type: ignore[override]
    def get(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], default: object = ..., /
    ) -> str: ...
    @overload
    def get(self, key: Literal["errorCode"], default: object = ..., /) -> int: ...
    @overload
    def get(self, key: Literal["data"], /) -> Any | None: ...
    @overload
    def get(self, key: Literal["data"], default: _D, /) -> Any | _D: ...

class SavedErpRecordAnswer(Answer):
    @overload  # type: ignore[override]
    def __getitem__(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], /
    ) -> str: ...
    @overload
    def __getitem__(self, key: Literal["errorCode"], /) -> int: ...
    @overload
    def __getitem__(self, key: Literal["data"], /) -> Any: ...
    @overload
    def __getitem__(self, key: Literal["dataId"], /) -> str: ...
    @overload  # type: ignore[override]
    def get(
        self, key: Literal["traceId", "errorDescription", "errorMessage"], default: object = ..., /
    ) -> str: ...
    @overload
    def get(self, key: Literal["errorCode"], default: object = ..., /) -> int: ...
    @overload
    def get(self, key: Literal["data"], /) -> Any | None: ...
    @overload
    def get(self, key: Literal["data"], default: _D, /) -> Any | _D: ...
    @overload
    def get(self, key: Literal["dataId"], /) -> str | None: ...
    @overload
    def get(self, key: Literal["dataId"], default: _D, /) -> str | _D: ...
