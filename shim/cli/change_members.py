"""`fxshim members`: disables or enables the members of a list of any length.

Everything that can be checked is checked before the first call. After that the run ends in good
order, whatever happens, and prints a summary.
"""

from __future__ import annotations

import os
import shlex
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shim import settings
from shim.bulk import NOT_ATTEMPTED, Run
from shim.bulk.run import quota_seconds
from shim.cli._ids import IdsError, IdsFile
from shim.cli._interruption import EXIT_CODE, Interruption
from shim.cli._output import CommandError, complain, echo
from shim.cli._progress import Standing, duration, show
from shim.cli._results import Asked, ResultsError, ResultsFile, failed_ids
from shim.objectapi.codes import Code
from shim.offline.members import DISABLED
from shim.settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from shim.bulk import Tally
    from shim.offline.answer import Outcome
    from shim.settings.model import Settings

_STATUS = {"disable": 1, "enable": 2}
_ASKED: dict[str, Asked] = {"disable": "disabled", "enable": "enabled"}
_FAILED, _UNUSABLE = 1, 2
_KINDS_SHOWN = 5
_TEXT_LENGTH = 200


@dataclass(frozen=True)
class MembersOptions:
    """What the command line asks for.

    Attributes:
        command: What to do with the members.
        ids: The file of ids; None = all that failed before.
        results: The file to which the result of each member is appended.
        only_failed: The results file whose failed members are to be done, and no others.
        dry_run: Whether to write nothing.
        quiet: Whether to show no progress.
        corp_id: The tenant; None takes the setting's.
    """

    command: Literal["disable", "enable"]
    ids: IdsFile | None
    results: Path | None = None
    only_failed: Path | None = None
    dry_run: bool = False
    quiet: bool = False
    corp_id: str | None = None

    @property
    def settings(self) -> Settings:
        """The settings in force for the tenant."""
        now = settings.current()
        return now.of(self.corp_id or now.corp_id or "")

    @property
    def asked(self) -> Asked:
        """The state that members are to be brought to."""
        return _ASKED[self.command]


def carry_out(options: MembersOptions) -> int:
    """Do what is asked; return the exit code.

    Returns:
        0 all are as asked, 1 some failed or the results could not be written, 2 the arguments,
        the ids, the settings or the environment are unusable, 130 interrupted.
    """
    with Interruption() as interruption:
        try:
            return _Command(options, interruption).run()
        except (IdsError, ResultsError, ConfigurationError) as error:
            complain(str(error))
            return _UNUSABLE
        except KeyboardInterrupt:
            complain("interrupted; nothing was sent")
            return EXIT_CODE


class _Command:
    """One run of the command."""

    def __init__(self, options: MembersOptions, interruption: Interruption) -> None:
        self._options = options
        self._interruption = interruption
        self._troubles: list[Exception] = []
        self._dry_run = options.dry_run

    def run(self) -> int:
        options = self._options
        ids, total = self._ids()
        run = Run(
            self._interruption.ending(ids),
            _STATUS[options.command],
            corp_id=options.corp_id,
            dry_run=options.dry_run,
        )
        with ExitStack() as stack:
            results = self._results()
            if results is not None:
                stack.enter_context(results)
            self._interruption.then(run.stop)
            standing = Standing(run, total)
            self._dry_run = run.dry_run
            self._tally = run.tally
            title = "looking up members" if run.dry_run else f"{options.command[:-1]}ing members"
            try:
                with show(standing, title, quiet=options.quiet) as news:
                    self._follow(run, results, news)
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
        """Return the ids, and their number if it can be known before the run."""
        ids, failed = self._options.ids, self._failed()
        if ids is None:
            return sorted(failed or ()), len(failed or ())
        # Read once before the first call, so that a bad line is found now and not in an hour.
        total = self._counted(ids, failed) if ids.can_be_read_again() else None
        return _chosen(ids, failed), total

    def _counted(self, ids: IdsFile, failed: set[str] | None) -> int:
        acting = self._options.settings.current_open_user_id
        total, own = 0, False
        for one in _chosen(ids, failed):
            total += 1
            own = own or one == acting
        if own and _STATUS[self._options.command] == DISABLED:
            complain(
                f"{ids.name} lists the acting employee (current_open_user_id), who stays enabled "
                "and is counted as failed"
            )
        return total

    def _failed(self) -> set[str] | None:
        path = self._options.only_failed
        if path is None:
            return None
        failed, unreadable = failed_ids(path, self._options.asked)
        if unreadable:
            complain(f"{path}: left out {unreadable:,} lines that are torn, or not of this command")
        return failed

    def _results(self) -> ResultsFile | None:
        path, ids = self._options.results, self._options.ids
        if path is None:
            return None
        if ids is not None and _same(path, ids):
            msg = f"{path} is the file of ids: name another for --results"
            raise ResultsError(msg)
        return ResultsFile(path, self._options.asked)

    def _follow(self, run: Run, results: ResultsFile | None, news: Callable[[], None]) -> None:
        try:
            for outcomes in run.groups():
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
        """Print the summary; on stderr if stdout cannot be written, since the calls were made."""
        try:
            echo(text)
        except CommandError as error:
            complain(f"{error}; the summary:\n{text}")

    def _summary(self, api_calls: Mapping[str, int], seconds: float) -> str:
        options, tally = self._options, self._tally
        failures = _failures(tally)
        whole = not self._troubles and not self._interruption.happened
        parts = [
            _planned(tally, options.asked, options.settings)
            if self._dry_run
            else _done(tally, options.asked),
            *failures,
            _calls(api_calls, seconds),
        ]
        if not whole:
            parts.append("ended before all ids were done")
        if self._dry_run and tally.unreached:
            parts.append("next: check base_url and the network, then the same command again")
        elif options.dry_run:
            parts.append("next: the same command without --dry-run")
        elif self._dry_run:
            parts.append("nothing was written: the settings say dry_run (mode, or a route)")
        elif failures or not whole:
            parts.append(_advice(options.command, options.results if whole else None))
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
    """Return whether both are the same file, which would be read for ever while it grows."""
    with suppress(OSError):
        return os.path.samestat(path.stat(), ids.stat())
    return False


def _failures(tally: Tally) -> list[str]:
    """Return a line for each of the commonest codes of failure, and why the rest was left."""
    shown = tally.codes.most_common(_KINDS_SHOWN)
    lines = [f"  {code}: {count:,}, {_plain(tally.texts[code])}" for code, count in shown]
    if len(tally.codes) > len(shown):
        lines.append(f"  and {len(tally.codes) - len(shown):,} more kinds")
    if lines:
        lines.insert(0, "failed, by errorCode:")
    if tally.why_left:
        lines.append(_plain(tally.why_left))
    return lines


def _plain(text: str) -> str:
    """Return a text of the vendor as one line, without characters that a terminal obeys."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= _TEXT_LENGTH else line[:_TEXT_LENGTH] + "…"


def _done(tally: Tally, asked: str) -> str:
    """Return the counts of all members."""
    count = tally.states
    left = f", {count[NOT_ATTEMPTED]:,} not attempted" if count[NOT_ATTEMPTED] else ""
    return (
        f"{count.total():,} members: {count['changed']:,} {asked}, "
        f"{count['unchanged']:,} {asked} already, {count['failed']:,} failed{left}"
    )


def _planned(tally: Tally, asked: str, settings: Settings) -> str:
    """Return the counts of a dry run, and how long the quota makes the changes take."""
    count = tally.states
    head = f"dry run, nothing was written. {count.total():,} members: "
    if tally.unreached:
        return f"{head}nothing is known of them, since there was no connection"
    least = quota_seconds(settings, count.total(), count["planned"])
    unseen = tally.codes[Code.USER_NOT_FOUND]
    parts = [
        f"{count['planned']:,} would be {asked}",
        f"{count['unchanged']:,} are {asked} already",
        f"{unseen:,} not found or hidden",
    ]
    if others := count["failed"] - unseen:
        parts.append(f"{others:,} could not be looked up")
    if count[NOT_ATTEMPTED]:
        parts.append(f"{count[NOT_ATTEMPTED]:,} not attempted")
    return f"{head}{', '.join(parts)}\nthe quota makes this take at least {duration(least)}"


def _calls(api_calls: Mapping[str, int], seconds: float) -> str:
    """Return the number of calls and seconds."""
    made = ", ".join(f"{path} {count:,}" for path, count in sorted(api_calls.items()))
    return f"api calls: {made or 'none'}; {seconds:.1f} s"


def _advice(command: str, results: Path | None) -> str:
    """Return how to finish the members that are left.

    Args:
        command: `disable` or `enable`.
        results: The results file, if it has all that are left.
    """
    again = "next: run the same command again; members already there cost no write"
    if results is None:
        return again
    path = shlex.quote(str(results))
    return (
        f"{again}\n"
        f"  or, for those that failed: fxshim members {command} --only-failed {path} "
        f"--results {path}"
    )
