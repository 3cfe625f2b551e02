"""What a deployment says about its Glue jobs. Refuses what can't be meant; asks AWS nothing."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from healthlake.errors import UsageError


@dataclass(frozen=True, slots=True)
class GlueOptions:
    """`lake` and `pipes` are `s3://bucket/folder`: the lake, and where the messages of runs lie meanwhile.
    `worker_type` and `workers` override the job's. `UsageError` names what is wrong."""

    lake: str
    database: str
    pipes: str
    region: str | None = None
    job_prefix: str = ""
    deadline_seconds: float = 6 * 3600
    """From a step's start: what it started is stopped then."""
    stop_seconds: float = 180
    """How long a run that was told to stop may take to do so."""
    price_per_dpu_hour: float = 0.44
    """US dollars, for the estimate of a run's cost: Glue 5's list price."""
    worker_type: str | None = None
    workers: int | None = None
    shortest_poll: float = 2.0
    longest_poll: float = 15.0
    message_seconds: int = 2
    """How long the script gathers messages before it writes them."""

    def __post_init__(self) -> None:
        for name in ("lake", "pipes"):
            address = urlsplit(getattr(self, name))
            if address.scheme != "s3" or not address.netloc or not address.path.strip("/"):
                raise UsageError(
                    f"setting Glue up: {name} is {getattr(self, name)!r}, expected s3://bucket/folder."
                )
        if not 0 < self.shortest_poll <= self.longest_poll:
            raise UsageError(
                f"setting Glue up: polls are {self.shortest_poll} to {self.longest_poll} seconds apart,"
                " expected more than 0, and the longest not below the shortest."
            )
        for name in ("deadline_seconds", "stop_seconds"):
            if getattr(self, name) <= 0:
                raise UsageError(
                    f"setting Glue up: {name} is {getattr(self, name)}, expected more than 0 seconds."
                )
