"""`healthlake sql`: Athena's dialect on the lake's tables, in three formats that another program can read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Answer, Command

VALUES = (
    "SELECT 1 AS i, 2.5e0 AS f, CAST(1.50 AS DECIMAL(10, 2)) AS d, true AS b, CAST(NULL AS VARCHAR) AS n, ''"
    " AS e, 'a \"b\", c' AS q, TIMESTAMP '2026-01-01 09:30:00' AS ts, DATE '2026-01-01' AS dt, ARRAY[1, 2]"
    " AS l, 'two' || chr(10) || 'lines' AS t"
)


@pytest.fixture
def ask(healthlake: Command, filled: Path) -> Any:
    """Asks the filled lake."""

    def run(statement: str, form: str = "csv", *more: str) -> Answer:
        return healthlake("sql", statement, "--format", form, *more, "--lake", filled)

    return run


def test_csv_tells_null_from_an_empty_text_and_quotes_what_it_must(ask: Any) -> None:
    answer = ask(VALUES)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == (
        "i,f,d,b,n,e,q,ts,dt,l,t\n"
        '1,2.5,1.50,true,,"","a ""b"", c",2026-01-01 09:30:00,2026-01-01,"[1, 2]","two\nlines"\n'
    )
    assert list(csv.reader(io.StringIO(answer.out)))[1][6] == 'a "b", c'


def test_json_is_an_array_of_objects_with_null_and_numbers(ask: Any) -> None:
    answer = ask(VALUES, "json")
    assert (answer.code, answer.err) == (0, "")
    assert json.loads(answer.out) == [
        {
            "i": 1,
            "f": 2.5,
            "d": 1.5,
            "b": True,
            "n": None,
            "e": "",
            "q": 'a "b", c',
            "ts": "2026-01-01 09:30:00",
            "dt": "2026-01-01",
            "l": [1, 2],
            "t": "two\nlines",
        }
    ]


def test_a_table_shows_null_and_sets_numbers_to_the_right(ask: Any) -> None:
    answer = ask("SELECT * FROM (VALUES (1, 'a', 'x'), (2026, NULL, '')) AS t(n, v, w) ORDER BY n", "table")
    assert answer.code == 0
    assert [line.strip("│").split("│") for line in answer.out.splitlines()[3:5]] == [
        ["    1 ", " a    ", " x "],
        [" 2026 ", " NULL ", "   "],
    ]


@pytest.mark.parametrize(("form", "expected"), [("csv", "a,b\n"), ("json", "[]\n")])
def test_no_rows_are_still_a_whole_document(ask: Any, form: str, expected: str) -> None:
    answer = ask("SELECT 1 AS a, 2 AS b WHERE 1 = 0", form)
    assert (answer.code, answer.out) == (0, expected)


def test_no_rows_as_a_table_show_the_header(ask: Any) -> None:
    answer = ask("SELECT 1 AS alpha, 2 AS beta WHERE 1 = 0", "table")
    assert answer.code == 0
    assert "alpha" in answer.out and "beta" in answer.out


def test_a_number_that_json_has_not_is_null(ask: Any) -> None:
    infinite = "CAST('Infinity' AS DOUBLE)"
    answer = ask(f"SELECT {infinite} - {infinite} AS x, {infinite} AS y", "json")
    assert json.loads(answer.out) == [{"x": None, "y": None}]


def test_two_columns_of_one_name_are_refused_in_json_and_kept_in_csv(ask: Any) -> None:
    assert ask("SELECT 1 AS a, 2 AS a").out == "a,a\n1,2\n"
    answer = ask("SELECT 1 AS a, 2 AS a", "json")
    assert (answer.code, answer.out) == (2, "")
    assert "several columns are named a" in answer.err


def test_markup_in_a_value_is_text_and_a_control_character_is_shown_not_sent(ask: Any) -> None:
    answer = ask("SELECT '[bold]x[/bold]' AS m, 'a' || chr(27) || '[31mb' AS c", "table")
    assert "[bold]x[/bold]" in answer.out
    assert "\x1b" not in answer.out and "a\\x1b[31mb" in answer.out


def test_a_wide_row_is_one_line_in_a_pipe(ask: Any) -> None:
    answer = ask("SELECT * FROM silver_dim_patient ORDER BY patient_id", "table")
    lines = answer.out.splitlines()
    assert len(lines) == 3 + 3 + 1, "three rows"
    assert len({len(line) for line in lines}) == 1
    assert "…" not in answer.out


def test_the_tables_of_every_layer_can_be_joined(ask: Any) -> None:
    answer = ask(
        "SELECT p.patient_id, count(*) AS n FROM silver_dim_patient AS p JOIN silver_fct_observation_value"
        " AS o ON o.patient_id = p.patient_id GROUP BY p.patient_id ORDER BY p.patient_id"
    )
    assert answer.out == "patient_id,n\np1,2\np2,1\np3,2\n"


def test_athenas_functions_are_understood(ask: Any) -> None:
    answer = ask(
        "SELECT date_diff('day', DATE '2026-01-01', DATE '2026-01-31') AS days, date_trunc('month', DATE"
        " '2026-01-31') AS m, element_at(ARRAY[5, 6], 2) AS e, x FROM UNNEST(ARRAY[7]) AS t(x)",
        "json",
    )
    (row,) = json.loads(answer.out)
    assert (row["days"], row["e"], row["x"]) == (30, 6, 7)
    assert row["m"].startswith("2026-01-01")


def test_what_engines_disagree_on_is_refused_unless_it_is_forced(ask: Any) -> None:
    answer = ask("SELECT 7 / 2 AS n")
    assert (answer.code, answer.out) == (2, "")
    assert "CAST(a AS DOUBLE) / b" in answer.err
    assert ask("SELECT 7 / 2 AS n", "csv", "--force").out == "n\n3.5\n"


def test_a_name_of_a_table_may_be_typed_in_capitals(ask: Any) -> None:
    assert ask("SELECT count(*) AS n FROM SILVER_DIM_PATIENT").out == "n\n3\n"


def test_names_of_a_with_and_of_windows_are_those_of_athena(ask: Any) -> None:
    assert ask("WITH Foo AS (SELECT 7 AS n) SELECT n FROM foo").out == "n\n7\n"
    assert ask('WITH "Foo" AS (SELECT 7 AS n) SELECT f.n FROM FOO AS f').out == "n\n7\n"
    ranked = "SELECT rank() OVER w AS n FROM silver_dim_patient WINDOW w AS (ORDER BY patient_id)"
    assert ask(f"SELECT max(n) AS n FROM ({ranked}) AS v").out == "n\n3\n"


def test_the_lakes_database_may_stand_before_a_table_and_no_other(ask: Any) -> None:
    assert ask("SELECT count(*) AS n FROM healthlake.silver_dim_patient").out == "n\n3\n"
    whole = "SELECT count(healthlake.silver_dim_patient.patient_id) AS n FROM healthlake.silver_dim_patient"
    assert ask(whole).out == "n\n3\n"
    answer = ask("SELECT count(*) AS n FROM other.silver_dim_patient")
    assert (answer.code, answer.out) == (2, "")
    assert "the tables are in healthlake" in answer.err


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT * FROM silver_dim_patien", "no table silver_dim_patien. Did you mean silver_dim_patient?"),
        ("SELECT * FROM zzz", "there is no table zzz. Tables: bronze_patient"),
        ("SELECT nope FROM silver_dim_patient", 'Referenced column "nope" not found'),
        ("SELECT gendr FROM silver_dim_patient", 'Candidate bindings: "gender"'),
        ("SELECT p.gendr FROM silver_dim_patient AS p", 'does not have a column named "gendr"'),
        ("WITH silver_dim_patient AS (SELECT 1 AS a) SELECT * FROM silver_dim_patient", "Rename it"),
        ("SELECT * FROM silver_dim_patient FOR VERSION AS OF 5", "FOR VERSION and FOR TIMESTAMP"),
        ("SELECT DECIMAL '1.50' AS a", "decimal_without_scale"),
        ("SELECT CHAR 'ab' AS a", "sized_text"),
        ("SELEC 1", "reading the SQL (Athena's dialect)"),
        ("", "expected one SELECT"),
        ("SELECT 1; SELECT 2", "expected one SELECT"),
        ("DROP TABLE silver_dim_patient", "expected one SELECT"),
        ("INSERT INTO silver_dim_patient SELECT 1", "expected one SELECT"),
        ("UPDATE silver_dim_patient SET gender = 'x'", "expected one SELECT"),
        ("SET memory_limit = '1GB'", "expected one SELECT"),
        ("SELECT * FROM read_csv('/etc/hosts')", "no function that reads files"),
        ("SELECT * FROM '/etc/hosts'", "there is no table /etc/hosts"),
    ],
)
def test_what_cant_be_run_is_misuse_in_one_line(ask: Any, statement: str, expected: str) -> None:
    answer = ask(statement)
    assert (answer.code, answer.out) == (2, "")
    assert expected in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_value_that_cant_be_computed_is_a_failure_that_quotes_no_value(ask: Any) -> None:
    answer = ask("SELECT CAST(patient_id AS INTEGER) AS n FROM silver_dim_patient")
    assert answer.code == 1
    assert "running the SQL" in answer.err and "p1" not in answer.err


def test_a_table_that_nothing_was_written_to_is_empty_not_missing(healthlake: Command, lake: Path) -> None:
    answer = healthlake(
        "sql", "SELECT count(*) AS n FROM silver_dim_patient", "--format", "csv", "--lake", lake
    )
    assert (answer.code, answer.out) == (0, "n\n0\n")


def test_a_lake_that_isnt_there_is_misuse(healthlake: Command, tmp_path: Path) -> None:
    answer = healthlake("sql", "SELECT 1", "--lake", tmp_path / "nowhere")
    assert (answer.code, answer.out) == (2, "")
    assert "is no folder" in answer.err
    assert not (tmp_path / "nowhere").exists()
