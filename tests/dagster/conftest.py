"""One lake with a running `dagster dev` for all tests of this folder, and what its three days come to.

Each test that changes the lake has days of its own: 01 to 03 are the backfill's, the others are named where
they are used.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from healthlake.checks.families import RAW_ASSET
from healthlake.contracts.registry import TABLES
from healthlake_dagster.assets.report import REPORT_ASSET
from healthlake_dagster.settings import Settings
from tests.dagster.drops import DAYS, land_three_days
from tests.dagster.live import LiveDagster, dagster_dev

ALL_ASSETS = (RAW_ASSET, *TABLES, REPORT_ASSET)


@pytest.fixture(scope="session")
def live_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake that the server runs on; its three days are landed."""
    root = tmp_path_factory.mktemp("live") / "lake"
    root.mkdir()
    land_three_days(root)
    return root


@pytest.fixture(scope="session")
def live(live_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveDagster]:
    """`dagster dev` on the lake."""
    from healthlake_dagster.runs import lake_instance

    with lake_instance(live_lake / ".dagster"):
        pass
    with dagster_dev(live_lake, tmp_path_factory.mktemp("dev")) as server:
        yield server


@pytest.fixture(scope="session")
def backfill(live: LiveDagster) -> dict[str, Any]:
    """A backfill of the three days over all assets, launched from the browser's side, when it is over."""
    return live.backfill_end(live.backfill(DAYS, ALL_ASSETS), seconds=300)


def settings_of(root: Path, **overrides: str) -> Settings:
    """The settings of a lake, free of the environment's."""
    return Settings.load({}, lake_text=str(root), **overrides)


def dates(*days: str) -> list[datetime.date]:
    """Days from their ISO text."""
    return [datetime.date.fromisoformat(day) for day in days]
