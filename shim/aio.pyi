# The offline calls to await; derived from the declarations by `make derived`.
# ruff: noqa: N803
from collections.abc import Sequence

from typing_extensions import deprecated

from shim.offline import Answer

@deprecated(
    "FXO001: the offline API is no longer maintained; update PersonnelObj through the"
    " object API instead (MIGRATION.md#fxo001)"
)
async def set_member_status_batch(
    corpAccessToken: str,
    corpId: str,
    openUserIds: Sequence[str],
    status: int,
    *,
    thirdTraceId: str | None = ...,
) -> Answer: ...
