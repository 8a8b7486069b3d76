"""Reading ids: whatever way they are written, they come back; whatever is wrong, nothing leaks."""

import csv
import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shim.cli.ids import IdsError, IdsFile

NAME, PHONE = "金丝雀", "13912345678"

CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff")
IDS = st.text(CHARACTERS | st.sampled_from("\n\r\t"), min_size=1).filter(
    lambda one: one == one.strip()
)
PLAIN_IDS = st.text(CHARACTERS, min_size=1).filter(
    lambda one: len(one.split()) == 1 and not set(one) & set(' ,;"') and one == one.strip()
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ids")


def written(folder, name, text, encoding="utf-8"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def read(folder, text, name="ids", **options):
    return list(IdsFile(written(folder, name, text), **options))


def error(folder, text, name="ids", **options):
    with pytest.raises(IdsError) as caught:
        read(folder, text, name, **options)
    assert caught.value.__cause__ is None
    return str(caught.value)


def named(encoding):
    """Return what a user has to say: nothing about a byte order mark."""
    return {"encoding": "utf-8" if encoding == "utf-8-sig" else encoding}


class TestProperties:
    """Any list of ids."""

    @given(ids=st.lists(IDS), encoding=ENCODINGS, quoting=st.booleans(), form=st.booleans())
    def test_columns_come_back(self, folder, ids, encoding, quoting, form):
        """With commas and with tabs, sparsely and fully quoted, by name and by number."""
        suffix, delimiter = ("csv", ",") if form else ("tsv", "\t")
        text = io.StringIO(newline="")
        writer = csv.writer(
            text,
            delimiter=delimiter,
            quoting=csv.QUOTE_ALL if quoting else csv.QUOTE_MINIMAL,
        )
        writer.writerows([(NAME, one, PHONE) for one in ["open_user_id", *ids]])
        path = written(folder, f"ids.{suffix}", text.getvalue(), encoding)
        assert list(IdsFile(path, **named(encoding))) == ids
        assert list(IdsFile(path, column="2", **named(encoding))) == ["open_user_id", *ids]

    @given(ids=st.lists(IDS), encoding=ENCODINGS, ascii_only=st.booleans())
    def test_objects_come_back(self, folder, ids, encoding, ascii_only):
        """A JSON object a line."""
        rows = [json.dumps({"openUserId": one, "n": 1}, ensure_ascii=ascii_only) for one in ids]
        path = written(folder, "ids.jsonl", "\n".join(rows), encoding)
        assert list(IdsFile(path, **named(encoding))) == ids

    @given(ids=st.lists(PLAIN_IDS), encoding=ENCODINGS, end=st.sampled_from(["\n", "\r\n", "\r"]))
    def test_lines_come_back(self, folder, ids, encoding, end):
        """An id a line, with the line ends of any system and blank lines in between."""
        text = f"{end} {end}".join(["", "openUserId", *ids])
        path = written(folder, "ids.txt", text, encoding)
        assert list(IdsFile(path, "lines", **named(encoding))) == ids


class TestForm:
    """How a file without a telling suffix is taken."""

    @pytest.mark.parametrize(
        "text",
        [
            'openUserId,name\nFSUID_1,x\n"FSUID_2",\n',
            "\n\nname\topenUserId\r\nx\tFSUID_1\r\n\tFSUID_2",
            '\n{"openUserId": "FSUID_1"}\n\n{"open_user_id": " FSUID_2 "}\n',
            "FSUID_1\n\n  FSUID_2  \n",
            "\ufeffopen_user_id\nFSUID_1\nFSUID_2",
        ],
    )
    def test_it_goes_by_the_first_line(self, folder, text):
        """A brace, a tab, a comma; else each line is an id."""
        assert read(folder, text) == ["FSUID_1", "FSUID_2"]

    def test_an_empty_file_has_no_ids(self, folder):
        """In any form, and with a header too."""
        for name in ("ids", "ids.csv", "ids.tsv", "ids.ndjson"):
            assert read(folder, "", name) == []
            assert read(folder, "\n \n", name) == []
        assert read(folder, "openUserId,name\n", "ids.CSV") == []

    def test_a_said_form_wins_over_the_suffix(self, folder):
        """`--format` is the last word."""
        assert read(folder, "FSUID_1\n", "ids.csv", form="lines") == ["FSUID_1"]

    def test_rows_without_anything_in_them_are_skipped(self, folder):
        """Spreadsheets leave them behind."""
        assert read(folder, "openUserId,name\n,\nFSUID_1,x\n , \n", "ids.csv") == ["FSUID_1"]

    def test_a_key_can_be_named(self, folder):
        """`--column` is the key of JSON lines."""
        assert read(folder, '{"id": "FSUID_1"}', "ids.jsonl", column="id") == ["FSUID_1"]

    def test_a_column_can_be_named(self, folder):
        """`--column` is the heading; one that is a number counts columns."""
        text = "name,员工,2\nx,FSUID_1,y\n"
        assert read(folder, text, "ids.csv", column="员工") == ["FSUID_1"]
        assert read(folder, text, "ids.csv", column="2") == ["员工", "FSUID_1"]


class TestErrors:
    """What is wrong, where, what to do; and nothing of what the file holds."""

    @pytest.mark.parametrize(
        ("name", "text", "line", "remedy", "options"),
        [
            ("a.csv", f"{NAME},{PHONE}\n", 1, "--column 1", {}),
            ("a.csv", f"openUserId,n\nx,{NAME}\n", 1, "--column", {"column": PHONE}),
            ("a.csv", f"openUserId,open_user_id\n{PHONE},\n", 1, "rename", {}),
            ("a.csv", f"{PHONE},openUserId\n{NAME},F\n{NAME}\n", 3, "--column", {}),
            ("a.csv", f"{PHONE},F\n{NAME}\n", 2, "mend", {"column": "2"}),
            ("a.csv", f"openUserId,n\n,{NAME}\n", 2, "fill it in", {}),
            ("a.csv", f'openUserId,n\nF,x\nF,"{NAME}\n\n{PHONE}', 3, "mend it", {}),
            ("a.csv", f'openUserId\n"{NAME}"{PHONE}\n', 2, "mend it", {}),
            ("a.csv", f"openUserId,n\nF,{PHONE * 20_000}\n", 2, "131072", {}),
            ("a.jsonl", f'{{"openUserId": "F"}}\n{NAME}\n', 2, "JSON object", {}),
            ("a.jsonl", f'["{NAME}"]\n', 1, "JSON object", {}),
            ("a.jsonl", "[" * 200_000, 1, "JSON object", {}),
            ("a.jsonl", f'{{"{NAME}": "F"}}\n', 1, "--column", {}),
            ("a.jsonl", f'{{"openUserId": {PHONE}}}\n', 1, "in quotes", {}),
            ("a.jsonl", f'{{"openUserId": " ", "n": "{NAME}"}}\n', 1, "in quotes", {}),
            ("a.jsonl", '{"openUserId": "\\ud800"}\n', 1, "in quotes", {}),
            ("a.txt", f"F\nF;{NAME}\n", 2, "--format csv", {}),
            ("a.txt", f"F\n{NAME} {PHONE}\n", 2, "--format csv", {}),
            ("a.txt", f"F\n\0{NAME}\n", 2, "--encoding utf-16", {}),
            ("a.txt", f"F\n{PHONE * 200_000}", 2, "line of its own", {}),
            ("a.csv", f"openUserId\nF\n{NAME}".encode("gb18030"), 3, "--encoding gb18030", {}),
            ("a.txt", "F\n".encode("utf-16"), 1, "utf-16", {}),
            ("a.txt", f"F\n{NAME}".encode()[:-1], 2, "gb18030", {}),
            ("a.txt", "F\n", 0, "--encoding", {"encoding": "undefined"}),
        ],
    )
    def test_it_names_the_line_and_the_remedy(  # noqa: PLR0913, PLR0917 - a row of the table.
        self, folder, name, text, line, remedy, options
    ):
        """And neither a name nor a phone, whether they stand in a row or where a header should."""
        said = error(folder, text, name, **options)
        assert said.startswith(f"{folder / name}, line {line}: ")
        assert remedy in said
        assert NAME not in said
        assert PHONE not in said

    def test_bad_text_stops_nothing_before_it(self, folder):
        """A line that cannot be decoded is found when it is its turn, not a block ahead."""
        path = written(folder, "ids", b"F1\nF2\n\xff\nF3\n")
        ids = iter(IdsFile(path))
        assert [next(ids), next(ids)] == ["F1", "F2"]
        with pytest.raises(IdsError, match="line 3"):
            next(ids)

    def test_what_is_not_there(self, folder):
        """The system's own reason."""
        for path in (folder / "none", folder):
            with pytest.raises(IdsError, match="cannot be read: "):
                list(IdsFile(path))
        with pytest.raises(IdsError, match="No such file"):
            IdsFile(folder / "none").can_be_read_again()

    def test_options_that_do_not_fit(self, folder):
        """An unknown encoding, column 0, a column of lines."""
        assert "gb18030" in error(folder, "F", encoding="no-such")
        assert "from 1" in error(folder, "F,", column="0")
        assert "--format csv" in error(folder, "F", column="1")


def test_memory_does_not_grow_with_the_file(folder):
    """Forty times the ids take no more of it."""
    peaks = []
    for count in (500, 20_000):
        path = written(folder, "ids.csv", "openUserId,name\n" + "FSUID_0123456789,x\n" * count)
        tracemalloc.start()
        assert sum(1 for _ in IdsFile(path)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5
