"""The offline calls to await: `answer = await shim.aio.set_member_status_batch(...)`.

Same names, parameters and answers as in `shim`. Type checkers read `aio.pyi`, which is derived
from the declarations by `make stubs`.
"""

from shim.bulk import aset_member_status_many
from shim.offline import ENDPOINTS

__all__ = sorted([*ENDPOINTS, "set_member_status_many"])  # noqa: PLE0605  # pyright: ignore[reportUnsupportedDunderAll] - derived, not a second list.

set_member_status_many = aset_member_status_many
for _name, _endpoint in ENDPOINTS.items():
    # PEP 702's mark is set on the blocking function, outside its declaration.
    _endpoint.awaitable.__deprecated__ = _endpoint.function.__deprecated__  # type: ignore[attr-defined]
    globals()[_name] = _endpoint.awaitable
