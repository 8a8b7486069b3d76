"""Fxiaoke's deprecated offline API, called as ever and answered through the object API.

    from shim import set_member_status_batch

    answer = set_member_status_batch(corpAccessToken, corpId, openUserIds, status)

Every function takes the documented parameters and returns the documented dict; `shim.aio` has
the same functions to await. `shim.configure(...)` sets who acts and how calls are made.

PYTEST_DONT_REWRITE: with that word pytest accepts that a program imports this before it starts
pytest, which otherwise warns; this package brings a plugin.
"""

from typing import TYPE_CHECKING

from shim import aio, notices, settings
from shim.bulk import set_member_status_many
from shim.notices import (
    NoticeHook,
    NoticeHookFactory,
    OfflineAPIDeprecationWarning,
    get_notice_hooks,
    set_notice_hooks,
)
from shim.offline import Answer, Outcome, PlannedWrite
from shim.offline.departments import (
    get_department_details,
    get_department_list,
    set_department_status,
    update_department,
)
from shim.offline.employees import (
    query_employee_by_mobile,
    query_employee_info_by_open_user_id,
    query_updated_employee_list_by_time_range,
)
from shim.offline.erp_objects import (
    change_erp_object_owner,
    create_erp_object,
    delete_erp_object,
    invalidate_erp_object,
    query_erp_object_details,
    query_erp_object_list,
    recover_erp_object,
    update_erp_object,
)
from shim.offline.members import (
    set_member_status,
    set_member_status_batch,
    update_member,
)
from shim.offline.preset_objects import (
    change_preset_object_owner,
    create_preset_object,
    delete_preset_object,
    invalidate_preset_object,
    query_preset_object_details,
    query_preset_object_list,
    recover_preset_object,
    update_preset_object,
)
from shim.settings import ConfigurationError, configure

__version__ = "0.1.0"
"""The version; pyproject.toml reads it here."""

if TYPE_CHECKING:
    from shim.settings.model import Settings
else:
    # Hidden from checkers: they accept any name of a module that has this function.
    def __getattr__(name: str) -> object:
        """Return `Settings`, which needs pydantic: import it when it is used."""
        if name != "Settings":
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        from shim.settings.model import Settings  # noqa: PLC0415

        return Settings


def _is_ignored() -> bool:
    return bool(settings.foreseen("notices") == "ignore")


# When all the rest is there, for handlers of logging may run any code.
notices.begin(__version__, _is_ignored)

__all__ = [
    "Answer",
    "ConfigurationError",
    "NoticeHook",
    "NoticeHookFactory",
    "OfflineAPIDeprecationWarning",
    "Outcome",
    "PlannedWrite",
    "Settings",
    "aio",
    "change_erp_object_owner",
    "change_preset_object_owner",
    "configure",
    "create_erp_object",
    "create_preset_object",
    "delete_erp_object",
    "delete_preset_object",
    "get_department_details",
    "get_department_list",
    "get_notice_hooks",
    "invalidate_erp_object",
    "invalidate_preset_object",
    "query_employee_by_mobile",
    "query_employee_info_by_open_user_id",
    "query_erp_object_details",
    "query_erp_object_list",
    "query_preset_object_details",
    "query_preset_object_list",
    "query_updated_employee_list_by_time_range",
    "recover_erp_object",
    "recover_preset_object",
    "set_department_status",
    "set_member_status",
    "set_member_status_batch",
    "set_member_status_many",
    "set_notice_hooks",
    "update_department",
    "update_erp_object",
    "update_member",
    "update_preset_object",
]
