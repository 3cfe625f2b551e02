"""One emulator with the jobs deployed, and one lake that `healthlake demo` filled while much went wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.aws_emulator import AwsEmulator
from tests.aws_emulator.deployed import LAKE, RESULTS, deployed
from tests.aws_emulator.glue_control import Plan
from tests.aws_emulator.process import taken_for_aws
from tests.conftest import REPOSITORY

_SECONDS = 1500


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Aws:
    """The emulator, and the command on it. `home` is this machine's folder for what is not data."""

    emulator: AwsEmulator
    home: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """A user's: what AWS's own variables say, and the lake."""
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("HEALTHLAKE_", "AWS_"))
        }
        settings = {
            "HEALTHLAKE_LAKE": LAKE,
            "HEALTHLAKE_HOME": str(self.home),
            "HEALTHLAKE_ATHENA_OUTPUT": RESULTS,
            "PYTHONPATH": str(REPOSITORY),
        }
        return {**own, **self.emulator.environment, **settings}

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """The command, under way."""
        command = [sys.executable, "-m", "healthlake_dagster.cli", *map(str, arguments)]
        return subprocess.Popen(  # noqa: S603
            command,
            env=self.environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def healthlake(self, *arguments: object) -> Answer:
        """The command to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=_SECONDS)
        assert "Traceback" not in err, err
        return Answer(process.returncode, out, err)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    folder = tmp_path_factory.mktemp("aws")
    (folder / "home").mkdir()
    with deployed(folder) as emulator, taken_for_aws(emulator):
        yield Aws(emulator, folder / "home")


@pytest.fixture(scope="session")
def demo(aws: Aws) -> Answer:
    """The first demo: starts are throttled and slow, a job's commit and one of Athena's meet another
    writer's, a query fails in a way that Athena calls retryable."""
    glue, athena = aws.emulator.glue, aws.emulator.athena
    glue.throttle("StartJobRun", 2)
    glue.lose_response("StartJobRun")
    glue.plan(Plan(polls=3))
    glue.conflict(1)
    athena.throttle(3, "StartQueryExecution")
    athena.fail("GENERIC_INTERNAL_ERROR: busy", times=2, retryable=True)
    athena.conflict(1, "MERGE")
    return aws.healthlake("demo", "--profile", "aws")
