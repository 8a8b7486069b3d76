"""The stream as a function, blocking and awaiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.bulk.run import AsyncOutcomes, AsyncRun, Run
from shim.settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Generator, Iterable

    from shim.offline.answer import Outcome


def set_member_status_many(
    open_user_ids: Iterable[str],
    status: int,
    *,
    corp_access_token: str | None = None,
    corp_id: str | None = None,
    dry_run: bool = False,
) -> Generator[Outcome, None, None]:
    """Disable or enable any number of members, and yield what became of each as it ends.

    Reads the ids as they are needed and forgets them when their outcome has been taken, so memory
    does not grow with their number. One look-up and one read-back for each 100, one update for each
    member that differs, none for those already there: the same run again, after a crash say, just
    finishes the job. Work goes on while outcomes are taken; leaving the loop, or closing the
    iterator, ends it.

    Args:
        open_user_ids: Members, FSUID_…, in any iterable, a generator for instance. A duplicate gets
            an outcome of its own; one that is far from its twin costs a second look-up.
        status: 1 disables, 2 enables, as in the old call.
        corp_access_token: Enterprise access token; None takes the setting's, or fetches one with
            the app credentials.
        corp_id: Company account, FSCID_…; None takes the setting's.
        dry_run: Look up only; who would be written comes with the state `planned`. The same where
            the setting `mode`, or a route for `set_member_status_many`, says so.

    Returns:
        An iterator of outcomes, one for each id read, in the order in which they end. What the
        iterable raises is raised when those read before it have ended.

    Raises:
        ValueError: `status` is neither 1 nor 2.
        ConfigurationError: A token, a corpId or an acting employee is missing.

    Source: developer.fxiaoke.com/openapi_v2, Object API, modify personnel object.
    """
    try:
        run = Run(
            open_user_ids,
            status,
            corp_access_token=corp_access_token,
            corp_id=corp_id,
            dry_run=dry_run,
        )
    except ConfigurationError as error:
        # The text says it all; where in here it was found says nothing to the caller.
        raise error.with_traceback(None) from None
    return iter(run)


def aset_member_status_many(
    open_user_ids: Iterable[str] | AsyncIterable[str],
    status: int,
    *,
    corp_access_token: str | None = None,
    corp_id: str | None = None,
    dry_run: bool = False,
) -> AsyncOutcomes:
    """Disable or enable any number of members: `shim.set_member_status_many` for event loops.

    Args:
        open_user_ids: Members, FSUID_…, in any iterable or asynchronous iterable.
        status: 1 disables, 2 enables, as in the old call.
        corp_access_token: Enterprise access token; None takes the setting's, or fetches one with
            the app credentials.
        corp_id: Company account, FSCID_…; None takes the setting's.
        dry_run: Look up only; who would be written comes with the state `planned`. The same where
            the setting `mode`, or a route for `set_member_status_many`, says so.

    Returns:
        An asynchronous iterator of outcomes, one for each id read, in the order in which they end.
        What the iterable raises is raised when those read before it have ended. Leaving the loop
        gives up what is under way; `await outcomes.aclose()`, or `contextlib.aclosing`, also waits
        until that has ended.

    Raises:
        ValueError: `status` is neither 1 nor 2.
        ConfigurationError: A token, a corpId or an acting employee is missing.

    Source: developer.fxiaoke.com/openapi_v2, Object API, modify personnel object.
    """
    try:
        run = AsyncRun(
            open_user_ids,
            status,
            corp_access_token=corp_access_token,
            corp_id=corp_id,
            dry_run=dry_run,
        )
    except ConfigurationError as error:
        raise error.with_traceback(None) from None
    return aiter(run)
