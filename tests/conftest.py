"""Fixtures for all tests. No test reaches beyond loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

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


# What shares fixtures of a session, and so a process.
_TOGETHER = ("cli", "dagster", "sql_on_fhir")

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
    """Two processes share the suite (`-n 2 --dist loadgroup`): all tests on Spark go to one, so that there is
    one session; else a file's tests stay together."""
    folder = item.path.relative_to(REPOSITORY / "tests").parts[0]
    uses_spark = "spark" in getattr(item, "fixturenames", ())
    group = "spark" if uses_spark else folder if folder in _TOGETHER else str(item.path)
    item.add_marker(pytest.mark.xdist_group(group))
    if item.nodeid.removeprefix("tests/").startswith(_SLOW):
        item.add_marker(pytest.mark.slow)
