"""`make test-trino`: runs the lane, or says why not."""

from __future__ import annotations

import sys

import pytest

from tests.trino.server import OLDEST_JAVA, find_java

if __name__ == "__main__":
    if find_java() is None:
        sys.stdout.write(f"skipped: no Java {OLDEST_JAVA}+ found; set TRINO_JAVA_HOME to one\n")
        sys.exit(0)
    sys.exit(pytest.main(["tests/trino", *sys.argv[1:]]))
