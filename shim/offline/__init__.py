"""The deprecated API: one declaration for each call that Fxiaoke's offline menu has."""

from shim.offline.answer import Answer, Outcome
from shim.offline.declare import ENDPOINTS, Endpoint
from shim.offline.members import set_member_status_batch

__all__ = ["ENDPOINTS", "Answer", "Endpoint", "Outcome", "set_member_status_batch"]
