"""Two answers are compared field by field: paths, never values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shim._endpoint import EXACT
from shim.modes.shadow import Differences, differences
from shim.offline import ENDPOINTS

ENVELOPE = {"traceId": "t", "errorMessage": "OK", "errorDescription": "success", "errorCode": 0}
PERSON = ENDPOINTS["query_employee_info_by_open_user_id"].answer
LISTED = ENDPOINTS["query_updated_employee_list_by_time_range"].answer
RECORD = ENDPOINTS["query_preset_object_details"].answer

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
answers = st.dictionaries(st.text(max_size=5), json_values, max_size=4).map(
    lambda some: {**some, **ENVELOPE}
)


def compare(old, new, fates=LISTED, code=0):
    return differences({**ENVELOPE, **old}, {**ENVELOPE, "errorCode": code, **new}, fates)


def test_texts_and_trace_ids_do_not_count():
    """They differ in any two answers."""
    assert compare({"traceId": "a"}, {"traceId": "b", "errorMessage": "x"}) == Differences((), ())


def test_a_code_says_it_all():
    """Where it differs, nothing else is looked at; nor where both are errors."""
    assert compare({"totalCount": 1}, {"errorCode": 20012}) == Differences(("errorCode",), ())
    assert compare({"errorCode": 1, "a": 1}, {"errorCode": 1}) == Differences((), ())


def test_two_words_for_a_bad_parameter():
    """32000 is 15002."""
    assert compare({"errorCode": 32000}, {"errorCode": 15002}) == Differences((), ())


def test_values_differ_by_their_path():
    """In nested objects and in rows that are found by their id, in whatever order."""
    old = [{"openUserId": "a", "name": "x"}, {"openUserId": "b", "name": "y"}]
    new = [{"openUserId": "b", "name": "y"}, {"openUserId": "a", "name": "z"}]
    assert compare({"employees": old}, {"employees": new}).mismatches == ("employees[].name",)
    assert compare({"employees": old}, {"employees": old[::-1]}).mismatches == ()
    assert compare({"employees": old}, {"employees": old[:1]}).mismatches == ("employees[]",)
    assert compare({"pageCount": 1}, {"pageCount": "1"}).mismatches == ("pageCount",)


def test_rows_without_an_id_are_a_heap():
    """Of which the same must be in both."""
    exact = {"ids": EXACT}
    assert compare({"ids": [1, 2]}, {"ids": [2, 1]}, exact).mismatches == ()
    assert compare({"ids": [1, 2]}, {"ids": [1, 1]}, exact).mismatches == ("ids[]",)
    same = [{"openUserId": "a"}, {"openUserId": "a"}]
    assert compare({"employees": same}, {"employees": same[:1]}).mismatches == ("employees[]",)


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_empty_is_as_good_as_left_out(empty):
    """No two services agree on that."""
    assert compare({"leaderId": empty}, {}, PERSON).mismatches == ()
    assert compare({}, {"leaderId": empty}, PERSON).mismatches == ()


def test_a_list_that_loses_entries_by_the_loss_report_is_expected():
    """No field is known for attaching departments, so the new list is shorter."""
    found = compare({"departmentIds": [1, 2]}, {"departmentIds": [1]}, PERSON)
    assert found == Differences((), ("departmentIds[]",))


def test_what_the_loss_report_foretells_is_apart():
    """A fact without a known field is empty, always; that is no news."""
    found = compare({"account": "canary", "name": "n"}, {"account": "", "name": "m"}, PERSON)
    assert found == Differences(("name",), ("account",))


def test_undocumented_field_is_no_mismatch():
    """The old service gave more than its page says; within a record, all is the record's."""
    assert compare({"more": 1}, {}) == Differences((), ("more",))
    found = compare({"data": {"a__c": 1}}, {"data": {"a__c": 2}}, RECORD)
    assert found == Differences(("data.a__c",), ())


def test_a_key_that_is_no_name_is_not_said():
    """It may be somebody's."""
    found = compare({"data": {"13800000000": 1}}, {"data": {}}, RECORD)
    assert found == Differences(("data.*",), ())


def test_there_is_an_end_to_paths():
    """A line of a log is not a report."""
    many = {f"f{number}": number for number in range(99)}
    assert len(compare({"data": many}, {"data": {}}, RECORD).mismatches) == 20


@given(answer=answers)
def test_an_answer_agrees_with_itself(answer):
    """Whatever is in it."""
    assert differences(answer, answer, RECORD) == Differences((), ())


@given(old=answers, new=answers)
def test_it_is_the_same_from_both_sides(old, new):
    """Which of them is the old one makes no difference to where they differ."""
    assert set(differences(old, new, RECORD).expected) == set(
        differences(new, old, RECORD).expected
    )
