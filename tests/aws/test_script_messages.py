"""Where a script's messages go: to S3 on Glue, else to who started it, else to stderr."""

from __future__ import annotations

import pytest

from healthlake.errors import UsageError
from healthlake.script_messages import script_messages
from tests.aws_emulator import AwsEmulator


def test_without_dagster_messages_are_lines_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with script_messages(["--lake", "lake"]) as send:
        send({"say": "starting"})
        send({"split": ["2026-01-01", 500_000, 1_000_000, 7]})
        send({"report": {"tables": [["t", "2026-01-01", 3, False, 3]], "checks": [], "faults": []}})
    lines = [line.split(" ", 1)[1] for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        "starting",
        "2026-01-01: 0.5 of 1.0 MB split, 7 entries",
        "t 2026-01-01: 3 rows, unchanged",
    ]


def test_a_wrong_number_of_seconds_is_named(glue: AwsEmulator) -> None:
    argv = ["--dagster-pipes-messages", "x", "--healthlake-message-seconds", "soon"]
    with pytest.raises(UsageError, match="--healthlake-message-seconds is 'soon'"), script_messages(argv):
        pytest.fail("it opened")
