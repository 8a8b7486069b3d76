"""What a file is by its first bytes, where it is not the text that its name promises."""

from __future__ import annotations

import io
import zipfile
from typing import Final

HEAD: Final = 64
"""How many bytes `kind` looks at."""
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
    """Return what a file that begins so is, and what to do about it; None for text.

    A zip archive and a workbook come without advice: `is_workbook` tells them apart.
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
    """Return whether a zip archive, or an older container, is a workbook by its parts."""
    if not content.startswith(ZIP):
        return True
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    return any(name.startswith("xl/") or name == "content.xml" for name in names)
