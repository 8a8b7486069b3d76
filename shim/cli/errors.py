"""What may go wrong in a command through no fault of its own."""

from __future__ import annotations


class CommandError(Exception):
    """A command cannot do what it is asked. Its text is one line that says what to do."""
