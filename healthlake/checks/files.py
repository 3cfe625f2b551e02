"""Rules about the files of a day."""

from __future__ import annotations

from healthlake.checks.model import WARNS, Check, Kahn
from healthlake.contracts.bronze import BRONZE_FILE

_OF_DAY = "FROM {relation} WHERE dt = {day}"

FILE_RULES: tuple[Check, ...] = (
    Check(
        "B01",
        BRONZE_FILE.name,
        "no_file_twice",
        "No two files of the day have the same content. It is counted once.",
        Kahn.UNIQUENESS,
        "An export that ran twice, or a copy where another file was meant.",
        terms=WARNS,
        sql=f"SELECT count(*), coalesce(sum(CASE WHEN is_repeat THEN 1 ELSE 0 END), 0) {_OF_DAY}",
        trips={BRONZE_FILE.name: [{}, {"path": "b.json", "is_repeat": True}]},
        passes={BRONZE_FILE.name: [{}]},
    ),
    Check(
        "B02",
        BRONZE_FILE.name,
        "files_have_content",
        "Every file of the day can be read, and holds something.",
        Kahn.FLOW,
        "An upload that broke off, a disk that was full, a file that is still being written.",
        terms=WARNS,
        sql=(
            "SELECT count(*), coalesce(sum(CASE WHEN kind IN ('empty', 'unreadable') THEN 1 ELSE 0 END), 0)"
            f" {_OF_DAY}"
        ),
        trips={BRONZE_FILE.name: [{"kind": "empty", "entries": 0, "resources": 0}]},
        passes={BRONZE_FILE.name: [{}]},
    ),
)
