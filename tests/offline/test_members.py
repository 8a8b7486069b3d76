"""Set Member Status (single) and Update Member, through the public door."""

import pytest

import shim
from shim.offline.checks import UNMAPPED

QUERY, UPDATE = "/cgi/crm/v2/data/query", "/cgi/crm/v2/data/update"
# The sandbox's own name for the field; the vendor's is unknown (U).
ATTACHING = {"attachingDepartmentIds": "vice_departments"}


def credentials(made):
    return made.corp_access_token, made.corp_id


class TestSetMemberStatus:
    """One id, or several, in the name of whom the caller says."""

    @pytest.mark.parametrize(
        ("one", "several", "expected"),
        [
            (0, None, [0]),
            (None, [0, 1], [0, 1]),
            ("", [1], [1]),
            (0, [], [0]),
            (2, [0, 2], [2, 0, 2]),
        ],
    )
    def test_whom_it_sets(self, one, several, expected, call, tenant):
        """openUserId or openUserIds, or both."""
        made = tenant(3)
        ids = made.open_user_ids
        answer = call(
            "set_member_status",
            *credentials(made),
            None,
            1,
            openUserId=ids[one] if isinstance(one, int) else one,
            openUserIds=several if several is None else [ids[number] for number in several],
        )
        assert answer["errorCode"] == 0
        assert [each.open_user_id for each in answer.outcomes] == [
            ids[number] for number in expected
        ]
        disabled = {each for each, status in made.members().items() if status == "1"}
        assert disabled == {ids[number] for number in expected}

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            ({"openUserId": None, "openUserIds": None}, 10010),
            ({"openUserId": "", "openUserIds": []}, 10010),
            ({"openUserId": ["FSUID"]}, 11008),
            ({"openUserIds": "FSUID"}, 11008),
            ({"openUserId": "FSUID", "status": 3}, 15002),
            ({"openUserId": "FSUID", "currentOpenUserId": 7}, 11008),
        ],
    )
    def test_bad_arguments(self, arguments, code, call, tenant):
        """The documented codes and no call."""
        made = tenant(1)
        given = {"currentOpenUserId": None, "status": 1, **arguments}
        assert call("set_member_status", *credentials(made), **given)["errorCode"] == code
        assert made.calls() == {}

    def test_callers_employee_wins_over_the_setting(self, call, tenant):
        """currentOpenUserId of the call wins over the setting, which may then be unset."""
        made = tenant(2, current_open_user_id="FSUID_NOBODY")
        one, two = made.open_user_ids
        as_nobody = call("set_member_status", *credentials(made), None, 1, one)
        assert as_nobody["errorCode"] == 20012
        shim.configure(current_open_user_id=None)
        as_two = call("set_member_status", *credentials(made), two, 1, one)
        assert as_two["errorCode"] == 0
        with pytest.raises(shim.ConfigurationError, match="current_open_user_id"):
            call("set_member_status", *credentials(made), None, 1, one)


class TestUpdateMember:
    """Only what is given is sent, nothing is lost in silence."""

    def test_what_is_given_is_written_and_read_back(self, call, tenant):
        """Every field with a known target, in the form that PersonnelObj has it."""
        made = tenant(3)
        one, two, _ = made.open_user_ids
        department = min(made.departments())
        user = {
            "openUserId": one,
            "name": "n",
            "fullName": "f",
            "position": "p",
            "gender": "F",
            "mobile": "13800000000",
            "email": "e@example.com",
            "employeeNumber": "E7",
            "mainDepartmentId": department,
            "leaderId": two,
        }
        answer = call("update_member", *credentials(made), user)
        assert answer["errorCode"] == 0, answer
        assert [each.state for each in answer.outcomes] == ["changed"]
        [update] = made.updates
        assert update.fields == {
            "name": "n",
            "full_name": "f",
            "position": "p",
            "sex": "F",
            "phone": "13800000000",
            "email": "e@example.com",
            "employee_number": "E7",
            "main_department": [str(department)],
            "leader": [two],
        }

    def test_what_is_there_already_costs_no_write(self, call, tenant):
        """Neither does a member named alone."""
        made = tenant(1)
        [one] = made.open_user_ids
        for user in ({"openUserId": one, "name": "n"}, {"openUserId": one, "name": "n"}):
            answer = call("update_member", *credentials(made), user)
        assert [each.state for each in answer.outcomes] == ["unchanged"]
        alone = call("update_member", *credentials(made), {"openUserId": one, "email": None})
        assert [each.state for each in alone.outcomes] == ["unchanged"]
        assert made.calls()[UPDATE]["count"] == 1

    def test_attaching_departments_go_to_the_mapped_field_as_a_list_of_ids(self, call, tenant):
        """Department fields are lists of strings; an empty list empties the field."""
        made = tenant(1, field_map=ATTACHING)
        [one] = made.open_user_ids
        some = sorted(made.departments())[:2]
        for departments in (some, []):
            user = {"openUserId": one, "attachingDepartmentIds": departments}
            assert call("update_member", *credentials(made), user)["errorCode"] == 0
            assert made.updates[-1].fields == {"vice_departments": [*map(str, departments)]}

    def test_the_order_of_departments_is_no_difference(self, call, tenant):
        """The same departments in another order are the same departments."""
        made = tenant(1, field_map=ATTACHING)
        [one] = made.open_user_ids
        some = sorted(made.departments())[:3]
        for departments in (some, some[::-1]):
            user = {"openUserId": one, "attachingDepartmentIds": departments}
            answer = call("update_member", *credentials(made), user)
            assert answer["errorCode"] == 0
        assert [each.state for each in answer.outcomes] == ["unchanged"]

    def test_emptying_a_field_is_read_back_by_its_absence(self, call, tenant):
        """Rows leave out empty fields."""
        made = tenant(1)
        [one] = made.open_user_ids
        user = {"openUserId": one, "email": "", "leaderId": ""}
        assert call("update_member", *credentials(made), user)["errorCode"] == 0
        assert made.person(one)["email"] == ""

    @pytest.mark.parametrize("name", sorted(UNMAPPED - {"department.order"}))
    def test_fields_without_a_target_are_refused(self, name, call, tenant):
        """15002, and the text names the setting that maps them."""
        made = tenant(1)
        value = [1001] if name == "attachingDepartmentIds" else "x"
        user = {"openUserId": made.open_user_ids[0], name: value, "email": "e@example.com"}
        answer = call("update_member", *credentials(made), user)
        assert answer["errorCode"] == 15002
        assert name in answer["errorMessage"]
        assert "field_map" in answer["errorMessage"]
        assert made.calls() == {}

    def test_or_dropped_and_logged(self, call, tenant, events):
        """The names, never the values."""
        made = tenant(1, on_unmapped="drop")
        user = {"openUserId": made.open_user_ids[0], "qq": "canary", "email": "e@example.com"}
        answer = call("update_member", *credentials(made), user)
        assert answer["errorCode"] == 0
        assert answer.dropped == ("qq",)
        [event] = [each for each in events if each.name == "shim.offline_fields_dropped"]
        assert event.fields() == {
            "code": "FXO003",
            "function": "update_member",
            "parameters": ("qq",),
            "service": event.service,
            "instance": event.instance,
            "at": event.at,
        }
        assert "canary" not in repr(events)

    def test_undocumented_names_are_dropped_where_that_is_wanted(self, call, tenant, events):
        """By name if it can be one; a value never shows."""
        made = tenant(1, on_unmapped="drop")
        user = {"openUserId": made.open_user_ids[0], "nick": "canary", "钟": 1, "email": "e@x.com"}
        answer = call("update_member", *credentials(made), user)
        assert answer["errorCode"] == 0
        assert answer.dropped == ("*", "nick")
        assert made.updates[0].fields == {"email": "e@x.com"}
        assert "canary" not in repr(events)

    def test_or_mapped(self, call, tenant):
        """field_map names the tenant's own field."""
        made = tenant(1, field_map={"qq": "qq__c", "fullName": "legal_name__c"})
        user = {"openUserId": made.open_user_ids[0], "qq": "12345", "fullName": "f"}
        assert call("update_member", *credentials(made), user)["errorCode"] == 0
        assert made.updates[0].fields == {"qq__c": "12345", "legal_name__c": "f"}

    @pytest.mark.parametrize(
        ("user", "code"),
        [
            (None, 15002),
            ([], 15002),
            ({}, 10010),
            ({"openUserId": 7}, 11008),
            ({"openUserId": "U", "nickname": "canary"}, 15002),
            ({"openUserId": "U", 7: "canary"}, 15002),
            ({"openUserId": "U", "name": 7}, 15002),
            ({"openUserId": "U", "name": "\ud800"}, 15002),
            ({"openUserId": "U", "gender": "X"}, 15002),
            ({"openUserId": "U", "leaderId": 7}, 15002),
            ({"openUserId": "U", "mainDepartmentId": "7"}, 11009),
            ({"openUserId": "U", "mainDepartmentId": True}, 11009),
            ({"openUserId": "U", "attachingDepartmentIds": 7}, 11009),
            ({"openUserId": "U", "attachingDepartmentIds": ["7"]}, 11009),
            ({"openUserId": "U", "attachingDepartmentIds": [1] * 501}, 15002),
        ],
    )
    def test_bad_users(self, user, code, call, tenant):
        """Refused before any call, and nothing of theirs is repeated."""
        made = tenant(1)
        answer = call("update_member", *credentials(made), user)
        assert answer["errorCode"] == code
        assert "canary" not in str(answer)
        assert made.calls() == {}
