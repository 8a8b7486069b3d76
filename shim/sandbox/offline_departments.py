"""The deprecated calls that read and change departments.

Three code systems for one status (grade B): the request's 1 and 2, the details' 1, 2 and 3, and
``DepartmentObj``'s "1", "0" and "2".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shim.sandbox.admission import acting, credentials, enter
from shim.sandbox.departments import COMPANY
from shim.sandbox.envelope import Refused, invalid
from shim.sandbox.offline import BARE, NO_OP, QUERY, UPDATE, flat, new_status, sent, whole
from shim.sandbox.routes import ROUTES, as_object, is_name

if TYPE_CHECKING:
    from shim.sandbox.departments import Department
    from shim.sandbox.routes import Call

#: The object's status -> the details' (grade B).
_SHOWN: Final = {"0": 1, "1": 2, "2": 3}


def _of(call: Call, department_id: object) -> frozenset[str]:
    row = call.tenant.departments.find(str(department_id), call.now)
    return frozenset({row.mark} if row else ())


def _of_body(call: Call) -> frozenset[str]:
    return _of(call, call.body.get("departmentId"))


def _of_department(call: Call) -> frozenset[str]:
    return _of(call, (as_object(call.body.get("department")) or {}).get("id"))


def _department(call: Call, number: int) -> Department:
    row = call.tenant.departments.by_number.get(number)
    if row is None:
        raise Refused(30007)
    return row


def _optional(value: object, code: int, name: str) -> int | None:
    return None if value is None else whole(value, code, name)


def _is_bare(body: dict[str, Any]) -> bool:
    return body.keys() <= BARE


def _of_list(call: Call) -> frozenset[str]:
    return frozenset(row["_id"] for row in _listed(call))


def _listed(call: Call) -> list[dict[str, Any]]:
    """Return the departments that are not deleted (grade C), by ascending id."""
    rows = [record for _, record in call.tenant.departments.records(call.now)]
    return sorted(
        (each for each in rows if each["status"] != "2"), key=lambda each: int(each["_id"])
    )


@ROUTES.add("/cgi/department/list", concerns=_of_list)
@ROUTES.add(QUERY, accepts=_is_bare, concerns=_of_list)
def get_department_list(call: Call) -> dict[str, Any]:
    """Get Department List. U: how today's shared address tells it, which has nothing of its own.

    Raises:
        Refused: 10013, 10014; 20016, 11015.
    """
    credentials(call)
    enter(call, acting(call))
    departments = call.tenant.departments
    found: list[dict[str, Any]] = []
    for record in _listed(call):
        number, parent = int(record["_id"]), int(record["parent_id"][0])
        found.append(
            {
                "id": number,
                "name": record["name"],
                "parentId": 0 if parent == COMPANY else parent,
                "isStop": record["status"] == "1",
                "order": departments.by_number[number].facts["order"],
            }
        )
    return {"departments": found}


@ROUTES.add("/cgi/department/detail", concerns=_of_body)
@ROUTES.add(QUERY, accepts=flat("departmentId"), concerns=_of_body)
def get_department_details(call: Call) -> dict[str, Any]:
    """Get Department Details.

    Raises:
        Refused: 10013, 10014, 11008, 11009; 20016, 11015, 20012; 30007 unknown.
    """
    credentials(call)
    by = acting(call, printed=True)
    number = whole(call.body.get("departmentId"), 11009, "departmentId")
    enter(call, by)
    row = _department(call, number)
    departments = call.tenant.departments
    record = departments.record(row, call.now)
    return {
        "department": {
            "departmentId": number,
            # A printed sample shows the company's own id here, where the list shows 0.
            "parentDepartmentId": departments.parent(row, call.now),
            "name": record["name"],
            "nameSpell": "",
            "departmentOrder": row.facts["order"],
            "isStop": record["status"] == "1",
            "principalId": next(iter(record["manager_id"]), ""),
            "createTime": record["create_time"],
            "updateTime": record["last_modified_time"],
            "ancestors": departments.ancestors(row, call.now),
            "status": _SHOWN[record["status"]],
            "description": "",
            "keywords": [],
        }
    }


@ROUTES.add("/cgi/department/update", concerns=_of_department, faults=NO_OP)
@ROUTES.add(UPDATE, accepts=flat("department"), concerns=_of_department, faults=NO_OP)
def update_department(call: Call) -> dict[str, Any]:
    """Update Department: what ``department`` does not give stays.

    Raises:
        Refused: 10013, 10014, 15002, 11009; 20016, 11015; 30007 for an unknown department
            or parent, 15002 for a parent that is the department itself or below it.
    """
    credentials(call)
    department = sent(call, "department")
    number = whole(department.get("id"), 11009, "department.id")
    given = {key: department.get(key) for key in ("name", "parentId", "order")}
    if given["name"] is not None and not is_name(given["name"]):
        raise invalid(15002, "department.name", "send a string that is not empty")
    wanted = _optional(given["parentId"], 11009, "department.parentId")
    order = _optional(given["order"], 15002, "department.order")
    enter(call, acting(call))
    row = _department(call, number)
    departments = call.tenant.departments
    fields = {} if given["name"] is None else {"name": given["name"]}
    if wanted is not None:
        # U: whether the id the details show for the company is taken as well as 0.
        parent = COMPANY if wanted in {0, COMPANY} else _department(call, wanted).number
        if not departments.may_move(row, parent, call.now):
            why = "it is the department itself, or below it"
            raise invalid(15002, "department.parentId", why)
        fields["parent_id"] = [str(parent)]
    if row.mark not in call.skipped:
        departments.write(row, fields, call.now, {} if order is None else {"order": order})
    return {}


@ROUTES.add("/cgi/department/setStatus", concerns=_of_body, faults=NO_OP)
@ROUTES.add(UPDATE, accepts=flat("departmentId", "status"), concerns=_of_body, faults=NO_OP)
def set_department_status(call: Call) -> dict[str, Any]:
    """Set Department Status: 1 disables, 2 enables (grade A), and also brings back a deleted one.

    Raises:
        Refused: 10013, 10014, 11009, 15002; 20016, 11015; 30007 unknown.
    """
    credentials(call)
    number = whole(call.body.get("departmentId"), 11009, "departmentId")
    status = new_status(call)
    enter(call, acting(call))
    row = _department(call, number)
    if row.mark not in call.skipped:
        call.tenant.departments.write(row, {"status": status}, call.now)
    return {}
