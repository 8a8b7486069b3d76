"""A service that keeps a company's people in order at Fxiaoke, as it was written years ago.

It has three call sites of the offline API, and one import line that has been changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import shim as fxiaoke  # Was: import our_fxiaoke as fxiaoke

if TYPE_CHECKING:
    from collections.abc import Sequence

DISABLED = 1


def disable_leavers(token: str, corp_id: str, open_user_ids: Sequence[str]) -> bool:
    """Disable the accounts of leavers."""
    answer = fxiaoke.set_member_status_batch(token, corp_id, open_user_ids, DISABLED)
    return bool(answer["errorCode"] == 0)


class Directory:
    """What the company's directory says of its people, and Fxiaoke is to say as well."""

    def __init__(self, token: str, corp_id: str) -> None:
        """Take the credentials of one tenant."""
        self._credentials = token, corp_id

    def promote(self, open_user_id: str, position: str) -> bool:
        """Give somebody a new position."""
        answer = fxiaoke.update_member(
            *self._credentials, {"openUserId": open_user_id, "position": position}
        )
        return bool(answer["errorCode"] == 0)

    def departments(self) -> dict[int, str]:
        """Return the names of all departments."""
        answer = fxiaoke.get_department_list(*self._credentials)
        return {one["id"]: one["name"] for one in answer["departments"]}
