"""Rows for a screen and for a pipe."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from shim.cli._usage_tables import Rows, shortened


def rows():
    made = Rows("site", "function", "calls", "mode")
    made.add("our.module.of.many.names.function (hr.py:7)", "update_member", "7", "object")
    made.add("离职.f (离.py:3)", "set_member_status_batch", "1,234", "")
    return made


def test_a_row_is_a_line_in_a_pipe():
    """Aligned, wide letters too, with numbers to the right."""
    assert rows().text(None).splitlines() == [
        "site                                         function                 calls  mode",
        "our.module.of.many.names.function (hr.py:7)  update_member                7  object",
        "离职.f (离.py:3)                             set_member_status_batch  1,234",
    ]


def test_what_fits_the_screen_is_a_table():
    """As in a pipe."""
    assert rows().text(200) == rows().text(None)


def test_cells_that_do_not_fit_are_written_below_the_name():
    """Empty cells are left out."""
    assert rows().text(40).splitlines() == [
        "our.module.of.many.n….function (hr.py:7)",
        "    function update_member · calls 7",
        "    mode object",
        "离职.f (离.py:3)",
        "    function set_member_status_batch",
        "    calls 1,234",
    ]


def test_empty_table_has_headings_for_programs_and_words_for_people():
    """Headings for programs, words for people."""
    empty = Rows("site", "calls")
    assert empty.text(None) == "site  calls"
    assert empty.text(80) == "no calls"


def test_a_row_with_nothing_but_its_name():
    """Is that name."""
    made = Rows("what", "quiet")
    made.add("x" * 50, "")
    made.add("y", "")
    assert made.text(20).splitlines() == [shortened("x" * 50, 20), "y"]


def test_wide_letters_take_two_columns():
    """Both ends give way until it fits."""
    assert shortened("离" * 50, 9) == "离离…离离"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])), st.integers(8, 60))
def test_shortened_fits_and_keeps_both_ends(text, width):
    """Whatever the letters are."""
    short = shortened(text, width)
    assert cell_len(short) <= width
    if short != text:
        begin, end = short.split("…")[0], short.split("…")[-1]
        assert text.startswith(begin)
        assert text.endswith(end)
