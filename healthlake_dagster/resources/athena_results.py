"""The rows of a query that succeeded on Athena, typed and page by page, as PyAthena reads them.

PyAthena 4.2.1's cursor would run the query too, but it looks at a fixed pace, knows no deadline and no
request token, and stops a query at KeyboardInterrupt only, which Dagster's interruption is not. So its result
set alone is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from healthlake.errors import EngineError
from healthlake_dagster.resources.athena_queries import Execution

if TYPE_CHECKING:
    import boto3
    from pyathena.connection import Connection
    from pyathena.result_set import AthenaResultSet

_PAGE = 1000


class AthenaResults:
    """Reads results with the session's credentials."""

    def __init__(self, session: boto3.Session, workgroup: str) -> None:
        from pyathena.connection import Connection

        # An empty folder keeps PyAthena from taking one of the environment.
        self._connection: Connection[Any] = Connection(
            session=session, work_group=workgroup, s3_staging_dir="", region_name=session.region_name
        )

    def read(self, execution: Execution, what: str) -> Iterator[tuple[Any, ...]]:
        """The rows: int, float, str, bool, Decimal, date and datetime (without zone, for `timestamp`), None.

        At most two pages are in memory. Raises `EngineError`.
        """
        result = self._open(execution, what)
        while (row := _next(result, execution, what)) is not None:
            yield row

    def described(
        self, execution: Execution, what: str
    ) -> tuple[list[tuple[str, str]], Iterator[tuple[Any, ...]]]:
        """Names and types of the columns, and the rows as `read` gives them."""
        result = self._open(execution, what)
        columns = [(str(each[0]), str(each[1])) for each in result.description or ()]
        return columns, iter(lambda: _next(result, execution, what), None)

    def _open(self, execution: Execution, what: str) -> AthenaResultSet:
        from pyathena.converter import DefaultTypeConverter
        from pyathena.error import Error
        from pyathena.model import AthenaQueryExecution
        from pyathena.result_set import AthenaResultSet
        from pyathena.util import RetryConfig

        query = AthenaQueryExecution({"QueryExecution": dict(execution)})
        try:
            return AthenaResultSet(self._connection, DefaultTypeConverter(), query, _PAGE, RetryConfig())
        except (Error, ValueError, ArithmeticError) as error:
            raise _unreadable(execution, what, error) from None

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()


def _next(result: AthenaResultSet, execution: Execution, what: str) -> tuple[Any, ...] | None:
    from pyathena.error import Error

    try:
        row = result.fetchone()
    except (Error, ValueError, ArithmeticError) as error:
        raise _unreadable(execution, what, error) from None
    return tuple(row) if row is not None else None


def _unreadable(execution: Execution, what: str, error: Exception) -> EngineError:
    return EngineError(
        f"{what}: the result of Athena query {execution['QueryExecutionId']} could not be read"
        f" ({type(error).__name__}); the message is withheld because it may quote values. Look at the role's"
        " permission to read the workgroup's results, then run the step again."
    )
