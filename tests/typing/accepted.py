"""Read by mypy and pyright, never run: the public API as its users write it."""

import shim
from shim import aio, set_member_status_batch
from shim.offline import Answer, Outcome


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
