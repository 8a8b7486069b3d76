"""The rows of a file of ids: lines of text, sheets of a workbook, and what else a file may be.

A file of ids is an export of people: its rows hold names and phones. So no error repeats anything
of its contents. python-calamine reads .xlsx, .xls, .xlsb and .ods; it is the extra `xlsx`.
"""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TextIO, cast

from shim.cli._output import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_LINE = 1 << 20
"""In characters, so that a file without line ends does not fill the memory."""
SURROGATE = re.compile("[\ud800-\udfff]")
"""Characters that no text may hold that is sent or stored."""

_BROKEN_OFF = "the text after it cannot be read: check the file and its --encoding"
_TOO_LONG = f"longer than {LONGEST_LINE} characters: give each member a line of its own"
_NUL = "holds a NUL byte: name the encoding, such as --encoding utf-16, or write the file again"


class IdsError(CommandError):
    """A file of ids cannot be used. The text names file and line, and says what to do."""


def _mark(error: UnicodeError) -> tuple[str, int]:
    return "\udcff", cast("UnicodeDecodeError", error).end


# Bytes that are not text become half a surrogate pair, and are found in their line. The error of a
# decoder would come chunks before the line that is being read.
MARKED = "fxshim.marked"
"""The value of `errors=` to open a file with."""
codecs.register_error(MARKED, _mark)


class NumberedLines:
    """The lines of a file.

    Args:
        file: Opened with `errors=MARKED`.
        name: What errors call it.
    """

    def __init__(self, file: TextIO, name: str) -> None:
        self._file = file
        self._name = name
        self._read = 0
        self._kept: str | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Return the next line with its end.

        Raises:
            IdsError: It is too long, or not text.
        """
        line, self._kept = self._kept or self._next(), None
        return line

    @property
    def last(self) -> int:
        """Number of the last line that was returned; 0 at first."""
        return self._read - (self._kept is not None)

    def error(self, text: str, line: int | None = None) -> IdsError:
        """Return an error about a line, the last by default."""
        return IdsError(f"{self._name}, line {self.last if line is None else line}: {text}")

    def peek(self) -> str:
        """Return the next line that is not blank, without taking it; empty at the end.

        Raises:
            IdsError: It is too long, or not text.
        """
        line = next((line for line in self if line.strip()), "")
        self._kept = line or None
        return line

    def _next(self) -> str:
        try:
            line = self._file.readline(LONGEST_LINE + 1)
        except UnicodeError:
            raise self.error(_BROKEN_OFF) from None
        if not line:
            raise StopIteration
        self._read += 1
        if len(line) > LONGEST_LINE:
            raise self.error(_TOO_LONG)
        if SURROGATE.search(line):
            msg = (
                f"not {self._file.encoding}: name the encoding of the file, such as "
                "--encoding gb18030 (Excel in China) or utf-16"
            )
            raise self.error(msg)
        if "\0" in line:
            raise self.error(_NUL)
        return line.removeprefix("\ufeff") if self._read == 1 else line


HEAD: Final = 64
"""Number of bytes that `kind` reads."""
WORKBOOK: Final = "workbook"
ZIP: Final = b"PK\x03\x04"

_AS_CSV: Final = "open it in Excel and save it as CSV"
_UNPACK: Final = "unpack it first"
_KINDS: Final = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", WORKBOOK, ""),
    (b"\x1f\x8b", "a gzip file", "unpack it: gzip -dc FILE | fxshim members ACTION -"),
    (b"BZh91AY&SY", "a bzip2 file", "unpack it: bzip2 -dc FILE | fxshim members ACTION -"),
    (b"\xfd7zXZ", "an xz file", "unpack it: xz -dc FILE | fxshim members ACTION -"),
    (b"\x28\xb5\x2f\xfd", "a zstd file", _UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"Rar!\x1a", "a RAR archive", _UNPACK),
    (b"%PDF-", "a PDF", "ask for the list as CSV"),
    (b"SQLite format 3", "an SQLite database", "export the ids as CSV"),
)
_PAGE: Final = (b"<!doctype", b"<html", b"<table", b"<?xml", b"<meta", b"<head")
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")


def kind(head: bytes, encoding: str) -> tuple[str, str] | None:
    """Return what a file is by its first bytes, and what to do about it; None for text.

    A zip archive and a workbook have the same first bytes: `is_workbook` tells which.
    """
    for magic, what, advice in _KINDS:
        if head.startswith(magic):
            return what, advice
    if head.startswith(ZIP):
        return WORKBOOK, ""
    if head.startswith(_WIDE) and "16" not in encoding and "32" not in encoding:
        return "UTF-16 text", "say --encoding utf-16"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGE):
        return "a web page (HTML or XML), whatever its name", _AS_CSV
    return None


def is_workbook(content: bytes) -> bool:
    """Return whether a zip archive, or an older container, is a workbook."""
    if not content.startswith(ZIP):
        return True
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    return any(name.startswith("xl/") or name == "content.xml" for name in names)


MOST_BYTES: Final = 1 << 26
_CSV: Final = "save it as CSV"
_INSTALL: Final = "or pip install 'fxiaoke-shim[xlsx]'"


@dataclass(frozen=True)
class Sheet:
    """A sheet that is not empty.

    Attributes:
        name: What errors call it.
        rows: Its rows as text; an empty cell is an empty text.
    """

    name: str
    rows: list[list[str]]

    def numbered(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row that is not blank, with its number from 1."""
        for number, row in enumerate(self.rows, 1):
            if any(cell.strip() for cell in row):
                yield number, row

    def error(self, text: str, row: int) -> IdsError:
        """Return an error about a row."""
        return IdsError(f"{self.name}, row {row}: {text}")


def sheets(file: BinaryIO, name: str) -> list[Sheet]:
    """Return the sheets of a workbook that are not empty.

    Raises:
        IdsError: It is too large, or no workbook; or the extra is missing.
    """
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        msg = f"{name} is a workbook of more than {MOST_BYTES >> 20} MB: {_CSV}"
        raise IdsError(msg)
    if not is_workbook(content):
        msg = f"{name} is a zip archive: unpack it first"
        raise IdsError(msg)
    try:
        import python_calamine  # The extra `xlsx`.
    except ModuleNotFoundError:
        msg = f"{name} is an Excel workbook: {_CSV}, {_INSTALL}"
        raise IdsError(msg) from None
    try:
        book = python_calamine.load_workbook(io.BytesIO(content))
        found = [
            (one, book.get_sheet_by_name(one).to_python(skip_empty_area=False))
            for one in book.sheet_names
        ]
    except python_calamine.PasswordError:
        msg = f"{name} is a workbook with a password: {_CSV}"
        raise IdsError(msg) from None
    except Exception:  # noqa: BLE001 - any error means a damaged workbook.
        msg = f"{name} is not a workbook that can be read: open it in Excel and {_CSV}"
        raise IdsError(msg) from None
    return [
        Sheet(f"{name}, sheet {number}", [[_text(cell) for cell in row] for row in rows])
        for number, (_, rows) in enumerate(found, 1)
        if rows
    ]


def _text(cell: Any) -> str:
    """Return a cell as people see it; Excel stores whole numbers as 1453.0."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
