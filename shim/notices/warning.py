"""The warning a caller of the offline API sees."""

from __future__ import annotations

import sys
import warnings


class OfflineAPIDeprecationWarning(DeprecationWarning):
    """A deprecated offline function was called.

    Filter on the stable code at the start of the text, for instance
    `-W "ignore:FXO001:DeprecationWarning"`.

    Attributes:
        code: Stable code of the deprecation, for instance `FXO001`.
        function: Name of the deprecated function.
        replacement: What the object API offers instead.
        address: The command that says what to do instead, `fxshim explain FXO001`.
    """

    def __init__(self, code: str, function: str, replacement: str, address: str) -> None:
        # All four are the exception's `args`, so pickle and copy need no help.
        super().__init__(code, function, replacement, address)
        self.code = code
        self.function = function
        self.replacement = replacement
        self.address = address

    def __str__(self) -> str:
        return (
            f"{self.code}: {self.function} is a deprecated offline call; "
            f"use {self.replacement} instead, see `{self.address}`"
        )


def is_only_displayed(flags: object = sys.flags) -> bool:
    """Return whether Python's own filters decide what becomes of this warning.

    They display it on stderr for calls of `__main__`, and ignore it elsewhere.

    Args:
        flags: Those of the interpreter.
    """
    # Filters of a context (Python 3.14) cannot be seen here.
    if getattr(flags, "context_aware_warnings", False):
        return False
    for action, _, category, module, _ in warnings.filters:
        if issubclass(OfflineAPIDeprecationWarning, category):
            # As Python has it, which is no pattern.
            return (action, category, str(module)) == ("default", DeprecationWarning, "__main__")
    return False
