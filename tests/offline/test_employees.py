"""The three employee queries, through the public door."""

import pytest

import shim
from shim.objectapi.calls import Reply
from shim.offline import ENDPOINTS
from shim.offline._rows import AT_MOST, LIFETIME_SECONDS, Snapshot, Snapshots
from shim.settings import configure

QUERY = "/cgi/crm/v2/data/query"
# The sandbox's own name for the field; the vendor's is unknown (U).
ATTACHING = {"attachingDepartmentIds": "vice_departments"}


def credentials(made):
    return made.corp_access_token, made.corp_id


def feed(name, arguments, *replies):
    """Return what a translation answers, fed these replies one by one."""
    flow = ENDPOINTS[name].translation("t", "c", **arguments)
    next(flow)
    for reply in replies:
        try:
            flow.send([reply])
        except StopIteration as end:
            return end.value
    pytest.fail("it asks for more")


def rows(*some):
    return Reply(0, "E-O.q", "OK", {"data": {"dataList": list(some)}})


class TestByOpenUserId:
    """Query Employee Info By OpenUserId."""

    def test_fields_and_types_are_the_old_ones(self, call, tenant):
        """isStop is a boolean, departments are numbers, times are milliseconds."""
        made = tenant(2)
        one = made.open_user_ids[0]
        shim.set_member_status_batch(*credentials(made), [one], 1)
        answer = call("query_employee_info_by_open_user_id", *credentials(made), one, True)
        assert answer["errorCode"] == 0
        assert answer["openUserId"] == one
        assert answer["isStop"] is True
        assert isinstance(answer["createTime"], int)
        assert all(isinstance(each, int) for each in answer["departmentIds"])
        assert answer["mainDepartmentId"] == answer["departmentIds"][0]
        assert answer["account"] == ""
        plain = call("query_employee_info_by_open_user_id", *credentials(made), one)
        assert "mainDepartmentId" not in plain
        assert "attachingDepartmentIds" not in plain

    def test_a_mapped_field_is_read_from_where_the_tenant_keeps_it(self, call, tenant):
        """field_map works in both directions."""
        made = tenant(1, field_map={"account": "account__c"})
        [one] = made.open_user_ids
        user = {"openUserId": one, "account": "li.lei"}
        assert call("update_member", *credentials(made), user)["errorCode"] == 0
        answer = call("query_employee_info_by_open_user_id", *credentials(made), one)
        assert answer["account"] == "li.lei"

    def test_attaching_departments_are_given_only_from_a_mapped_field(self, call, tenant):
        """No source names the field, so none is guessed (U)."""
        made = tenant(1, field_map=ATTACHING)
        [one] = made.open_user_ids
        some = sorted(made.departments())[:2]
        user = {"openUserId": one, "mainDepartmentId": some[0], "attachingDepartmentIds": some}
        assert call("update_member", *credentials(made), user)["errorCode"] == 0
        name = "query_employee_info_by_open_user_id"
        mapped = call(name, *credentials(made), one, True)
        shim.configure(field_map={})
        without = call(name, *credentials(made), one, True)
        assert (mapped["departmentIds"], mapped["attachingDepartmentIds"]) == (some, some)
        assert (without["departmentIds"], without["attachingDepartmentIds"]) == (some[:1], [])

    @pytest.mark.parametrize(
        ("held", "given"),
        [
            *((7, "7"), ([7], "7"), (0, ""), ("0", "0"), (7.5, "7.5")),
            *((None, ""), ({}, ""), ([], ""), (float("inf"), ""), (float("nan"), "")),
        ],
    )
    def test_text_field_is_text_whatever_the_row_holds(self, held, given):
        """A number is written out; 0, and what is neither text nor number, is empty."""
        row = {"_id": "1", "user_id": "A", "status": "0", "name": held}
        asked = {"openUserId": "A"}
        answer = feed("query_employee_info_by_open_user_id", asked, rows(row))
        assert answer["name"] == given

    @pytest.mark.parametrize(
        ("profile", "code", "word"),
        [("hidden", 20012, "read permission"), ("fsuid", 20012, "not found")],
    )
    def test_hidden_and_unknown_ones(self, profile, code, word, call, tenant):
        """Cannot be told apart, and the text says so."""
        made = tenant(5, profile=profile)
        who = min(made.hidden) if profile == "hidden" else "FSUID_NOBODY"
        answer = call("query_employee_info_by_open_user_id", *credentials(made), who)
        assert answer["errorCode"] == code
        assert word in answer["errorMessage"]
        assert "openUserId" not in answer

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [((None,), 10010), ((7,), 11008), (("U", "yes"), 15002)],
    )
    def test_bad_arguments(self, arguments, code, call, tenant):
        """No call is made."""
        made = tenant(1)
        name = "query_employee_info_by_open_user_id"
        assert call(name, *credentials(made), *arguments)["errorCode"] == code
        assert made.calls() == {}

    def test_what_tenants_may_answer(self):
        """An error, two rows for one id, rows of unasked members, and values in other forms."""
        asked = {"openUserId": "U"}
        name = "query_employee_info_by_open_user_id"
        row = {"_id": "1", "user_id": "U", "status": "0"}
        assert feed(name, asked, Reply(14001, "E-O.t", "throttled"))["errorCode"] == 14001
        assert feed(name, asked, rows(row, row))["errorCode"] == -2
        assert "convertUserId" in feed(name, asked, rows({**row, "user_id": "7"}))["errorMessage"]
        answer = feed(
            name,
            {**asked, "showDepartmentIdsDetail": True},
            rows({**row, "leader": "FSUID_L", "email": None, "main_department": "1001"}),
        )
        assert (answer["leaderId"], answer["email"]) == ("FSUID_L", "")
        assert answer["departmentIds"] == [1001]
        bare = feed(name, {**asked, "showDepartmentIdsDetail": True}, rows(row))
        assert (bare["mainDepartmentId"], bare["leaderId"], bare["createTime"]) == (None, "", 0)


class TestByMobile:
    """Query Employee By Mobile."""

    def test_everybody_with_that_number(self, call, tenant):
        """A list, even of one; status is a text."""
        made = tenant(3)
        one, two, _ = made.open_user_ids
        for each in (one, two):
            shim.update_member(*credentials(made), {"openUserId": each, "mobile": "13900000001"})
        shim.set_member_status_batch(*credentials(made), [two], 1)
        answer = call("query_employee_by_mobile", *credentials(made), "13900000001")
        found = {each["openUserId"]: each["status"] for each in answer["empList"]}
        assert found == {one: "NORMAL", two: "STOP"}
        assert answer["errorDescription"] == "success"

    def test_the_texts_of_status_can_be_set(self, call, tenant):
        """No source has the text for a disabled employee (U)."""
        made = tenant(2, by_mobile_status={"disabled": "STOPPED"})
        one, two = made.open_user_ids
        for each in (one, two):
            shim.update_member(*credentials(made), {"openUserId": each, "mobile": "13900000001"})
        shim.set_member_status_batch(*credentials(made), [two], 1)
        answer = call("query_employee_by_mobile", *credentials(made), "13900000001")
        found = {each["openUserId"]: each["status"] for each in answer["empList"]}
        assert found == {one: "NORMAL", two: "STOPPED"}

    def test_no_employee_is_no_error_and_is_explained(self, call, tenant):
        """Where nobody is found, somebody may be hidden."""
        made = tenant(1)
        answer = call("query_employee_by_mobile", *credentials(made), "1")
        assert (answer["errorCode"], answer["empList"]) == (0, [])
        assert "read permission on PersonnelObj" in answer["errorDescription"]

    def test_bad_arguments_and_refusals(self, call, tenant):
        """15002 without a call; the vendor's own code with one."""
        made = tenant(1)
        for mobile in (None, "", 13900000001):
            answer = call("query_employee_by_mobile", *credentials(made), mobile)
            assert answer["errorCode"] == 15002
        assert made.calls() == {}
        refused = call("query_employee_by_mobile", "expired", made.corp_id, "1")
        assert refused["errorCode"] == 20016


class TestByTimeRange:
    """Query Updated Employee List By Time Range."""

    NAME = "query_updated_employee_list_by_time_range"

    def sweep(self, call, made, size, between=lambda _: None):
        """Return the pages one after the other, doing something between them."""
        pages, number = [], 1
        while True:
            page = call(self.NAME, *credentials(made), pageSize=size, pageNumber=number)
            assert page["errorCode"] == 0, page
            pages.append(page)
            if number >= page["pageCount"]:
                return pages
            between(number)
            number += 1

    def test_pages_hold_everybody_once(self, call, tenant):
        """Counts are counted, and the last page is shorter."""
        made = tenant(250)
        pages = self.sweep(call, made, 100)
        assert [len(page["employees"]) for page in pages] == [100, 100, 50]
        assert {(page["pageCount"], page["totalCount"]) for page in pages} == {(3, 250)}
        given = [each["openUserId"] for page in pages for each in page["employees"]]
        assert sorted(given) == sorted(made.open_user_ids)
        assert [page.api_calls for page in pages] == [{QUERY: 4}, {QUERY: 1}, {QUERY: 1}]

    def test_a_deep_page_by_itself(self, call, tenant):
        """Without page 1 before it, the records are found first; beyond the end there are none."""
        made = tenant(250)
        page = call(self.NAME, *credentials(made), pageSize=90, pageNumber=3)
        assert len(page["employees"]) == 70
        beyond = call(self.NAME, *credentials(made), pageSize=90, pageNumber=4)
        assert (beyond["employees"], beyond["pageCount"], beyond["errorCode"]) == ([], 3, 0)

    def test_12345_employees_with_updates_between_the_pages(self, tenant):
        """Each exactly once, with records falling out of the range between two pages."""
        made = tenant(12_345)
        end = max(made.person(one)["last_modified_time"] for one in made.open_user_ids) + 1
        changed = []

        def update(number):
            one = made.open_user_ids[number * 7]
            changed.append(one)
            shim.update_member(*credentials(made), {"openUserId": one, "position": "moved"})

        given, number, pages = [], 1, 99
        while number <= pages:
            page = shim.query_updated_employee_list_by_time_range(
                *credentials(made), endTime=end, pageSize=1000, pageNumber=number
            )
            pages = page["pageCount"]
            given += [each["openUserId"] for each in page["employees"]]
            update(number)
            number += 1
        assert len(given) == 12_345
        assert set(given) == set(made.open_user_ids)
        assert all(made.person(one)["last_modified_time"] > end for one in changed)

    def test_the_range_bounds(self, call, tenant):
        """Start and end in milliseconds; nobody in it is explained."""
        made = tenant(3)
        one = made.open_user_ids[0]
        shim.update_member(*credentials(made), {"openUserId": one, "position": "moved"})
        changed = made.person(one)["last_modified_time"]
        page = call(self.NAME, *credentials(made), startTime=changed)
        assert [each["openUserId"] for each in page["employees"]] == [one]
        assert page["lastChangedTime"] == changed
        none = call(self.NAME, *credentials(made), startTime=changed + 1, endTime=changed + 2)
        assert (none["totalCount"], none["pageCount"], none["lastChangedTime"]) == (0, 0, 0)
        assert "read permission" in none["errorDescription"]

    @pytest.mark.parametrize(
        "arguments",
        [
            {"startTime": "1"},
            {"startTime": -1},
            {"startTime": True},
            {"endTime": 1.5},
            {"startTime": 5, "endTime": 5},
            {"pageSize": 0},
            {"pageSize": 1001},
            {"pageNumber": 0},
            {"pageNumber": "1"},
            {"showDepartmentIdsDetail": 1},
        ],
    )
    def test_bad_arguments(self, arguments, call, tenant):
        """15002 and no call."""
        made = tenant(1)
        assert call(self.NAME, *credentials(made), **arguments)["errorCode"] == 15002
        assert made.calls() == {}

    def test_a_refusal_on_any_page_is_the_answer(self, call, tenant):
        """Whether while finding or while reading."""
        made = tenant(150)
        refused = call(self.NAME, "expired", made.corp_id, pageSize=50)
        assert refused["errorCode"] == 20016
        call(self.NAME, *credentials(made), pageSize=50)
        refused = call(self.NAME, "expired", made.corp_id, pageSize=50, pageNumber=2)
        assert refused["errorCode"] == 20016

    def test_a_tenant_that_ignores_the_filter_ends(self):
        """The same page again is the end, not for ever."""
        configure(current_open_user_id="FSUID")
        page = rows(*({"_id": f"{n:03}", "user_id": f"U{n}"} for n in range(100)))
        assert feed(self.NAME, {"pageSize": 1000}, page, page)["totalCount"] == 100


class TestSnapshots:
    """What pages after the first go by."""

    def test_they_grow_old_and_are_few(self):
        """A quarter of an hour, sixteen of them."""
        now = [0.0]
        held = Snapshots(lambda: now[0])
        one = Snapshot(("a",), 1)
        held.put("k", one)
        assert held.get("k") is one
        held.forget()
        assert held.get("k") is None
        held.put("k", one)
        assert held.get("unknown") is None
        now[0] = LIFETIME_SECONDS
        assert held.get("k") is None
        for number in range(AT_MOST + 1):
            held.put(number, one)
        assert held.get(0) is None
        assert held.get(AT_MOST) is one
