"""Reads logs in large pieces: files, patterns, stdin, pipes, compressed or not.

A piece is about a megabyte of whole lines, so that a search in a log needs no step for each line.
The first bytes of a file say how it is compressed, and whether it is UTF-16.
"""

from __future__ import annotations

import bz2
import codecs
import glob
import gzip
import io
import lzma
import os
import re
import select
import stat
import sys
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

STDIN: Final = "-"
_PIECE: Final = 1 << 20
# A file without an end of line in this many bytes is no log.
_LONGEST: Final = 1 << 26
# Bytes of a file that are read to know its format.
_HEAD: Final = 1 << 12
# How often a file may be compressed.
_DEEPEST: Final = 3
# An extra before Python 3.14.
_ZSTD: Final = f"{'compression' if sys.version_info >= (3, 14) else 'backports'}.zstd"
# Seconds to wait for a program to open the other end of a pipe.
_PATIENCE: Final = 10.0
_OTHERS: Final = {
    b"PK\x03\x04": "a zip file",
    b"7z\xbc\xaf'\x1c": "a 7z file",
    b"Rar!": "a rar file",
    b"\x04\x22\x4d\x18": "compressed with lz4",
    b"\x1f\x9d": "compressed with compress",
    b"LZIP": "compressed with lzip",
    b"\x89LZO": "compressed with lzop",
    b"\xff\x06\x00\x00sNaPpY": "compressed with snappy",
    b"PAR1": "a parquet file",
    b"ARROW1": "an arrow file",
    b"ORC": "an ORC file",
    b"Obj\x01": "an avro file",
    b"SQLite format 3\x00": "an SQLite database",
    b"LPKSHHRH": "a file of journald; give what journalctl -o json prints",
    b"\xff\xfe\x00\x00": "in UTF-32",
    b"\x00\x00\xfe\xff": "in UTF-32",
}
_TAR: Final = (b"ustar", 257)
# Zeros between characters: UTF-32, or binary numbers.
_ZEROS: Final = re.compile(rb"[^\x00]\x00{1,3}(?=[^\x00])")
# Any log may have some.
_FEW: Final = 20
_CONTROLS: Final = bytes({*range(1, 32), 127} - set(b"\t\n\r\x0b\x0c\x1b\x08"))


class SourceError(Exception):
    """A log cannot be read. The text says which, and what to do."""


class _NotALog(Exception):  # noqa: N818 - becomes a SourceError.
    """A file cannot be read as a log. The text says what it is."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some lines of one log.

    Attributes:
        name: The log's name.
        first_line: Number of its first line, from 1.
        content: The lines, each with its end.
        ended: Whether the last line had an end, so that it is complete.
    """

    name: str
    first_line: int
    content: bytes
    ended: bool = True


def found(given: Sequence[str]) -> list[str]:
    """Return the files that are named, each once, in the order given.

    Args:
        given: Names of files, patterns as a shell has them, and `-` for stdin.

    Raises:
        SourceError: A file does not exist, or a pattern matches no file.
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


def is_one_of(path: Path, given: Sequence[str]) -> bool:
    """Return whether a file is one of some logs, under this name or another.

    Args:
        path: The file; it may be missing.
        given: As `found` takes them.

    Raises:
        SourceError: A file does not exist, or a pattern matches no file.
    """
    return _identity(str(path)) in {_identity(name) for name in found(given)}


def pieces(name: str) -> Iterator[Piece]:
    """Yield a log piece by piece.

    Raises:
        SourceError: It cannot be read.
    """
    try:
        with _opened(name) as log:
            yield from _cut(name, log)
    except _NotALog as error:
        msg = f"{name}: cannot be read: it is {error}"
        raise SourceError(msg) from None
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        # EOFError: a compressed file that is not complete, since it is still being written, say;
        # ValueError: stdin is closed.
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        msg = f"{name}: cannot be read to its end ({why})"
        raise SourceError(msg) from None


def _identity(name: str) -> object:
    """Return what is equal for two names of one file."""
    try:
        there = os.fstat(sys.stdin.fileno()) if name == STDIN else os.stat(name)  # noqa: PTH116 - as given.
    except (OSError, ValueError, AttributeError):
        # Missing, or a stdin that is closed or no file.
        return name
    return there.st_dev, there.st_ino


@contextmanager
def _opened(name: str) -> Iterator[_Readable]:
    with ExitStack() as stack:
        log: _Readable = _stdin() if name == STDIN else stack.enter_context(_file(name))
        for _ in range(_DEEPEST + 1):
            head = log.read(_HEAD)
            log = _Joined(head, log)
            unpack = _unpacks(head)
            if unpack is None:
                yield _as_utf_8(head, log)
                return
            log = unpack(log)
    msg = f"compressed more than {_DEEPEST} times"
    raise _NotALog(msg)


def _stdin() -> _Readable:
    if sys.stdin is None:
        msg = "it is closed"
        raise ValueError(msg)
    return sys.stdin.buffer


def _file(name: str) -> BinaryIO:
    mode = os.stat(name).st_mode  # noqa: PTH116 - as given.
    if stat.S_ISDIR(mode):
        msg = f"a directory; give its files, for example '{name}/*.log*'"
        raise _NotALog(msg)
    if stat.S_ISFIFO(mode):
        return _pipe(name)
    if not stat.S_ISREG(mode):
        msg = "neither a file nor a pipe"
        raise _NotALog(msg)
    return open(name, "rb")  # noqa: PTH123 - as given; the caller closes it.


def _pipe(name: str) -> BinaryIO:
    """Open a pipe. Do not wait for ever: perhaps no program opens the other end."""
    pipe = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    log = open(pipe, "rb", buffering=0)  # noqa: PTH123, SIM115 - the caller closes it.
    # A pipe that no program has opened is at its end at once.
    if not select.select([pipe], [], [], _PATIENCE)[0] and log.read(1) is not None:
        log.close()
        msg = "a pipe to which no program writes"
        raise _NotALog(msg)
    os.set_blocking(pipe, True)
    return io.BufferedReader(log)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Joined:
    """A file whose beginning has been read."""

    def __init__(self, head: bytes, rest: _Readable) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int) -> bytes:
        if not self._head:
            return self._rest.read(size)
        head, self._head = self._head[:size], self._head[size:]
        return head + self._rest.read(size - len(head))


class _Zstd:
    """A zstd file that raises OSError, as other files do."""

    def __init__(self, log: _Readable) -> None:
        try:
            zstd = import_module(_ZSTD)
        except ImportError:
            msg = "compressed with zstd: pip install 'fxiaoke-shim[zstd]'"
            raise _NotALog(msg) from None
        self._file = zstd.ZstdFile(log)
        self._error = zstd.ZstdError

    def read(self, size: int) -> bytes:
        try:
            return cast("bytes", self._file.read(size))
        except self._error as error:
            raise OSError(str(error)) from None


class _Decoded:
    """A file in UTF-16, read as UTF-8."""

    def __init__(self, encoding: str, log: _Readable) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("backslashreplace")
        self._log = log

    def read(self, size: int) -> bytes:
        while block := self._log.read(size):
            if text := self._decoder.decode(block):
                return text.encode("utf-8", "backslashreplace")
        return self._decoder.decode(b"", final=True).encode("utf-8", "backslashreplace")


def _unpacks(head: bytes) -> Callable[[_Readable], _Readable] | None:
    """Return what unpacks a file with this beginning, or None if it is not compressed."""
    for start, unpack in _PACKED.items():
        if head.startswith(start):
            return unpack
    return None


_PACKED: Final[Mapping[bytes, Callable[[Any], _Readable]]] = {
    b"\x1f\x8b": lambda log: gzip.GzipFile(fileobj=log),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
    b"\x28\xb5\x2f\xfd": _Zstd,
}


def _as_utf_8(head: bytes, log: _Readable) -> _Readable:
    """Return a text as UTF-8.

    Raises:
        _NotALog: It is not text.
    """
    for start, what in _OTHERS.items():
        if head.startswith(start):
            raise _NotALog(what)
    if head.startswith(*_TAR):
        msg = "a tar file; unpack it"
        raise _NotALog(msg)
    encoding = _utf_16(head)
    if encoding:
        return _Decoded(encoding, log)
    # A log that was emptied while it was written begins with any number of zeros.
    text = head.replace(b"\x00", b"")
    controls = len(text) - len(text.translate(None, _CONTROLS))
    zeros = len(_ZEROS.findall(head))
    if controls > max(_FEW, len(text) // 20) or zeros > max(_FEW, len(head) // 16):
        msg = "not text"
        raise _NotALog(msg)
    return log


def _utf_16(head: bytes) -> str:
    """Return the encoding of a text in UTF-16; empty for other texts."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[::2].count(0), head[1::2].count(0)
    most, least = max(even, odd), min(even, odd)
    # Most letters of a log have a zero byte there.
    if most * 5 < len(head) or least * 100 > len(head):
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _cut(name: str, log: _Readable) -> Iterator[Piece]:
    rest, number = b"", 1
    while block := log.read(_PIECE):
        end = block.rfind(b"\n") + 1
        if not end:
            rest += block
            if len(rest) > _LONGEST:
                msg = f"no log: it has no end of line in {_LONGEST >> 20} MB"
                raise _NotALog(msg)
            continue
        content = rest + block[:end]
        rest = block[end:]
        yield Piece(name, number, content)
        number += content.count(b"\n")
    if rest:
        yield Piece(name, number, rest + b"\n", ended=False)
