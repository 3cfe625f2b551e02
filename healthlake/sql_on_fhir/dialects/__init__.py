"""The dialects that views compile to. Each is an Emitter: a module here and a line in DIALECTS."""

from __future__ import annotations

from collections.abc import Mapping

from healthlake.sql_on_fhir.dialects.duckdb import DuckDB
from healthlake.sql_on_fhir.dialects.emitter import Emitter
from healthlake.sql_on_fhir.dialects.spark import Spark

DIALECTS: Mapping[str, type[Emitter]] = {"duckdb": DuckDB, "spark": Spark}
