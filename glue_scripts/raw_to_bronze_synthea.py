"""Glue job `raw_to_bronze_synthea`: splits the drops of a range of days into the bronze tables.

  raw_to_bronze_synthea.py --lake DIR --partition-start 2026-01-01 [--partition-end 2026-01-31]

One Spark session for all days. Bronze is always written whole: --tables is accepted and changes nothing. A
day that can't be split keeps its earlier rows and is named in the exception that ends the script.
"""

import sys

from healthlake.contracts.registry import BRONZE_TABLES
from healthlake.engine.protocol import Engine
from healthlake.jobs import raw_to_bronze
from healthlake.lake.catalog import LakeCatalog
from healthlake.report import JobReport, Listener
from healthlake.script import Arguments, run_script


def job(arguments: Arguments, engine: Engine, catalog: LakeCatalog, listener: Listener) -> JobReport:
    return raw_to_bronze(engine, catalog, arguments.days, listener)


if __name__ == "__main__":
    run_script(job, BRONZE_TABLES, __doc__, sys.argv[1:])
