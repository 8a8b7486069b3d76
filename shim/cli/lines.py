"""Lines of a file of ids, each with its number, each checked to be text of a bounded length.

A file of ids is an export of people: its rows hold names and phones. So no error repeats anything
of its contents.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, TextIO, cast

from shim.cli.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_LINE = 1 << 20
"""In characters: a file without line ends must not fill the memory."""
SURROGATE = re.compile("[\ud800-\udfff]")
"""What no text holds that can be sent or stored."""

_BROKEN_OFF = "what comes after it cannot be read: check the file and its --encoding"
_TOO_LONG = f"longer than {LONGEST_LINE} characters: give each member a line of its own"
_NUL = "holds a NUL byte: name the encoding, such as --encoding utf-16, or write the file anew"


class IdsError(CommandError):
    """A file of ids cannot be used. Its text names file and line, and says what to do."""


def _mark(error: UnicodeError) -> tuple[str, int]:
    return "\udcff", cast("UnicodeDecodeError", error).end


# Bytes that are not text become half a surrogate pair, and so are found in the line in which they
# stand; a decoder's own error comes chunks ahead of the line that is being read.
MARKED = "fxshim.marked"
"""How a file has to be opened (`errors=`)."""
codecs.register_error(MARKED, _mark)


class Lines:
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
        """Return the next line, with its end.

        Raises:
            IdsError: It is too long, or not text.
        """
        line, self._kept = self._kept or self._next(), None
        return line

    @property
    def last(self) -> int:
        """The number of the line that was given last; 0 at first."""
        return self._read - (self._kept is not None)

    def error(self, text: str, line: int | None = None) -> IdsError:
        """Return an error about a line, the last by default."""
        return IdsError(f"{self._name}, line {self.last if line is None else line}: {text}")

    def peek(self) -> str:
        """Return the next line with anything in it, which stays to come; empty at the end.

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
