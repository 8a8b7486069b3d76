"""Facts of the offline API that have no known field in the object API: never silently lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shim.objectapi.codes import Code
from shim.offline.checks import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shim.settings.model import Settings

UNMAPPED = frozenset(
    {
        "account",
        "qq",
        "weixin",
        "attachingDepartmentIds",
        "hireDate",
        "birthDate",
        "startWorkDate",
        "department.order",
    }
)
"""Grade U: no source names a PersonnelObj or DepartmentObj field for any of these."""


def split(settings: Settings, given: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what can be passed on, and the names of what is dropped.

    Raises:
        Refused: Something has no field, and is not to be dropped.
    """
    lost = tuple(name for name in given if name in UNMAPPED and name not in settings.field_map)
    if lost and settings.on_unmapped == "refuse":
        raise Refused(
            Code.BAD_PARAMETER,
            f"no object field is known for {', '.join(lost)}: name yours in the setting field_map "
            '({"offline name": "field"}), or set on_unmapped = "drop" to do without',
        )
    return {name: value for name, value in given.items() if name not in lost}, lost
