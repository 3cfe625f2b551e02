"""How many rows a table has on each day: told by its files, and counted where rows are deleted in
them."""

from __future__ import annotations

import datetime
from collections import Counter

from healthlake.contracts.model import Contract
from healthlake.engine.protocol import Engine
from healthlake.lake.catalog import LakeCatalog


def rows_by_day(engine: Engine, catalog: LakeCatalog, contract: Contract) -> Counter[datetime.date]:
    """Rows of each day of the published table; days without rows are left out."""
    version = catalog.version(contract)
    counts: Counter[datetime.date] = Counter()
    if version and version.has_deletes:
        engine.doing(f"counting the rows of {contract.name}")
        name = f"counted_{contract.name}"
        engine.read(contract, name=name)
        counts.update(dict(engine.rows(f"SELECT dt, count(*) AS n FROM {name} GROUP BY dt")))
        return counts
    for file in version.files if version else ():
        counts[file.day] += file.rows
    return counts
