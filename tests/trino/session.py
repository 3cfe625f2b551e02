"""Trino's HTTP protocol as a session of Athena's SQL.

Tells the engine's own words, which a session on AWS must not: the data of these tests are nobody's.
"""

from __future__ import annotations

import datetime
import json
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from healthlake.errors import EngineError
from healthlake.lake.catalog import CommitConflict

_CONFLICTS = ("ICEBERG_COMMIT_ERROR", "TRANSACTION_CONFLICT")
_SECONDS = 120

_READ: Mapping[str, Callable[[Any], Any]] = {
    "date": datetime.date.fromisoformat,
    "timestamp": datetime.datetime.fromisoformat,
    "double": float,
}


class TrinoSession:
    """Statements on one server, in the schema that is named. `statements` are those that were sent."""

    def __init__(self, url: str, schema: str) -> None:
        self._url = url
        self._schema = schema
        self.statements: list[str] = []

    def rows(self, sql: str, parameters: Sequence[str] = (), *, what: str) -> list[tuple[Any, ...]]:
        self.statements.append(sql)
        text = _with_parameters(sql, parameters)
        types: list[str] = []
        rows: list[tuple[Any, ...]] = []
        answer = self._ask(f"{self._url}/v1/statement", text.encode())
        while True:
            if error := answer.get("error"):
                raise _fault(what, error)
            types = types or [column["type"] for column in answer.get("columns", ())]
            rows.extend(tuple(map(_value, types, row)) for row in answer.get("data", ()))
            if "nextUri" not in answer:
                return rows
            answer = self._ask(answer["nextUri"])

    def execute(self, sql: str, parameters: Sequence[str] = (), *, what: str, token: str) -> None:
        self.rows(sql, parameters, what=what)

    def close(self) -> None:
        """Nothing of it is kept between statements."""

    def _ask(self, url: str, body: bytes | None = None) -> dict[str, Any]:
        headers = {
            "X-Trino-User": "test",
            "X-Trino-Catalog": "awsdatacatalog",
            "X-Trino-Schema": self._schema,
            "X-Trino-Time-Zone": "UTC",
            "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
        }
        request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
        return found


def _with_parameters(sql: str, parameters: Sequence[str]) -> str:
    if not parameters:
        return sql
    return f"EXECUTE IMMEDIATE '{sql.replace(chr(39), chr(39) * 2)}' USING {', '.join(parameters)}"


def _value(column_type: str, value: Any) -> Any:
    read = _READ.get(column_type.partition("(")[0])
    return read(value) if read and value is not None else value


def _fault(what: str, error: Mapping[str, Any]) -> Exception:
    told = f"{what}: Trino failed ({error['errorName']}): {error.get('message')}"
    return CommitConflict(told) if error["errorName"] in _CONFLICTS else EngineError(told)
