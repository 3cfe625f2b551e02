"""What a query that failed on Athena becomes: an error that names its id, state and code.

Refuses to repeat Athena's own message: it quotes SQL and values. Only its first word is told, where that is
one of the codes known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from healthlake.errors import EngineError, HealthlakeError
from healthlake.lake.catalog import CommitConflict

_CATEGORIES = {1: "system", 2: "user", 3: "other"}
_FIRST_WORD = re.compile(r"([A-Z][A-Z_]{3,59}):")
_CONFLICTS = frozenset({"ICEBERG_COMMIT_ERROR", "TRANSACTION_CONFLICT"})
_CONCURRENT = re.compile(r"concurrent ?(?:modification|update)", re.IGNORECASE)

# Trino's StandardErrorCode, as far as a query of ours can meet it; those of connectors by their prefix.
_NAMES = """
    ABANDONED_QUERY ADMINISTRATIVELY_KILLED ALREADY_EXISTS AMBIGUOUS_FUNCTION_CALL AMBIGUOUS_NAME
    CATALOG_NOT_FOUND CLUSTER_OUT_OF_MEMORY COLUMN_NOT_FOUND COLUMN_TYPE_UNKNOWN COMPILER_ERROR
    CONSTRAINT_VIOLATION DIVISION_BY_ZERO DUPLICATE_COLUMN_NAME DUPLICATE_NAMED_QUERY EXCEEDED_CPU_LIMIT
    EXCEEDED_FUNCTION_MEMORY_LIMIT
    EXCEEDED_GLOBAL_MEMORY_LIMIT EXCEEDED_LOCAL_MEMORY_LIMIT EXCEEDED_SCAN_LIMIT EXCEEDED_SPILL_LIMIT
    EXCEEDED_TIME_LIMIT EXPRESSION_NOT_AGGREGATE EXPRESSION_NOT_CONSTANT EXPRESSION_NOT_IN_DISTINCT
    EXPRESSION_NOT_SCALAR FUNCTION_NOT_AGGREGATE FUNCTION_NOT_FOUND FUNCTION_NOT_WINDOW
    FUNCTION_IMPLEMENTATION_ERROR
    GENERIC_INSUFFICIENT_RESOURCES GENERIC_INTERNAL_ERROR GENERIC_USER_ERROR INVALID_ARGUMENTS
    INVALID_CAST_ARGUMENT INVALID_COLUMN_REFERENCE INVALID_FUNCTION_ARGUMENT INVALID_LITERAL
    INVALID_PARAMETER_USAGE INVALID_TABLE_PROPERTY INVALID_VIEW INVALID_WINDOW_FRAME
    MERGE_TARGET_ROW_MULTIPLE_MATCHES MISMATCHED_COLUMN_ALIASES MISSING_COLUMN_ALIASES MISSING_COLUMN_NAME
    MISSING_GROUP_BY MISSING_ORDER_BY MISSING_OVER NESTED_AGGREGATION NESTED_WINDOW
    NO_NODES_AVAILABLE NOT_FOUND
    NOT_SUPPORTED NULL_TREATMENT_NOT_ALLOWED NUMERIC_VALUE_OUT_OF_RANGE OPERATOR_NOT_FOUND PAGE_TOO_LARGE
    PERMISSION_DENIED QUERY_HAS_TOO_MANY_STAGES QUERY_QUEUE_FULL QUERY_REJECTED QUERY_TEXT_TOO_LARGE
    READ_ONLY_VIOLATION REMOTE_TASK_ERROR SCHEMA_NOT_FOUND SERVER_SHUTTING_DOWN SUBQUERY_MULTIPLE_ROWS
    SYNTAX_ERROR TABLE_ALREADY_EXISTS TABLE_NOT_FOUND TABLE_REDIRECTION_ERROR TOO_MANY_REQUESTS_FAILED
    TRANSACTION_CONFLICT TYPE_MISMATCH TYPE_NOT_FOUND UNSUPPORTED_SUBQUERY USER_CANCELED VIEW_IS_STALE
"""
_CODES = frozenset(_NAMES.split())
_PREFIXES = ("HIVE_", "ICEBERG_")


def failure(execution: Mapping[str, Any], what: str) -> HealthlakeError:
    """The error of a query that ended FAILED or CANCELLED: `CommitConflict` where another writer was first,
    else `EngineError`."""
    status = execution["Status"]
    found = code(status)
    query_id = execution["QueryExecutionId"]
    if is_conflict(status):
        return CommitConflict(
            f"{what}: another writer was first (Athena query {query_id}). Nothing was committed; the step"
            " computes again from the new base."
        )
    error = status.get("AthenaError", {})
    category = error.get("ErrorCategory")
    told = [found] if found else []
    if category is not None:
        told.append(f"ErrorCategory {category} ({_CATEGORIES.get(category, 'unknown')})")
    if "ErrorType" in error:
        told.append(f"ErrorType {error['ErrorType']}")
    details = f" ({', '.join(told)})" if told else ""
    return EngineError(
        f"{what}: Athena query {query_id} ended {status['State']}{details}; its message is withheld because"
        " it may quote values. Nothing was committed. Read it with"
        f" `aws athena get-query-execution --query-execution-id {query_id}`."
    )


def code(status: Mapping[str, Any]) -> str | None:
    """The code that StateChangeReason starts with, where it is a known one."""
    found = _FIRST_WORD.match(status.get("StateChangeReason") or "")
    if found and (found[1] in _CODES or found[1].startswith(_PREFIXES)):
        return found[1]
    return None


def is_conflict(status: Mapping[str, Any]) -> bool:
    """Whether another writer committed to the table first."""
    if status["State"] != "FAILED":
        return False
    return code(status) in _CONFLICTS or bool(_CONCURRENT.search(status.get("StateChangeReason") or ""))


def is_retryable(status: Mapping[str, Any]) -> bool:
    """Whether Athena says that the query may succeed if it is submitted again."""
    return status["State"] == "FAILED" and bool(status.get("AthenaError", {}).get("Retryable"))
