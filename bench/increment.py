"""Measures what a small second day costs after a large first one: `make bench-increment` (ENGINE=spark).

The second day changes one resource in a hundred of the first, all over it. Start-up is what a day without a
drop costs, from a cold start as the others; its own work is what its drop costs in a lake of its own. Refuses
to judge: what is to be reached is printed beside the figures.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
from pathlib import Path

from run import CACHE, ENGINES, drop_of, land, materialize, say, say_figures

from healthlake.contracts.model import Kind
from healthlake.contracts.registry import SILVER_TABLES
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout

PATIENTS = 800
EVERY = 100
FIRST, SECOND, WITHOUT_DROP = "2026-01-01", "2026-01-02", "2026-01-03"


def changed_resources(drop: Path) -> Path:
    """A folder with every hundredth resource of a drop, newer than it was."""
    out = CACHE / f"{drop.name}-second-day"
    if out.is_dir():
        return out
    making = out.with_name(f".{out.name}")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    number = itertools.count()
    with (making / "changed.ndjson").open("w", encoding="utf-8") as lines:
        for path in sorted(drop.rglob("*.json")):
            for entry in json.loads(path.read_bytes())["entry"]:
                if next(number) % EVERY == 0:
                    resource = entry["resource"]
                    resource["meta"] = {**resource.get("meta", {}), "lastUpdated": f"{SECOND}T00:00:00Z"}
                    lines.write(json.dumps(resource) + "\n")
    making.rename(out)
    return out


def rewritten(lake: Path) -> list[tuple[str, int, int, int]]:
    """For each current table: its rows, and of the last commit the rows and bytes of the files written."""
    catalog = LakeCatalog(LakeLayout(lake), "healthlake")
    found = []
    for table in SILVER_TABLES:
        version = catalog.version(table)
        if table.kind is Kind.CURRENT and version is not None:
            total = sum(file.rows for file in version.files)
            written = version.properties.get("added-records", "0"), version.properties["added-files-size"]
            found.append((table.name, total, int(written[0]), int(written[1])))
    return found


def main() -> None:
    """Measures three days of one engine."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--patients", type=int, default=int(os.environ.get("BENCH_PATIENTS", PATIENTS)))
    parser.add_argument("--engine", choices=ENGINES, default=os.environ.get("ENGINE", "duckdb"))
    arguments = parser.parse_args()
    CACHE.mkdir(exist_ok=True)
    drop = drop_of(arguments.patients)
    lake = CACHE / f"lake-increment-{arguments.engine}"
    shutil.rmtree(lake, ignore_errors=True)
    land(drop, FIRST, lake)
    first = materialize(FIRST, lake, arguments.engine)
    land(changed_resources(drop), SECOND, lake)
    second = materialize(SECOND, lake, arguments.engine)
    tables = rewritten(lake)
    start_up = materialize(WITHOUT_DROP, lake, arguments.engine)
    alone_lake = CACHE / f"lake-increment-alone-{arguments.engine}"
    shutil.rmtree(alone_lake, ignore_errors=True)
    land(changed_resources(drop), SECOND, alone_lake)
    alone = materialize(SECOND, alone_lake, arguments.engine)
    say(f"\n{arguments.engine}, {arguments.patients} patients")
    say(f"{'':<44}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}")
    say_figures("first day", first)
    say_figures(f"second day, every {EVERY}th resource changed", second)
    say_figures("a day without a drop: start-up", start_up)
    say_figures("the second day's drop in a lake of its own", alone)
    wall = (second.wall - start_up.wall) / (first.wall - start_up.wall)
    cpu = (second.cpu - start_up.cpu) / (first.cpu - start_up.cpu)
    say(f"beyond start-up the second day costs {wall:.1%} of the first in wall, {cpu:.1%} in CPU")
    say("to reach: 10%")
    millions = sum(total for _, total, _, _ in tables) / 1e6
    again = sum(rows for _, _, rows, _ in tables) / millions
    say(
        f"beyond its own work it costs {(second.wall - alone.wall) / millions:.1f} s wall and"
        f" {(second.cpu - alone.cpu) / millions:.1f} s CPU a million current rows, and writes"
        f" {again:,.0f} rows of them"
    )
    say(f"{'the second day wrote':<44}{'rows':>9}{'of':>9}{'kB':>9}")
    for name, total, rows, size in tables:
        say(f"  {name:<42}{rows:>9,}{total:>9,}{size / 1000:>9,.0f}")


if __name__ == "__main__":
    main()
