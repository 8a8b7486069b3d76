"""What `fxshim run` adds to each Python process of a program. Standard library only; quick.

`sitecustomize` of this folder calls `begin`. The package `shim` may be missing here, since the
program may run on another Python. All processes append records to one file in the private folder
of the run. A record is written at once, by one `write`, and the file is closed again. So
`os._exit` and a kill lose nothing, no lock is held over a fork, and the program has no open file
more.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # The module typing takes long to load.
if TYPE_CHECKING:
    from typing import Any

FOLDER = "FXSHIM_RUN_FOLDER"
"""The environment variable with the run's folder. Without it nothing of this does anything."""
REROUTE = "FXSHIM_RUN_REROUTE"
"""The variable with the address that replaces all hosts of Fxiaoke; unset: none is replaced."""
RECORDS = "records"
"""The file in the run's folder. A record is a line: a letter, the process, and a text.

P process begun; S old call seen; T old call translated; N not covered, and why.
"""
_TEXT_AT_MOST = 80
_NOTED_AT_MOST = 32
_LETTERS = {"seen": "S", "translated": "T"}
_QUIET = frozenset(
    [
        "arp",
        "cc",
        "gcc",
        "ifconfig",
        "ip",
        "ld",
        "ldconfig",
        "lsb_release",
        "netstat",
        "objdump",
        "uname",
    ]
)
"""What the standard library itself starts (ctypes, platform, uuid). None makes HTTP calls."""
_STARTS = frozenset({"subprocess.Popen", "os.exec", "os.posix_spawn"})


class _Run:
    """What this process knows of the run."""

    folder = ""
    recorded_for = 0
    noted: set[str] = set()  # noqa: RUF012 - one process has one run.


def record(kind: str, text: str = "") -> None:
    """Append a record. Never raises; if the folder cannot be written, the record is lost.

    Args:
        kind: One of the letters of `RECORDS`.
        text: One line, without any argument of the program.
    """
    process = os.getpid()
    lines = f"{kind} {process} {text}\n"
    # A forked child is recorded with its first call: before that it may only be about to exec.
    if kind != "P" and _Run.recorded_for != process:
        lines = f"P {process} \n{lines}"
    _Run.recorded_for = process
    try:
        path = os.path.join(_Run.folder, RECORDS)  # noqa: PTH118 - pathlib takes long to load.
        number = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0))
        try:
            os.write(number, lines.encode("utf-8", "replace"))
        finally:
            os.close(number)
    except OSError:
        pass


def count(counts: Any) -> None:
    """Have each count of the interception recorded as well.

    Args:
        counts: Its `COUNTS`.
    """
    add, fail = counts.add, counts.fail

    def add_and_record(name: str) -> None:
        add(name)
        if name in _LETTERS:
            record(_LETTERS[name])

    def fail_and_record(reason: str) -> None:
        fail(reason)
        note(reason)

    counts.add, counts.fail = add_and_record, fail_and_record


def note(why: str) -> None:
    """Record that something is not covered, once for each reason."""
    if why and why not in _Run.noted and len(_Run.noted) < _NOTED_AT_MOST:
        _Run.noted.add(why)
        record("N", _printable(why, 2 * _TEXT_AT_MOST))


def begin(own: str) -> None:
    """Record the process, look at the children that it starts, and start the interception.

    Args:
        own: The folder of this file, as it is in PYTHONPATH.
    """
    _Run.folder = os.environ.get(FOLDER, "")
    if not _Run.folder:
        return
    record("P")
    sys.addaudithook(lambda event, given: audited(own, event, given))
    if not _has_shim():
        note(f"no package shim in {_printable(sys.executable)}")
        return
    import _fxshim_start  # type: ignore[import-not-found,unused-ignore]

    count(_fxshim_start.COUNTS)
    _fxshim_start.start(reroute=os.environ.get(REROUTE, ""))


def _has_shim() -> bool:
    """Whether the package is importable here. A program may have another module of that name."""
    for finder in sys.meta_path:
        spec = finder.find_spec("shim", None) if hasattr(finder, "find_spec") else None
        if spec is not None:
            return any(
                os.path.isfile(os.path.join(one, "_offline_request.py"))  # noqa: PTH113, PTH118
                for one in spec.submodule_search_locations or ()
            )
    return False


def audited(own: str, event: str, given: tuple[object, ...]) -> None:
    """Note a command that is not covered. Never raises.

    Args:
        own: The folder of this file.
        event: An audit event of Python.
        given: Its arguments.
    """
    if event in _STARTS:
        try:
            # Popen: executable, args, cwd, env; the others: path, args, env.
            why = uncovered(own, given[0], given[1], given[-1])
        except Exception:  # noqa: BLE001 - nothing of ours keeps a child from starting.
            return
        note(why)


def uncovered(own: str, program: object, given: object, environment: object) -> str:
    """Return why a command is not covered, or an empty text. Wrappers (`env`) are not seen through.

    Args:
        own: The folder of this file.
        program: The file to execute; None: the first argument is.
        given: The arguments, with the program's name first.
        environment: That of the command; None: the one of this process.
    """
    words = [given] if isinstance(given, (str, bytes)) else list(given or ())  # type: ignore[call-overload]
    arguments: list[str] = [os.fsdecode(one) for one in words]
    path = os.fsdecode(program) if program else arguments[0]  # type: ignore[arg-type]
    name = _printable(os.path.basename(path))  # noqa: PTH119 - as above.
    if not is_python(name):
        return "" if name in _QUIET else f"{name} is no Python"
    ignoring = ignoring_flag(arguments[1:])
    if ignoring:
        return f"{name} {ignoring}"
    if environment is not None:
        held = {os.fsdecode(key): os.fsdecode(value) for key, value in dict(environment).items()}  # type: ignore[call-overload]
        if own not in held.get("PYTHONPATH", "").split(os.pathsep) or not held.get(FOLDER):
            return f"{name} with an environment that lacks PYTHONPATH or {FOLDER}"
    return ""


def ignoring_flag(arguments: list[str]) -> str:
    """Return the option of a Python that keeps it from running a sitecustomize, or ""."""
    skip = False
    for one in arguments:
        if skip:
            skip = False
            continue
        if not one.startswith("-") or one == "-":
            break
        if one.startswith("--"):
            continue
        for place, letter in enumerate(one[1:], 2):
            if letter in "IES":
                return f"-{letter}"
            if letter in "cm":
                return ""
            if letter in "WX":
                skip = place == len(one)
                break
    return ""


def is_python(name: str) -> bool:
    """Whether a file's name is that of a Python: python, python3.12, pypy3, python.exe."""
    name = name.removesuffix(".exe")
    return any(
        name.startswith(known) and not name[len(known) :].strip("0123456789.tdmw")
        for known in ("python", "pypy")
    )


def _printable(text: str, at_most: int = _TEXT_AT_MOST) -> str:
    """Return one line; of a long path the end says more."""
    return "".join(one if one.isprintable() else "?" for one in text)[-at_most:]
