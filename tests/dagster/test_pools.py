"""On AWS a table's writers may be on several machines: a pool of one slot makes the second one wait."""

from __future__ import annotations

from pathlib import Path

import yaml

from healthlake_dagster.definitions import build_definitions
from healthlake_dagster.settings import Settings
from tests.conftest import REPOSITORY


def pools(lake: str) -> dict[str, set[str]]:
    """The pools of each step of the deployment on `lake`."""
    made = build_definitions(Settings.load({}, lake_text=lake)).resolve_implicit_global_asset_job_def()
    return {node.name: set(node.definition.pools) for node in made.nodes}  # type: ignore[attr-defined]


def test_every_step_that_writes_tables_has_a_pool_of_its_own_on_aws() -> None:
    prefixes = ("raw_to_", "bronze_to_", "materialize_")
    writers = {name: found for name, found in pools("s3://bucket/lake").items() if name.startswith(prefixes)}
    assert len(writers) > 2
    for name, found in writers.items():
        assert found == {f"healthlake/{name.removeprefix('materialize_')}"}


def test_on_one_machine_the_lakes_own_locks_do(tmp_path: Path) -> None:
    assert not any(pools(str(tmp_path)).values())


def test_the_shipped_instance_gives_a_pool_one_slot() -> None:
    shipped = yaml.safe_load((REPOSITORY / "deploy" / "dagster.yaml").read_text("utf-8"))
    assert shipped["concurrency"]["pools"] == {"default_limit": 1, "granularity": "op"}
