"""Rows of a workbook: Excel's .xlsx, .xls and .xlsb, and .ods. Needs the extra `xlsx`.

python-calamine reads all four, is maintained, and comes as one wheel without dependencies.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shim.cli import kinds
from shim.cli.lines import IdsError

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        """Give each row that is not blank, with its number from 1."""
        for number, row in enumerate(self.rows, 1):
            if any(cell.strip() for cell in row):
                yield number, row

    def error(self, text: str, row: int) -> IdsError:
        """Return an error about a row."""
        return IdsError(f"{self.name}, row {row}: {text}")


def sheets(content: bytes, name: str) -> list[Sheet]:
    """Return the sheets of a workbook that are not empty.

    Raises:
        IdsError: It is too large, or none; or the extra is not there.
    """
    if len(content) > MOST_BYTES:
        msg = f"{name} is a workbook of more than {MOST_BYTES >> 20} MB: {_CSV}"
        raise IdsError(msg)
    if not kinds.is_workbook(content):
        msg = f"{name} is a zip archive: unpack it first"
        raise IdsError(msg)
    try:
        import python_calamine  # noqa: PLC0415 - an extra.
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
    except Exception:  # noqa: BLE001 - whatever it is, the workbook is damaged.
        msg = f"{name} is no workbook that can be read: open it in Excel and {_CSV}"
        raise IdsError(msg) from None
    return [
        Sheet(f"{name}, sheet {number}", [[_text(cell) for cell in row] for row in rows])
        for number, (_, rows) in enumerate(found, 1)
        if rows
    ]


def _text(cell: Any) -> str:
    """Return a cell as people see it: Excel keeps whole numbers as 1453.0."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
