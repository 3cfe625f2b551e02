"""All contracts, found by name. The order is the order in which tables are written."""

from __future__ import annotations

from collections.abc import Mapping

from healthlake.contracts.bronze import BRONZE_DELETION, BRONZE_FILE, BRONZE_OTHER, BRONZE_QUARANTINE
from healthlake.contracts.gold import GOLD_TABLES
from healthlake.contracts.model import Contract
from healthlake.contracts.silver import RESOURCE_TYPES, SHARED_SILVER_TABLES

BRONZE_TYPES: Mapping[str, str] = {kind.name: kind.bronze.name for kind in RESOURCE_TYPES}
"""FHIR resource type -> its bronze table. Every other type goes to `bronze_other`."""

BRONZE_RESOURCE_TABLES: tuple[Contract, ...] = (*(kind.bronze for kind in RESOURCE_TYPES), BRONZE_OTHER)

BRONZE_TABLES: tuple[Contract, ...] = (
    *BRONZE_RESOURCE_TABLES,
    BRONZE_DELETION,
    BRONZE_QUARANTINE,
    BRONZE_FILE,
)

SILVER_TABLES: tuple[Contract, ...] = (
    *(table for kind in RESOURCE_TYPES for table in kind.tables),
    *SHARED_SILVER_TABLES,
)

TABLES: Mapping[str, Contract] = {
    table.name: table for table in (*BRONZE_TABLES, *SILVER_TABLES, *GOLD_TABLES)
}
