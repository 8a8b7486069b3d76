"""What the offline calls return: a class of `Answer` for each shape, named by what it holds.

Beside the envelope, an answer holds its shape's keys when `errorCode` is 0, and none of them
otherwise. Type checkers read `answers.pyi`, which is derived from the shapes by `make derived`.
"""

from __future__ import annotations

from shim.offline import shapes
from shim.offline.answer import Answer


class EmployeeAnswer(Answer):
    """The envelope and, flat beside it, one employee."""

    facts = shapes.Employee


class EmployeeListAnswer(Answer):
    """The envelope and `empList`."""

    facts = shapes.EmployeeList


class EmployeePageAnswer(Answer):
    """The envelope and a page of `employees`, with its counts."""

    facts = shapes.EmployeePage


class DepartmentListAnswer(Answer):
    """The envelope and `departments`."""

    facts = shapes.DepartmentList


class DepartmentAnswer(Answer):
    """The envelope and `department`."""

    facts = shapes.OneDepartment


class SavedRecordAnswer(Answer):
    """The envelope and `dataId`, the `_id` of a record that was made or changed."""

    facts = shapes.SavedRecord


class RecordAnswer(Answer):
    """The envelope and `data`, one record."""

    facts = shapes.Record


class RecordPageAnswer(Answer):
    """The envelope and `data`, with a page of records in its `dataList`."""

    facts = shapes.RecordPage


class ErpAnswer(Answer):
    """The envelope and `data`, as the ERP objects' address sends it."""

    facts = shapes.ErpResult


class SavedErpRecordAnswer(Answer):
    """The envelope, `data` and `dataId`, as the ERP objects' address sends them."""

    facts = shapes.SavedErpRecord
