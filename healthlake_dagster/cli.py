"""The `healthlake` command: a small front on the same Dagster definitions. Its runs are in the lake's Dagster
instance.

Exit codes: 0 done; 1 a run, or a check of severity ERROR, failed; 2 the command was used wrongly or isn't set
up. Imports Dagster only in the commands that run something, so that the others start at once.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from healthlake.errors import HealthlakeError, UsageError
from healthlake.storage_faults import is_not_set_up
from healthlake_dagster.days import day_range, parse_day, wanted
from healthlake_dagster.faults import withheld
from healthlake_dagster.options import days_options, form_option, lake_option, wanted_options
from healthlake_dagster.settings import Settings

_FILE = click.Path(dir_okay=False, path_type=Path)

FAILED, MISUSED = 1, 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="healthlake")
def cli() -> None:
    """FHIR exports go in every day, tables that people can trust come out.

    \b
    Try it:    healthlake demo
    Your data: healthlake land ~/export --dt 2026-01-15
               healthlake materialize --from 2026-01-15
               healthlake sql "SELECT count(*) FROM silver_dim_patient"
               healthlake check --from 2026-01-15
               healthlake report --open
    """


@cli.command(epilog="Example: healthlake demo --lake /tmp/demo-lake")
@lake_option
def demo(lake: str | None) -> None:
    """Land three days of Synthea drops, materialize them, run the checks, show the result.

    A second run changes nothing and says so.
    """
    from healthlake_dagster.commands.demo import run_demo

    sys.exit(run_demo(Settings.load(lake_text=lake)))


@cli.command(
    epilog=(
        "Example: healthlake land ~/export/2026-01-15 --dt 2026-01-15. The same content again is a no-op;"
        " other content under a landed name is refused, unless with --replace. --withdraw takes names in the"
        " drop: healthlake land --withdraw patients.ndjson --dt 2026-01-15, or --withdraw . for all files."
        " `healthlake revisions` lists what was replaced or withdrawn."
    )
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dt", "day", metavar="DAY", required=True, help="Day of the drop, YYYY-MM-DD.")
@click.option("--replace", is_flag=True, help="Correct the drop: other content takes a landed name's place.")
@click.option("--withdraw", is_flag=True, help="Correct the drop: take PATHS out of it.")
@lake_option
def land(paths: tuple[Path, ...], day: str, replace: bool, withdraw: bool, lake: str | None) -> None:
    """Copy files, or the files in folders, to the raw drop of a day.

    Drops are immutable, but for corrections: what they take out is kept as a revision.
    """
    from healthlake_dagster.commands.land import land_drop, replace_drop, withdraw_drop

    if replace and withdraw:
        raise UsageError(
            "landing: --replace and --withdraw exclude each other. Run them one after the other."
        )
    command = replace_drop if replace else withdraw_drop if withdraw else land_drop
    command(Settings.load(lake_text=lake), list(paths), parse_day(day, "--dt"))


@cli.command(epilog="Example: healthlake revisions --dt 2026-01-15")
@click.option("--dt", "day", metavar="DAY", help="Day of the drop, YYYY-MM-DD; default all.")
@lake_option
def revisions(day: str | None, lake: str | None) -> None:
    """List what corrections took out of the drops, and where it is kept."""
    from healthlake_dagster.commands.land import list_revisions

    list_revisions(Settings.load(lake_text=lake), parse_day(day, "--dt") if day else None)


@cli.command(
    epilog=(
        'Example: healthlake materialize --from 2026-01-01 --to 2026-01-03 --select "group:silver". SELECTION'
        " is Dagster's asset selection syntax."
    )
)
@click.option("--from", "first", metavar="DAY", help="First day, YYYY-MM-DD.")
@click.option("--to", "last", metavar="DAY", help="Last day, included; default the first.")
@click.option("--select", "selection", metavar="SELECTION", default="*", help="Which assets; default all.")
@click.option(
    "--stale", is_flag=True, help="The days that late or corrected drops made stale, and no others."
)
@lake_option
def materialize(first: str | None, last: str | None, selection: str, stale: bool, lake: str | None) -> None:
    """Materialize a range of days in one run, in this process.

    --stale splits and conforms drops that changed since they were, then computes the gold days whose
    inputs changed, or that silver has and gold hasn't: at most HEALTHLAKE_STALE_DAYS of them, the newest.
    """
    from healthlake_dagster.commands.materialize import materialize_days
    from healthlake_dagster.commands.stale import materialize_stale

    settings = Settings.load(lake_text=lake)
    if stale and (first or last or selection != "*"):
        raise UsageError("materializing: --stale finds the days itself; leave --from, --to and --select out.")
    if stale:
        sys.exit(materialize_stale(settings))
    if not first:
        raise click.UsageError("--from is missing. Example: healthlake materialize --from 2026-01-15")
    sys.exit(materialize_days(settings, day_range(settings, first, last), selection))


@cli.command(epilog="Example: healthlake rebuild --yes --lake /mnt/lake")
@click.option("--yes", is_flag=True, help="Don't ask.")
@lake_option
def rebuild(yes: bool, lake: str | None) -> None:
    """Remove all tables and make them again from raw: after the lake was moved, or an upgrade that says so.

    Raw stays as it is, and the tables get the same rows. The snapshots of before are gone.
    """
    from healthlake_dagster.commands.rebuild import rebuild_lake

    settings = Settings.load(lake_text=lake)
    if not yes and not sys.stdin.isatty():
        raise UsageError("rebuilding: this removes all tables, and nobody can be asked. Say so with --yes.")
    if not yes:
        click.confirm(f"Remove all tables of {settings.lake} and make them again from raw?", abort=True)
    sys.exit(rebuild_lake(settings))


@cli.command(
    epilog=(
        'Example: healthlake sql "SELECT dt, count(*) AS n FROM bronze_file GROUP BY dt ORDER BY dt"'
        " --format csv"
    )
)
@click.argument("statement")
@form_option
@click.option("--force", is_flag=True, help="Run it although engines answer it differently.")
@lake_option
def sql(statement: str, form: str, force: bool, lake: str | None) -> None:
    """Run a SELECT in Athena's dialect on the lake's tables.

    A CURRENT table (silver_dim_*, silver_fct_*) holds one state; gold holds a full picture per dt, so filter
    it by dt.
    """
    from healthlake_dagster.commands.sql import run_sql

    run_sql(Settings.load(lake_text=lake), statement, form, force)


@cli.command(
    epilog="Example: healthlake check --from 2026-01-01 --to 2026-01-03 --junit checks.xml || exit 1"
)
@days_options
@click.option("--junit", type=_FILE, metavar="FILE", help="Write the answers as JUnit XML too.")
@click.option("--markdown", type=_FILE, metavar="FILE", help="Write them as Markdown, for a pull request.")
@lake_option
def check(first: str, last: str | None, junit: Path | None, markdown: Path | None, lake: str | None) -> None:
    """Run the asset checks on the published tables of a range of days and print them.

    Exit code 0 when none failed, 1 when one failed or could not be evaluated, 2 when the command can't run.
    """
    from healthlake_dagster.commands.check import check_days

    settings = Settings.load(lake_text=lake)
    sys.exit(check_days(settings, day_range(settings, first, last), junit, markdown))


@cli.command(epilog="Example: healthlake report --from 2026-01-01 --to 2026-01-31 --output january.html")
@click.option("--from", "first", metavar="DAY", help="First day; default 30 days that have gold.")
@click.option("--to", "last", metavar="DAY", help="Last day, included; default the newest with gold.")
@click.option(
    "--output",
    metavar="FILE",
    help="Where to write it; default reports/data_quality.html in the lake.",
)
@click.option("--open", "is_opened", is_flag=True, help="Show it in the browser.")
@lake_option
def report(
    first: str | None, last: str | None, output: str | None, is_opened: bool, lake: str | None
) -> None:
    """Write the data-quality page: one HTML file, which fetches nothing.

    The verdict on the newest day, what to do next, grades by table, rules by day, the worst rules with the
    queries that list their rows, trends and the population. It holds counts and names, no value of a record.
    """
    from healthlake_dagster.commands.report import report as write_report

    write_report(
        Settings.load(lake_text=lake),
        parse_day(first, "--from") if first else None,
        parse_day(last, "--to") if last else None,
        output,
        is_opened,
    )


class _ListsByDefault(click.Group):
    """A group whose command is `list` where none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@cli.group(
    cls=_ListsByDefault,
    epilog=(
        "Example: healthlake quarantine --reason invalid_json --from 2026-01-01. Without a command it is"
        " `list`, which has --lake and the other options."
    ),
)
def quarantine() -> None:
    """What was set aside, and trying it again after a fix."""


@quarantine.command("list", epilog="Example: healthlake quarantine list --summary --format csv")
@wanted_options
@click.option("--summary", "is_summary", is_flag=True, help="Counts by day, table and reason.")
@click.option("--show", "place", metavar="FILE_ID:BYTE_OFFSET", help="Print one record as delivered.")
@click.option("--all", "is_whole", is_flag=True, help="With --show: more than 64 KiB, too.")
@form_option
@lake_option
def quarantine_list(
    first: str | None,
    last: str | None,
    reason: str | None,
    is_summary: bool,
    place: str | None,
    is_whole: bool,
    form: str,
    lake: str | None,
) -> None:
    """List quarantined rows by day, reason, file and position.

    The list holds no value of a record and no name of a file. --show prints one record, which holds a
    patient's data, on this terminal; silver's rows have no offset and are named FILE_ID:LINE:ENTRY.
    """
    from healthlake_dagster.commands.quarantine import list_quarantine, show_record

    settings = Settings.load(lake_text=lake)
    if place is not None:
        show_record(settings, place, is_whole)
    else:
        list_quarantine(settings, wanted(first, last, reason), form, is_summary)


@quarantine.command(
    "replay", epilog="Example: healthlake quarantine replay --reason invalid_json --from 2026-01-01"
)
@wanted_options
@lake_option
def quarantine_replay(first: str | None, last: str | None, reason: str | None, lake: str | None) -> None:
    """Read the files with quarantined rows again, after a fix.

    For when healthlake was mended, or raw by `land --replace`. Rows that now pass leave the quarantine;
    the other files of a day are not read.
    """
    from healthlake_dagster.commands.replay import replay_quarantine

    sys.exit(replay_quarantine(Settings.load(lake_text=lake), wanted(first, last, reason)))


@cli.command(
    epilog=(
        "Example: healthlake trace silver_dim_patient 8a61ee33 --raw. Of silver_fct_observation_value the"
        " key is OBSERVATION_ID or OBSERVATION_ID:COMPONENT_INDEX, of silver_fct_observation"
        " PATIENT_ID,OBS_DATETIME,OBS_CODE, of gold DAY or DAY,GRAIN."
    )
)
@click.argument("table")
@click.argument("key")
@click.option("--raw", "is_raw", is_flag=True, help="Print the record as delivered: the version that wins.")
@click.option("--dt", "day", metavar="DAY", help="With --raw: the version of that day instead.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@lake_option
def trace(table: str, key: str, is_raw: bool, day: str | None, form: str, lake: str | None) -> None:
    """Show where a row comes from, and the versions that it replaced.

    Every delivery of the id: day, file, line, entry, and what became of it. This shows paths of files, which
    may name patients, and --raw a record: on this terminal, nowhere else. Of a gold row it shows the days of
    the tables that it was computed from.
    """
    from healthlake_dagster.commands.trace import show_trace

    on = parse_day(day, "--dt") if day else None
    show_trace(Settings.load(lake_text=lake), table, key, is_raw, on, form)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: a fault becomes one message, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that can't show a character gets its escape instead of a UnicodeEncodeError.
            stream.reconfigure(errors="backslashreplace")
    try:
        cli(arguments, prog_name="healthlake")
    except UsageError as error:
        _say(f"healthlake: {error}")
        sys.exit(MISUSED)
    except HealthlakeError as error:
        _say(f"healthlake: {error}")
        sys.exit(FAILED)
    except ImportError as error:
        # Its message names modules, never values.
        _say(
            f"healthlake: {error}. The environment isn't complete: run `make demo`, or docs/deploy.md's"
            " first step."
        )
        sys.exit(MISUSED)
    except BrokenPipeError:
        # A reader such as `head` has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except Exception as error:
        _say(f"healthlake: {withheld(error)}")
        sys.exit(MISUSED if is_not_set_up(error) else FAILED)


def _say(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main()
