"""Update Member, the deprecated call that changes employees, and what its siblings share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shim.sandbox.admission import acting, credentials, enter
from shim.sandbox.envelope import Refused, invalid
from shim.sandbox.offline import NO_OP, UPDATE, flat, sent
from shim.sandbox.routes import ROUTES, as_list, as_object, as_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.sandbox.people import Member
    from shim.sandbox.routes import Call

#: Grade A.
_MOST_ATTACHED: Final = 500


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_gender(value: object) -> bool:
    return value in ("M", "F")


def _is_whole(value: object) -> bool:
    return as_whole(value) is not None


def _are_whole(value: object) -> bool:
    ids = as_list(value)
    return ids is not None and all(map(_is_whole, ids))


#: What each field of ``user`` must be, and the code when it is not, in the documented order.
_FORMS: Final[dict[str, tuple[Callable[[object], bool], int]]] = {
    "account": (_is_text, 15002),
    "name": (_is_text, 15002),
    "fullName": (_is_text, 15002),
    "position": (_is_text, 15002),
    "gender": (_is_gender, 15002),
    "mobile": (_is_text, 15002),
    "email": (_is_text, 15002),
    "qq": (_is_text, 15002),
    "weixin": (_is_text, 15002),
    "mainDepartmentId": (_is_whole, 11009),
    "attachingDepartmentIds": (_are_whole, 11009),
    "employeeNumber": (_is_text, 15002),
    "hireDate": (_is_text, 15002),
    "birthDate": (_is_text, 15002),
    "startWorkDate": (_is_text, 15002),
    "leaderId": (_is_text, 15002),
}
#: Grade B. The six others have no field of PersonnelObj (U).
_TARGETS: Final = {
    "name": "name",
    "fullName": "full_name",
    "position": "position",
    "gender": "sex",
    "mobile": "phone",
    "email": "email",
    "employeeNumber": "employee_number",
}
_ASIDE: Final[tuple[str, ...]] = (
    "account",
    "qq",
    "weixin",
    "hireDate",
    "birthDate",
    "startWorkDate",
)


def known_member(call: Call, open_user_id: str) -> Member:
    """Return a member.

    Raises:
        Refused: 20012, there is none of that openUserId.
    """
    member = call.tenant.people.by_open_user_id.get(open_user_id)
    if member is None:
        raise Refused(20012)
    return member


def open_user_id_of(value: object) -> str:
    """Return an openUserId that has the right form.

    Raises:
        Refused: 10010 for none, 11008 for what is no string.
    """
    if value is None or value == "":
        raise Refused(10010)
    if not isinstance(value, str):
        raise Refused(11008)
    return value


def _of_user(call: Call) -> frozenset[str]:
    return marked((as_object(call.body.get("user")) or {}).get("openUserId"))


def marked(open_user_id: object) -> frozenset[str]:
    """Return the mark of the member a call names."""
    return frozenset({open_user_id} if isinstance(open_user_id, str) else ())


@ROUTES.add("/cgi/user/update", concerns=_of_user, faults=NO_OP)
@ROUTES.add(UPDATE, accepts=flat("user"), concerns=_of_user, faults=NO_OP)
def update_member(call: Call) -> dict[str, Any]:
    """Update Member: what ``user`` does not give stays; unknown keys are passed over (U).

    Raises:
        Refused: 10013, 10014, 15002, 10010, 11008, 11009; 20016, 11015; 20012 for an unknown
            member or leader, 30007 for an unknown department.
    """
    credentials(call)
    user = sent(call, "user")
    open_user_id = open_user_id_of(user.get("openUserId"))
    given = {name: user[name] for name in _FORMS if user.get(name) is not None}
    for name, value in given.items():
        fits, code = _FORMS[name]
        if not fits(value):
            raise Refused(code, f"parameter user.{name} is not valid")
    attached = [int(each) for each in given.get("attachingDepartmentIds", ())]
    if len(attached) > _MOST_ATTACHED:
        raise invalid(15002, "user.attachingDepartmentIds", f"{_MOST_ATTACHED} at most")
    enter(call, acting(call))
    member = known_member(call, open_user_id)
    departments = [*attached]
    fields = {_TARGETS[name]: value for name, value in given.items() if name in _TARGETS}
    if "mainDepartmentId" in given:
        departments.append(int(given["mainDepartmentId"]))
        fields["main_department"] = [str(departments[-1])]
    if "attachingDepartmentIds" in given:
        fields["vice_departments"] = [str(each) for each in attached]
    if not all(each in call.tenant.departments.by_number for each in departments):
        raise Refused(30007)
    if "leaderId" in given:
        fields["leader"] = [known_member(call, given["leaderId"]).open_user_id]
    if member.mark not in call.skipped:
        facts = {name: given[name] for name in _ASIDE if name in given}
        call.tenant.people.write(member, fields, call.now, facts)
    return {}
