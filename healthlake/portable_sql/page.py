"""The page of docs/ on the subset, from the rules."""

from __future__ import annotations

from collections.abc import Iterable

from healthlake.functions import meanings
from healthlake.portable_sql.allowed import FUNCTIONS
from healthlake.portable_sql.lint import RULES

_INTRODUCTION = """# Portable SQL

Silver's SQL and the checks are written in Spark's dialect, gold's and a user's in Athena's. DuckDB runs both
on a laptop, Spark and Athena on AWS; sqlglot writes one dialect as another (`healthlake/engine/dialect.py`).
What an engine refuses, it says itself. What engines answer differently without saying so is refused here, by
rules (`healthlake/portable_sql`).

| SQL | held to | where |
| --- | --- | --- |
| the project's own: `sql/*.sql`, and all that jobs and checks generate | all rules | `make lint` |
| a user's: `healthlake sql` | rules not marked *own only* | before it runs; `--force` runs it as it is |

Own SQL may only use functions that have vectors (below); a user may use any that no rule refuses. `make lint`
gets the generated SQL by running the jobs on an engine that writes down what it is given, so what is looked
at is what runs.

The subset, construct by construct with its answer, is `healthlake/portable_sql/vectors.json`: tests ask
DuckDB, Spark and Trino 476 (`make test-trino`) all of them. Athena itself has not been asked; what is said of
it was seen on that Trino, of its family, or is documented.

Not refused, as the answer is the same:

- the order of NULLs. Where none is written, the dialect's own holds (Spark: first when ascending; Athena:
  last), and sqlglot writes it out for DuckDB.
- a CAST that fails. It is an error on every engine, as Spark runs with ANSI on; `try_cast` makes it NULL.
- `GROUP BY 1`, and `SELECT *` in a UNION: engines agree, however unwise it may be.
- text is compared by its bytes, with case and trailing blanks; length counts code points.

The linter knows types of literals, casts, named functions and the columns of the tables, by name. Of
anything else it assumes nothing: it has no schema of a subquery."""

_ANSWERS = "An example's answers where engines were asked (DuckDB's session in New York, Spark's in UTC)."


def portable_sql_page() -> str:
    """Introduction, rules, and the functions that own SQL may use."""
    rules = [
        (f"`{r.name}`", _plain(r.why), _plain(r.instead), "own only" if r.own_only else "") for r in RULES
    ]
    answers = [
        (
            f"`{r.name}`",
            f"`{r.example}`",
            *(_code(r.answers.get(engine)) for engine in ("Athena", "DuckDB", "Spark")),
        )
        for r in RULES
        if r.answers
    ]
    named = [(f"`{name}`", _plain(meaning)) for name, meaning in sorted(meanings().items())]
    allowed = ", ".join(f"`{name}`" for name in sorted(FUNCTIONS.values()))
    return "\n\n".join(
        (
            _INTRODUCTION,
            "## Rules",
            _table(("rule", "the construct", "write", ""), rules),
            "## Evidence",
            _ANSWERS,
            _table(("rule", "example", "Athena", "DuckDB", "Spark"), answers),
            "## Named functions",
            "One name, a body per engine (`healthlake/functions`), one file of vectors.",
            _table(("function", "what it answers"), named),
            "## Functions that own SQL may use",
            f"{allowed} (names in Spark's dialect), and the named functions.\n",
        )
    )


def _plain(text: str) -> str:
    return text.replace("*", "\\*")


def _code(answer: str | None) -> str:
    """An answer as it came; no engine's answer is left empty that is empty text."""
    if answer is None:
        return ""
    return f"`{answer}`" if answer else "`''`"


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = tuple(header)
    lines = [titles, tuple("---" for _ in titles), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
