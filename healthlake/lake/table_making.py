"""How a contract becomes an Iceberg table: fields, partitions and the properties that all our tables have.

Refuses to change a table that is there: one with other columns is made again from raw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthlake.contracts.model import DT, Contract

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

_KEEP_METADATA_FILES = "50"
_NAME_MAPPING = "schema.name-mapping.default"


def make_table(catalog: Catalog, name: tuple[str, str], contract: Contract, location: str) -> Table:
    """Makes the table `name` (database, table) at the URI `location`; it has no snapshot then."""
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.transforms import IdentityTransform
    from pyiceberg.types import NestedField, PrimitiveType

    # Every field is optional: DuckDB's COPY writes no required column. The checks hold the keys.
    fields = [
        NestedField(
            number,
            column.name,
            PrimitiveType.model_validate(column.type.value),
            required=False,
            doc=column.description,
        )
        for number, column in enumerate(contract.columns, start=1)
    ]
    schema = Schema(*fields)
    return catalog.create_table(
        name,
        schema,
        location=location,
        partition_spec=PartitionSpec(PartitionField(1, 1000, IdentityTransform(), DT)),
        properties={
            "format-version": "2",
            "comment": contract.description,
            "write.data.path": location,
            "write.metadata.delete-after-commit.enabled": "true",
            "write.metadata.previous-versions-max": _KEEP_METADATA_FILES,
            # A conflict is recomputed from the new base, never re-committed with files made from the old
            # one.
            "commit.retry.num-retries": "0",
            _NAME_MAPPING: schema.name_mapping.model_dump_json(),
            # The bounds of other columns are values of records: see docs/decisions/0010.
            "write.metadata.metrics.default": "counts",
            f"write.metadata.metrics.column.{DT}": "full",
        },
    )
