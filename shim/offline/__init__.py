"""The deprecated API: one declaration for each call that Fxiaoke's offline menu has."""

# Importing a module of declarations is what puts them into ENDPOINTS.
from shim.changes.outcome import Outcome
from shim.modes.dry_run import PlannedWrite
from shim.offline import departments, employees, erp_objects, members, preset_objects
from shim.offline.answer import Answer
from shim.offline.declare import ENDPOINTS, Endpoint

__all__ = [
    "ENDPOINTS",
    "Answer",
    "Endpoint",
    "Outcome",
    "PlannedWrite",
    "departments",
    "employees",
    "erp_objects",
    "members",
    "preset_objects",
]
