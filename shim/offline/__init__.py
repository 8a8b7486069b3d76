"""The deprecated API: one declaration for each call that Fxiaoke's offline menu has.

Importing this package fills `ENDPOINTS`. It performs no I/O; `shim._call` makes the calls.
"""

# Importing a module of declarations is what puts them into ENDPOINTS.
from shim._endpoint import ENDPOINTS, Endpoint
from shim.offline import departments, employees, members, records
from shim.offline.answer import Answer, Outcome, PlannedWrite

__all__ = [
    "ENDPOINTS",
    "Answer",
    "Endpoint",
    "Outcome",
    "PlannedWrite",
    "departments",
    "employees",
    "members",
    "records",
]
