"""One contract a table: name, grain, keys, columns, types, descriptions, PHI tags. Standard library only."""

from healthlake.contracts.model import DT, Column, ColumnType, Contract, Kind, Layer

__all__ = ["DT", "Column", "ColumnType", "Contract", "Kind", "Layer"]
