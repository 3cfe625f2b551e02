"""The portable subset of SQL: what Spark, Athena and DuckDB answer alike. RULES are the constructs that they
answer differently without saying so, each with the reason and what to write instead.

Refuses nothing of a user's that merely fails: an engine says that itself. The project's own SQL is held to
more: only functions that have vectors, and nothing that could answer differently tomorrow.
"""

from healthlake.portable_sql.lint import RULES, Finding, findings, lint
from healthlake.portable_sql.model import Rule

__all__ = ["RULES", "Finding", "Rule", "findings", "lint"]
