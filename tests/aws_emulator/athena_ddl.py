"""The few statements of the catalog that the emulator runs: CREATE and DROP DATABASE, SHOW."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.aws_emulator.athena_model import Answer, Column, QueryFailed, Statement

if TYPE_CHECKING:
    from pyiceberg.catalog.glue import GlueCatalog

_NAME = r"[`\"]?(?P<name>\w+)[`\"]?\s*$"
_CREATE = re.compile(rf"CREATE\s+(?:DATABASE|SCHEMA)\s+(?P<lenient>IF\s+NOT\s+EXISTS\s+)?{_NAME}", re.I)
_DROP = re.compile(rf"DROP\s+(?:DATABASE|SCHEMA)\s+(?P<lenient>IF\s+EXISTS\s+)?{_NAME}", re.I)
_SHOW_TABLES = re.compile(rf"SHOW\s+TABLES(?:\s+IN\s+{_NAME})?\s*$", re.I)
_SHOW_DATABASES = re.compile(r"SHOW\s+(?:DATABASES|SCHEMAS)\s*$", re.I)


def run_ddl(catalog: GlueCatalog, statement: Statement) -> Answer:
    """The answer of a statement that is no DML; NOT_SUPPORTED but for the few."""
    sql = statement.sql.strip().rstrip(";").strip()
    if found := _CREATE.match(sql):
        return _create(catalog, found)
    if found := _DROP.match(sql):
        return _drop(catalog, found)
    if found := _SHOW_TABLES.match(sql):
        names = catalog.list_tables(found["name"] or statement.database)
        return _listed("tab_name", [name for _, name in names])
    if _SHOW_DATABASES.match(sql):
        return _listed("database_name", [name for (name,) in catalog.list_namespaces()])
    raise QueryFailed(
        "NOT_SUPPORTED: the emulator runs CREATE and DROP DATABASE, SHOW TABLES and SHOW DATABASES; tables"
        " are made by PyIceberg or Spark"
    )


def _create(catalog: GlueCatalog, found: re.Match[str]) -> Answer:
    from pyiceberg.exceptions import NamespaceAlreadyExistsError

    try:
        catalog.create_namespace(found["name"])
    except NamespaceAlreadyExistsError:
        if not found["lenient"]:
            raise QueryFailed(
                f"FAILED: SemanticException [Error 10102]: Database already exists: {found['name']}"
            ) from None
    return Answer()


def _drop(catalog: GlueCatalog, found: re.Match[str]) -> Answer:
    from pyiceberg.exceptions import NamespaceNotEmptyError, NoSuchNamespaceError

    try:
        catalog.drop_namespace(found["name"])
    except NoSuchNamespaceError:
        if not found["lenient"]:
            raise QueryFailed(
                f"FAILED: SemanticException [Error 10072]: Database does not exist: {found['name']}"
            ) from None
    except NamespaceNotEmptyError:
        raise QueryFailed(
            f"FAILED: InvalidOperationException(message:Database {found['name']} is not empty)"
        ) from None
    return Answer()


def _listed(column: str, names: list[str]) -> Answer:
    return Answer((Column(column, "string"),), [(name,) for name in sorted(names)])
