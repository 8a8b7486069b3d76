"""What a sandbox lets its owner see: credentials, people, departments, records, updates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading

    from shim.sandbox.clock import Clock
    from shim.sandbox.exchange import Exchange
    from shim.sandbox.tenant import Tenant, Update


class View:
    """The accessors of ``Sandbox``. The state they give is the true one."""

    _clock: Clock
    _exchange: Exchange
    _lock: threading.Lock

    @property
    def _tenant(self) -> Tenant:
        return self._exchange.tenant

    @property
    def corp_access_token(self) -> str:
        """The token given last; the one it starts with, until somebody asks for another."""
        return self._tenant.tokens.newest

    @property
    def corp_id(self) -> str:
        """``FSCID_…``."""
        return self._tenant.corp_id

    @property
    def ea(self) -> str:
        """The tenant's id for the header ``x-fs-ea``."""
        return self._tenant.ea

    @property
    def current_open_user_id(self) -> str:
        """The administrator, ``FSUID_…``: may act, is not a member, has no row."""
        return self._tenant.administrator

    @property
    def app_id(self) -> str:
        """What the token interface wants as ``appId``."""
        return self._tenant.app_id

    @property
    def app_secret(self) -> str:
        """What the token interface wants as ``appSecret``."""
        return self._tenant.app_secret

    @property
    def permanent_code(self) -> str:
        """What the token interface wants as ``permanentCode``."""
        return self._tenant.permanent_code

    @property
    def open_user_ids(self) -> list[str]:
        """Every member's ``FSUID_…``, always in the same order."""
        return list(self._tenant.people.by_open_user_id)

    @property
    def hidden(self) -> frozenset[str]:
        """The openUserIds of members without a row."""
        return self._tenant.people.hidden

    @property
    def locked(self) -> frozenset[str]:
        """The openUserIds of members whose record is locked."""
        return self._tenant.people.locked

    @property
    def hidden_departments(self) -> frozenset[int]:
        """The ids of departments without a row."""
        return frozenset(map(int, self._tenant.departments.hidden))

    @property
    def locked_departments(self) -> frozenset[int]:
        """The ids of departments whose record is locked."""
        return frozenset(map(int, self._tenant.departments.locked))

    @property
    def updates(self) -> list[Update]:
        """The object updates answered with 0 so far, oldest first, of every object."""
        with self._lock:
            return list(self._tenant.updates)

    def members(self) -> dict[str, str]:
        """Return the true state, lag and permissions aside: ``{open_user_id: "0" | "1"}``."""
        with self._lock:
            return self._tenant.people.states(self._clock())

    def person(self, open_user_id: str) -> dict[str, Any]:
        """Return everything there is to know of a member, lag and permissions aside.

        All fields of ``PersonnelObj``, and by their offline names those it does not have:
        account, qq, weixin, hireDate, birthDate, startWorkDate.

        Raises:
            KeyError: It is not a member.
        """
        with self._lock:
            people = self._tenant.people
            member = people.by_open_user_id[open_user_id]
            return {**people.record(member, self._clock()), **people.facts(member)}

    def departments(self) -> dict[int, dict[str, Any]]:
        """Return the true departments by id: name, parent_id, status, order, manager_id.

        ``parent_id`` and ``manager_id`` are lists, as ``DepartmentObj`` has them; ``order`` is what
        only the offline API knows.
        """
        with self._lock:
            rows = self._tenant.departments.records(self._clock())
            return {
                row.number: {
                    **{key: record[key] for key in ("name", "parent_id", "status", "manager_id")},
                    **row.facts,
                }
                for row, record in rows
            }

    def records(self, api_name: str) -> dict[str, dict[str, Any]]:
        """Return the true records of an object, ``{_id: fields}``; none if nobody made one."""
        with self._lock:
            rows = self._tenant.table(api_name).records(self._clock())
            return {row.record_id: record for row, record in rows}
