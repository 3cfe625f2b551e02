"""Where and how queries run on Athena."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AthenaOptions:
    """Times are in seconds, `price_per_tb` is what AWS charges for 10**12 bytes scanned.

    `deadline` is that of one statement, its time in the queue and its retries included. The pause between two
    looks at a query grows from `first_poll` to `longest_poll`. `output_location` (s3://…) is where results go
    if the workgroup doesn't say. `row_limit` is the most rows that a list of rows may have.
    """

    workgroup: str
    database: str
    catalog: str = "AwsDataCatalog"
    region: str | None = None
    role: str | None = None
    output_location: str | None = None
    deadline: float = 1800
    first_poll: float = 0.25
    longest_poll: float = 5
    retries: int = 3
    row_limit: int = 100_000
    price_per_tb: float = 5
