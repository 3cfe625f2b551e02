"""What the clients of AWS rely on, asked of the emulator, and of a real account where one is given.

HEALTHLAKE_TEST_LAKE=s3://BUCKET/PREFIX and credentials where boto3 finds them ask the account too (marker
`aws`). docs/aws.md says what that costs and which rights it needs. What a test makes it removes.
"""

from __future__ import annotations

import datetime
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from healthlake.contracts.gold import GOLD_POPULATION_SUMMARY
from healthlake.engine.athena import AthenaEngine
from healthlake.engine.duckdb import DuckDBEngine
from healthlake.errors import DropRefused
from healthlake.lake.catalog import CommitConflict, LakeCatalog
from healthlake.lake.catalog_store import catalog_store
from healthlake.lake.layout import LakeLayout
from healthlake.lake.paths import lake_path, walk
from healthlake.lake.raw import drop_files, land
from healthlake.lake.table_version import Version
from healthlake_dagster.resources.athena import AthenaSession
from healthlake_dagster.resources.athena_options import AthenaOptions
from tests.aws.glue_world import BUCKET, emulated
from tests.aws_emulator.process import taken_for_aws

DAY = datetime.date(2026, 1, 1)
TABLE = GOLD_POPULATION_SUMMARY


@dataclass(frozen=True)
class Account:
    """A lake with a database of its own."""

    layout: LakeLayout
    database: str
    workgroup: str
    output: str

    def catalog(self) -> LakeCatalog:
        return LakeCatalog(self.layout, self.database)

    def engine(self) -> AthenaEngine:
        options = AthenaOptions(self.workgroup, self.database, output_location=self.output)
        return AthenaEngine(self.catalog(), AthenaSession(options, uuid.uuid4().hex))

    def remove(self) -> None:
        store = catalog_store(self.layout, self.database)
        store.clear()
        store.open().drop_namespace(self.database)
        for each in walk(self.layout.root):
            each.path.unlink()


@pytest.fixture(scope="module", params=["emulator", pytest.param("account", marks=pytest.mark.aws)])
def account(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    name = f"healthlake_test_{uuid.uuid4().hex[:8]}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEALTHLAKE_HOME", str(tmp_path_factory.mktemp("home")))
        if request.param == "account":
            root = os.environ.get("HEALTHLAKE_TEST_LAKE")
            if not root:
                pytest.skip("no account is given; see docs/aws.md")
            yield from _lake(root, name, os.environ.get("HEALTHLAKE_TEST_WORKGROUP", "primary"))
        else:
            with emulated() as emulator, taken_for_aws(emulator):
                yield from _lake(f"s3://{BUCKET}/contract", name, "primary")


def _lake(root: str, name: str, workgroup: str) -> Iterator[Account]:
    place = f"{root}/{name}"
    made = Account(LakeLayout(lake_path(place)), name, workgroup, f"{place}/results")
    (made.layout.root / "made").write_bytes(b"")
    try:
        yield made
    finally:
        made.remove()


def select(values: str) -> str:
    return (
        f"SELECT DATE '{DAY}' AS dt, 'patients' AS measure, 'all' AS time_bucket, 'sex' AS category_type,"
        " category, 'all' AS subcategory, CAST(value AS BIGINT) AS value"
        f" FROM (VALUES {values}) AS v (category, value)"
    )


def test_a_drop_lands_once_and_is_read_back(account: Account, tmp_path: Path) -> None:
    source = tmp_path / "a.ndjson"
    source.write_bytes(b"x" * 100_000)
    assert land(account.layout, [source], DAY).files == 1
    assert land(account.layout, [source], DAY).files_present == 1
    (file,) = drop_files(account.layout, DAY)
    with file.open() as stream:
        stream.seek(99_990)
        assert stream.read() == b"x" * 10
    source.write_bytes(b"y")
    with pytest.raises(DropRefused):
        land(account.layout, [source], DAY)


def test_of_two_commits_on_one_base_the_second_is_a_conflict(account: Account) -> None:
    first, second = account.catalog(), account.catalog()
    first.create(TABLE)
    base = second.version(TABLE)
    assert base is not None and base.snapshot_id is None
    with DuckDBEngine(first) as engine:
        staged = engine.stage(TABLE, DAY, select("('a', 1)"), "athena")
        first.commit(TABLE, Version(None, {}, ()), (), staged.files, {})
        with pytest.raises(CommitConflict):
            second.commit(TABLE, base, (), staged.files, {})
        engine.read(TABLE, name="found")
        assert engine.rows("SELECT category, value FROM found") == [("a", 1)]


def test_a_day_is_replaced_by_athena(account: Account) -> None:
    with account.engine() as engine:
        engine.doing("publishing a test's rows")
        for values, expected in (
            ("('a', 1), ('b', 2)", [("a", 1), ("b", 2)]),
            ("('b', 3), ('c', 4)", [("b", 3), ("c", 4)]),
            ("('b', 3), ('c', 4)", [("b", 3), ("c", 4)]),
        ):
            staged = engine.stage(TABLE, DAY, select(values), "athena")
            published = engine.publish(TABLE, [staged], {})
            engine.read(TABLE, name="found")
            found = engine.rows("SELECT category, value FROM found ORDER BY category")
            assert found == expected
        assert not published.changed
