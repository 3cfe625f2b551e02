"""An emulator on which the profile aws runs: a bucket, the Glue jobs with the library as it is packed for
them, and a Spark for each job run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.make_glue_zip import PACKAGE, sources, write_zip
from tests.aws.glue_world import BUCKET, emulated, put_job
from tests.aws_emulator.server import REGION, AwsEmulator
from tests.aws_emulator.spark import spark_environment
from tests.conftest import REPOSITORY

JOBS = ("raw_to_bronze_synthea", "bronze_to_silver_conform")
LAKE = f"s3://{BUCKET}/lake"
RESULTS = f"s3://{BUCKET}/results"


@contextmanager
def deployed(folder: Path, port: int = 0) -> Iterator[AwsEmulator]:
    """`folder` is for what its Sparks spill."""
    packed = folder / "healthlake.zip"
    write_zip(sources(PACKAGE), packed)
    with emulated(port) as emulator:
        emulator.client("s3").upload_file(str(packed), BUCKET, "code/healthlake.zip")
        for name in JOBS:
            script = (REPOSITORY / "glue_scripts" / f"{name}.py").read_text("utf-8")
            library = {"--extra-py-files": f"s3://{BUCKET}/code/healthlake.zip"}
            put_job(emulator, name, script, DefaultArguments=library, Timeout=30)
        emulator.glue.spark_environment = spark_environment(emulator.endpoint, REGION, folder)
        yield emulator
