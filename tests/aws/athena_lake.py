"""A small lake on the AWS emulator: one Iceberg table, one workgroup, sessions of the client on them."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from healthlake_dagster.resources.athena import AthenaOptions, AthenaSession
from tests.aws_emulator import AwsEmulator
from tests.aws_emulator.athena_tables import REGION, glue_catalog

if TYPE_CHECKING:
    from pyiceberg.table import Table

DAY = datetime.date(2026, 1, 1)
OTHER_DAY = datetime.date(2026, 1, 2)
Row = tuple[Any, ...]


class AthenaLake:
    """One database of a test's own with the table `visit` (id, n, dt, seen), partitioned by dt."""

    def __init__(self, emulator: AwsEmulator) -> None:
        self.emulator = emulator
        self.control = emulator.athena
        self.database = f"lake_{uuid.uuid4().hex[:8]}"
        self.lines: list[str] = []
        self._sessions: list[AthenaSession] = []
        emulator.client("s3").create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        results = {"OutputLocation": f"s3://{self.bucket}/results/"}
        self.client = emulator.client("athena")
        self.client.create_work_group(Name=self.database, Configuration={"ResultConfiguration": results})
        self.catalog = glue_catalog(emulator.endpoint)
        self.catalog.create_namespace(self.database)
        self._make_table()

    @property
    def bucket(self) -> str:
        return self.database.replace("_", "-")

    def _make_table(self) -> None:
        from pyiceberg.partitioning import PartitionField, PartitionSpec
        from pyiceberg.schema import Schema
        from pyiceberg.transforms import IdentityTransform
        from pyiceberg.types import DateType, LongType, NestedField, StringType, TimestampType

        types = {"id": StringType(), "n": LongType(), "dt": DateType(), "seen": TimestampType()}
        fields = [
            NestedField(i, name, kind, required=False) for i, (name, kind) in enumerate(types.items(), 1)
        ]
        table = self.catalog.create_table(
            (self.database, "visit"),
            Schema(*fields),
            location=f"s3://{self.bucket}/visit",
            partition_spec=PartitionSpec(PartitionField(3, 1000, IdentityTransform(), "dt")),
            properties={"commit.retry.num-retries": "0"},
        )
        at = datetime.datetime(2026, 1, 1, 3, 4, 5, 6)
        self.append([("a", 1, DAY, at), ("b", None, OTHER_DAY, None)], table)

    @property
    def table(self) -> Table:
        """The table as it is now."""
        return self.catalog.load_table((self.database, "visit"))

    def append(self, rows: Sequence[Row], table: Table | None = None) -> None:
        """Another writer's commit of rows."""
        table = table or self.table
        names = table.schema().column_names
        records = [dict(zip(names, row, strict=True)) for row in rows]
        table.append(pa.Table.from_pylist(records, schema=table.schema().as_arrow()))

    def contents(self) -> list[Row]:
        """The table's rows without `seen`, by id, as PyIceberg reads them."""
        found = self.table.scan().to_arrow().select(["id", "n", "dt"]).to_pylist()
        return sorted(tuple(row.values()) for row in found)

    def snapshots(self) -> int:
        """How many snapshots the table has."""
        return len(self.table.snapshots())

    def session(self, identity: str = "run/step", **options: Any) -> AthenaSession:
        """A session of the client; what it says is in `lines`."""
        defaults = {"workgroup": self.database, "database": self.database, "deadline": 60}
        polls = {"first_poll": 0.02, "longest_poll": 0.1}
        chosen = AthenaOptions(**{**defaults, **polls, **options})
        session = AthenaSession(chosen, identity, self.lines.append)
        self._sessions.append(session)
        return session

    def close(self) -> None:
        for session in self._sessions:
            session.close()
        self.control.forget()


@pytest.fixture(scope="module")
def emulator() -> Iterator[AwsEmulator]:
    """One emulator a module."""
    with AwsEmulator() as running:
        yield running


@pytest.fixture
def lake(emulator: AwsEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[AthenaLake]:
    """A lake of this test's own; the environment points at the emulator."""
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    made = AthenaLake(emulator)
    yield made
    made.close()
