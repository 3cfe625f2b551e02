"""Of parallel commits to the emulated Glue catalog none is lost: the loser is told."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table

from tests.aws.glue_world import BUCKET, emulated
from tests.aws_emulator import AwsEmulator

WRITERS = 6


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsEmulator]:
    with emulated() as emulator:
        yield emulator


@pytest.fixture
def table(aws: AwsEmulator) -> Table:
    catalog = opened(aws)
    name = f"d{uuid4().hex[:8]}"
    catalog.create_namespace(name, {"location": f"s3://{BUCKET}/{name}"})
    return catalog.create_table(f"{name}.t", pa.schema([("n", pa.int64())]))


def opened(aws: AwsEmulator) -> GlueCatalog:
    return GlueCatalog(
        "glue",
        **{
            "glue.endpoint": aws.endpoint,
            "s3.endpoint": aws.endpoint,
            "client.region": "eu-central-1",
            "client.access-key-id": "testing",
            "client.secret-access-key": "testing",
        },
    )


def append_in_parallel(aws: AwsEmulator, table: Table) -> list[Exception | None]:
    """Six writers that all have read the same version; what each of them met."""
    read = Barrier(WRITERS, timeout=60)

    def append(number: int) -> Exception | None:
        mine = opened(aws).load_table(table.name())
        read.wait()
        try:
            mine.append(pa.table({"n": [number]}))
        except CommitFailedException as error:
            return error
        return None

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(append, range(WRITERS)))


def rows(table: Table) -> list[Any]:
    return sorted(table.refresh().scan().to_arrow()["n"].to_pylist())


def test_six_parallel_appends_keep_six_rows(aws: AwsEmulator, table: Table) -> None:
    with table.transaction() as change:
        change.set_properties(
            {
                "commit.retry.num-retries": "20",
                "commit.retry.min-wait-ms": "10",
                "commit.retry.max-wait-ms": "200",
            }
        )
    assert append_in_parallel(aws, table) == [None] * WRITERS
    assert rows(table) == list(range(WRITERS))


def test_without_retries_every_loser_is_told(aws: AwsEmulator, table: Table) -> None:
    with table.transaction() as change:
        change.set_properties({"commit.retry.num-retries": "0"})
    met = append_in_parallel(aws, table)
    assert any(met)
    assert rows(table) == [number for number, error in enumerate(met) if error is None]


def test_a_conflict_comes_on_demand(aws: AwsEmulator, table: Table) -> None:
    with table.transaction() as change:
        change.set_properties({"commit.retry.num-retries": "0"})
    aws.glue.conflict(1)
    with pytest.raises(CommitFailedException):
        table.append(pa.table({"n": [1]}))
    table.refresh().append(pa.table({"n": [2]}))
    assert rows(table) == [2]


def test_an_update_of_an_overtaken_version_is_refused_and_skipped_versions_are_not_kept(
    aws: AwsEmulator, table: Table
) -> None:
    glue = aws.client("glue")
    (database, name) = table.name()
    read = glue.get_table(DatabaseName=database, Name=name)["Table"]
    given = {key: read[key] for key in ("Name", "TableType", "Parameters", "StorageDescriptor")}
    request = {"DatabaseName": database, "TableInput": given, "VersionId": read["VersionId"]}
    glue.update_table(SkipArchive=True, **request)
    with pytest.raises(ClientError, match="ConcurrentModificationException"):
        glue.update_table(**request)
    now = glue.get_table(DatabaseName=database, Name=name)["Table"]["VersionId"]
    assert now != read["VersionId"]
    kept = glue.get_table_versions(DatabaseName=database, TableName=name)["TableVersions"]
    assert [version["VersionId"] for version in kept] == [now]
    glue.update_table(DatabaseName=database, TableInput=given)
    kept = glue.get_table_versions(DatabaseName=database, TableName=name)["TableVersions"]
    assert len(kept) == 2
