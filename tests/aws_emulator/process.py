"""This process takes an emulator for AWS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from healthlake.lake.paths import arrow_filesystem
from healthlake.lake.s3 import s3_client
from tests.aws_emulator.server import AwsEmulator


@contextmanager
def taken_for_aws(emulator: AwsEmulator) -> Iterator[None]:
    """Until the end of the block."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.environment.items():
            patch.setenv(name, value)
        _forget_clients()
        yield
    _forget_clients()


def _forget_clients() -> None:
    """They know the emulator's port."""
    s3_client.cache_clear()
    arrow_filesystem.cache_clear()
