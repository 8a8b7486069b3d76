"""Read by mypy and pyright, never run: each line marked D must be struck through by both."""

import shim
from shim import set_member_status_batch  # D
from shim.aio import set_member_status_batch as awaitable  # D

blocking = shim.set_member_status_batch  # D
awaiting = shim.aio.set_member_status_batch  # D
