"""The six tenants the sandbox can be.

The public sources disagree about what a real tenant does (``contract.md`` section 4),
so each profile is one of the possible truths, and a client has to be right on all of them.
What is said of members is true of departments as well. Generic objects have no read permission,
no locks, and keep every write, since the doubts are about what the organisation keeps; but
``lagging`` and the limits of ``strict`` are theirs, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

ProfileName = Literal["fsuid", "employee_id", "hidden", "read_only", "strict", "lagging"]


@dataclass(frozen=True)
class Profile:
    """How one kind of tenant behaves.

    Attributes:
        converts_user_id: What ``convertUserId`` is when a call does not send it. True: ``user_id``
            is the FSUID. False: it is the employee number.
        numbers_as_ids: ``_id`` is the employee number instead of 24 hexadecimal digits.
        hidden_share: The share of members, and of departments, without read permission: no row,
            ``errorCode`` 0.
        locked_share: The share of members, and of departments, whose record is locked.
        locked_code: What an object update of a locked record answers (grade C: 50009, which on a
            write means that its outcome is unknown). Nothing is written.
        keeps_writes: False: an object update answers 0 and changes nothing.
        lags: ``query`` reads an index that is ``lag_seconds`` behind; ``get`` does not.
        counts_total: ``total`` of a query is the number of all rows that match. False: it counts as
            far as the page goes, so a client that pages by it stops early.
        presets_at_custom: The address of custom objects serves preset objects as well (U).
        checks_headers: ``x-fs-ea`` has to be the tenant's, and ``x-fs-userid`` an employee id, as
            the vendor's page says (A). False: any ``x-fs-ea`` will do, and an
            openUserId as well. What the vendor does with those is unknown (U), and public clients
            send them.
        names_unknown: ``get`` of an unknown ``_id`` is the error 30027 instead of empty data.
        token_calls: The calls each token lives for. None: as many as it likes in 7200 s.
        quota_calls: The calls a path takes in ``quota_seconds`` when the caller has not said.
            0: any number.
    """

    converts_user_id: bool = True
    numbers_as_ids: bool = False
    hidden_share: float = 0.0
    locked_share: float = 0.0
    locked_code: int = 50009
    keeps_writes: bool = True
    lags: bool = False
    counts_total: bool = True
    presets_at_custom: bool = True
    checks_headers: bool = False
    names_unknown: bool = False
    token_calls: int | None = None
    quota_calls: int = 0


#: ``fsuid``: ``user_id`` is the FSUID, ``_id`` 24 hexadecimal digits, a write is there at once.
#: ``convertUserId: false`` turns ``user_id`` into the employee number (grade B).
FSUID: Final = Profile()

#: ``employee_id``: ``user_id`` is a number such as "1001" and a filter on it wants that number,
#: unless the call sends ``convertUserId: true``; then both are the FSUID.
#: ``_id`` is the number either way (grade B: one real answer of 2020).
EMPLOYEE_ID: Final = Profile(converts_user_id=False, numbers_as_ids=True)

#: ``hidden``: one member in five (or ``hidden=``), at least one, has no row in ``query`` and empty
#: data in ``get``, with ``errorCode`` 0 (grade A). Updating one answers 20014, a department 20023
#: (grade C: no page says). The offline API neither knows nor respects this permission.
HIDDEN: Final = Profile(hidden_share=0.2)

#: ``read_only``: an object update of a good record answers 0 with its ``dataId`` and changes
#: nothing at all, version and time included (grade U: the write doubt of ``contract.md``).
#: The offline API still writes.
READ_ONLY: Final = Profile(keeps_writes=False)

#: ``strict``: one record in ten, at least one, is locked: an object update of it answers 50009.
#: ``get`` of an unknown record answers 30027, of a department 30007. Preset objects other than
#: ``PersonnelObj`` have no second address, and headers have to be exact. A token lives for 60 calls
#: (``token_calls=``), then 20016. 100 calls in 20 s on each path, unless ``quota_calls=`` says
#: otherwise. The offline API meets the token and the quota, and not the lock (grade C).
STRICT: Final = Profile(
    locked_share=0.1,
    presets_at_custom=False,
    checks_headers=True,
    names_unknown=True,
    token_calls=60,
    quota_calls=100,
)

#: ``lagging``: ``query`` shows a write, in its filters and in its rows, ``lag_seconds`` later;
#: ``get`` at once (grade A that lists come from an index, C for the OpenAPI). An offline write lags
#: alike. ``total`` is not to be trusted (grade B: it was seen wrong on some pages).
LAGGING: Final = Profile(lags=True, counts_total=False)

PROFILES: Final[dict[str, Profile]] = {
    "fsuid": FSUID,
    "employee_id": EMPLOYEE_ID,
    "hidden": HIDDEN,
    "read_only": READ_ONLY,
    "strict": STRICT,
    "lagging": LAGGING,
}
