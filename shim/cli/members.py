"""`fxshim members`: disables or enables the members of a list of any length.

Everything that can be found wrong is found before the first member is touched. From then on the
run ends in good order, whatever happens, and says what it has come to.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shim import settings
from shim.bulk import Run
from shim.cli import summary
from shim.cli.errors import CommandError
from shim.cli.ids import IdsError, IdsFile
from shim.cli.interruption import EXIT_CODE, Interruption
from shim.cli.output import complain, echo
from shim.cli.progress import Standing, show
from shim.cli.results import Asked, ResultsError, ResultsFile, failed_ids
from shim.cli.summary import Tally
from shim.offline.members import DISABLED
from shim.settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from shim.offline.answer import Outcome

_STATUS = {"disable": 1, "enable": 2}
_ASKED: dict[str, Asked] = {"disable": "disabled", "enable": "enabled"}
_FAILED, _UNUSABLE = 1, 2


@dataclass(frozen=True)
class Order:
    """What the command line asks for.

    Attributes:
        command: What is to be done.
        ids: Whose ids; None = all that failed before.
        results: The file that what becomes of each is appended to.
        only_failed: The results file whose failed members alone are to be done.
        dry_run: Whether nothing is to be written.
        quiet: Whether progress is not shown.
    """

    command: Literal["disable", "enable"]
    ids: IdsFile | None
    results: Path | None = None
    only_failed: Path | None = None
    dry_run: bool = False
    quiet: bool = False

    @property
    def asked(self) -> Asked:
        """The state that members are to be brought to."""
        return _ASKED[self.command]


def carry_out(order: Order) -> int:
    """Do what is asked; return the exit code.

    Returns:
        0 all are as asked, 1 some failed or the results could not be written, 2 the arguments,
        the ids, the settings or the environment are unusable, 130 interrupted.
    """
    with Interruption() as interruption:
        try:
            return _Work(order, interruption).run()
        except (IdsError, ResultsError, ConfigurationError) as error:
            complain(str(error))
            return _UNUSABLE
        except KeyboardInterrupt:
            complain("interrupted; nothing was sent")
            return EXIT_CODE


class _Work:
    """One run of the command."""

    def __init__(self, order: Order, interruption: Interruption) -> None:
        self._order = order
        self._interruption = interruption
        self._tally = Tally()
        self._troubles: list[Exception] = []
        self._dry_run = order.dry_run

    def run(self) -> int:
        order = self._order
        ids, total = self._ids()
        run = Run(self._interruption.ending(ids), _STATUS[order.command], dry_run=order.dry_run)
        with ExitStack() as stack:
            results = self._results()
            if results is not None:
                stack.enter_context(results)
            self._interruption.then(run.stop)
            standing = Standing(run, total)
            self._dry_run = run.dry_run
            title = "looking up members" if run.dry_run else f"{order.command[:-1]}ing members"
            try:
                with show(standing, title, quiet=order.quiet) as news:
                    self._follow(run, results, standing, news)
            finally:
                self._tally.leave(total)
                problem = self._tally.problem
                if problem is None:
                    self._report(self._summary(run.api_calls, standing.seconds))
                else:
                    complain(problem)
        for trouble in self._troubles:
            complain(str(trouble))
        return self._exit_code()

    def _ids(self) -> tuple[Iterable[str], int | None]:
        """Return whom it is about, and how many they are where that can be known beforehand."""
        ids, failed = self._order.ids, self._failed()
        if ids is None:
            return sorted(failed or ()), len(failed or ())
        # Read once before anything is sent: a bad line is to be found now and not in an hour.
        total = self._counted(ids, failed) if ids.can_be_read_again() else None
        return _chosen(ids, failed), total

    def _counted(self, ids: IdsFile, failed: set[str] | None) -> int:
        acting = settings.current().current_open_user_id
        total, own = 0, False
        for one in _chosen(ids, failed):
            total += 1
            own = own or one == acting
        if own and _STATUS[self._order.command] == DISABLED:
            complain(
                f"{ids.name} lists the acting employee (current_open_user_id), who stays enabled "
                "and is counted as failed"
            )
        return total

    def _failed(self) -> set[str] | None:
        path = self._order.only_failed
        if path is None:
            return None
        failed, unreadable = failed_ids(path, self._order.asked)
        if unreadable:
            complain(f"{path}: left out {unreadable:,} lines that are torn, or not of this command")
        return failed

    def _results(self) -> ResultsFile | None:
        path, ids = self._order.results, self._order.ids
        if path is None:
            return None
        if ids is not None and _same(path, ids):
            msg = f"{path} holds the ids to read, so name another for --results"
            raise ResultsError(msg)
        return ResultsFile(path, self._order.asked)

    def _follow(
        self, run: Run, results: ResultsFile | None, standing: Standing, news: Callable[[], None]
    ) -> None:
        try:
            for outcomes in run.groups():
                self._tally.add(outcomes)
                standing.add(outcomes)
                if results is not None and not self._troubles:
                    self._record(run, results, outcomes)
                news()
        except (IdsError, ConfigurationError) as error:
            self._troubles.append(error)

    def _record(self, run: Run, results: ResultsFile, outcomes: Sequence[Outcome]) -> None:
        try:
            results.append(outcomes)
        except ResultsError as error:
            self._troubles.append(error)
            run.stop()

    def _report(self, text: str) -> None:
        """Print the summary; on stderr if stdout cannot be written. What was done is done."""
        try:
            echo(text)
        except CommandError as error:
            complain(f"{error}; the summary:\n{text}")

    def _summary(self, api_calls: Mapping[str, int], seconds: float) -> str:
        order, tally = self._order, self._tally
        failures = tally.failures()
        whole = not self._troubles and not self._interruption.happened
        parts = [
            summary.planned(tally, order.asked, settings.current())
            if self._dry_run
            else summary.done(tally, order.asked),
            *failures,
            summary.calls(api_calls, seconds),
        ]
        if not whole:
            parts.append("ended before all ids were done")
        if self._dry_run and tally.unreached:
            parts.append("next: check base_url and the network, then the same command again")
        elif order.dry_run:
            parts.append("next: the same command without --dry-run")
        elif self._dry_run:
            parts.append("nothing was written: the settings say dry_run (mode, or a route)")
        elif failures or not whole:
            parts.append(summary.advice(order.command, order.results if whole else None))
        return "\n".join(parts)

    def _exit_code(self) -> int:
        if self._interruption.happened:
            return EXIT_CODE
        unusable = any(not isinstance(one, ResultsError) for one in self._troubles)
        if unusable or self._tally.problem is not None:
            return _UNUSABLE
        return _FAILED if self._troubles or self._tally.left else 0


def _chosen(ids: IdsFile, failed: set[str] | None) -> Iterator[str]:
    return (one for one in ids if failed is None or one in failed)


def _same(path: Path, ids: IdsFile) -> bool:
    """Return whether both are one file, which would be read for ever while it is appended to."""
    with suppress(OSError):
        return os.path.samestat(path.stat(), ids.stat())
    return False
