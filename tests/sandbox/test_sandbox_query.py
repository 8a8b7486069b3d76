"""The query language, operator by operator and against a plain Python filter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shim.sandbox import Sandbox
from shim.sandbox._messages import Refusal
from shim.sandbox._search import meets, sort_key

LIST = ["a", "b"]


@pytest.mark.parametrize(
    ("value", "operator", "wanted", "holds"),
    [
        ("ab", "EQ", ["ab"], True),
        ("ab", "EQ", ["a"], False),
        (None, "EQ", [""], False),
        (LIST, "EQ", ["b"], True),
        (True, "EQ", ["true"], True),
        (False, "EQ", ["false"], True),
        (5, "EQ", ["5"], True),
        ("ab", "N", ["ab"], False),
        (None, "N", ["ab"], True),
        ("b", "GT", ["a"], True),
        ("b", "GT", ["b"], False),
        ("b", "GTE", ["b"], True),
        ("a", "LT", ["b"], True),
        ("b", "LTE", ["b"], True),
        ("", "LT", ["b"], False),
        (10, "GT", ["9"], True),
        (10, "LT", ["9"], False),
        ("10", "GT", ["9"], False),
        (True, "GT", ["false"], True),
        ("abc", "LIKE", ["b"], True),
        ("abc", "LIKE", ["x"], False),
        ("abc", "NLIKE", ["x"], True),
        ("", "IS", [], True),
        ([], "IS", [""], True),
        ("a", "IS", [], False),
        (0, "ISN", [], True),
        (None, "ISN", [], False),
        ("b", "IN", ["a", "b"], True),
        ("c", "IN", ["a", "b"], False),
        ("c", "NIN", ["a", "b"], True),
        ("b", "BETWEEN", ["a", "c"], True),
        ("d", "BETWEEN", ["a", "c"], False),
        (5, "BETWEEN", ["5", "10"], True),
        (5, "NBETWEEN", ["6", "10"], True),
        ("abc", "STARTWITH", ["ab"], True),
        ("abc", "STARTWITH", ["bc"], False),
        ("abc", "ENDWITH", ["bc"], True),
        ("abc", "ENDWITH", ["ab"], False),
        (LIST, "HASANYOF", ["b", "c"], True),
        (LIST, "HASANYOF", ["c"], False),
        (LIST, "NHASANYOF", ["c"], True),
        (LIST, "CONTAINS", ["a", "b"], True),
        (LIST, "CONTAINS", ["a", "c"], False),
        ("abc", "CONTAINS", ["bc"], True),
    ],
)
def test_operator_compares(value: object, operator: str, wanted: list[str], holds: bool) -> None:  # noqa: FBT001
    """What each operator does with text, numbers, booleans, lists and nothing."""
    assert meets(value, operator, wanted) is holds


@pytest.mark.parametrize("wanted", [["x", "9"], ["9", "x"]])
def test_number_compared_with_text_is_refused(wanted: list[str]) -> None:
    """Comparing a number with text is refused."""
    with pytest.raises(Refusal, match="32000"):
        meets(1, "BETWEEN", wanted)


def test_empty_values_sort_before_numbers_and_text() -> None:
    """Empty first, then numbers by size, then text."""
    assert sorted(["b", 10, "a", None, 9], key=sort_key) == [None, 9, 10, "a", "b"]


FIELDS = ("_id", "user_id", "status", "sex", "position", "email", "main_department", "version")


@pytest.fixture(scope="module")
def tenant() -> Any:
    """A tenant that was written to, and its rows by ``_id``."""
    return Sandbox(members=40, seed=11)


@st.composite
def conditions(draw: st.DrawFn, rows: list[dict[str, Any]]) -> tuple[str, str, list[str]]:
    name = draw(st.sampled_from(FIELDS))
    there = sorted({str(each) for row in rows for each in flat(row.get(name))})
    value = st.one_of(st.sampled_from(there), st.text(max_size=3))
    operator, count = draw(st.sampled_from([*NAIVE]))
    values = draw(st.lists(value, min_size=count, max_size=count if count != 1 else 1))
    return name, operator, values


def flat(value: Any) -> list[Any]:
    """Return the elements of a field's value, none for an empty one."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


ORDERS: list[list[dict[str, Any]]] = [
    [],
    [{"fieldName": "_id"}],
    [{"fieldName": "_id", "isAsc": False}],
    [{"fieldName": "position", "isAsc": False}, {"fieldName": "_id", "isAsc": True}],
]
NAIVE: dict[tuple[str, int], Any] = {
    ("EQ", 1): lambda found, want: want[0] in found,
    ("N", 1): lambda found, want: want[0] not in found,
    ("IN", 3): lambda found, want: any(each in want for each in found),
    ("NIN", 2): lambda found, want: all(each not in want for each in found),
    ("GT", 1): lambda found, want: any(each > want[0] for each in found),
    ("GTE", 1): lambda found, want: any(each >= want[0] for each in found),
    ("LT", 1): lambda found, want: any(each < want[0] for each in found),
    ("LTE", 1): lambda found, want: any(each <= want[0] for each in found),
    ("LIKE", 1): lambda found, want: any(want[0] in each for each in found),
    ("STARTWITH", 1): lambda found, want: any(each[: len(want[0])] == want[0] for each in found),
    ("HASANYOF", 2): lambda found, want: bool({*found} & {*want}),
    ("IS", 0): lambda found, _: found == [],
    ("ISN", 0): lambda found, _: found != [],
}


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_search_is_a_plain_filter(tenant: Sandbox, talk: Any, data: st.DataObject) -> None:
    """Filters ANDed, orders and pages: the rows a naive filter finds, whatever is asked."""
    to = talk(tenant)
    everyone = to.rows()
    filters = data.draw(st.lists(conditions(everyone), max_size=3))
    naive = [
        row["_id"]
        for row in everyone
        if all(
            NAIVE[next(key for key in NAIVE if key[0] == operator)](flat(row.get(name)), values)
            for name, operator, values in filters
        )
    ]
    orders = data.draw(st.sampled_from(ORDERS))
    by_id = {row["_id"]: row for row in everyone}
    if orders:
        naive.sort(reverse=orders[-1].get("isAsc") is False)
    if len(orders) == 2:
        naive.sort(key=lambda each: by_id[each].get("position", ""), reverse=True)
    limit = data.draw(st.integers(1, 50))
    found = to.rows(*filters, orders=orders, limit=limit)
    assert [row["_id"] for row in found] == naive[:limit]
    beyond = to.rows(*filters, orders=orders, limit=limit, offset=limit)
    assert [row["_id"] for row in beyond] == naive[limit : 2 * limit]
