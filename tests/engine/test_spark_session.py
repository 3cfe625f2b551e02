"""How a local Spark starts: on which Java and Python, what it prints, what it leaves behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

TOOLS = ("bash", "sh", "dirname", "ps", "env")
"""What Spark's own scripts run."""

START = """
import os, sys
from pathlib import Path
from healthlake.engine.spark_session import start_local

NAMES = ("JAVA_HOME", "SPARK_HOME", "SPARK_CONF_DIR", "PYSPARK_PYTHON", "PYSPARK_SUBMIT_ARGS")
before = [os.environ.get(name) for name in NAMES]
spark = start_local(1, sys.argv[1], Path(sys.argv[2]))
assert [os.environ.get(name) for name in NAMES] == before
"""

COUNT = """
def versions(batches):
    import pyarrow
    for batch in batches:
        yield pyarrow.RecordBatch.from_pydict({"version": [sys.version]})

rows = spark.range(3).mapInArrow(versions, "version string").collect()
used = os.listdir(sys.argv[2]) != []
print(spark.range(1000).count(), {row.version for row in rows} == {sys.version}, used)
spark.stop()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A PATH without Java, on which python3 is another one."""
    folder = tmp_path / "path"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, f"the test needs {tool}"
        (folder / tool).symlink_to(found)
    (folder / "python3").write_text("#!/bin/sh\nexit 3\n")
    (folder / "python3").chmod(0o755)
    return folder


def start(
    tmp_path: Path, path: Path, script: str, memory: str = "1g", **more: str
) -> subprocess.CompletedProcess[str]:
    (tmp_path / "here").mkdir()
    (tmp_path / "scratch").mkdir()
    (tmp_path / "start.py").write_text(script)
    environment = {
        "PATH": str(path),
        "HOME": os.environ["HOME"],
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "HEALTHLAKE_SPARK_ARCHIVE": "0",
        **more,
    }
    return subprocess.run(  # noqa: S603
        [sys.executable, tmp_path / "start.py", memory, tmp_path / "scratch"],
        cwd=tmp_path / "here",
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_spark_runs_without_an_installed_java_prints_nothing_and_leaves_nothing_here(
    tmp_path: Path, path: Path
) -> None:
    done = start(tmp_path, path, START + COUNT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1000 True True\n", "")
    assert list((tmp_path / "here").iterdir()) == []
    assert list((tmp_path / "scratch").iterdir()) == []


def test_settings_of_another_spark_are_not_taken(tmp_path: Path, path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "spark-defaults.conf").write_text(
        "spark.sql.session.timeZone Asia/Tokyo\nspark.jars /no.jar\n"
    )
    others = {
        "SPARK_HOME": "/no/spark",
        "SPARK_CONF_DIR": str(tmp_path / "other"),
        "PYSPARK_SUBMIT_ARGS": "--nonsense",
    }
    done = start(
        tmp_path, path, START + "print(spark.conf.get('spark.jars', 'none'))\nspark.stop()", **others
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "none\n", "")


def test_jars_that_cannot_be_fetched_are_an_error_with_the_next_step(tmp_path: Path, path: Path) -> None:
    nowhere = "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=9"
    done = start(tmp_path, path, START, HOME=str(tmp_path), JAVA_TOOL_OPTIONS=nowhere)
    assert "fetching the jars of Iceberg and SQLite (60 MB) from Maven Central, once" in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("healthlake.errors.EngineError: starting a local Spark: org.apache.iceberg:")
    assert (
        f"could not be fetched from Maven Central into {tmp_path}/.ivy2.5.2/jars. Check the network" in last
    )


def test_a_java_that_ends_before_spark_is_up_is_an_error_with_the_next_step(
    tmp_path: Path, path: Path
) -> None:
    done = start(tmp_path, path, START, memory="900000g")
    assert done.returncode == 1
    assert "ended before Spark was up; what it said is above. Set JAVA_HOME to another JDK" in done.stderr


def test_without_pyspark_the_error_names_the_extra(tmp_path: Path, path: Path) -> None:
    done = start(tmp_path, path, "import sys\nsys.modules['pyspark'] = None\n" + START)
    assert done.stderr.splitlines()[-1] == (
        "healthlake.errors.UsageError: starting a local Spark: pyspark is missing. Run"
        " pip install 'healthlake[spark]'."
    )


def test_a_failed_task_leaves_no_value_on_stderr(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys\n"
        "from healthlake.engine.spark import SparkEngine\n"
        "from healthlake.engine.spark_session import open_lake, start_local\n"
        "from healthlake.errors import EngineError\n"
        "from healthlake.lake.catalog import LakeCatalog\n"
        "from healthlake.lake.layout import LakeLayout\n"
        "layout = LakeLayout(pathlib.Path(sys.argv[1]))\n"
        "spark = start_local(1, '1g')\n"
        "with SparkEngine(open_lake(spark, layout), LakeCatalog(layout, 'healthlake')) as engine:\n"
        "    try:\n"
        "        engine.rows(\"SELECT CAST(concat('Jane', id) AS INT) FROM range(3)\")\n"
        "    except EngineError as error:\n"
        "        print(error)\n"
        "spark.stop()\n"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "CAST_INVALID_INPUT" in done.stdout
    assert "Jane" not in done.stdout + done.stderr
