"""One Trino, one emulator and one demo lake for the whole lane."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from healthlake.engine.athena import AthenaEngine
from healthlake.errors import EngineError
from tests.aws_emulator import AwsEmulator
from tests.trino.lake import BUCKET, GlueLakeCatalog, copy_tables, fill_demo
from tests.trino.server import TrinoServer, fetch, find_java
from tests.trino.session import TrinoSession
from tests.world import World


@dataclass(frozen=True)
class Lane:
    """What tests of the lane share. `local` is the demo's lake by DuckDB, `catalog` the same rows for
    Trino."""

    emulator: AwsEmulator
    server: TrinoServer
    local: World
    catalog: GlueLakeCatalog

    def session(self, database: str = "healthlake") -> TrinoSession:
        return TrinoSession(self.server.url, database)

    def engine(self, catalog: GlueLakeCatalog | None = None) -> AthenaEngine:
        found = catalog or self.catalog
        return AthenaEngine(found, self.session(found.database))

    def lake(self, root: Path, database: str) -> GlueLakeCatalog:
        """A lake of a test's own with the demo's raw drops, and no table."""
        shutil.copytree(self.local.layout.root / "raw", root / "raw")
        return GlueLakeCatalog(root, self.emulator, database)


@pytest.fixture(scope="session")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    java = find_java()
    if java is None:
        pytest.skip("no Java 24+ found; set TRINO_JAVA_HOME")
    folder = tmp_path_factory.mktemp("trino")
    with AwsEmulator() as emulator:
        server = TrinoServer(java, fetch(), folder / "server", emulator.endpoint)
        try:
            # While the server starts.
            emulator.client("s3").create_bucket(
                Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
            )
            with fill_demo(folder / "demo") as local:
                root = folder / "glue"
                shutil.copytree(local.layout.root / "raw", root / "raw")
                catalog = GlueLakeCatalog(root, emulator)
                copy_tables(local, catalog)
                server.wait(lambda: _answers(server))
                yield Lane(emulator, server, local, catalog)
        finally:
            server.close()


def _answers(server: TrinoServer) -> bool:
    try:
        return bool(
            TrinoSession(server.url, "healthlake").rows("SELECT count(*) FROM bronze_file", what="start")
        )
    except EngineError as error:
        if "NO_NODES_AVAILABLE" in str(error) or "SERVER_STARTING" in str(error):
            return False
        raise
