"""`healthlake demo`: the three Synthea drops in demo/drops through all layers, and what came of them."""

from __future__ import annotations

import datetime
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from healthlake.contracts.registry import TABLES
from healthlake.errors import UsageError
from healthlake_dagster.commands.land import describe, land_paths
from healthlake_dagster.commands.materialize import DONE, FAILED, RunSummary, run_days, tell, tell_failed
from healthlake_dagster.quality_page import default_path
from healthlake_dagster.resources.lake import LakeResource
from healthlake_dagster.resources.query import QueryResource
from healthlake_dagster.settings import Settings
from healthlake_dagster.terminal import print_table, stderr, stdout

DROPS = Path(__file__).resolve().parent.parent.parent / "demo" / "drops"


def run_demo(settings: Settings) -> int:
    """Lands, materializes and shows the demo; gives the exit code."""
    drops = {
        datetime.date.fromisoformat(path.name.removeprefix("dt=")): path
        for path in sorted(DROPS.glob("dt=*"))
    }
    if not drops:
        raise UsageError(
            f"reading the demo drops: {DROPS} has none. Run from a clone of the repository, or make them with"
            " `python demo/make_drops.py`."
        )
    days = list(drops)
    for day, path in drops.items():
        landing = land_paths(settings, [path], day)
        stderr.print(describe(settings, landing, day), markup=False)
    stderr.print(f"materializing {days[0]} to {days[-1]}")
    summary = run_days(settings, days)
    if not summary.succeeded:
        tell(summary)
        return FAILED
    show(settings, days, summary)
    return DONE


def show(settings: Settings, days: Sequence[datetime.date], summary: RunSummary) -> None:
    """Every table's rows, the population summary, the duplicates removed, the checks, and what to do next."""
    catalog = LakeResource(settings).catalog()
    rows = []
    for contract in TABLES.values():
        version = catalog.version(contract)
        files = version.files if version else ()
        by_day = [sum(file.rows for file in files if file.day == day) for day in days]
        rows.append((contract.name, *by_day, sum(file.rows for file in files)))
    stdout.print()
    print_table(
        "Rows by table and dt", ("table", *map(str, days), "all"), rows, numbers=range(1, len(days) + 2)
    )
    _show_gold(settings, days[-1])
    _show_checks(summary)
    changed = len(summary.changed)
    stdout.print(
        f"{changed} of {len(TABLES)} tables changed."
        if changed
        else "Nothing changed: every table had these rows already."
    )
    _show_next(settings)


def _show_next(settings: Settings) -> None:
    """Where the lake is, and how to look at it and ask it."""
    command = "healthlake"
    if shutil.which(command) is None:
        beside = Path(sys.executable).with_name(command)
        command = str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside)
    other = settings.lake != Path("lake").absolute()
    stdout.print(f"The lake is in {settings.lake}", markup=False)
    look = f"make ui{f' LAKE={settings.lake}' if other else ''}"
    if settings.is_aws:
        home = LakeResource(settings).layout.dagster_home
        look = f"HEALTHLAKE_LAKE={settings.lake} DAGSTER_HOME={home} dagster dev"
    stdout.print(f"Look at it:  {look}", markup=False)
    stdout.print(f"Read it:     {default_path(settings)}", markup=False)
    flag = f" --lake {settings.lake}" if other else ""
    statement = "SELECT * FROM silver_dim_patient LIMIT 5"
    stdout.print(f'Ask it:      {command} sql "{statement}"{flag}', markup=False)


def _show_gold(settings: Settings, day: datetime.date) -> None:
    query = QueryResource(LakeResource(settings))
    population = query.select(
        f"SELECT measure, category, sum(value) AS n FROM gold_population_summary WHERE dt = DATE '{day}' AND"
        " measure IN ('patients', 'encounters', 'observations') GROUP BY measure, category ORDER BY measure"
        " DESC, n DESC, category"
    )
    print_table(
        f"Population as known on {day} (gold_population_summary)",
        ("measure", "category", "n"),
        [(measure, category, int(n)) for measure, category, n in population],
        numbers=(2,),
    )
    removed = query.select(
        "SELECT dt, table_name, exact, superseded, conflicts, re_sent, collapsed, quarantined FROM"
        " gold_data_quality_dashboard WHERE exact + superseded + conflicts + re_sent + collapsed +"
        " quarantined > 0 ORDER BY dt, table_name"
    )
    header = ("dt", "table", "exact", "superseded", "conflicts", "re_sent", "collapsed", "quarantined")
    print_table("Duplicates removed (gold_data_quality_dashboard)", header, removed, numbers=range(2, 8))


def _show_checks(summary: RunSummary) -> None:
    passed = sum(check.passed for check in summary.checks)
    stdout.print(f"Checks: {passed} of {len(summary.checks)} passed.")
    tell_failed(summary, stdout)
