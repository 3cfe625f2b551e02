"""One Trino, one emulator and one demo lake for the whole lane."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from healthlake.engine.athena import AthenaEngine
from healthlake.errors import EngineError
from healthlake.lake.catalog import LakeCatalog
from tests.aws_emulator import AwsEmulator
from tests.aws_emulator.process import taken_for_aws
from tests.trino.lake import BUCKET, copy_tables, fill_demo, glue_lake, land_demo
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
    catalog: LakeCatalog

    def session(self, database: str = "healthlake") -> TrinoSession:
        return TrinoSession(self.server.url, database)

    def engine(self, catalog: LakeCatalog | None = None) -> AthenaEngine:
        found = catalog or self.catalog
        return AthenaEngine(found, self.session(found.database))


@pytest.fixture(scope="session")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    java = find_java()
    if java is None:
        pytest.skip("no Java 24+ found; set TRINO_JAVA_HOME")
    folder = tmp_path_factory.mktemp("trino")
    with AwsEmulator() as emulator, taken_for_aws(emulator):
        server = TrinoServer(java, fetch(), folder / "server", emulator.endpoint)
        try:
            # While the server starts.
            emulator.client("s3").create_bucket(
                Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
            )
            with fill_demo(folder / "demo") as local:
                catalog = glue_lake()
                land_demo(catalog)
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
