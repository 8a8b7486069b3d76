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
