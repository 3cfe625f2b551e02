"""What queries on Athena took and cost. Holds no SQL and no values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_LEAST_BYTES = 10_000_000
_TB = 10**12


@dataclass(frozen=True, slots=True)
class QueryFacts:
    """One query: `cost` in the currency of the price, an estimate. `reattached` says that an earlier attempt
    of the same step had started it."""

    what: str
    query_id: str
    state: str
    bytes_scanned: int
    queue_ms: int
    run_ms: int
    cost: float
    reattached: bool = False

    @classmethod
    def of(cls, execution: Mapping[str, Any], what: str, price_per_tb: float, reattached: bool) -> QueryFacts:
        """The facts of an ended query as GetQueryExecution shows it."""
        statistics = execution.get("Statistics", {})
        state = execution["Status"]["State"]
        scanned = int(statistics.get("DataScannedInBytes", 0))
        # AWS charges neither DDL nor what failed; what was cancelled it does.
        free = execution.get("StatementType") != "DML" or state == "FAILED"
        return cls(
            what,
            execution["QueryExecutionId"],
            state,
            scanned,
            int(statistics.get("QueryQueueTimeInMillis", 0)),
            int(statistics.get("EngineExecutionTimeInMillis", 0)),
            0.0 if free else max(scanned, _LEAST_BYTES) / _TB * price_per_tb,
            reattached,
        )

    def line(self) -> str:
        """The facts in one line of a log."""
        again = ", re-attached" if self.reattached else ""
        return (
            f"{self.what}: Athena query {self.query_id} {self.state}{again}, {self.bytes_scanned} bytes"
            f" scanned, {self.queue_ms} ms queued, {self.run_ms} ms run, cost {self.cost:.6f}"
        )


@dataclass(slots=True)
class SessionFacts:
    """The queries of a session, in the order in which they ended, and their sums."""

    queries: list[QueryFacts] = field(default_factory=list)

    @property
    def bytes_scanned(self) -> int:
        return sum(each.bytes_scanned for each in self.queries)

    @property
    def queue_ms(self) -> int:
        return sum(each.queue_ms for each in self.queries)

    @property
    def run_ms(self) -> int:
        return sum(each.run_ms for each in self.queries)

    @property
    def cost(self) -> float:
        return sum(each.cost for each in self.queries)
