"""What the hand-written programs send, and in which order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from benchmarks.contenders import see

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from benchmarks.contenders import Task

QUERY, UPDATE = "/cgi/crm/v2/data/query", "/cgi/crm/v2/data/update"
#: The object API's names for the states 1 and 2.
STATUS = {1: "1", 2: "0"}
_IDS_PER_QUERY = 100


def look_up(task: Task, ids: Sequence[str]) -> dict[str, Any]:
    """Return the body that asks for the rows of up to 100 members."""
    return {
        **task.tenant.credentials,
        "convertUserId": True,
        "data": {
            "dataObjectApiName": "PersonnelObj",
            "find_explicit_total_num": False,
            "search_query_info": {
                "limit": _IDS_PER_QUERY,
                "offset": 0,
                "filters": [{"field_name": "user_id", "operator": "IN", "field_values": ids}],
                "orders": [{"fieldName": "_id", "isAsc": True}],
                "fieldProjection": ["_id", "user_id", "status"],
            },
        },
    }


def update(task: Task, row: dict[str, Any]) -> dict[str, Any]:
    """Return the body that brings one member to the state."""
    return {
        **task.tenant.credentials,
        "triggerWorkFlow": False,
        "triggerApprovalFlow": False,
        "data": {
            "object_data": {
                "dataObjectApiName": "PersonnelObj",
                "_id": row["_id"],
                "status": STATUS[task.status],
            }
        },
    }


def rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a look-up's answer."""
    see(right=answer["errorCode"] == 0)
    found: list[dict[str, Any]] = answer["data"]["dataList"]
    return found


async def in_phases(
    task: Task, post: Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
) -> None:
    """Look all up, update all, read all back, with `at_once` calls under way in each phase.

    Args:
        task: What is to be done.
        post: Posts a body to a path and returns the answer.
    """
    free = asyncio.Semaphore(task.at_once)

    async def call(path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with free:
            return await post(path, body)

    async def look() -> list[dict[str, Any]]:
        chunks = (
            task.ids[start : start + _IDS_PER_QUERY]
            for start in range(0, len(task.ids), _IDS_PER_QUERY)
        )
        answers = await asyncio.gather(*(call(QUERY, look_up(task, ids)) for ids in chunks))
        return [row for answer in answers for row in rows(answer)]

    wanted = STATUS[task.status]
    different = [row for row in await look() if row["status"] != wanted]
    answers = await asyncio.gather(*(call(UPDATE, update(task, row)) for row in different))
    see(right=all(answer["errorCode"] == 0 for answer in answers))
    see(right=[row["status"] for row in await look()] == [wanted] * len(task.ids))
