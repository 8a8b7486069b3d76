"""Where log lines come from: files, globs, stdin, plain or compressed, in large pieces.

A piece is some megabytes that end where a line ends, so that looking for something in a log costs
no step for each line.
"""

from __future__ import annotations

import glob
import gzip
import os
import sys
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator, Sequence

STDIN: Final = "-"
_PIECE: Final = 1 << 20
# A line longer than this is no log line of ours, and is not kept in memory to its end.
_LONGEST: Final = 1 << 22
_GZIP: Final = b"\x1f\x8b"


class SourceError(Exception):
    """A log cannot be read; says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some lines of one log.

    Attributes:
        name: The log's name.
        first_line: Number of its first line, from 1.
        content: The lines.
    """

    name: str
    first_line: int
    content: bytes


def found(given: Sequence[str]) -> list[str]:
    """Return the files that are meant, each once, in the order given.

    Args:
        given: Names of files, patterns as a shell has them, and `-` for stdin.

    Raises:
        SourceError: A name leads nowhere, or a pattern fits nothing.
    """
    names: dict[object, str] = {}
    for one in given:
        matches = [one] if one == STDIN or os.path.exists(one) else sorted(glob.glob(one))  # noqa: PTH110, PTH207 - as given.
        if not matches:
            msg = (
                f"{one}: there is no such file; give log files, patterns in quotes, or - for stdin"
            )
            raise SourceError(msg)
        for name in matches:
            names.setdefault(_identity(name), name)
    return list(names.values())


def pieces(name: str) -> Iterator[Piece]:
    """Yield a log piece by piece.

    Raises:
        SourceError: It cannot be read.
    """
    try:
        with _opened(name) as log:
            yield from _cut(name, log)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        # EOFError: a compressed file that ends too soon, as one does that is still being written;
        # ValueError: stdin is closed.
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        msg = f"{name}: cannot be read to its end ({why})"
        raise SourceError(msg) from None


def _identity(name: str) -> object:
    """Return what two names of one file have in common."""
    if name == STDIN:
        return STDIN
    try:
        there = os.stat(name)  # noqa: PTH116 - as given.
    except OSError:
        return name
    return there.st_dev, there.st_ino


@contextmanager
def _opened(name: str) -> Iterator[io.BufferedReader | gzip.GzipFile]:
    with ExitStack() as stack:
        if name == STDIN:
            if sys.stdin is None:
                msg = "it is closed"
                raise ValueError(msg)
            log = cast("io.BufferedReader", sys.stdin.buffer)
        else:
            log = stack.enter_context(open(name, "rb"))  # noqa: PTH123 - as given.
        if log.peek(2)[:2] == _GZIP:
            yield stack.enter_context(gzip.GzipFile(fileobj=log))
        else:
            yield log


def _cut(name: str, log: io.BufferedReader | gzip.GzipFile) -> Iterator[Piece]:
    rest, number = b"", 1
    while block := log.read(_PIECE):
        end = block.rfind(b"\n") + 1
        if not end:
            rest += block
            if len(rest) > _LONGEST:
                rest = rest[:_PIECE]
            continue
        content = rest + block[:end]
        rest = block[end:]
        yield Piece(name, number, content)
        number += content.count(b"\n")
    if rest:
        yield Piece(name, number, rest + b"\n")
