"""The object API without the shim: what each offline call becomes when it is rewritten.

`fxshim explain FXO001` prints the parts that a call needs. They leave out three things that the
shim does: the pace of the quota (100 calls of a path in 20 s), new tokens, and retries.
"""

import os
import uuid
from collections.abc import Sequence
from typing import Any

import httpx

URL = os.environ.get("FXIAOKE_SHIM_BASE_URL", "https://open.fxiaoke.com")
CLIENT = httpx.Client(base_url=URL, timeout=30)
WHO = {
    "corpAccessToken": os.environ["FXIAOKE_SHIM_CORP_ACCESS_TOKEN"],
    "corpId": os.environ["FXIAOKE_SHIM_CORP_ID"],
    "currentOpenUserId": os.environ["FXIAOKE_SHIM_CURRENT_OPEN_USER_ID"],
}

Row = dict[str, Any]
MOST = 100  # Ids in a query, and rows in its answer.


def post(verb: str, body: Row) -> Row:
    """Make one call of the object API."""
    answer: Row = CLIENT.post(
        f"/cgi/crm/v2/data/{verb}",
        params={"thirdTraceId": str(uuid.uuid4())},
        json={**WHO, "convertUserId": True, **body},
    ).json()
    # The HTTP status is 200 for errors, too.
    if answer["errorCode"] != 0:
        msg = f"errorCode {answer['errorCode']}, traceId {answer['traceId']}"
        raise RuntimeError(msg)
    return answer


def find(name: str, *filters: tuple[str, str, Sequence[str]]) -> list[Row]:
    """Return all records that pass (field, operator, values); 100 a call."""
    rows: list[Row] = []
    after: list[tuple[str, str, Sequence[str]]] = []
    while True:
        search = {
            "limit": MOST,
            "offset": 0,
            "filters": [
                {"field_name": key, "operator": how, "field_values": [*values]}
                for key, how, values in (*filters, *after)
            ],
            "orders": [{"fieldName": "_id", "isAsc": True}],
        }
        data = {"dataObjectApiName": name, "search_query_info": search}
        page = post("query", {"data": data})["data"]["dataList"]
        rows += page
        if len(page) < MOST:
            return rows
        after = [("_id", "GT", [page[-1]["_id"]])]


def people(open_user_ids: Sequence[str]) -> dict[str, Row]:
    """Return records by openUserId. Missing: unknown, or hidden from WHO."""
    found: dict[str, Row] = {}
    for start in range(0, len(open_user_ids), MOST):
        some = open_user_ids[start : start + MOST]
        for row in find("PersonnelObj", ("user_id", "IN", some)):
            found[row["user_id"]] = row
    return found


def update(name: str, record_id: str, values: Row) -> None:
    """Change fields of a record. Left out, both triggers would be true."""
    record = {"dataObjectApiName": name, "_id": record_id, **values}
    off = {"triggerWorkFlow": False, "triggerApprovalFlow": False}
    post("update", {**off, "data": {"object_data": record}})


def differs(row: Row, values: Row) -> bool:
    """Return whether a record does not have these values."""
    return any(row.get(field) != value for field, value in values.items())


def set_people(open_user_ids: Sequence[str], values: Row) -> list[str]:
    """Change people; return those who are not as asked afterwards."""
    for person in people(open_user_ids).values():
        if differs(person, values):
            update("PersonnelObj", person["_id"], values)
    # An errorCode of 0 is no proof. A query may show a write some seconds late.
    seen = people(open_user_ids)
    return [one for one in open_user_ids if differs(seen.get(one, {}), values)]


def get(name: str, record_id: str) -> Row:
    """Return one record; empty if it is unknown, or hidden from WHO."""
    data = {"dataObjectApiName": name, "objectDataId": record_id}
    record: Row = post("get", {"data": data})["data"]
    return record


def set_department(department_id: str, values: Row) -> bool:
    """Change a department; return whether it is as asked afterwards."""
    if differs(get("DepartmentObj", department_id), values):
        update("DepartmentObj", department_id, values)
    # An errorCode of 0 is no proof.
    return not differs(get("DepartmentObj", department_id), values)


def create(name: str, values: Row) -> str:
    """Make a record, return its _id. After a timeout look before you repeat."""
    record = {"dataObjectApiName": name, **values}
    made: str = post("create", {"data": {"object_data": record}})["dataId"]
    return made


def invalidate(name: str, record_id: str) -> None:
    """Make one record invalid."""
    data = {"dataObjectApiName": name, "object_data_id": record_id}
    post("invalid", {"data": data})


def recover(name: str, record_ids: Sequence[str]) -> None:
    """Make invalid records normal again."""
    data = {"dataObjectApiName": name, "idList": list(record_ids)}
    post("recover", {"data": data})


def delete(name: str, record_ids: Sequence[str]) -> None:
    """Delete invalid records."""
    data = {"dataObjectApiName": name, "idList": list(record_ids)}
    post("delete", {"data": data})


def change_owner(name: str, record_id: str, open_user_id: str) -> None:
    """Give a record to another employee. `Data` has a capital letter."""
    change = {"objectDataId": record_id, "ownerId": [open_user_id]}
    post("changeOwner", {"data": {"dataObjectApiName": name, "Data": [change]}})
