"""The four department calls: what a tenant may say, and what follows."""

import json

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import shim
from shim.objectapi.calls import Reply
from shim.offline import ENDPOINTS, departments
from shim.offline._rows import MOST_PAGES
from shim.sandbox import Sandbox

PROFILES = ["fsuid", "employee_id", "hidden", "read_only", "strict", "lagging"]
LIST, DETAILS = "get_department_list", "get_department_details"
UPDATE, STATUS = "update_department", "set_department_status"
NAMES = [LIST, DETAILS, UPDATE, STATUS]
TOKEN, CORP = "token-of-a-test", "FSCID_TEST"
KEYS = ["traceId", "errorDescription", "errorMessage", "errorCode"]
DISABLE, ENABLE = 1, 2
COMPANY = 999_999
BEYOND_PRINTING = 10**5000


def credentials(made):
    return made.corp_access_token, made.corp_id


def app(made):
    return {
        "app_id": made.app_id,
        "app_secret": made.app_secret,
        "permanent_code": made.permanent_code,
    }


class Walk:
    """Feeds a translation by hand, and keeps what it asked for."""

    def __init__(self, name, *args, **settings):
        shim.configure(read_back_seconds=0, **settings)
        signature = (TOKEN, CORP, *args)
        self.flow = ENDPOINTS[name].translation(*signature)
        self.answer = None
        self.asked = next(self.flow)

    def feed(self, *replies):
        try:
            self.asked = self.flow.send(replies)
        except StopIteration as end:
            self.answer, self.asked = end.value, None
        return self

    def searched(self):
        [asked] = self.asked
        return asked.body["data"]["search_query_info"]

    def got(self):
        [asked] = self.asked
        assert asked.path == "/cgi/crm/v2/data/get"
        return asked.body["data"]["objectDataId"]


def rows(*found):
    return Reply(0, "E-O.q", "OK", {"data": {"dataList": list(found)}})


def row(number, parent=None, **fields):
    above = {} if parent is None else {"parent_id": [str(parent)]}
    return {"_id": str(number), "name": f"d{number}", "status": "0", **above, **fields}


def record(number, parent=None, **fields):
    return Reply(0, f"E-O.{number}", "OK", {"data": row(number, parent, **fields)})


EMPTY = rows()
UPDATED = Reply(0, "E-O.u", "OK", {"dataId": "1001"})
NO_DATA = Reply(0, "E-O.n", "OK", {"data": {}})


def details(*replies, number=1001, **settings):
    walk = Walk(DETAILS, None, number, **settings)
    for reply in replies:
        walk.feed(reply)
    return walk


class TestList:
    """Everything that is there, as numbers, by id."""

    def listed(self, *found, **settings):
        walk = Walk(LIST, **settings).feed(rows(*found))
        return (walk.feed(EMPTY) if found else walk).answer

    def test_rows_become_the_old_departments(self):
        """Ids are numbers, and sorted as such; the status is a yes or no."""
        answer = self.listed(
            row("1010", "999"), row("999", COMPANY, status="1"), row("1001", "999", status=["0"])
        )
        assert list(answer) == [*KEYS, "departments"]
        assert answer["departments"] == [
            {"id": 999, "name": "d999", "parentId": 0, "isStop": True, "order": 0},
            {"id": 1001, "name": "d1001", "parentId": 999, "isStop": False, "order": 0},
            {"id": 1010, "name": "d1010", "parentId": 999, "isStop": False, "order": 0},
        ]
        assert answer["errorDescription"] == "success"
        assert list(answer["departments"][0]) == ["id", "name", "parentId", "isStop", "order"]

    @pytest.mark.parametrize(
        ("parent", "expected"),
        [
            (["999999"], 0),
            ("999999", 0),
            (999999, 0),
            ([], 0),
            ("", 0),
            (None, 0),
            (["0"], 0),
            (["1001"], 1001),
            ("1001", 1001),
            (1001, 1001),
        ],
    )
    def test_the_company_is_parent_0(self, parent, expected):
        """However the topmost are told, and whether or not department fields are lists."""
        [department] = self.listed({**row(1002), "parent_id": parent})["departments"]
        assert department["parentId"] == expected

    @pytest.mark.parametrize("left_out", [row(COMPANY, status="0"), row(1001, 1000, status="2")])
    def test_the_company_and_what_is_deleted_are_left_out(self, left_out):
        """Neither was ever in the old list."""
        answer = self.listed(left_out, row(1002, 1001))
        assert [one["id"] for one in answer["departments"]] == [1002]

    def test_what_is_deleted_need_not_be_a_number(self):
        """It is left out before it is looked at."""
        assert self.listed(row("5fa1", status="2"))["errorCode"] == 0

    @pytest.mark.parametrize(
        "strange", [row("5fa1"), row(1001, "5fa1"), row("9" * 5000), row(["1", "2"]), row("-3")]
    )
    def test_department_ids_that_are_no_numbers_are_an_error(self, strange):
        """The old answer has numbers; a wrong one would be worse than none."""
        answer = self.listed(row(1000), strange)
        assert list(answer) == KEYS
        assert answer["errorCode"] == -2
        assert answer["errorMessage"] == departments.NOT_NUMBERS
        assert answer["traceId"] == "E-O.q"

    @pytest.mark.parametrize("found", [[], [row(COMPANY)]])
    def test_nothing_may_be_hidden(self, found):
        """An empty list is a success, with a note that names the permission."""
        answer = self.listed(*found)
        assert answer["departments"] == []
        assert (answer["errorCode"], answer["errorMessage"]) == (0, "OK")
        assert answer["errorDescription"].startswith("success: ")
        assert "read permission on DepartmentObj" in answer["errorDescription"]

    @pytest.mark.parametrize(
        ("value", "expected"),
        [(7, 7), ("7", 7), ("7.00", 7), (-2, -2), (None, 0), ("x", 0), (float("inf"), 0), ([3], 3)],
    )
    def test_order_from_a_field_of_yours(self, value, expected):
        """field_map names it; a number field may come as a string."""
        answer = self.listed(row(1001, place__c=value), field_map={"department.order": "place__c"})
        assert answer["departments"][0]["order"] == expected

    def test_a_page_that_failed_is_no_page(self):
        """Whatever rows it holds."""
        failed = Reply(20016, "E-O.t", "expired", rows(row(1002)).body)
        answer = Walk(LIST).feed(rows(row(1001))).feed(failed).answer
        assert (answer["errorCode"], answer["traceId"]) == (20016, "E-O.t")

    def test_each_record_is_listed_once(self):
        """A tenant that gives a page again, in part or as a whole, gives nothing new."""
        walk = Walk(LIST).feed(rows(row(1001), row(1002), row(1002)))
        assert walk.searched()["filters"][0]["field_values"] == ["1002"]
        walk.feed(rows(row(1002), row(1003))).feed(rows(row(1003)))
        assert [one["id"] for one in walk.answer["departments"]] == [1001, 1002, 1003]

    def test_the_next_page_begins_after_the_last_row(self):
        """How a tenant orders ids of different lengths is unknown (U)."""
        walk = Walk(LIST).feed(rows(row(999), row(1000)))
        assert walk.searched()["filters"] == [
            {"field_name": "_id", "operator": "GT", "field_values": ["1000"]}
        ]

    def test_a_list_without_end_is_given_up(self):
        """After 10,000 pages; the text says so."""
        walk = Walk(LIST)
        for number in range(MOST_PAGES):
            walk.feed(rows(row(1000 + number)))
        assert walk.answer["errorCode"] == -2
        assert "more than 1000000 rows" in walk.answer["errorMessage"]

    def test_what_it_asks_for(self):
        """All rows of DepartmentObj, a field of yours among the fields."""
        walk = Walk(LIST, field_map={"department.order": "place__c"})
        assert walk.searched()["filters"] == []
        assert walk.searched()["fieldProjection"] == [
            "_id", "name", "parent_id", "status", "place__c",
        ]  # fmt: skip
        assert walk.asked[0].body["data"]["dataObjectApiName"] == "DepartmentObj"
        assert "place__c" not in Walk(LIST, field_map={}).searched()["fieldProjection"]

    def test_an_error_in_the_middle_is_the_answer(self):
        """Half a list would look like a whole one."""
        walk = Walk(LIST).feed(rows(row(1001))).feed(Reply(14001, "E-O.t", "throttled"))
        assert list(walk.answer) == KEYS
        assert (walk.answer["errorCode"], walk.answer["traceId"]) == (14001, "E-O.t")

    @pytest.mark.parametrize("status", [None, "", "7", ["0", "1"]])
    def test_unknown_status_is_not_normal(self, status):
        """As with members: only what is known to be enabled is not stopped."""
        [department] = self.listed({**row(1001), "status": status})["departments"]
        assert department["isStop"] is True


class TestDetails:
    """One record, and the way up from it."""

    def test_everything_in_its_place(self):
        """Every documented key, in its order."""
        walk = details(
            record(
                1001,
                1000,
                manager_id=["FSUID_A", "FSUID_B"],
                create_time=1_700_000_000_000,
                last_modified_time="1700000000001",
            )
        )
        assert walk.got() == "1000"
        walk.feed(record(1000, COMPANY))
        assert list(walk.answer["department"].items()) == [
            ("departmentId", 1001),
            ("parentDepartmentId", 1000),
            ("name", "d1001"),
            ("nameSpell", ""),
            ("departmentOrder", 0),
            ("isStop", False),
            ("principalId", "FSUID_A"),
            ("createTime", 1_700_000_000_000),
            ("updateTime", 1_700_000_000_001),
            ("ancestors", [COMPANY, 1000]),
            ("status", 1),
            ("description", ""),
            ("keywords", []),
        ]
        assert walk.answer["traceId"] == "E-O.1001"

    def test_ids_are_asked_for_as_employees_openUserIds(self):  # noqa: N802
        """principalId was an FSUID."""
        [asked] = details().asked
        assert asked.body["convertUserId"] is True
        assert asked.body["data"] == {
            "dataObjectApiName": "DepartmentObj",
            "objectDataId": "1001",
        }

    @pytest.mark.parametrize(
        ("manager", "expected"), [([], ""), (None, ""), ("FSUID_A", "FSUID_A"), (["A", "B"], "A")]
    )
    def test_the_principal_is_the_first_manager(self, manager, expected):
        """Or nobody."""
        answer = details(record(1001, manager_id=manager)).answer
        assert answer["department"]["principalId"] == expected

    @pytest.mark.parametrize(
        ("status", "shown", "stopped"),
        [("0", 1, False), ("1", 2, True), ("2", 3, False), (1, 2, True), (None, 2, True)],
    )
    def test_three_codes_for_one_thing(self, status, shown, stopped):
        """The object's "0", "1", "2" are the detail's 1, 2, 3."""
        answer = details(record(1001, status=status)).answer
        assert answer["department"]["status"] == shown
        assert answer["department"]["isStop"] is stopped

    def test_another_record_is_not_passed_off_as_the_one_asked_for(self):
        """Nor as one of its ancestors; a record that does not say which it is may be it."""
        for walk in (
            details(record(1002)),
            details(record(1001, 1000), record(999)),
            details(Reply(0, "E-O.999", "OK", {"data": {**row(1001), "_id": [[1001]]}})),
        ):
            assert list(walk.answer) == KEYS
            assert walk.answer["errorCode"] == -2
            assert walk.answer["errorMessage"] == departments.OTHER_RECORD
        nameless = {"name": "d", "status": "0"}
        assert details(Reply(0, "E-O.1", "OK", {"data": nameless})).answer["errorCode"] == 0

    def test_order_from_a_field_of_yours(self):
        """As in the list."""
        answer = details(
            record(1001, place__c="4"), field_map={"department.order": "place__c"}
        ).answer
        assert answer["department"]["departmentOrder"] == 4

    @pytest.mark.parametrize("parent", [None, COMPANY, 0])
    def test_a_topmost_department(self, parent):
        """Its parent is the company by its own id, and that costs no further call."""
        walk = details(record(1001, parent))
        assert walk.answer["department"]["parentDepartmentId"] == COMPANY
        assert walk.answer["department"]["ancestors"] == [COMPANY]

    def test_the_company_itself(self):
        """On a tenant that has a row for it, nothing is above."""
        department = details(record(COMPANY), number=COMPANY).answer["department"]
        assert (department["parentDepartmentId"], department["ancestors"]) == (0, [])

    @pytest.mark.parametrize(
        "reply", [NO_DATA, Reply(30007, "E-O.n", "no"), Reply(30027, "E-O.n", "no")]
    )
    def test_not_there_or_hidden(self, reply):
        """One code and one text for both, since nobody can tell them apart."""
        answer = details(reply).answer
        assert list(answer) == KEYS
        assert (answer["errorCode"], answer["traceId"]) == (30007, "E-O.n")
        assert "departmentId not found, or hidden" in answer["errorMessage"]
        assert "read permission on DepartmentObj" in answer["errorMessage"]

    @pytest.mark.parametrize("code", [20023, 14001, -1])
    def test_other_errors_are_passed_on(self, code):
        """With the vendor's own text."""
        answer = details(Reply(code, "E-O.x", "no luck")).answer
        assert (answer["errorCode"], answer["errorMessage"]) == (code, "no luck")

    @pytest.mark.parametrize(
        "reply", [NO_DATA, *(Reply(code, "E-O.n", "no") for code in (30007, 30027, 20023))]
    )
    def test_the_first_hidden_ancestor_ends_the_list(self, reply):
        """Its id is known from its child; whether one or more are hidden above is not."""
        answer = details(record(1003, 1002), record(1002, 1001), reply, number=1003).answer
        assert answer["errorCode"] == 0
        assert answer["department"]["ancestors"] == [1001, 1002]

    def test_two_hidden_ancestors_cost_one_look(self):
        """Above the first, nothing can be asked for."""
        walk = details(record(1003, 1002), number=1003)
        assert walk.got() == "1002"
        walk.feed(NO_DATA)
        assert walk.answer["department"]["ancestors"] == [1002]

    def test_error_of_an_ancestor_is_the_answer(self):
        """A throttled call is no hidden department."""
        answer = details(record(1002, 1001), Reply(14001, "E-O.t", "throttled"), number=1002).answer
        assert list(answer) == KEYS
        assert (answer["errorCode"], answer["traceId"]) == (14001, "E-O.t")

    def test_a_cycle_ends(self):
        """Each department is given once, the one asked for not at all."""
        answer = details(
            record(1001, 1002), record(1002, 1003), record(1003, 1001), number=1001
        ).answer
        assert answer["department"]["ancestors"] == [1003, 1002]
        above = details(
            record(1001, 1002), record(1002, 1003), record(1003, 1002), number=1001
        ).answer
        assert above["department"]["ancestors"] == [1003, 1002]
        own = details(record(1001, 1001)).answer["department"]
        assert (own["parentDepartmentId"], own["ancestors"]) == (1001, [])

    def test_a_tower_ends(self):
        """After fifty levels nobody asks on."""
        walk = details(record(1, 2), number=1)
        looks = 0
        while walk.answer is None:
            number = int(walk.got())
            walk.feed(record(number, number + 1))
            looks += 1
        assert looks == 50
        assert walk.answer["department"]["ancestors"] == list(range(51, 1, -1))

    def test_parent_ids_that_are_no_numbers_are_an_error(self):
        """Neither the department's own nor one further up."""
        own = details(record(1001, "5fa1")).answer
        above = details(record(1002, 1001), record(1001, "5fa1"), number=1002).answer
        assert own["errorCode"] == above["errorCode"] == -2
        assert own["errorMessage"] == above["errorMessage"] == departments.NOT_NUMBERS


class TestUpdate:
    """Only what is given is sent, nothing is lost in silence."""

    def walk(self, department, **settings):
        return Walk(UPDATE, department, **settings)

    def written(self, department, **settings):
        walk = self.walk(department, **settings).feed(rows(row(1001, 1000)))
        [call] = walk.asked
        assert call.writes
        return call.body["data"]["object_data"]

    @pytest.mark.parametrize(
        ("given_fields", "sent"),
        [
            ({"name": "n"}, {"name": "n"}),
            ({"parentId": 1002}, {"parent_id": ["1002"]}),
            ({"parentId": 0}, {"parent_id": ["999999"]}),
            ({"parentId": COMPANY}, {"parent_id": ["999999"]}),
            ({"name": "n", "parentId": None, "order": None}, {"name": "n"}),
        ],
    )
    def test_what_is_given_is_sent(self, given_fields, sent):
        """What is left out, or None, stays."""
        assert self.written({"id": 1001, **given_fields}) == {
            "dataObjectApiName": "DepartmentObj", "_id": "1001", **sent,
        }  # fmt: skip

    def test_it_is_read_back(self):
        """Success is what the record shows."""
        walk = self.walk({"id": 1001, "name": "n"})
        assert walk.searched()["filters"][0]["field_values"] == ["1001"]
        walk.feed(rows(row(1001))).feed(UPDATED)
        assert walk.got() == "1001"
        walk.feed(record(1001, name="n"))
        assert walk.answer["errorCode"] == 0
        assert [(one.open_user_id, one.state) for one in walk.answer.outcomes] == [
            ("1001", "changed")
        ]
        assert walk.answer.dropped == ()

    def test_not_applied_is_no_success(self):
        """Error code 0 on the update is no proof."""
        walk = self.walk({"id": 1001, "name": "n"}).feed(rows(row(1001))).feed(UPDATED)
        walk.feed(record(1001))
        assert walk.answer["errorCode"] == 50009

    def test_nothing_to_change_is_a_look(self):
        """An id alone costs no write."""
        walk = self.walk({"id": 1001}).feed(rows(row(1001)))
        assert [one.state for one in walk.answer.outcomes] == ["unchanged"]

    def test_update_of_a_hidden_department_names_the_permission(self):
        """Code and text of the department calls."""
        answer = self.walk({"id": 1001, "name": "n"}).feed(EMPTY).answer
        assert answer["errorCode"] == 30007
        assert "read permission on DepartmentObj" in answer["errorMessage"]

    def test_order_is_refused_without_a_field(self, tenant):
        """The text names the setting; nothing else is written either."""
        made = tenant(1)
        answer = shim.update_department(*credentials(made), {"id": 1001, "name": "n", "order": 3})
        assert answer["errorCode"] == 15002
        assert "field_map" in answer["errorMessage"]
        assert "department.order" in answer["errorMessage"]
        assert made.calls() == {}

    def test_order_is_dropped_where_that_is_wanted(self, tenant, events):
        """The rest is written, and the loss is on the answer and in the log."""
        made = tenant(1, on_unmapped="drop")
        number = min(made.departments())
        answer = shim.update_department(*credentials(made), {"id": number, "name": "n", "order": 3})
        assert answer["errorCode"] == 0
        assert answer.dropped == ("department.order",)
        assert made.departments()[number]["name"] == "n"
        assert [
            event.parameters for event in events if hasattr(event, "parameters")
        ] == [("department.order",)]  # fmt: skip

    def test_undocumented_names_are_refused_or_dropped_like_order(self, tenant):
        """An update that loses part of what it should write is no success, unless it is wanted."""
        made = tenant(1)
        number = min(made.departments())
        department = {"id": number, "name": "n", "manager": "canary"}
        refused = shim.update_department(*credentials(made), department)
        shim.configure(on_unmapped="drop")
        dropped = shim.update_department(*credentials(made), department)
        assert (refused["errorCode"], dropped["errorCode"]) == (15002, 0)
        assert "on_unmapped" in refused["errorMessage"]
        assert dropped.dropped == ("manager",)
        assert made.departments()[number]["name"] == "n"

    def test_order_goes_to_a_field_of_yours(self):
        """As a number; a field_map for members has no say in the other fields."""
        sent = self.written(
            {"id": 1001, "name": "n", "order": -3},
            field_map={"department.order": "place__c", "name": "other__c"},
        )
        assert sent == {
            "dataObjectApiName": "DepartmentObj", "_id": "1001", "name": "n", "place__c": -3,
        }  # fmt: skip


class TestStatus:
    """1 disables, 2 enables."""

    @pytest.mark.parametrize(
        ("status", "before", "sent"), [(1, "0", "1"), (2, "1", "0"), ("1", "0", "1"), (2, "2", "0")]
    )
    def test_the_codes_are_turned(self, status, before, sent):
        """The request's 2 enables; DepartmentObj's "2" means deleted and is never written."""
        walk = Walk(STATUS, 1001, status).feed(rows(row(1001, status=before)))
        assert walk.asked[0].body["data"]["object_data"]["status"] == sent
        walk.feed(UPDATED).feed(record(1001, status=sent))
        assert (walk.answer["errorCode"], walk.answer["traceId"]) == (0, "E-O.u")

    def test_the_members_values_are_not_the_departments(self):
        """status_values may name fields that departments do not have."""
        values = {"disabled": {"is_active": False}, "enabled": {"is_active": True}}
        walk = Walk(STATUS, 1001, DISABLE, status_values=values).feed(rows(row(1001)))
        assert walk.asked[0].body["data"]["object_data"] == {
            "dataObjectApiName": "DepartmentObj", "_id": "1001", "status": "1",
        }  # fmt: skip

    def test_there_already(self):
        """No write."""
        walk = Walk(STATUS, 1001, ENABLE).feed(rows(row(1001)))
        assert [one.state for one in walk.answer.outcomes] == ["unchanged"]

    def test_status_of_a_hidden_department_names_the_permission(self):
        """Code and text of the department calls."""
        answer = Walk(STATUS, 1001, ENABLE).feed(EMPTY).answer
        assert answer["errorCode"] == 30007
        assert "DepartmentObj" in answer["errorMessage"]


BAD_IDS = [None, "", "1001", -1, 1001.0, True, [1001], BEYOND_PRINTING]


class TestArguments:
    """Judged here, answered in the old shape, at the cost of no call."""

    @pytest.mark.parametrize(
        ("name", "arguments", "code"),
        [
            (LIST, {"corpAccessToken": ""}, 10013),
            (LIST, {"corpId": None}, 10014),
            (LIST, {"thirdTraceId": 7}, 15002),
            *((DETAILS, {"departmentId": bad}, 11009) for bad in BAD_IDS),
            (DETAILS, {"departmentId": 1, "currentOpenUserId": 7}, 11008),
            (UPDATE, {}, 15002),
            (UPDATE, {"department": [1001]}, 15002),
            *((UPDATE, {"department": {"id": bad, "name": "n"}}, 11009) for bad in BAD_IDS[:-1]),
            # Within an object, it is no number that JSON can carry.
            (UPDATE, {"department": {"id": BEYOND_PRINTING}}, 15002),
            (UPDATE, {"department": {"name": "n"}}, 11009),
            (UPDATE, {"department": {"id": 1, "name": ""}}, 15002),
            (UPDATE, {"department": {"id": 1, "name": 7}}, 15002),
            (UPDATE, {"department": {"id": 1, "name": "\ud800"}}, 15002),
            *((UPDATE, {"department": {"id": 1, "parentId": bad}}, 11009) for bad in BAD_IDS[1:-1]),
            (UPDATE, {"department": {"id": 1, "order": "1"}}, 15002),
            (UPDATE, {"department": {"id": 1, "order": True}}, 15002),
            (UPDATE, {"department": {"id": 1, "order": BEYOND_PRINTING}}, 15002),
            (UPDATE, {"department": {"id": 1, "order": -BEYOND_PRINTING}}, 15002),
            (UPDATE, {"department": {"id": 1, "principalId": "FSUID_A"}}, 15002),
            *((STATUS, {"departmentId": bad, "status": 1}, 11009) for bad in BAD_IDS),
            (STATUS, {"departmentId": 1}, 15002),
            (STATUS, {"departmentId": 1, "status": 0}, 15002),
            (STATUS, {"departmentId": 1, "status": 3}, 15002),
            (STATUS, {"departmentId": 1, "status": True}, 15002),
        ],
        ids=lambda value: None if isinstance(value, dict) else str(value),
    )
    def test_bad_argument_gets_its_code_and_costs_no_call(
        self, name, arguments, code, call, tenant
    ):
        """The documented code and no HTTP call."""
        made = tenant(1, field_map={"department.order": "place__c"})
        answer = call(name, **{"corpAccessToken": TOKEN, "corpId": CORP, **arguments})
        assert answer["errorCode"] == code
        assert list(answer) == KEYS
        assert answer["traceId"].startswith("shim-")
        assert made.calls() == {}

    def test_callers_employee_wins_over_the_setting(self, call, tenant):
        """currentOpenUserId of the call wins over the setting, which may then be unset."""
        made = tenant(2, current_open_user_id="FSUID_NOBODY")
        number = min(made.departments())
        assert call(DETAILS, *credentials(made), None, number)["errorCode"] == 20012
        acting = made.open_user_ids[0]
        assert call(DETAILS, *credentials(made), acting, number)["errorCode"] == 0
        shim.configure(current_open_user_id=None)
        assert call(DETAILS, *credentials(made), acting, number)["errorCode"] == 0
        with pytest.raises(shim.ConfigurationError, match="current_open_user_id"):
            call(DETAILS, *credentials(made), None, number)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
    | st.sampled_from([1, 2, "1", TOKEN, CORP, 1000, COMPANY, 10**30])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(), inner)
        | st.dictionaries(st.sampled_from(["id", "name", "parentId", "order"]), inner)
    ),
    max_leaves=6,
)


@hypothesis_settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(NAMES), st.booleans(), st.lists(ANYTHING, max_size=2), ANYTHING)
def test_anything_at_all_gives_an_old_shape_answer(tenant, name, known, values, trace):
    """Whatever is given for the documented parameters: a dict of the old shape, no exception."""
    made = tenant(1, read_back_seconds=0)
    token, corp_id = credentials(made) if known else (TOKEN, CORP)
    arguments = [] if name == LIST else values[: 1 if name == UPDATE else 2]
    answer = getattr(shim, name)(token, corp_id, *arguments, thirdTraceId=trace)
    assert list(answer)[:4] == KEYS
    assert isinstance(answer["errorCode"], int)
    json.dumps(answer)
    if not known:
        assert answer["errorCode"] != 0


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["0", "1", "2", "999999", "1001", "1002", "9" * 5000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)
FIELDS = ["name", "parent_id", "status", "manager_id", "create_time", "place__c"]


@hypothesis_settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.dictionaries(st.sampled_from(["_id", *FIELDS]), JSON), max_size=4))
def test_whatever_the_vendor_says_gives_the_documented_types(found):
    """The rows are the vendor's; the shape is ours."""
    shim.configure(field_map={"department.order": "place__c"})
    walk = Walk(LIST).feed(rows(*found))
    if walk.answer is None:
        walk.feed(EMPTY)
    for department in walk.answer.get("departments", []):
        kinds = {key: type(value) for key, value in department.items()}
        assert kinds == {"id": int, "name": str, "parentId": int, "isStop": bool, "order": int}
    walk = details(*(Reply(0, "E-O.g", "OK", {"data": one}) for one in found[:1]))
    if walk.asked:
        walk.feed(NO_DATA)
    department = (walk.answer or {}).get("department", {})
    assert not department or [type(value) for value in department.values()] == [
        int, int, str, str, int, bool, str, int, int, list, int, str, list,
    ]  # fmt: skip


def made_for(tenant, profile):
    """Return a tenant with a tree of twenty departments, on which tokens die in mid-run."""
    return tenant(
        10,
        profile=profile,
        sandbox={
            "departments": 20,
            "hidden_departments": 0.3 if profile == "hidden" else None,
            "lag_seconds": 0.1,
            "token_calls": 12 if profile == "strict" else None,
        },
        read_back_seconds=0.2 if profile == "read_only" else 5.0,
        **app(Sandbox(10, profile=profile, seed=11)),
    )


def above(made: Sandbox, number: int) -> list[int]:
    """Return the ancestors that can be known, from the true state and the permissions."""
    state = made.departments()
    chain = [int(state[number]["parent_id"][0])]
    while chain[-1] != COMPANY and chain[-1] not in made.hidden_departments:
        chain.append(int(state[chain[-1]]["parent_id"][0]))
    return chain[::-1]


def failing(made, numbers):
    """Return which departments cannot be changed, from what the sandbox knows of itself."""
    if made.profile == "read_only":
        return set(numbers)
    return (made.hidden_departments | made.locked_departments) & set(numbers)


@pytest.mark.parametrize("profile", PROFILES)
class TestProfiles:
    """On each of the six tenants the answer is what the state says."""

    def test_list_has_each_department_that_may_be_read(self, profile, call, tenant):
        """Every department that may be read, none that may not."""
        made = made_for(tenant, profile)
        answer = call(LIST, *credentials(made))
        state = made.departments()
        assert answer["errorCode"] == 0
        assert answer["departments"] == [
            {
                "id": number,
                "name": state[number]["name"],
                "parentId": int(state[number]["parent_id"][0]) % COMPANY,
                "isStop": False,
                "order": 0,
            }
            for number in sorted(state)
            if number not in made.hidden_departments
        ]

    def test_details_of_a_hidden_department_name_the_permission(self, profile, call, tenant):
        """All that may be read; a hidden one says which permission it takes."""
        made = made_for(tenant, profile)
        for number, state in made.departments().items():
            answer = call(DETAILS, *credentials(made), made.current_open_user_id, number)
            if number in made.hidden_departments:
                assert answer["errorCode"] == 30007
                assert "read permission on DepartmentObj" in answer["errorMessage"]
                continue
            department = answer["department"]
            assert department["departmentId"] == number
            assert department["parentDepartmentId"] == int(state["parent_id"][0])
            assert department["name"] == state["name"]
            assert department["principalId"] == next(iter(state["manager_id"]), "")
            assert department["ancestors"] == above(made, number)
            assert department["createTime"] == department["updateTime"] > 10**12
        unknown = call(DETAILS, *credentials(made), None, 7)
        assert unknown["errorCode"] == 30007

    def test_update_reports_what_the_state_shows_afterwards(self, profile, call, tenant):
        """What is reported is what the state shows afterwards."""
        made = made_for(tenant, profile)
        before = made.departments()
        numbers = sorted(before)[:8]
        for number in numbers:
            change = {"id": number, "name": f"new {number}", "parentId": 0}
            answer = call(UPDATE, *credentials(made), change)
            after = made.departments()[number]
            if number in failing(made, numbers):
                assert answer["errorCode"] != 0
                assert [one.state for one in answer.outcomes] == ["failed"]
                assert after == before[number]
            else:
                assert answer["errorCode"] == 0, answer
                assert [one.state for one in answer.outcomes] == ["changed"]
                wanted = {"name": f"new {number}", "parent_id": ["999999"]}
                assert after == {**before[number], **wanted}
        unknown = call(UPDATE, *credentials(made), {"id": 7, "name": "n"})
        assert unknown["errorCode"] == 30007

    def test_status_is_disabled_and_enabled_again(self, profile, call, tenant):
        """Disabled, seen by the two reads as such, and enabled again."""
        made = made_for(tenant, profile)
        numbers = sorted(made.departments())[:8]
        failed = failing(made, numbers)
        for status, shown in [(DISABLE, "1"), (ENABLE, "0")]:
            for number in numbers:
                answer = call(STATUS, *credentials(made), number, status)
                could = number not in failed or (
                    status == ENABLE and number not in made.hidden_departments
                )
                assert (answer["errorCode"] == 0) is could
                if number not in failed:
                    assert made.departments()[number]["status"] == shown
                    details = call(DETAILS, *credentials(made), None, number)["department"]
                    assert (details["status"], details["isStop"]) == (
                        (2, True) if status == DISABLE else (1, False)
                    )
        assert {one["status"] for one in made.departments().values()} == {"0"}


def test_answer_says_that_all_departments_may_be_hidden(call, tenant):
    """A list that is empty names the permission."""
    made = tenant(1, profile="hidden", sandbox={"hidden_departments": 1.0})
    answer = call(LIST, *credentials(made))
    assert (answer["errorCode"], answer["departments"]) == (0, [])
    assert "read permission on DepartmentObj" in answer["errorDescription"]


def test_more_departments_than_a_query_gives(call, tenant):
    """Keyset pages of 100; ids of other lengths sort as numbers all the same."""
    made = tenant(1, sandbox={"departments": 9050})
    answer = call(LIST, *credentials(made))
    assert [one["id"] for one in answer["departments"]] == sorted(made.departments())


@pytest.mark.parametrize("profile", PROFILES)
def test_the_old_address_says_the_same_of_what_may_be_read(profile, call, tenant, clock):
    """But for `order`, and for what is hidden, which the old address does not know."""
    made = tenant(
        6,
        profile=profile,
        sandbox={"departments": 12, "hidden_departments": 0, "lag_seconds": 0.1},
        read_back_seconds=0.3,
    )
    token, corp_id = credentials(made)
    shim.set_department_status(token, corp_id, 1001, DISABLE)
    # The record shows the change at once, the queries of a list later.
    clock.sleep(0.1)

    def posted(path, **body):
        body = {"corpAccessToken": token, "corpId": corp_id, **body}
        reply = made.handle("POST", path, "", json.dumps(body).encode())
        return json.loads(reply.body)

    old = posted("/cgi/department/list")["departments"]
    new = call(LIST, token, corp_id)["departments"]
    assert new == [{**one, "order": 0} for one in old]
    for one in old:
        before = posted("/cgi/department/detail", departmentId=one["id"])["department"]
        after = call(DETAILS, token, corp_id, None, one["id"])["department"]
        assert list(after) == list(before)
        assert after == {**before, "departmentOrder": 0}
