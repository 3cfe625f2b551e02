"""What tests of a replay need: a splitter with a fault that can be mended, and the files that were opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pytest

from healthlake.lake import raw
from healthlake.lake.paths import LakePath
from healthlake.split import record
from healthlake.split.outcome import Refused
from healthlake.split.reasons import Reason


@contextmanager
def stricter() -> Iterator[None]:
    """A splitter with a fault: it refuses resources that have a member `strict`."""
    identity = record._identity

    def refusing(value: object) -> tuple[str, str]:
        if isinstance(value, dict) and "strict" in value:
            raise Refused(Reason.NOT_FHIR)
        return identity(value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record, "_identity", refusing)
        yield


def count_opened(patch: pytest.MonkeyPatch) -> list[str]:
    """Day and path of each file of a drop that is opened from now on, such as `dt=2026-01-01/a.ndjson`."""
    opened: list[str] = []
    opener = raw.opener

    def counted(path: LakePath) -> Callable[[], BinaryIO]:
        def open_counted() -> BinaryIO:
            _, landed, name = str(path).rpartition("dt=")
            if landed:
                opened.append(f"{landed}{name}")
            return opener(path)()

        return open_counted

    patch.setattr(raw, "opener", counted)
    return opened
