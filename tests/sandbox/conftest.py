"""A small client for the sandbox, written without the package under test's own client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.sandbox import Sandbox

OBJECT = "/cgi/crm/v2/data/"
FILTER = ("field_name", "operator", "field_values")


class Talker:
    """Makes calls, and returns the answers as they come."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.client = httpx.Client(transport=sandbox.transport(), base_url=sandbox.base_url)
        self.offline = {
            "corpAccessToken": sandbox.corp_access_token,
            "corpId": sandbox.corp_id,
        }
        self.object = {**self.offline, "currentOpenUserId": sandbox.current_open_user_id}

    def post(self, path: str, body: Any) -> Any:
        response = self.client.post(path, json=body)
        assert response.status_code == 200
        return response.json()

    def token(self, **changes: Any) -> Any:
        app = self.sandbox
        body = {
            "appId": app.app_id,
            "appSecret": app.app_secret,
            "permanentCode": app.permanent_code,
        }
        return self.post("/cgi/corpAccessToken/get/V2", {**body, **changes})

    def query(self, *filters: tuple[str, str, list[Any]], **search: Any) -> Any:
        named = [
            {"field_name": name, "operator": operator, "field_values": values}
            for name, operator, values in filters
        ]
        top = {key: search.pop(key) for key in ("convertUserId", "includeNull") if key in search}
        info = {"limit": 100, "offset": 0, "filters": named, **search}
        data = {"dataObjectApiName": "PersonnelObj", "search_query_info": info}
        return self.post(f"{OBJECT}query", {**self.object, **top, "data": data})

    def rows(self, *filters: tuple[str, str, list[Any]], **search: Any) -> list[Any]:
        answer = self.query(*filters, **search)
        assert answer["errorCode"] == 0, answer
        rows: list[Any] = answer["data"]["dataList"]
        return rows

    def record_id(self, open_user_id: str) -> str:
        (row,) = self.rows(("user_id", "EQ", [open_user_id]), convertUserId=True)
        return str(row["_id"])

    def get(self, record_id: Any, **top: Any) -> Any:
        data = {"dataObjectApiName": "PersonnelObj", "objectDataId": record_id}
        return self.post(f"{OBJECT}get", {**self.object, **top, "data": data})

    def update(self, record_id: Any, top: dict[str, Any] | None = None, **fields: Any) -> Any:
        sent = {"dataObjectApiName": "PersonnelObj", "_id": record_id, **fields}
        body = {**self.object, **(top or {}), "data": {"object_data": sent}}
        return self.post(f"{OBJECT}update", body)

    def flat(self, path: str, method: str = "POST", **sent: Any) -> Any:
        """Make an offline call: flat, without an acting user unless one is sent."""
        body = {**self.offline, **sent}
        return self.client.request(method, path, json=body).json()

    def data(self, verb: str, api_name: str | None, address: str = OBJECT, **sent: Any) -> Any:
        """Make a call of the object API on any object."""
        body = {**self.object, "data": {"dataObjectApiName": api_name, **sent}}
        return self.post(f"{address}{verb}", body)

    def edit(self, verb: str, api_name: str, address: str = OBJECT, **fields: Any) -> Any:
        """Update or create a record of any object."""
        sent = {"dataObjectApiName": api_name, **fields}
        body = {**self.object, "data": {"object_data": sent}}
        return self.post(f"{address}{verb}", body)

    def listed(self, api_name: str, *filters: tuple[str, str, list[Any]], **search: Any) -> Any:
        """Return the rows of any object."""
        named = [dict(zip(FILTER, each, strict=True)) for each in filters]
        info = {"limit": 100, "filters": named, **search}
        answer = self.data("query", api_name, search_query_info=info)
        assert answer["errorCode"] == 0, answer
        return answer["data"]["dataList"]

    def batch(self, ids: Any, status: Any, path: str = "/cgi/user/batchSetStatus") -> Any:
        return self.post(path, {**self.offline, "openUserIds": ids, "status": status})


@pytest.fixture(scope="session")
def talk() -> Callable[[Sandbox], Talker]:
    """Return a function that makes a client of a sandbox."""
    return Talker


class Time:
    """A clock that moves by ``pass_`` only."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> Time:
    """Give a clock that stands still."""
    return Time()
