"""The commands, their options and their help; what they do is in a module each."""

from __future__ import annotations

import math
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from shim import __version__
from shim.cli.output import echo
from shim.usage.baseline import NAME

app = typer.Typer(
    name="fxshim",
    no_args_is_help=True,
    # Sub-commands inherit this.
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:  # noqa: FBT001 - as typer calls it.
    if asked:
        typer.echo(f"fxshim {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    *,
    _asked: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Tools around Fxiaoke's deprecated offline API and its replacement."""


def _finite(value: float | None) -> float | None:
    """Refuse what is no number of seconds, though it is a float."""
    if value is not None and not math.isfinite(value):
        msg = "it has to be a finite number"
        raise typer.BadParameter(msg)
    return value


def _endpoint_names(incomplete: str) -> list[str]:
    """Complete a function's name or a code, in the case in which it was begun."""
    from shim.offline import ENDPOINTS  # noqa: PLC0415

    names = [*ENDPOINTS, *(one.code for one in ENDPOINTS.values())]
    # A shell drops what does not begin as it was typed.
    alike = [name.lower() if incomplete.islower() else name for name in names]
    return [name for name in alike if name.startswith(incomplete)]


class Profile(str, Enum):
    """The sandbox's tenants, one for each reading of what is known of the vendor's API."""

    fsuid = "fsuid"
    employee_id = "employee_id"
    hidden = "hidden"
    read_only = "read_only"
    strict = "strict"
    lagging = "lagging"


@app.command()
def sandbox(  # noqa: PLR0913 - options of a command.
    *,
    host: Annotated[
        str, typer.Option(help="Where to listen; 0.0.0.0 lets other machines and containers in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
    members: Annotated[int, typer.Option(min=1, max=100_000, help="Employees, all enabled.")] = 25,
    profile: Annotated[Profile, typer.Option(help="Which tenant to play.")] = Profile.fsuid,
    seed: Annotated[int, typer.Option(help="The same seed makes the same tenant.")] = 0,
    quota_calls: Annotated[
        int | None,
        typer.Option(min=0, help="Calls per path and window; 0 = no quota. Only strict has one."),
    ] = None,
    quota_seconds: Annotated[
        float | None,
        typer.Option(
            min=0, callback=_finite, help="Length of that window in seconds; 0 = no quota."
        ),
    ] = None,
    latency_ms: Annotated[
        float,
        typer.Option(min=0, max=600_000, callback=_finite, help="Milliseconds before each answer."),
    ] = 0,
    env: Annotated[
        bool,
        typer.Option(
            "--env", help='Serve in the background; print lines for: eval "$(fxshim sandbox --env)"'
        ),
    ] = False,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0, max=100_000, callback=_finite, help="End by itself after so long; 60 with --env."
        ),
    ] = None,
) -> None:
    """Serve a pretend tenant until interrupted; print how to log in as one line of JSON.

    With --env it goes to the background and prints shell lines instead. To end it:
    kill $FXIAOKE_SHIM_SANDBOX_PID
    """
    from shim.cli.sandbox import Order, serve, serve_in_background  # noqa: PLC0415

    order = Order(
        host=host,
        port=port,
        seconds=None if minutes is None else minutes * 60,
        options={
            "members": members,
            "profile": profile.value,
            "seed": seed,
            "quota_calls": 0 if quota_seconds == 0 else quota_calls,
            "quota_seconds": quota_seconds or None,
            "latency_ms": latency_ms,
        },
    )
    (serve_in_background if env else serve)(order)


@app.command()
def demo(
    *,
    log: Annotated[
        bool, typer.Option("--log", help="Print the log lines of the shim, whole, and no page.")
    ] = False,
) -> None:
    """Show what the shim does: old scripts, run as they are against pretend tenants."""
    from shim.cli.demo import show  # noqa: PLC0415

    raise typer.Exit(show(log=log))


class Format(str, Enum):
    """How to print the endpoints."""

    table = "table"
    markdown = "markdown"


@app.command()
def endpoints(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Functions or codes to show in full: the loss report.",
            autocompletion=_endpoint_names,
        ),
    ] = None,
    *,
    form: Annotated[Format, typer.Option("--format", help="For whom.")] = Format.table,
    into: Annotated[
        Path | None, typer.Option(help="Derive this document's table anew instead.")
    ] = None,
) -> None:
    """List the offline calls: code, function, old addresses, replacement, and what is lost."""
    from shim.cli.endpoints import derive_into, text  # noqa: PLC0415

    if into is not None:
        derive_into(into)
        return
    echo(text(form.value, names or []), nl=False)


@app.command()
def explain(
    names: Annotated[
        list[str],
        typer.Argument(
            help="Codes or functions, in any case: FXO001, update_member.",
            autocompletion=_endpoint_names,
        ),
    ],
) -> None:
    """Say what an offline call was, what to write instead, in code, and what is lost."""
    from shim.cli.explain import text  # noqa: PLC0415

    echo(text(names), nl=False)


class By(str, Enum):
    """What usage is added up by."""

    site = "site"
    function = "function"
    module = "module"
    service = "service"
    day = "day"


@app.command()
def usage(  # noqa: PLR0913 - options of a command.
    logs: Annotated[
        list[str], typer.Argument(help="Log files, patterns in quotes, - for stdin; gzip as well.")
    ],
    *,
    by: Annotated[By, typer.Option(help="What to add up by.")] = By.site,
    since: Annotated[
        str | None,
        typer.Option(help="Say what may be removed since it was quiet so long: 30d, 4w."),
    ] = None,
    gaps: Annotated[
        int,
        typer.Option(min=0, help="So many of those days may be without any log: weekends, say."),
    ] = 0,
    gone: Annotated[
        list[str] | None,
        typer.Option(help="A service that is switched off: no process of it has to be seen."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="Judge as on this day (2026-11-26) instead of now.", metavar="DATE"),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(help="Say whether the calls end by this day (2027-03-31).", metavar="DATE"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the table as CSV.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write everything as a page of its own to this file.")
    ] = None,
    fail_on_calls: Annotated[
        bool,
        typer.Option(
            "--fail-on-calls", help="Exit code 1 if there is a call; with --since, one within it."
        ),
    ] = False,
    fail_unless_ready: Annotated[
        bool,
        typer.Option(
            "--fail-unless-ready", help="Exit code 1 unless all that was called is ready."
        ),
    ] = False,
) -> None:
    """Say who still makes which offline call, by the notices in these logs.

    Exit code 0: done; 1: not as a --fail option asks; 2: logs or options cannot be used, or
    nobody can tell whether there is a call.
    """
    from shim.cli.usage import Order, show  # noqa: PLC0415

    if as_json and as_csv:
        msg = "--json and --csv exclude each other"
        raise typer.BadParameter(msg)
    order = Order(
        tuple(logs),
        by.value,
        since,
        gaps,
        as_of=as_of,
        gone=tuple(gone or ()),
        target=target,
        form="json" if as_json else "csv" if as_csv else "table",
        html=html,
        fail_on_calls=fail_on_calls,
        fail_unless_ready=fail_unless_ready,
    )
    raise typer.Exit(show(order))


baseline_app = typer.Typer(
    help="Keep the known call sites in a file, and let no new one in.", no_args_is_help=True
)
app.add_typer(baseline_app, name="baseline")
_Logs = Annotated[
    list[str], typer.Argument(help="Log files, patterns in quotes, - for stdin; gzip as well.")
]
_Baseline = Annotated[Path, typer.Option("--baseline", help="The file that keeps them.")]
_BASELINE = Path(NAME)


@baseline_app.command("write")
def baseline_write(logs: _Logs, *, baseline: _Baseline = _BASELINE) -> None:
    """Write the call sites that these logs tell of to the baseline, new ones included."""
    from shim.cli.baseline import write  # noqa: PLC0415

    raise typer.Exit(write(logs, baseline))


@baseline_app.command("check")
def baseline_check(
    logs: _Logs,
    *,
    baseline: _Baseline = _BASELINE,
    shrink: Annotated[
        bool, typer.Option(help="Take sites out of the baseline that these logs no longer have.")
    ] = True,
    empty: Annotated[
        bool, typer.Option("--empty", help="Logs without any notice are fine: the last is gone.")
    ] = False,
) -> None:
    """Fail on a call site that the baseline does not know; forget those that are gone.

    Exit code 0: none is new; 1: some are; 2: logs or baseline cannot be used.
    """
    from shim.cli.baseline import check  # noqa: PLC0415

    raise typer.Exit(check(logs, baseline, shrink=shrink, empty=empty))


_CorpId = Annotated[
    str | None,
    typer.Option(
        "--corp-id",
        help="The tenant, FSCID_….",
        show_default="the setting corp_id",
        metavar="FSCID",
    ),
]


@app.command()
def whoami(
    *,
    corp_id: _CorpId = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Print which employee acts by the settings, and which setting says so.

    Exit code 0: it is known; 2: nothing is set, or it could not be found out.
    """
    from shim.cli.whoami import text  # noqa: PLC0415

    echo(text(corp_id, as_json=as_json))


class Action(str, Enum):
    """What becomes of members."""

    disable = "disable"
    enable = "enable"


class IdsFormat(str, Enum):
    """How a file holds ids."""

    csv = "csv"
    tsv = "tsv"
    jsonl = "jsonl"
    lines = "lines"


@app.command()
def members(  # noqa: PLR0913 - options of a command.
    action: Annotated[Action, typer.Argument(help="What to do with them.")],
    file: Annotated[
        Path | None,
        typer.Argument(help="Whose openUserIds; - reads stdin. Read once beforehand if it can be."),
    ] = None,
    *,
    column: Annotated[
        str | None,
        typer.Option(
            help="Column or JSON key of the ids; a number from 1 if there is no header.",
            show_default="openUserId or open_user_id",
        ),
    ] = None,
    form: Annotated[
        IdsFormat | None,
        typer.Option("--format", help="How it is written.", show_default="as it looks"),
    ] = None,
    encoding: Annotated[
        str, typer.Option(help="Its text encoding; gb18030 for Excel in China.")
    ] = "utf-8",
    results: Annotated[
        Path | None,
        typer.Option(help="Append a JSON line for each member, at once, to this file."),
    ] = None,
    only_failed: Annotated[
        Path | None,
        typer.Option(
            help="Only members that failed last by this results file. FILE may be left out."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; count, and say how long it takes.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")] = False,
    corp_id: _CorpId = None,
) -> None:
    """Disable or enable the members of a list of any length; print what became of them.

    Exit code 0: all are as asked; 1: some failed; 2: nothing usable to go by; 130: interrupted.
    """
    from shim.cli.ids import IdsFile  # noqa: PLC0415
    from shim.cli.members import Order, carry_out  # noqa: PLC0415

    if file is None and only_failed is None:
        msg = "FILE is missing; - reads stdin, and --only-failed goes without"
        raise typer.BadParameter(msg)
    ids = None
    if file is not None:
        ids = IdsFile(file, None if form is None else form.value, column, encoding)
    order = Order(
        action.value,
        ids,
        results=results,
        only_failed=only_failed,
        dry_run=dry_run,
        quiet=quiet,
        corp_id=corp_id,
    )
    raise typer.Exit(carry_out(order))
