"""Read by mypy and pyright, never run: the public API as its users write it."""

import copy
import json
import pickle
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Literal

from pydantic import SecretStr
from typing_extensions import Unpack, assert_type

import shim
from shim import aio, set_member_status_batch
from shim.offline import Answer, Outcome
from shim.offline.answers import DepartmentListAnswer, EmployeePageAnswer
from shim.offline.shapes import Employee, ListedDepartment
from shim.settings.changes import RouteTable, SettingsChanges


def blocking(ids: list[str]) -> int:
    answer: Answer = set_member_status_batch("token", "FSCID", ids, 1, thirdTraceId="mine")
    again = shim.set_member_status_batch(
        corpAccessToken="token", corpId="FSCID", openUserIds=tuple(ids), status=2
    )
    outcome: Outcome = again.outcomes[0]
    plain: dict[str, object] = {**answer}
    assert outcome.state in {"changed", "unchanged", "failed"}
    return len(plain)


async def awaiting(ids: list[str]) -> str:
    answer = await aio.set_member_status_batch("token", "FSCID", ids, 1)
    outcome: Outcome = answer.outcomes[0]
    return outcome.open_user_id


def keys(answer: Answer) -> None:
    assert_type(answer["errorCode"], int)
    assert_type(answer["traceId"], str)
    assert_type(answer["errorMessage"], str)
    assert_type(answer["errorDescription"], str)
    assert_type(answer.get("errorCode"), int)
    assert_type(answer.get("errorCode", -1), int)
    assert_type(answer.get("errorMessage", ""), str)


def facts() -> None:
    listed = shim.get_department_list("t", "c")
    assert_type(listed["departments"], list[ListedDepartment])
    assert_type(listed.get("departments"), list[ListedDepartment] | None)
    assert_type(listed.get("departments", []), list[ListedDepartment])
    assert_type(listed["departments"][0]["parentId"], int)
    names: dict[int, str] = {one["id"]: one["name"] for one in listed["departments"]}
    assert_type(listed["errorCode"], int)
    assert_type(shim.query_employee_info_by_open_user_id("t", "c", "F")["isStop"], bool)
    page = shim.query_updated_employee_list_by_time_range("t", "c")
    assert_type(page["employees"], list[Employee])
    assert_type(page["employees"][0].get("mainDepartmentId"), int | None)
    record = shim.query_preset_object_details("t", "c", None, {})
    assert_type(record["data"], dict[str, Any])
    rows = shim.query_erp_object_list("t", "c", None, {})["data"]["dataList"]
    names[7] = rows[0]["name"]


async def awaited_facts() -> EmployeePageAnswer:
    listed: DepartmentListAnswer = await aio.get_department_list("t", "c")
    assert_type(listed["departments"], list[ListedDepartment])
    return await aio.query_updated_employee_list_by_time_range("t", "c")


def old_client(token: str) -> dict[str, Any]:
    return shim.set_member_status_batch(token, "FSCID", ["FSUID"], 1)


def takes_any_dict(
    one: dict[str, Any], two: Mapping[str, Any], three: MutableMapping[str, Any]
) -> None: ...


def takes_keywords(**others: object) -> None: ...


def a_dict_like_any_other(answer: Answer, listed: DepartmentListAnswer) -> None:
    takes_any_dict(answer, answer, answer)
    takes_any_dict(listed, listed, listed)
    takes_keywords(**answer)
    for key in answer:
        print(key.upper())
    for key, value in answer.items():
        print(key.upper(), value)
    plain: dict[str, Any] = dict(answer)
    plain = {**answer, "more": 1}
    plain = answer | {"more": 1}
    plain = {"more": 1} | answer
    plain.update(listed)
    plain = dict(answer, more=1)
    loose: Mapping[str, object] = answer
    print(answer == {"errorCode": 0}, loose, "errorCode" in answer, len(answer), sorted(answer))
    print(json.dumps(answer), pickle.dumps(answer), copy.copy(answer).outcomes, answer.copy())
    answer["more"] = 1
    match answer:
        case {"errorCode": 0, "errorMessage": str(text)}:
            print(text)
    calls: list[Callable[[str, str], dict[str, Any]]] = [shim.get_department_list]
    print(calls, [answer, listed][0]["errorCode"])


def settings(secret: str, more: list[RouteTable], **others: Unpack[SettingsChanges]) -> None:
    now: shim.Settings = shim.configure(
        base_url="https://open.fxiaoke.com",
        current_open_user_id="FSUID",
        app_id="FSAID",
        app_secret=secret,
        permanent_code=SecretStr(secret),
        mode="shadow",
        routes=[{"mode": "object", "percent": 10}, {"mode": "legacy", "functions": ["f"]}],
        status_values={"disabled": {"status": "1", "is_active": False}},
        triggers={"workflow": True},
        field_map={"account": "account__c"},
        look_through=("our_client",),
        timeout_seconds=5,
        quota_calls=0,
        redis_url=None,
        transport=object(),
        tenants={"FSCID": {"base_url": "https://open.fxiaoke.com", "app_secret": secret}},
        credentials=lambda corp_id: {"permanent_code": corp_id},
    )
    shim.configure(tenants=now.tenants, credentials=None)
    with shim.using(current_open_user_id="FSUID", concurrency=1) as inside:
        assert_type(inside, shim.Settings)
    shim.configure(routes=more)
    shim.configure(routes=(*now.routes, {"mode": "dry_run"}), status_values=now.status_values)
    shim.configure(**others)
    assert_type(now.timeout_seconds, float)
    assert_type(now.mode, Literal["object", "shadow", "dry_run", "legacy"])
    assert_type(now.current_open_user_id, str | None)


def every_function() -> list[Answer]:
    return [
        shim.set_member_status_batch("t", "c", ["FSUID"], 1, thirdTraceId="mine"),
        shim.set_member_status("t", "c", None, 2, "FSUID"),
        shim.update_member("t", "c", {"openUserId": "FSUID", "mainDepartmentId": 1001}),
        shim.query_employee_info_by_open_user_id("t", "c", "FSUID", True),
        shim.query_employee_by_mobile("t", "c", "13800000000"),
        shim.query_updated_employee_list_by_time_range("t", "c", 0, 1, pageSize=1000, pageNumber=2),
        shim.get_department_list("t", "c"),
        shim.get_department_details("t", "c", None, 1001),
        shim.update_department("t", "c", {"id": 1001, "parentId": 0}),
        shim.set_department_status("t", "c", 1001, 1),
        shim.create_preset_object("t", "c", None, {"object_data": {}}, triggerWorkFlow=False),
        shim.update_preset_object("t", "c", None, {"object_data": {}}, triggerWorkFlow=False),
        shim.query_preset_object_details("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        shim.query_preset_object_list("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        shim.invalidate_preset_object("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        shim.recover_preset_object("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        shim.delete_preset_object("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        shim.change_preset_object_owner("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        shim.create_erp_object("t", "c", None, {"object_data": {}}, triggerWorkFlow=False),
        shim.update_erp_object("t", "c", None, {"object_data": {}}, triggerWorkFlow=False),
        shim.query_erp_object_details("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        shim.query_erp_object_list("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        shim.invalidate_erp_object("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        shim.recover_erp_object("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        shim.delete_erp_object("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        shim.change_erp_object_owner("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
    ]


async def every_awaitable() -> list[Answer]:
    return [
        await aio.set_member_status_batch("t", "c", ["FSUID"], 1, thirdTraceId="mine"),
        await aio.set_member_status("t", "c", None, 2, "FSUID"),
        await aio.update_member("t", "c", {"openUserId": "FSUID", "mainDepartmentId": 1001}),
        await aio.query_employee_info_by_open_user_id("t", "c", "FSUID", True),
        await aio.query_employee_by_mobile("t", "c", "13800000000"),
        await aio.query_updated_employee_list_by_time_range(
            "t", "c", 0, 1, pageSize=1000, pageNumber=2
        ),
        await aio.get_department_list("t", "c"),
        await aio.get_department_details("t", "c", None, 1001),
        await aio.update_department("t", "c", {"id": 1001, "parentId": 0}),
        await aio.set_department_status("t", "c", 1001, 1),
        await aio.create_preset_object("t", "c", None, {"object_data": {}}, triggerWorkFlow=False),
        await aio.update_preset_object("t", "c", None, {"object_data": {}}, triggerWorkFlow=False),
        await aio.query_preset_object_details(
            "t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}
        ),
        await aio.query_preset_object_list("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        await aio.invalidate_preset_object("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        await aio.recover_preset_object("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        await aio.delete_preset_object("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        await aio.change_preset_object_owner(
            "t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}
        ),
        await aio.create_erp_object("t", "c", None, {"object_data": {}}, triggerWorkFlow=False),
        await aio.update_erp_object("t", "c", None, {"object_data": {}}, triggerWorkFlow=False),
        await aio.query_erp_object_details("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        await aio.query_erp_object_list("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        await aio.invalidate_erp_object("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        await aio.recover_erp_object("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        await aio.delete_erp_object("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
        await aio.change_erp_object_owner("t", "c", "FSUID", {"dataObjectApiName": "AccountObj"}),
    ]
