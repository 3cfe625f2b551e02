"""The zip for Glue runs the scripts with the wheels that its list names and what Glue has, and no more."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import sysconfig
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from healthlake.contracts.registry import BRONZE_TABLES
from healthlake.lake.catalog import LakeCatalog
from healthlake.lake.layout import LakeLayout
from scripts import make_glue_zip
from tests.conftest import REPOSITORY

GLUE_HAS = ("pyspark", "pandas")
LOCAL_CATALOG = ("sqlalchemy",)
"""For the SQLite catalog of this test's lake; on Glue the catalog is Glue's."""

ABSENT = ("dagster", "duckdb", "sqlglot", "healthlake_dagster")
DAY = datetime.date(2026, 1, 1)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    make_glue_zip.main(["--out", str(out)])
    return next(out.glob("*.zip"))


@pytest.fixture(scope="module")
def python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, str]]:
    """A Python whose packages are the listed wheels and what Glue has, and its environment."""
    farm = tmp_path_factory.mktemp("packages")
    wheels = [line.partition("==")[0] for line in built.with_suffix(".wheels.txt").read_text().splitlines()]
    for name in set(wheels) | make_glue_zip.with_dependencies([*GLUE_HAS, *LOCAL_CATALOG]):
        _link(metadata.distribution(name), farm)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "PYTHONPATH": f"{built}:{farm}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "XDG_CACHE_HOME": str(farm.parent / "cache"),
        "HEALTHLAKE_SPARK_ARCHIVE": "0",
    }
    base = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    return str(base), environment


def _link(distribution: metadata.Distribution, farm: Path) -> None:
    packages = Path(sysconfig.get_path("purelib"))
    tops = {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}
    for top in tops:
        if not (farm / top).exists():
            (farm / top).symlink_to(packages / top)


def _run(python: tuple[str, dict[str, str]], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program, environment = python
    command = [program, *arguments]
    home = Path(environment["XDG_CACHE_HOME"]).parent
    return subprocess.run(  # noqa: S603
        command, env=environment, cwd=home, capture_output=True, text=True, timeout=600
    )


def test_the_zip_holds_the_library_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    assert names == sorted(names)
    assert {"healthlake/__init__.py", "healthlake/r4/elements.json", "healthlake/functions/spark.sql"} <= set(
        names
    )
    assert {Path(name).parts[0] for name in names} == {"healthlake"}
    assert {Path(name).suffix for name in names} == {".py", ".json", ".sql", ".typed"}


def test_the_same_sources_make_the_same_zip_and_a_changed_one_another_name(
    built: Path, tmp_path: Path
) -> None:
    make_glue_zip.main(["--out", str(tmp_path)])
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        built.with_suffix(".wheels.txt").name,
        built.name,
    ]
    assert (tmp_path / built.name).read_bytes() == built.read_bytes()
    files = make_glue_zip.sources(make_glue_zip.PACKAGE)
    changed = files | {"healthlake/errors.py": b"# changed\n"}
    assert make_glue_zip.digest(changed) != make_glue_zip.digest(files)


def test_the_wheels_are_pinned_and_leave_out_what_glue_does_not_need(built: Path) -> None:
    lines = built.with_suffix(".wheels.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines)
    assert set(make_glue_zip.NEEDED) <= set(pins)
    assert pins["pyiceberg"] == metadata.version("pyiceberg")
    assert not {"dagster", "duckdb", "sqlglot", "sqlalchemy", "pyspark"} & set(pins)


def test_what_spark_imports_imports_without_duckdb_sqlglot_and_dagster(
    python: tuple[str, dict[str, str]],
) -> None:
    script = (
        "import importlib.util, healthlake.jobs, healthlake.script, healthlake.engine.spark\n"
        f"print([name for name in {ABSENT} if importlib.util.find_spec(name)], healthlake.__file__)"
    )
    done = _run(python, "-c", script)
    assert done.stderr == ""
    assert done.stdout.startswith("[] ")
    assert ".zip/healthlake/__init__.py" in done.stdout


def test_the_script_fills_bronze_from_the_zip_alone(python: tuple[str, dict[str, str]], lake: Path) -> None:
    raw = LakeLayout(lake).raw()
    raw.mkdir(parents=True)
    (raw / f"dt={DAY}").symlink_to(REPOSITORY / "demo" / "drops" / f"dt={DAY}")
    done = _run(
        python,
        REPOSITORY / "glue_scripts" / "raw_to_bronze_synthea.py",
        *("--JOB_NAME", "x", "--lake", lake, "--database", "healthlake"),
        *("--partition-start", str(DAY), "--partition-end", str(DAY)),
    )
    assert done.returncode == 0, done.stderr
    patient = next(table for table in BRONZE_TABLES if table.name == "bronze_patient")
    version = LakeCatalog(LakeLayout(lake), "healthlake").version(patient)
    assert version is not None
    assert sum(file.rows for file in version.files if file.day == DAY) > 0
