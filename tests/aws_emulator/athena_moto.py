"""Puts queries that really run behind moto's Athena API: submission, state, results, stop."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from moto.athena import models
from moto.athena.responses import AthenaResponse
from moto.core.exceptions import JsonRESTError
from moto.s3.models import s3_backends
from moto.s3.utils import bucket_and_name_from_url

from tests.aws_emulator.athena_model import Answer, Refused
from tests.aws_emulator.athena_query import ENDED, Query
from tests.aws_emulator.athena_statements import require_well_formed, statement_type, substatement_type

if TYPE_CHECKING:
    from tests.aws_emulator.athena import Control

_PAGE = 1000


class EmulatedAthena(models.AthenaBackend):
    """moto's Athena with real queries; `control` is the emulator's."""

    control: Control

    def submit(self, request: dict[str, Any]) -> Query:
        """The query of a StartQueryExecution request: the one that its token started before, or a new one."""
        token = request.get("ClientRequestToken")
        said = {key: value for key, value in request.items() if key != "ClientRequestToken"}
        for query, its_token, its_request in self._submitted():
            if token and its_token == token:
                if its_request != said:
                    raise _invalid("Idempotent parameters do not match", "IDEMPOTENT_PARAMETERS_MISMATCH")
                return query
        query = self._new(said)
        self.control.submissions.append((query, token, said))
        self.control.notice()
        self.executions[query.id] = query
        query.start(self.control.backend, self.control.endpoint, self.control, self._store)
        return query

    def _submitted(self) -> list[tuple[Query, str | None, dict[str, Any]]]:
        return list(self.control.submissions)

    def _new(self, request: dict[str, Any]) -> Query:
        name = request.get("WorkGroup") or "primary"
        workgroup = self.work_groups.get(name)
        if workgroup is None:
            raise _invalid(f"WorkGroup {name} is not found.", "WORKGROUP_NOT_FOUND")
        try:
            require_well_formed(request["QueryString"])
        except Refused as refusal:
            raise _invalid(str(refusal), "MALFORMED_QUERY") from None
        return Query(
            request["QueryString"],
            request.get("QueryExecutionContext") or {},
            _result_configuration(workgroup.configuration, request.get("ResultConfiguration") or {}),
            workgroup,
            request.get("ExecutionParameters") or [],
        )

    def _store(self, query: Query) -> None:
        """Writes the result's file, as Athena does."""
        location = query.config.get("OutputLocation")
        if not location:
            return
        lines = [_line(row) for row in _rows_with_header(query, query.answer)]
        bucket, key = bucket_and_name_from_url(location)
        s3_backends[self.account_id][self.partition].put_object(bucket, key, "".join(lines).encode())


def _line(row: tuple[str | None, ...]) -> str:
    """A line of a result's file: every value is quoted, and NULL is nothing."""
    return ",".join("" if value is None else '"' + value.replace('"', '""') + '"' for value in row) + "\n"


EmulatedAthena.__module__ = models.__name__  # moto finds a service's urls by the backend's module.


def _result_configuration(workgroup: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """Where results go: the workgroup says so where it enforces its configuration."""
    own = workgroup.get("ResultConfiguration") or {}
    managed = (workgroup.get("ManagedQueryResultsConfiguration") or {}).get("Enabled")
    chosen = own if workgroup.get("EnforceWorkGroupConfiguration") else {**own, **asked}
    if not managed and not chosen.get("OutputLocation"):
        raise _invalid(
            "No output location provided. An output location is required either through the Workgroup result"
            " configuration setting or as an API input.",
            "INVALID_INPUT",
        )
    return {} if managed else dict(chosen)


def _invalid(message: str, code: str) -> JsonRESTError:
    error = JsonRESTError("InvalidRequestException", message)
    error.description = json.dumps(
        {"__type": "InvalidRequestException", "Message": message, "AthenaErrorCode": code}
    )
    return error


class EmulatedResponse(AthenaResponse):
    """The four operations of a query; `install` puts them on moto's class."""

    def start_query_execution(self) -> str:
        return json.dumps({"QueryExecutionId": self._backend.submit(json.loads(self.body)).id})

    def get_query_execution(self) -> str:
        return json.dumps({"QueryExecution": describe(self._query())})

    def stop_query_execution(self) -> str:
        self._query().cancel()
        return "{}"

    def get_query_results(self) -> str:
        query = self._query()
        if query.status not in ENDED:
            raise _invalid(
                f"Query has not yet finished. Current state: {query.status}", "INVALID_QUERY_STATE"
            )
        if query.status != "SUCCEEDED":
            raise _invalid(
                f"Query did not finish successfully. Final query state: {query.status}", "INVALID_QUERY_STATE"
            )
        size = int(self._get_param("MaxResults") or _PAGE)
        if not 1 <= size <= _PAGE:
            raise _invalid(f"MaxResults is more than maximum allowed length {_PAGE}.", "INVALID_INPUT")
        return json.dumps(page(query, size, int(self._get_param("NextToken") or 0)))

    @property
    def _backend(self) -> EmulatedAthena:
        return self.athena_backend  # type: ignore[return-value]

    def _query(self) -> Query:
        number = self._get_param("QueryExecutionId")
        if number not in self._backend.executions:
            raise _invalid(f"QueryExecution {number} was not found", "INVALID_INPUT")
        return self._backend.executions[number]  # type: ignore[return-value]


def describe(query: Query) -> dict[str, Any]:
    """A query as GetQueryExecution shows it."""
    queued, ran = query.milliseconds()
    status = {"State": query.status, "SubmissionDateTime": query.submitted, "CompletionDateTime": query.ended}
    status |= {"StateChangeReason": query.reason, "AthenaError": query.error}
    statistics = {
        "EngineExecutionTimeInMillis": ran,
        "DataScannedInBytes": query.answer.scanned,
        "TotalExecutionTimeInMillis": queued + ran,
        "QueryQueueTimeInMillis": queued,
        "ResultReuseInformation": {"ReusedPreviousResult": False},
    }
    return {
        "QueryExecutionId": query.id,
        "Query": query.query,
        "StatementType": statement_type(query.query),
        "SubstatementType": substatement_type(query.query),
        "ResultConfiguration": query.config,
        "QueryExecutionContext": query.context,
        "Status": {key: value for key, value in status.items() if value is not None},
        "Statistics": statistics if query.status in ENDED else {},
        "WorkGroup": query.workgroup.name if query.workgroup else "primary",
        "EngineVersion": {
            "SelectedEngineVersion": "AUTO",
            "EffectiveEngineVersion": "Athena engine version 3",
        },
    }


def page(query: Query, size: int, start: int) -> dict[str, Any]:
    """A page of a result. The first row of a SELECT's first page is the names of its columns."""
    answer = query.answer
    rows = _rows_with_header(query, answer)
    shown = [
        {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
        for row in rows[start : start + size]
    ]
    result: dict[str, Any] = {
        "ResultSet": {
            "Rows": shown,
            "ResultSetMetadata": {"ColumnInfo": [_info(query, each) for each in answer.columns]},
        }
    }
    if answer.update_count is not None:
        result["UpdateCount"] = answer.update_count
    if start + size < len(rows):
        result["NextToken"] = str(start + size)
    return result


def _rows_with_header(query: Query, answer: Answer) -> list[tuple[str | None, ...]]:
    if statement_type(query.query) != "DML" or not answer.columns:
        return answer.rows
    return [tuple(column.name for column in answer.columns), *answer.rows]


def _info(query: Query, column: Any) -> dict[str, Any]:
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": column.name,
        "Label": column.name,
        "Type": column.type,
        "Precision": column.precision,
        "Scale": column.scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": column.type == "varchar",
    }


_OPERATIONS = ("StartQueryExecution", "GetQueryExecution", "StopQueryExecution", "GetQueryResults")


def patch(control: Control) -> None:
    """Puts the emulator's operations in place of moto's, for this process."""
    EmulatedAthena.control = control
    models.athena_backends.backend = EmulatedAthena
    models.athena_backends.clear()
    for operation in _OPERATIONS:
        name = "".join(f"_{each.lower()}" if each.isupper() else each for each in operation).lstrip("_")
        setattr(AthenaResponse, name, _faulty(operation, getattr(EmulatedResponse, name), control))
    for helper in ("_backend", "_query"):
        setattr(AthenaResponse, helper, EmulatedResponse.__dict__[helper])


def _faulty(operation: str, answer: Callable[[Any], str], control: Control) -> Callable[[Any], Any]:
    """`answer` with what a test planned for the operation."""

    def method(response: Any) -> Any:
        if code := control.take_throttle(operation):
            raise JsonRESTError(code, "Rate exceeded")
        lost = control.take_lost(operation)
        said = answer(response)
        return (500, {"status": 500}, '{"__type": "InternalServerException"}') if lost else said

    return method
