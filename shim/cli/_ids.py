"""Reads ids from a file or a pipe, one at a time, so memory does not grow with the file.

No error repeats anything of the file: rows hold names and phones, and a supposed header may be such
a row.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from shim.cli._file_rows import (
    HEAD,
    MARKED,
    SURROGATE,
    WORKBOOK,
    IdsError,
    NumberedLines,
    kind,
    sheets,
)
from shim.offline.checks import invisible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from shim.cli._file_rows import Sheet

    Rows = Iterator[tuple[int, list[str]]]
    Complaint = Callable[[str, int], IdsError]

__all__ = ["Form", "IdsError", "IdsFile"]

Form = Literal["csv", "tsv", "jsonl", "lines"]

NAMES = ("openUserId", "open_user_id")
"""Default names of the column or the key."""

_SUFFIXES: dict[str, Form] = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_DELIMITERS = {"csv": ",", "tsv": "\t"}
_NUMBER = re.compile(r"[0-9]{1,5}")
_NOT_ONE_ID = re.compile(r'[\s,;"]')

_NOT_AN_OBJECT = "not a JSON object: each line has to be one; or say with --format what it is"
_NO_KEY = "no key of that name (openUserId or open_user_id, or the one of --column): fix the line"
_NOT_TEXT = "the id is not a string with text in it: write it in quotes"
_MORE_THAN_AN_ID = "more than one id: for a file of columns say --format csv or --format tsv"
_TOO_FEW = "too few columns: fix the line, or check --column and --format"
_NO_ID = "its column holds no id: fill it in, or remove the line"
_NO_COLUMN = (
    "no column of that name (openUserId or open_user_id, or the one of --column): name the right "
    "one, or give its number from 1 (--column 1) if there is no header; csv separates columns by "
    "commas, tsv by tabs"
)
_TWO_COLUMNS = "more than one column of that name: rename all but one"
_BAD_QUOTES = (
    "the row that begins here has a quote that is neither closed nor doubled, or a field of more "
    f"than {csv.field_size_limit()} characters: fix it, or check --format"
)


@dataclass(frozen=True)
class IdsFile:
    """A file of ids. Each iteration reads it from its start, duplicates included.

    Attributes:
        path: The file; `-` is stdin.
        form: Its format; None decides by the suffix, else by the first line that is not blank.
        column: Name of the column or key, or number of the column from 1 if there is no header.
        encoding: By its Python name; a byte order mark is skipped in any.
    """

    path: Path
    form: Form | None = None
    column: str | None = None
    encoding: str = "utf-8"

    def __iter__(self) -> Iterator[str]:
        """Read the ids.

        Raises:
            IdsError: It cannot be read, or a line is wrong.
        """
        try:
            with self._open() as file:
                head = file.peek(HEAD)
                if (found := kind(head, self.encoding)) is None:
                    yield from self._from_text(file)
                else:
                    yield from self._from_other(file, *found)
        except OSError as error:
            raise self._unreadable(error) from None

    def _from_text(self, file: io.BufferedReader) -> Iterator[str]:
        with io.TextIOWrapper(file, self._text_encoding(), MARKED, newline="") as text:
            lines = NumberedLines(text, self.name)
            form = self.form or _SUFFIXES.get(self.path.suffix.lower()) or _guess(lines.peek())
            yield from _ids(lines, form, self.column)

    def _from_other(self, file: io.BufferedReader, what: str, advice: str) -> Iterator[str]:
        if what != WORKBOOK:
            msg = f"{self.name} is {what}: {advice}"
            raise IdsError(msg)
        found = sheets(file, self.name)
        yield from _from_sheets(found, self.name, self.column)

    @property
    def name(self) -> str:
        """Its name in messages."""
        return "stdin" if self._is_stdin else str(self.path)

    def stat(self) -> os.stat_result:
        """Return its status.

        Raises:
            IdsError: It is missing, or a directory.
        """
        try:
            known = os.fstat(0) if self._is_stdin else self.path.stat()
        except OSError as error:
            raise self._unreadable(error) from None
        if stat.S_ISDIR(known.st_mode):
            msg = f"{self.name} is a directory: name a file in it"
            raise IdsError(msg)
        return known

    def can_be_read_again(self) -> bool:
        """Return whether it is a regular file, and neither stdin nor a pipe.

        Raises:
            IdsError: It is missing.
        """
        return stat.S_ISREG(self.stat().st_mode) and not self._is_stdin

    @property
    def _is_stdin(self) -> bool:
        return str(self.path) == "-"

    def _open(self) -> io.BufferedReader:
        return open(0 if self._is_stdin else self.path, "rb", closefd=not self._is_stdin)

    def _text_encoding(self) -> str:
        """Return the encoding, if a text file can have it."""
        try:
            "".encode(self.encoding)
            # Codecs for host names cannot continue after an error.
            codecs.getincrementaldecoder(self.encoding)(MARKED).decode(b"", final=True)
        except (LookupError, ValueError):
            msg = "--encoding: no text encoding of that name; utf-8, gb18030 and utf-16 are some"
            raise IdsError(msg) from None
        return self.encoding

    def _unreadable(self, error: OSError) -> IdsError:
        return IdsError(f"{self.name} cannot be read: {error.strerror}")


def _guess(line: str) -> Form:
    """Return the likely format of a file by its first line."""
    if line.lstrip().startswith("{"):
        return "jsonl"
    if "\t" in line.strip():
        return "tsv"
    return "csv" if "," in line else "lines"


def _ids(lines: NumberedLines, form: Form, column: str | None) -> Iterator[str]:
    if form == "jsonl":
        return _from_objects(lines, column)
    if form == "lines":
        return _from_lines(lines, column)
    return _from_columns(_rows(lines, form), lines.error, column)


def _from_objects(lines: NumberedLines, key: str | None) -> Iterator[str]:
    names = NAMES if key is None else (key,)
    for line in lines:
        if not line.strip():
            continue
        row = _loaded(line)
        if not isinstance(row, dict):
            raise lines.error(_NOT_AN_OBJECT)
        name = next((name for name in names if name in row), None)
        if name is None:
            raise lines.error(_NO_KEY)
        value = row[name]
        if not isinstance(value, str) or not value.strip() or SURROGATE.search(value):
            raise lines.error(_NOT_TEXT)
        yield _visible(value.strip(), lines.error)


def _loaded(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _from_lines(lines: NumberedLines, column: str | None) -> Iterator[str]:
    if column is not None:
        msg = "--column: the file is read as one id a line; say --format csv, tsv or jsonl"
        raise IdsError(msg)
    header_may_come = True
    for line in lines:
        value = _unquoted(line.strip())
        if not value:
            continue
        if _NOT_ONE_ID.search(value):
            raise lines.error(_MORE_THAN_AN_ID)
        if not (header_may_come and value in NAMES):
            yield _visible(value, lines.error)
        header_may_come = False


def _unquoted(value: str) -> str:
    """Return an id without quotes around it, which some exports write."""
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1].strip() if quoted else value


def _from_sheets(sheets: Sequence[Sheet], name: str, column: str | None) -> Iterator[str]:
    """Read the only sheet that has the column; others may hold notes."""
    if len(sheets) > 1:
        sheets = [one for one in sheets if _has_column(one, column)] or sheets[:1]
    if len(sheets) > 1:
        msg = f"{name} has more than one sheet of ids: save the right one as CSV"
        raise IdsError(msg)
    for sheet in sheets:
        yield from _from_columns(sheet.numbered(), sheet.error, column)


def _has_column(sheet: Sheet, column: str | None) -> bool:
    try:
        _place(sheet.numbered(), sheet.error, column)
    except IdsError:
        return False
    return True


def _from_columns(rows: Rows, error: Complaint, column: str | None) -> Iterator[str]:
    place = _place(rows, error, column)
    for line, row in rows:
        if place >= len(row):
            raise error(_TOO_FEW, line)
        value = row[place].strip()
        if not value:
            raise error(_NO_ID, line)
        yield _visible(value, error, line)


def _visible(value: str, error: Callable[..., IdsError], *line: int) -> str:
    """Return an id, if all of its characters are visible.

    Raises:
        IdsError: It has an invisible one. The text names line and character, not the id.
    """
    if found := invisible(value):
        msg = f"the id holds {found}"
        raise error(msg, *line)
    return value


def _place(rows: Rows, error: Complaint, column: str | None) -> int:
    """Return the index of the id in a row, by the number of the column or by the header."""
    if column is not None and _NUMBER.fullmatch(column):
        if int(column):
            return int(column) - 1
        msg = "--column: columns are counted from 1"
        raise IdsError(msg)
    names = NAMES if column is None else (column,)
    # If there is no row, the names do not matter.
    line, header = next(rows, (0, list(names[:1])))
    found = [place for place, name in enumerate(header) if name.strip() in names]
    if len(found) != 1:
        raise error(_TWO_COLUMNS if found else _NO_COLUMN, line)
    return found[0]


def _rows(lines: NumberedLines, form: Form) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank, with the number of its first line."""
    # If not strict, a quote that is never closed would take the rest of the file.
    reader = csv.reader(lines, delimiter=_DELIMITERS[form], strict=True)
    while True:
        line = lines.last + 1
        try:
            row = next(reader, None)
        except csv.Error:
            raise lines.error(_BAD_QUOTES, line) from None
        if row is None:
            return
        if any(cell.strip() for cell in row):
            yield line, row
