"""`fxshim run`: a program as it is, with its old calls answered by the shim.

The program is a child, so that a line can be written when it has ended. It keeps the three
standard streams and the process group, so keys of a terminal reach it as ever. Signals that are
sent to `fxshim` are passed on; signals of the terminal are not, since the program gets them itself.
`fxshim` ends as the program did: with its exit code, or by the same signal.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shim.cli._output import CommandError, complain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

AUTOLOAD = Path(__file__).parent.parent / "intercept" / "_autoload"
"""The folder that Python finds our `sitecustomize` in. Tests use a copy of it."""
_START: Final = "_fxshim_start.py"
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
"""As shells and env(1) have it."""
_FORWARDED: Final = frozenset(
    signal.valid_signals()
    - {signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
    - {signal.SIGCONT, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
    - {signal.SIGABRT, signal.SIGTRAP, signal.SIGPIPE, signal.SIGSYS}
)
_SI_KERNEL: Final = 0x80
"""Who sent a signal: the kernel, for a key of the terminal or a hang-up. Linux."""
_REASONS_SHOWN: Final = 3


@dataclass(frozen=True)
class RunOptions:
    """What the command line asks for.

    Attributes:
        command: The program and its arguments.
        mode: The mode of its offline calls; None: as its settings say.
        sandbox: Whether all hosts of Fxiaoke are replaced by a new sandbox.
    """

    command: tuple[str, ...]
    mode: str | None = None
    sandbox: bool = False


@dataclass
class Counts:
    """What the processes of a run have recorded.

    Attributes:
        processes: Number of processes that loaded the shim's part.
        seen: Number of old calls.
        translated: Number of those that the shim answered.
        uncovered: What is not covered, and in how many processes it was noticed.
    """

    processes: int = 0
    seen: int = 0
    translated: int = 0
    uncovered: Counter[str] = field(default_factory=Counter[str])


def run(options: RunOptions) -> int:
    """Run a program to its end and write the line; return its exit code.

    If a signal ended the program, the same signal ends this process.

    Raises:
        CommandError: This cannot be done here.
    """
    if not (AUTOLOAD / _START).is_file():
        # Without it a rehearsal would reach the real tenant.
        msg = "this installation has no interception: install fxiaoke-shim again"
        raise CommandError(msg)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="fxshim-run-"))  # Private: 0700.
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        (folder / "records").touch(mode=0o600)
        # Before any thread starts: it would take the signals with their usual effect.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {*_FORWARDED, signal.SIGCHLD})
        stack.callback(signal.pthread_sigmask, signal.SIG_SETMASK, before)
        environment = environment_of(options, os.environ, folder)
        if options.sandbox:
            environment.update(_sandbox(stack))
        code = _ended(options.command, environment, before)
        complain(summary(read((folder / "records").read_bytes())))
    if code < 0:
        _end_by(-code)
    return code


def environment_of(
    options: RunOptions, environment: Mapping[str, str], folder: Path
) -> dict[str, str]:
    """Return the environment of the program.

    Args:
        options: What the command line asks for.
        environment: The one of this process.
        folder: The private folder of the run.
    """
    own = str(AUTOLOAD)
    paths = environment.get("PYTHONPATH", "").split(os.pathsep)
    # An empty PYTHONPATH is none; an empty entry of a longer one is the current folder.
    others = [] if paths == [""] else [one for one in paths if one != own]
    made = {**environment, "PYTHONPATH": os.pathsep.join([own, *others])}
    made["FXSHIM_RUN_FOLDER"] = str(folder)
    made.pop("FXSHIM_RUN_REROUTE", None)
    if options.mode is not None:
        made["FXIAOKE_SHIM_MODE"] = options.mode
    return made


def read(records: bytes) -> Counts:
    """Return the counts in the records. A torn last record is not counted."""
    counts = Counts()
    processes = set[str]()
    for line in records.decode("utf-8", "replace").split("\n")[:-1]:
        kind, process, text = line.split(" ", 2)
        if kind == "P":
            processes.add(process)
        elif kind == "S":
            counts.seen += 1
        elif kind == "T":
            counts.translated += 1
        else:
            counts.uncovered[text] += 1
    counts.processes = len(processes)
    return counts


def summary(counts: Counts) -> str:
    """Return the line that is written at the end of a run."""
    if not counts.processes:
        return (
            "run: not covered: the program did not load the shim; is it a Python program, started "
            "without -I, -E and -S, and with the environment that it was given?"
        )
    plural = "process" if counts.processes == 1 else "processes"
    text = (
        f"run: {counts.seen:,} old calls seen, {counts.translated:,} translated, "
        f"{counts.processes:,} {plural}"
    )
    reasons = [one for one, _ in counts.uncovered.most_common(_REASONS_SHOWN)]
    more = len(counts.uncovered) - len(reasons)
    if more:
        reasons.append(f"{more:,} more")
    return f"{text}; not covered: {'; '.join(reasons)}" if reasons else text


def _sandbox(stack: ExitStack) -> dict[str, str]:
    """Serve a new tenant; return the variables that lead to it."""
    from shim.cli.serve_sandbox import variables
    from shim.sandbox import Sandbox

    tenant = Sandbox(lenient=True)
    base_url = stack.enter_context(tenant.serve())
    # After the line at the end, there is no more that it could answer.
    return {
        **variables({**tenant.describe(), "base_url": base_url}),
        "FXSHIM_RUN_REROUTE": base_url,
    }


def _ended(
    command: Sequence[str], environment: Mapping[str, str], mask: set[signal.Signals | int]
) -> int:
    """Run a command to its end; return its exit code, or a signal as a negative number."""
    try:
        child = os.posix_spawnp(
            command[0],
            list(command),
            dict(environment),
            setsigmask=mask,
            # Python ignores these; programs expect them to end a process.
            setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
        )
    except OSError as error:
        complain(f"run: {command[0]}: {error.strerror}")
        return _NOT_EXECUTABLE if error.errno in {errno.EACCES, errno.ENOEXEC} else _NOT_FOUND
    while True:
        got = signal.sigwaitinfo({*_FORWARDED, signal.SIGCHLD})
        if got.si_signo == signal.SIGCHLD:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
        elif got.si_code != _SI_KERNEL:
            os.kill(child, got.si_signo)


def _end_by(number: int) -> None:
    """End this process by a signal, without a core file."""
    sys.stdout.flush()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number not in {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
