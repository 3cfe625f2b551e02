"""Runs the emulator's Athena SQL on a Trino server, the family that Athena is of, over Trino's HTTP protocol.

Refuses nothing that Trino runs and Athena doesn't: DDL is linted apart. Athena's own DDL beyond CREATE
DATABASE is sent as it is, and Trino says what it doesn't know.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.aws_emulator.athena_model import OTHER, SYSTEM, USER, Answer, Column, QueryFailed, Statement
from tests.aws_emulator.athena_statements import statement_type

_CATALOG = "awsdatacatalog"
_SECONDS = 60
_CATEGORIES = {"USER_ERROR": USER, "INTERNAL_ERROR": SYSTEM, "INSUFFICIENT_RESOURCES": SYSTEM}
_RETRYABLE = frozenset({"NO_NODES_AVAILABLE", "REMOTE_TASK_ERROR", "SERVER_SHUTTING_DOWN"})
_DATABASE = re.compile(r"^(\s*(?:CREATE|DROP)\s+)DATABASE\b", re.IGNORECASE)
_WRITES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)
_ARGUMENTS = re.compile(r"\(([\d, ]+)\)")


@dataclass(frozen=True, slots=True)
class TrinoBackend:
    """Sends statements to the Trino at `url`, whose catalog `awsdatacatalog` is the emulator's Glue."""

    url: str

    def run(self, statement: Statement, endpoint: str) -> Answer:
        """The statement's result; a stop cancels it on the server."""
        columns: list[dict[str, Any]] = []
        rows: list[tuple[str | None, ...]] = []
        last: dict[str, Any] = {}
        if _WRITES.match(statement.sql):
            statement.before_commit()
        for last in self._pages(statement):
            if "error" in last:
                raise _failed(last["error"])
            columns = last.get("columns") or columns
            rows += [tuple(_text(value) for value in row) for row in last.get("data") or ()]
        scanned = int(last.get("stats", {}).get("physicalInputBytes", 0))
        if last.get("updateType"):
            written = statement_type(statement.sql) == "DML"
            return Answer(
                scanned=scanned, update_count=int(last.get("updateCount") or 0) if written else None
            )
        return Answer(tuple(_column(column) for column in columns), rows, scanned)

    def _pages(self, statement: Statement) -> Iterator[dict[str, Any]]:
        headers = {
            "X-Trino-User": "athena",
            "X-Trino-Catalog": _CATALOG,
            "X-Trino-Schema": statement.database,
            "X-Trino-Time-Zone": "UTC",
            "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
        }
        page = _ask(f"{self.url}/v1/statement", headers, translated(statement).encode())
        while True:
            yield page
            following = page.get("nextUri")
            if following is None:
                return
            if statement.stop.is_set():
                _ask(following, headers, method="DELETE")
                return
            page = _ask(following, headers)


def translated(statement: Statement) -> str:
    """Athena's statement as Trino takes it."""
    sql = statement.sql.strip().rstrip(";").strip()
    if statement_type(sql) != "DML":
        sql = _DATABASE.sub(r"\1SCHEMA", sql.replace("`", '"'))
    if not statement.parameters:
        return sql
    quoted = sql.replace("'", "''")
    return f"EXECUTE IMMEDIATE '{quoted}' USING {', '.join(statement.parameters)}"


def _ask(
    url: str, headers: dict[str, str], body: bytes | None = None, method: str | None = None
) -> dict[str, Any]:
    request = urllib.request.Request(url, data=body, headers=headers, method=method)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - loopback
            text = answer.read()
    except urllib.error.URLError as error:
        raise QueryFailed(
            f"GENERIC_INTERNAL_ERROR: Trino can't be asked: {error}", SYSTEM, retryable=True
        ) from None
    return json.loads(text) if text else {}


def _failed(error: dict[str, Any]) -> QueryFailed:
    name = error.get("errorName", "GENERIC_INTERNAL_ERROR")
    category = _CATEGORIES.get(error.get("errorType", ""), OTHER)
    return QueryFailed(f"{name}: {error.get('message')}", category, retryable=name in _RETRYABLE)


def _column(column: dict[str, Any]) -> Column:
    """Athena's name of Trino's type: without arguments, those of a decimal beside it; `real` is `float`."""
    kind = column["type"]
    bare = _ARGUMENTS.sub("", kind)
    found = _ARGUMENTS.search(kind)
    numbers = [int(each) for each in found[1].split(",")] if found else []
    if bare == "decimal":
        return Column(column["name"], bare, *numbers)
    # What is left in brackets are the types inside an array, map or row.
    return Column(column["name"], "float" if bare == "real" else bare.partition("(")[0])


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_inner, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_inner(each)}" for key, each in value.items()) + "}"
    return repr(value)


def _inner(value: Any) -> str:
    text = _text(value)
    return "null" if text is None else text
