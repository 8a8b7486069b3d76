"""Read by mypy and pyright, never run: a user's program, with the package as users install it.

Both checkers are at their strictest; each line marked E must be an error for both.
"""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from typing_extensions import Unpack

import shim
import shim.testing
from shim import aio
from shim.notices import NoticeEvent, OfflineAPICalled
from shim.offline.answers import DepartmentListAnswer
from shim.sandbox import Sandbox
from shim.settings.changes import SettingsChanges

app = FastAPI()


class Report(BaseModel):
    answer: shim.Answer
    departments: DepartmentListAnswer | None = None


def configured(**changes: Unpack[SettingsChanges]) -> shim.Settings:
    return shim.configure(**changes)


OLD_CALLS: dict[str, Callable[..., dict[str, Any]]] = {
    "/cgi/user/batchSetStatus": shim.set_member_status_batch,
    "/cgi/department/list": shim.get_department_list,
}


def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    return OLD_CALLS[path](**body)


def disable(token: str, ids: list[str]) -> list[str]:
    answer = shim.set_member_status_batch(token, "FSCID", ids, 1)
    if answer["errorCode"] != 0:
        raise RuntimeError(answer["errorMessage"])
    return [one.open_user_id for one in answer.outcomes if one.state == "changed"]


@app.get("/departments")
async def departments(token: str) -> DepartmentListAnswer:
    return await aio.get_department_list(token, "FSCID")


@app.get("/names")
def names(token: str) -> list[str]:
    listed = shim.get_department_list(token, "FSCID")
    return [one["name"] for one in listed.get("departments", [])]


@app.post("/report")
def report(told: Report) -> shim.Answer:
    print(told.answer.api_calls, told.answer.plan, told.answer.dropped)
    return told.answer


def many(ids: list[str]) -> int:
    run = shim.set_member_status_many(ids, 1)
    return sum(outcome.state == "failed" for outcome in run)


def heard(event: object) -> None:
    print(event)


def mistaken() -> None:
    configured(base_ulr="https://open.fxiaoke.com")  # E
    shim.get_department_list("t", "c")["department"]  # E
    shim.set_member_status_batch("t", "c", ["FSUID"], "1")  # E


def tried() -> None:
    tenant = Sandbox(5)
    configured(transport=tenant.transport(), base_url=tenant.base_url, notices="log")
    shim.set_notice_hooks([heard])


def tested() -> tuple[list[OfflineAPICalled], list[NoticeEvent]]:
    kinds = shim.testing.sandbox(members=3, profile="hidden", seed=1, hidden=0.5)
    with kinds as tenant, shim.testing.recorded() as events:
        disable(tenant.corp_access_token, tenant.open_user_ids)
    shim.testing.reset()
    return events.of(OfflineAPICalled), events.of("shim.offline_call_finished")


def tested_wrongly() -> None:
    shim.testing.sandbox(member=3)  # E
    shim.testing.sandbox(profile="mild")  # E
    shim.testing.sandbox(hidden="all", seed="1")  # E
