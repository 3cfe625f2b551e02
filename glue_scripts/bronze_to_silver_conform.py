"""Glue job `bronze_to_silver_conform`: conforms the bronze of a range of days into the silver tables.

  bronze_to_silver_conform.py --lake DIR --partition-start 2026-01-01 [--partition-end 2026-01-31] \\
    [--tables silver_dim_patient,silver_patient_history]

One Spark session for all days, and each current table is rewritten once. --tables asks for the resource
types that the named tables belong to. A day whose bronze isn't complete keeps its earlier rows and is named
in the exception that ends the script.
"""

import sys

from healthlake.contracts.registry import SILVER_TABLES
from healthlake.contracts.silver import types_of
from healthlake.engine.protocol import Engine
from healthlake.jobs import bronze_to_silver
from healthlake.lake.catalog import LakeCatalog
from healthlake.report import JobReport, Listener
from healthlake.script import Arguments, run_script


def job(arguments: Arguments, engine: Engine, catalog: LakeCatalog, listener: Listener) -> JobReport:
    return bronze_to_silver(engine, catalog, arguments.days, types_of(arguments.tables), listener)


if __name__ == "__main__":
    run_script(job, SILVER_TABLES, __doc__, sys.argv[1:])
