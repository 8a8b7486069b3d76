"""The commands with their options and help. Each imports the module that does its work when run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

import typer

from shim import __version__
from shim.cli._output import echo
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
    """Refuse nan and inf, which are floats but no numbers of seconds."""
    if value is not None and not math.isfinite(value):
        msg = "it has to be a finite number"
        raise typer.BadParameter(msg)
    return value


def _endpoint_names(incomplete: str) -> list[str]:
    """Complete the name of a function or a code, in the case of its beginning."""
    from shim.offline import ENDPOINTS

    names = [*ENDPOINTS, *(one.code for one in ENDPOINTS.values())]
    # A shell drops completions that do not begin as typed.
    alike = [name.lower() if incomplete.islower() else name for name in names]
    return [name for name in alike if name.startswith(incomplete)]


@app.command()
def sandbox(  # noqa: PLR0913 - options of a command.
    *,
    host: Annotated[
        str,
        typer.Option(help="Address to listen on; 0.0.0.0 lets other machines and containers in."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
    members: Annotated[int, typer.Option(min=1, max=100_000, help="Employees, all enabled.")] = 25,
    profile: Annotated[
        Literal["fsuid", "employee_id", "hidden", "read_only", "strict", "lagging"],
        typer.Option(help="Which kind of tenant to serve."),
    ] = "fsuid",
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
            min=0, max=100_000, callback=_finite, help="End after this many minutes; 60 with --env."
        ),
    ] = None,
) -> None:
    """Serve a pretend tenant until interrupted; print how to log in as one line of JSON.

    With --env it goes to the background and prints shell lines instead. To end it:
    kill $FXIAOKE_SHIM_SANDBOX_PID
    """
    from shim.cli.serve_sandbox import ServeOptions, serve, serve_in_background

    options = ServeOptions(
        host=host,
        port=port,
        seconds=None if minutes is None else minutes * 60,
        tenant={
            "members": members,
            "profile": profile,
            "seed": seed,
            "quota_calls": 0 if quota_seconds == 0 else quota_calls,
            "quota_seconds": quota_seconds or None,
            "latency_ms": latency_ms,
        },
    )
    (serve_in_background if env else serve)(options)


@app.command()
def gateway(  # noqa: PLR0913 - options of a command.
    *,
    listen: Annotated[
        str,
        typer.Option(help="HOST:PORT; not on this machine alone only with a secret."),
    ] = "127.0.0.1:8800",
    upstream: Annotated[
        list[str] | None,
        typer.Option(
            help="Where all other requests go; several: the Host of a request chooses.",
            show_default="the setting base_url",
        ),
    ] = None,
    secrets_file: Annotated[
        Path | None,
        typer.Option(
            help="Lines of label=secret; one of them is asked for in X-Fxshim-Secret.",
            show_default="the variable FXSHIM_GATEWAY_SECRETS",
        ),
    ] = None,
    callers: Annotated[
        Literal["secret", "header", "address"] | None,
        typer.Option(help="What tells callers apart.", show_default="secret, else address"),
    ] = None,
    deadline: Annotated[
        float, typer.Option(min=0.1, callback=_finite, help="Seconds that a translation may take.")
    ] = 600,
    grace: Annotated[
        float, typer.Option(min=1, callback=_finite, help="Seconds to end in after SIGTERM.")
    ] = 25,
    admin_prefix: Annotated[
        str, typer.Option(help="Goes before /healthz, /readyz, /metrics, /usage, /openapi.json.")
    ] = "",
    access_log: Annotated[bool, typer.Option(help="Log each request on stderr.")] = True,
) -> None:
    """Answer offline calls of programs in any language; pass all other requests on as they are.

    Ends after SIGTERM when all calls under way have been answered.
    """
    from shim.cli.serve_gateway import GatewayServing, serve

    options = {
        "callers": callers,
        "deadline_seconds": deadline,
        "grace_seconds": grace,
        "admin_prefix": admin_prefix,
        "access_log": access_log,
    }
    serve(GatewayServing(listen, tuple(upstream or ()), secrets_file, options))


@app.command()
def demo(
    *,
    log: Annotated[
        bool, typer.Option("--log", help="Print only the log lines of the shim.")
    ] = False,
) -> None:
    """Show what the shim does: old scripts, run unchanged against pretend tenants."""
    from shim.cli.demo import show

    raise typer.Exit(show(log=log))


@app.command()
def endpoints(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Functions or codes to show in full, with their loss reports.",
            autocompletion=_endpoint_names,
        ),
    ] = None,
) -> None:
    """List the offline calls: code, function, old addresses, replacement, and what is lost."""
    from shim.cli.explain import listed

    echo(listed(names or []), nl=False)


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
    """Explain an offline call: what it was, the code to write instead, and what is lost."""
    from shim.cli.explain import explained

    echo(explained(names), nl=False)


@app.command()
def usage(  # noqa: PLR0913 - options of a command.
    logs: Annotated[
        list[str],
        typer.Argument(help="Log files, patterns in quotes, - for stdin; compressed or not."),
    ],
    *,
    by: Annotated[
        Literal["site", "function", "module", "service", "day"],
        typer.Option(help="What to add up by."),
    ] = "site",
    since: Annotated[
        str | None,
        typer.Option(
            help="Show what may be removed, since it was not called for this long: 30d, 4w."
        ),
    ] = None,
    gaps: Annotated[
        int,
        typer.Option(
            min=0, help="Number of those days that may have no log lines, for example weekends."
        ),
    ] = 0,
    gone: Annotated[
        list[str] | None,
        typer.Option(help="A service that is switched off, of which no process is expected."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="Judge by this day (2026-11-26) instead of today.", metavar="DATE"),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(help="Show whether the calls end by this day (2027-03-31).", metavar="DATE"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the table as CSV.")] = False,
    html: Annotated[
        Path | None,
        typer.Option(help="Write the report, an HTML page with everything, to this file."),
    ] = None,
    fail_on_calls: Annotated[
        bool,
        typer.Option(
            "--fail-on-calls",
            help="Exit code 1 if there is a call; with --since, a call in that time.",
        ),
    ] = False,
    fail_unless_ready: Annotated[
        bool,
        typer.Option(
            "--fail-unless-ready",
            help="Exit code 1 unless everything that was called is ready to remove.",
        ),
    ] = False,
) -> None:
    """Show who still makes which offline call, by the events of the shim in these logs.

    Exit code 0: done; 1: not as a --fail option asks; 2: logs or options cannot be used, or it is
    not known whether there is a call.
    """
    from shim.cli.usage import UsageOptions, show

    if as_json and as_csv:
        msg = "--json and --csv exclude each other"
        raise typer.BadParameter(msg)
    options = UsageOptions(
        tuple(logs),
        by,
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
    raise typer.Exit(show(options))


baseline_app = typer.Typer(
    help="Keep the known call sites in a file, and fail on a new one.", no_args_is_help=True
)
app.add_typer(baseline_app, name="baseline")
_Logs = Annotated[
    list[str], typer.Argument(help="Log files, patterns in quotes, - for stdin; compressed or not.")
]
_Baseline = Annotated[Path, typer.Option("--baseline", help="The file of known call sites.")]
_BASELINE = Path(NAME)


@baseline_app.command("write")
def baseline_write(logs: _Logs, *, baseline: _Baseline = _BASELINE) -> None:
    """Write the call sites in these logs to the baseline, new ones too."""
    from shim.cli.usage import write_baseline

    raise typer.Exit(write_baseline(logs, baseline))


@baseline_app.command("check")
def baseline_check(
    logs: _Logs,
    *,
    baseline: _Baseline = _BASELINE,
    shrink: Annotated[
        bool, typer.Option(help="Remove sites from the baseline that are not in these logs.")
    ] = True,
    empty: Annotated[
        bool,
        typer.Option("--empty", help="Accept logs without any call: the last call site is gone."),
    ] = False,
) -> None:
    """Fail on a call site that is not in the baseline; remove those that are gone.

    Exit code 0: none is new; 1: some are; 2: logs or baseline cannot be used.
    """
    from shim.cli.usage import check_baseline

    raise typer.Exit(check_baseline(logs, baseline, shrink=shrink, empty=empty))


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
    """Print the acting employee, and which setting names it.

    Exit code 0: it is known; 2: nothing is set, or it could not be found.
    """
    from shim.cli.whoami import text

    echo(text(corp_id, as_json=as_json))


@app.command()
def members(  # noqa: PLR0913 - options of a command.
    action: Annotated[
        Literal["disable", "enable"], typer.Argument(help="What to do with the members.")
    ],
    file: Annotated[
        Path | None,
        typer.Argument(
            help="File of openUserIds; - reads stdin. A file is checked before the first call."
        ),
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
        Literal["csv", "tsv", "jsonl", "lines"] | None,
        typer.Option("--format", help="Format of FILE.", show_default="by suffix or first line"),
    ] = None,
    encoding: Annotated[
        str, typer.Option(help="Text encoding of FILE; gb18030 for Excel in China.")
    ] = "utf-8",
    results: Annotated[
        Path | None,
        typer.Option(help="Append a JSON line for each member to this file as soon as it ends."),
    ] = None,
    only_failed: Annotated[
        Path | None,
        typer.Option(
            help="Only members whose last result in this file is a failure. FILE may be left out."
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Write nothing; count the changes, and show how long they take."
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")] = False,
    corp_id: _CorpId = None,
) -> None:
    """Disable or enable the members of a list of any length; print the results.

    Exit code 0: all are as asked; 1: some failed; 2: arguments, ids or settings cannot be used;
    130: interrupted.
    """
    from shim.cli._ids import IdsFile
    from shim.cli.change_members import MembersOptions, carry_out

    if file is None and only_failed is None:
        msg = "FILE is missing: name one, or - for stdin; only --only-failed needs none"
        raise typer.BadParameter(msg)
    ids = None
    if file is not None:
        ids = IdsFile(file, form, column, encoding)
    options = MembersOptions(
        action,
        ids,
        results=results,
        only_failed=only_failed,
        dry_run=dry_run,
        quiet=quiet,
        corp_id=corp_id,
    )
    raise typer.Exit(carry_out(options))
