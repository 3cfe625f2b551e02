"""INSERT, UPDATE, DELETE and MERGE on an Iceberg table: run by DuckDB on a copy of the target, committed as
one snapshot of the partitions whose rows differ.

Athena writes positional deletes; here the files of a changed partition are replaced; readers can't tell.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.transforms import IdentityTransform
from sqlglot import exp

from healthlake.engine.dialect import to_duckdb
from tests.aws_emulator.athena_model import Answer, QueryFailed, Statement
from tests.aws_emulator.athena_statements import tables_read
from tests.aws_emulator.athena_tables import Tables, commit

TARGET = "_target"
_BASE = "_base"


class Dml:
    """One statement that changes one table."""

    def __init__(self, tables: Tables, tree: exp.Expr, statement: Statement) -> None:
        self._tables = tables
        self._tree = tree
        self._statement = statement

    def take_target(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Copies the target into DuckDB and puts the copy in its place in the statement."""
        holder = self._tree.this
        node = holder.this if isinstance(holder, exp.Schema) else holder
        ((_, wanted),) = tables_read(exp.select("*").from_(node.copy()), self._statement.database)
        self._table = self._tables.load(wanted.database, wanted.name)
        self._rows, self._scanned = self._tables.rows(self._table)
        connection.register(_BASE, self._rows)
        connection.execute(f"CREATE TABLE {TARGET} AS SELECT * FROM {_BASE}")
        alias = node.args.get("alias")
        if alias is None and not isinstance(self._tree, exp.Insert):
            alias = exp.TableAlias(this=exp.to_identifier(node.name, quoted=True))
        node.replace(exp.Table(this=exp.to_identifier(TARGET), alias=alias))

    def run(self, connection: duckdb.DuckDBPyConnection, scanned: int) -> Answer:
        """Changes the copy, then the table; the answer has the rows changed and no columns."""
        if isinstance(self._tree, exp.Merge):
            self._require_single_matches(connection, self._tree)
        found = connection.execute(to_duckdb(self._tree.sql("athena"), "athena")).fetchall()
        self._statement.before_commit()
        if not self._statement.stop.is_set():
            self._commit(connection)
        read = scanned if isinstance(self._tree, exp.Insert) else scanned + self._scanned
        return Answer(scanned=read, update_count=int(found[0][0]))

    def _require_single_matches(self, connection: duckdb.DuckDBPyConnection, merge: exp.Merge) -> None:
        target, source = merge.this.sql("athena"), merge.args["using"].sql("athena")
        sql = f"SELECT count(*) FROM {target} JOIN {source} ON {merge.args['on'].sql('athena')}"
        alias = merge.this.alias_or_name
        duplicate = f'{to_duckdb(sql, "athena")} GROUP BY "{alias}".rowid HAVING count(*) > 1 LIMIT 1'
        if connection.execute(duplicate).fetchall():
            raise QueryFailed(
                "MERGE_TARGET_ROW_MULTIPLE_MATCHES: One MERGE target table row matched more than one"
                " source row"
            )

    def _commit(self, connection: duckdb.DuckDBPyConnection) -> None:
        schema = schema_to_pyarrow(self._table.schema(), include_field_ids=False)
        names = ", ".join(f'"{name}"' for name in schema.names)
        differing = (
            f"((SELECT {names} FROM {TARGET} EXCEPT ALL SELECT {names} FROM {_BASE})"
            f" UNION ALL (SELECT {names} FROM {_BASE} EXCEPT ALL SELECT {names} FROM {TARGET}))"
        )
        key = self._partition_column()
        if key is None:
            if not connection.execute(f"SELECT 1 FROM {differing} LIMIT 1").fetchall():
                return
            rows = connection.sql(f"SELECT {names} FROM {TARGET}").to_arrow_table()
            commit(self._tables, self._table, lambda partition: True, rows.cast(schema))
            return
        connection.execute(f'CREATE TEMP TABLE _changed AS SELECT DISTINCT "{key}" AS k FROM {differing}')
        changed = connection.sql("SELECT k FROM _changed").to_arrow_table()["k"]
        if not len(changed):
            return
        # A partition value in a manifest is Iceberg's own: a date is days since 1970.
        values = {_stored(value) for value in changed}
        rows = connection.sql(
            f'SELECT {names} FROM {TARGET} WHERE EXISTS (FROM _changed WHERE k IS NOT DISTINCT FROM "{key}")'
        ).to_arrow_table()
        commit(self._tables, self._table, lambda partition: partition[0] in values, rows.cast(schema))

    def _partition_column(self) -> str | None:
        spec = self._table.spec()
        if spec.is_unpartitioned():
            return None
        if len(spec.fields) == 1 and isinstance(spec.fields[0].transform, IdentityTransform):
            return self._table.schema().find_column_name(spec.fields[0].source_id)
        return None


def _stored(value: pa.Scalar) -> object:
    return value.cast(pa.int32()).as_py() if pa.types.is_date(value.type) else value.as_py()
