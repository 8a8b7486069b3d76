"""The body of an answer, up to a bound of decoded bytes."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ACCEPTED = b"gzip, deflate"
"""The encodings that are asked for, and decoded here."""
_GZIP = 16 + zlib.MAX_WBITS
_WINDOWS = {b"gzip": _GZIP, b"x-gzip": _GZIP, b"deflate": zlib.MAX_WBITS}


class TooLarge(Exception):  # noqa: N818 - says what it is.
    """There are more bytes than the bound allows."""


class Unreadable(Exception):  # noqa: N818 - says what it is.
    """The bytes are not in the encoding that the header names, or it was not asked for."""


class Content:
    """Collects a body. Never holds much more than the bound, whatever the bytes expand to."""

    def __init__(self, encodings: Iterable[bytes], bound: int) -> None:
        """Prepare for a body.

        Args:
            encodings: The values of the Content-Encoding headers.
            bound: The largest number of decoded bytes.

        Raises:
            Unreadable: The encoding is none that was asked for.
        """
        named = [one.strip().lower() for value in encodings for one in value.split(b",")]
        codings = [one for one in named if one not in {b"", b"identity"}]
        if len(codings) > 1 or (codings and codings[0] not in _WINDOWS):
            msg = "an encoding that was not asked for"
            raise Unreadable(msg)
        self._bound = bound
        self._received = 0
        self._decoded = bytearray()
        self._is_deflate = codings == [b"deflate"]
        self._inflating = zlib.decompressobj(_WINDOWS[codings[0]]) if codings else None

    def add(self, received: bytes) -> None:
        """Take some more bytes.

        Raises:
            TooLarge: The bound is passed.
            Unreadable: They cannot be decoded.
        """
        self._received += len(received)
        if self._received > self._bound:
            raise TooLarge
        if self._inflating is None:
            self._decoded += received
            return
        # What follows the end of a compressed body is no part of it.
        while received and not self._inflating.eof:
            self._decoded += self._inflated(received)
            if len(self._decoded) > self._bound:
                raise TooLarge
            received = self._inflating.unconsumed_tail

    def whole(self) -> bytes:
        """Return the decoded body."""
        return bytes(self._decoded)

    def _inflated(self, received: bytes) -> bytes:
        inflating, room = self._inflating, self._bound - len(self._decoded) + 1
        try:
            return inflating.decompress(received, room)  # type: ignore[union-attr]
        except zlib.error as error:
            if not self._is_deflate or self._decoded:
                raise Unreadable(str(error)) from error
        # Some servers send deflate without zlib's header.
        self._is_deflate = False
        self._inflating = zlib.decompressobj(-zlib.MAX_WBITS)
        return self._inflated(received)
