"""Reading ids: whatever way they are written, they come back; whatever is wrong, nothing leaks."""

import bz2
import contextlib
import csv
import encodings.aliases
import gzip
import io
import json
import lzma
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import python_calamine
from hypothesis import given
from hypothesis import strategies as st

from shim.cli._ids import IdsError, IdsFile
from shim.offline.checks import invisible

NAME, PHONE = "金丝雀", "13912345678"

IDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(
    lambda one: not invisible(one)
)
PLAIN_IDS = IDS.filter(lambda one: not set(one) & set(",;\"'"))
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
    def test_ids_in_columns_are_read_unchanged(self, folder, ids, encoding, quoting, form):
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
    def test_ids_in_json_lines_are_read_unchanged(self, folder, ids, encoding, ascii_only):
        """A JSON object a line."""
        rows = [json.dumps({"openUserId": one, "n": 1}, ensure_ascii=ascii_only) for one in ids]
        path = written(folder, "ids.jsonl", "\n".join(rows), encoding)
        assert list(IdsFile(path, **named(encoding))) == ids

    @given(ids=st.lists(PLAIN_IDS), encoding=ENCODINGS, end=st.sampled_from(["\n", "\r\n", "\r"]))
    def test_ids_in_lines_are_read_unchanged(self, folder, ids, encoding, end):
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

    def test_column_names_the_key_of_json_lines(self, folder):
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
            ("a.csv", f"{PHONE},F\n{NAME}\n", 2, "fix", {"column": "2"}),
            ("a.csv", f"openUserId,n\n,{NAME}\n", 2, "fill it in", {}),
            ("a.csv", f'openUserId,n\nF,x\nF,"{NAME}\n\n{PHONE}', 3, "fix it", {}),
            ("a.csv", f'openUserId\n"{NAME}"{PHONE}\n', 2, "fix it", {}),
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
            ("a.txt", f"F\n{NAME}".encode()[:-1], 2, "gb18030", {}),
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

    @pytest.mark.parametrize(
        ("name", "text", "line"),
        [
            ("a.txt", "F1\nFSUID_{}1\n", 2),
            ("a.csv", "n,openUserId\nx,F1\nx,FSUID_{}1\n", 3),
            ("a.tsv", "n\topenUserId\nx\tFSUID_{}1\n", 2),
            ("a.jsonl", '{{"openUserId": "F1"}}\n{{"openUserId": "FSUID_{}1"}}\n', 2),
        ],
    )
    @pytest.mark.parametrize(
        "unseen", ["\u200b", "\ufeff", "\u00ad", "\x7f", "\u3164", "\U000e0001"]
    )
    def test_an_id_with_a_character_that_does_not_show(self, folder, name, text, line, unseen):
        """Line and code point are named, the id is not."""
        said = error(folder, text.format(unseen), name)
        assert said.startswith(f"{folder / name}, line {line}: ")
        assert f"U+{ord(unseen):04X} as character 7" in said
        assert "FSUID" not in said.removeprefix(str(folder))

    def test_a_sheet_with_such_an_id_names_the_row(self, folder):
        """Cells come from web pages and chats."""
        rows = [("Name", "openUserId"), (NAME, "F1"), (NAME, "F\u200b2")]
        assert "sheet 1, row 3: the id holds U+200B as character 2" in error(folder, xlsx(rows))

    def test_bad_text_stops_nothing_before_it(self, folder):
        """A line that cannot be decoded is found when it is its turn, not a block ahead."""
        path = written(folder, "ids", b"F1\nF2\n\xff\nF3\n")
        ids = iter(IdsFile(path))
        assert [next(ids), next(ids)] == ["F1", "F2"]
        with pytest.raises(IdsError, match="line 3"):
            next(ids)

    def test_missing_file_is_reported_as_the_system_does(self, folder):
        """The system's own reason."""
        for path in (folder / "none", folder):
            with pytest.raises(IdsError, match="cannot be read: "):
                list(IdsFile(path))
        with pytest.raises(IdsError, match="is a directory: name a file in it"):
            IdsFile(folder).can_be_read_again()
        with pytest.raises(IdsError, match="No such file"):
            IdsFile(folder / "none").can_be_read_again()

    def test_a_file_that_breaks_off(self):
        """The memory of a process is such a file."""
        with pytest.raises(IdsError, match="cannot be read: Input/output error"):
            list(IdsFile(Path("/proc/self/mem")))

    @pytest.mark.parametrize("name", sorted({*encodings.aliases.aliases.values(), "idna"}))
    @pytest.mark.filterwarnings("ignore::DeprecationWarning")  # What escapes may be invalid.
    def test_any_codec_reads_or_is_an_error(self, folder, name):
        """Never anything else, whatever the codec is for."""
        path = written(folder, "ids", bytes(range(1, 256)) + b"\n")
        with contextlib.suppress(IdsError):
            list(IdsFile(path, encoding=name))

    def test_options_that_do_not_fit(self, folder):
        """An unknown encoding, column 0, a column of lines."""
        for name in ("no-such", "rot13", "base64", "idna", "undefined", ""):
            assert "gb18030" in error(folder, "F", encoding=name)
        assert "from 1" in error(folder, "F,", column="0")
        assert "--format csv" in error(folder, "F", column="1")


class TestQuotes:
    """One quoted id a line, as some exports have it."""

    @pytest.mark.parametrize("name", ["ids", "ids.csv"])
    def test_double_quotes_are_taken_off(self, folder, name):
        """With a header, in a file of lines or of one column."""
        assert read(folder, '"openUserId"\n"FSUID_1"\n"FSUID_2"\n', name) == ["FSUID_1", "FSUID_2"]

    def test_single_quotes_are_taken_off(self, folder):
        """No id has any."""
        assert read(folder, "'FSUID_1'\n") == ["FSUID_1"]

    def test_a_lone_quote_is_an_error(self, folder):
        """It may belong to a field of two lines."""
        assert "--format csv" in error(folder, '"FSUID_1\n')


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class TestOtherKinds:
    """What is not text is named, whatever its name says."""

    @pytest.mark.parametrize(
        ("content", "what", "remedy"),
        [
            (gzip.compress(b"FSUID_1\n"), "a gzip file", "gzip -dc"),
            (bz2.compress(b"FSUID_1\n"), "a bzip2 file", "bzip2 -dc"),
            (lzma.compress(b"FSUID_1\n"), "an xz file", "xz -dc"),
            (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack"),
            (b"%PDF-1.7", "a PDF", "CSV"),
            (b"<html><table>", "a web page", "CSV"),
            (b"\xef\xbb\xbf\n <!DOCTYPE html>", "a web page", "CSV"),
            ("F\n".encode("utf-16"), "UTF-16 text", "--encoding utf-16"),
            (b"PK\x03\x04 torn", "a zip archive", "unpack"),
            (OLE + b"x" * 600, "not a workbook that can be read", "CSV"),
        ],
        ids=["gzip", "bz2", "xz", "7z", "pdf", "html", "doctype", "utf-16", "zip", "ole"],
    )
    def test_it_says_what_it_is_and_what_to_do(self, folder, content, what, remedy):
        """In one line."""
        said = error(folder, content, "ids.xls")
        assert f"ids.xls is {what}" in said
        assert remedy in said
        assert "\n" not in said

    def test_a_zip_archive_of_something_else(self, folder):
        """It is no workbook."""
        path = folder / "ids.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("ids.csv", "FSUID_1")
        assert "is a zip archive: unpack it first" in error(folder, path.read_bytes())


class TestWorkbook:
    """The extra `xlsx`: Excel's and LibreOffice's files."""

    HEADER = ("Name", "openUserId")

    def test_the_column_of_the_first_sheet_is_read(self, folder):
        """Blank rows are skipped; a whole number is an id without a point."""
        rows = [self.HEADER, (NAME, "FSUID_1"), ("", ""), (NAME, 1453)]
        assert read(folder, xlsx(rows)) == ["FSUID_1", "1453"]
        assert read(folder, xlsx(rows), column="Name") == [NAME, NAME]
        assert read(folder, xlsx([("FSUID_1",)]), column="1") == ["FSUID_1"]

    def test_an_opendocument_sheet_is_read(self, folder):
        """By its content, whatever it is called."""
        assert read(folder, ods([self.HEADER, (NAME, "FSUID_1")]), "ids.csv") == ["FSUID_1"]

    def test_the_sheet_with_the_column_is_found(self, folder):
        """Notes before it do not count; two such sheets are an error."""
        notes, ids = [("read me",)], [self.HEADER, (NAME, "FSUID_1")]
        assert read(folder, xlsx(notes, ids, [])) == ["FSUID_1"]
        assert "more than one sheet of ids" in error(folder, xlsx(ids, notes, ids))
        assert "ids, sheet 1, row 1: no column" in error(folder, xlsx(notes, notes))
        assert read(folder, xlsx([])) == []

    @pytest.mark.parametrize(
        ("rows", "text"),
        [
            ([("Name",), (NAME,)], "sheet 1, row 1: no column"),
            ([HEADER, (), (), (NAME, "")], "sheet 1, row 4: its column holds no id"),
        ],
    )
    def test_an_error_names_sheet_and_row(self, folder, rows, text):
        """And repeats nothing of it."""
        said = error(folder, xlsx(rows))
        assert text in said
        assert NAME not in said

    def test_without_the_extra_it_says_what_to_do(self, folder, monkeypatch):
        """Save it as CSV, or install the extra."""
        monkeypatch.setitem(sys.modules, "python_calamine", None)
        said = error(folder, xlsx([self.HEADER]), "list.xlsx")
        assert said.endswith(
            "list.xlsx is an Excel workbook: save it as CSV, or pip install 'fxiaoke-shim[xlsx]'"
        )

    def test_workbook_with_a_password_is_refused(self, folder, monkeypatch):
        """The message says what to do."""

        def locked(_file):
            raise python_calamine.PasswordError

        monkeypatch.setattr(python_calamine, "load_workbook", locked)
        assert "with a password: save it as CSV" in error(folder, xlsx([self.HEADER]))

    def test_a_huge_one_is_refused(self, folder, monkeypatch):
        """A workbook is read at once, so its size is bounded."""
        monkeypatch.setattr("shim.cli._file_rows.MOST_BYTES", 100)
        assert "workbook of more than" in error(folder, xlsx([self.HEADER]))

    @given(st.data())
    def test_a_damaged_one_is_an_error_of_one_line(self, folder, data):
        """Whatever byte is another."""
        content = bytearray(xlsx([self.HEADER, (NAME, "FSUID_1")]))
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
        path = written(folder, "damaged", bytes(content))
        # Any other exception fails the test.
        with contextlib.suppress(IdsError):
            list(IdsFile(path))


def xlsx(*sheets):
    """Return a workbook of rows, the smallest that is one."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relation = '<Relationship Id="rId{0}" Type="{1}/{2}" Target="{3}"/>'
    packed = "http://schemas.openxmlformats.org/package/2006"
    head = f'<Relationships xmlns="{packed}/relationships">'
    numbers = range(1, len(sheets) + 1)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{packed}/content-types"/>',
        "_rels/.rels": head
        + relation.format(1, kind, "officeDocument", "xl/workbook.xml")
        + "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{kind}"><sheets>'
        + "".join(f'<sheet name="S{one}" sheetId="{one}" r:id="rId{one}"/>' for one in numbers)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": head
        + "".join(
            relation.format(one, kind, "worksheet", f"worksheets/sheet{one}.xml") for one in numbers
        )
        + "</Relationships>",
    }
    for number, rows in zip(numbers, sheets, strict=True):
        cells = "".join(
            f'<row r="{at}">'
            + "".join(
                f'<c r="{"AB"[place]}{at}"><v>{cell}</v></c>'
                if isinstance(cell, int)
                else f'<c r="{"AB"[place]}{at}" t="inlineStr"><is><t>{cell}</t></is></c>'
                for place, cell in enumerate(row)
            )
            + "</row>"
            for at, row in enumerate(rows, 1)
        )
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
        )
    return zipped(parts)


def ods(rows):
    """Return an OpenDocument spreadsheet of rows."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p>'
            "</table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": '<manifest:manifest xmlns:manifest="'
            f'{names}:manifest:1.0"><manifest:file-entry manifest:full-path="/"/>'
            "</manifest:manifest>",
            "content.xml": f'<office:document-content xmlns:office="{names}:office:1.0" '
            f'xmlns:table="{names}:table:1.0" xmlns:text="{names}:text:1.0"><office:body>'
            f'<office:spreadsheet><table:table table:name="S1">{cells}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        }
    )


def zipped(parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            stored = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(name, text, stored)
    return file.getvalue()


def test_memory_does_not_grow_with_the_file(folder):
    """Five times the ids take no more of it. The smaller file is larger than any buffer."""
    peaks = []
    for count in (20_000, 100_000):
        path = written(folder, "ids.csv", "openUserId,name\n" + "FSUID_0123456789,x\n" * count)
        tracemalloc.start()
        assert sum(1 for _ in IdsFile(path)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5
