"""The deployment's settings as what the clients of AWS ask for."""

from __future__ import annotations

from healthlake.aws import aws_region
from healthlake_dagster.resources.athena_options import AthenaOptions
from healthlake_dagster.resources.glue_options import GlueOptions
from healthlake_dagster.settings import Settings


def glue_options(settings: Settings) -> GlueOptions:
    """How Glue jobs are run."""
    worker_type, workers = settings.glue_workers or (None, None)
    return GlueOptions(
        lake=str(settings.lake),
        database=settings.database,
        pipes=settings.pipes or str(settings.lake / "_pipes"),
        region=aws_region(),
        job_prefix=settings.glue_prefix,
        deadline_seconds=settings.glue_seconds,
        worker_type=worker_type,
        workers=workers,
    )


def athena_options(settings: Settings) -> AthenaOptions:
    """How queries are run on Athena."""
    return AthenaOptions(
        workgroup=settings.athena_workgroup,
        database=settings.database,
        catalog=settings.athena_catalog,
        region=aws_region(),
        role=settings.athena_role or None,
        output_location=settings.athena_output or None,
        deadline=settings.athena_seconds,
    )
