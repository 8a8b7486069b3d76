"""The same service after its three call sites were rewritten by hand: the object API, no shim."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

PERSON, DEPARTMENT = "PersonnelObj", "DepartmentObj"


class ObjectAPI:
    """The two calls of the object API that the service needs."""

    def __init__(self, client: httpx.Client, token: str, corp_id: str, acting: str) -> None:
        """Take the credentials of one tenant, and in whose name to act."""
        self._client = client
        self._credentials = {
            "corpAccessToken": token,
            "corpId": corp_id,
            "currentOpenUserId": acting,
        }

    def _post(self, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._client.post(
            f"/cgi/crm/v2/data/{verb}",
            params={"thirdTraceId": str(uuid.uuid4())},
            json={**self._credentials, "convertUserId": True, **body},
        ).json()
        if answer["errorCode"] != 0:
            msg = f"errorCode {answer['errorCode']}, traceId {answer['traceId']}"
            raise RuntimeError(msg)
        result: dict[str, Any] = answer
        return result

    def find(self, name: str, filters: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return up to 100 records."""
        search = {
            "limit": 100,
            "offset": 0,
            "filters": filters,
            "orders": [{"fieldName": "_id", "isAsc": True}],
        }
        data = {"dataObjectApiName": name, "search_query_info": search}
        rows: list[dict[str, Any]] = self._post("query", {"data": data})["data"]["dataList"]
        return rows

    def people(self, open_user_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return the records of up to 100 people; who is hidden has none."""
        by_user = {
            "field_name": "user_id",
            "operator": "IN",
            "field_values": list(open_user_ids),
        }
        return self.find(PERSON, [by_user])

    def update(self, record_id: str, **values: str) -> None:
        """Change some fields of a person, without starting workflows or approvals."""
        record = {"dataObjectApiName": PERSON, "_id": record_id, **values}
        self._post(
            "update",
            {
                "triggerWorkFlow": False,
                "triggerApprovalFlow": False,
                "data": {"object_data": record},
            },
        )


def disable_leavers(api: ObjectAPI, open_user_ids: Sequence[str]) -> bool:
    """Disable the accounts of leavers; true once all of them are seen to be disabled."""
    for person in api.people(open_user_ids):
        if person["status"] != "1":
            api.update(person["_id"], status="1")
    seen = {one["user_id"] for one in api.people(open_user_ids) if one["status"] == "1"}
    return seen == set(open_user_ids)


def promote(api: ObjectAPI, open_user_id: str, position: str) -> bool:
    """Give somebody a new position."""
    people = api.people([open_user_id])
    for person in people:
        api.update(person["_id"], position=position)
    return bool(people)


def departments(api: ObjectAPI) -> dict[int, str]:
    """Return the names of all departments, of which there are fewer than 100."""
    return {int(one["_id"]): one["name"] for one in api.find(DEPARTMENT, [])}
