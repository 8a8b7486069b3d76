"""Read by mypy and pyright, never run: the public API as its users write it."""

import shim
from shim import aio, set_member_status_batch
from shim.offline import Answer, Outcome


def blocking(ids: list[str]) -> int:
    answer: Answer = set_member_status_batch("token", "FSCID", ids, 1, thirdTraceId="mine")
    again = shim.set_member_status_batch(
        corpAccessToken="token", corpId="FSCID", openUserIds=tuple(ids), status=2
    )
    outcome: Outcome = again.outcomes[0]
    plain: dict[str, object] = {**answer}
    assert outcome.state in {"changed", "unchanged", "failed"}
    return len(plain)


async def awaiting(ids: list[str]) -> str:
    answer = await aio.set_member_status_batch("token", "FSCID", ids, 1)
    outcome: Outcome = answer.outcomes[0]
    return outcome.open_user_id
