"""Asset and check specs from contracts: what Dagster shows of a table is what its contract says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import dagster as dg

from healthlake.checks.catalogue import catalogue
from healthlake.contracts.model import DT, Contract
from healthlake_dagster import previews
from healthlake_dagster.partitions import daily_partitions
from healthlake_dagster.settings import Settings

_BLOCKS = " Structural: where it is violated, nothing of the table and day is published and the step fails."

_PACKAGE = Path(__file__).resolve().parent.parent / "healthlake"


def asset_spec(
    contract: Contract, settings: Settings, deps: Iterable[str], code: Sequence[Path]
) -> dg.AssetSpec:
    """The asset of one table; `code` are the files to open from the UI."""
    return dg.AssetSpec(
        contract.name,
        deps=list(deps),
        description=contract.description,
        group_name=contract.layer.value,
        kinds={settings.engine, "iceberg", contract.layer.value},
        partitions_def=daily_partitions(settings),
        metadata={
            "dagster/table_name": f"{settings.database}.{contract.name}",
            "dagster/column_schema": column_schema(contract),
            "dagster/uri": (settings.lake / contract.folder).as_uri(),
            "dagster/code_references": code_references(code),
        },
        skippable=True,
    )


def check_specs(table: str, settings: Settings) -> list[dg.AssetCheckSpec]:
    """The checks of one table."""
    partitions = daily_partitions(settings)
    with previews.accepted():
        return [
            dg.AssetCheckSpec(
                check.name,
                asset=table,
                description=check.description + (_BLOCKS if check.structural else ""),
                # A structural rule blocks by failing the step before anything is committed, and its
                # evaluation says so. `blocking=True` here would only make Dagster warn, for each of them and
                # each downstream step, that the step logged its evaluations by day instead of yielding one.
                blocking=False,
                partitions_def=partitions,
            )
            for check in catalogue()[table]
        ]


def column_schema(contract: Contract) -> dg.TableSchema:
    columns = []
    for column in contract:
        facts = [
            column.description,
            f"Unit: {column.unit}." if column.unit else "",
            "PHI." if column.phi else "",
        ]
        columns.append(
            dg.TableColumn(
                column.name,
                column.type.value,
                description=" ".join(fact for fact in facts if fact),
                constraints=dg.TableColumnConstraints(
                    nullable=column.name not in contract.key, unique=contract.key == (column.name,)
                ),
            )
        )
    return dg.TableSchema(
        columns=columns,
        constraints=dg.TableConstraints(other=[f"unique: {', '.join(contract.key)}", f"partitioned by {DT}"]),
    )


def code_references(files: Sequence[Path]) -> dg.CodeReferencesMetadataValue:
    """The links from an asset to the files that make it."""
    with previews.accepted():
        return dg.CodeReferencesMetadataValue(
            code_references=[
                dg.LocalFileCodeReference(file_path=str(path), line_number=1, label=path.name)
                for path in files
            ]
        )


def view_file(name: str) -> Path:
    return _PACKAGE / "views" / f"{name}.json"


def package_file(*parts: str) -> Path:
    return _PACKAGE.joinpath(*parts)
