"""The data-quality page: typed rows in, one HTML text out. Knows no engine and no Dagster, reads no table and
no clock."""

from healthlake.quality_report.model import (
    DayStates,
    PopulationCount,
    ReportData,
    RuleDay,
    TableDay,
    columns_of,
)
from healthlake.quality_report.page import render
from healthlake.quality_report.rules import findings
from healthlake.quality_report.verdict import Verdict, verdict

__all__ = [
    "DayStates",
    "PopulationCount",
    "ReportData",
    "RuleDay",
    "TableDay",
    "Verdict",
    "columns_of",
    "findings",
    "render",
    "verdict",
]
