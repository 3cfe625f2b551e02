"""How two processes share the suite: by files, of which those that share what is dear stay together.

xdist's own `loadgroup` does nothing with pytest 9.2: xdist 3.8 marks groups in a node's id, which pytest no
longer reads.
"""

from __future__ import annotations

import functools
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent

_FOLDERS = ("cli", "dagster", "sql_on_fhir")
"""Folders whose tests share fixtures of a session."""

_USES_SPARK = "spark: SparkSession"


class Together(LoadScopeScheduling):
    """All tests on the suite's Spark go to one process, so that there is one session."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid.split("::")[0])


@functools.cache
def _group(file: str) -> str:
    if _USES_SPARK in (ROOT / file).read_text("utf-8"):
        return "spark"
    folder = Path(file).parts[1]
    return folder if folder in _FOLDERS else file
