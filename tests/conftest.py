"""Fixtures for all tests. No test reaches beyond loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("HEALTHLAKE_SHARED", REPOSITORY.parent / "shared"))

settings.register_profile(
    "healthlake", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("healthlake")


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """The root of a lake of this test's own."""
    root = tmp_path / "lake"
    root.mkdir()
    return root


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """The one Spark of the suite. A test that sets anything takes `spark.newSession()`."""
    from healthlake.engine.spark_session import start_local

    session = start_local()
    yield session
    session.stop()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the expected rows of golden cases again"
    )


# Proofs that take half a minute and more, each: `make test-slow`.
_SLOW = (
    "ci/test_workflow.py",
    "cli/test_spark_engine.py",
    "dagster/test_schedule.py",
    "injector/test_detection.py",
    "laws/test_silence.py",
    "parity/test_parity.py",
    "glue_scripts/test_scripts.py::test_a_killed_script_is_made_good_by_the_next_run_of_any_engine",
    "model/test_histories.py::test_spark_gives_what_the_reference_model_predicts",
)


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.nodeid.removeprefix("tests/").startswith(_SLOW):
        item.add_marker(pytest.mark.slow)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.scheduling import Together

    return Together(config, log)
