"""Looks for constructs that engines answer differently in all SQL that the project runs: gold's files, and
what the jobs and checks generate. Exit code 1 where there is one. See docs/portable_sql.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from healthlake.portable_sql import lint
from healthlake.portable_sql.own_sql import own_statements

SQL = Path(__file__).resolve().parent.parent / "sql"


def main() -> int:
    """Prints a line for each finding, and how many statements were looked at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sql", type=Path, default=SQL, help="the folder of gold's SQL")
    statements = own_statements(parser.parse_args().sql)
    count = 0
    for statement in statements:
        for found in lint(statement.sql, statement.dialect, own=True):
            count += 1
            sys.stderr.write(f"{statement.source}:{found.line}:{found.column}: {found}\n")
    sys.stdout.write(f"portable SQL: {len(statements)} statements, {count} findings\n")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
