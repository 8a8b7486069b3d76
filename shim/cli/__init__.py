"""The command `fxshim`. Imports its libraries when it is run, never before.

Exit codes: 0 done; 1 done, and something is not as asked (the help of a command says what); 2 it
could not be done, and one line says why; 70 a defect of fxshim; 130 interrupted; 141 the reader of
a help text has gone. A reader that goes away changes no other exit code.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from shim.cli import _output

_EXTRAS = {
    "typer": "cli",
    "rich": "cli",
    "jinja2": "cli",
    "prometheus_client": "gateway",
    "starlette": "server",
    "uvicorn": "server",
}
TRACEBACK = "FXSHIM_TRACEBACK"
"""The environment variable that turns errors into tracebacks."""
UNUSABLE = 2
DEFECT = 70
"""EX_SOFTWARE of sysexits.h, so that a script can tell a defect from a failure or a wrong use."""
INTERRUPTED = 130
LEFT = 141
"""128 + SIGPIPE, as shells report it of other programs."""


def main() -> None:
    """Run `fxshim`; every error is a line or two, and an exit code."""
    _output.open_missing()
    code: object
    try:
        from shim.cli.app import app

        code = app(standalone_mode=False)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except SystemExit as ended:
        # If the reader of the help has gone, the libraries end with 1, which means failure here.
        is_left = isinstance(ended.__context__, BrokenPipeError)
        code = LEFT if is_left else ended.code
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        text, code = _judged(error)
        _output.complain(text)
    _output.flush()
    sys.exit(code if isinstance(code, int) else 0)


def _judged(error: Exception) -> tuple[str, int]:
    """Return the text for an error, and the exit code."""
    if isinstance(error, ModuleNotFoundError):
        extra = _EXTRAS.get(str(error.name).partition(".")[0])
        if extra is not None:
            install = f"pip install 'fxiaoke-shim[{extra}]', or fxiaoke-shim[all]"
            return f"{error.name} is not installed: {install}", UNUSABLE
    if hasattr(error, "format_message"):
        return _usage(error), UNUSABLE
    if type(error).__name__ == "Abort":
        return "interrupted", INTERRUPTED
    if _is_expected(error):
        # The name of a file may hold a line end.
        return " ".join(str(error).splitlines()), UNUSABLE
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror or type(error).__name__}", UNUSABLE
    return _defect(error), DEFECT


def _usage(error: Exception) -> str:
    """Return what is wrong with the arguments, and the command whose help says more."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "fxshim"
    message = " ".join(error.format_message().split())  # type: ignore[attr-defined]
    return f"{message.rstrip('.')}\nsee: {path} -h"


def _is_expected(error: Exception) -> bool:
    from shim.cli._output import CommandError
    from shim.settings import ConfigurationError
    from shim.usage import SourceError
    from shim.usage.baseline import BaselineError

    return isinstance(error, (CommandError, ConfigurationError, SourceError, BaselineError))


def _defect(error: Exception) -> str:
    """Return a line about a defect of ours, without its text, which may hold ids or names."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = "" if at is None else f" at {Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}"
    module = f" ({error.name})" if isinstance(error, ModuleNotFoundError) else ""
    return (
        f"a defect of fxshim: {type(error).__name__}{module}{where}\n"
        f"{TRACEBACK}=1 before the command shows the traceback; please report it"
    )
