"""Spark sessions with Glue's catalog name: local ones on the lake's SQLite file, a given one on the Glue Data
Catalog.

Only properties of the session and how a local one is started; nothing here reads or writes a table. No
`spark._jvm`: what is set can be set over Spark Connect too.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from healthlake.aws import aws_endpoint
from healthlake.engine.java import Java, cache_folder, find_java, java_home, want_archive
from healthlake.errors import EngineError, UsageError
from healthlake.lake.catalog_store import CATALOG_NAME
from healthlake.lake.layout import LakeLayout

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JARS = ("org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.11.0", "org.xerial:sqlite-jdbc:3.50.3.0")
"""Maven coordinates. Spark fetches them from Maven Central on first use and keeps them in ~/.ivy2.5.2."""

EVERYWHERE: Mapping[str, str] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    # Commits are PyIceberg's, so a cached table would be an old one.
    f"spark.sql.catalog.{CATALOG_NAME}.cache-enabled": "false",
}
"""What every session has that runs the jobs, on Glue too; all of it can be set on a session that exists."""

_LOCAL: Mapping[str, str] = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    # Planning again after each shuffle took a tenth of the CPU of a day of 51,000 resources (4.1.1).
    "spark.sql.adaptive.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}

_FIRST_COMPILER = "-XX:TieredStopAtLevel=1"
"""The second compiler took a third of the CPU of a day of 51,000 resources and gave nothing back: silver of
it took 25 s in place of 31 s without. Of 770,000 resources it took 67 s in place of 63 s (Temurin 17)."""

_HOME = "spark.healthlake.java.home"
_FETCH_SECONDS = 600

# No message and no exception: those of a failed task quote values (ANSI's "The value '…' cannot be cast").
# The second logger is the one that Spark takes for a shell's: it prints two lines where the levels differ.
_LOG = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
logger.shell.name = org.apache.spark.api.python.PythonGatewayServer
logger.shell.level = error
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yyyy-MM-dd HH:mm:ss} %p %c{1}%n
appender.stderr.layout.alwaysWriteExceptions = false
"""


def start_local(
    threads: int | None = None, memory: str = "2g", scratch: Path | None = None, is_short: bool = False
) -> SparkSession:
    """A local Spark that can open lakes, on `threads` (one a processor); `is_short` for less
    than a gigabyte of work.

    What it spills, which may be patients' values, goes below `scratch`, else to the temporary folder. The
    first start fetches jars (60 MB). Raises `UsageError` where pyspark or Java are missing, and `EngineError`
    where the jars can't be had or Spark doesn't come up.
    """
    try:
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError:
        raise UsageError(
            "starting a local Spark: pyspark is missing. Run pip install 'healthlake[spark]'."
        ) from None
    java = find_java()
    cache = cache_folder()
    home = java_home(java, [*(_jars() or _fetch(java)), *_spark_jars()], cache)
    builder = SparkSession.builder.master(f"local[{threads or '*'}]").appName("healthlake")
    folder = str(scratch or tempfile.gettempdir())
    settings = {
        **EVERYWHERE,
        **_LOCAL,
        _HOME: str(home),
        "spark.driver.memory": memory,
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": f"file://{folder}/spark-warehouse",
    }
    if is_short:
        settings["spark.driver.extraJavaOptions"] = _FIRST_COMPILER
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        with _environment(_variables(home, cache) | {"SPARK_LOCAL_DIRS": folder}):
            session: SparkSession = builder.getOrCreate()
    except PySparkRuntimeError:
        raise EngineError(
            f"starting a local Spark: Java {java.version} in {java.home} ended before Spark was up; what it"
            f" said is above. Set JAVA_HOME to another JDK 17 or 21, or ask for less than {memory} of memory."
        ) from None
    return session


def open_lake(spark: SparkSession, layout: LakeLayout) -> SparkSession:
    """A session of its own (views, settings, catalog) on a lake, in the Spark that `spark` has."""
    session = spark.newSession()
    prefix = f"spark.sql.catalog.{CATALOG_NAME}"
    settings = {
        **EVERYWHERE,
        prefix: "org.apache.iceberg.spark.SparkCatalog",
        **{f"{prefix}.{name}": value for name, value in _catalog(layout).items()},
    }
    for name, value in settings.items():
        session.conf.set(name, value)
    if home := spark.conf.get(_HOME, None):
        want_archive(Path(home))
    return session


def given_session() -> SparkSession:
    """The session of whoever started this process, as Glue does."""
    from pyspark.sql import SparkSession

    session: SparkSession = SparkSession.builder.getOrCreate()
    return session


def _catalog(layout: LakeLayout) -> Mapping[str, str]:
    """The properties of the lake's catalog."""
    if not layout.is_remote:
        return {
            "type": "jdbc",
            "uri": f"jdbc:sqlite:file:{layout.catalog}?busy_timeout=60000",
            "jdbc.schema-version": "V1",
            "warehouse": f"file://{layout.root}",
        }
    found = {
        "catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        "warehouse": str(layout.root),
    }
    # Another place than AWS, by the variables that AWS's clients for Python obey; those for Java 2.29 don't.
    elsewhere = {"s3.endpoint": aws_endpoint("s3"), "glue.endpoint": aws_endpoint("glue")}
    found |= {name: value for name, value in elsewhere.items() if value}
    return found | ({"s3.path-style-access": "true"} if aws_endpoint("s3") else {})


def _spark_home() -> Path:
    import pyspark

    return Path(pyspark.__file__).parent


def _spark_jars() -> list[Path]:
    """Spark's own, slf4j's interface first, as Spark's launcher has it."""
    return sorted(
        (_spark_home() / "jars").glob("*.jar"), key=lambda jar: (not jar.name.startswith("slf4j-api"), jar)
    )


def iceberg_jars() -> tuple[Path, ...]:
    """The jars of `JARS`, fetched where they aren't here."""
    return _jars() or _fetch(find_java())


def _ivy() -> Path:
    return Path.home() / ".ivy2.5.2"


def _jars() -> tuple[Path, ...] | None:
    """The fetched jars, or None where one is missing or cut off."""
    paths = tuple(_ivy() / "jars" / f"{jar.replace(':', '_', 1).replace(':', '-')}.jar" for jar in JARS)
    return paths if all(path.exists() and zipfile.is_zipfile(path) for path in paths) else None


def _fetch(java: Java) -> tuple[Path, ...]:
    """Lets Spark fetch the jars: it resolves them before it starts, and ends as it gets no commands."""
    sys.stderr.write("fetching the jars of Iceberg and SQLite (60 MB) from Maven Central, once\n")
    cache = cache_folder()
    home = java_home(java, _spark_jars(), cache)
    with tempfile.TemporaryDirectory() as folder:
        own = {"HEALTHLAKE_SPARK_ARCHIVE": "0", "_PYSPARK_DRIVER_CONN_INFO_PATH": f"{folder}/gateway"}
        command = [
            *(f"{_spark_home()}/bin/spark-submit", "--conf", f"spark.jars.packages={','.join(JARS)}"),
            *("--conf", f"spark.jars.ivy={_ivy()}", "pyspark-shell"),
        ]
        with _environment(_variables(home, cache) | own), contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(  # noqa: S603
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_FETCH_SECONDS, check=False
            )
    if jars := _jars():
        return jars
    raise EngineError(
        f"starting a local Spark: {' and '.join(JARS)} could not be fetched from Maven Central into"
        f" {_ivy()}/jars. Check the network (Java takes no proxy from the environment) and try again, or copy"
        " that folder from a machine that has them."
    )


def _variables(home: Path, cache: Path) -> dict[str, str | None]:
    """The environment of a local Spark, as far as it isn't inherited; None takes a variable away."""
    log = cache / f"log4j2-{zlib.crc32(_LOG.encode()):08x}.properties"
    if not log.exists() or log.read_text() != _LOG:
        part = log.with_name(f"{log.name}.{os.getpid()}")
        part.write_text(_LOG)
        part.replace(log)
    # Without settings of its own: another Spark's spark-defaults.conf would hold for this one too.
    settings = cache / "conf"
    settings.mkdir(exist_ok=True)
    return {
        "JAVA_HOME": str(home),
        "SPARK_HOME": str(_spark_home()),
        "SPARK_CONF_DIR": str(settings),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": None,
        "LOG4J_CONFIGURATION_FILE": log.as_uri(),
    }


@contextlib.contextmanager
def _environment(variables: Mapping[str, str | None]) -> Iterator[None]:
    earlier = {name: os.environ.get(name) for name in variables}
    try:
        _set(variables)
        yield
    finally:
        _set(earlier)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
