"""An emulator for the tests of a module, whose AWS this process takes for the real one."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from scripts.make_glue_zip import PACKAGE, sources, write_zip
from tests.aws.glue_step import PIPES
from tests.aws.glue_world import BUCKET, empty, emulated
from tests.aws_emulator import AwsEmulator
from tests.aws_emulator.glue_runs import ENDED


@pytest.fixture(scope="module")
def glue_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEmulator]:
    """With the library as it is packed for Glue."""
    packed = tmp_path_factory.mktemp("dist") / "healthlake.zip"
    write_zip(sources(PACKAGE), packed)
    with emulated() as emulator:
        emulator.client("s3").upload_fileobj(io.BytesIO(packed.read_bytes()), BUCKET, "code/healthlake.zip")
        yield emulator


@pytest.fixture
def glue(glue_emulator: AwsEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsEmulator]:
    """The emulator with nothing running after the test."""
    for name, value in glue_emulator.environment.items():
        monkeypatch.setenv(name, value)
    control = glue_emulator.glue
    control.seconds_a_minute, control.seconds_to_stop = 60.0, 5.0
    control.calls.clear()
    yield glue_emulator
    control.refuse_stops(0)
    for run_id in control.run_ids:
        if control.state(run_id) not in ENDED:
            control.end(run_id, "ERROR")
    empty(glue_emulator, PIPES)
