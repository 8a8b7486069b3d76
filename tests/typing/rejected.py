"""Read by mypy and pyright, never run: each line marked E must be an error for both."""

import shim
from shim import aio, set_member_status_batch


def blocking() -> None:
    set_member_status_batch("token", "FSCID", ["FSUID"], "disabled")  # E
    set_member_status_batch(7, "FSCID", ["FSUID"], 1)  # E
    set_member_status_batch("token", "FSCID", [1000], 1)  # E
    set_member_status_batch("token", "FSCID", ["FSUID"])  # E
    set_member_status_batch("token", "FSCID", ["FSUID"], 1, "mine")  # E
    shim.set_member_status_batch("token", "FSCID", ["FSUID"], 1).outcome  # E


async def awaiting() -> None:
    await aio.set_member_status_batch("token", "FSCID", ["FSUID"], "disabled")  # E
    aio.set_member_status_batch("token", "FSCID", ["FSUID"], 1).outcomes  # E


def keys(answer: shim.Answer) -> None:
    answer["errorKode"]  # E
    answer["departments"]  # E
    answer.get("errorKode")  # E
    answer.get("errorKode", 0)  # E
    answer["errorCode"].strip()  # E
    answer["traceId"] + 1  # E
    answer.get("errorCode") + ""  # E
    set_member_status_batch("t", "c", ["FSUID"], 1)["departments"]  # E
    shim.get_department_list("t", "c")["department"]  # E
    shim.get_department_list("t", "c").get("department")  # E
    shim.get_department_list("t", "c")["departments"][0]["nam"]  # E
    shim.get_department_list("t", "c")["departments"].get("name")  # E


async def awaited_keys() -> None:
    (await aio.set_member_status_batch("t", "c", ["FSUID"], 1))["departments"]  # E
    (await aio.get_department_list("t", "c"))["department"]  # E


def settings(now: shim.Settings) -> None:
    shim.configure(base_ulr="https://open.fxiaoke.com")  # E
    shim.configure("https://open.fxiaoke.com")  # E
    shim.configure(base_url=7)  # E
    shim.configure(mode="shadwo")  # E
    shim.configure(timeout_seconds="30")  # E
    shim.configure(notices=True)  # E
    shim.configure(look_through="our_client")  # E
    shim.configure(app_secret=b"secret")  # E
    shim.configure(routes=[{"mode": "object", "percent": "10"}])  # E
    shim.configure(routes=[{"mode": "object", "percnet": 10}])  # E
    shim.configure(routes=[{"percent": 10}])  # E
    shim.configure(routes={"mode": "object"})  # E
    shim.configure(status_values={"disable": {"status": "1"}})  # E
    shim.configure(triggers={"workflow": "on"})  # E
    shim.configure(field_map={"account": 1})  # E
    shim.configure().timeout  # E
    shim.configure(tenants={"FSCID": {"base_ulr": "https://open.fxiaoke.com"}})  # E
    shim.configure(tenants={"FSCID": {"mode": "legacy"}})  # E
    shim.configure(credentials=lambda: None)  # E
    shim.using(concurrency="1")  # E
    now.routes[0].percnet  # E
    shim.Setings  # E
    shim.set_member_status_bach  # E


def every_function() -> None:
    shim.set_member_status_batch("t", "c", [1000], 1)  # E
    shim.set_member_status("t", "c", None, "disabled")  # E
    shim.update_member("t", "c", {"openUserId": "FSUID", "mainDepartmentId": "1001"})  # E
    shim.query_employee_info_by_open_user_id("t", "c", 1000)  # E
    shim.query_employee_by_mobile("t", "c", 13800000000)  # E
    shim.query_updated_employee_list_by_time_range("t", "c", "yesterday")  # E
    shim.get_department_list("t", "c", 7)  # E
    shim.get_department_details("t", "c", None, "1001")  # E
    shim.update_department("t", "c", {"parentId": 0})  # E
    shim.set_department_status("t", "c", 1001, None)  # E
    shim.create_preset_object("t", "c", None, ["not an object"])  # E
    shim.update_preset_object("t", "c", None, ["not an object"])  # E
    shim.query_preset_object_details("t", "c", None, ["not an object"])  # E
    shim.query_preset_object_list("t", "c", None, ["not an object"])  # E
    shim.invalidate_preset_object("t", "c", None, ["not an object"])  # E
    shim.recover_preset_object("t", "c", None, ["not an object"])  # E
    shim.delete_preset_object("t", "c", None, ["not an object"])  # E
    shim.change_preset_object_owner("t", "c", None, ["not an object"])  # E
    shim.create_erp_object("t", "c", None, ["not an object"])  # E
    shim.update_erp_object("t", "c", None, ["not an object"])  # E
    shim.query_erp_object_details("t", "c", None, ["not an object"])  # E
    shim.query_erp_object_list("t", "c", None, ["not an object"])  # E
    shim.invalidate_erp_object("t", "c", None, ["not an object"])  # E
    shim.recover_erp_object("t", "c", None, ["not an object"])  # E
    shim.delete_erp_object("t", "c", None, ["not an object"])  # E
    shim.change_erp_object_owner("t", "c", None, ["not an object"])  # E


async def every_awaitable() -> None:
    await aio.set_member_status_batch("t", "c", [1000], 1)  # E
    await aio.set_member_status("t", "c", None, "disabled")  # E
    await aio.update_member("t", "c", {"openUserId": "FSUID", "mainDepartmentId": "1001"})  # E
    await aio.query_employee_info_by_open_user_id("t", "c", 1000)  # E
    await aio.query_employee_by_mobile("t", "c", 13800000000)  # E
    await aio.query_updated_employee_list_by_time_range("t", "c", "yesterday")  # E
    await aio.get_department_list("t", "c", 7)  # E
    await aio.get_department_details("t", "c", None, "1001")  # E
    await aio.update_department("t", "c", {"parentId": 0})  # E
    await aio.set_department_status("t", "c", 1001, None)  # E
    await aio.create_preset_object("t", "c", None, ["not an object"])  # E
    await aio.update_preset_object("t", "c", None, ["not an object"])  # E
    await aio.query_preset_object_details("t", "c", None, ["not an object"])  # E
    await aio.query_preset_object_list("t", "c", None, ["not an object"])  # E
    await aio.invalidate_preset_object("t", "c", None, ["not an object"])  # E
    await aio.recover_preset_object("t", "c", None, ["not an object"])  # E
    await aio.delete_preset_object("t", "c", None, ["not an object"])  # E
    await aio.change_preset_object_owner("t", "c", None, ["not an object"])  # E
    await aio.create_erp_object("t", "c", None, ["not an object"])  # E
    await aio.update_erp_object("t", "c", None, ["not an object"])  # E
    await aio.query_erp_object_details("t", "c", None, ["not an object"])  # E
    await aio.query_erp_object_list("t", "c", None, ["not an object"])  # E
    await aio.invalidate_erp_object("t", "c", None, ["not an object"])  # E
    await aio.recover_erp_object("t", "c", None, ["not an object"])  # E
    await aio.delete_erp_object("t", "c", None, ["not an object"])  # E
    await aio.change_erp_object_owner("t", "c", None, ["not an object"])  # E
