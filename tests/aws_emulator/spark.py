"""The Spark of an emulated Glue: what Glue gives a script's session, on this machine.

Glue reads `s3://` by itself. Here Hadoop's S3A does it, over the AWS SDK in Iceberg's bundle: the one that
hadoop-aws asks for is ten times as large.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from healthlake.engine.java import cache_folder
from healthlake.engine.spark_session import iceberg_jars

JARS = (
    "org.apache.hadoop:hadoop-aws:3.4.2",
    "org.apache.iceberg:iceberg-aws-bundle:1.11.0",
    "software.amazon.awssdk:s3-transfer-manager:2.29.52",
)
"""Maven coordinates, without what they depend on. hadoop-aws is of the Hadoop that pyspark 4.1.1 brings."""

_FETCH_SECONDS = 600


def spark_environment(endpoint: str, region: str, scratch: Path) -> Mapping[str, str]:
    """The environment in which a script's `getOrCreate` gives a Spark on the emulator at `endpoint`."""
    jars = ",".join(map(str, [*iceberg_jars(), *_aws_jars()]))
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.adaptive.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": f"{scratch.as_uri()}/spark-warehouse",
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint": endpoint,
        "spark.hadoop.fs.s3a.endpoint.region": region,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
    }
    conf = " ".join(f"--conf {name}={value}" for name, value in settings.items())
    return {
        "PYSPARK_SUBMIT_ARGS": f"--master local[2] --jars {jars} {conf} pyspark-shell",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "HEALTHLAKE_HOME": str(scratch / "home"),
    }


def _aws_jars() -> list[Path]:
    folder = cache_folder().parent / "aws-jars"
    found = [folder / f"{name.split(':')[1]}-{name.split(':')[2]}.jar" for name in JARS]
    maven = shutil.which("mvn")
    for coordinates, jar in zip(JARS, found, strict=True):
        if not jar.exists():
            assert maven, f"Maven is needed to fetch {coordinates}"
            command = [maven, "-q", "-B", "dependency:copy", f"-Dartifact={coordinates}"]
            # Maven ends with an escape code, whatever it is told: not into what this process prints.
            subprocess.run(  # noqa: S603
                [*command, f"-DoutputDirectory={folder}"],
                check=True,
                stdout=sys.stderr,
                timeout=_FETCH_SECONDS,
            )
    return found
