"""Named functions: what engines do differently in silence (dates, references) under one name, a body per
engine.

`duckdb.sql`, `spark.sql` and `athena.sql` hold the bodies, `vectors.json` what every body must answer.
Portable SQL calls them by name.
"""

from __future__ import annotations

import functools
import re
from importlib import resources

_FUNCTION = re.compile(
    r"((?:^-- .*\n)+)^CREATE OR REPLACE (?:TEMP MACRO|TEMPORARY FUNCTION) (\w+)\(", re.MULTILINE
)


def definitions(engine: str) -> list[str]:
    """The statements that define them in a session of `engine`: `duckdb` or `spark`; of `athena`, which has
    no functions, what inline.py reads."""
    code = re.sub(r"^--.*\n", "", _text(engine), flags=re.MULTILINE)
    return [statement.strip() for statement in re.split(r";$", code, flags=re.MULTILINE) if statement.strip()]


def meanings(engine: str = "duckdb") -> dict[str, str]:
    """What each function answers, as it stands above its body."""
    return {
        match[2]: " ".join(line.removeprefix("-- ") for line in match[1].splitlines())
        for match in _FUNCTION.finditer(_text(engine))
    }


@functools.cache
def names() -> frozenset[str]:
    """The functions that every engine has."""
    return frozenset(meanings())


@functools.cache
def _text(engine: str) -> str:
    return resources.files(__name__).joinpath(f"{engine}.sql").read_text("utf-8")
